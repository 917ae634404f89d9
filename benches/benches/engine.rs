//! `cargo bench`: all definitions, with a table at the end. `cargo bench --
//! --quick` measures the small ones, for a minute. All times are those of the
//! thread.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use koncorde::{Engine, Scratch};
use koncorde_benches::{DEFINITIONS, Definition, Workload, thread_nanos};

/// Short, for there are many: all of it shall take a few minutes.
const WARM_UP: Duration = Duration::from_millis(200);
const MEASUREMENT: Duration = Duration::from_millis(1000);

/// Ten thousand filters and a million with equal matches: the growth is printed.
const GROWTH: [(&str, &str); 2] = [("eq-10k", "eq-1m"), ("and-10k", "and-1m")];

fn main() {
    let is_quick = std::env::args().any(|it| it == "--quick");
    let is_test = std::env::args().any(|it| it == "--test");
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(WARM_UP)
        .measurement_time(MEASUREMENT)
        .configure_from_args();
    let filter = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let mut rows = Vec::new();
    for definition in DEFINITIONS {
        let is_wanted = filter
            .as_ref()
            .is_none_or(|it| definition.name.contains(it));
        if is_wanted && (definition.is_quick || !(is_quick || is_test)) {
            rows.push(measure(&mut criterion, definition));
        }
    }
    criterion.final_summary();
    print(&rows);
}

struct Row {
    name: &'static str,
    bytes: Duration,
    parsed: Duration,
    register: Duration,
    matches_per_document: f64,
}

fn measure(criterion: &mut Criterion, definition: &Definition) -> Row {
    let workload = definition.workload();
    let mut engine = Engine::new();
    let start = thread_nanos();
    for filter in &workload.filters {
        engine.register(filter).expect("the filter is valid");
    }
    let register = since(start) / definition.filters as u32;
    assert_eq!(engine.len(), definition.filters, "filters are distinct");

    let documents = workload.documents.len() as u32;
    let mut best = [Duration::MAX; 2];
    let mut group = criterion.benchmark_group(definition.name);
    for (best, way) in best.iter_mut().zip([bytes, parsed]) {
        let (name, pass) = way(&engine, &workload);
        assert_eq!(pass(), definition.matches, "{}, {name}", definition.name);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|passes| {
                let start = thread_nanos();
                for _ in 0..passes {
                    let start = thread_nanos();
                    black_box(pass());
                    *best = (*best).min(since(start) / documents);
                }
                since(start) / documents
            });
        });
    }
    group.finish();
    Row {
        name: definition.name,
        bytes: best[0],
        parsed: best[1],
        register,
        matches_per_document: definition.matches as f64 / f64::from(documents),
    }
}

fn since(start: u64) -> Duration {
    Duration::from_nanos(thread_nanos() - start)
}

type Pass<'a> = (&'static str, Box<dyn Fn() -> u64 + 'a>);

/// Tests all documents from their bytes.
fn bytes<'a>(engine: &'a Engine, workload: &'a Workload) -> Pass<'a> {
    let scratch = std::cell::RefCell::new(Scratch::new());
    let pass = move || {
        let mut matches = 0;
        for document in &workload.documents {
            engine
                .visit_slice(document.as_bytes(), &mut scratch.borrow_mut(), |_| {
                    matches += 1;
                })
                .expect("the document is JSON");
        }
        matches
    };
    ("bytes", Box::new(pass))
}

/// Tests all documents, parsed before.
fn parsed<'a>(engine: &'a Engine, workload: &'a Workload) -> Pass<'a> {
    let scratch = std::cell::RefCell::new(Scratch::new());
    let documents = workload.documents.iter();
    let documents: Vec<serde_json::Value> = documents
        .map(|it| serde_json::from_str(it).expect("the document is JSON"))
        .collect();
    let pass = move || {
        let mut matches = 0;
        for document in &documents {
            engine.visit(document, &mut scratch.borrow_mut(), |_| matches += 1);
        }
        matches
    };
    ("parsed", Box::new(pass))
}

#[expect(clippy::print_stdout, reason = "the table is what this is for")]
fn print(rows: &[Row]) {
    println!(
        "\nBest pass, time of the thread per document; registration per filter, parsing included.\n"
    );
    println!("| workload | matches | from bytes | parsed | register |");
    println!("|---|---:|---:|---:|---:|");
    for row in rows {
        let micros = |it: Duration| format!("{:.2} µs", it.as_nanos() as f64 / 1e3);
        println!(
            "| {} | {:.1} | {} | {} | {} |",
            row.name,
            row.matches_per_document,
            micros(row.bytes),
            micros(row.parsed),
            micros(row.register),
        );
    }
    for (small, large) in GROWTH {
        let bytes = |name| Some(rows.iter().find(|it| it.name == name)?.bytes.as_secs_f64());
        if let (Some(small_time), Some(large_time)) = (bytes(small), bytes(large)) {
            println!("\n{small} to {large}: {:.1} ×", large_time / small_time);
        }
    }
}
