//! The life of search indexes: whatever happens, search sees the documents.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::Ordering;

use serde_json::Map;
use tantivy::DocAddress;
use tempfile::TempDir;

use super::*;
use crate::document::WriteKind;
use crate::files::disk::faulty::Faults;
use crate::index::Reader;

fn open(folder: &TempDir) -> Store {
    Store::open(folder.path(), Options::default()).unwrap()
}

fn place(collection: &str) -> Collection {
    Collection {
        index: "i".into(),
        collection: collection.into(),
    }
}

async fn create(store: &Store, at: &Collection) {
    let none = Value::Null;
    store.create_collection(at, &none, &none).await.unwrap();
}

/// A document that says who it is, some hundred bytes long.
fn put(id: u64, n: u64) -> Write {
    let text = "the quick brown fox jumps over the lazy dog ".repeat(6);
    let source = json!({"id": format!("d{id}"), "n": n, "text": text});
    Write {
        id: Some(format!("d{id}")),
        kind: WriteKind::CreateOrReplace {
            source: source.as_object().unwrap().clone(),
        },
    }
}

fn delete(id: u64) -> Write {
    Write {
        id: Some(format!("d{id}")),
        kind: WriteKind::Delete,
    }
}

async fn write(store: &Store, at: &Collection, writes: Vec<Write>) {
    for outcome in store.write(at, writes).await.unwrap() {
        outcome.unwrap();
    }
}

async fn fill(store: &Store, at: &Collection, count: u64) {
    write(store, at, (0..count).map(|id| put(id, 0)).collect()).await;
}

/// Each document with its version and its `n`.
type Seen = BTreeMap<String, (u64, u64)>;

async fn reader(store: &Store, at: &Collection) -> Reader {
    let entry = store.0.entry(at).unwrap();
    store.0.indexes.reader(&entry).await.unwrap()
}

fn seen_by(reader: &Reader) -> Seen {
    let mut seen = Seen::new();
    for (ordinal, segment) in (0..).zip(reader.searcher.segment_readers()) {
        let versions = segment.fast_fields().u64("_version").unwrap();
        for document in segment.doc_ids_alive() {
            let source = reader.source(DocAddress::new(ordinal, document)).unwrap();
            let source: Map<String, Value> = serde_json::from_slice(&source).unwrap();
            let version = versions.first(document).unwrap();
            let id = source["id"].as_str().unwrap().to_owned();
            let before = seen.insert(id, (version, source["n"].as_u64().unwrap()));
            assert_eq!(before, None, "a document is there twice");
        }
    }
    seen
}

/// What search sees after a refresh.
async fn seen(store: &Store, at: &Collection) -> Seen {
    store.refresh(at).await.unwrap();
    seen_by(&reader(store, at).await)
}

/// What is true.
async fn truth(store: &Store, at: &Collection) -> Seen {
    let number = store.0.entry(at).unwrap().number;
    let read = |transaction: &redb::ReadTransaction| {
        let (first, after) = crate::files::tables::keys_of(number);
        let documents = transaction.open_table(DOCUMENTS)?;
        let mut truth = Seen::new();
        for row in documents.range(first.as_slice()..after.as_slice())? {
            let (key, row) = row?;
            let id = crate::files::tables::id_of_key(key.value()).unwrap();
            let document = document(id, row.value())?;
            truth.insert(
                id.into(),
                (document.version, document.source["n"].as_u64().unwrap()),
            );
        }
        Ok(truth)
    };
    store.0.files.read(read).unwrap()
}

async fn check(store: &Store, at: &Collection) {
    let (seen, truth) = (seen(store, at).await, truth(store, at).await);
    let wrong: Vec<_> = truth
        .iter()
        .filter(|(id, it)| seen.get(*id) != Some(it))
        .collect();
    assert!(wrong.is_empty(), "search lacks {wrong:?}");
    assert_eq!(seen.len(), truth.len(), "search sees what is not there");
}

