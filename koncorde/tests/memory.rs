//! Filters take little memory, and give it back.
//!
//! One test, so that nothing else allocates meanwhile.

use std::alloc::System;

use koncorde::{Engine, FilterId, Options};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The bytes in use.
fn bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

#[test]
fn filters_take_little_memory_and_give_it_back() {
    simple_filters_are_small();
    cycles_leave_nothing_behind();
    products_are_not_multiplied_out();
}

fn text(number: usize) -> String {
    format!("usr-{number:010x}")
}

/// A name, how many bytes such filters may take, and the filter of a number.
type Kind = (&'static str, usize, fn(usize) -> Value);

fn simple_filters_are_small() {
    const FILTERS: usize = 20_000;
    let kinds: [Kind; 3] = [
        ("equals", 150, |it| json!({"equals": {"user": text(it)}})),
        ("and", 150, |it| {
            json!({"and": [
                {"equals": {"user": text(it)}},
                {"equals": {"status": it % 2}},
                {"range": {"age": {"gte": it % 50}}},
            ]})
        }),
        ("in", 5_800, |it| {
            let values: Vec<String> = (0..50).map(|place| text(it * 50 + place)).collect();
            json!({"in": {"user": values}})
        }),
    ];
    for (name, most, make) in kinds {
        let before = bytes();
        let mut engine = Engine::new();
        for number in 0..FILTERS {
            engine.register(&make(number)).expect("a valid filter");
        }
        assert_eq!(engine.len(), FILTERS);
        let each = (bytes() - before) / FILTERS;
        assert!(each <= most, "{name}: {each} bytes per filter");
        let told = engine.statistics().bytes / FILTERS;
        assert!(told.abs_diff(each) < 8, "{name}: {told} told, {each} used");
    }
}

/// One filter of each kind of condition, all of them different.
fn mixed(number: usize) -> Value {
    let (name, small) = (text(number), number % 100);
    match number % 10 {
        0 => json!({"equals": {"user": name}}),
        1 => json!({"in": {"user": [name, "common", small]}}),
        2 => json!({"range": {"age": {"gte": number, "lt": number + small + 1}}}),
        3 => json!({"not": {"equals": {"user": name}}}),
        4 => json!({"regexp": {"path": {"value": format!("^/home/{name}/")}}}),
        5 => json!({"exists": format!("tags[\"{name}\"]")}),
        6 => {
            json!({"geoDistance": {"place": {"lat": small % 90, "lon": 2}, "distance": format!("{}m", number + 1)}})
        }
        7 => json!({"exists": format!("field-{name}")}),
        8 => {
            json!({"or": [{"equals": {"a": name}}, {"and": [{"exists": "b"}, {"equals": {"c": name}}]}]})
        }
        _ => json!({"and": [{"equals": {"status": small}}, {"not": {"equals": {"user": name}}}]}),
    }
}

fn cycles_leave_nothing_behind() {
    const FILTERS: usize = 2_000;
    let document = json!({"user": "common", "age": 1000, "path": "/home/", "tags": ["x"],
        "place": {"lat": 1, "lon": 2}, "status": 9});
    let before = bytes();
    let mut engine = Engine::new();
    let mut ids: Vec<FilterId> = Vec::with_capacity(FILTERS);
    let mut used = Vec::new();
    for cycle in 0..30 {
        for number in 0..FILTERS {
            let filter = mixed(cycle * FILTERS + number);
            let id = engine.register(&filter).expect("a valid filter");
            ids.push(id);
            engine.test(&document);
        }
        assert_eq!(engine.len(), FILTERS);
        used.push(bytes());
        // All at once, or in the order in which they came.
        match cycle % 2 {
            0 => ids.drain(..).for_each(|it| assert!(engine.remove(&it))),
            _ => ids
                .drain(..)
                .rev()
                .for_each(|it| assert!(engine.remove(&it))),
        }
        assert!(engine.is_empty());
    }
    let (first, last) = (used[4] - before, used[29] - before);
    assert!(last <= first + first / 20, "{first} bytes grew to {last}");
    drop(engine);
    // Scratch memory of this thread stays.
    let left = bytes() - before;
    assert!(left < first / 4, "{left} of {first} bytes are left");
}

/// 16 `or`s of two would be 65 536 subfilters.
fn products_are_not_multiplied_out() {
    let condition = |number: usize| json!({"equals": {format!("f{number}"): number}});
    let pairs = (0..16).map(|it| json!({"or": [condition(it), condition(it + 16)]}));
    let product = json!({"and": pairs.collect::<Vec<_>>()});
    let alternating = (0..200).fold(json!({"exists": "end"}), |inner, number| {
        let operator = if number % 2 == 0 { "and" } else { "or" };
        json!({operator: [condition(number), inner]})
    });
    // Deeper than filters may be; so it is cut into four, side by side.
    let parts = (0..4).map(|part| {
        (0..50).fold(json!({"exists": "end"}), |inner, number| {
            let operator = if number % 2 == 0 { "and" } else { "or" };
            json!({operator: [condition(part * 50 + number), inner]})
        })
    });
    let side_by_side = json!({"and": parts.collect::<Vec<_>>()});
    for (name, filter, most) in [
        ("product", product, 1_000_000),
        ("200", side_by_side, 16_000_000),
    ] {
        let mut engine = Engine::with_options(Options {
            max_conditions: 0,
            ..Options::default()
        });
        let before = (ALLOCATOR.stats().bytes_allocated, bytes());
        engine.register(&filter).expect("a valid filter");
        let allocated = ALLOCATOR.stats().bytes_allocated - before.0;
        let kept = bytes() - before.1;
        assert!(allocated < most, "{name}: {allocated} bytes allocated");
        assert!(kept < 100_000, "{name}: {kept} bytes kept");
    }
    assert!(Engine::new().register(&alternating).is_err(), "too deep");
}
