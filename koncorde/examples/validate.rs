//! Are these filters right? Checks a file and says what to do about each error.
//!
//! ```text
//! cargo run -p koncorde --example validate -- FILTERS
//! ```
//!
//! FILTERS holds one filter a line, as such or as `{"id": …, "filter": …}`. For
//! each error a line is printed: line number, the place in the filter as a JSON
//! pointer, what was expected and what was found. The status is 1 if there are
//! errors, 2 if the file cannot be read.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use koncorde::Filter;
use serde_json::Value;

const USAGE: &str = "\
usage: validate FILTERS

FILTERS  a file with one filter a line, as such or as {\"id\": …, \"filter\": …}

For each error a line is printed that says where it is, what was expected and what was
found. The status is 1 if there are errors, 2 if the file cannot be read.";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if matches!(arguments.as_slice(), [it] if it == "--help" || it == "-h") {
        return match writeln!(io::stdout(), "{USAGE}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let [path] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    match report(path, &text, &mut BufWriter::new(io::stdout().lock())) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot write the errors: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints all errors, then how many there are.
fn report(path: &str, text: &str, output: &mut impl Write) -> io::Result<usize> {
    let (mut filters, mut errors) = (0, 0);
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        filters += 1;
        if let Err(reason) = check(line) {
            errors += 1;
            writeln!(output, "{path}:{number}: {reason}")?;
        }
    }
    writeln!(output, "{filters} filters, {errors} errors")?;
    output.flush()?;
    Ok(errors)
}

fn check(line: &str) -> Result<(), String> {
    let value: Value = serde_json::from_str(line).map_err(|it| format!("not JSON: {it}"))?;
    // No filter has two keywords, so this is no filter itself.
    let (filter, start) = match (value.get("id"), value.get("filter")) {
        (Some(_), Some(filter)) => (filter, "/filter"),
        _ => (&value, ""),
    };
    let error = match Filter::parse(filter) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let pointer = format!("{start}{}", error.pointer());
    let place = if pointer.is_empty() {
        "the filter"
    } else {
        pointer.as_str()
    };
    let found = filter
        .pointer(error.pointer())
        .map(Value::to_string)
        .unwrap_or_default();
    let shown: String = found.chars().take(60).collect();
    Err(format!("at {place}: {}\n    {shown}", error.message()))
}
