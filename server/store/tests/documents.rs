//! Writes and reads of documents, one property per test.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use std::collections::HashSet;

use koncorde_store::{StoreErrorKind, Write, WriteKind};
use serde_json::{Map, Value, json};

use support::*;

#[tokio::test]
async fn each_kind_of_write_has_its_conditions() {
    let (_folder, store, at) = store().await;
    let missing = StoreErrorKind::DocumentNotFound {
        id: "a".into(),
        index: "i".into(),
        collection: "c".into(),
    };
    let replace = |source| {
        let source = object(source);
        write("a", WriteKind::Replace { source })
    };
    let unset = |paths: &[&str]| {
        let paths = paths.iter().map(|it| (*it).to_owned()).collect();
        let changes = object(json!({"u": 1}));
        write("a", WriteKind::DeleteFields { paths, changes })
    };
    let upsert = |changes, creation| {
        let (changes, creation) = (object(changes), object(creation));
        write("a", WriteKind::Upsert { changes, creation })
    };
    for absent in [
        replace(json!({})),
        update("a", json!({})),
        unset(&["n"]),
        write("a", WriteKind::Delete),
    ] {
        assert_eq!(one(&store, &at, absent).await.unwrap_err().kind, missing);
    }
    let steps = [
        (create("a", json!({"n": 1})), json!({"n": 1}), true),
        (
            replace(json!({"m": {"x": 1}})),
            json!({"m": {"x": 1}}),
            false,
        ),
        (
            update("a", json!({"m": {"y": 2}})),
            json!({"m": {"x": 1, "y": 2}}),
            false,
        ),
        (unset(&["m.x", "q"]), json!({"m": {"y": 2}, "u": 1}), false),
        (
            upsert(json!({"n": 5}), json!({"z": 1})),
            json!({"m": {"y": 2}, "u": 1, "n": 5}),
            false,
        ),
        (put("a", json!({"p": 1})), json!({"p": 1}), false),
    ];
    let mut before = None;
    for (version, (write, expected, created)) in (1..).zip(steps) {
        let written = one(&store, &at, write).await.unwrap();
        assert_eq!(*written.document.source, expected);
        assert_eq!(
            (written.document.version, written.created),
            (version, created)
        );
        let previous = written.previous.map(|it| (*it.source).clone());
        assert_eq!(previous, before);
        assert_eq!(
            source(&store, &at, "a").await,
            Some((expected.clone(), version))
        );
        before = Some(expected);
    }
    let exists = StoreErrorKind::DocumentExists { id: "a".into() };
    let again = one(&store, &at, create("a", json!({}))).await.unwrap_err();
    assert_eq!(again.kind, exists);
    let deleted = one(&store, &at, write("a", WriteKind::Delete))
        .await
        .unwrap();
    assert_eq!(*deleted.document.source, json!({"p": 1}));
    assert_eq!((deleted.document.version, deleted.created), (6, false));
    assert_eq!(source(&store, &at, "a").await, None);
    let created = one(&store, &at, upsert(json!({"n": 5}), json!({"z": 1})))
        .await
        .unwrap();
    assert_eq!(*created.document.source, json!({"z": 1}));
    assert_eq!((created.document.version, created.created), (8, true));
}

#[tokio::test]
async fn versions_survive_deletion_and_restart() {
    let (folder, store, at) = store().await;
    one(&store, &at, create("a", json!({}))).await.unwrap();
    one(&store, &at, write("a", WriteKind::Delete))
        .await
        .unwrap();
    store.close().await;
    let store = open(folder.path());
    let again = one(&store, &at, create("a", json!({}))).await.unwrap();
    assert_eq!((again.document.version, again.sequence), (3, 3));
    assert!(again.created && again.previous.is_none());
}

