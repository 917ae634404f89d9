//! Where settings come from, seen from outside: what the binary does with them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod harness;

use std::fs;
use std::path::Path;

use serde_json::Value;

use harness::{Ended, Server, run};

/// Arguments, environment, and what is expected.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

/// The value of a header that a setting decides, in a server that was given these
/// settings.
fn methods(server: &Server) -> String {
    let answer = server.get("/_healthcheck");
    answer
        .header("access-control-allow-methods")
        .unwrap()
        .to_owned()
}

#[test]
fn the_command_line_wins_over_the_environment_over_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    fs::write(
        &file,
        "{\n  // a comment\n  \"http\": { \"accessControlAllowMethods\": \"FILE\" },\n}",
    )
    .unwrap();
    let ini = folder.path().join("settings.ini");
    fs::write(
        &ini,
        "; a comment\n[http]\naccessControlAllowMethods = INI\n",
    )
    .unwrap();
    let argument = "--http.accessControlAllowMethods=ARGUMENT";
    let variable = ("kuzzle_http__accessControlAllowMethods", "VARIABLE");
    let (file, ini) = (file.to_str().unwrap(), ini.to_str().unwrap());
    let cases: &[Case<'_>] = &[
        (&[argument, "--config", file], &[variable], "ARGUMENT"),
        (
            &["--http.accessControlAllowMethods", "APART"],
            &[variable],
            "APART",
        ),
        (&["--config", file], &[variable], "VARIABLE"),
        (&["--config", file], &[], "FILE"),
        (&["--config", ini], &[], "INI"),
        (&[], &[], "GET,POST,PUT,PATCH,DELETE,OPTIONS,HEAD"),
    ];
    for (settings, environment, expected) in cases {
        let server = Server::with_environment(settings, environment);
        assert_eq!(methods(&server), *expected, "{settings:?} {environment:?}");
    }
}

#[test]
fn kuzzlerc_is_found_in_the_folder_above_and_at_home() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    let home = folder.path().join("home");
    fs::create_dir_all(&below).unwrap();
    fs::create_dir_all(home.join(".config")).unwrap();
    let write = |path: &Path, port: &str, host: &str| {
        let text = format!(r#"{{ "server": {{ "port": {port}, "host": "{host}" }} }}"#);
        fs::write(path, text).unwrap();
    };
    write(&home.join(".config/kuzzle"), "\"wrong\"", "192.0.2.1");
    let ended = |home: &Path| {
        run(
            &["--data", "data"],
            &[("HOME", home.to_str().unwrap())],
            &below,
        )
    };
    let at_home = ended(&home);
    assert_refused(
        &at_home,
        "server.port is \"wrong\" (set by the file ",
        "/.config/kuzzle)",
    );

    // What is nearer wins, key by key.
    write(&folder.path().join(".kuzzlerc"), "70000", "192.0.2.1");
    let above = ended(&home);
    assert_refused(
        &above,
        "server.port is 70000 (set by the file ",
        "/.kuzzlerc)",
    );
}

