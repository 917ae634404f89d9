//! `cargo bench --bench store`: what the document store keeps up with, and what
//! redb alone does on the same disk in the same run. `-- --quick` takes seconds.
//!
//! Why these rows: one writer shows the price of an fsync, many show that groups
//! share it; ids in order and at random show what the place of a document in
//! its tree costs; gets are what every request pays; opening after a crash is
//! what a restart costs. Every row checks that nothing is missing.

mod search;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use koncorde_store::{
    Collection, Options, SearchQuery, SearchRequest, Store, StoreError, Write, WriteKind,
};
use redb::{Database, TableDefinition};
use serde_json::{Map, Value, json};

const WRITERS: [usize; 4] = [1, 8, 64, 256];
const GETS: usize = 200_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args();
    let is_quick = arguments.any(|it| it == "--quick" || it == "--test");
    let (seconds, documents) = match is_quick {
        true => (0.3, 20_000),
        false => (4.0, 1_000_000),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(Duration::from_secs_f64(seconds)))?;
    // Alone: what it does to the memory is measured.
    runtime.block_on(search::measure(documents))
}

async fn measure(duration: Duration) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path(), Options::default())?;
    let at = Collection {
        index: "bench".into(),
        collection: "documents".into(),
    };
    store.create_collection(&at, &json!({}), &json!({})).await?;
    row("", ["per second", "p50 µs", "p99 µs"]);
    let numbers = Arc::new(AtomicU64::new(0));
    for ids in [Ids::Ordered, Ids::Random] {
        redb_alone(ids, duration)?;
        for writers in WRITERS {
            let done = write(&store, &at, ids, writers, duration, &numbers).await?;
            let lag = store.index_state(&at)?.lag.as_millis();
            done.print(&format!("{writers} writers, {ids:?}, lag {lag} ms"));
        }
    }
    store.refresh(&at).await?;
    let expected = numbers.load(Ordering::Relaxed);
    let found = store.count(std::slice::from_ref(&at), &SearchQuery::All);
    assert_eq!(found.await?, expected, "every answered write is there");
    get(&store, &at).await?.print("get, one task");
    open_again(folder.path(), &store).await
}

#[derive(Clone, Copy, Debug)]
enum Ids {
    Ordered,
    Random,
}

struct Done {
    elapsed: Duration,
    latencies: Vec<Duration>,
}

impl Done {
    fn print(mut self, name: &str) {
        self.latencies.sort_unstable();
        let count = self.latencies.len();
        let quantile = |part: usize| {
            let latency = self.latencies.get(count * part / 100);
            format!("{:.1}", latency.map_or(0.0, |it| it.as_secs_f64() * 1e6))
        };
        let rate = count as f64 / self.elapsed.as_secs_f64();
        row(name, [&format!("{rate:.0}"), &quantile(50), &quantile(99)]);
    }
}

#[expect(clippy::print_stdout, reason = "the table is the product")]
fn row(name: &str, cells: [&str; 3]) {
    println!("{name:40}{:>12}{:>12}{:>12}", cells[0], cells[1], cells[2]);
}

/// About 400 bytes as JSON.
fn document(n: u64) -> Map<String, Value> {
    let text = "one of the sentences that people write into the documents of a collection";
    Map::from_iter([
        ("name".into(), format!("user {n}").into()),
        ("age".into(), (n % 90).into()),
        ("score".into(), (n as f64 * 0.37).into()),
        ("location".into(), json!({"lat": n % 90, "lon": n % 180})),
        ("tags".into(), json!(["a", "b", format!("t{}", n % 50)])),
        ("text".into(), text.repeat(2).into()),
        (
            "_kuzzle_info".into(),
            json!({"author": "-1", "createdAt": n, "updatedAt": null}),
        ),
    ])
}

