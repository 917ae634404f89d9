//! A store in a folder of its own, and short words for what tests do with it.
#![allow(dead_code, reason = "each test uses some of it")]

use std::path::Path;

use koncorde_store::{
    Collection, Options, SearchQuery, SearchRequest, SearchResult, Store, StoreError, Write,
    WriteKind, Written,
};
use serde_json::{Map, Value};
use tempfile::TempDir;

pub(crate) fn open(folder: &Path) -> Store {
    Store::open(folder, Options::default()).unwrap()
}

pub(crate) fn place(index: &str, collection: &str) -> Collection {
    Collection {
        index: index.into(),
        collection: collection.into(),
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else {
        panic!("not an object: {value}");
    };
    object
}

pub(crate) fn write(id: &str, kind: WriteKind) -> Write {
    Write {
        id: Some(id.into()),
        kind,
    }
}

pub(crate) fn create(id: &str, source: Value) -> Write {
    let source = object(source);
    write(id, WriteKind::Create { source })
}

pub(crate) fn put(id: &str, source: Value) -> Write {
    let source = object(source);
    write(id, WriteKind::CreateOrReplace { source })
}

pub(crate) fn update(id: &str, changes: Value) -> Write {
    let changes = object(changes);
    write(id, WriteKind::Update { changes })
}

/// A store with the empty collection `i`, `c`.
pub(crate) async fn store() -> (TempDir, Store, Collection) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let at = place("i", "c");
    store
        .create_collection(&at, &Value::Null, &Value::Null)
        .await
        .unwrap();
    (folder, store, at)
}

pub(crate) async fn one(
    store: &Store,
    at: &Collection,
    write: Write,
) -> Result<Written, StoreError> {
    let outcomes = store.write(at, vec![write]).await.unwrap();
    outcomes.into_iter().next().unwrap()
}

pub(crate) async fn source(store: &Store, at: &Collection, id: &str) -> Option<(Value, u64)> {
    let found = store.get(at, &[id.to_owned()]).await.unwrap();
    let document = found.into_iter().next().unwrap()?;
    Some(((*document.source).clone(), document.version))
}

/// Searches what was written before.
pub(crate) async fn search(
    store: &Store,
    at: &[Collection],
    request: SearchRequest,
) -> Result<SearchResult, StoreError> {
    for at in at {
        store.refresh(at).await?;
    }
    store.search(at, request).await
}

pub(crate) async fn count(store: &Store, at: &Collection) -> u64 {
    store.refresh(at).await.unwrap();
    let at = std::slice::from_ref(at);
    store.count(at, &SearchQuery::All).await.unwrap()
}
