//! Plays the scenarios of `tests/scenarios` against the real binary, each over every
//! protocol that can say what it says.
//!
//! `SCENARIO=words` plays only those whose file or name contains the words.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test: one that cannot go on stops, and nobody uses its modules"
)]

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[path = "../harness/mod.rs"]
mod harness;

mod run; // one scenario over one transport
mod notified; // what clients are told without having asked
mod expected; // what a step expects, written out
mod received; // an answer, as the transport gave it
mod client; // a WebSocket client
mod in_process; // a server whose events can be seen
mod call; // a call, in the form of each transport
mod scenario; // scenarios as they are written
mod tables; // facts: actions, errors, named patterns
mod report; // failures
mod pattern; // what an answer must look like

use harness::Server;
use in_process::{InProcess, Recorder};
use scenario::{File, Scenario, Transport};
use tables::Tables;

/// More than there are processors, since most of the time is spent waiting.
const PLAYERS: usize = 8;

/// By file and name: the transport, and what went wrong.
type Failures<'a> = BTreeMap<(&'a str, &'a str), Vec<(&'static str, String)>>;

struct Task<'a> {
    file: &'a File,
    scenario: &'a Scenario,
    transport: Transport,
    host: &'a Host,
}

/// What plays the server.
enum Host {
    Binary(Server),
    InProcess(InProcess),
}

/// Also where the server does not answer yet.
#[test]
fn scenarios_can_be_read() {
    let (tables, files) = (Tables::load(), scenario::load());
    for scenario in files.iter().flat_map(|it| &it.scenarios) {
        let transports = transports(scenario, &tables);
        assert!(!transports.is_empty(), "{}: nothing to do", scenario.name);
    }
}

#[test]
fn scenarios() {
    let tables = Tables::load();
    let files = scenario::load();
    let words = std::env::var("SCENARIO").unwrap_or_default();
    let is_wanted = |file: &File, scenario: &Scenario| {
        file.name.contains(&words) || scenario.name.contains(&words)
    };
    let mut servers = BTreeMap::new();
    for file in &files {
        if file.scenarios.iter().any(|it| is_wanted(file, it)) {
            servers
                .entry((&file.settings, &file.environment, file.is_in_process))
                .or_insert_with(|| Host::start(file, &tables));
        }
    }
    let mut tasks = Vec::new();
    for file in &files {
        for scenario in file.scenarios.iter().filter(|it| is_wanted(file, it)) {
            let host = &servers[&(&file.settings, &file.environment, file.is_in_process)];
            for transport in transports(scenario, &tables) {
                tasks.push(Task {
                    file,
                    scenario,
                    transport,
                    host,
                });
            }
        }
    }
    let steps: usize = tasks.iter().map(|it| it.scenario.steps.len()).sum();
    let failures = play_all(&tasks, &tables);
    println!("{} runs of scenarios, {steps} steps", tasks.len());
    assert!(
        failures.is_empty(),
        "{} of {} runs failed\n\n{}",
        failures.values().map(Vec::len).sum::<usize>(),
        tasks.len(),
        failures.iter().map(report::failure).collect::<String>()
    );
}

impl Host {
    fn start(file: &File, tables: &Tables) -> Self {
        if file.is_in_process {
            return Self::InProcess(InProcess::start(&file.settings, tables));
        }
        let settings: Vec<_> = file.settings.iter().map(String::as_str).collect();
        let environment: Vec<_> = file
            .environment
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        Self::Binary(Server::with_environment(&settings, &environment))
    }

    fn port(&self) -> u16 {
        match self {
            Self::Binary(server) => server.port(),
            Self::InProcess(server) => server.port(),
        }
    }

    fn recorder(&self) -> Option<&Recorder> {
        match self {
            Self::Binary(_) => None,
            Self::InProcess(server) => Some(&server.recorder),
        }
    }
}

/// Those in which the scenario is not the same as in another one.
fn transports(scenario: &Scenario, tables: &Tables) -> Vec<Transport> {
    let is_called_twice = scenario
        .steps
        .iter()
        .any(|it| run::has_alternative(it, tables));
    let mut transports = scenario.over.clone();
    transports.retain(|it| *it != Transport::HttpAlternative || is_called_twice);
    if !scenario.steps.iter().any(run::is_of_a_transport) {
        transports.truncate(1);
    }
    transports
}

/// The failures of each scenario, with the transport of each.
fn play_all<'a>(tasks: &[Task<'a>], tables: &Tables) -> Failures<'a> {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Failures::new()));
    thread::scope(|scope| {
        for _ in 0..PLAYERS {
            scope.spawn(|| {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = task.play(tables) {
                        let name = (&*task.file.name, &*task.scenario.name);
                        let mut failures = failures.lock().unwrap();
                        let failures = failures.entry(name).or_default();
                        failures.push((task.transport.name(), failure));
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap()
}

impl Task<'_> {
    fn play(&self, tables: &Tables) -> Result<(), String> {
        let played = panic::catch_unwind(AssertUnwindSafe(|| {
            run::play(self.scenario, self.transport, self.host, tables)
        }));
        let played = played.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            Err(text.unwrap_or("panicked").to_owned())
        });
        match (&self.scenario.pending, played) {
            (None, played) => played,
            (Some(_), Err(_)) => Ok(()),
            (Some(pending), Ok(())) => Err(format!("it holds: no longer pending on {pending}")),
        }
    }
}