fn assert_refused(ended: &Ended, first: &str, second: &str) {
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    let found = ended.stderr.contains(first) && ended.stderr.contains(second);
    assert!(found, "{first} … {second}\nnot in: {}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[test]
fn what_cannot_be_used_is_told_with_what_could() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("broken.json"), "{ \"server\": ").unwrap();
    fs::write(folder.path().join("list.json"), "// nothing but\n[1]").unwrap();
    fs::write(folder.path().join("broken.ini"), "[server]\nport\n").unwrap();
    let cases: &[Case<'_>] = &[
        (
            &["--port", "70000"],
            &[],
            "server.port is 70000 (set by the command line); it must be an integer from 0 to 65535",
        ),
        (
            &["--port", "http"],
            &[],
            "server.port is \"http\" (set by the command line)",
        ),
        (
            &["--limits.documentsWriteCount=0"],
            &[],
            "limits.documentsWriteCount is 0 (set by the command line); it must be an integer of at least 1",
        ),
        (
            &["--limits.documentsWriteCount"],
            &[],
            "limits.documentsWriteCount is true",
        ),
        (
            &[],
            &[("kuzzle_limits__concurrentRequests", "60000")],
            "limits.concurrentRequests is 60000 (set by the environment variable kuzzle_limits__concurrentRequests); it must be less than limits.requestsBufferSize, which is 50000",
        ),
        (
            &[],
            &[("kuzzle_application__x", "*json:{")],
            "application.x does not hold JSON",
        ),
        (
            &["--server.maxRequestSize=1 parsec"],
            &[],
            "it must be a number of bytes above 0, or a text such as 512kb or 1MB",
        ),
        (
            &[
                "--http.accessControlAllowOrigin=(",
                "--http.accessControlAllowOriginUseRegExp=true",
            ],
            &[],
            "http.accessControlAllowOrigin is \"(\"",
        ),
        (
            &["--log", "loud"],
            &[],
            "server.appLogs.level is \"loud\" (set by the command line); it must be off, error, warn, info, debug, trace",
        ),
        (
            &["--config", "nowhere.json"],
            &[],
            "cannot read the configuration file nowhere.json: No such file",
        ),
        (
            &["--config", "broken.json"],
            &[],
            "cannot read the configuration file broken.json: ",
        ),
        (
            &["--config", "list.json"],
            &[],
            "it does not hold an object",
        ),
        (
            &["--config", "broken.ini"],
            &[],
            "line 2: expected key = value, found port",
        ),
        (&["--prot", "80"], &[], "--port"),
    ];
    for (arguments, environment, expected) in cases {
        let arguments = [*arguments, &["--data", "data"]].concat();
        let ended = run(&arguments, environment, folder.path());
        assert_refused(&ended, expected, "");
    }
}

#[test]
fn unknown_settings_are_warnings() {
    let server = Server::with_environment(
        &[
            "--limits.documentWriteCount=5",
            "--plugins.mine.key=5",
            "--cluster.heartbeat=1",
        ],
        &[
            ("kuzzle_server__prot", "80"),
            ("kuzzle_application__x", "1"),
        ],
    );
    let log = server.log();
    let warnings: Vec<_> = log.lines().filter(|it| it.contains("WARN")).collect();
    let expected = [
        "the setting cluster.heartbeat has no effect (not built yet: one node serves alone), set by the command line",
        "unknown setting limits.documentWriteCount (did you mean limits.documentsWriteCount?), set by the command line",
        "unknown setting server.prot (did you mean server.port?), set by the environment variable kuzzle_server__prot",
    ];
    assert_eq!(warnings.len(), expected.len(), "{log}");
    for (warning, expected) in warnings.iter().zip(expected) {
        assert!(warning.ends_with(expected), "{warning}");
    }
}

#[test]
fn help_explains_and_version_is_short() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(&["--help"], &[], folder.path());
    assert!(help.status.success());
    for part in [
        "--port",
        "--host",
        "--data",
        "--config",
        "--log",
        "kuzzle_limits__",
        "Examples:",
        "docs/config.md",
    ] {
        assert!(
            help.stdout.contains(part),
            "{part} is not in\n{}",
            help.stdout
        );
    }
    let version = run(&["--version"], &[], folder.path());
    let expected = format!("koncorde-server {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((version.stdout, version.status.code()), (expected, Some(0)));
    // Neither leaves anything behind.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn settings_are_listed_as_a_file_to_start_from() {
    let folder = tempfile::tempdir().unwrap();
    let changed = ["--settings", "--port", "4711", "--application.mine=a b"];
    let listed = run(&changed, &[], folder.path());
    assert!(listed.status.success(), "{}", listed.stderr);
    assert!(listed.stdout.contains("\"port\": 4711"));
    assert!(listed.stdout.contains("// documents a request may write\n"));
    fs::write(folder.path().join("settings.json"), &listed.stdout).unwrap();
    let again = run(
        &["--settings", "--config", "settings.json"],
        &[],
        folder.path(),
    );
    assert_eq!(again.stdout, listed.stdout);
    let file = folder.path().join("settings.json");
    let server = Server::with_settings(&["--config", file.to_str().unwrap(), "--port", "0"]);
    assert_eq!(server.log(), "");
}

#[test]
fn logs_may_be_json() {
    let server =
        Server::with_settings(&["--server.appLogs.format=json", "--log", "warn", "--x.y=1"]);
    let log = server.log();
    let event: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(event["level"], "WARN");
    assert_eq!(
        event["fields"]["message"],
        "unknown setting x.y, set by the command line"
    );
}
