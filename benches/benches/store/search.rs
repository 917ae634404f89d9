//! Search on a large collection: how fast documents become searchable, what the
//! usual queries take, how much memory it all needs, how soon it is there again.

use std::path::Path;
use std::time::{Duration, Instant};

use koncorde_store::{
    Collection, Options, SearchQuery, SearchRequest, Store, StoreError, Write, WriteKind,
};
use serde_json::{Map, Value, json};

use crate::{Outcome, row, scattered};

const GROUP: u64 = 1000;
const WRITERS: u64 = 4;
const RUNS: usize = 200;

pub(crate) async fn measure(documents: u64) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path(), Options::default())?;
    let at = Collection {
        index: "bench".into(),
        collection: "large".into(),
    };
    store
        .create_collection(&at, &mappings(), &json!({}))
        .await?;
    import(&store, &at, documents).await?;
    settle(&store, &at).await?;
    queries(&store, &at, documents).await?;
    let name = format!("anonymous memory, {documents} documents");
    row(&name, [&format!("{} MB", anonymous_mb()), "", ""]);
    get(&store, &at, documents).await?;
    let begun = Instant::now();
    store.close().await;
    let closed = format!("{:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    drop(store);
    row("stop", [&closed, "", ""]);
    start(folder.path(), &at, documents).await
}

fn mappings() -> Value {
    json!({"properties": {
        "name": {"type": "keyword"},
        "city": {"type": "keyword"},
        "age": {"type": "integer"},
        "fare": {"type": "double"},
        "at": {"type": "date"},
        "place": {"type": "geo_point"},
        "text": {"type": "text"},
    }})
}

/// About 500 bytes as JSON.
fn document(n: u64) -> Map<String, Value> {
    const WORDS: [&str; 16] = [
        "river",
        "taxi",
        "night",
        "harbour",
        "market",
        "bridge",
        "concert",
        "rain",
        "station",
        "garden",
        "museum",
        "library",
        "sunday",
        "breakfast",
        "football",
        "theatre",
    ];
    let random = scattered(n);
    let word = |place: u64| WORDS[(scattered(random ^ place) % 16) as usize];
    let text: Vec<&str> = (0..40).map(word).collect();
    let fields = [
        ("name", json!(format!("user {n}"))),
        ("city", json!(format!("city {}", random % 100))),
        ("age", json!(scattered(!random) % 90)),
        ("fare", json!((random % 100_000) as f64 / 100.0)),
        ("at", json!(1_700_000_000_000_u64 + random % 31_536_000_000)),
        (
            "place",
            json!({"lat": (random % 180) as f64 - 90.0, "lon": (random % 360) as f64 - 180.0}),
        ),
        ("text", json!(text.join(" "))),
    ];
    fields
        .map(|(name, it)| (name.to_owned(), it))
        .into_iter()
        .collect()
}

/// Writers with large requests, until search sees the last document.
async fn import(store: &Store, at: &Collection, documents: u64) -> Outcome<()> {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        let (store, at) = (store.clone(), at.clone());
        tasks.push(tokio::spawn(async move {
            let mut lag = Duration::ZERO;
            for group in (writer * GROUP..documents).step_by((WRITERS * GROUP) as usize) {
                let writes = (group..(group + GROUP).min(documents)).map(|n| Write {
                    id: Some(format!("{:016x}", scattered(n))),
                    kind: WriteKind::Create {
                        source: document(n),
                    },
                });
                for outcome in store.write(&at, writes.collect()).await? {
                    outcome?;
                }
                lag = lag.max(store.index_state(&at)?.lag);
            }
            Ok::<_, StoreError>(lag)
        }));
    }
    let mut lag = Duration::ZERO;
    for task in tasks {
        lag = lag.max(task.await??);
    }
    store.refresh(at).await?;
    let found = store
        .count(std::slice::from_ref(at), &SearchQuery::All)
        .await?;
    assert_eq!(found, documents, "search sees every document");
    let rate = documents as f64 / begun.elapsed().as_secs_f64();
    let lag = format!("lag {:.1} s", lag.as_secs_f64());
    row("import until searchable", [&format!("{rate:.0}"), &lag, ""]);
    Ok(())
}

/// Merges go on for a while after an import.
async fn settle(store: &Store, at: &Collection) -> Outcome<()> {
    let begun = Instant::now();
    while store.index_state(at)?.is_merging {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let took = format!("{:.1} s", begun.elapsed().as_secs_f64());
    row("merges after the import", [&took, "", ""]);
    Ok(())
}

async fn queries(store: &Store, at: &Collection, documents: u64) -> Outcome<()> {
    let filtered = json!({"bool": {
        "must": [{"match": {"text": "harbour"}}],
        "filter": [
            {"term": {"city": "city 7"}},
            {"range": {"age": {"gte": 18, "lt": 20}}},
        ],
    }});
    let cities = json!({"aggs": {"cities": {"terms": {"field": "city", "size": 10}}}});
    let all = json!({"match_all": {}});
    let cases = [
        ("bool with filter and range", &filtered, json!({}), 10),
        ("terms aggregation", &all, cities, 0),
        (
            "sort by a number, top 10",
            &all,
            json!({"sort": [{"fare": "desc"}]}),
            10,
        ),
        (
            "match, top 10",
            &json!({"match": {"text": "harbour bridge"}}),
            json!({}),
            10,
        ),
        (
            "term, top 10",
            &json!({"term": {"city": "city 7"}}),
            json!({}),
            10,
        ),
    ];
    for (name, query, body, size) in cases {
        let request = SearchRequest {
            query: SearchQuery::Elasticsearch(query.clone()),
            body: body.as_object().cloned().unwrap_or_default(),
            size,
            ..SearchRequest::default()
        };
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let begun = Instant::now();
            let found = store
                .search(std::slice::from_ref(at), request.clone())
                .await?;
            times.push(begun.elapsed());
            assert!(
                found.total > 0 && found.total <= documents,
                "{name} finds documents"
            );
        }
        times.sort_unstable();
        let ms = |it: usize| format!("{:.2} ms", times[RUNS * it / 100].as_secs_f64() * 1e3);
        row(name, ["", &ms(50), &ms(99)]);
    }
    Ok(())
}

async fn get(store: &Store, at: &Collection, documents: u64) -> Outcome<()> {
    const GETS: u64 = 200_000;
    let begun = Instant::now();
    for n in 0..GETS {
        let id = format!("{:016x}", scattered(scattered(n) % documents));
        let found = store.get(at, &[id]).await?;
        assert!(found.iter().all(Option::is_some), "every document is there");
    }
    let rate = GETS as f64 / begun.elapsed().as_secs_f64();
    row("get at random, one task", [&format!("{rate:.0}"), "", ""]);
    Ok(())
}

async fn start(folder: &Path, at: &Collection, documents: u64) -> Outcome<()> {
    let begun = Instant::now();
    let store = Store::open(folder, Options::default())?;
    let opened = begun.elapsed();
    let found = store
        .count(std::slice::from_ref(at), &SearchQuery::All)
        .await?;
    assert_eq!(found, documents, "search sees every document again");
    let ms = |it: Duration| format!("{:.0} ms", it.as_secs_f64() * 1e3);
    row("start after a proper stop", [&ms(opened), "", ""]);
    row("start and first search", [&ms(begun.elapsed()), "", ""]);
    store.close().await;
    Ok(())
}

/// Memory of the process that is no file, where the system tells.
fn anonymous_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("RssAnon:"));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) >> 10
}
