//! Failures, told so that one can act on them.

use serde_json::Value;

use crate::pattern::Mismatch;

/// What was asked, what was expected, what came, and where they first differ.
pub fn mismatch(request: &str, expected: &Value, got: &Value, mismatch: &Mismatch) -> String {
    let path = match mismatch.path.as_str() {
        "" => "the root",
        path => path,
    };
    let value = match &mismatch.got {
        Some(value) => shorten(&value.to_string()),
        None => "nothing".to_owned(),
    };
    format!(
        "at {path}: expected {}, got {value}\n  request   {request}\n  expected  {}\n  got       {}",
        shorten(&mismatch.expected.to_string()),
        shorten(&expected.to_string()),
        shorten(&got.to_string()),
    )
}

/// A scenario that failed: what went wrong first, and over what else something did.
pub fn failure((name, runs): (&(&str, &str), &Vec<(&str, String)>)) -> String {
    let (file, scenario) = name;
    let (transport, what) = &runs[0];
    let mut others: Vec<_> = runs[1..].iter().map(|(other, _)| *other).collect();
    others.sort_unstable();
    let also = match others.is_empty() {
        true => String::new(),
        false => format!(" (also over {})", others.join(", ")),
    };
    format!("{file}: {scenario}\n  over {transport}{also}, {what}\n\n")
}

/// The beginning of what is too long to read.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(3000) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
