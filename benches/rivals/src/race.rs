//! All engines on one workload: they register one after the other, show that
//! their answers are right, and then take turns, so that what else the machine
//! does hits all of them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::engines::Way;
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

/// One process, in all ways that are asked of it.
struct Runner {
    session: Session,
    ready: Value,
    ways: Vec<Taken>,
}

/// One way: what its answers were like, and its turns.
struct Taken {
    engine: &'static str,
    checked: Value,
    nanos: Vec<f64>,
}

/// Lets engines take turns on the files of a folder.
pub fn race(engines: &[&'static str], folder: &Path, filters: usize) -> Vec<Result_> {
    let expected = counts(folder);
    let mut processes: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    for engine in engines {
        let process = Way::of(engine).0;
        match processes.iter_mut().find(|it| it.0 == process) {
            Some((_, ways)) => ways.push(engine),
            None => processes.push((process, vec![engine])),
        }
    }
    let start = |(process, ways): &(&'static str, Vec<_>)| start(process, ways, folder);
    let mut runners: Vec<_> = processes.iter().map(start).collect();
    for _ in 0..ROUNDS {
        for runner in &mut runners {
            if let Ok(it) = runner
                && let Err(refusal) = turns(it, &expected)
            {
                *runner = Err(refusal);
            }
        }
    }
    let results = processes.iter().zip(runners);
    results
        .flat_map(|((_, ways), it)| outcomes(ways, it, filters))
        .collect()
}

fn outcomes(
    ways: &[&'static str],
    runner: Result<Runner, Refusal>,
    filters: usize,
) -> Vec<Result_> {
    match runner {
        Ok(it) => {
            let result = |taken: &Taken| Result_ {
                engine: taken.engine,
                outcome: Ok(times(taken, &it.ready, filters)),
            };
            it.ways.iter().map(result).collect()
        }
        Err(refusal) => {
            let result = |engine: &&'static str| Result_ {
                engine,
                outcome: Err(refusal.clone()),
            };
            ways.iter().map(result).collect()
        }
    }
}

/// The number of matches of each document.
fn counts(folder: &Path) -> Vec<u64> {
    let text = fs::read_to_string(folder.join("expected.txt")).unwrap_or_default();
    let count = |line: &str| line.split(' ').next().and_then(|it| it.parse().ok());
    text.lines().map(|it| count(it).unwrap_or(0)).collect()
}

fn start(process: &'static str, ways: &[&'static str], folder: &Path) -> Result<Runner, Refusal> {
    eprint!("  {process}…");
    let started = Session::start(process, folder).and_then(|(mut session, ready)| {
        let ways = ways.iter().map(|engine| {
            let checked = session.ask(&format!("check {engine} {CHECK_MILLIS}"))?;
            Ok(Taken {
                engine,
                checked,
                nanos: Vec::new(),
            })
        });
        let ways = ways.collect::<Result<Vec<_>, Refusal>>()?;
        Ok(Runner {
            session,
            ready,
            ways,
        })
    });
    match &started {
        Ok(it) => {
            let checked = &it.ways[0].checked;
            eprintln!(
                " {} documents, {} wrong",
                checked["documents"], checked["wrong"]
            );
        }
        Err(refusal) => eprintln!(" {refusal}"),
    }
    started
}

fn turns(runner: &mut Runner, expected: &[u64]) -> Result<(), Refusal> {
    let (least, most) = TURN_MILLIS;
    for taken in &mut runner.ways {
        let answer = runner
            .session
            .ask(&format!("pass {} {most} {least}", taken.engine))?;
        let number = |name: &str| answer[name].as_u64().unwrap_or(0);
        let documents = number("documents") as usize;
        let rounds = (documents / expected.len()) as u64;
        let rest = &expected[..documents % expected.len()];
        let matches = rounds * expected.iter().sum::<u64>() + rest.iter().sum::<u64>();
        if number("matches") != matches && taken.checked["wrong"] == 0 {
            return Err(format!(
                "{} matches instead of {matches}",
                number("matches")
            ));
        }
        let nanos = number("cpu_ns") as f64 / documents.max(1) as f64;
        taken.nanos.push(nanos);
    }
    Ok(())
}

fn times(taken: &Taken, ready: &Value, filters: usize) -> Times {
    let mut nanos = taken.nanos.clone();
    nanos.sort_by(f64::total_cmp);
    let per_filter = |value: &Value| value.as_f64().unwrap_or(f64::NAN) / filters as f64;
    Times {
        median_nanos: nanos[nanos.len() / 2],
        best_nanos: nanos[0],
        register_nanos: per_filter(&ready["register_ns"]),
        bytes_per_filter: per_filter(&ready["bytes"]),
        checked: taken.checked["documents"].as_u64().unwrap_or(0),
        wrong: taken.checked["wrong"].as_u64().unwrap_or(0),
    }
}
