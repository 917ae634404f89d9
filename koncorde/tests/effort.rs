//! Filters that would explode take little effort, counted in bytes and
//! allocations.
//!
//! One test, so that nothing else allocates meanwhile.

use std::alloc::System;

use koncorde::{Engine, Options};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn pairs(count: usize) -> Value {
    let equals = |field: &str, it: usize| json!({"equals": {format!("{field}{it}"): 1}});
    let pairs = (0..count).map(|it| json!({"or": [equals("a", it), equals("b", it)]}));
    json!({"and": pairs.collect::<Vec<_>>()})
}

#[test]
fn conjunctions_of_disjunctions_take_little() {
    let mut engine = Engine::with_options(Options {
        max_conditions: 0,
        ..Options::default()
    });
    engine.register(&json!({"exists": "a"})).expect("a filter");
    for count in [16, 25, 100] {
        let filter = pairs(count);
        let region = Region::new(ALLOCATOR);
        engine.register(&filter).expect("a filter");
        let used = region.change();
        // All that was ever taken, though most was given back before the end.
        assert!(used.bytes_allocated < 2 << 20, "{count}: {used:?}");
        assert!(used.allocations < 20_000, "{count}: {used:?}");
        // A filter of few conditions takes a kilobyte or so.
        let kept = used.bytes_allocated.saturating_sub(used.bytes_deallocated);
        assert!(kept < 1_000 * count, "{count}: {used:?}");
    }
}
