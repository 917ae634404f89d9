//! The side of an engine: a process of its own, so that it can be capped, and so
//! that no engine finds another one's memory layout. It registers the filters,
//! then answers questions, a line each:
//!
//! - `check NAME MAXIMUM`: tests documents and compares ids with the expected ones;
//! - `pass NAME MAXIMUM MINIMUM`: tests documents and tells the time of its thread.
//!
//! Both stop after `MAXIMUM` milliseconds; a pass starts over until `MINIMUM`.

use std::fs;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;

use koncorde_benches::thread_nanos;
use serde_json::{Value, json};

use crate::engines::{Document, Rival, Way, engine};
use crate::files::answer;

/// Filters are parsed in batches, outside of what is timed.
const BATCH: usize = 1000;

pub fn serve(name: &str, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let registered = register(name, folder);
    let (engine, ready) = match registered {
        Ok(it) => it,
        Err(reason) => return say(&json!({"refused": reason})),
    };
    say(&ready)?;
    let documents = fs::read_to_string(folder.join("documents.jsonl"))?;
    let document = |text: &str| {
        let value = serde_json::from_str(text)?;
        let text = text.to_string();
        Ok::<_, serde_json::Error>(Document { text, value })
    };
    let documents = documents
        .lines()
        .map(document)
        .collect::<Result<Vec<_>, _>>()?;
    let expected = fs::read_to_string(folder.join("expected.txt"))?;
    let expected: Vec<_> = expected.lines().collect();
    for question in stdin().lock().lines() {
        let question = question?;
        let words: Vec<_> = question.split(' ').collect();
        let millis = |at: usize| words.get(at).and_then(|it| it.parse::<u64>().ok());
        let (maximum, minimum) = (millis(2).unwrap_or(0), millis(3).unwrap_or(0));
        let way = words.get(1).map_or(Way::Plain, |it| Way::of(it).1);
        say(&match words[0] {
            "check" => check(&*engine, way, &documents, &expected, maximum),
            _ => pass(&*engine, way, &documents, maximum, minimum),
        })?;
    }
    Ok(())
}

/// The engine, and what to say about it.
fn register(name: &str, folder: &Path) -> Result<(Box<dyn Rival>, Value), String> {
    let text = fs::read_to_string(folder.join("filters.jsonl")).map_err(|it| it.to_string())?;
    let filters = || {
        text.lines()
            .map(|it| serde_json::from_str::<Value>(it).expect("it is JSON"))
    };
    let mut engine = engine(name, filters()).ok_or("no such engine")?;
    let bytes = resident();
    let mut nanos = 0;
    let mut filters = filters();
    let mut number = 0;
    loop {
        let batch: Vec<Value> = filters.by_ref().take(BATCH).collect();
        let start = thread_nanos();
        for filter in &batch {
            engine.add(number, filter)?;
            number += 1;
        }
        nanos += thread_nanos() - start;
        if batch.len() < BATCH {
            break;
        }
    }
    let start = thread_nanos();
    engine.finish();
    nanos += thread_nanos() - start;
    let bytes = resident().saturating_sub(bytes);
    Ok((engine, json!({"register_ns": nanos, "bytes": bytes})))
}

fn check(
    engine: &dyn Rival,
    way: Way,
    documents: &[Document],
    expected: &[&str],
    maximum: u64,
) -> Value {
    let start = thread_nanos();
    let (mut tested, mut wrong) = (0, 0);
    let mut found = Vec::new();
    for (document, expected) in documents.iter().zip(expected) {
        found.clear();
        engine.test(way, document, &mut found);
        tested += 1;
        wrong += u64::from(answer(found.iter().copied()).0 != *expected);
        if thread_nanos() - start > maximum * 1_000_000 {
            break;
        }
    }
    json!({"documents": tested, "wrong": wrong})
}

fn pass(engine: &dyn Rival, way: Way, documents: &[Document], maximum: u64, minimum: u64) -> Value {
    let start = thread_nanos();
    let (mut tested, mut matches, mut spent) = (0u64, 0, 0);
    loop {
        for (at, document) in documents.iter().enumerate() {
            matches += engine.count(way, document);
            tested += 1;
            // The clock costs as much as a fast test.
            if at % 16 == 15 || spent > tested * 100_000 {
                spent = thread_nanos() - start;
                if spent > maximum * 1_000_000 {
                    break;
                }
            }
        }
        spent = thread_nanos() - start;
        if spent >= minimum * 1_000_000 {
            return json!({"documents": tested, "matches": matches, "cpu_ns": spent});
        }
    }
}

/// The memory of this process that is in use.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages
        .split(' ')
        .nth(1)
        .and_then(|it| it.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

fn say(value: &Value) -> Result<(), Box<dyn std::error::Error>> {
    writeln!(stdout(), "{value}")?;
    stdout().flush()?;
    Ok(())
}
