//! Bodies: what is refused, in which order, and what is understood.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use crate::harness::{Answer, Server};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The error itself, without an envelope and without our headers.
pub fn assert_bare(answer: &Answer, status: u16, id: &str, name: &str) {
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
