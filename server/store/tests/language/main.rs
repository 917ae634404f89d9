//! The query language against a naive model: a list of JSON values, and the
//! meaning of each clause, sort and aggregation written in the most obvious way.
//! Random documents, queries, sorts and aggregations; the seed is printed.
//!
//! `STORE_SEED=…` runs one seed again, `STORE_SEEDS=…` so many of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod aggregate;
mod cases;
mod clause;
mod field;
mod model;
mod near;
mod random;
mod sort;
#[path = "../support/mod.rs"]
mod support;
mod text;

use std::collections::BTreeSet;
use std::env;

use koncorde_store::{Collection, SearchQuery, SearchRequest, SearchResult, Store, WriteKind};
use serde_json::{Map, Value, json};

use self::model::Model;
use self::near::{assert_near, is_near};
use self::random::Random;
use self::support::{create, one, open, place, put};

const SEEDS: u64 = 3;
const DOCUMENTS: usize = 150;
const QUERIES: usize = 100;

#[tokio::test]
async fn searches_find_what_the_model_finds() {
    let number = |name: &str| env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    let seeds = match number("STORE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("STORE_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        println!("STORE_SEED={seed}");
        run(seed).await;
    }
}

async fn run(seed: u64) {
    let mut random = Random::new(seed);
    let documents: Vec<(String, Value)> = (0..DOCUMENTS)
        .map(|it| (format!("d{it:03}"), random.document()))
        .collect();
    let (_folder, store, at) = filled(&random::mapping(), &documents).await;
    let mut model = Model::new(random::mapping(), documents);
    // Statistics count what was replaced until segments are merged: half of the
    // seeds go without changes, so that scores are known.
    if seed % 2 == 1 {
        change(&store, &at, &mut model, &mut random).await;
    }
    for step in 0..QUERIES {
        let context = format!("seed {seed}, step {step}");
        let query = random.query(2, "");
        check_query(&store, &at, &model, &query, &context).await;
        if step % 3 == 0 {
            let sort = random.sort();
            check_sort(&store, &at, &model, &query, &sort, &context).await;
        }
        if step % 3 == 1 {
            let aggregation = random.aggregation(2);
            check_aggregation(&store, &at, &model, &query, &aggregation, &context).await;
        }
    }
}

/// Some documents are written anew, some deleted.
async fn change(store: &Store, at: &Collection, model: &mut Model, random: &mut Random) {
    model.knows_scores = false;
    for number in (0..DOCUMENTS).step_by(3) {
        let id = format!("d{number:03}");
        let written = match number % 2 {
            0 => {
                let document = random.document();
                model.put(&id, Some(document.clone()));
                put(&id, document)
            }
            _ => {
                model.put(&id, None);
                support::write(&id, WriteKind::Delete)
            }
        };
        one(store, at, written).await.unwrap();
    }
    store.refresh(at).await.unwrap();
}

/// A store with a collection of such documents, all of them searchable.
pub(crate) async fn filled(
    mapping: &Value,
    documents: &[(String, Value)],
) -> (tempfile::TempDir, Store, Collection) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let at = place("i", "language");
    store
        .create_collection(&at, mapping, &Value::Null)
        .await
        .unwrap();
    // Several segments, as there are in life.
    for part in documents.chunks(40) {
        let writes = part.iter().map(|(id, it)| create(id, it.clone()));
        for outcome in store.write(&at, writes.collect()).await.unwrap() {
            outcome.unwrap();
        }
        store.refresh(&at).await.unwrap();
    }
    (folder, store, at)
}

async fn search(store: &Store, at: &Collection, query: &Value, body: Value) -> SearchResult {
    let request = SearchRequest {
        query: SearchQuery::Elasticsearch(query.clone()),
        body: support::object(body),
        size: 1000,
        ..SearchRequest::default()
    };
    let found = store.search(std::slice::from_ref(at), request).await;
    found.unwrap_or_else(|error| panic!("{query}: {error}"))
}

async fn check_query(store: &Store, at: &Collection, model: &Model, query: &Value, context: &str) {
    let Some(mut difference) = difference(store, at, model, query).await else {
        return;
    };
    // The least clause that is answered wrongly says more than all of it.
    let mut query = query.clone();
    'smaller: loop {
        for part in parts(&query) {
            if let Some(found) = self::difference(store, at, model, &part).await {
                (query, difference) = (part, found);
                continue 'smaller;
            }
        }
        panic!("{context}: {query}\n{difference}");
    }
}

/// What the store and the model do not agree on.
async fn difference(
    store: &Store,
    at: &Collection,
    model: &Model,
    query: &Value,
) -> Option<String> {
    let found = search(store, at, query, json!({})).await;
    let hits = found.hits.iter();
    let hits = hits.map(|it| (it.document.id.clone(), it.score.unwrap()));
    let mut hits: Vec<(String, f64)> = hits.collect();
    if hits.windows(2).any(|pair| pair[0].1 < pair[1].1) {
        return Some("the hits are not in the order of their scores".into());
    }
    hits.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = model.search(query);
    let of = |hits: &[(String, f64)]| hits.iter().map(|it| it.0.clone()).collect::<BTreeSet<_>>();
    let (ids, expected_ids) = (of(&hits), of(&expected));
    let shown = |id: &String| format!("{id}: {}", model.document(id));
    if let Some(id) = ids.difference(&expected_ids).next() {
        return Some(format!("finds what it should not: {}", shown(id)));
    }
    if let Some(id) = expected_ids.difference(&ids).next() {
        return Some(format!("does not find {}", shown(id)));
    }
    if found.total != expected.len() as u64 {
        return Some(format!(
            "a total of {} instead of {}",
            found.total,
            expected.len()
        ));
    }
    let mut pairs = hits.iter().zip(&expected);
    let wrong =
        pairs.find(|((_, score), (_, expected))| !expected.is_nan() && !is_near(*score, *expected));
    wrong.map(|((id, score), (_, expected))| {
        format!("scores {score} instead of {expected}: {}", shown(id))
    })
}

/// The queries of the same documents that a query is made of.
fn parts(query: &Value) -> Vec<Value> {
    let (clause, body) = query.as_object().unwrap().iter().next().unwrap();
    let keys: &[&str] = match clause.as_str() {
        "bool" => &["must", "filter", "should", "must_not"],
        "constant_score" => &["filter"],
        "boosting" => &["positive", "negative"],
        "dis_max" => &["queries"],
        _ => &[],
    };
    let parts = keys.iter().filter_map(|key| body.get(key));
    parts
        .flat_map(|it| match it {
            Value::Array(queries) => queries.clone(),
            query => vec![query.clone()],
        })
        .collect()
}

async fn check_sort(
    store: &Store,
    at: &Collection,
    model: &Model,
    query: &Value,
    sort: &Value,
    context: &str,
) {
    let found = search(store, at, query, json!({ "sort": sort })).await;
    let ids: Vec<&str> = found.hits.iter().map(|it| &*it.document.id).collect();
    let expected = model.sorted(query, sort);
    assert_eq!(ids, expected, "{context}: {query} sorted by {sort}");
}

async fn check_aggregation(
    store: &Store,
    at: &Collection,
    model: &Model,
    query: &Value,
    aggregation: &Value,
    context: &str,
) {
    let body: Map<String, Value> = [("aggs".to_owned(), aggregation.clone())]
        .into_iter()
        .collect();
    let found = search(store, at, query, body.into()).await;
    let expected = model.aggregated(query, aggregation);
    let context = format!("{context}: {query} aggregated by {aggregation}");
    assert_near(&found.aggregations.unwrap(), &expected, &context);
}
