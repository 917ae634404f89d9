//! WebSocket: the handshake, requests and replies, heartbeats, limits, and clients
//! that do not behave.

mod harness;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::Message;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use harness::{PATIENCE, Server, WebSocket};

fn now() -> Value {
    json!({ "controller": "server", "action": "now" })
}

#[test]
fn replies_are_envelopes_with_a_room() {
    let server = Server::start();
    let mut client = server.websocket();
    let request = json!({
        "controller": "server", "action": "now", "requestId": "r1", "index": "i",
        "volatile": { "sdkInstanceId": "a" },
    });
    let mut reply = client.query(request);
    assert!(reply["result"]["now"].is_u64());
    assert!(reply["node"].as_str().unwrap().starts_with("knode-"));
    reply["result"] = json!(1);
    reply["node"] = json!("node");
    let expected = json!({
        "action": "now", "controller": "server", "error": null, "headers": {}, "index": "i",
        "node": "node", "requestId": "r1", "result": 1, "status": 200,
        "volatile": { "sdkInstanceId": "a" }, "room": "r1",
    });
    assert_eq!(reply, expected);

    let reply = client.query(json!({ "controller": "server", "action": "dance" }));
    assert_eq!(reply["error"]["id"], "api.process.action_not_found");
    assert_eq!(reply["room"], reply["requestId"]);
}