fn folders(folder: &TempDir) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for number in fs::read_dir(folder.path().join(SEARCH))
        .into_iter()
        .flatten()
    {
        for generation in fs::read_dir(number.unwrap().path()).unwrap() {
            found.push(generation.unwrap().path());
        }
    }
    found
}

/// xorshift: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let seed = std::env::var("STORE_SEED")
            .ok()
            .map(|it| it.parse().unwrap());
        let seed = seed.unwrap_or(u64::from(std::process::id())) | 1;
        println!("STORE_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn search_agrees_with_the_truth_whatever_happens() {
    let mut random = Random::seeded();
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder);
    let places = [place("a"), place("b"), place("c")];
    for at in &places {
        create(&store, at).await;
    }
    for _ in 0..120 {
        let at = &places[random.below(3) as usize];
        match random.below(16) {
            0..8 => {
                let count = [3, 40, 400][random.below(3) as usize];
                let n = random.below(1000);
                let writes = (0..count).map(|_| put(random.below(900), n)).collect();
                write(&store, at, writes).await;
            }
            8..11 => {
                let writes = (0..30).map(|_| delete(random.below(900))).collect();
                store.write(at, writes).await.unwrap();
            }
            11 => store.truncate(at).await.unwrap(),
            12 => {
                store.delete_collection(at).await.unwrap();
                create(&store, at).await;
            }
            13 => store.reindex(at).await.unwrap(),
            14 => {
                store.close().await;
                drop(store);
                if random.below(2) == 0 {
                    let _ = fs::remove_dir_all(folder.path().join(SEARCH));
                }
                store = open(&folder);
            }
            _ => check(&store, at).await,
        }
    }
    for at in &places {
        check(&store, at).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_collection_has_no_files_and_a_grown_one_has() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let at = place("c");
    create(&store, &at).await;
    check(&store, &at).await;
    fill(&store, &at, 100).await;
    check(&store, &at).await;
    assert_eq!(folders(&folder).len(), 0);
    fill(&store, &at, 2000).await;
    check(&store, &at).await;
    store.close().await;
    assert_eq!(folders(&folder).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_files_is_built_again() {
    let mut random = Random::seeded();
    let folder = tempfile::tempdir().unwrap();
    let at = place("c");
    let store = open(&folder);
    create(&store, &at).await;
    fill(&store, &at, 1200).await;
    check(&store, &at).await;
    store.close().await;
    for round in 0..24 {
        let [generation] = folders(&folder).try_into().unwrap();
        let files: Vec<_> = fs::read_dir(&generation).unwrap().collect();
        let file = files[random.below(files.len() as u64) as usize]
            .as_ref()
            .unwrap();
        let mut bytes = fs::read(file.path()).unwrap();
        match random.below(4) {
            0 => fs::remove_file(file.path()).unwrap(),
            1 => {
                bytes.truncate(bytes.len() / 2);
                fs::write(file.path(), bytes).unwrap();
            }
            2 => fs::write(file.path(), vec![b'x'; bytes.len()]).unwrap(),
            _ => {
                let place = random.below(bytes.len().max(1) as u64) as usize;
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << random.below(8);
                }
                fs::write(file.path(), bytes).unwrap();
            }
        }
        let store = open(&folder);
        check(&store, &at).await;
        write(
            &store,
            &at,
            vec![put(round, round + 1), put(5000 + round, 1)],
        )
        .await;
        check(&store, &at).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_collections_cost_few_threads_and_files() {
    const COLLECTIONS: u64 = 3000;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let places: Vec<_> = (0..COLLECTIONS)
        .map(|it| place(&format!("c{it}")))
        .collect();
    let creations: Vec<_> = places
        .iter()
        .map(|at| {
            let (store, at) = (store.clone(), at.clone());
            tokio::spawn(async move {
                create(&store, &at).await;
                write(&store, &at, vec![put(1, 1), put(2, 2)]).await;
            })
        })
        .collect();
    for creation in creations {
        creation.await.unwrap();
    }
    for at in places.iter().step_by(10) {
        assert_eq!(seen(&store, at).await.len(), 2);
    }
    assert!(store.0.indexes.open_count() <= crate::limits::INDEXES_OPEN_MAX + 8);
    assert_eq!(folders(&folder).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_one_moment_and_no_request_is_seen_by_half() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let at = place("c");
    create(&store, &at).await;
    fill(&store, &at, 400).await;
    let before = reader(&store, &at).await;
    let held = seen_by(&before);
    let mut writers = Vec::new();
    for writer in 0..8 {
        let (store, at) = (store.clone(), at.clone());
        writers.push(tokio::spawn(async move {
            for n in 1..40 {
                // Each request sets a pair to the same number.
                let pair = [2 * writer, 2 * writer + 1].map(|id| put(id, n));
                write(&store, &at, pair.into()).await;
            }
        }));
    }
    while writers.iter().any(|it| !it.is_finished()) {
        let seen = seen(&store, &at).await;
        for writer in 0..8 {
            let pair = [2 * writer, 2 * writer + 1].map(|it| seen[&format!("d{it}")]);
            assert_eq!(pair[0], pair[1], "half a request is seen");
        }
    }
    check(&store, &at).await;
    assert_eq!(seen_by(&before), held, "a reader never changes");
}

#[tokio::test(flavor = "multi_thread")]
async fn search_sees_a_write_soon_without_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let at = place("c");
    create(&store, &at).await;
    fill(&store, &at, 300).await;
    let entry = store.0.entry(&at).unwrap();
    let first = *store.committed().borrow();
    check(&store, &at).await;
    write(&store, &at, vec![put(1, 7)]).await;
    store.0.indexes.wait_quietly(&entry, first + 1).await;
    assert_eq!(seen_by(&reader(&store, &at).await)["d1"], (2, 7));
    assert_eq!(store.index_state(&at).unwrap().waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_outgrows_its_index_gets_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let at = place("c");
    create(&store, &at).await;
    fill(&store, &at, 500).await;
    check(&store, &at).await;
    for round in 0..8 {
        let mut source = Map::new();
        source.insert("id".into(), "d9999".into());
        source.insert("n".into(), round.into());
        for field in 0..10 {
            source.insert(format!("text{round}_{field}"), "some words".into());
        }
        let kind = WriteKind::CreateOrReplace { source };
        let id = Some("d9999".into());
        write(&store, &at, vec![Write { id, kind }]).await;
        check(&store, &at).await;
    }
    // A new field of old documents, which nobody could search for.
    let reader = loop {
        let reader = reader(&store, &at).await;
        if reader.layout.place("text7_9").is_some()
            && store.index_state(&at).unwrap().building.is_none()
        {
            break reader;
        }
        store.refresh(&at).await.unwrap();
    };
    let place = reader.layout.place("text7_9").unwrap();
    assert!(
        matches!(place.values, crate::index::Values::Text(_)),
        "it has a field of its own"
    );
}

/// The disk under the search index fails at each write in turn, while the
/// documents do not: nothing is lost, searches go on, and the index recovers.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_the_index_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    let at = place("c");
    let store = open(&folder);
    create(&store, &at).await;
    fill(&store, &at, 600).await;
    check(&store, &at).await;
    store.close().await;
    for left in 0..40 {
        let disk = Disk {
            faults: faults.clone(),
        };
        let store =
            Store::open_on(disk, Duration::ZERO, folder.path(), Options::default()).unwrap();
        check(&store, &at).await;
        faults.writes_left.store(left, Ordering::SeqCst);
        let writes = (0..50).map(|it| put(it, left as u64)).collect();
        let _ = store.write(&at, writes).await;
        let _ = store.refresh(&at).await;
        faults.writes_left.store(-1, Ordering::SeqCst);
        let truth_now = truth(&store, &at).await;
        let seen_now = seen_by(&reader(&store, &at).await);
        assert_eq!(seen_now.len(), truth_now.len());
        store.close().await;
    }
    let store = open(&folder);
    check(&store, &at).await;
}
