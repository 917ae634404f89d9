//! Filters have one id exactly if they match the same documents: on few fields
//! and values that can be shown, since a table of all answers is short.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::{BTreeMap, HashMap};

use koncorde::{Engine, Filter, FilterId, Options, matches};
use koncorde_tests::Random;
use serde_json::{Value, json};

fn any_size() -> Engine {
    Engine::with_options(Options {
        max_conditions: 0,
        ..Options::default()
    })
}

/// Conditions on a field, and values for every combination of their answers.
struct Domain {
    field: &'static str,
    terms: Vec<Value>,
    values: Vec<Option<Value>>,
}

fn domains() -> Vec<Domain> {
    let values = |values: Value| -> Vec<Option<Value>> {
        let values = values.as_array().unwrap().iter().cloned().map(Some);
        values.chain([None]).collect()
    };
    vec![
        Domain {
            field: "a",
            terms: vec![
                json!({"equals": {"a": "x"}}),
                json!({"equals": {"a": 1}}),
                json!({"in": {"a": ["x", "foo", 1, null]}}),
                json!({"in": {"a": ["y", 2, true]}}),
                json!({"exists": "a"}),
                json!({"missing": "a"}),
                json!({"range": {"a": {"gte": 1}}}),
                json!({"range": {"a": {"gt": 1, "lt": 3}}}),
                json!({"range": {"a": {"lte": 2}}}),
                json!({"regexp": {"a": "foo"}}),
                json!({"regexp": {"a": "^x"}}),
                json!({"regexp": {"a": "^(y|foo)$"}}),
                json!({"regexp": {"a": ""}}),
                json!({"exists": "a[1]"}),
                json!({"match": {"a": []}}),
                json!({"match": {"a": {}}}),
                json!({"match": {"a": {"k": 1}}}),
                json!({"nothing": true}),
            ],
            values: values(json!([
                null, true, false, 0.5, 1, 1.0000000000000002, 1.5, 2, 2.5, 3, 4, "x", "y",
                "foo", "z", "xfoo", "foo2", "x2", [], [1], [2], {}, {"k": 1}, {"k": 2}
            ])),
        },
        Domain {
            field: "b",
            terms: vec![
                json!({"equals": {"b": true}}),
                json!({"in": {"b": [false, "on"]}}),
                json!({"exists": "b"}),
                json!({"select": {"field": "b", "index": 0, "query": {"equals": {"value": 1}}}}),
                json!({"select": {"field": "b", "index": 0, "query": {"not": {"not": {"in": {"value": [1, 1]}}}}}}),
            ],
            values: values(json!([true, false, "on", "off", [1], [2]])),
        },
        Domain {
            field: "p",
            terms: vec![
                json!({"geoDistance": {"p": [10, 10], "distance": "1km"}}),
                json!({"geoDistance": {"distance": "0.001 megameters", "p": {"lat": 10, "lon": 10}}}),
                json!({"exists": "p"}),
                json!({"equals": {"p": "10,10"}}),
            ],
            values: values(
                json!(["10,10", "10,10.0001", "50,50", "nowhere", [10, 10], [50, 50], [], {}, {"lat": 10, "lon": 10}, {"lat": 50, "lon": 10}, 5]),
            ),
        },
    ]
}

/// All documents of a field's values.
fn documents(domains: &[Domain]) -> Vec<Value> {
    let mut documents = vec![json!({})];
    for domain in domains {
        let with = |document: &Value, value: &Option<Value>| {
            let mut document = document.clone();
            if let Some(value) = value {
                document[domain.field] = value.clone();
            }
            document
        };
        let extended = documents
            .iter()
            .flat_map(|document| domain.values.iter().map(move |value| with(document, value)));
        documents = extended.collect();
    }
    documents
}

