//! The store on a disk that fails, and what it leaves behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use redb::ReadableTableMetadata;
use serde_json::Map;
use tempfile::TempDir;

use super::*;
use crate::document::WriteKind;
use crate::files::disk::faulty::Faults;
use crate::files::tables::{DROPPED, LOG, SIZES, TOMBSTONES};

fn open(folder: &TempDir, faults: &Arc<Faults>) -> Store {
    let disk = Disk {
        faults: faults.clone(),
    };
    Store::open_on(disk, Duration::ZERO, folder.path(), Options::default()).unwrap()
}

fn place() -> Collection {
    Collection {
        index: "i".into(),
        collection: "c".into(),
    }
}

/// Sets the field `n` of documents; new ones come and old ones change.
fn upserts(ids: impl IntoIterator<Item = u64>, n: u64) -> Vec<Write> {
    let source = Map::from_iter([("n".into(), n.into()), ("t".into(), "x".repeat(900).into())]);
    ids.into_iter()
        .map(|id| Write {
            id: Some(format!("d{id}")),
            kind: WriteKind::CreateOrReplace {
                source: source.clone(),
            },
        })
        .collect()
}

async fn values(store: &Store, ids: impl IntoIterator<Item = u64>) -> Vec<Option<u64>> {
    let ids: Vec<String> = ids.into_iter().map(|id| format!("d{id}")).collect();
    let found = store.get(&place(), &ids).await.unwrap();
    let n = |it: &Document| it.source["n"].as_u64();
    found.iter().map(|it| it.as_ref().and_then(n)).collect()
}

/// Rows of a table.
fn rows(store: &Store) -> [u64; 4] {
    let count = |transaction: &redb::ReadTransaction| {
        Ok([
            transaction.open_table(DOCUMENTS)?.len()?,
            transaction.open_table(TOMBSTONES)?.len()?,
            transaction.open_table(SIZES)?.len()?,
            transaction.open_table(DROPPED)?.len()?,
        ])
    };
    store.0.files.read(count).unwrap()
}

/// The disk fails at each write of a transaction in turn. Nothing that was
/// answered is lost, nothing is there by half, and writing goes on afterwards.
async fn fail_everywhere(is_lasting: bool) {
    let folder = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    faults.is_lasting.store(is_lasting, Ordering::SeqCst);
    let mut store = open(&folder, &faults);
    store
        .create_collection(&place(), &Value::Null, &Value::Null)
        .await
        .unwrap();
    store.write(&place(), upserts(0..20, 0)).await.unwrap();
    let mut failures = 0;
    for at in 0..1000 {
        let before = values(&store, 0..24).await;
        let mut committed = *store.committed().borrow();
        faults.writes_left.store(at, Ordering::SeqCst);
        let outcome = store.write(&place(), upserts(10..24, at as u64 + 1)).await;
        let is_unharmed = faults.writes_left.swap(-1, Ordering::SeqCst) > 0;
        let after = match values_if_readable(&store).await {
            Some(after) => after,
            None => {
                assert!(is_lasting, "one failure keeps nobody from reading");
                // The next write opens the data again.
                store.write(&place(), upserts([99], 0)).await.unwrap();
                committed += 1;
                values(&store, 0..24).await
            }
        };
        let written: Vec<_> = before[..10]
            .iter()
            .copied()
            .chain([Some(at as u64 + 1); 14])
            .collect();
        match &outcome {
            Ok(_) => assert_eq!(after, written),
            Err(error) => {
                assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
                assert!(
                    after == before || after == written,
                    "half a transaction at {at}"
                );
                failures += 1;
            }
        }
        let grown = if after == written { 14 } else { 0 };
        assert_eq!(*store.committed().borrow(), committed + grown);
        store
            .write(&place(), upserts([5], at as u64))
            .await
            .unwrap();
        assert_eq!(values(&store, [5]).await, [Some(at as u64)]);
        if at % 7 == 0 {
            let kept = values(&store, 0..24).await;
            store.close().await;
            store = open(&folder, &faults);
            assert_eq!(values(&store, 0..24).await, kept);
        }
        if outcome.is_ok() && is_unharmed {
            break;
        }
    }
    assert!(failures > 5, "the disk failed only {failures} times");
}

