//! Which filters match each document? A command-line tool.
//!
//! ```text
//! cargo run --release -p koncorde --example percolate -- FILTERS < DOCUMENTS
//! ```
//!
//! FILTERS is a file with one `{"id": …, "filter": …}` a line; ids are numbers or
//! strings. DOCUMENTS is one JSON object a line. For each document a line is
//! printed: the ids of all filters that match it, as a JSON array, numbers first,
//! in order. Empty lines are ignored. A line that cannot be used ends the program
//! with status 2 and a message that names it.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, StdoutLock, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use koncorde::{Engine, Options, Scratch};
use serde_json::{Number, Value};

const USAGE: &str = "\
usage: percolate FILTERS < DOCUMENTS

FILTERS    a file with one {\"id\": …, \"filter\": …} a line; ids are numbers or strings
DOCUMENTS  one JSON object a line

For each document a line is printed: the ids of all filters that match it, as a JSON
array. The language of filters is told in docs/filters.md.";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if matches!(arguments.as_slice(), [it] if it == "--help" || it == "-h") {
        return match writeln!(io::stdout(), "{USAGE}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let [filters] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let result = Rules::read(filters).and_then(|rules| percolate(&rules, &mut output));
    // What was found before a bad line is printed all the same.
    match (result, output.flush()) {
        (Err(Failure::BadLine(message)), _) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
        // Nobody reads on: there is nothing left to do.
        (Err(Failure::Output(error)), _) | (Ok(()), Err(error))
            if error.kind() == io::ErrorKind::BrokenPipe =>
        {
            ExitCode::SUCCESS
        }
        (Err(Failure::Output(error)), _) | (Ok(()), Err(error)) => {
            eprintln!("cannot write the answers: {error}");
            ExitCode::FAILURE
        }
        (Ok(()), Ok(())) => ExitCode::SUCCESS,
    }
}

enum Failure {
    BadLine(String),
    Output(io::Error),
}

/// Filters and the names that they go by.
struct Rules {
    engine: Engine,
    /// The ids as JSON text, in the order of the answers.
    texts: Vec<String>,
    /// By handle: the places in `texts` of all ids whose filter it is. Equivalent
    /// filters are one in the engine.
    places: Vec<Vec<u32>>,
}

impl Rules {
    fn read(path: &str) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|it| Failure::BadLine(format!("{path}: {it}")))?;
        // The file is the user's own: its filters may be as complex as they like.
        let mut engine = Engine::with_options(Options {
            max_conditions: 0,
            ..Options::default()
        });
        let mut ids = Vec::new();
        let mut lines = Lines::new(path, file);
        while let Some(line) = lines.next()? {
            let rule: Value = serde_json::from_slice(line).map_err(|it| lines.bad(it))?;
            let id = Id::new(&rule["id"]);
            let id =
                id.ok_or_else(|| lines.bad("expected an \"id\" that is a number or a string"))?;
            let filter = rule
                .get("filter")
                .ok_or_else(|| lines.bad("expected a \"filter\""))?;
            let registered = engine.register(filter).map_err(|it| lines.bad(it))?;
            ids.push((id, engine.handle(&registered)));
        }
        ids.sort();
        let mut rules = Self {
            engine,
            texts: Vec::new(),
            places: Vec::new(),
        };
        for (id, handle) in ids {
            let text = id.to_json().to_string();
            if rules.texts.last() != Some(&text) {
                rules.texts.push(text);
            }
            let handle = handle.map_or(0, |it| it.index());
            if rules.places.len() <= handle {
                rules.places.resize(handle + 1, Vec::new());
            }
            rules.places[handle].push(rules.texts.len() as u32 - 1);
        }
        Ok(rules)
    }
}

