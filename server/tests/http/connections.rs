//! Connections: kept, counted, and taken from who wastes them.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bodies::assert_bare;
use crate::harness::{PATIENCE, Server};

#[test]
fn connections_are_kept_and_answer_in_order() {
    let server = Server::start();
    let mut http = server.http();
    for id in ["a", "b"] {
        let answer = http.call("GET", "/_now", &[("X-Kuzzle-Request-Id", id)], b"");
        assert_eq!(answer.json()["requestId"], id);
    }
    // Many at once, refusals among them.
    let mut all = Vec::new();
    for n in 0..50 {
        let body = if n % 5 == 0 {
            "{oops"
        } else {
            r#"{"controller":"server","action":"now"}"#
        };
        write!(
            all,
            "POST /_query HTTP/1.1\r\nHost: x\r\nX-Kuzzle-Request-Id: {n}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    }
    http.send(&all);
    for n in 0..50 {
        let answer = http.read();
        match n % 5 {
            0 => assert_eq!(answer.error_id(), "network.http.body_parse_failed"),
            _ => assert_eq!(answer.json()["requestId"], n.to_string()),
        }
    }
    http.send("GET /_now HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(http.read().status, 200);
    assert!(http.is_closed());
}

#[test]
fn http_1_0_is_answered_and_closed() {
    let server = Server::start();
    let mut http = server.http();
    http.send("GET /_now HTTP/1.0\r\n\r\n");
    assert_eq!(http.read().status, 200);
    assert!(http.is_closed());
}

#[test]
fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let server = Server::start();
    let mut http = server.http();
    http.send("GET /_now HTTP/1.1\r\nHost: x\r\n\r\nGET /_healthcheck HTTP/1.1\r\nHo");
    assert_eq!(http.read().status, 200);
    http.send("st: x\r\n\r\n");
    assert_eq!(http.read().status, 200);
}

#[test]
fn bytes_that_are_no_http_are_refused() {
    let server = Server::start();
    let many_headers = format!("GET /_now HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(500));
    let long_header = format!("GET /_now HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(100_000));
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    let cases: &[(&str, &[u16])] = &[
        ("hello\r\n\r\n", &[400]),
        ("GET /_now HTTP/9.9\r\n\r\n", &[400]),
        ("GET /_now HTTP/1.1\r\nno colon\r\n\r\n", &[400]),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\r\n\r\n", &[400]), // TLS
        (
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            &[400],
        ),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", &[400]),
        (&many_headers, &[431]),
        (&long_header, &[431]),
        (&long_path, &[431, 414]),
    ];
    for (bytes, statuses) in cases {
        let mut http = server.http();
        // The server may close while a long one is still being sent.
        let _ = http.try_send(bytes.as_bytes());
        let start: String = bytes.chars().take(40).collect();
        match http.try_read() {
            Ok(Some(answer)) => assert!(statuses.contains(&answer.status), "{start}: {answer:?}"),
            other => assert!(bytes.len() > 60_000, "{start}: no answer, {other:?}"),
        }
        assert!(http.is_closed(), "{start}");
    }
    assert_eq!(server.get("/_healthcheck").status, 200);
}

#[test]
fn slow_senders_lose_patience_with_nobody_else() {
    let server = Server::with_settings(&["--server.protocols.http.receiveTimeout=200"]);
    let started = Instant::now();
    let mut idle = server.http();
    let mut slow_head = server.http();
    slow_head.send("GET /_now HTT");
    let mut slow_body = server.http();
    slow_body.send("POST /_query HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{");
    assert_eq!(server.get("/_now").status, 200);

    assert_bare(
        &slow_body.read(),
        400,
        "network.http.unexpected_error",
        "slow body",
    );
    if let Ok(Some(answer)) = slow_head.try_read() {
        assert_eq!(answer.status, 408);
    }
    assert!(slow_head.is_closed() && idle.is_closed());
    assert!(started.elapsed() >= Duration::from_millis(150));
}

#[test]
fn connections_have_a_limit() {
    let server = Server::with_settings(&["--server.maxConnections=3"]);
    let mut kept: Vec<_> = (0..3).map(|_| server.http()).collect();
    for http in &mut kept {
        assert_eq!(http.call("GET", "/_now", &[], b"").status, 200);
    }
    let mut one_more = server.http();
    assert_eq!(one_more.read().status, 503);
    assert!(one_more.is_closed());
    assert_eq!(kept[1].call("GET", "/_now", &[], b"").status, 200);
    drop(kept.pop());
    let deadline = Instant::now() + PATIENCE;
    while server.http().try_read_status("GET", "/_now") != Some(200) {
        assert!(Instant::now() < deadline, "the place was not given back");
    }
}

#[test]
fn http_can_be_turned_off() {
    let server = Server::with_settings(&["--server.protocols.http.enabled=false"]);
    let answer = server.get("/_now");
    assert_bare(&answer, 400, "network.http.unexpected_error", "off");
    let reply = server
        .websocket()
        .query(json!({ "controller": "server", "action": "now" }));
    assert_eq!(reply["status"], 200);
}
