//! HTTP and WebSocket as an application meets them that embeds the server: pipes on
//! what passes, answers of its own, connections that come and go.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod harness;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use koncorde_server::{ActionResult, App, Backend, Payload, Request, Server, Verb, action, errors};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use harness::{Http, PATIENCE, WebSocket};

/// A server in this process.
struct Embedded {
    server: Server,
    _runtime: Runtime,
    _folder: TempDir,
}

impl Embedded {
    fn start(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let runtime = Runtime::new().unwrap();
        let backend = backend
            .set("server.port", 0)
            .set("server.host", "127.0.0.1")
            .set("server.dataPath", data.to_str().unwrap());
        Self {
            server: runtime.block_on(backend.start()).unwrap(),
            _runtime: runtime,
            _folder: folder,
        }
    }

    fn http(&self) -> Http {
        Http::connect(self.server.address().port())
    }

    fn websocket(&self) -> WebSocket {
        WebSocket::connect(self.server.address().port(), &[("x-mine", "a")])
    }
}

/// What happened, in order.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Value>>>);

impl Seen {
    fn note(&self, value: Value) {
        self.0.lock().unwrap().push(value);
    }

    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Waits until this much has happened.
    fn wait_for(&self, count: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        while self.0.lock().unwrap().len() < count {
            assert!(Instant::now() < deadline, "{:?}", self.take());
            std::thread::yield_now();
        }
        self.take()
    }
}

#[test]
fn every_verb_has_a_pipe() {
    let seen = Seen::default();
    let mut backend = Backend::new("test");
    for verb in ["get", "post", "put", "patch", "delete", "head", "options"] {
        let seen = seen.clone();
        backend = backend.pipe(&format!("http:{verb}"), move |mut request: Request| {
            let http = request.context.http.clone().unwrap();
            seen.note(json!([http.verb, http.path, http.url]));
            request.args.insert("index".into(), "piped".into());
            async { Ok(request) }
        });
    }
    let server = Embedded::start(backend);
    let mut http = server.http();
    let cases = [
        ("GET", "/_now?a=b", Some("piped")),
        ("POST", "/_checkToken", Some("piped")),
        ("GET", "/_healthcheck", None),
        ("GET", "/_ready", None),
        ("OPTIONS", "/any/where", None),
        ("HEAD", "/", None),
    ];
    for (verb, path, index) in cases {
        let answer = http.call(verb, path, &[], b"");
        let plain = path.split('?').next().unwrap();
        assert_eq!(seen.take(), [json!([verb, plain, path])]);
        if verb != "HEAD" {
            assert_eq!(answer.json().get("index").and_then(Value::as_str), index);
        }
    }
    // What is no request has no event.
    assert_eq!(
        http.call("GET", "/no/such/path/at/all", &[], b"").status,
        404
    );
    assert_eq!(http.call("POST", "/_query", &[], b"{oops").status, 400);
    assert_eq!(seen.take(), [Value::Null; 0]);
}

#[test]
fn a_pipe_may_refuse_a_request() {
    let backend = Backend::new("test").pipe("http:get", |request: Request| async {
        match request.args.contains_key("secret") {
            true => Ok(request),
            false => Err(errors::API_ASSERT_MISSING_ARGUMENT.with(["secret"])),
        }
    });
    let server = Embedded::start(backend);
    let mut http = server.http();
    for path in ["/_now", "/_healthcheck", "/_ready"] {
        let answer = http.call("GET", path, &[("X-Kuzzle-Request-Id", "r1")], b"");
        assert_eq!(answer.error_id(), "api.assert.missing_argument", "{path}");
        assert_eq!(answer.json()["requestId"], "r1");
        let answer = http.call("GET", &format!("{path}?secret"), &[], b"");
        assert_eq!(answer.status, 200, "{path}");
    }
}

