//! The command-line tools among the examples: what they print, and how they end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs an example, which cargo has built beside this test, on a file of filters.
/// Gives back the exit status, and what it wrote.
fn run(example: &str, filters: &[&str], input: &str) -> (Option<i32>, String, String) {
    let this = std::env::current_exe().unwrap();
    let folder = this.ancestors().nth(2).unwrap();
    let path = unique_path();
    fs::write(&path, filters.join("\n")).unwrap();
    let mut child = Command::new(folder.join("examples").join(example))
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`cargo test -p koncorde` builds the examples, `--test` alone does not");
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    fs::remove_file(&path).unwrap();
    let text = |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(&path.display().to_string(), "FILE")
    };
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn unique_path() -> PathBuf {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("filters-{}.jsonl", COUNT.fetch_add(1, Ordering::Relaxed));
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

const FILTERS: [&str; 8] = [
    r#"{"id": "b", "filter": {"equals": {"a": 1}}}"#,
    r#"{"id": 10, "filter": {"bool": {"must": [{"equals": {"a": 1.0}}]}}}"#,
    "",
    r#"{"id": 9.5, "filter": {"exists": "a"}}"#,
    r#"{"id": "a", "filter": {"in": {"a": [1]}}}"#,
    r#"{"id": "a", "filter": {"range": {"a": {"gt": 0}}}}"#,
    r#"{"id": 18446744073709551615, "filter": {}}"#,
    r#"{"id": -1, "filter": {"not": {"equals": {"a": 2}}}}"#,
];

#[test]
fn percolate_answers_each_document() {
    let documents = "{\"a\":1}\r\n\n{\"a\":2}\n  \n{}\n{\"a\":\"é\"}";
    let (status, output, errors) = run("percolate", &FILTERS, documents);
    assert_eq!(
        output,
        "[-1,9.5,10,18446744073709551615,\"a\",\"b\"]\n\
         [9.5,18446744073709551615,\"a\"]\n\
         [-1,18446744073709551615]\n\
         [-1,9.5,18446744073709551615]\n"
    );
    assert_eq!((status, errors.as_str()), (Some(0), ""));
}

#[test]
fn percolate_stops_at_a_bad_document() {
    for (bad, reason) in [
        ("[1]", "expected an object"),
        ("{\"a\":", ""),
        ("{} {}", ""),
        ("{\"a\":1,}", ""),
    ] {
        let documents = format!("{{}}\n\n{bad}\n{{}}\n");
        let (status, output, errors) = run("percolate", &FILTERS, &documents);
        assert_eq!(output, "[-1,18446744073709551615]\n", "{bad}");
        assert_eq!(status, Some(2), "{bad}");
        assert!(
            errors.starts_with("standard input:3: ") && errors.contains(reason),
            "{errors}"
        );
    }
}

#[test]
fn percolate_stops_at_a_bad_filter() {
    for (bad, reason) in [
        (
            r#"{"id": 1, "filter": {"equal": {"a": 1}}}"#,
            "did you mean \"equals\"?",
        ),
        (r#"{"id": 1}"#, "expected a \"filter\""),
        (r#"{"id": null, "filter": {}}"#, "expected an \"id\""),
        (r#"{"filter": {}}"#, "expected an \"id\""),
        ("[]", "expected an \"id\""),
        ("{", "EOF"),
    ] {
        let (status, output, errors) = run("percolate", &["", FILTERS[0], bad, FILTERS[1]], "{}\n");
        assert_eq!((status, output.as_str()), (Some(2), ""), "{bad}");
        assert!(
            errors.starts_with("FILE:3: ") && errors.contains(reason),
            "{errors}"
        );
    }
}

#[test]
fn validate_tells_each_error() {
    let (status, output, _) = run("validate", &FILTERS, "");
    assert_eq!(
        (status, output.as_str()),
        (Some(0), "7 filters, 0 errors\n")
    );
    let filters = [
        FILTERS[0],
        r#"{"and": [{"equals": {"a": 1}}, {"range": {"a": {"gt": "x"}}}]}"#,
        r#"{"id": 1, "filter": {"regexp": {"a": "("}}}"#,
        "{",
    ];
    let (status, output, _) = run("validate", &filters, "");
    assert_eq!(status, Some(1));
    let errors: Vec<_> = output
        .lines()
        .filter(|it| it.starts_with("FILE:"))
        .collect();
    for (error, beginning) in errors.iter().zip([
        "FILE:2: at /and/1/range/a/gt: must be a number, found the string \"x\"",
        "FILE:3: at /filter/regexp/a: cannot parse regexp expression \"/(/\" (missing )",
        "FILE:4: not JSON",
    ]) {
        assert!(
            error.starts_with(beginning),
            "{error}\nshould begin with {beginning}"
        );
    }
    assert!(output.ends_with("4 filters, 3 errors\n"), "{output}");
}

#[test]
fn tools_say_how_they_are_used() {
    let this = std::env::current_exe().unwrap();
    let folder = this.ancestors().nth(2).unwrap().join("examples");
    for example in ["percolate", "validate"] {
        for (argument, status) in [("--help", 0), ("-h", 0)] {
            let output = Command::new(folder.join(example))
                .arg(argument)
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.starts_with(&format!("usage: {example} FILTERS")));
            assert_eq!(output.status.code(), Some(status));
        }
        let output = Command::new(folder.join(example)).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("usage: "), "{text}");
        assert_eq!(output.status.code(), Some(2));
    }
}
