//! Indexes, collections and the folder that holds them, one property per test.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use koncorde_store::{Options, SearchQuery, SearchRequest, Store, StoreErrorKind};
use serde_json::{Value, json};

use support::*;

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

#[tokio::test]
async fn analysers_that_are_not_there_are_refused_with_the_collection() {
    let (_folder, store, _) = store().await;
    let at = place("analysed", "texts");
    let settings = json!({"analysis": {"analyzer": {"mine": {"type": "custom",
        "tokenizer": "standard", "filter": ["lowercase"]}}}});
    let mapping = |name: &str| json!({"properties": {"t": {"type": "text", "analyzer": name}}});
    let wrong = json!({"analysis": {"analyzer": {"mine": {"tokenizer": "chop"}}}});
    for (mapping, settings) in [
        (mapping("mine"), json!({})),
        (mapping("yours"), settings.clone()),
        (json!({}), wrong.clone()),
        (
            json!({"properties": {"k": {"type": "keyword", "normalizer": "mine"}}}),
            settings.clone(),
        ),
    ] {
        let refusal = store.create_collection(&at, &mapping, &settings).await;
        assert_eq!(
            refusal.unwrap_err().kind,
            StoreErrorKind::Refused,
            "{mapping} {settings}"
        );
        assert!(store.mappings(&at).is_err());
    }
    let mine = mapping("mine");
    store
        .create_collection(&at, &mine, &settings)
        .await
        .unwrap();
    store
        .update_collection(&at, &json!({}), &wrong)
        .await
        .unwrap_err();
    assert_eq!(
        store.settings(&at).unwrap()["analysis"],
        settings["analysis"]
    );
}
