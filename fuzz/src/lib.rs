//! What must hold for any input.
//!
//! Each function takes bytes and panics if a promise is broken. `cargo fuzz run
//! <name>` hands it bytes that libFuzzer makes up, `tests/tests/fuzz.rs` bytes
//! from a seed, and the files in `regressions/<name>/`, each of which was a bug.
//!
//! Bytes are choices of a generator that makes valid filters and documents; or,
//! where they are JSON, a case in the form of the corpora, which serve as seeds:
//! `cargo run -p koncorde-tests --bin fuzz-seeds` writes them to `fuzz/corpus`.

mod generate; // filters and documents from bytes
mod rewrite; // the same filter, written in another way
mod witness; // documents on which filters may differ
mod source; // bytes as choices

pub use source::Source;
pub use witness::Witnesses;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use koncorde::{Engine, Filter, FilterId, Options, Scratch, matches};
use serde_json::{Value, json};

/// Whatever the bytes are, reading them as a filter ends with a filter or an
/// error; and a filter that was read can be registered.
pub fn parse(input: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(input) else {
        return;
    };
    match Filter::parse(&value) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(filter) => {
            let mut engine = any_size();
            let id = engine.register(&value).expect("it was read before");
            assert!(engine.remove(&id));
            matches(&filter, &value);
        }
    }
}

/// A filter written as JSON is read as the same filter.
pub fn round_trip(input: &[u8]) {
    let value = match serde_json::from_slice::<Value>(input) {
        Ok(recorded) if Filter::parse(&recorded).is_err() => return,
        Ok(recorded) => recorded,
        Err(_) => generate::filter(&mut Source::new(input)),
    };
    let filter = Filter::parse(&value).unwrap_or_else(|error| panic!("{error}: {value}"));
    let written: Value = serde_json::from_str(&filter.to_string()).expect("it displays as JSON");
    let again = Filter::parse(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(filter, again, "{value}\n{written}");
}

/// The engine finds exactly what the evaluator says.
pub fn differential(input: &[u8]) {
    let mut engine = any_size();
    let mut model = Model::default();
    if let Some(case) = recorded(input, "filters") {
        for filter in usable(&case["filters"]) {
            model.register(&mut engine, filter);
        }
        for document in case["docs"].as_array().into_iter().flatten() {
            model.check(&engine, document);
        }
    } else {
        let mut source = Source::new(input);
        let count = 1 + source.below(12);
        let filters: Vec<Value> = (0..count).map(|_| generate::filter(&mut source)).collect();
        for filter in &filters {
            model.register(&mut engine, filter);
        }
        let witnesses = Witnesses::of(&filters);
        for _ in 0..1 + source.below(6) {
            let document = match source.below(2) {
                0 => generate::document(&mut source),
                _ => witnesses.document_from(&mut source),
            };
            model.check(&engine, &document);
        }
    }
    engine.check_invariants();
}

/// Registering and removing in any order leaves the engine as if only what is
/// left had ever been there.
pub fn operations(input: &[u8]) {
    let mut engine = any_size();
    let mut model = Model::default();
    match recorded(input, "ops") {
        Some(case) => recorded_operations(&case, &mut engine, &mut model),
        None => made_operations(&mut Source::new(input), &mut engine, &mut model),
    }
    engine.check_invariants();
    for id in model.filters.keys() {
        assert!(engine.remove(id));
    }
    engine.check_invariants();
}

fn made_operations(source: &mut Source<'_>, engine: &mut Engine, model: &mut Model) {
    for _ in 0..source.below(120) {
        match source.below(8) {
            0..4 => model.register(engine, &generate::filter(source)),
            4 | 5 => {
                let place = source.below(model.filters.len().max(1));
                if let Some(id) = model.filters.keys().nth(place).copied() {
                    model.filters.remove(&id);
                    assert!(engine.remove(&id));
                }
            }
            6 if source.below(2) == 0 => {
                engine.optimize(source.below(40));
            }
            6 => assert!(!engine.remove(&FilterId::from_u128(source.below(9) as u128))),
            _ => model.check(engine, &generate::document(source)),
        }
    }
}

/// The operations of a recorded case, on one index.
fn recorded_operations(case: &Value, engine: &mut Engine, model: &mut Model) {
    for operation in case["ops"].as_array().into_iter().flatten() {
        let at = operation["filter"].as_u64().unwrap_or(u64::MAX);
        let filter = &case["filters"][usize::try_from(at).unwrap_or(usize::MAX)];
        let is_usable = Filter::parse(filter).is_ok();
        match operation["op"].as_str() {
            Some("register") if is_usable => model.register(engine, filter),
            Some("remove") if is_usable => {
                let id = engine.normalize(filter).expect("it is usable").id();
                let is_known = model.filters.remove(&id).is_some();
                assert_eq!(engine.remove(&id), is_known, "{filter}");
            }
            Some("test") => model.check(engine, &operation["doc"]),
            _ => {}
        }
    }
}

/// A document in bytes gives what it gives parsed, and an error exactly if it
/// cannot be parsed.
pub fn json(input: &[u8]) {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        let mut engine = any_size();
        for filter in generate::probes() {
            engine.register(&filter).expect("a filter of ours");
        }
        engine
    });
    let parsed = serde_json::from_slice::<Value>(input);
    match (engine.test_slice(input), parsed) {
        (Ok(mut found), Ok(document)) => {
            assert!(document.is_object());
            let mut expected = engine.test(&document);
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{document}");
        }
        (Err(error), parsed) => {
            assert!(!parsed.is_ok_and(|it| it.is_object()), "{error}");
            assert!(error.offset() <= input.len());
        }
        (Ok(_), Err(error)) => panic!("accepted in spite of: {error}"),
    }
}

