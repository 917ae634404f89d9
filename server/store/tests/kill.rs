//! `kill -9` during writes, again and again on one folder: no acknowledged
//! write is lost, no request is there by half, and search sees the same.
//!
//! The writer is this program again, as another process. `STORE_ROUNDS=…` runs
//! more rounds, `STORE_SEED=…` other ones.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use koncorde_store::{Options, SearchQuery, SearchRequest, Store, WriteKind};
use serde_json::{Value, json};

use support::*;

const ROUNDS: u64 = 12;
const WRITERS: u64 = 16;
const ACKNOWLEDGED: &str = "acknowledged";

/// The last number that each writer knows to be durable; it writes 1, 2, 3…
type Acknowledged = BTreeMap<String, u64>;

/// After so many requests half of a pair is deleted again.
const LIFE: u64 = 5;

/// Each writer sets its counter, adds a pair of documents and deletes half of an
/// older pair, in one request.
#[ignore = "the process that is killed"]
#[tokio::test(flavor = "multi_thread")]
async fn writer_process() {
    let Ok(folder) = env::var("STORE_FOLDER") else {
        return;
    };
    let round = env::var("STORE_ROUND").unwrap();
    println!("opening");
    let store = open_restless(Path::new(&folder));
    let at = place("i", "c");
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (store, at) = (store.clone(), at.clone());
        let name = format!("r{round}w{writer}");
        writers.push(tokio::spawn(async move {
            for n in 1..u64::MAX {
                let counter = object(json!({"w": name, "n": n}));
                let upsert = WriteKind::Upsert {
                    changes: counter.clone(),
                    creation: counter,
                };
                let filling = "x".repeat((n * 37 % 900) as usize);
                let mut writes = vec![
                    create(
                        &format!("{name}n{n}a"),
                        json!({"w": name, "n": n, "x": filling}),
                    ),
                    write(&name, upsert),
                    create(&format!("{name}n{n}b"), json!({"w": name, "n": n})),
                ];
                if n > LIFE {
                    let old = format!("{name}n{}b", n - LIFE);
                    writes.push(write(&old, WriteKind::Delete));
                }
                for outcome in store.write(&at, writes).await.unwrap() {
                    outcome.unwrap();
                }
                println!("{ACKNOWLEDGED} {name} {n}");
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

fn start_writer(folder: &Path, round: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "writer_process", "--ignored", "--nocapture"])
        .env("STORE_FOLDER", folder)
        .env("STORE_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the writers after so many lines; what they said until then.
fn run_and_kill(folder: &Path, round: u64, lines: usize) -> Acknowledged {
    let mut child = start_writer(folder, round);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    for _ in 0..lines {
        output.read_line(&mut said).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    output.read_to_string(&mut said).unwrap();
    let mut acknowledged = Acknowledged::new();
    // The last line may be cut, and so may a number in it.
    let whole = said.rsplit_once('\n').map_or("", |it| it.0);
    for line in whole.lines() {
        if let Some((_, rest)) = line.split_once(ACKNOWLEDGED) {
            let (name, n) = rest.trim().split_once(' ').unwrap();
            acknowledged.insert(name.into(), n.parse().unwrap());
        }
    }
    acknowledged
}

async fn value(store: &Store, id: &str) -> Option<(u64, u64)> {
    let (source, version) = source(store, &place("i", "c"), id).await?;
    Some((source["n"].as_u64().unwrap(), version))
}

/// All that was acknowledged is there; of the request after it all or nothing.
/// The number of documents that the writer left.
async fn check_writer(store: &Store, name: &str, acknowledged: u64) -> u64 {
    let found = value(store, name).await.map_or(0, |(n, version)| {
        assert_eq!(n, version, "each request wrote the counter {name} once");
        n
    });
    assert!(
        found == acknowledged || found == acknowledged + 1,
        "{name}: {acknowledged} acknowledged, {found} found"
    );
    let mut truth = BTreeMap::new();
    if found > 0 {
        truth.insert(name.to_owned(), found);
    }
    for n in 1..=acknowledged + 2 {
        for (half, is_there) in [("a", n <= found), ("b", n <= found && n + LIFE > found)] {
            let id = format!("{name}n{n}{half}");
            let expected = is_there.then_some((n, 1));
            assert_eq!(
                value(store, &id).await,
                expected,
                "{id} with the counter {found}"
            );
            if is_there {
                truth.insert(id, n);
            }
        }
    }
    assert_eq!(
        searched(store, name).await,
        truth,
        "search and truth of {name}"
    );
    truth.len() as u64
}

/// What search finds of a writer.
async fn searched(store: &Store, name: &str) -> BTreeMap<String, u64> {
    let request = SearchRequest {
        query: SearchQuery::Elasticsearch(json!({"term": {"w.keyword": name}})),
        size: 10_000,
        ..SearchRequest::default()
    };
    let found = store.search(&[place("i", "c")], request).await.unwrap();
    let hits = found.hits.into_iter().map(|it| it.document);
    hits.map(|it| (it.id, it.source["n"].as_u64().unwrap()))
        .collect()
}

/// Makes its search index durable all the time, so that it is killed there too.
fn open_restless(folder: &Path) -> Store {
    let options = Options {
        index_checkpoints: Duration::from_millis(30),
        ..Options::default()
    };
    Store::open(folder, options).unwrap()
}

#[tokio::test]
async fn no_acknowledged_write_is_lost() {
    let number = |name: &str, default| {
        let text = env::var(name).ok();
        text.map_or(default, |it| it.parse::<u64>().unwrap())
    };
    let mut random = number("STORE_SEED", u64::from(std::process::id())) | 1;
    println!("STORE_SEED={random}");
    let folder = tempfile::tempdir().unwrap();
    let at = place("i", "c");
    let store = open(folder.path());
    store
        .create_collection(&at, &Value::Null, &Value::Null)
        .await
        .unwrap();
    store.close().await;
    let (mut total, mut requests) = (0, 0);
    for round in 0..number("STORE_ROUNDS", ROUNDS) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Some are killed before they have opened the store.
        let lines = if random.is_multiple_of(5) {
            4
        } else {
            random % 1500
        };
        let acknowledged = run_and_kill(folder.path(), round, lines as usize);
        let store = open(folder.path());
        store.refresh(&at).await.unwrap();
        for writer in 0..WRITERS {
            let name = format!("r{round}w{writer}");
            let acknowledged = acknowledged.get(&name).copied().unwrap_or(0);
            total += check_writer(&store, &name, acknowledged).await;
            requests += acknowledged;
        }
        let found = count(&store, &at).await;
        assert_eq!(found, total, "search has no other documents");
        store.close().await;
    }
    println!("{requests} requests acknowledged, none lost");
    assert!(requests > 0);
}
