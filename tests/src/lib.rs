//! What the runners share: reading the corpora and reporting on them.
//!
//! A corpus is a file of JSON lines in `tests/corpus/`, each line a case. A
//! runner checks every case on all cores and prints how many checks it made; what
//! fails is shown with its line.

mod random;

pub use random::Random;

use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::read::GzDecoder;
use serde_json::Value;

/// A line of a corpus.
pub struct Case {
    /// Counted from 1.
    pub line: usize,
    pub value: Value,
}

impl Case {
    pub fn get(&self, key: &str) -> &Value {
        &self.value[key]
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).as_str()
    }

    pub fn list(&self, key: &str) -> &[Value] {
        self.get(key).as_array().map_or(&[], Vec::as_slice)
    }
}

/// Reads a corpus; names that end in `.gz` are unpacked.
pub fn corpus(name: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let read = || {
        let mut text = String::new();
        let file = BufReader::new(File::open(&path)?);
        if name.ends_with(".gz") {
            GzDecoder::new(file).read_to_string(&mut text)?;
        } else {
            { file }.read_to_string(&mut text)?;
        }
        Ok::<_, std::io::Error>(text)
    };
    let text = read().unwrap_or_else(|it| panic!("{}: {it}", path.display()));
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.is_empty());
    lines
        .map(|(text, line)| {
            let value = serde_json::from_str(text);
            let value = value.unwrap_or_else(|it| panic!("{}:{line}: {it}", path.display()));
            Case { line, value }
        })
        .collect()
}

/// What a runner has found.
#[derive(Default)]
pub struct Report {
    checks: AtomicUsize,
    mismatches: Mutex<Vec<String>>,
}

impl Report {
    /// Counts a check, and keeps what `mismatch` says if it has failed.
    pub fn check(&self, is_right: bool, mismatch: impl FnOnce() -> String) {
        self.checks.fetch_add(1, Ordering::Relaxed);
        if !is_right {
            self.mismatches
                .lock()
                .unwrap_or_else(|it| it.into_inner())
                .push(mismatch());
        }
    }

    /// Counts the comparison of what was found with what was expected.
    pub fn same<T: PartialEq + std::fmt::Debug>(
        &self,
        found: &T,
        expected: &T,
        what: impl Display,
    ) {
        self.check(found == expected, || {
            format!("{what}: found {found:?}, expected {expected:?}")
        });
    }
}

/// Runs a check over all cases, on all cores, and prints how many checks were
/// made. Panics with the first mismatches if there are any.
#[expect(clippy::print_stdout, reason = "a runner reports what it has checked")]
pub fn run(name: &str, cases: &[Case], check: impl Fn(&Case, &Report) + Sync) {
    let report = Report::default();
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(case, &report);
                }
            });
        }
    });
    let checks = report.checks.into_inner();
    let mismatches = report
        .mismatches
        .into_inner()
        .unwrap_or_else(|it| it.into_inner());
    let summary = format!(
        "{name}: {} cases, {checks} checks, {} wrong",
        cases.len(),
        mismatches.len()
    );
    println!("{summary}");
    assert!(checks > 0, "{name}: nothing was checked");
    let shown: Vec<_> = mismatches.iter().take(20).map(String::as_str).collect();
    assert!(mismatches.is_empty(), "{summary}\n{}", shown.join("\n"));
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
