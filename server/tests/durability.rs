//! `kill -9` while clients write, again and again on one folder: what was
//! acknowledged over the API is there after the restart, and no request is
//! there by half.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod harness;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use harness::{Http, Server};

const ROUNDS: u64 = 10;
const WRITERS: u64 = 8;

/// The last number that each writer knows to be written.
type Acknowledged = BTreeMap<String, u64>;

/// Sets a counter and adds a pair of documents, in one request; `false` when
/// there was no answer.
fn write(http: &mut Http, name: &str, n: u64) -> bool {
    let document = |id: String| json!({"_id": id, "body": {"n": n}});
    let body = json!({ "documents": [
        document(format!("{name}n{n}a")),
        document(name.to_owned()),
        document(format!("{name}n{n}b")),
    ]});
    let body = body.to_string();
    let head = format!(
        "PUT /i/c/_mCreateOrReplace HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    if http
        .try_send(&[head.as_bytes(), body.as_bytes()].concat())
        .is_err()
    {
        return false;
    }
    let Ok(Some(answer)) = http.try_read() else {
        return false;
    };
    let answer = answer.json();
    let successes = answer["result"]["successes"].as_array().map(Vec::len);
    assert_eq!(successes, Some(3), "{answer}");
    true
}

/// Writes until the server is killed after so many answers.
fn write_and_kill(server: &mut Server, round: u64, answers: u64) -> Acknowledged {
    let answered = Arc::new(AtomicU64::new(0));
    let (enough, is_enough) = mpsc::channel();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let mut http = server.http();
        let (answered, enough) = (answered.clone(), enough.clone());
        let name = format!("r{round}w{writer}");
        writers.push(thread::spawn(move || {
            let mut n = 0;
            while write(&mut http, &name, n + 1) {
                n += 1;
                if answered.fetch_add(1, Ordering::Relaxed) == answers {
                    enough.send(()).unwrap();
                }
            }
            (name, n)
        }));
    }
    drop(enough);
    is_enough.recv().expect("the writers stopped on their own");
    server.kill();
    writers.into_iter().map(|it| it.join().unwrap()).collect()
}

/// The number in a document, and its version.
fn value(http: &mut Http, id: &str) -> Option<(u64, u64)> {
    let answer = http.call("GET", &format!("/i/c/{id}"), &[], b"").json();
    match answer["status"].as_u64() {
        Some(404) => None,
        _ => {
            let result = &answer["result"];
            let n = result["_source"]["n"].as_u64();
            Some((n.unwrap(), result["_version"].as_u64().unwrap()))
        }
    }
}

/// All that was acknowledged is there; of the request after it all or nothing.
/// The number of documents that the writer left.
fn check(http: &mut Http, name: &str, acknowledged: u64) -> u64 {
    let found = value(http, name).map_or(0, |(n, version)| {
        assert_eq!(n, version, "each request wrote {name} once");
        n
    });
    assert!(
        found == acknowledged || found == acknowledged + 1,
        "{name}: {acknowledged} acknowledged, {found} found"
    );
    for n in 1..=acknowledged + 1 {
        for half in ["a", "b"] {
            let pair = value(http, &format!("{name}n{n}{half}"));
            assert_eq!(pair, (n <= found).then_some((n, 1)), "{name}n{n}{half}");
        }
    }
    2 * found + u64::from(found > 0)
}

fn count(server: &Server) -> Value {
    server.post("/i/c/_count", &json!({})).json()["result"]["count"].take()
}

#[test]
fn no_acknowledged_write_is_lost() {
    let mut server = Server::start();
    assert_eq!(server.put("/i/c", &json!({})).status, 200);
    let mut random = u64::from(std::process::id()) | 1;
    println!("seed {random}");
    let (mut total, mut acknowledged_total) = (0, 0);
    for round in 0..ROUNDS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let acknowledged = write_and_kill(&mut server, round, random % 400);
        let begun = Instant::now();
        server.restart();
        println!(
            "round {round}: {acknowledged:?}, ready after {:?}",
            begun.elapsed()
        );
        let mut http = server.http();
        for (name, acknowledged) in acknowledged {
            total += check(&mut http, &name, acknowledged);
            acknowledged_total += acknowledged;
        }
        assert_eq!(count(&server), total, "the count agrees with the documents");
    }
    println!("{acknowledged_total} requests acknowledged, none lost");
}

#[test]
fn everything_survives_a_proper_stop() {
    let mut server = Server::start();
    let mappings = json!({"mappings": {"dynamic": "strict", "_meta": {"v": 1}, "properties": {"n": {"type": "long"}}}});
    assert_eq!(server.put("/i/c", &mappings).status, 200);
    assert_eq!(server.post("/j/_create", &json!({})).status, 200);
    let created = server.post("/i/c/a/_create", &json!({"n": 1})).json();
    assert_eq!(created["error"], Value::Null, "{created}");
    let shown = ["/_list", "/i/c/a", "/i/c/_mapping", "/i/c/_settings"];
    let results = |server: &Server| -> Vec<Value> {
        let result = |it: &&str| server.get(it).json()["result"].take();
        shown.iter().map(result).collect()
    };
    let before = results(&server);
    assert!(server.terminate().success());
    server.restart();
    assert_eq!(results(&server), before);
}