/// A number that has nothing to do with its neighbours' (the finaliser of
/// MurmurHash3, which no two numbers share).
fn scattered(n: u64) -> u64 {
    let n = (n ^ (n >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let n = (n ^ (n >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    n ^ (n >> 33)
}

async fn write(
    store: &Store,
    at: &Collection,
    ids: Ids,
    writers: usize,
    duration: Duration,
    numbers: &Arc<AtomicU64>,
) -> Outcome<Done> {
    let is_over = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (store, at, numbers) = (store.clone(), at.clone(), numbers.clone());
            let is_over = is_over.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let n = numbers.fetch_add(1, Ordering::Relaxed);
                    let start = Instant::now();
                    create(&store, &at, ids, n).await?;
                    latencies.push(start.elapsed());
                }
                Ok::<_, StoreError>(latencies)
            })
        })
        .collect();
    tokio::time::sleep(duration).await;
    is_over.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    Ok(Done {
        elapsed: start.elapsed(),
        latencies,
    })
}

async fn create(store: &Store, at: &Collection, ids: Ids, n: u64) -> Result<(), StoreError> {
    let write = Write {
        id: match ids {
            Ids::Ordered => None,
            Ids::Random => Some(format!("{:016x}", scattered(n))),
        },
        kind: WriteKind::Create {
            source: document(n),
        },
    };
    let outcomes = store.write(at, vec![write]).await?;
    outcomes.into_iter().try_for_each(|it| it.map(drop))
}

/// Groups of 64 in one transaction each: what the store builds on.
fn redb_alone(ids: Ids, duration: Duration) -> Outcome<()> {
    const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("documents");
    const GROUP: u64 = 64;
    let folder = tempfile::tempdir()?;
    let database = Database::create(folder.path().join("alone.redb"))?;
    let (start, mut latencies, mut n) = (Instant::now(), Vec::new(), 0);
    while start.elapsed() < duration {
        let begun = Instant::now();
        let transaction = database.begin_write()?;
        let mut table = transaction.open_table(TABLE)?;
        for _ in 0..GROUP {
            let id = match ids {
                Ids::Ordered => format!("{n:016x}"),
                Ids::Random => format!("{:016x}", scattered(n)),
            };
            table.insert(id.as_str(), serde_json::to_vec(&document(n))?.as_slice())?;
            n += 1;
        }
        drop(table);
        transaction.commit()?;
        latencies.extend(std::iter::repeat_n(begun.elapsed(), GROUP as usize));
    }
    let elapsed = start.elapsed();
    Done { elapsed, latencies }.print(&format!("redb alone, groups of {GROUP}, {ids:?}"));
    Ok(())
}

async fn get(store: &Store, at: &Collection) -> Outcome<Done> {
    let some = SearchRequest {
        size: 1000,
        ..SearchRequest::default()
    };
    let some = store.search(std::slice::from_ref(at), some).await?;
    let ids: Vec<[String; 1]> = some.hits.into_iter().map(|it| [it.document.id]).collect();
    let (start, mut latencies) = (Instant::now(), Vec::with_capacity(GETS));
    for id in ids.iter().cycle().take(GETS) {
        let start = Instant::now();
        let found = store.get(at, id).await?;
        assert!(found.iter().all(Option::is_some));
        latencies.push(start.elapsed());
    }
    let elapsed = start.elapsed();
    Ok(Done { elapsed, latencies })
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&copy)?;
            copy_folder(&entry.path(), &copy)?;
        } else {
            std::fs::copy(entry.path(), copy)?;
        }
    }
    Ok(())
}

/// Opens a copy of the folder as a crash would leave it, then once more.
async fn open_again(folder: &Path, store: &Store) -> Outcome<()> {
    let copy = tempfile::tempdir()?;
    copy_folder(folder, copy.path())?;
    let bytes = std::fs::metadata(copy.path().join("documents.redb"))?.len();
    for after in ["a crash", "a proper stop"] {
        let start = Instant::now();
        let opened = Store::open(copy.path(), Options::default())?;
        let elapsed = format!("{:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(*opened.committed().borrow(), *store.committed().borrow());
        let name = format!("open {} MB after {after}", bytes >> 20);
        row(&name, [&elapsed, "", ""]);
        opened.close().await;
    }
    Ok(())
}