/// Answers each document on standard input.
fn percolate(rules: &Rules, output: &mut BufWriter<StdoutLock<'_>>) -> Result<(), Failure> {
    let mut lines = Lines::new("standard input", io::stdin().lock());
    let mut progress = Progress::new();
    let mut scratch = Scratch::new();
    let mut found = Vec::new();
    let mut answer = String::new();
    while let Some(line) = lines.next()? {
        found.clear();
        let visited = rules.engine.visit_slice(line, &mut scratch, |handle| {
            found.extend_from_slice(&rules.places[handle.index()]);
        });
        visited.map_err(|it| lines.bad(it))?;
        found.sort_unstable();
        found.dedup();
        answer.clear();
        answer.push('[');
        for (i, place) in found.iter().enumerate() {
            answer.push_str(if i > 0 { "," } else { "" });
            answer.push_str(&rules.texts[*place as usize]);
        }
        answer.push_str("]\n");
        output
            .write_all(answer.as_bytes())
            .map_err(Failure::Output)?;
        progress.step(found.len());
    }
    progress.finish();
    Ok(())
}

/// Numbers come before strings, and are ordered by their value.
#[derive(PartialEq, Eq)]
enum Id {
    Number(Number),
    String(String),
}

impl Id {
    fn new(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(Self::Number(number.clone())),
            Value::String(text) => Some(Self::String(text.clone())),
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Number(number) => Value::Number(number.clone()),
            Self::String(text) => Value::from(text.as_str()),
        }
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => compare(a, b),
            (Self::Number(_), Self::String(_)) => Ordering::Less,
            (Self::String(_), Self::Number(_)) => Ordering::Greater,
            (Self::String(a), Self::String(b)) => a.cmp(b),
        }
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Integers exactly, others as doubles; then by how they are written.
fn compare(a: &Number, b: &Number) -> Ordering {
    let by_value = match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a
            .as_f64()
            .partial_cmp(&b.as_f64())
            .unwrap_or(Ordering::Equal),
    };
    by_value.then_with(|| a.to_string().cmp(&b.to_string()))
}

/// The lines of a file that are not empty, with their numbers.
struct Lines<'p, R> {
    path: &'p str,
    number: usize,
    reader: BufReader<R>,
    line: Vec<u8>,
}

impl<'p, R: Read> Lines<'p, R> {
    fn new(path: &'p str, reader: R) -> Self {
        let reader = BufReader::with_capacity(1 << 16, reader);
        Self {
            path,
            number: 0,
            reader,
            line: Vec::new(),
        }
    }

    fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        loop {
            self.line.clear();
            self.number += 1;
            match self.reader.read_until(b'\n', &mut self.line) {
                Ok(0) => return Ok(None),
                Ok(_) if self.line.trim_ascii().is_empty() => (),
                Ok(_) => return Ok(Some(self.line.trim_ascii())),
                Err(error) => return Err(self.bad(error)),
            }
        }
    }

    fn bad(&self, reason: impl std::fmt::Display) -> Failure {
        Failure::BadLine(format!("{}:{}: {reason}", self.path, self.number))
    }
}

/// Tells a person at a terminal how far it has come.
struct Progress {
    is_shown: bool,
    start: Instant,
    told: Instant,
    documents: u64,
    matches: u64,
}

impl Progress {
    fn new() -> Self {
        let now = Instant::now();
        let is_shown = io::stderr().is_terminal();
        Self {
            is_shown,
            start: now,
            told: now,
            documents: 0,
            matches: 0,
        }
    }

    fn step(&mut self, matches: usize) {
        self.documents += 1;
        self.matches += matches as u64;
        // A look at the clock costs as much as a small document.
        if self.is_shown && self.documents.is_multiple_of(256) {
            let now = Instant::now();
            if now - self.told > Duration::from_millis(200) {
                self.told = now;
                self.tell();
            }
        }
    }

    fn finish(&self) {
        if self.is_shown {
            self.tell();
            eprintln!();
        }
    }

    fn tell(&self) {
        let seconds = self.start.elapsed().as_secs_f64().max(1e-9);
        let rate = self.documents as f64 / seconds;
        eprint!(
            "\r{} documents, {} matches, {rate:.0} documents/s ",
            self.documents, self.matches
        );
    }
}
