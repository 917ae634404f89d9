//! All engines on one workload: they register one after the other, show that
//! their answers are right, and then take turns, so that what else the machine
//! does hits all of them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::session::{Refusal, Session};

/// How often everybody takes a turn.
pub const ROUNDS: usize = 5;

/// How long a turn takes, in milliseconds of thread time: at least the first,
/// for which a fast engine starts over, at most the second.
const TURN_MILLIS: (u64, u64) = (60, 400);

/// How long answers are compared.
const CHECK_MILLIS: u64 = 2000;

/// What an engine showed.
pub struct Result_ {
    pub engine: &'static str,
    pub outcome: Result<Times, Refusal>,
}

pub struct Times {
    pub median_nanos: f64,
    pub best_nanos: f64,
    pub register_nanos: f64,
    pub bytes_per_filter: f64,
    /// Documents whose ids were compared, and those for which they were wrong.
    pub checked: u64,
    pub wrong: u64,
}

struct Runner {
    session: Session,
    ready: Value,
    checked: Value,
    nanos: Vec<f64>,
}

/// Lets engines take turns on the files of a folder.
pub fn race(engines: &[&'static str], folder: &Path, filters: usize) -> Vec<Result_> {
    let expected = counts(folder);
    let mut runners: Vec<_> = engines.iter().map(|it| start(it, folder)).collect();
    for _ in 0..ROUNDS {
        for runner in &mut runners {
            if let Ok(it) = runner
                && let Err(refusal) = turn(it, &expected)
            {
                *runner = Err(refusal);
            }
        }
    }
    let results = engines.iter().zip(runners);
    let result = |(engine, runner): (&&'static str, Result<Runner, Refusal>)| Result_ {
        engine,
        outcome: runner.map(|it| times(it, filters)),
    };
    results.map(result).collect()
}

/// The number of matches of each document.
fn counts(folder: &Path) -> Vec<u64> {
    let text = fs::read_to_string(folder.join("expected.txt")).unwrap_or_default();
    let count = |line: &str| line.split(' ').next().and_then(|it| it.parse().ok());
    text.lines().map(|it| count(it).unwrap_or(0)).collect()
}

fn start(engine: &'static str, folder: &Path) -> Result<Runner, Refusal> {
    eprint!("  {engine}…");
    let started = Session::start(engine, folder).and_then(|(mut session, ready)| {
        let checked = session.ask(&format!("check {CHECK_MILLIS}"))?;
        Ok(Runner {
            session,
            ready,
            checked,
            nanos: Vec::new(),
        })
    });
    match &started {
        Ok(it) => eprintln!(
            " {} documents, {} wrong",
            it.checked["documents"], it.checked["wrong"]
        ),
        Err(refusal) => eprintln!(" {refusal}"),
    }
    started
}

fn turn(runner: &mut Runner, expected: &[u64]) -> Result<(), Refusal> {
    let (least, most) = TURN_MILLIS;
    let answer = runner.session.ask(&format!("pass {most} {least}"))?;
    let number = |name: &str| answer[name].as_u64().unwrap_or(0);
    let documents = number("documents") as usize;
    let rounds = (documents / expected.len()) as u64;
    let rest = &expected[..documents % expected.len()];
    let matches = rounds * expected.iter().sum::<u64>() + rest.iter().sum::<u64>();
    if number("matches") != matches && runner.checked["wrong"] == 0 {
        return Err(format!(
            "{} matches instead of {matches}",
            number("matches")
        ));
    }
    let nanos = number("cpu_ns") as f64 / documents.max(1) as f64;
    runner.nanos.push(nanos);
    Ok(())
}

fn times(mut runner: Runner, filters: usize) -> Times {
    runner.nanos.sort_by(f64::total_cmp);
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    Times {
        median_nanos: runner.nanos[runner.nanos.len() / 2],
        best_nanos: runner.nanos[0],
        register_nanos: number(&runner.ready["register_ns"]) / filters as f64,
        bytes_per_filter: number(&runner.ready["bytes"]) / filters as f64,
        checked: runner.checked["documents"].as_u64().unwrap_or(0),
        wrong: runner.checked["wrong"].as_u64().unwrap_or(0),
    }
}