#[test]
fn bodies_pass_pipes_before_and_after_parsing() {
    let seen = Seen::default();
    let (before, after) = (seen.clone(), seen.clone());
    let backend = Backend::new("test")
        .set(
            "server.protocols.http.additionalContentTypes",
            json!(["application/x-mine"]),
        )
        .pipe(
            "protocol:http:beforeParsingPayload",
            move |mut event: Value| {
                before.note(event["payload"].clone());
                before.note(event["message"]["headers"]["content-type"].clone());
                let is_mine = event["message"]["headers"]["content-type"] == "application/x-mine";
                if is_mine {
                    event["payload"] = json!({ "controller": "server", "action": "now" });
                }
                async { Ok(event) }
            },
        )
        .pipe(
            "protocol:http:afterParsingPayload",
            move |mut event: Value| {
                after.note(event["payload"].clone());
                event["payload"]["requestId"] = "piped".into();
                async { Ok(event) }
            },
        );
    let server = Embedded::start(backend);
    let mut http = server.http();
    let parsed = json!({ "controller": "server", "action": "now" });

    let body = parsed.to_string();
    let answer = http.call("POST", "/_query", &[], body.as_bytes());
    assert_eq!(answer.json()["requestId"], "piped");
    assert_eq!(seen.take(), [json!(body), Value::Null, parsed.clone()]);

    // Bytes that are no text come as Node.js writes a buffer.
    let headers = [("Content-Type", "application/x-mine")];
    let answer = http.call("POST", "/_query", &headers, &[0xff, 0x00]);
    assert_eq!(answer.json()["action"], "now");
    let bytes = json!({ "type": "Buffer", "data": [255, 0] });
    assert_eq!(seen.take(), [bytes, json!("application/x-mine"), parsed]);

    // Only JSON is parsed, and nothing is piped that is not there.
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = http.call("POST", "/_query", &headers, b"controller=server&action=now");
    assert_eq!(answer.status, 200);
    assert_eq!(seen.take().len(), 2);
    assert_eq!(http.call("GET", "/_now", &[], b"").status, 200);
    assert_eq!(seen.take().len(), 0);
}

#[test]
fn messages_pass_pipes_before_and_after_parsing() {
    let seen = Seen::default();
    let (before, after) = (seen.clone(), seen.clone());
    let backend = Backend::new("test")
        .pipe(
            "protocol:websocket:beforeParsingPayload",
            move |mut event: Value| {
                before.note(event["connection"]["headers"]["x-mine"].clone());
                let text = event["payload"].as_str().unwrap().replace('\'', "\"");
                event["payload"] = text.into();
                async { Ok(event) }
            },
        )
        .pipe(
            "protocol:websocket:afterParsingPayload",
            move |mut event: Value| {
                after.note(event["payload"].clone());
                event["payload"]["action"] = "now".into();
                async { Ok(event) }
            },
        );
    let server = Embedded::start(backend);
    let mut client = server.websocket();
    client.send_text("{'controller':'server','action':'later','requestId':'r1'}");
    let reply = client.reply("r1");
    assert_eq!(
        (&reply["action"], &reply["status"]),
        (&json!("now"), &json!(200))
    );
    let parsed = json!({ "controller": "server", "action": "later", "requestId": "r1" });
    assert_eq!(seen.take(), [json!("a"), parsed]);
}

