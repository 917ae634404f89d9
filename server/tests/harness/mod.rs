//! Starts the real binary for a test and talks to it as a client would.
//!
//! ```ignore
//! mod harness;
//! let server = harness::Server::start();
//! assert_eq!(server.get("/_healthcheck").status, 200);
//! let mut client = server.websocket();
//! let now = client.query(json!({ "controller": "server", "action": "now" }));
//! ```
//!
//! A server listens on a port of its own, keeps its data in a temporary folder and
//! ends with the value that stands for it. Nothing here sleeps: readiness is the
//! line that the server prints.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test may panic, and nobody else sees its modules"
)]

mod http; // requests and answers, byte by byte where needed
mod websocket; // queries, replies, notifications, raw frames

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub use http::{Answer, Http};
pub use websocket::WebSocket;

/// No exchange of a test takes longer on a working server, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub struct Server {
    child: Child,
    port: u16,
    data: PathBuf,
    /// Removed with the server, unless the test brought its own folder.
    _folder: Option<TempDir>,
    settings: Vec<String>,
    environment: Vec<(String, String)>,
    log: Log,
    /// What it wrote to standard output.
    output: Log,
}

/// What the server wrote to standard error so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Server {
    /// With default settings.
    pub fn start() -> Self {
        Self::with_settings(&[])
    }

    /// With arguments such as `--limits.documentsWriteCount=3`.
    pub fn with_settings(settings: &[&str]) -> Self {
        Self::with_environment(settings, &[])
    }

    /// With arguments and environment variables.
    pub fn with_environment(settings: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Self::run(&data, settings, environment, Some(folder)).unwrap_or_else(|it| panic!("{it}"))
    }

    /// On a folder that outlives the server.
    pub fn on_folder(data: &Path, settings: &[&str]) -> Self {
        Self::run(data, settings, &[], None).unwrap_or_else(|it| panic!("{it}"))
    }

    fn run(
        data: &Path,
        settings: &[&str],
        environment: &[(&str, &str)],
        folder: Option<TempDir>,
    ) -> Result<Self, String> {
        let owned = |it: &(&str, &str)| (it.0.to_owned(), it.1.to_owned());
        let settings: Vec<_> = settings.iter().copied().map(str::to_owned).collect();
        let environment: Vec<_> = environment.iter().map(owned).collect();
        let log = Log::default();
        let output = Log::default();
        let (child, port) = launch(data, &settings, &environment, (&output, &log))?;
        Ok(Self {
            child,
            port,
            data: data.to_owned(),
            _folder: folder,
            settings,
            environment,
            log,
            output,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What the server wrote to standard error so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// What the server said when it was ready.
    pub fn started(&self) -> String {
        self.output.text()
    }

    /// Ends the server at once, as a power cut would.
    pub fn kill(&mut self) {
        // Both fail only when the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks the server to stop (SIGTERM) and waits until it did.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Sends a signal, such as `TERM`, `INT` or `STOP`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "cannot send {name} to the server");
    }

    /// Waits until the process has ended.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running\n{}", self.log());
            thread::sleep(Duration::from_millis(2)); // the standard library has no wait with a deadline
        }
    }

    /// Starts again on the same folder, with the same settings, on a new port.
    /// A server that still runs is killed first.
    pub fn restart(&mut self) {
        self.kill();
        let logs = (&self.output, &self.log);
        let launched = launch(&self.data, &self.settings, &self.environment, logs);
        let (child, port) = launched.unwrap_or_else(|it| panic!("{it}"));
        (self.child, self.port) = (child, port);
    }

    /// A connection that stays open for many requests, and for malformed ones.
    pub fn http(&self) -> Http {
        Http::connect(self.port)
    }

    /// One request on a connection of its own.
    pub fn call(&self, verb: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.http().call(verb, path, headers, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], b"")
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, &[], b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json("POST", path, body)
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send_json("PUT", path, body)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send_json("PATCH", path, body)
    }

    /// One request with a JSON body.
    pub fn send_json(&self, verb: &str, path: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/json")];
        self.call(verb, path, &headers, body.to_string().as_bytes())
    }

    /// The envelope that answers this request over `POST /_query`.
    pub fn query(&self, request: &Value) -> Value {
        self.post("/_query", request).json()
    }

    /// A new WebSocket client.
    pub fn websocket(&self) -> WebSocket {
        WebSocket::connect(self.port, &[])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("--- log of the server ---\n{}", self.log());
        }
    }
}

/// How the binary ended that was started with these arguments and did not stay up.
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the binary to its end: for `--help`, and for settings that it must refuse.
pub fn run(arguments: &[&str], environment: &[(&str, &str)], folder: &Path) -> Ended {
    let mut child = command()
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(folder)
        .spawn()
        .unwrap();
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                let _ = child.kill();
                break child.wait().unwrap();
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    Ended {
        status,
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}

/// The binary, deaf to the settings of whoever runs the tests.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koncorde-server"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("kuzzle_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("NODE_ENV")
        .env_remove("RUST_LOG")
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Starts the binary and waits for the lines that tell its address.
fn launch(
    data: &Path,
    settings: &[String],
    environment: &[(String, String)],
    (output, log): (&Log, &Log),
) -> Result<(Child, u16), String> {
    let mut child = command()
        .args(["--port", "0", "--data"])
        .arg(data)
        .args(settings)
        .envs(environment.iter().cloned())
        .spawn()
        .unwrap();
    let stderr = log.follow(child.stderr.take().unwrap());
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while stdout.read_line(&mut text).unwrap() > 0 {
        if let Some(port) = port_in(&text) {
            // Nothing else is printed, but the pipe must stay open.
            output.append(&text);
            output.follow(stdout);
            return Ok((child, port));
        }
    }
    let status = child.wait().unwrap();
    stderr.join().unwrap();
    Err(format!("no server ({status})\n{}", log.text()))
}

/// The port in `… http://localhost:7512 …`.
fn port_in(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("http://")?;
    let (_, port) = rest.split_whitespace().next()?.rsplit_once(':')?;
    port.trim_end_matches('/').parse().ok()
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Log {
    fn text(&self) -> String {
        let text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.clone()
    }

    /// Collects until the other end closes.
    fn follow(&self, from: impl Read + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                log.append(&(line + "\n"));
            }
        })
    }

    fn append(&self, more: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(more);
    }
}
