//! `cargo bench --bench life`: what filters cost while they come, stay and go, at
//! a million of them (a hundred thousand with `--quick`): memory, registrations,
//! removals, the longest single operation, and what a second thread adds.
//!
//! Operations are timed one by one with the clock of the thread, so that what
//! else the machine does is not charged to them; the clock itself, about 0.3 µs,
//! is. Bytes are those that the engine asked the allocator for.

use std::alloc::System;
use std::hint::black_box;
use std::time::Instant;

use koncorde::{Engine, FilterId, Scratch};
use koncorde_benches::{DEFINITIONS, Random, Workload, thread_nanos};
use serde_json::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many operations are timed one by one.
const OPERATIONS: usize = 200_000;

/// How often all documents are tested to compare one thread with two.
const PASSES: usize = 100;

fn main() {
    let is_quick = std::env::args().any(|it| it == "--quick");
    if std::env::args().any(|it| it == "--test") {
        return;
    }
    let wanted = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    if wanted.is_some_and(|it| !"life".contains(&it)) {
        return;
    }
    let (name, guests) = match is_quick {
        true => ("eq-100k", 20_000),
        false => ("eq-1m", OPERATIONS),
    };
    let definition = DEFINITIONS.iter().find(|it| it.name == name);
    let definition = definition.expect("the definition exists");
    // Some more filters than stay, to come and go.
    let workload = definition.sample(definition.filters + guests);
    let rows = measure(&workload, definition.filters);
    print(definition.filters, &rows);
}

/// A name, what was measured, and what we want.
type Row = (&'static str, String, &'static str);

fn measure(workload: &Workload, residents: usize) -> Vec<Row> {
    let (staying, guests) = workload.filters.split_at(residents);
    let mut engine = Engine::new();
    let mut rows = Vec::new();

    let bytes = live_bytes();
    let start = thread_nanos();
    let mut ids = Vec::with_capacity(residents + guests.len());
    let list = live_bytes() - bytes;
    for filter in staying {
        ids.push(engine.register(filter).expect("the filter is valid"));
    }
    let seconds = (thread_nanos() - start) as f64 / 1e9;
    assert_eq!(engine.len(), residents, "filters are distinct");
    let bytes = (live_bytes() - bytes - list) as f64 / residents as f64;
    rows.push(("bytes per filter", format!("{bytes:.0}"), "≤ 150"));
    let rate = residents as f64 / seconds / 1e3;
    rows.push((
        "registrations per second",
        format!("{rate:.0} 000"),
        "≥ 300 000",
    ));

    let mut times = come_and_go(&mut engine, &mut ids, guests, workload);
    assert_eq!(engine.len(), residents, "as many went as came");
    for (name, wanted, times) in &mut times {
        times.sort_unstable();
        let mean = times.iter().sum::<u64>() as f64 / times.len() as f64 / 1e3;
        let high = times[times.len() - 1 - times.len() / 1000] as f64 / 1e3;
        let most = times[times.len() - 1] as f64 / 1e3;
        let text = format!("{mean:.2} µs; 99.9 %: {high:.1} µs; longest: {most:.0} µs");
        rows.push((name, text, wanted));
    }
    rows.push(threads(&engine, workload));
    rows
}

type Times = (&'static str, &'static str, Vec<u64>);

/// Filters come, a document is tested, a filter chosen at random goes.
fn come_and_go(
    engine: &mut Engine,
    ids: &mut Vec<FilterId>,
    guests: &[Value],
    workload: &Workload,
) -> [Times; 3] {
    let mut random = Random::new(7);
    let mut scratch = Scratch::new();
    let [mut come, mut test, mut go] = [const { Vec::new() }; 3];
    for (filter, document) in guests.iter().zip(workload.documents.iter().cycle()) {
        let start = thread_nanos();
        ids.push(engine.register(filter).expect("the filter is valid"));
        let came = thread_nanos();
        let found = engine.visit_slice(document.as_bytes(), &mut scratch, |it| {
            black_box(it);
        });
        found.expect("the document is JSON");
        let tested = thread_nanos();
        let id = ids.swap_remove(random.below(ids.len() as u64) as usize);
        let start_of_removal = thread_nanos();
        assert!(engine.remove(&id), "the filter was there");
        let gone = thread_nanos();
        come.push(came - start);
        test.push(tested - came);
        go.push(gone - start_of_removal);
    }
    [
        ("a registration among them", "longest ≤ 5 ms", come),
        ("a test in between", "longest ≤ 5 ms", test),
        ("a removal", "≤ 5 µs; longest ≤ 5 ms", go),
    ]
}

/// What two threads test in a second, against one.
fn threads(engine: &Engine, workload: &Workload) -> Row {
    let pass = || {
        let mut scratch = Scratch::new();
        let start = (thread_nanos(), Instant::now());
        let mut matches = 0;
        for document in workload
            .documents
            .iter()
            .cycle()
            .take(PASSES * workload.documents.len())
        {
            let found = engine.visit_slice(document.as_bytes(), &mut scratch, |_| matches += 1);
            found.expect("the document is JSON");
        }
        black_box(matches);
        let elapsed = start.1.elapsed().as_nanos() as f64;
        ((thread_nanos() - start.0) as f64, elapsed)
    };
    pass();
    let (alone, alone_elapsed) = pass();
    let (both, both_elapsed) = std::thread::scope(|scope| {
        let other = scope.spawn(pass);
        let mine = pass();
        let other = other.join().expect("a pass does not panic");
        (mine.0.max(other.0), mine.1.max(other.1))
    });
    let by_cpu = 2.0 * alone / both;
    let by_clock = 2.0 * alone_elapsed / both_elapsed;
    let text = format!("{by_cpu:.2} × by thread time, {by_clock:.2} × by the clock");
    ("two threads against one", text, "≥ 1.8 ×")
}

fn live_bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

#[expect(clippy::print_stdout, reason = "the table is what this is for")]
fn print(filters: usize, rows: &[Row]) {
    println!("\nAt {filters} filters of one `equals` each.\n");
    println!("| what | measured | wanted |");
    println!("|---|---|---|");
    for (name, value, wanted) in rows {
        println!("| {name} | {value} | {wanted} |");
    }
}