#[test]
fn actions_may_answer_in_their_own_way() {
    async fn answer(_: &App, request: &mut Request) -> ActionResult {
        let outcome = &mut request.outcome;
        outcome.status = Some(201);
        for (name, value) in [
            ("X-Mine", "a"),
            ("X-Mine", "b"),
            ("ETag", "first"),
            ("ETag", "second"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("Content-Type", "text/html"),
            ("Content-Length", "5"),
            ("X-Bad", "line\nbreak"),
        ] {
            outcome.headers.push((name.to_lowercase(), value.into()));
        }
        outcome.raw = request.args.contains_key("raw");
        let body = request.body.clone();
        Ok(body.and_then(|it| it.get("answer").cloned()))
    }
    let actions =
        [action("answer", answer).route(koncorde_server::Route::new(Verb::Post, "/answer"))];
    let server = Embedded::start(Backend::new("test").controller("mine", actions));
    let mut http = server.http();
    let answer = http.call("POST", "/answer?raw", &[], br#"{"answer":"<b>hi</b>"}"#);
    assert_eq!((answer.status, answer.text()), (201, "<b>hi</b>"));
    let expected: &[(&str, &[&str])] = &[
        ("x-mine", &["a, b"]),
        ("etag", &["second"]),
        ("set-cookie", &["a=1", "b=2"]),
        ("content-type", &["text/html"]),
        ("content-length", &["9"]),
        ("x-bad", &[]),
    ];
    for (name, values) in expected {
        assert_eq!(answer.headers_of(name), *values, "{name}");
    }

    let cases = [
        (r#"{"answer":{"a":[1]}}"#, &br#"{"a":[1]}"#[..]),
        (r#"{"answer":null}"#, b""),
        ("{}", b""),
        (r#"{"answer":5.5}"#, b"5.5"),
        (r#"{"answer":true}"#, b"true"),
        (
            r#"{"answer":{"type":"Buffer","data":[255,0,1]}}"#,
            &[255, 0, 1],
        ),
        (
            r#"{"answer":{"type":"Buffer","data":[256]}}"#,
            br#"{"type":"Buffer","data":[256]}"#,
        ),
    ];
    for (body, expected) in cases {
        let answer = http.call("POST", "/answer?raw", &[], body.as_bytes());
        assert_eq!(answer.body, expected, "{body}");
    }
    // In the envelope, too, but not the cookies.
    let answer = http.call("POST", "/answer", &[], br#"{"answer":1}"#).json();
    assert_eq!(answer["status"], 201);
    let shown = json!({ "x-mine": "a, b", "etag": "second", "content-type": "text/html", "x-bad": "line\nbreak" });
    assert_eq!(answer["headers"], shown);

    // Raw answers have a room, if they can.
    let mut client = server.websocket();
    let request = |answer: Value| json!({ "controller": "mine", "action": "answer", "raw": true, "requestId": "r1", "body": { "answer": answer } });
    client.send_text(&request(json!({ "a": 1 })).to_string());
    assert_eq!(
        client.next_message(PATIENCE),
        Some(json!({ "a": 1, "room": "r1" }))
    );
    client.send_text(&request(json!([1])).to_string());
    assert_eq!(client.next_message(PATIENCE), Some(json!([1])));
}

#[test]
fn connections_come_and_go() {
    let seen = Seen::default();
    let (opened, closed) = (seen.clone(), seen.clone());
    let backend = Backend::new("test")
        .hook("connection:new", move |event: Value| {
            opened.note(json!(["new", event["protocol"], event["id"]]));
            async { Ok(()) }
        })
        .hook("connection:remove", move |event: Value| {
            closed.note(json!(["remove", event["protocol"], event["id"]]));
            async { Ok(()) }
        });
    let server = Embedded::start(backend);
    let pair = |events: &[Value], protocol: &str| {
        let mut names: Vec<_> = events.iter().map(|it| it[0].as_str().unwrap()).collect();
        names.sort_unstable(); // hooks run side by side
        assert_eq!(names, ["new", "remove"]);
        assert!(
            events
                .iter()
                .all(|it| it[1] == protocol && it[2] == events[0][2])
        );
    };
    assert_eq!(server.http().call("GET", "/_now", &[], b"").status, 200);
    pair(&seen.wait_for(2), "http");

    // However a socket ends.
    let ends: [fn(WebSocket); 3] = [
        drop,
        |mut it| it.send(tungstenite::Message::Close(None)),
        |mut it| {
            use std::io::Write;
            it.stream().write_all(&[0xf1, 0x80, 0, 0, 0, 0]).unwrap(); // no such frame
            it.closed();
        },
    ];
    for end in ends {
        let client = server.websocket();
        let mut events = seen.wait_for(1);
        end(client);
        events.extend(seen.wait_for(1));
        pair(&events, "websocket");
    }
}

#[test]
fn proxies_tell_of_the_clients_behind_them() {
    let seen = Seen::default();
    let ips = seen.clone();
    let backend = Backend::new("test").pipe("request:onAuthorized", move |request: Request| {
        ips.note(json!(request.context.connection.ips));
        async { Ok(request) }
    });
    let server = Embedded::start(backend);
    let forwarded = ("X-Forwarded-For", "203.0.113.7, 198.51.100.1");
    server.http().call("GET", "/_now", &[forwarded], b"");
    assert_eq!(
        seen.take(),
        [json!(["127.0.0.1", "203.0.113.7", "198.51.100.1"])]
    );
    let port = server.server.address().port();
    let mut client = WebSocket::connect(port, &[("x-forwarded-for", "203.0.113.7")]);
    client.query(json!({ "controller": "server", "action": "now" }));
    assert_eq!(seen.take(), [json!(["127.0.0.1", "203.0.113.7"])]);
}

/// A token that some pipe looks at: where it came from decides which one counts.
#[test]
fn tokens_come_from_headers_queries_and_payloads() {
    let seen = Seen::default();
    let jwt = seen.clone();
    let backend =
        Backend::new("test").pipe("request:beforeExecution", move |mut request: Request| {
            jwt.note(json!(request.jwt));
            request.jwt = None;
            async { Ok(request) }
        });
    let server = Embedded::start(backend);
    let mut http = server.http();
    let query = br#"{"controller":"server","action":"now"}"#;
    let query_with = br#"{"controller":"server","action":"now","jwt":"c"}"#;
    let query_null = br#"{"controller":"server","action":"now","jwt":null}"#;
    let bearer: &[(&str, &str)] = &[("Authorization", "bEARER a")];
    let basic: &[(&str, &str)] = &[("Authorization", "Basic a")];
    let cases: [(&str, &str, _, &[u8], Value); 8] = [
        ("GET", "/_now", bearer, b"", json!("a")),
        ("GET", "/_now?jwt=b", bearer, b"", json!("a")),
        ("GET", "/_now?jwt=b", basic, b"", json!("b")),
        ("GET", "/_now", basic, b"", Value::Null),
        ("POST", "/_query", bearer, query, json!("a")),
        ("POST", "/_query", bearer, query_with, json!("c")),
        ("POST", "/_query", bearer, query_null, json!("a")),
        ("POST", "/_query", basic, query_with, json!("c")),
    ];
    for (verb, path, headers, body, expected) in cases {
        let answer = http.call(verb, path, headers, body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(seen.take(), [expected], "{verb} {path} {headers:?}");
    }
}

/// A write that a client asked for is done even if the client does not wait for it.
#[test]
fn a_client_that_leaves_does_not_stop_its_request() {
    let seen = Seen::default();
    let done = seen.clone();
    let started = Seen::default();
    let begun = started.clone();
    let (release, released) = tokio::sync::watch::channel(false);
    let backend = Backend::new("test")
        .pipe("server:beforeNow", move |payload: Payload| {
            begun.note(json!("begun"));
            let mut released = released.clone();
            async move {
                let _ = released.wait_for(|it| *it).await;
                Ok(payload)
            }
        })
        .pipe("server:afterNow", move |payload: Payload| {
            done.note(json!("done"));
            async { Ok(payload) }
        });
    let server = Embedded::start(backend);
    let mut http = server.http();
    http.send("GET /_now HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut client = server.websocket();
    client.send_query(json!({ "controller": "server", "action": "now" }));
    started.wait_for(2);
    drop((http, client));
    // Both are gone for the server, too, as it answers others meanwhile.
    assert_eq!(
        server.http().call("GET", "/_healthcheck", &[], b"").status,
        200
    );
    release.send(true).unwrap();
    seen.wait_for(2);
}

/// An overload answers 503 on `/_ready`, and ends.
#[test]
fn readiness_follows_the_load() {
    let (release, released) = tokio::sync::watch::channel(false);
    let backend = Backend::new("test")
        .set("limits.concurrentRequests", 1)
        .set("limits.requestsBufferSize", 3)
        .set("limits.requestsBufferWarningThreshold", 2)
        .pipe("server:beforeNow", move |payload: Payload| {
            let mut released = released.clone();
            async move {
                let _ = released.wait_for(|it| *it).await;
                Ok(payload)
            }
        });
    let server = Embedded::start(backend);
    let mut client = server.websocket();
    let ids: Vec<_> = (0..2)
        .map(|_| client.send_query(json!({ "controller": "server", "action": "now" })))
        .collect();
    let deadline = Instant::now() + PATIENCE;
    let mut http = server.http();
    let mut answer = http.call("GET", "/_ready", &[], b"");
    while answer.status == 200 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(1));
        answer = http.call("GET", "/_ready", &[], b"");
    }
    assert_eq!(answer.status, 503);
    assert_eq!(
        (&answer.json()["error"], &answer.json()["status"]),
        (&Value::Null, &json!(503))
    );
    assert_eq!(http.call("GET", "/_healthcheck", &[], b"").status, 200);
    release.send(true).unwrap();
    for id in ids {
        assert_eq!(client.reply(&id)["status"], 200);
    }
    assert_eq!(http.call("GET", "/_ready", &[], b"").status, 200);
}
