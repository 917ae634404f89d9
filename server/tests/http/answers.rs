//! Headers, encodings and the form of answers.

use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};
use serde_json::Value;

use crate::harness::{Answer, Server};

#[test]
fn answers_are_compressed_on_demand() {
    let server = Server::start();
    let decode = |answer: &Answer| -> Vec<u8> {
        let mut bytes = Vec::new();
        match answer.header("content-encoding") {
            Some("gzip") => GzDecoder::new(&*answer.body).read_to_end(&mut bytes),
            Some("deflate") => ZlibDecoder::new(&*answer.body).read_to_end(&mut bytes),
            Some("identity") => (&*answer.body).read_to_end(&mut bytes),
            other => panic!("{other:?}"),
        }
        .unwrap();
        bytes
    };
    let cases = [
        ("", "identity"),
        ("br", "identity"),
        ("gzip, deflate, br", "gzip"),
        ("gzip;q=0.1, deflate;q=0.9", "deflate"),
    ];
    for (accepted, name) in cases {
        for path in ["/_now", "/_publicApi", "/no/such/path/at/all"] {
            let answer = server.call("GET", path, &[("Accept-Encoding", accepted)], b"");
            assert_eq!(answer.header("content-encoding"), Some(name), "{accepted}");
            let json: Value = serde_json::from_slice(&decode(&answer)).unwrap();
            assert_eq!(json["status"], answer.status);
        }
    }
}

#[test]
fn answers_carry_these_headers() {
    let server = Server::start();
    let answer = server.call("GET", "/_now", &[("X-Kuzzle-Request-Id", "r1")], b"");
    let json = answer.json();
    let expected = [
        ("x-kuzzle-request-id", Some("r1")),
        ("x-kuzzle-node", json["node"].as_str()),
        ("content-type", Some("application/json")),
        ("content-encoding", Some("identity")),
        ("accept-encoding", Some("gzip,deflate,identity")),
        (
            "access-control-allow-headers",
            Some(
                "Content-Type, Access-Control-Allow-Headers, Authorization, X-Requested-With, Content-Encoding, Content-Length, X-Kuzzle-Volatile",
            ),
        ),
        (
            "access-control-allow-methods",
            Some("GET,POST,PUT,PATCH,DELETE,OPTIONS,HEAD"),
        ),
        ("access-control-allow-credentials", Some("true")),
        ("access-control-allow-origin", None),
        ("vary", None),
        ("connection", None),
    ];
    for (name, value) in expected {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(json["node"].as_str().unwrap().starts_with("knode-"));

    let answer = server.call("GET", "/_now", &[("Origin", "http://page")], b"");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("http://page")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));

    let head = server.call("HEAD", "/", &[], b"");
    assert!(head.header("x-kuzzle-node").is_some());
    assert!(head.body.is_empty());
}

#[test]
fn settings_change_headers() {
    let server = Server::with_settings(&[
        "--http.cookieAuthentication=false",
        "--http.accessControlAllowMethods=GET",
        "--http.accessControlAllowHeaders=X-Mine",
        "--server.protocols.http.allowCompression=false",
    ]);
    let answer = server.call("GET", "/_now", &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET"));
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("X-Mine")
    );
    assert_eq!(answer.header("accept-encoding"), Some("identity"));
}

#[test]
fn origins_may_be_refused() {
    let server = Server::with_settings(&[
        r#"--http.accessControlAllowOrigin=*json:["^https://[a-z]+[.]here$"]"#,
        "--http.accessControlAllowOriginUseRegExp=true",
    ]);
    let refused = "api.process.unauthorized_origin";
    let cases = [
        ("GET", "/_now", "https://x.here", 200, ""),
        ("GET", "/_now", "https://x.there", 401, refused),
        ("OPTIONS", "/_now", "https://x.there", 200, ""),
        ("GET", "/_healthcheck", "https://x.there", 200, ""),
        ("GET", "/_ready", "https://x.there", 200, ""),
    ];
    for (verb, path, origin, status, id) in cases {
        let answer = server.call(verb, path, &[("Origin", origin)], b"");
        assert_eq!(
            (answer.status, answer.error_id().as_str()),
            (status, id),
            "{verb} {path}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    }
    // A refusal of the bytes says whose it is, as not everybody may read it.
    let answer = server.call("POST", "/", &[("Origin", "https://x.here")], b"{oops");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://x.here")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[test]
fn pretty_answers_are_indented() {
    let server = Server::start();
    for query in ["?pretty", "?pretty=false", "?x=1&pretty="] {
        let answer = server.get(&format!("/_now{query}"));
        assert!(
            answer.text().starts_with("{\n  \"action\": \"now\",\n"),
            "{}",
            answer.text()
        );
    }
    let answer = server.get("/_now?prettyplease");
    assert!(answer.text().starts_with("{\"action\":\"now\","));
}
