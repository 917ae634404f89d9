//! Documents, collections and indexes, one property of the store per test.

use std::collections::HashSet;
use std::path::Path;

use koncorde_store::{
    Collection, Options, SearchQuery, SearchRequest, Store, StoreError, StoreErrorKind, Write,
    WriteKind, Written,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

fn open(folder: &Path) -> Store {
    Store::open(folder, Options::default()).unwrap()
}

fn place(index: &str, collection: &str) -> Collection {
    Collection {
        index: index.into(),
        collection: collection.into(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else {
        panic!("not an object: {value}");
    };
    object
}

fn write(id: &str, kind: WriteKind) -> Write {
    Write {
        id: Some(id.into()),
        kind,
    }
}

fn create(id: &str, source: Value) -> Write {
    let source = object(source);
    write(id, WriteKind::Create { source })
}

fn put(id: &str, source: Value) -> Write {
    let source = object(source);
    write(id, WriteKind::CreateOrReplace { source })
}

fn update(id: &str, changes: Value) -> Write {
    let changes = object(changes);
    write(id, WriteKind::Update { changes })
}

/// A store with the empty collection `i`, `c`.
async fn store() -> (TempDir, Store, Collection) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let at = place("i", "c");
    store
        .create_collection(&at, &Value::Null, &Value::Null)
        .await
        .unwrap();
    (folder, store, at)
}

async fn one(store: &Store, at: &Collection, write: Write) -> Result<Written, StoreError> {
    let outcomes = store.write(at, vec![write]).await.unwrap();
    outcomes.into_iter().next().unwrap()
}

async fn source(store: &Store, at: &Collection, id: &str) -> Option<(Value, u64)> {
    let found = store.get(at, &[id.to_owned()]).await.unwrap();
    let document = found.into_iter().next().unwrap()?;
    Some(((*document.source).clone(), document.version))
}

async fn count(store: &Store, at: &Collection) -> u64 {
    let at = std::slice::from_ref(at);
    store.count(at, &SearchQuery::All).await.unwrap()
}

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
    assert_eq!((deleted.document.version, deleted.created), (7, false));
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
async fn names_and_ids_never_run_into_each_other() {
    let (_folder, store, _) = store().await;
    let names = [
        "a",
        "a.b",
        "a/b",
        "ab",
        "A",
        "é",
        "a\0b",
        "\u{10ffff}",
        "_kuzzle_keep",
        "%",
        "&",
    ];
    for index in names {
        for collection in names {
            let at = place(index, collection);
            store
                .create_collection(&at, &Value::Null, &Value::Null)
                .await
                .unwrap();
            for id in names {
                let text = format!("{index}|{collection}|{id}");
                one(&store, &at, create(id, json!({ "t": text })))
                    .await
                    .unwrap();
            }
        }
    }
    for index in names {
        assert_eq!(store.list_collections(index).unwrap().len(), names.len());
        for collection in names {
            let at = place(index, collection);
            assert_eq!(count(&store, &at).await, names.len() as u64);
            for id in names {
                let text = format!("{index}|{collection}|{id}");
                assert_eq!(
                    source(&store, &at, id).await,
                    Some((json!({ "t": text }), 1))
                );
            }
        }
    }
    store.delete_index("a").await.unwrap();
    assert_eq!(count(&store, &place("a.b", "a")).await, names.len() as u64);
    let long = store.create_index(&"x".repeat(600)).await.unwrap_err();
    assert_eq!(long.kind, StoreErrorKind::Refused);
}

#[tokio::test]
async fn the_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let unknown = StoreErrorKind::UnknownIndex { index: "i".into() };
    assert_eq!(store.list_collections("i").unwrap_err().kind, unknown);
    assert_eq!(store.delete_index("i").await.unwrap_err().kind, unknown);
    store.create_index("i").await.unwrap();
    let exists = StoreErrorKind::IndexExists { index: "i".into() };
    assert_eq!(store.create_index("i").await.unwrap_err().kind, exists);
    let at = place("i", "c");
    let unknown = StoreErrorKind::UnknownCollection {
        index: "i".into(),
        collection: "c".into(),
    };
    let refusals = [
        store
            .update_collection(&at, &json!({}), &json!({}))
            .await
            .unwrap_err(),
        store.delete_collection(&at).await.unwrap_err(),
        store.truncate(&at).await.unwrap_err(),
        store.mappings(&at).unwrap_err(),
        store.settings(&at).unwrap_err(),
        store.get(&at, &["a".into()]).await.unwrap_err(),
        store
            .write(&at, vec![create("a", json!({}))])
            .await
            .unwrap_err(),
        store
            .count(std::slice::from_ref(&at), &SearchQuery::All)
            .await
            .unwrap_err(),
        store
            .search(std::slice::from_ref(&at), SearchRequest::default())
            .await
            .unwrap_err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.kind, unknown);
    }
    store
        .create_collection(&place("j", "d"), &json!({}), &json!({}))
        .await
        .unwrap();
    store
        .create_collection(&at, &json!({}), &json!({}))
        .await
        .unwrap();
    store
        .create_collection(&place("i", "b"), &json!({}), &json!({}))
        .await
        .unwrap();
    store.close().await;
    let store = open(folder.path());
    assert_eq!(store.list_indexes(), ["i", "j"]);
    assert_eq!(store.list_collections("i").unwrap(), ["b", "c"]);
    assert!(store.collection_exists(&at) && store.index_exists("j"));
    store.delete_collection(&at).await.unwrap();
    store.delete_collection(&place("i", "b")).await.unwrap();
    assert!(store.index_exists("i"), "an index outlives its collections");
    store.delete_index("i").await.unwrap();
    assert_eq!(store.list_indexes(), ["j"]);
}

