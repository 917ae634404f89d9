//! `cargo bench --bench churn`: filters of all kinds come and go, and traffic
//! changes.
//!
//! For each kind of filter: memory, registration, removal, and the one operation
//! that took longest. Then what a stream of tests pays for changes between them,
//! and how tests recover when what was rare becomes common. All in thread CPU
//! time, so that other work of the machine counts little.
//!
//! The longest removal at a million filters is not ours: glibc keeps small freed
//! blocks aside and joins a hundred thousand of them when a large one is freed, in
//! 15 to 18 ms. With `GLIBC_TUNABLES=glibc.malloc.mxfast=0` it is below 3 ms.
//!
//! ```text
//! cargo bench --bench churn -- [kind]… [stream] [traffic] [--filters 100000]
//! ```
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

use std::alloc::System;
use std::time::Duration;

use koncorde::{Engine, FilterId, Scratch};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many filters are made at a time, so that their JSON is not in the way.
const BATCH: usize = 1000;

/// A kind of filter: its name, why it is here, and the filter of a number.
type Kind = (&'static str, &'static str, fn(usize) -> Value);

const KINDS: &[Kind] = &[
    (
        "equals",
        "one field, distinct texts",
        |it| json!({"equals": {"user": text(it)}}),
    ),
    ("and", "a text, a status and a range", |it| {
        let status = ["active", "closed"][it % 2];
        json!({"and": [
            {"equals": {"user": text(it)}},
            {"equals": {"status": status}},
            {"range": {"age": {"gte": it % 50}}},
        ]})
    }),
    (
        "same",
        "all share a value",
        |it| json!({"and": [{"equals": {"status": "active"}}, {"not": {"equals": {"user": text(it)}}}]}),
    ),
    (
        "field",
        "each has a field of its own",
        |it| json!({"equals": {format!("field-{it}"): 1}}),
    ),
    ("range", "one field, distinct ranges", |it| {
        let low = (it * 7919 % 1_000_003) as f64;
        json!({"range": {"age": {"gte": low, "lt": low + 100.5 + (it % 10) as f64}}})
    }),
    (
        "not",
        "one field, not equals",
        |it| json!({"not": {"equals": {"user": text(it)}}}),
    ),
    ("in", "lists of 50 distinct values", |it| {
        let values: Vec<String> = (0..50).map(|place| text(it * 50 + place)).collect();
        json!({"in": {"user": values}})
    }),
    ("listed", "lists of 50 values, one of them common", |it| {
        let values: Vec<String> = (0..50).map(|place| text(place * it)).collect();
        json!({"in": {"user": values}})
    }),
    (
        "prefix",
        "patterns with a head",
        |it| json!({"regexp": {"path": {"value": format!("^/home/{}/", text(it))}}}),
    ),
    (
        "regexp",
        "patterns with a word",
        |it| json!({"regexp": {"path": {"value": format!("[0-9]+-{}-.*x", text(it))}}}),
    ),
    ("pattern", "all share a pattern", |it| {
        json!({"and": [
            {"regexp": {"path": {"value": "^/home/"}}},
            {"not": {"equals": {"user": text(it)}}},
        ]})
    }),
    ("disk", "geo distances", |it| {
        let (lat, lon) = (
            (it % 1201) as f64 / 10.0 - 60.0,
            (it % 3599) as f64 / 10.0 - 180.0,
        );
        json!({"geoDistance": {"place": {"lat": lat, "lon": lon}, "distance": format!("{}m", 500 + it % 997)}})
    }),
    (
        "or",
        "two texts",
        |it| json!({"or": [{"equals": {"user": text(2 * it)}}, {"equals": {"user": text(2 * it + 1)}}]}),
    ),
];

/// A different text for each number, 14 bytes long.
fn text(number: usize) -> String {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("usr-{:010x}", mixed & 0xff_ffff_ffff)
}

/// The time that this thread has spent on a processor.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The bytes in use.
fn bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