async fn values_if_readable(store: &Store) -> Option<Vec<Option<u64>>> {
    match store.get(&place(), &["d0".into()]).await {
        Ok(_) => Some(values(store, 0..24).await),
        Err(error) => {
            assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
            None
        }
    }
}

#[tokio::test]
async fn a_moment_without_space_loses_nothing() {
    fail_everywhere(false).await;
}

#[tokio::test]
async fn a_disk_that_stays_full_loses_nothing() {
    fail_everywhere(true).await;
}

#[tokio::test]
async fn writers_are_refused_while_the_disk_fails_and_readers_read() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    let disk = Disk {
        faults: faults.clone(),
    };
    let hour = Duration::from_secs(3600);
    let store = Store::open_on(disk, hour, folder.path(), Options::default()).unwrap();
    store
        .create_collection(&place(), &Value::Null, &Value::Null)
        .await
        .unwrap();
    store.write(&place(), upserts(0..3, 7)).await.unwrap();
    faults.writes_left.store(0, Ordering::SeqCst);
    let first = store.write(&place(), upserts(0..3, 8)).await.unwrap_err();
    let second = store.write(&place(), upserts(0..3, 8)).await.unwrap_err();
    assert_eq!(first.kind, StoreErrorKind::Unavailable);
    assert!(second.message.contains("tried again"), "{second}");
    assert!(store.create_index("x").await.is_err());
    assert_eq!(values(&store, 0..3).await, [Some(7); 3]);
    let all = [place()];
    store.refresh(&place()).await.unwrap();
    assert_eq!(store.count(&all, &SearchQuery::All).await.unwrap(), 3);
}

#[tokio::test]
async fn a_bug_fails_its_group_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let hour = Duration::from_secs(3600);
    let store = Store::open_on(Disk::default(), hour, folder.path(), Options::default()).unwrap();
    let none = Value::Null;
    store
        .create_collection(&place(), &none, &none)
        .await
        .unwrap();
    store.write(&place(), upserts(0..3, 1)).await.unwrap();
    for n in 2..5 {
        let error = store.0.ask(Work::Bug, None).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Internal);
        assert_eq!(values(&store, 0..3).await, [Some(n - 1); 3]);
        store.write(&place(), upserts(0..3, n)).await.unwrap();
        assert_eq!(values(&store, 0..3).await, [Some(n); 3]);
    }
}

#[tokio::test]
async fn dropped_collections_are_swept_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    let store = open(&folder, &faults);
    let none = Value::Null;
    store
        .create_collection(&place(), &none, &none)
        .await
        .unwrap();
    store.write(&place(), upserts(0..2500, 1)).await.unwrap();
    let delete = |id: u64| Write {
        id: Some(format!("d{id}")),
        kind: WriteKind::Delete,
    };
    let deletions = (0..1200).map(delete).collect();
    store.write(&place(), deletions).await.unwrap();
    assert_eq!(rows(&store), [1300, 1200, 1, 0]);
    store.truncate(&place()).await.unwrap();
    store.write(&place(), upserts(0..10, 1)).await.unwrap();
    store.delete_collection(&place()).await.unwrap();
    store.close().await;
    let store = open(&folder, &faults);
    // The committer sweeps while nothing else is to be done.
    for _ in 0..10_000 {
        if rows(&store) == [0, 0, 0, 0] {
            let last = store.0.files.read(|it| Ok(it.open_table(LOG)?.len()?));
            assert_eq!(last.unwrap(), 2500 + 1200 + 10);
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{:?} rows are left", rows(&store));
}
