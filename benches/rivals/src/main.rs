//! The engine and others of its kind on the same files, in one run:
//!
//! ```sh
//! cargo run --release                       # all rows, about ten minutes
//! cargo run --release -- eq- and-10k        # rows whose names hold a text
//! cargo run --release -- record FILE        # all rows and the plot's, into a file too
//! cargo run --release -- plot FILE SVG      # draws it
//! ```
//!
//! Each engine is a process of one thread; they take turns, and what counts is
//! the time of that thread. Answers are compared with those of the evaluator.

mod engines; // who takes part
mod files; // workloads, as files
mod filter; // the filters, for translation
mod plot; // what is drawn
mod race; // turns
mod rows; // what is compared with whom
mod serve; // the side of an engine
mod session; // the side of the table
mod table; // what is printed

use std::fs;
use std::path::Path;

use koncorde_benches::DEFINITIONS;

use crate::race::{Result_, race};
use crate::rows::{PLOTTED, ROWS, Row, SMALL, besides};
use crate::table::Line;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", engine, folder] => {
            session::limit()?;
            serve::serve(engine, Path::new(folder))
        }
        ["plot", record, svg] => Ok(fs::write(svg, plot::plot(&fs::read_to_string(record)?)?)?),
        ["record", record, names @ ..] => compare(names, Some(Path::new(record))),
        names => compare(names, None),
    }
}

/// The rows whose names hold one of some texts. A record gets more: what the plot
/// shows.
fn compare(names: &[&str], record: Option<&Path>) -> Result<(), Failure> {
    let is_wanted =
        |row: &&Row| names.is_empty() || names.iter().any(|it| row.workload.contains(it));
    if !session::has_original() {
        eprintln!("npm koncorde is not installed; README.md says how");
    }
    let mut lines = Vec::new();
    let mut races: Vec<Race> = Vec::new();
    if record.is_some() {
        for (workload, filters) in SMALL {
            races.push(run(workload, Some(filters), PLOTTED)?);
            keep(record, &races)?;
        }
    }
    for row in ROWS.iter().filter(is_wanted) {
        if races.last().is_none_or(|it| it.workload != row.workload) {
            let engines: Vec<_> = besides(row)
                .into_iter()
                .chain(row.rivals.iter().copied())
                .collect();
            races.push(run(row.workload, None, &engines)?);
            keep(record, &races)?;
        }
        let line = table::line(row, races.last().map_or(&[][..], |it| &it.results));
        eprintln!("{}", line.text);
        lines.push(line);
    }
    print(&lines, &races);
    Ok(())
}

/// Writes down what is there, so that a run that is stopped loses nothing.
fn keep(record: Option<&Path>, races: &[Race]) -> Result<(), Failure> {
    let lines = races.iter().flat_map(|race| {
        let line = |it| table::record(race.workload, race.filters, it);
        race.results.iter().map(line)
    });
    let lines: Vec<_> = lines.collect();
    let text = format!("{}\n{}\n", table::RECORD, lines.join("\n"));
    record.map_or(Ok(()), |path| Ok(fs::write(path, text)?))
}

/// What all engines did on one workload.
struct Race {
    workload: &'static str,
    filters: usize,
    results: Vec<Result_>,
}

fn run(
    name: &'static str,
    filters: Option<usize>,
    engines: &[&'static str],
) -> Result<Race, Failure> {
    let definition = DEFINITIONS.iter().find(|it| it.name == name);
    let definition = definition.ok_or("a row without a definition")?;
    let filters = filters.unwrap_or(definition.filters);
    eprintln!("{name}, {filters} filters");
    let folder = files::write(definition, filters)?;
    Ok(Race {
        workload: name,
        filters,
        results: race(engines, &folder, filters),
    })
}

fn print(lines: &[Line], races: &[Race]) {
    println!("{}", table::HEAD);
    for line in lines {
        println!("{}", line.text);
    }
    let reached = lines.iter().filter(|it| it.is_reached).count();
    println!(
        "\n{reached} of {} reached.\n\n{}",
        lines.len(),
        table::DETAILS
    );
    for race in races {
        for result in &race.results {
            println!("{}", table::details(race.workload, race.filters, result));
        }
    }
}
