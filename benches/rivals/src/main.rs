//! The engine and others of its kind on the same files, in one run:
//!
//! ```sh
//! cargo run --release                       # all rows, about ten minutes
//! cargo run --release -- eq- and-10k        # rows whose names hold a text
//! ```
//!
//! Each engine is a process of one thread; they take turns, and what counts is
//! the time of that thread. Answers are compared with those of the evaluator.

mod engines; // who takes part
mod files; // workloads, as files
mod filter; // the filters, for translation
mod race; // turns
mod rows; // what is compared with whom
mod serve; // the side of an engine
mod session; // the side of the table
mod table; // what is printed

use std::path::Path;

use koncorde_benches::DEFINITIONS;

use crate::race::{Result_, race};
use crate::rows::{ROWS, Row, ours};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", engine, folder] => {
            session::limit_memory()?;
            serve::serve(engine, Path::new(folder))
        }
        words => compare(words),
    }
}

fn compare(words: &[&str]) -> Result<(), Failure> {
    let names: Vec<_> = words.iter().filter(|it| !it.starts_with('-')).collect();
    let is_wanted =
        |row: &&Row| names.is_empty() || names.iter().any(|it| row.workload.contains(**it));
    let mut lines = Vec::new();
    let mut details = Vec::new();
    let mut last: Option<(&str, Vec<Result_>)> = None;
    if !session::has_original() {
        eprintln!("npm koncorde is not installed; benches/rivals/README.md says how");
    }
    for row in ROWS.iter().filter(is_wanted) {
        if last.as_ref().is_none_or(|it| it.0 != row.workload) {
            let results = run(row)?;
            details.extend(results.iter().map(|it| table::details(row.workload, it)));
            last = Some((row.workload, results));
        }
        let results = last.as_ref().map_or(&[][..], |it| &it.1);
        let line = table::line(row, results);
        eprintln!("{}", line.text);
        lines.push(line);
    }
    println!("{}", table::HEAD);
    for line in &lines {
        println!("{}", line.text);
    }
    let reached = lines.iter().filter(|it| it.is_reached).count();
    println!(
        "\n{reached} of {} reached.\n\n{}",
        lines.len(),
        table::DETAILS
    );
    for line in details {
        println!("{line}");
    }
    Ok(())
}

fn run(row: &Row) -> Result<Vec<Result_>, Failure> {
    let definition = DEFINITIONS.iter().find(|it| it.name == row.workload);
    let definition = definition.ok_or("a row without a definition")?;
    eprintln!("{}", row.workload);
    let folder = files::write(definition, definition.filters)?;
    let engines: Vec<_> = ours(row).iter().chain(row.rivals).copied().collect();
    Ok(race(&engines, &folder, definition.filters))
}
