//! Workloads as files, the same for all engines: `filters.jsonl`,
//! `documents.jsonl`, and in `expected.txt` a line per document with the number
//! of matches and the sum of their mixed numbers.
//!
//! What is expected comes from the engine, and the evaluator, which shares no
//! code with it, confirms it for as many documents as `EVALUATIONS_MAX` allows.

use std::fs::{self, File};
use std::io::{BufWriter, Error, Write};
use std::path::{Path, PathBuf};

use koncorde::{Engine, Filter, matches};
use koncorde_benches::{Definition, mix};
use serde_json::Value;

/// Enough to look at some documents of each workload, in less than a second.
const EVALUATIONS_MAX: usize = 1_000_000;

/// The number and the sum of matches, in the form of `expected.txt`.
pub fn answer(numbers: impl Iterator<Item = u32>) -> (String, u64) {
    let (mut count, mut sum) = (0, 0);
    for number in numbers {
        count += 1;
        sum ^= mix(u64::from(number) + 1);
    }
    (format!("{count} {sum}"), count)
}

/// Writes a workload unless it is there, and returns its folder.
pub fn write(definition: &Definition, filters: usize) -> Result<PathBuf, Error> {
    let stamp = stamp(definition, filters);
    let folder = std::env::temp_dir()
        .join("koncorde-rivals")
        .join(format!("{}-{filters}-{stamp:016x}", definition.name));
    if folder.join("expected.txt").exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    let workload = definition.sample(filters);
    lines(
        &folder.join("filters.jsonl"),
        workload.filters.iter().map(Value::to_string),
    )?;
    lines(
        &folder.join("documents.jsonl"),
        workload.documents.iter().cloned(),
    )?;
    let expected = expected(&workload.filters, &workload.documents);
    let total: u64 = expected.iter().map(|it| it.1).sum();
    if filters == definition.filters {
        assert_eq!(total, definition.matches, "{}", definition.name);
    }
    lines(
        &folder.join("expected.txt"),
        expected.into_iter().map(|it| it.0),
    )?;
    Ok(folder)
}

/// Changes with what is written.
fn stamp(definition: &Definition, filters: usize) -> u64 {
    let sample = definition.sample(200);
    let text = format!("{sample:?} {filters} {}", definition.matches);
    text.bytes()
        .fold(definition.seed, |sum, byte| mix(sum ^ u64::from(byte)))
}

fn expected(filters: &[Value], documents: &[String]) -> Vec<(String, u64)> {
    let mut engine = Engine::new();
    let ids = filters.iter().map(|it| engine.register(it));
    let ids: Vec<_> = ids.map(|it| it.expect("the filter is valid")).collect();
    let mut numbers = vec![0; filters.len()];
    for (number, id) in (0..).zip(&ids) {
        numbers[engine.handle(id).expect("it is there").index()] = number;
    }
    assert_eq!(engine.len(), filters.len(), "filters are distinct");
    let find = |document: &String| {
        let found = engine.test_slice(document.as_bytes()).expect("it is JSON");
        let handles = found.iter().filter_map(|id| engine.handle(id));
        answer(handles.map(|it| numbers[it.index()]))
    };
    let answers: Vec<_> = documents.iter().map(find).collect();
    confirm(filters, documents, &answers);
    answers
}

fn confirm(filters: &[Value], documents: &[String], answers: &[(String, u64)]) {
    let filters = filters
        .iter()
        .map(|it| Filter::parse(it).expect("it is valid"));
    let filters: Vec<_> = filters.collect();
    let sample = (EVALUATIONS_MAX / filters.len()).clamp(1, 200);
    for (document, answer_) in documents.iter().zip(answers).take(sample) {
        let document = serde_json::from_str(document).expect("it is JSON");
        let holds = (0..).zip(&filters).filter(|it| matches(it.1, &document));
        assert_eq!(&answer(holds.map(|it| it.0)), answer_, "{document}");
    }
}

fn lines(path: &Path, items: impl Iterator<Item = String>) -> Result<(), Error> {
    let mut file = BufWriter::new(File::create(path)?);
    for item in items {
        writeln!(file, "{item}")?;
    }
    file.flush()
}