fn random_filter(random: &mut Random, terms: &[&Value], depth: usize) -> Value {
    if depth == 0 || random.one_in(3) {
        return (*random.pick(terms)).clone();
    }
    let operands = |random: &mut Random| -> Vec<Value> {
        let count = 1 + random.below(3);
        (0..count)
            .map(|_| random_filter(random, terms, depth - 1))
            .collect()
    };
    match random.below(5) {
        0 | 1 => json!({"and": operands(random)}),
        2 | 3 => json!({"or": operands(random)}),
        _ => json!({"not": random_filter(random, terms, depth - 1)}),
    }
}

#[test]
fn one_id_exactly_for_one_function() {
    let mut random = Random::from_env(21);
    let engine = any_size();
    let domains = domains();
    let documents = documents(&domains);
    let all: Vec<&Value> = domains.iter().flat_map(|it| &it.terms).collect();
    let mut by_table: HashMap<Vec<bool>, (FilterId, Value)> = HashMap::new();
    let mut by_id: BTreeMap<FilterId, Value> = BTreeMap::new();
    let mut shared = 0;
    for _ in 0..1500 {
        // Few conditions at a time, so that functions repeat.
        let mut terms = all.clone();
        random.shuffle(&mut terms);
        terms.truncate(2 + random.below(3));
        let filter = random_filter(&mut random, &terms, 3);
        let id = engine.normalize(&filter).unwrap().id();
        let parsed = Filter::parse(&filter).unwrap();
        let table: Vec<bool> = documents.iter().map(|it| matches(&parsed, it)).collect();
        match by_table.get(&table) {
            Some((known, other)) => {
                assert_eq!(*known, id, "two ids for\n{filter}\n{other}");
                shared += 1;
            }
            None => {
                if let Some(other) = by_id.get(&id) {
                    panic!("one id for\n{filter}\n{other}");
                }
                by_table.insert(table, (id, filter.clone()));
                by_id.insert(id, filter);
            }
        }
    }
    println!(
        "{} functions, {shared} filters that are one of them again",
        by_id.len()
    );
    assert!(shared > 300 && by_id.len() > 300);
}

