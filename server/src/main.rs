//! The binary: arguments → settings → run until a signal says stop.
//!
//! Standard output says where the server is; standard error is the log. Exit
//! status 2 means wrong settings, 1 that the server could not start.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use koncorde_server::{Backend, Config, ConfigError, LogFormat, Settings, Sources};
use tokio::time::{sleep, timeout};
use tracing_subscriber::EnvFilter;

const EXAMPLES: &str = "\
Every setting can also be given by its name:

  koncorde-server --limits.documentsWriteCount=500
  kuzzle_limits__documentsWriteCount=500 koncorde-server
  koncorde-server --config settings.json      JSON with comments, or INI

docs/config.md lists all settings, and so does koncorde-server --settings.

Examples:

  koncorde-server                             port 7512, data in ./koncorde-data
  koncorde-server --host 127.0.0.1            for programs on this machine only
  koncorde-server --port 80 --data /var/lib/koncorde
  koncorde-server --log debug";

/// For requests under way when the server stops.
const PATIENCE: Duration = Duration::from_secs(30);

/// Wrappers such as `timeout` and terminals send one signal to a program and to its
/// group: what follows the first so closely is the same one.
const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// A real-time backend in one binary: documents, live queries, over HTTP and WebSocket.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, args_override_self = true)]
struct Arguments {
    /// Port for HTTP and WebSocket; 0 takes any free one [default: 7512]
    #[arg(long)]
    port: Option<String>,
    /// Address to listen on [default: all interfaces]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Folder that holds all data; created when missing [default: ./koncorde-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file, besides .kuzzlerc and its like
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print all settings, their values and meanings, as a file to start from
    #[arg(long)]
    settings: bool,
    /// What to log: off, error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
}

fn main() -> ExitCode {
    let started = Instant::now();
    let (settings, flags) = split(std::env::args_os().collect());
    let arguments = Arguments::parse_from(flags);
    let lists_settings = arguments.settings;
    let loaded = Settings::load(&sources(arguments, settings));
    if let (true, Ok(settings)) = (lists_settings, &loaded) {
        let written = io::stdout().write_all(settings.listing().as_bytes());
        return ExitCode::from(u8::from(written.is_err()));
    }
    let checked = loaded.and_then(|it| Ok((it.check()?, it.warnings())));
    let (config, warnings) = match checked {
        Ok(checked) => checked,
        Err(error) => return fail(&error, 2),
    };
    if let Err(error) = start_log(&config) {
        return fail(&error, 2);
    }
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    allow_many_connections();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start threads: {error}"), 1),
    };
    match runtime.block_on(run(config, started)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

fn fail(error: &dyn std::fmt::Display, status: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "koncorde-server: {error}");
    ExitCode::from(status)
}

/// Takes settings such as `--limits.documentsWriteCount=500` out of the
/// arguments; what is left are flags.
fn split(arguments: Vec<OsString>) -> (Vec<(String, String)>, Vec<OsString>) {
    let mut settings = Vec::new();
    let mut flags = Vec::new();
    let mut rest = arguments.into_iter().peekable();
    while let Some(argument) = rest.next() {
        let text = argument.to_str().and_then(|it| it.strip_prefix("--"));
        let (name, value) = match text.map(|it| it.split_once('=').unwrap_or((it, ""))) {
            Some((name, value)) if name.contains('.') => (name.to_owned(), value.to_owned()),
            _ => {
                flags.push(argument);
                continue;
            }
        };
        let has_value = text.is_some_and(|it| it.contains('='));
        // `--a.b c` is `--a.b=c`, and `--a.b` alone is `--a.b=true`.
        let next = rest.next_if(|it| !has_value && !it.to_string_lossy().starts_with("--"));
        let value = match next {
            Some(next) => next.to_string_lossy().into_owned(),
            None if has_value => value,
            None => "true".into(),
        };
        settings.push((name, value));
    }
    (settings, flags)
}

fn sources(arguments: Arguments, mut settings: Vec<(String, String)>) -> Sources {
    let data = arguments.data.map(|it| it.to_string_lossy().into_owned());
    let flags = [
        ("server.port", arguments.port),
        ("server.host", arguments.host),
        ("server.dataPath", data),
        ("server.appLogs.level", arguments.log),
    ];
    for (path, value) in flags {
        settings.extend(value.map(|it| (path.to_owned(), it)));
    }
    let text = |it: OsString| it.to_string_lossy().into_owned();
    Sources {
        folder: std::env::current_dir().unwrap_or_default(),
        home: std::env::home_dir(),
        file: arguments.config,
        environment: std::env::vars_os()
            .map(|it| (text(it.0), text(it.1)))
            .collect(),
        arguments: settings,
    }
}

fn start_log(config: &Config) -> Result<(), ConfigError> {
    let settings = &config.server.app_logs;
    let filter = EnvFilter::new(settings.filter());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match settings.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// Each connection takes a file descriptor; many systems start programs with a
/// limit of 1024, and let them ask for more.
fn allow_many_connections() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
    }
}

async fn run(config: Config, started: Instant) -> Result<(), Box<dyn std::error::Error>> {
    let data = std::path::absolute(&config.server.data_path)?;
    let mut signals = Signals::listen()?;
    let running = Backend::standalone().config(config).start().await?;
    // Nobody may be there to read it; the server serves all the same.
    let _ = announce(running.address(), &data, started);
    signals.stop().await;
    tracing::info!("stopping: requests under way are finished first");
    tokio::select! {
        () = running.shutdown() => {}
        () = signals.stop_again() => tracing::warn!("stopped at once, by a second signal"),
        () = sleep(PATIENCE) => tracing::warn!("stopped: some requests take too long"),
    }
    Ok(())
}

/// Where to go next.
fn announce(address: SocketAddr, data: &Path, started: Instant) -> io::Result<()> {
    let is_everywhere = address.ip().is_unspecified();
    let host = match is_everywhere || address.ip().is_loopback() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    };
    let version = env!("CARGO_PKG_VERSION");
    let elapsed = started.elapsed().as_millis();
    let data = data.display();
    let mut out = io::stdout().lock();
    writeln!(out, "koncorde-server {version}, ready after {elapsed} ms")?;
    writeln!(out, "  API   http://{host} and ws://{host}")?;
    writeln!(out, "  data  {data}")?;
    writeln!(out, "  try   curl 'http://{host}/_now?pretty'")?;
    if is_everywhere {
        let advice = "--host 127.0.0.1 keeps it to this machine";
        writeln!(
            out,
            "  note  whoever reaches this port may do everything; {advice}"
        )?;
    }
    out.flush()
}

/// SIGTERM and SIGINT.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on they no longer end the program by themselves.
    fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them.
    async fn stop(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for another one, after the first.
    async fn stop_again(&mut self) {
        let echoes = async {
            loop {
                self.stop().await;
            }
        };
        let _ = timeout(SAME_SIGNAL, echoes).await;
        self.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_from_flags() {
        let arguments = [
            "server",
            "--a.b=c",
            "--port",
            "80",
            "--a.c",
            "d",
            "--a.d",
            "--data=./x.y",
            "--a.e=",
            "--a.f",
        ];
        let (settings, flags) = split(arguments.map(Into::into).into());
        let pairs = [
            ("a.b", "c"),
            ("a.c", "d"),
            ("a.d", "true"),
            ("a.e", ""),
            ("a.f", "true"),
        ];
        assert_eq!(settings, pairs.map(|it| (it.0.to_owned(), it.1.to_owned())));
        assert_eq!(flags, ["server", "--port", "80", "--data=./x.y"]);
    }
}