#[tokio::test]
async fn items_of_a_batch_fail_on_their_own() {
    let (_folder, store, at) = store().await;
    let deep = (0..150).fold(json!(1), |deep, _| json!([deep]));
    let writes = vec![
        create("a", json!({"n": 1})),
        create("a", json!({"n": 2})),
        update("missing", json!({})),
        create("b", json!({"n": "text"})),
        create(&"x".repeat(513), json!({})),
        create("", json!({})),
        Write {
            id: None,
            kind: WriteKind::Delete,
        },
        create("deep", json!({ "d": deep })),
        create(&"y".repeat(512), json!({"n": 3})),
        update("a", json!({"n": 4})),
    ];
    let outcomes = store.write(&at, writes).await.unwrap();
    let outcomes: Vec<Option<u64>> = outcomes
        .into_iter()
        .map(|it| Some(it.ok()?.document.version))
        .collect();
    let refused = None;
    assert_eq!(
        outcomes,
        [
            Some(1),
            refused,
            refused,
            refused,
            refused,
            refused,
            refused,
            refused,
            Some(1),
            Some(2),
        ]
    );
    assert_eq!(count(&store, &at).await, 2);
    assert_eq!(store.write(&at, Vec::new()).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn a_large_batch_keeps_its_order() {
    let (_folder, store, at) = store().await;
    let writes = (0..1000).map(|n| create(&format!("d{}", n % 900), json!({ "n": n })));
    let outcomes = store.write(&at, writes.collect()).await.unwrap();
    assert_eq!(outcomes.len(), 1000);
    for (n, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(written) => assert_eq!(written.document.source["n"], n),
            Err(error) => assert!(n >= 900, "{error}"),
        }
    }
    let ids: Vec<String> = (0..1000).map(|n| format!("d{n}")).collect();
    let found = store.get(&at, &ids).await.unwrap();
    for (n, document) in found.iter().enumerate() {
        let found = document.as_ref().map(|it| it.source["n"].clone());
        assert_eq!(found, (n < 900).then(|| json!(n)));
    }
}

#[tokio::test]
async fn ids_are_generated() {
    let (_folder, store, at) = store().await;
    let anonymous = || Write {
        id: None,
        kind: WriteKind::Create { source: Map::new() },
    };
    let outcomes = store
        .write(&at, (0..300).map(|_| anonymous()).collect())
        .await
        .unwrap();
    let ids: HashSet<String> = outcomes
        .into_iter()
        .map(|it| it.unwrap().document.id)
        .collect();
    assert_eq!(ids.len(), 300);
    assert!(ids.iter().all(|it| it.len() == 20));
}

#[tokio::test]
async fn concurrent_updates_all_count() {
    let (_folder, store, at) = store().await;
    let (tasks, rounds) = (16, 25);
    let mut running = Vec::new();
    for task in 0..tasks {
        let (store, at) = (store.clone(), at.clone());
        running.push(tokio::spawn(async move {
            for round in 0..rounds {
                let changes = object(json!({format!("t{task}r{round}"): true}));
                let creation = changes.clone();
                one(
                    &store,
                    &at,
                    write("a", WriteKind::Upsert { changes, creation }),
                )
                .await
                .unwrap();
            }
        }));
    }
    for task in running {
        task.await.unwrap();
    }
    let (document, version) = source(&store, &at, "a").await.unwrap();
    assert_eq!(document.as_object().unwrap().len(), tasks * rounds);
    assert_eq!(version, (tasks * rounds) as u64);
}

#[tokio::test]
async fn changes_are_read_in_their_order() {
    let (_folder, store, at) = store().await;
    let other = place("i", "d");
    store
        .create_collection(&other, &Value::Null, &Value::Null)
        .await
        .unwrap();
    let mut committed = store.committed();
    let waiting = tokio::spawn(async move {
        committed.wait_for(|it| *it >= 4).await.unwrap();
    });
    one(&store, &at, create("a", json!({}))).await.unwrap();
    one(&store, &other, create("x", json!({}))).await.unwrap();
    one(&store, &at, update("a", json!({"n": 1})))
        .await
        .unwrap();
    one(&store, &at, write("a", WriteKind::Delete))
        .await
        .unwrap();
    waiting.await.unwrap();
    let read = store.changes(0, 10).await.unwrap();
    let seen: Vec<_> = read
        .changes
        .iter()
        .map(|it| (it.sequence, &*it.id, it.version, it.is_deletion))
        .collect();
    assert_eq!(
        seen,
        [
            (1, "a", 1, false),
            (2, "x", 1, false),
            (3, "a", 2, false),
            (4, "a", 3, true)
        ]
    );
    assert_eq!((read.next, read.is_behind), (4, false));
    let part = store.changes(1, 2).await.unwrap();
    assert_eq!((part.changes.len(), part.next), (2, 3));
    assert_eq!(store.changes(4, 10).await.unwrap().changes, []);
    store.truncate(&at).await.unwrap();
    let read = store.changes(0, 10).await.unwrap();
    assert_eq!(
        read.changes.iter().map(|it| &*it.id).collect::<Vec<_>>(),
        ["x"]
    );
    assert_eq!(read.next, 4);
}
