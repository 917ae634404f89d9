//! HTTP, byte by byte: routing, the mapping to requests, bodies, headers, and
//! what hostile clients get.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod harness;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use harness::{Answer, Server};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A request and what its answer holds: pointers into the JSON, with values.
struct Case {
    name: &'static str,
    verb: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
    expected: Value,
}

fn check(server: &Server, case: &Case) {
    let name = case.name;
    let answer = server.call(case.verb, case.path, case.headers, case.body.as_bytes());
    assert_eq!(answer.status, case.status, "{name}: {answer:?}");
    let json = answer.json();
    for (pointer, value) in case.expected.as_object().unwrap() {
        let found = json.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found, value, "{name}: {pointer} in {json}");
    }
}

#[test]
fn requests_come_from_paths_queries_headers_and_bodies() {
    let server = Server::start();
    let cases = [
        Case {
            name: "a route",
            verb: "GET",
            path: "/_now",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/controller": "server", "/action": "now", "/error": null, "/volatile": null }),
        },
        Case {
            name: "slashes too many",
            verb: "GET",
            path: "//_now///?x",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/action": "now" }),
        },
        Case {
            name: "an encoded segment",
            verb: "GET",
            path: "/%5Fnow",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/action": "now" }),
        },
        Case {
            name: "placeholders of the path win over the query",
            verb: "GET",
            path: "/a%2Db/_exists?index=other&collection=c",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/index": "a-b", "/collection": "c", "/result": false }),
        },
        Case {
            name: "a key twice is an array",
            verb: "GET",
            path: "/_now?index=a&index=b&collection=c+d%21",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/index": ["a", "b"], "/collection": "c d!" }),
        },
        Case {
            name: "the query may name another action",
            verb: "GET",
            path: "/_now?controller=auth&action=getCurrentUser",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/controller": "auth", "/result/_id": "-1" }),
        },
        Case {
            name: "a body in the query is no body",
            verb: "GET",
            path: "/_now?body=x",
            headers: &[],
            body: "",
            status: 400,
            expected: json!({ "/error/status": 400, "/error/id": null, "/error/code": null }),
        },
        Case {
            name: "volatile data in the query is no object",
            verb: "GET",
            path: "/_now?volatile=x",
            headers: &[("X-Kuzzle-Volatile", "{}")],
            body: "",
            status: 400,
            expected: json!({ "/error/status": 400, "/error/id": null }),
        },
        Case {
            name: "an id in the query",
            verb: "GET",
            path: "/_now?requestId=q1",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/requestId": "q1" }),
        },
        Case {
            name: "an id in the header wins",
            verb: "GET",
            path: "/_now?requestId=q1",
            headers: &[("x-kuzzle-request-id", "h1")],
            body: "",
            status: 200,
            expected: json!({ "/requestId": "h1" }),
        },
        Case {
            name: "volatile data",
            verb: "GET",
            path: "/_now",
            headers: &[("x-kuzzle-volatile", r#"{"from":"test"}"#)],
            body: "",
            status: 200,
            expected: json!({ "/volatile": { "from": "test" } }),
        },
        Case {
            name: "volatile data that is not JSON",
            verb: "GET",
            path: "/_now",
            headers: &[
                ("X-Kuzzle-Volatile", "{oops"),
                ("X-Kuzzle-Request-Id", "v1"),
            ],
            body: "",
            status: 400,
            expected: json!({ "/error/id": "network.http.volatile_parse_failed", "/requestId": "v1", "/result": null }),
        },
        Case {
            name: "volatile data that is no object",
            verb: "GET",
            path: "/_now",
            headers: &[("X-Kuzzle-Volatile", "[1]")],
            body: "",
            status: 400,
            expected: json!({ "/error/id": null, "/error/status": 400 }),
        },
        Case {
            name: "a whole request in the body",
            verb: "POST",
            path: "/_query",
            headers: &[JSON],
            body: r#"{"controller":"server","action":"now","requestId":"b1","volatile":{"a":1}}"#,
            status: 200,
            expected: json!({ "/action": "now", "/requestId": "b1", "/volatile": { "a": 1 } }),
        },
        Case {
            name: "the id in the header wins over the one in the body",
            verb: "POST",
            path: "/_query/",
            headers: &[
                JSON,
                ("X-Kuzzle-Request-Id", "h2"),
                ("X-Kuzzle-Volatile", r#"{"b":2}"#),
            ],
            body: r#"{"controller":"server","action":"now","requestId":"b1"}"#,
            status: 200,
            expected: json!({ "/requestId": "h2", "/volatile": null }),
        },
        Case {
            name: "a query without body",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: "",
            status: 400,
            expected: json!({ "/error/id": "network.http.unexpected_error", "/result": null }),
        },
        Case {
            name: "a query that is no object",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: "[]",
            status: 400,
            expected: json!({ "/error/id": "network.http.unexpected_error" }),
        },
        Case {
            name: "a query without action",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: "{}",
            status: 400,
            expected: json!({ "/error/id": "api.assert.missing_argument", "/error/props": ["controller"] }),
        },
        Case {
            name: "a query of a wrong type",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: r#"{"controller":"server","action":"now","requestId":"b3","body":5}"#,
            status: 400,
            expected: json!({ "/error/id": null, "/requestId": "b3" }),
        },
        Case {
            name: "an unknown action",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: r#"{"controller":"server","action":"dance"}"#,
            status: 404,
            expected: json!({ "/error/id": "api.process.action_not_found", "/action": "dance" }),
        },
        Case {
            name: "no route",
            verb: "GET",
            path: "/a/b/c/d/e/?x=1",
            headers: &[],
            body: "",
            status: 404,
            expected: json!({
                "/error/id": "network.http.url_not_found", "/error/props": ["/a/b/c/d/e"],
                "/controller": null, "/action": null, "/result": null,
            }),
        },
        Case {
            name: "nothing special about favicons",
            verb: "GET",
            path: "/favicon.ico/x/y/z",
            headers: &[],
            body: "",
            status: 404,
            expected: json!({ "/error/id": "network.http.url_not_found" }),
        },
        Case {
            name: "a verb without routes",
            verb: "TRACE",
            path: "/_now",
            headers: &[],
            body: "",
            status: 400,
            expected: json!({ "/error/id": "network.http.unsupported_verb", "/error/props": ["TRACE"], "/controller": null }),
        },
        Case {
            name: "any path has options",
            verb: "OPTIONS",
            path: "/any/where",
            headers: &[("Origin", "http://page")],
            body: "",
            status: 200,
            expected: json!({ "/result": {}, "/error": null, "/status": 200 }),
        },
        Case {
            name: "healthy",
            verb: "GET",
            path: "/_healthcheck",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/result": null, "/error": null, "/status": 200, "/controller": null, "/action": null }),
        },
        Case {
            name: "ready",
            verb: "GET",
            path: "/_ready?x=1",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/result": null, "/error": null, "/status": 200 }),
        },
    ];
    for case in &cases {
        check(&server, case);
    }
}

/// The error itself, without an envelope and without our headers.
fn assert_bare(answer: &Answer, status: u16, id: &str, name: &str) {
    assert_eq!(answer.status, status, "{name}: {answer:?}");
    let json = answer.json();
    assert_eq!(json["id"], id, "{name}");
    assert_eq!(json["status"], status, "{name}");
    assert!(json.get("error").is_none(), "{name}: {json}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("access-control-allow-methods").is_some());
    assert!(answer.header("x-kuzzle-request-id").is_none(), "{name}");
}

#[test]
fn bodies_are_checked_before_the_path_and_in_order() {
    let server = Server::with_settings(&[
        "--server.maxRequestSize=2kb",
        r#"--server.protocols.http.additionalContentTypes=*json:["application/x-yaml"]"#,
    ]);
    let large = "x".repeat(3000);
    let deep = "[".repeat(2000);
    let gzip_of_large = gzip(&vec![b' '; 1 << 20]);
    type Refused<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [u8], u16, &'a str);
    #[rustfmt::skip]
    let cases: &[Refused<'_>] = &[
        ("too large, and all else wrong too",
            &[("Content-Type", "text/plain; charset=latin1"), ("Content-Encoding", "br")], large.as_bytes(), 413, "network.http.request_too_large"),
        ("a type that is not accepted, a wrong charset",
            &[("Content-Type", "text/plain; charset=latin1"), ("Content-Encoding", "br")], b"x", 400, "network.http.unsupported_content"),
        ("a wrong type without a body", &[("Content-Type", "text/plain")], b"", 400, "network.http.unsupported_content"),
        ("a wrong charset, an unknown encoding",
            &[("Content-Type", "application/json; charset=latin1"), ("Content-Encoding", "br")], b"x", 400, "network.http.unsupported_charset"),
        ("an unknown encoding", &[("Content-Encoding", "gzip, br")], b"x", 400, "network.http.unsupported_compression"),
        ("too many encodings", &[("Content-Encoding", "gzip,gzip,gzip,gzip")], b"x", 400, "network.http.too_many_encodings"),
        ("not gzip", &[("Content-Encoding", "gzip")], b"{}", 400, "network.http.unexpected_error"),
        ("a bomb", &[("Content-Encoding", "gzip")], &gzip_of_large, 413, "network.http.request_too_large"),
        ("not JSON", &[JSON], b"{oops", 400, "network.http.body_parse_failed"),
        ("not JSON, no type", &[], b"{oops", 400, "network.http.body_parse_failed"),
        ("not JSON, an additional type", &[("Content-Type", "application/x-yaml")], b"a: 1", 400, "network.http.body_parse_failed"),
        ("not UTF-8", &[JSON], b"{\"a\":\"\xff\"}", 400, "network.http.body_parse_failed"),
        ("too deep", &[JSON], deep.as_bytes(), 400, "network.http.body_parse_failed"),
        ("no boundary", &[("Content-Type", "multipart/form-data")], b"x", 400, "network.http.unexpected_error"),
        ("a form cut off", &[("Content-Type", "multipart/form-data; boundary=b")], b"--b\r\nContent-Disp", 400, "network.http.unexpected_error"),
    ];
    for (name, headers, body, status, id) in cases {
        let answer = server.call("POST", "/no/such/path/at/all", headers, body);
        assert_bare(&answer, *status, id, name);
        assert!(answer.header("access-control-allow-origin").is_none());
    }
    let answer = server.call(
        "POST",
        "/_query",
        &[],
        format!("{{oops{large}").get(..2000).unwrap().as_bytes(),
    );
    let json = answer.json();
    assert_eq!(
        json["props"][0],
        format!("{{oops{}", "x".repeat(45)),
        "an excerpt"
    );

    for origin in [&[("Origin", "http://page")], &[("origin", "null")]] {
        let answer = server.call("POST", "/", origin, b"{oops");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
}

#[test]
fn types_that_are_accepted() {
    let server = Server::start();
    let request = r#"{"controller":"server","action":"now"}"#;
    let multipart = b"--b\r\nContent-Disposition: form-data; name=\"controller\"\r\n\r\nserver\r\n\
        --b\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nnow\r\n\
        --b\r\nContent-Disposition: form-data; name=\"index\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\xff\r\n--b--\r\n";
    let request = request.as_bytes();
    let cases: &[(&str, &[u8], Value)] = &[
        ("", request, Value::Null),
        ("application/json", request, Value::Null),
        ("Application/JSON ; Charset=\"UTF-8\"", request, Value::Null),
        (
            "application/x-www-form-urlencoded",
            b"controller=server&action=now&index=a&index=b+c",
            json!(["a", "b c"]),
        ),
        (
            "multipart/form-data; boundary=b",
            multipart,
            json!({ "filename": "a.txt", "encoding": "text/plain", "file": "aGn/" }),
        ),
    ];
    for (content_type, body, index) in cases {
        let headers = [("Content-Type", *content_type)];
        let headers = if content_type.is_empty() {
            &[][..]
        } else {
            &headers
        };
        let answer = server.call("POST", "/_query", headers, body);
        assert_eq!(answer.status, 200, "{content_type}: {}", answer.text());
        let json = answer.json();
        assert_eq!(json["action"], "now");
        assert_eq!(json["index"], *index);
    }
}

#[test]
fn files_in_forms_have_a_limit() {
    let server = Server::with_settings(&["--server.protocols.http.maxFormFileSize=10"]);
    let form = |content: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n{content}\r\n--b--\r\n"
        )
    };
    let headers = [("Content-Type", "multipart/form-data; boundary=b")];
    let answer = server.call("POST", "/_query", &headers, form("0123456789").as_bytes());
    assert_eq!(answer.error_id(), "api.assert.missing_argument");
    let answer = server.call("POST", "/_query", &headers, form("0123456789a").as_bytes());
    assert_bare(&answer, 413, "network.http.file_too_large", "eleven bytes");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_bodies_are_understood() {
    let server = Server::start();
    let plain = br#"{"controller":"server","action":"now"}"#;
    let cases = [
        ("identity", plain.to_vec()),
        ("gzip", gzip(plain)),
        ("GZIP", gzip(plain)),
        ("deflate", zlib(plain)),
        ("deflate", bare_deflate(plain)),
        ("gzip, deflate", zlib(&gzip(plain))),
        ("deflate, identity, gzip", gzip(&zlib(plain))),
    ];
    for (encodings, body) in cases {
        let headers = [JSON, ("Content-Encoding", encodings)];
        let answer = server.call("POST", "/_query", &headers, &body);
        assert_eq!(answer.status, 200, "{encodings}: {}", answer.text());
    }
}

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
fn chunked_bodies_are_put_together() {
    let server = Server::with_settings(&["--server.maxRequestSize=2kb"]);
    let mut http = server.http();
    http.send("POST /_query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in [r#"{"controller":"#, r#""server","act"#, r#"ion":"now"}"#] {
        http.send(format!("{:x}\r\n{piece}\r\n", piece.len()));
    }
    http.send("0\r\n\r\n");
    assert!(http.read().result()["now"].is_u64());

    // More than allowed, without saying so beforehand; the connection survives.
    http.send("POST /_query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..3 {
        http.send(format!("400\r\n{}\r\n", " ".repeat(0x400)));
    }
    http.send("0\r\n\r\n");
    let answer = http.read();
    assert_bare(&answer, 413, "network.http.request_too_large", "chunks");
    let answer = http.call("GET", "/_now", &[], b"");
    assert_eq!(answer.status, 200);
}

#[test]
fn a_client_that_sends_too_much_still_sees_why() {
    let server = Server::start();
    let body = vec![b' '; 8 << 20];
    for _ in 0..5 {
        let answer = server.call("POST", "/_query", &[], &body);
        assert_bare(&answer, 413, "network.http.request_too_large", "8 MB");
    }
}

#[test]
fn a_client_that_asks_first_is_told_before_it_sends() {
    let server = Server::start();
    let mut http = server.http();
    http.send("POST /_query HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n");
    assert_eq!(http.read().status, 413);
    let mut http = server.http();
    http.send(
        "POST /_query HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 38\r\n\r\n",
    );
    assert_eq!(http.read_head().status, 100);
    http.send(r#"{"controller":"server","action":"now"}"#);
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
        if let Ok(Some(answer)) = http.try_read() {
            assert!(statuses.contains(&answer.status), "{start}: {answer:?}");
        }
        assert!(http.is_closed(), "{start}");
    }
    assert_eq!(server.get("/_healthcheck").status, 200);
}

#[test]
fn a_body_cut_off_is_no_request() {
    let server = Server::start();
    let mut http = server.http();
    http.send("POST /_query HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"controller\":");
    http.finish_sending();
    if let Ok(Some(answer)) = http.try_read() {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert!(http.is_closed());
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
    let deadline = Instant::now() + harness::PATIENCE;
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
