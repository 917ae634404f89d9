//! Searches over small collections: mapping, documents, body, answer.

mod aggregations;
mod documented;
mod hits;
mod model;
mod more_aggregations;
mod scrolls;

use std::sync::atomic::AtomicBool;

use serde_json::{Map, Value, json};

use super::*;
use crate::document::{SearchQuery, SearchRequest, SearchResult};
use crate::error::StoreError;
use crate::index::Reader;

pub(super) static WAITING: AtomicBool = AtomicBool::new(false);

/// A collection of documents with these `properties`.
pub(super) fn collection(properties: Value, documents: &[Value]) -> Reader {
    let mapping = json!({"properties": properties});
    Reader::in_memory(&mapping, &json!({}), documents)
}

pub(super) fn request(body: &Value) -> SearchRequest {
    let mut rest: Map<String, Value> = body.as_object().unwrap().clone();
    let number = |it: Option<Value>, usual: u64| it.map_or(usual, |it| it.as_u64().unwrap());
    let from = number(rest.remove("from"), 0);
    let size = number(rest.remove("size"), 10);
    let query = match rest.remove("query") {
        None => SearchQuery::All,
        Some(query) => SearchQuery::Elasticsearch(query),
    };
    SearchRequest {
        query,
        body: rest,
        from,
        size,
        scroll: None,
    }
}

pub(super) fn run(readers: &[Reader], body: &Value) -> Result<SearchResult, StoreError> {
    search(readers, &request(body), &WAITING)
}

/// The aggregations of a body.
pub(super) fn aggregate(readers: &[Reader], aggs: &Value) -> Value {
    let result = run(readers, &json!({"size": 0, "aggs": aggs}));
    let result = result.unwrap_or_else(|error| panic!("{aggs}: {error}"));
    result.aggregations.unwrap()
}

pub(super) fn ids(result: &SearchResult) -> String {
    let ids = result.hits.iter().map(|it| it.document.id.as_str());
    ids.collect::<Vec<_>>().join(" ")
}