/// Each line: ways to write one filter.
#[test]
fn ways_to_write_one_filter() {
    let lines = [
        json!([{"ids": {"values": ["i"]}}, {"in": {"_id": ["i", "i"]}}, {"equals": {"_id": "i"}}, {"match": {"_id": "i"}}]),
        json!([{"missing": "a"}, {"not": {"exists": {"field": "a"}}}, {"missing": {"field": "a"}}]),
        json!([{"exists": "a[1]"}, {"exists": {"field": "a[1.0]"}}, {"not": {"missing": "a[1e0]"}}]),
        json!([{"equals": {"a": 1}}, {"equals": {"a": 1.0}}, {"range": {"a": {"gte": 1, "lte": 1}}}]),
        json!([{"equals": {"a": 0}}, {"equals": {"a": -0.0}}]),
        json!([{"equals": {"a": 9007199254740992_u64}}, {"equals": {"a": 9007199254740993_u64}}]),
        json!([{"range": {"a": {"gt": 0}}}, {"range": {"a": {"gte": 5e-324}}}]),
        json!([
            {"range": {"a": {"gte": 1, "lt": 5}}},
            {"and": [{"range": {"a": {"gte": 1}}}, {"range": {"a": {"lt": 5}}}]},
            {"and": [{"range": {"a": {"gte": 1}}}, {"not": {"range": {"a": {"gte": 5}}}}]},
            {"bool": {"must": {"range": {"a": {"gte": 1}}}, "must_not": [{"range": {"a": {"gte": 5}}}]}},
        ]),
        json!([
            {"and": [{"equals": {"a": 1}}, {"exists": "a"}, {"exists": "b"}]},
            {"and": [{"exists": "b"}, {"equals": {"a": 1}}]},
            {"not": {"or": [{"missing": "b"}, {"not": {"equals": {"a": 1}}}, {"missing": "a"}]}},
        ]),
        json!([
            {"or": [{"equals": {"a": 1}}, {"equals": {"a": 2}}]},
            {"in": {"a": [2, 1]}},
            {"or": [{"in": {"a": [1, 2]}}, {"and": [{"equals": {"a": 2}}, {"exists": "b"}]}]},
            {"bool": {"should": [{"equals": {"a": 2}}, {"match": {"a": 1}}]}},
        ]),
        json!([
            {"regexp": {"a": "foo"}},
            {"regexp": {"a": {"value": "(?:foo)", "flags": "gs"}}},
            {"regexp": {"a": {"value": "f[o]o", "flags": null}}},
            {"and": [{"regexp": {"a": "foo"}}, {"not": {"equals": {"a": "bar"}}}, {"not": {"equals": {"a": 1}}}]},
        ]),
        json!([{"regexp": {"a": {"value": "ab", "flags": "i"}}}, {"regexp": {"a": "(?i)AB"}}, {"regexp": {"a": "[Aa][bB]"}}]),
        json!([{"regexp": {"a": "^(yes|no)$"}}, {"in": {"a": ["no", "yes"]}}]),
        json!([{"regexp": {"a": ""}}, {"regexp": {"a": ".*"}}, {"regexp": {"a": "x?"}}]),
        json!([
            {"geoDistance": {"p": {"lat": 10.5, "lon": 3}, "distance": "1km"}},
            {"geoDistance": {"p": [10.5, 3], "distance": "1000 m"}},
            {"geoDistance": {"p": "10.5, 3", "distance": "1 000,0 Meters"}},
            {"geoDistance": {"p": {"latLon": [10.5, 3]}, "distance": "0.001 megameters"}},
            {"geoDistance": {"p": {"lat_lon": {"lat": "10.5", "lon": 3}}, "distance": "1 kilometer"}},
        ]),
        json!([
            {"geoBoundingBox": {"p": {"top": 2, "left": 1, "bottom": 1, "right": 3}}},
            {"geoBoundingBox": {"p": {"topLeft": [2, 1], "bottom_right": "1,3"}}},
            {"geoBoundingBox": {"p": {"top": "2.0", "left": "1", "bottom": 1, "right": 3}}},
        ]),
        json!([
            {"geoPolygon": {"p": {"points": [[0, 0], [0, 2], [2, 0]]}}},
            {"geoPolygon": {"p": {"points": ["0,0", {"lat": 0, "lon": 2}, [2, 0], [0, 0]]}}},
        ]),
        json!([
            {"select": {"field": "a", "index": 0, "query": {"in": {"value": [2, 1, 1]}}}},
            {"select": {"query": {"not": {"not": {"or": [{"equals": {"value": 1}}, {"equals": {"value": 2}}]}}}, "index": 0, "field": "a"}},
        ]),
        json!([{"match": {"a": 1, "b": [2, 1]}}, {"match": {"b": [1, 2], "a": 1}}, {"and": [{"match": {"b": [1.0, 2]}}, {"equals": {"a": 1}}]}]),
        json!([
            {},
            {"not": {"nothing": 1}},
            {"or": [{"exists": "a"}, {"missing": "a"}]},
            {"or": [{"not": {"equals": {"a": 1}}}, {"range": {"a": {"lt": 5}}}]},
            {"not": {"and": [{"equals": {"a": 1}}, {"equals": {"a": 2}}]}},
        ]),
        json!([
            {"nothing": {}},
            {"and": [{"equals": {"a": 1}}, {"range": {"a": {"gt": 1}}}]},
            {"and": [{"exists": "a[1]"}, {"regexp": {"a": "x"}}]},
            {"and": [{"exists": "a[1]"}, {"missing": "a"}]},
            {"select": {"field": "a", "index": 0, "query": {"nothing": 0}}},
            {"regexp": {"a": "a^"}},
        ]),
    ];
    let engine = any_size();
    let mut seen: HashMap<FilterId, usize> = HashMap::new();
    for (number, line) in lines.iter().enumerate() {
        for filter in line.as_array().unwrap() {
            let id = engine.normalize(filter).unwrap().id();
            let known = *seen.entry(id).or_insert(number);
            assert_eq!(known, number, "{filter} is as line {known}");
        }
        let ids = seen.values().filter(|it| **it == number).count();
        assert_eq!(ids, 1, "{ids} ids in line {number}: {line}");
    }
}
