//! A test of a document allocates nothing, once its scratch has seen documents of
//! the kind: counted by the allocator of this binary.
#![expect(unsafe_code, reason = "an allocator can only be wrapped like this")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use koncorde::{Engine, Scratch};
use serde_json::{Value, json};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    let _ = COUNT.try_with(|it| it.set(it.get() + 1));
}

// SAFETY: everything is done by the allocator of the system; counting touches
// no memory but a cell of the thread that needs no allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl FnOnce()) -> usize {
    let before = COUNT.get();
    run();
    COUNT.get() - before
}

/// Filters of every kind, many of each so that lists are long.
fn filters() -> Vec<Value> {
    let mut filters = Vec::new();
    for i in 0..200 {
        let word = format!("w{i}");
        filters.extend([
            json!({"equals": {"name": word}}),
            json!({"equals": {"deep.er.still": i}}),
            json!({"exists": format!("f{i}")}),
            json!({"in": {"name": [word, format!("v{i}"), i]}}),
            json!({"range": {"age": {"gte": i, "lt": i + 50}}}),
            json!({"range": {"age": {"gt": i}}}),
            json!({"regexp": {"name": {"value": format!("^w{}[0-9]*$", i % 20)}}}),
            json!({"regexp": {"name": {"value": format!("{i}.?$")}}}),
            json!({"regexp": {"name": {"value": format!("W{}", i % 7), "flags": "i"}}}),
            json!({"regexp": {"name": {"value": format!("^[a-z]{{1,{}}}[0-9]", i % 9 + 1)}}}),
            json!({"regexp": {"name": {"value": format!("^É{{1,{}}}", i % 9 + 1), "flags": "i"}}}),
            json!({"exists": format!("tags[\"t{i}\"]")}),
            json!({"exists": format!("tags[{i}]")}),
            json!({"select": {"field": "tags", "index": i % 5, "query": {"equals": {"value": format!("t{i}")}}}}),
            json!({"select": {"field": "items", "index": -1, "query": {"range": {"value.price": {"gt": i}}}}}),
            json!({"match": {"name": word, "age": i % 100}}),
            json!({"match": {"items": [{"price": i}]}}),
            json!({"match": {"deep": {"er": {"still": i}}}}),
            json!({"geoDistance": {"place": {"lat": 48, "lon": i}, "distance": "900km"}}),
            json!({"geoDistanceRange": {"place": {"lat": 48, "lon": 2}, "from": "1m", "to": format!("{}km", i + 1)}}),
            json!({"geoBoundingBox": {"place": {"top": 50, "left": -10 - i % 9, "bottom": 40 - i % 50, "right": 10}}}),
            json!({"geoPolygon": {"place": {"points": [[0, 0], [60, i % 90], [50, 3], [52, i % 30 + 4]]}}}),
            json!({"not": {"geoBoundingBox": {"place": {"top": 50, "left": -1 - i % 100, "bottom": 40, "right": 10}}}}),
            json!({"not": {"equals": {"name": word}}}),
            json!({"not": {"exists": format!("f{i}")}}),
            json!({"not": {"range": {"age": {"gte": i, "lt": i + 2}}}}),
            json!({"and": [{"exists": "name"}, {"not": {"regexp": {"name": {"value": format!("x{i}")}}}}]}),
            json!({"or": [{"equals": {"name": word}}, {"and": [{"equals": {"age": i}}, {"exists": "tags"}]}]}),
        ]);
    }
    filters
}

/// Documents with every kind of value, and points in every notation.
fn documents() -> Vec<String> {
    let mut documents = vec![
        r#"{}"#.to_owned(),
        r#"{"name":"w7","age":17,"f3":null,"deep":{"er":{"still":4}}}"#.to_owned(),
        r#"{"deep.er":{"still":5},"name":"W\u00311\n"}"#.to_owned(),
        r#"{ "name" : "ÉTÉ w12" , "age" : 1.5e1, "long": 12345678901234567890 }"#.to_owned(),
        r#"{"tags":["t1","t1","t\u0032",3,3.0,null,true,["t4"],{"t5":1}],"age":-0}"#.to_owned(),
        r#"{"items":[{"price":3},{"price":1e2,"more":[[[[]]]]},{"price":99}]}"#.to_owned(),
        r#"{"name":null,"age":"17","tags":{"t1":1},"place":17,"items":"x"}"#.to_owned(),
    ];
    for point in [
        r#"{"lat":48.9,"lon":2.4}"#,
        r#"{"latLon":{"lat":48.9,"lon":2.4}}"#,
        r#"{"lat_lon":"48.9, 2.4"}"#,
        r#"{"latLon":[48.9,2.4]}"#,
        r#"{"lat":"48.9","lon":["2.4"]}"#,
        r#"[48.9, 2.4]"#,
        r#""48.9, 2.4""#,
        r#""48.\u0039, 2.4""#,
        r#""u09wj""#,
        r#"[91, 0]"#,
        r#""91,0""#,
        r#"{"lat":1e99,"lon":0}"#,
        r#"{"lat":48.9,"lat":47,"lon":2.4}"#,
    ] {
        documents.push(format!(r#"{{"place":{point},"name":"w1"}}"#));
    }
    documents
}

#[test]
fn tests_allocate_nothing() {
    let mut engine = Engine::new();
    for filter in filters() {
        engine.register(&filter).unwrap();
    }
    let documents = documents();
    let parsed: Vec<Value> = documents
        .iter()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let mut scratch = Scratch::new();
    let mut matches = 0;
    for round in 0..5 {
        for (text, document) in documents.iter().zip(&parsed) {
            let from_bytes = allocations(|| {
                let json = text.as_bytes();
                let found = |_| matches += 1;
                engine.visit_slice(json, &mut scratch, found).unwrap();
            });
            let from_value = allocations(|| {
                engine.visit(document, &mut scratch, |_| matches += 1);
            });
            if round > 1 {
                assert_eq!((from_bytes, from_value), (0, 0), "{text}");
            }
        }
    }
    assert!(matches > 1_000, "{matches}");
}

/// Ids need a list; without any there is none.
#[test]
fn a_test_without_matches_allocates_nothing() {
    let mut engine = Engine::new();
    for i in 0..1_000 {
        engine.register(&json!({"equals": {"name": i}})).unwrap();
    }
    let document = json!({"name": "x"});
    for round in 0..3 {
        let count = allocations(|| {
            assert_eq!(engine.test(&document), []);
            assert_eq!(engine.test_slice(br#"{"name":"x"}"#).unwrap(), []);
        });
        assert!(round == 0 || count == 0, "{count}");
    }
}
