//! Every example of `docs/filters.md`, run: by the evaluator, and by the engine on
//! parsed documents and on their text.
//!
//! A block marked `koncorde` holds a filter, then lines that begin with `match`,
//! `reject`, `error`, `keyword` or `pointer`; blocks marked `point` and `distance`
//! hold a notation and what it is on each line, those marked `same` filters that
//! have one id.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::path::Path;

use koncorde::{Filter, FilterError, Koncorde, convert_distance, convert_geopoint, matches};
use serde_json::Value;

/// The blocks of the page with this mark, with the number of their first line.
fn blocks(mark: &str) -> Vec<(usize, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/filters.md");
    let page = fs::read_to_string(path).unwrap();
    let mut blocks = Vec::new();
    let mut lines = page.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if line == format!("```{mark}") {
            let block = lines.by_ref().map(|it| it.0).take_while(|it| *it != "```");
            blocks.push((number + 1, block.collect::<Vec<_>>().join("\n")));
        }
    }
    assert!(!blocks.is_empty(), "no blocks marked {mark}");
    blocks
}

fn json(text: &str, place: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|it| panic!("{place}: {it}: {text}"))
}

#[test]
fn filters() {
    const VERBS: [&str; 5] = ["match", "reject", "error", "keyword", "pointer"];
    let verb = |line: &str| {
        line.split(' ')
            .next()
            .filter(|it| VERBS.contains(it))
            .map(str::to_owned)
    };
    let (mut filters, mut checks) = (0, 0);
    for (line, block) in blocks("koncorde") {
        let place = format!("docs/filters.md:{line}");
        let lines: Vec<_> = block.lines().collect();
        let end = lines
            .iter()
            .position(|it| verb(it).is_some())
            .unwrap_or(lines.len());
        let filter = Example::new(json(&lines[..end].join("\n"), &place));
        filters += 1;
        assert!(end < lines.len(), "{place}: an example that shows nothing");
        for line in &lines[end..] {
            let verb = verb(line).unwrap_or_else(|| panic!("{place}: what is {line:?}?"));
            check(&filter, &verb, line[verb.len()..].trim(), &place);
            checks += 1;
        }
    }
    println!("docs/filters.md: {filters} filters, {checks} checks");
}

/// A filter, read and registered.
struct Example {
    filter: Result<Filter, FilterError>,
    engine: Koncorde,
}

impl Example {
    fn new(json: Value) -> Self {
        let mut engine = Koncorde::new();
        let registered = engine.register(&json, None);
        let filter = Filter::parse(&json);
        assert_eq!(registered.err(), filter.clone().err(), "{json}");
        Self { filter, engine }
    }

    fn error(&self, place: &str) -> &FilterError {
        match &self.filter {
            Ok(filter) => panic!("{place}: {filter} is accepted"),
            Err(error) => error,
        }
    }

    /// What the evaluator and the engine say, which is the same.
    fn matches(&self, text: &str, place: &str) -> bool {
        let document = json(text, place);
        let filter = self
            .filter
            .as_ref()
            .unwrap_or_else(|it| panic!("{place}: {it}"));
        let found = matches(filter, &document);
        let ids = usize::from(found);
        assert_eq!(
            self.engine.test(&document, None).len(),
            ids,
            "{place}: {text}"
        );
        let from_text = self.engine.test_slice(text.as_bytes(), None);
        assert_eq!(from_text.map(|it| it.len()), Ok(ids), "{place}: {text}");
        found
    }
}

fn check(example: &Example, verb: &str, text: &str, place: &str) {
    match verb {
        "match" | "reject" => {
            let found = example.matches(text, place);
            assert_eq!(found, verb == "match", "{place}: {text}");
        }
        "error" => {
            let found = example.error(place).to_string();
            assert!(
                found.starts_with(text),
                "{place}: {found}\nshould begin with: {text}"
            );
        }
        "keyword" => assert_eq!(example.error(place).keyword(), Some(text), "{place}"),
        _ => assert_eq!(example.error(place).pointer(), text, "{place}"),
    }
}

/// The filters of a block, which may go on over several lines.
#[test]
fn same() {
    let koncorde = Koncorde::new();
    let mut seen = Vec::new();
    for (line, block) in blocks("same") {
        let place = format!("docs/filters.md:{line}");
        let filters = serde_json::Deserializer::from_str(&block).into_iter::<Value>();
        let ids: Vec<_> = filters
            .map(|it| koncorde.normalize(&it.unwrap(), None).unwrap().id())
            .collect();
        assert!(
            ids.len() > 1 && ids.iter().all(|it| *it == ids[0]),
            "{place}: {ids:?}"
        );
        assert!(!seen.contains(&ids[0]), "{place}: as in a block above");
        seen.push(ids[0]);
    }
}

#[test]
fn points() {
    for (line, block) in blocks("point") {
        for text in block.lines() {
            let place = format!("docs/filters.md:{line}: {text}");
            let (notation, expected) = text.rsplit_once(" is ").unwrap();
            let expected = expected
                .split_once(", ")
                .map(|(lat, lon)| [lat, lon].map(|it| it.parse::<f64>().unwrap()));
            let found = convert_geopoint(&json(notation, &place)).map(|it| [it.lat, it.lon]);
            assert_eq!(found, expected, "{place}");
        }
    }
}

#[test]
fn distances() {
    for (line, block) in blocks("distance") {
        for text in block.lines() {
            let place = format!("docs/filters.md:{line}: {text}");
            let (notation, expected) = text.rsplit_once(" is ").unwrap();
            let notation = json(notation, &place);
            match convert_distance(notation.as_str().unwrap()) {
                Ok(found) => {
                    let expected: f64 = expected
                        .parse()
                        .unwrap_or_else(|_| panic!("{place}: {found}"));
                    assert!(
                        (found - expected).abs() <= expected * 1e-12,
                        "{place}: {found}"
                    );
                }
                Err(_) => assert_eq!(expected, "refused", "{place}"),
            }
        }
    }
}
