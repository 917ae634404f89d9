//! The recorded cases against the engine: through parsed documents, through
//! bytes, and after thousands of other filters came and went.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::{BTreeSet, HashMap};

use koncorde::{Engine, Filter, FilterId, Koncorde, Options, Scratch, matches};
use koncorde_fuzz::Witnesses;
use koncorde_tests::{Random, corpus};
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    corpus(name).into_iter().map(|it| it.value).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("the case holds an array here")
}

fn numbers(value: &Value) -> Vec<usize> {
    let number = |it: &Value| it.as_u64().expect("a number") as usize;
    list(value).iter().map(number).collect()
}

fn sorted(mut numbers: Vec<usize>) -> Vec<usize> {
    numbers.sort_unstable();
    numbers
}

/// Registers all filters of a case in one engine and tests each document.
fn check(engine: &mut Engine, filters: &[Value], docs: &[Value], matches: &[Value], name: &str) {
    let mut places: HashMap<FilterId, Vec<usize>> = HashMap::new();
    for (place, filter) in filters.iter().enumerate() {
        let id = engine
            .register(filter)
            .unwrap_or_else(|error| panic!("{name}: {error}: {filter}"));
        places.entry(id).or_default().push(place);
    }
    let mut scratch = Scratch::new();
    for (doc, expected) in docs.iter().zip(matches) {
        let expected = sorted(numbers(expected));
        let text = doc.to_string();
        let mut visited = Vec::new();
        engine.visit(doc, &mut scratch, |it| visited.push(engine.id(it)));
        let ways = [
            ("parsed", engine.test(doc)),
            ("bytes", engine.test_slice(text.as_bytes()).unwrap()),
            ("visited", visited),
        ];
        for (way, ids) in ways {
            let distinct: BTreeSet<_> = ids.iter().copied().collect();
            assert_eq!(distinct.len(), ids.len(), "{name}: an id twice on {doc}");
            let found = ids.iter().filter_map(|id| places.get(id)).flatten();
            let mut found: Vec<usize> = found.copied().collect();
            found.sort_unstable();
            if found != expected {
                let wrong = (0..filters.len())
                    .find(|it| found.contains(it) != expected.contains(it))
                    .unwrap();
                panic!(
                    "{name}, {way}: filter {wrong} should{} match\n{}\n{doc}",
                    if expected.contains(&wrong) {
                        ""
                    } else {
                        " not"
                    },
                    filters[wrong],
                );
            }
        }
    }
    for id in places.keys() {
        assert!(engine.remove(id), "{name}: {id} was registered");
    }
}

fn check_case(engine: &mut Engine, case: &Value, name: &str) {
    let part = |key: &str| list(&case[key]);
    check(engine, part("filters"), part("docs"), part("matches"), name);
}

#[test]
fn match_cases() {
    let mut engine = Engine::new();
    for (number, case) in cases("match.jsonl.gz").iter().enumerate() {
        check_case(&mut engine, case, &format!("match {number}"));
        assert!(engine.is_empty());
    }
    engine.check_invariants();
}

#[test]
fn large_match_cases() {
    for (number, case) in cases("match-large.jsonl").iter().enumerate() {
        let mut engine = Engine::new();
        check_case(&mut engine, case, &format!("match-large {number}"));
        engine.check_invariants();
    }
}

/// The cases in an engine where other filters keep coming and going.
#[test]
fn match_cases_among_thousands_of_others() {
    let mut random = Random::from_env(1);
    let cases = cases("match.jsonl.gz");
    let strangers: Vec<&Value> = cases.iter().flat_map(|it| list(&it["filters"])).collect();
    let mut engine = Engine::new();
    let mut others: Vec<FilterId> = Vec::new();
    let mut churn = |engine: &mut Engine, random: &mut Random, operations: usize| {
        for _ in 0..operations {
            if others.len() < 500 || random.one_in(2) {
                let id = engine.register(random.pick::<&Value>(&strangers)).unwrap();
                others.push(id);
            } else {
                // It may be there twice, or be gone with a case.
                engine.remove(&others.swap_remove(random.below(others.len())));
            }
        }
    };
    churn(&mut engine, &mut random, 5000);
    for number in 0..400 {
        churn(&mut engine, &mut random, 20);
        let case = random.pick(&cases);
        check_case(&mut engine, case, &format!("match, case {number}"));
        if number % 100 == 0 {
            engine.check_invariants();
        }
    }
    println!("{} others at the end", engine.len());
}

/// What a sane engine answers where the original has a bug.
#[test]
fn quirks() {
    let mut count = 0;
    for (number, case) in cases("quirks.jsonl").iter().enumerate() {
        let sane = case["sane"].as_array().filter(|it| {
            it.iter().all(|ids| {
                let ids = ids.as_array();
                ids.is_some_and(|it| it.iter().all(Value::is_number))
            })
        });
        let (Some(filters), Some(docs), Some(sane)) =
            (case["filters"].as_array(), case["docs"].as_array(), sane)
        else {
            continue;
        };
        let name = format!("quirk {number}, {}", case["category"]);
        check(&mut Engine::new(), filters, docs, sane, &name);
        count += 1;
    }
    println!("{count} quirks");
    assert!(count >= 100);
}