#[tokio::test]
async fn mappings_and_settings_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        common_mappings: json!({
            "dynamic": "true",
            "properties": {"_info": {"properties": {"author": {"type": "keyword"}}}},
        }),
        ..Options::default()
    };
    let store = Store::open(folder.path(), options.clone()).unwrap();
    let at = place("i", "c");
    let mappings = json!({"_meta": {"v": 1}, "properties": {"n": {"type": "integer"}}});
    let settings = json!({"number_of_replicas": 3});
    store
        .create_collection(&at, &mappings, &settings)
        .await
        .unwrap();
    let expected = json!({
        "dynamic": "true",
        "_meta": {"v": 1},
        "properties": {
            "_info": {"properties": {"author": {"type": "keyword"}}},
            "n": {"type": "integer"},
        },
    });
    assert_eq!(store.mappings(&at).unwrap(), expected);
    assert_eq!(store.settings(&at).unwrap()["number_of_replicas"], "3");
    assert_eq!(store.settings(&at).unwrap()["provided_name"], "&i.c");
    one(
        &store,
        &at,
        create("a", json!({"n": 1, "new": true, "_info": {"author": "me"}})),
    )
    .await
    .unwrap();
    store.close().await;
    let store = Store::open(folder.path(), options).unwrap();
    let grown = store.mappings(&at).unwrap();
    assert_eq!(grown["properties"]["new"], json!({"type": "boolean"}));
    store.truncate(&at).await.unwrap();
    assert_eq!(
        (count(&store, &at).await, store.mappings(&at).unwrap()),
        (0, grown.clone())
    );
    assert_eq!(source(&store, &at, "a").await, None);
    let wrong = json!({"properties": {"n": {"type": "text"}}});
    let new_settings = json!({"number_of_replicas": 1});
    let refusal = store
        .update_collection(&at, &wrong, &new_settings)
        .await
        .unwrap_err();
    assert_eq!(
        refusal.kind,
        StoreErrorKind::CannotChangeMapping { field: "n".into() }
    );
    assert_eq!(
        store.settings(&at).unwrap()["number_of_replicas"],
        "3",
        "all or nothing"
    );
    let strict = json!({"dynamic": "strict"});
    store
        .create_collection(&at, &strict, &new_settings)
        .await
        .unwrap();
    assert_eq!(store.settings(&at).unwrap()["number_of_replicas"], "1");
    let refusal = one(&store, &at, create("b", json!({"other": 1})))
        .await
        .unwrap_err();
    let expected = StoreErrorKind::StrictMapping {
        field: "other".into(),
        index: "i".into(),
        collection: "c".into(),
    };
    assert_eq!(refusal.kind, expected);
    let refusal = one(&store, &at, create("b", json!({"n": "x"})))
        .await
        .unwrap_err();
    assert!(
        refusal.message.contains("[n]") && refusal.message.contains("[b]"),
        "{refusal}"
    );
    let own = json!({"dynamic": "false"});
    let other = place("i", "d");
    store
        .create_collection(&other, &own, &Value::Null)
        .await
        .unwrap();
    assert_eq!(store.mappings(&other).unwrap()["dynamic"], "false");
}

#[tokio::test]
async fn a_mapping_that_a_refused_write_would_add_is_not_added() {
    let (_folder, store, at) = store().await;
    one(&store, &at, create("a", json!({"n": 1})))
        .await
        .unwrap();
    let before = store.mappings(&at).unwrap();
    let refused = vec![
        create("a", json!({"new": 1})),
        create("b", json!({"new": 1, "n": "x"})),
    ];
    for outcome in store.write(&at, refused).await.unwrap() {
        assert!(outcome.is_err());
    }
    assert_eq!(store.mappings(&at).unwrap(), before);
}

#[tokio::test]
async fn a_dropped_collection_comes_back_empty() {
    let (folder, store, at) = store().await;
    let writes = (0..3000).map(|n| create(&format!("d{n}"), json!({ "n": n })));
    store.write(&at, writes.collect()).await.unwrap();
    store.delete_collection(&at).await.unwrap();
    store
        .create_collection(&at, &Value::Null, &Value::Null)
        .await
        .unwrap();
    assert_eq!(
        (count(&store, &at).await, source(&store, &at, "d5").await),
        (0, None)
    );
    let written = one(&store, &at, create("d5", json!({"n": "text"})))
        .await
        .unwrap();
    assert_eq!(written.document.version, 1);
    // Closed in the middle of sweeping, perhaps; the rest is swept later.
    store.close().await;
    let store = open(folder.path());
    assert_eq!(count(&store, &at).await, 1);
    one(&store, &at, create("d6", json!({}))).await.unwrap();
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

#[tokio::test]
async fn one_process_at_a_time() {
    let (folder, store, _) = store().await;
    let Err(error) = Store::open(folder.path(), Options::default()) else {
        panic!("opened twice");
    };
    let process = std::process::id().to_string();
    assert!(error.message.contains(&process), "{error}");
    store.close().await;
    let refusal = store.create_index("late").await.unwrap_err();
    assert_eq!(refusal.kind, StoreErrorKind::Unavailable);
    let refusal = store
        .get(&place("i", "c"), &["a".into()])
        .await
        .unwrap_err();
    assert_eq!(refusal.kind, StoreErrorKind::Unavailable);
    drop(store);
    drop(open(folder.path()));
    drop(open(folder.path()));
}

#[tokio::test]
async fn a_strange_file_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.redb");
    std::fs::write(&path, b"something else, long enough to look at").unwrap();
    assert!(Store::open(folder.path(), Options::default()).is_err());
    let kept = std::fs::read(&path).unwrap();
    assert_eq!(kept, b"something else, long enough to look at");
}