#[derive(Default)]
struct Timing {
    total: Duration,
    count: u32,
    longest: Duration,
}

impl Timing {
    fn time<T>(&mut self, operation: impl FnOnce() -> T) -> T {
        let start = now();
        let result = operation();
        let elapsed = now() - start;
        self.total += elapsed;
        self.count += 1;
        self.longest = self.longest.max(elapsed);
        result
    }

    /// Without what the clock takes.
    fn mean(&self, clock: Duration) -> f64 {
        let mean = self.total.as_secs_f64() / f64::from(self.count.max(1));
        (mean - clock.as_secs_f64()).max(0.0) * 1e6
    }

    fn longest(&self) -> f64 {
        self.longest.as_secs_f64() * 1e3
    }
}

fn clock() -> Duration {
    let mut timing = Timing::default();
    (0..100_000).for_each(|_| timing.time(|| ()));
    timing.total / timing.count
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|it| it == "--test") {
        return;
    }
    let place = arguments.iter().position(|it| it == "--filters");
    let filters: Option<usize> = place.and_then(|it| arguments.get(it + 1)?.parse().ok());
    let is_quick = arguments.iter().any(|it| it == "--quick");
    let sizes = match filters {
        Some(filters) => vec![filters],
        None if is_quick => vec![10_000],
        None => vec![10_000, 100_000, 1_000_000],
    };
    let is_name = |it: &&String| !it.starts_with('-') && it.parse::<usize>().is_err();
    let wanted: Vec<&String> = arguments.iter().filter(is_name).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|it| *it == name);
    kinds(&sizes, is_wanted);
    for filters in sizes.iter().filter(|_| is_wanted("stream")) {
        stream(*filters);
    }
    if is_wanted("traffic") && !is_quick {
        traffic();
    }
}

fn kinds(sizes: &[usize], is_wanted: impl Fn(&str) -> bool) {
    let clock = clock();
    println!(
        "{:8} {:>9} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>8}",
        "kind", "filters", "B/filter", "told", "add µs", "most ms", "remove µs", "most ms", "left"
    );
    for (name, why, make) in KINDS.iter().filter(|it| is_wanted(it.0)) {
        // A million lists or disks would be gigabytes.
        let most = if matches!(*name, "in" | "listed") {
            100_000
        } else {
            usize::MAX
        };
        for filters in sizes.iter().filter(|it| **it <= most) {
            life(name, why, *make, *filters, clock);
        }
    }
}

/// Tests with and without changes between them.
fn stream(filters: usize) {
    let make = |it: usize| json!({"and": [{"equals": {"user": text(it)}}, {"range": {"age": {"gte": it % 50}}}]});
    let mut engine = Engine::new();
    let mut ids: std::collections::VecDeque<FilterId> = std::collections::VecDeque::new();
    for number in 0..filters {
        ids.push_back(engine.register(&make(number)).expect("a valid filter"));
    }
    let documents: Vec<Value> = (0..1000)
        .map(|it| json!({"user": text(it * filters / 1000), "age": 60, "name": "x"}))
        .collect();
    let mut scratch = Scratch::new();
    let mut next = filters;
    let mut measure = |engine: &mut Engine, is_changing: bool| {
        let mut changes = Duration::ZERO;
        let start = now();
        let passes = 200;
        for document in (0..passes).flat_map(|_| documents.chunks(100)) {
            for document in document {
                engine.visit(document, &mut scratch, |_| ());
            }
            if is_changing {
                let filter = make(next);
                let start = now();
                ids.push_back(engine.register(&filter).expect("a valid filter"));
                if let Some(id) = ids.pop_front() {
                    engine.remove(&id);
                }
                changes += now() - start;
                next += 1;
            }
        }
        let tests = now() - start - changes;
        tests.as_nanos() / (passes * documents.len() as u128)
    };
    let still = measure(&mut engine, false);
    let changing = measure(&mut engine, true);
    println!("stream   {filters:9} test {still} ns; with a change each 100 tests {changing} ns");
}