#[test]
fn every_path_and_sub_protocol_is_welcome() {
    let server = Server::start();
    for path in ["/", "/any/where?a=b", "/_query"] {
        let mut client = WebSocket::connect_to(server.port(), path, &[]);
        assert_eq!(client.query(now())["status"], 200);
    }
    let handshake = |extra: &str| {
        let mut http = server.http();
        http.send(format!(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n{extra}\r\n"
        ));
        http.read_head()
    };
    let answer = handshake(
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: a, b\r\n",
    );
    assert_eq!(answer.status, 101);
    let accept = answer.header("sec-websocket-accept");
    assert_eq!(accept, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(answer.header("sec-websocket-protocol"), Some("a"));

    let answer =
        handshake("Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    assert_eq!(
        (answer.status, answer.header("sec-websocket-version")),
        (426, Some("13"))
    );
    assert_eq!(handshake("Sec-WebSocket-Version: 13\r\n").status, 400);
}

#[test]
fn a_first_message_may_come_with_the_handshake() {
    let server = Server::start();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let mut bytes = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    let payload = br#"{"p":1}"#;
    bytes.extend([0x81, 0x80 | payload.len() as u8, 0, 0, 0, 0]); // a mask of zeros
    bytes.extend(payload);
    stream.write_all(&bytes).unwrap();
    let mut answer = Vec::new();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    while !answer.ends_with(br#"{"p":2}"#) {
        let mut byte = [0];
        assert_eq!(
            stream.read(&mut byte).unwrap(),
            1,
            "{}",
            String::from_utf8_lossy(&answer)
        );
        answer.push(byte[0]);
    }
}

#[test]
fn messages_that_are_no_requests() {
    let server = Server::start();
    let mut client = server.websocket();
    let unexpected = json!("network.websocket.unexpected_error");
    let cases: &[(&str, Message, Value, Value)] = &[
        (
            "not JSON",
            Message::text("{oops"),
            unexpected.clone(),
            Value::Null,
        ),
        (
            "an array",
            Message::text("[]"),
            unexpected.clone(),
            Value::Null,
        ),
        (
            "a number",
            Message::text("5"),
            unexpected.clone(),
            Value::Null,
        ),
        (
            "null",
            Message::text("null"),
            unexpected.clone(),
            Value::Null,
        ),
        (
            "too deep",
            Message::text("[".repeat(5000)),
            unexpected.clone(),
            Value::Null,
        ),
        (
            "not UTF-8",
            Message::binary(&b"{\"a\":\"\xff\"}"[..]),
            unexpected,
            Value::Null,
        ),
        (
            "a body of a wrong type",
            Message::text(r#"{"controller":"a","action":"b","body":5,"requestId":"w1"}"#),
            Value::Null,
            json!("w1"),
        ),
        (
            "a controller of a wrong type",
            Message::text(r#"{"controller":5,"action":"b","requestId":"w2"}"#),
            Value::Null,
            json!("w2"),
        ),
        (
            "an id of a wrong type",
            Message::text(r#"{"controller":"a","action":"b","requestId":5}"#),
            Value::Null,
            Value::Null,
        ),
    ];
    for (name, message, id, request_id) in cases {
        client.send(message.clone());
        let reply = client.next_message(PATIENCE).unwrap();
        assert_eq!(
            (&reply["status"], &reply["error"]["id"]),
            (&json!(400), id),
            "{name}: {reply}"
        );
        assert!(reply.get("room").is_none(), "{name}: {reply}");
        assert_eq!(
            (&reply["result"], &reply["controller"]),
            (&Value::Null, &Value::Null)
        );
        match request_id {
            Value::Null => assert_eq!(reply["requestId"].as_str().unwrap().len(), 36, "{name}"),
            id => assert_eq!(&reply["requestId"], id, "{name}"),
        }
    }
    // The reason that the parser gives is the message and the only prop.
    client.send_text("{oops");
    let reply = client.next_message(PATIENCE).unwrap();
    let prop = reply["error"]["props"][0].as_str().unwrap();
    assert!(reply["error"]["message"].as_str().unwrap().ends_with(prop));

    // And the socket is none the worse for it.
    assert_eq!(client.query(now())["status"], 200);
    // An incomplete request has a room as any other.
    let reply = client.query(json!({ "action": "x" }));
    assert_eq!(reply["error"]["id"], "api.assert.missing_argument");
    assert_eq!(reply["room"], reply["requestId"]);
}

#[test]
fn heartbeats() {
    let server = Server::start();
    let mut client = server.websocket();
    for ping in [r#"{"p":1}"#, r#" { "p" : 1 } "#] {
        client.send_text(ping);
        assert_eq!(client.next_message(PATIENCE), Some(json!({ "p": 2 })));
    }
    for no_ping in [r#"{"p":2}"#, r#"{"p":1,"q":1}"#, r#"{"p":"1"}"#] {
        client.send_text(no_ping);
        let reply = client.next_message(PATIENCE).unwrap();
        assert_eq!(
            reply["error"]["id"], "api.assert.missing_argument",
            "{no_ping}"
        );
    }
    client.send(Message::Ping("hello".into()));
    assert_eq!(
        client.next_frame(PATIENCE),
        Some(Message::Pong("hello".into()))
    );
    // Empty messages mean nothing; binary ones are read as text.
    client.send_text("");
    client.send(Message::binary(&b""[..]));
    client.send(Message::binary(&br#"{"p":1}"#[..]));
    assert_eq!(client.next_message(PATIENCE), Some(json!({ "p": 2 })));
}

#[test]
fn fragments_are_put_together() {
    let server = Server::start();
    let mut client = server.websocket();
    let pieces = [
        r#"{"controller":"server","#,
        r#""action":"now","#,
        r#""requestId":"f1"}"#,
    ];
    for (n, piece) in pieces.into_iter().enumerate() {
        let code = if n == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(piece, OpCode::Data(code), n == 2);
        client.send(Message::Frame(frame));
    }
    assert_eq!(client.reply("f1")["status"], 200);
}

#[test]
fn requests_of_one_socket_run_together() {
    let server = Server::start();
    let mut client = server.websocket();
    let ids: Vec<_> = (0..500).map(|_| client.send_query(now())).collect();
    for id in ids {
        assert_eq!(client.reply(&id)["room"], id.as_str());
    }
}

#[test]
fn too_many_messages_a_second_are_refused() {
    let server = Server::with_settings(&["--server.protocols.websocket.rateLimit=5"]);
    let mut client = server.websocket();
    let refused = "network.websocket.ratelimit_exceeded";
    let mut second = 0;
    // Twelve in a second are too many, also when a new second starts in between.
    for _ in 0..12 {
        client.send_text(r#"{"p":1}"#);
    }
    for _ in 0..12 {
        let reply = client.next_message(PATIENCE).unwrap();
        if reply["error"]["id"] == refused {
            assert_eq!(reply["status"], 429);
            assert!(reply.get("room").is_none());
            second += 1;
        } else {
            assert_eq!(reply, json!({ "p": 2 }));
        }
    }
    assert!((2..=7).contains(&second), "{second}");
    // Another socket has a count of its own.
    assert_eq!(server.websocket().query(now())["status"], 200);
}

#[test]
fn a_message_too_large_ends_its_socket() {
    let server = Server::with_settings(&["--server.maxRequestSize=2kb"]);
    let mut other = server.websocket();
    let mut client = server.websocket();
    let request = json!({ "controller": "server", "action": "now", "fill": "x".repeat(1900) });
    assert_eq!(client.query(request)["status"], 200);
    let _ = client.try_send(Message::text("x".repeat(3000)));
    let (code, reason) = client.closed().unwrap();
    assert_eq!(code, CloseCode::Size);
    assert!(reason.contains("2048 bytes"), "{reason}");

    // In fragments, too.
    let mut client = server.websocket();
    for n in 0..4 {
        let code = if n == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message("x".repeat(1000), OpCode::Data(code), false);
        let _ = client.try_send(Message::Frame(frame));
    }
    assert_eq!(client.closed().unwrap().0, CloseCode::Size);
    assert_eq!(other.query(now())["status"], 200);
}

#[test]
fn frames_that_break_the_protocol_end_their_socket() {
    let server = Server::start();
    let cases: &[(&str, &[u8], CloseCode)] = &[
        (
            "text that is not UTF-8",
            &[0x81, 0x81, 0, 0, 0, 0, 0xff],
            CloseCode::Invalid,
        ),
        ("no mask", &[0x81, 0x01, b'x'], CloseCode::Protocol),
        (
            "an unknown operation",
            &[0x83, 0x80, 0, 0, 0, 0],
            CloseCode::Protocol,
        ),
        (
            "reserved bits",
            &[0xf1, 0x80, 0, 0, 0, 0],
            CloseCode::Protocol,
        ),
        (
            "a fragment of nothing",
            &[0x80, 0x80, 0, 0, 0, 0],
            CloseCode::Protocol,
        ),
        (
            "a ping in fragments",
            &[0x09, 0x80, 0, 0, 0, 0],
            CloseCode::Protocol,
        ),
        (
            "a frame of many gigabytes",
            &[0x81, 0xff, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0],
            CloseCode::Size,
        ),
    ];
    for (name, bytes, code) in cases {
        let mut client = server.websocket();
        client.stream().write_all(bytes).unwrap();
        let closed = client.closed();
        assert_eq!(closed.map(|it| it.0), Some(*code), "{name}");
    }
    assert_eq!(server.websocket().query(now())["status"], 200);
}

#[test]
fn clients_may_say_goodbye() {
    let server = Server::start();
    let mut client = server.websocket();
    client.send(Message::Close(None));
    assert_eq!(client.closed(), None);
}

#[test]
fn silent_sockets_are_closed() {
    let server = Server::with_settings(&["--server.protocols.websocket.idleTimeout=1000"]);
    let started = Instant::now();
    let mut silent = server.websocket();
    let mut alive = server.websocket();
    let watcher = std::thread::spawn(move || {
        let closed = silent.closed();
        (closed, started.elapsed())
    });
    while started.elapsed() < Duration::from_millis(1500) {
        alive.send_text(r#"{"p":1}"#);
        assert_eq!(alive.next_message(PATIENCE), Some(json!({ "p": 2 })));
        std::thread::sleep(Duration::from_millis(100)); // the passing of time is what is tested
    }
    let (closed, after) = watcher.join().unwrap();
    assert_eq!(closed.unwrap().0, CloseCode::Away);
    assert!(after >= Duration::from_millis(1000), "{after:?}");
}

#[test]
fn pings_keep_sockets_alive_when_asked_to() {
    let server = Server::with_settings(&[
        "--server.protocols.websocket.idleTimeout=1000",
        "--server.protocols.websocket.sendPingsAutomatically=true",
    ]);
    let mut client = server.websocket();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1600) {
        // Reading answers pings.
        match client.next_frame(Duration::from_millis(400)) {
            None | Some(Message::Ping(_)) => {}
            Some(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(client.query(now())["status"], 200);
}

/// More comes than the client can read at once, and for longer than a client may
/// take nothing: it is not slow as long as it reads.
#[test]
fn a_client_that_reads_a_flood_is_not_dropped() {
    const CHANNELS: [&str; 3] = ["all", "in", "out"];
    const MESSAGES: usize = 2_000;
    let server = Server::start();
    let mut reader = server.websocket();
    for users in CHANNELS {
        reader.result(json!({
            "controller": "realtime", "action": "subscribe",
            "index": "i", "collection": "c", "users": users, "body": {},
        }));
    }
    let mut writer = server.websocket();
    let publish = json!({
        "controller": "realtime", "action": "publish",
        "index": "i", "collection": "c", "body": { "text": "x".repeat(10_000) },
    });
    let reading = std::thread::spawn(move || {
        let mut left = CHANNELS.len() * MESSAGES;
        while left > 0 && matches!(reader.next_frame(PATIENCE), Some(Message::Text(_))) {
            left -= 1;
            if left.is_multiple_of(5) {
                std::thread::sleep(Duration::from_millis(1)); // takes its time, but takes
            }
        }
        left
    });
    for _ in 0..MESSAGES / 40 {
        let ids: Vec<String> = (0..40)
            .map(|_| writer.send_query(publish.clone()))
            .collect();
        for id in ids {
            assert_eq!(writer.reply(&id)["status"], 200);
        }
    }
    assert_eq!(reading.join().unwrap(), 0, "{}", server.log());
}

/// Fills the pipe to a client that reads nothing: its own replies suffice.
#[test]
fn a_client_that_stops_reading_is_dropped_and_disturbs_nobody() {
    let server = Server::start();
    let mut deaf = server.websocket();
    let mut other = server.websocket();
    let mut request = now();
    request["volatile"] = json!({ "echo": "x".repeat(500_000) });
    let request = Message::text(request.to_string());
    let brief = Some(Duration::from_millis(20));
    deaf.stream().set_write_timeout(brief).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let reason = "too much backpressure: client is too slow";
    let mut slowest = Duration::ZERO;
    while !server.log().contains(reason) {
        // Fails when what it sent before has not yet been taken.
        let _ = deaf.try_send(request.clone());
        let asked = Instant::now();
        assert_eq!(other.query(now())["status"], 200);
        slowest = slowest.max(asked.elapsed());
        assert!(asked < deadline, "never dropped");
    }
    // The close frame waits behind what the deaf one has not read, but not for ever.
    if let Some(closed) = deaf.closed() {
        assert_eq!(closed, (CloseCode::Error, reason.to_owned()));
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!(other.query(now())["status"], 200);
}

/// Notifications fill the pipe to a client that reads nothing; another one gets
/// each of them, and the room forgets who does not listen.
#[test]
fn a_subscriber_that_stops_reading_is_dropped_and_disturbs_nobody() {
    let server = Server::start();
    server.post("/i/_create", &json!({})).result();
    server.put("/i/c", &json!({})).result();
    let subscription = json!({
        "controller": "realtime", "action": "subscribe", "index": "i", "collection": "c", "body": {},
    });
    let mut deaf = server.websocket();
    let mut quick = server.websocket();
    deaf.result(subscription.clone());
    let room = quick.result(subscription)["roomId"].clone();
    let count = json!({ "controller": "realtime", "action": "count", "body": { "roomId": room } });
    assert_eq!(server.query(&count)["result"]["count"], 2);

    let fill = "x".repeat(500_000);
    let deadline = Instant::now() + PATIENCE;
    for n in 0.. {
        server
            .post("/i/c/_publish", &json!({ "n": n, "fill": fill }))
            .result();
        let told = quick.notification();
        assert_eq!(told["result"]["_source"]["n"], n);
        if server.query(&count)["result"]["count"] == 1 {
            break;
        }
        assert!(Instant::now() < deadline, "never dropped");
    }
    let reason = "too much backpressure: client is too slow";
    while !server.log().contains(reason) {
        assert!(Instant::now() < deadline, "{}", server.log());
        std::thread::yield_now(); // the room hears of it before the log does
    }
    // It finds the reason behind all that was sent before, if it looks in time.
    if let Some(closed) = deaf.closed() {
        assert_eq!(closed, (CloseCode::Error, reason.to_owned()));
    }
}

/// More at once than may wait for a stalled client: all of it reaches one that
/// reads.
#[test]
fn a_burst_of_notifications_reaches_who_reads() {
    let server = Server::with_settings(&["--limits.documentsWriteCount=1000"]);
    server.post("/i/_create", &json!({})).result();
    server.put("/i/c", &json!({})).result();
    let mut client = server.websocket();
    client.result(json!({
        "controller": "realtime", "action": "subscribe", "index": "i", "collection": "c", "body": {},
    }));
    let documents: Vec<_> = (0..1000).map(|n| json!({ "body": { "n": n } })).collect();
    server
        .post("/i/c/_mCreate", &json!({ "documents": documents }))
        .result();
    let mut seen: Vec<_> = (0..1000)
        .map(|_| {
            client.notification()["result"]["_source"]["n"]
                .as_u64()
                .unwrap()
        })
        .collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..1000));
}

#[test]
fn a_thousand_idle_sockets_cost_little() {
    let server = Server::start();
    let resident_kb = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).ok()?;
        let line = status.lines().find(|it| it.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    // The first ones warm up what stays allocated.
    let mut sockets: Vec<_> = (0..100).map(|_| server.websocket()).collect();
    let before = resident_kb();
    sockets.extend((0..900).map(|_| server.websocket()));
    let after = resident_kb();
    assert_eq!(sockets[0].query(now())["status"], 200);
    assert_eq!(sockets[999].query(now())["status"], 200);
    if let (Some(before), Some(after)) = (before, after) {
        let each = (after - before) as f64 / 900.0;
        eprintln!("{each:.1} KiB for each idle socket");
        assert!(each < 24.0, "{each} KiB for each idle socket");
    }
}

#[test]
fn websockets_can_be_turned_off() {
    let server = Server::with_settings(&["--server.protocols.websocket.enabled=false"]);
    let headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let answer = server.call("GET", "/any/where/at/all/x", &headers, b"");
    assert_eq!(answer.error_id(), "network.http.url_not_found");
}