#[test]
fn removals() {
    let mut skipped = 0;
    let cases = cases("remove.jsonl.gz");
    for (number, case) in cases.iter().enumerate() {
        if !check_operations(case, &format!("remove {number}")) {
            skipped += 1;
        }
    }
    println!(
        "{skipped} of {} pools have filters that are one here",
        cases.len()
    );
    assert!(skipped <= cases.len() / 10, "{skipped}");
}

/// `false` if two filters that the recorded engine kept apart have one id.
fn check_operations(case: &Value, name: &str) -> bool {
    let mut koncorde = Koncorde::new();
    let filters = list(&case["filters"]);
    let groups = numbers(&case["id_group"]);
    let normalized = |filter: usize, index: Option<&str>| {
        let it = Koncorde::new().normalize(&filters[filter], index);
        it.unwrap_or_else(|error| panic!("{name}: {error}: {}", filters[filter]))
    };
    let mut first_of: HashMap<FilterId, usize> = HashMap::new();
    let mut is_alike = true;
    for (filter, group) in groups.iter().enumerate() {
        let first = *first_of
            .entry(normalized(filter, None).id())
            .or_insert(filter);
        if groups[first] != *group {
            is_alike = false;
            assert_same(&filters[first], &filters[filter]);
        }
    }
    if !is_alike {
        return false;
    }
    for (number, op) in list(&case["ops"]).iter().enumerate() {
        let name = format!("{name}, operation {number}");
        let index = op["index"].as_str();
        let filter = op["filter"].as_u64().map(|it| it as usize);
        match (op["op"].as_str().unwrap(), filter) {
            ("register", Some(filter)) => {
                let normalized = normalized(filter, index);
                let is_known = koncorde.has_filter_id(&normalized.id(), index);
                assert_eq!(Some(is_known), op["already_registered"].as_bool(), "{name}");
                let id = koncorde.register(&filters[filter], index).unwrap();
                assert_eq!(id, normalized.id(), "{name}");
            }
            ("remove", Some(filter)) => {
                let id = normalized(filter, index).id();
                assert!(koncorde.remove(&id, index), "{name}");
            }
            ("remove_unknown", _) => {
                assert!(!koncorde.remove(&FilterId::from_u128(1), index), "{name}");
            }
            ("test", _) => {
                let ids = koncorde.test(&op["doc"], index);
                let is_found = |it: &usize| ids.contains(&normalized(*it, index).id());
                let found: Vec<usize> = (0..filters.len()).filter(is_found).collect();
                assert_eq!(
                    found,
                    sorted(numbers(&op["matches"])),
                    "{name}: {}",
                    op["doc"]
                );
            }
            ("ids", _) => {
                let count = koncorde.filter_ids(index).count();
                assert_eq!(Some(count as u64), op["count"].as_u64(), "{name}");
                let expected: BTreeSet<&str> = list(&op["indexes"])
                    .iter()
                    .map(|it| it.as_str().unwrap())
                    .collect();
                let found = koncorde.indexes().map(|it| it.unwrap_or("(default)"));
                assert_eq!(found.collect::<BTreeSet<_>>(), expected, "{name}");
            }
            (unknown, _) => panic!("{name}: {unknown}"),
        }
    }
    true
}

/// Two filters with one id must agree on every document; here, on those most
/// likely to tell them apart.
fn assert_same(a: &Value, b: &Value) {
    if let Some(document) = difference(a, b) {
        panic!("one id\n{a}\n{b}\n{document}");
    }
}

/// A document that one of the filters matches and the other does not.
fn difference(a: &Value, b: &Value) -> Option<Value> {
    let witnesses = Witnesses::of([a, b]);
    let mut random = Random::new(3);
    let [left, right] = [a, b].map(|it| Filter::parse(it).unwrap());
    let documents = (0..2000).map(|_| witnesses.document(&mut |end| random.below(end)));
    documents
        .into_iter()
        .find(|it| matches(&left, it) != matches(&right, it))
}

#[test]
fn equivalent_filters_have_one_id() {
    let koncorde = Koncorde::with_options(Options {
        seed: [7; 32],
        ..Options::default()
    });
    let (mut shared, mut others, mut different) = (0, 0, 0);
    for case in cases("equiv.jsonl") {
        let (a, b) = (&case["a"], &case["b"]);
        let id = |filter: &Value| koncorde.normalize(filter, None).unwrap().id();
        let is_one = id(a) == id(b);
        if is_one && a != b {
            assert_same(a, b);
        }
        match (
            case["logically_equal"].as_bool(),
            case["theory_equal"].as_bool(),
        ) {
            (Some(true), _) => assert!(is_one, "two ids\n{a}\n{b}"),
            (_, Some(false)) => assert!(!is_one, "one id\n{a}\n{b}"),
            (_, Some(true)) if is_one => shared += 1,
            (_, Some(true)) => {
                // The documents of the recording did not tell them apart.
                others += 1;
                different += u32::from(difference(a, b).is_some());
            }
            _ => (),
        }
    }
    println!(
        "{shared} of {} pairs that no document of the recording tells apart share an id; of the \
         {others} others, {different} differ on another document",
        shared + others
    );
    assert_eq!(different, others);
}