/// 100 000 alerts for critical events, 2 000 for each of 50 regions. Usually one
/// event of a thousand is critical; then all are, for a while.
fn traffic() {
    let mut engine = Engine::new();
    for number in 0..100_000usize {
        let filter = json!({"and": [
            {"equals": {"severity": "critical"}},
            {"equals": {"region": format!("r{}", number % 50)}},
            {"not": {"equals": {"user": number}}},
        ]});
        engine.register(&filter).expect("a valid filter");
    }
    for (name, critical) in [("usual", 1000), ("incident", 1), ("usual", 1000)] {
        let documents: Vec<Value> = (0..10_000)
            .map(|it| {
                let severity = if it % critical == 0 {
                    "critical"
                } else {
                    "info"
                };
                // In the regions of critical events nobody has an alert.
                let region = if it % critical == 0 { 1000 } else { it % 50 };
                json!({"severity": severity, "region": format!("r{region}"), "user": 1})
            })
            .collect();
        recover(&mut engine, name, &documents);
    }
}

/// Tests documents until no filter moves any more.
fn recover(engine: &mut Engine, name: &str, documents: &[Value]) {
    let mut scratch = Scratch::new();
    let mut pass = |engine: &Engine, documents: &[Value]| {
        let start = now();
        for document in documents {
            engine.visit(document, &mut scratch, |_| ());
        }
        (now() - start).as_nanos() / documents.len() as u128
    };
    let before = engine.statistics().moves;
    let first = pass(engine, &documents[..1000]);
    let mut longest = Duration::ZERO;
    for _ in 0..30 {
        pass(engine, documents);
        loop {
            let start = now();
            let looked = engine.optimize(1000);
            longest = longest.max(now() - start);
            if looked == 0 {
                break;
            }
        }
    }
    let then = pass(engine, documents);
    let moves = engine.statistics().moves - before;
    println!(
        "traffic  {name:8} test {first} ns, later {then} ns; {moves} filters moved, at most \
         {:.3} ms for 1000",
        longest.as_secs_f64() * 1e3
    );
}

/// Registers filters, changes a tenth of them, removes them all.
fn life(name: &str, why: &str, make: fn(usize) -> Value, filters: usize, clock: Duration) {
    let mut ids: Vec<FilterId> = Vec::with_capacity(filters * 11 / 10);
    let mut engine = Engine::new();
    let before = bytes();
    let (mut register, mut remove) = (Timing::default(), Timing::default());
    let mut add = |engine: &mut Engine, ids: &mut Vec<FilterId>, range: std::ops::Range<usize>| {
        for start in range.clone().step_by(BATCH) {
            let batch: Vec<Value> = (start..range.end.min(start + BATCH)).map(make).collect();
            for filter in &batch {
                let id = register.time(|| engine.register(filter).expect("a valid filter"));
                ids.push(id);
            }
        }
    };
    add(&mut engine, &mut ids, 0..filters);
    assert_eq!(engine.len(), filters, "filters are distinct");
    let used = bytes() - before;
    let told = engine.statistics().bytes;
    let mut scratch = Scratch::new();
    engine.visit(&json!({"user": text(1)}), &mut scratch, |_| ());
    for place in 0..filters / 10 {
        remove.time(|| engine.remove(&ids[place * 10]));
    }
    add(&mut engine, &mut ids, filters..filters * 11 / 10);
    for place in (0..ids.len()).rev() {
        remove.time(|| engine.remove(&ids[place]));
    }
    assert!(engine.is_empty());
    drop(scratch);
    let left = bytes() as i64 - before as i64;
    println!(
        "{name:8} {filters:9} {:8.1} {:8.1} {:9.3} {:9.3} {:9.3} {:9.3} {left:8}  {why}",
        used as f64 / filters as f64,
        told as f64 / filters as f64,
        register.mean(clock),
        register.longest(),
        remove.mean(clock),
        remove.longest(),
    );
}
