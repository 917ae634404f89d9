//! A hundred megabytes of document take no memory beyond their own. A process of
//! its own: the system counts memory by process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;

use koncorde::{Engine, Scratch};
use serde_json::json;

/// The most memory that this process ever had, in bytes, where the system tells.
fn peak() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|it| it.starts_with("VmHWM:"))?;
    let kilobytes = line.split_whitespace().nth(1)?;
    Some(kilobytes.parse::<usize>().ok()? * 1024)
}

#[test]
fn large_documents_are_read_in_place() {
    const SIZE: usize = 100_000_000;
    let mut engine = Engine::new();
    let id = engine.register(&json!({"equals": {"last": "x"}})).unwrap();
    engine.register(&json!({"exists": "other.inner"})).unwrap();
    let mut scratch = Scratch::new();
    // What no filter asks for: a long text, many numbers, many objects.
    for part in ["x", "1,", r#"{"last":"x","é":[1,{"last":"x"}]},"#] {
        let (open, close) = if part == "x" {
            ("\"", "\"")
        } else {
            ("[", "0]")
        };
        let middle = part.repeat(SIZE / part.len() / 3);
        let text = format!(r#"{{"skipped":{open}{middle}{close},"last":"x"}}"#);
        drop(middle);
        let before = peak();
        let mut found = Vec::new();
        let visited = engine.visit_slice(text.as_bytes(), &mut scratch, |it| {
            found.push(engine.id(it));
        });
        visited.unwrap();
        assert_eq!(found, [id]);
        let grown = peak().zip(before).map(|(after, before)| after - before);
        assert!(
            grown.is_none_or(|it| it < 4 << 20),
            "{grown:?} bytes for {part:?}"
        );
    }
}
