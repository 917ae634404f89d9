//! The side of the table: an engine as a process that answers questions, with a
//! limit on its memory and its patience.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Error, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::Value;

/// What an engine may take: more than twice what the hungriest one that finishes
/// needs for a hundred thousand filters, and half of the machine.
const MEMORY_MAX_GIB: u64 = 10;

/// How much time of the processor an engine may take for all it does: several
/// times what the slowest that finishes needs.
const SECONDS_MAX: u64 = 75;

/// How long an answer may take by the clock: the same on a busy machine.
const PATIENCE: Duration = Duration::from_secs(4 * SECONDS_MAX);

/// The original, in Node.js.
pub const ORIGINAL: &str = "npm-koncorde";

/// The same, with the parsing of documents.
pub const ORIGINAL_BYTES: &str = "npm-koncorde-bytes";

/// A running engine.
pub struct Session {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
    complaints: PathBuf,
}

/// Why an engine has no figure.
pub type Refusal = String;

impl Session {
    /// Starts an engine, waits until it has registered all filters, and returns
    /// what it says about that.
    pub fn start(engine: &'static str, folder: &Path) -> Result<(Self, Value), Refusal> {
        let complaints = folder.join(format!("{}.stderr", engine));
        let mut session = Self::spawn(engine, folder, complaints).map_err(|it| it.to_string())?;
        let ready = session.hear()?;
        match ready["refused"].as_str() {
            Some(reason) => Err(format!("cannot express {reason}")),
            None => Ok((session, ready)),
        }
    }

    fn spawn(engine: &'static str, folder: &Path, complaints: PathBuf) -> Result<Self, Error> {
        let mut command = if engine == ORIGINAL {
            let mut command = Command::new("node");
            command.args(["--expose-gc", "--max-old-space-size=8192"]);
            command.arg(original().join("serve.mjs"));
            command
        } else {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["serve", engine]);
            command
        };
        let mut child = command
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&complaints)?)
            .spawn()?;
        let questions = child.stdin.take().ok_or(Error::other("no pipe"))?;
        let output = child.stdout.take().ok_or(Error::other("no pipe"))?;
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            questions,
            answers,
            complaints,
        })
    }

    /// Asks a question.
    pub fn ask(&mut self, question: &str) -> Result<Value, Refusal> {
        // An engine that is gone shows when its answer is missing.
        let _ = writeln!(self.questions, "{question}");
        self.hear()
    }

    fn hear(&mut self) -> Result<Value, Refusal> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => serde_json::from_str(&line).map_err(|it| it.to_string()),
            Err(Timeout) => Err(format!("not finished in {} s", PATIENCE.as_secs())),
            Err(Disconnected) => Err(self.last_words()),
        }
    }

    fn last_words(&mut self) -> Refusal {
        let status = self.child.wait();
        let text = fs::read_to_string(&self.complaints).unwrap_or_default();
        // Killed, or told so by the signal that comes first.
        let is_late = status.is_ok_and(|it| matches!(it.signal(), Some(9 | 24)));
        if is_late {
            format!("not finished in {SECONDS_MAX} s")
        } else if text.contains("memory allocation of") {
            format!("over {MEMORY_MAX_GIB} GiB")
        } else if text.contains("panicked") {
            "panics".into()
        } else {
            let line = text.lines().find(|it| !it.trim().is_empty());
            line.unwrap_or("stopped").chars().take(60).collect()
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Limits the memory and the time of this process.
pub fn limit() -> Result<(), rustix::io::Errno> {
    let limit = |it| Rlimit {
        current: Some(it),
        maximum: Some(it),
    };
    setrlimit(Resource::As, limit(MEMORY_MAX_GIB << 30))?;
    setrlimit(Resource::Cpu, limit(SECONDS_MAX))
}

/// Where the script and the package lie.
pub fn original() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("npm")
}

/// Whether the package is installed.
pub fn has_original() -> bool {
    original().join("node_modules/koncorde").exists()
}