/// A filter written in another way has the same id; and filters with one id
/// agree on all documents.
pub fn identity(input: &[u8]) {
    let mut source = Source::new(input);
    if let Some(case) = recorded(input, "a") {
        if [&case["a"], &case["b"]]
            .iter()
            .all(|it| Filter::parse(it).is_ok())
        {
            check_identity(&case["a"], &case["b"], &mut source);
        }
        return;
    }
    let filter = generate::small_filter(&mut source);
    let is_rewritten = source.below(2) == 0;
    let other = if is_rewritten {
        rewrite::rewrite(&filter, &mut source)
    } else {
        generate::small_filter(&mut source)
    };
    let is_one = check_identity(&filter, &other, &mut source);
    assert!(is_one || !is_rewritten, "{filter}\n{other}");
}

/// Many patterns on one field are found as one by one, whatever parts of them the
/// engine looks for first; and patterns with one id agree on all texts.
pub fn patterns(input: &[u8]) {
    let mut source = Source::new(input);
    let mut engine = any_size();
    let mut filters: Vec<(FilterId, Value)> = Vec::new();
    for _ in 0..1 + source.below(20) {
        let pattern = generate::pattern(&mut source);
        let flags = source.pick(&["", "i", "m", "s", "im"]);
        let mut filter = json!({"regexp": {"a": {"value": pattern, "flags": flags}}});
        if source.below(4) == 0 {
            filter = json!({"not": filter});
        }
        if let Ok(id) = engine.register(&filter) {
            filters.push((id, filter));
        }
    }
    for _ in 0..8 {
        let text = generate::text(&mut source);
        let document = json!({"a": text});
        let found = engine.test(&document);
        for (id, filter) in &filters {
            let parsed = Filter::parse(filter).expect("it was registered");
            let expected = matches(&parsed, &document);
            assert_eq!(found.contains(id), expected, "{filter}\n{document}");
        }
    }
}

/// Whether two filters have one id. If so, they must agree on all documents.
fn check_identity(filter: &Value, other: &Value, source: &mut Source<'_>) -> bool {
    let engine = any_size();
    let id = |filter: &Value| match engine.normalize(filter) {
        Ok(normalized) => normalized.id(),
        Err(error) => panic!("{error}: {filter}"),
    };
    if id(filter) != id(other) {
        return false;
    }
    let [a, b] = [filter, other].map(|it| Filter::parse(it).expect("it was normalized"));
    let witnesses = Witnesses::of([filter, other]);
    for _ in 0..20 {
        let document = match source.below(3) {
            0 => generate::document(source),
            _ => witnesses.document_from(source),
        };
        let answers = (matches(&a, &document), matches(&b, &document));
        assert_eq!(answers.0, answers.1, "{filter}\n{other}\n{document}");
    }
    true
}

/// The case of a corpus that the bytes are, if they are one with this part.
fn recorded(input: &[u8], part: &str) -> Option<Value> {
    let case: Value = serde_json::from_slice(input).ok()?;
    case.get(part).is_some().then_some(case)
}

/// The filters of a list that can be read.
fn usable(filters: &Value) -> impl Iterator<Item = &Value> {
    let filters = filters.as_array().into_iter().flatten();
    filters.filter(|it| Filter::parse(it).is_ok())
}

/// An engine without a limit to the number of conditions.
fn any_size() -> Engine {
    Engine::with_options(Options {
        max_conditions: 0,
        ..Options::default()
    })
}

/// What an engine should hold: filters by id, as they were first written.
#[derive(Default)]
struct Model {
    filters: BTreeMap<FilterId, (Value, Filter)>,
    scratch: Scratch,
}

impl Model {
    fn register(&mut self, engine: &mut Engine, value: &Value) {
        let id = match engine.register(value) {
            Ok(id) => id,
            Err(error) => panic!("{error}: {value}"),
        };
        let filter = Filter::parse(value).expect("it was registered");
        self.filters.entry(id).or_insert((value.clone(), filter));
    }

    fn check(&mut self, engine: &Engine, document: &Value) {
        assert_eq!(engine.len(), self.filters.len());
        let mut found = Vec::new();
        engine.visit(document, &mut self.scratch, |it| found.push(engine.id(it)));
        let bytes = document.to_string();
        let from_bytes = engine.test_slice(bytes.as_bytes());
        if !document.is_object() {
            assert!(found.is_empty() && from_bytes.is_err(), "{document}");
            return;
        }
        let mut from_bytes = from_bytes.expect("it is JSON");
        found.sort_unstable();
        from_bytes.sort_unstable();
        assert_eq!(found, from_bytes, "{document}");
        for (id, (value, filter)) in &self.filters {
            let expected = matches(filter, document);
            let why = engine.explain(id, document).expect("it is registered");
            assert_eq!(why.is_match(), expected, "{value}\n{document}");
            let count = found.iter().filter(|it| *it == id).count();
            assert_eq!(count, usize::from(expected), "{value}\n{document}");
        }
        assert!(found.iter().all(|id| self.filters.contains_key(id)));
    }
}
