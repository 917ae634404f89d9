//! Queries as tables: a mapping, documents, and for each query the ids that it
//! finds, best first.

mod documented;
mod exact;
mod geo;
mod nested;
mod scores;
mod strings;
mod text;

use serde_json::{Value, json};
use tantivy::collector::{Count, DocSetCollector, TopDocs};
use tantivy::schema::Value as _;
use tantivy::{DocAddress, TantivyDocument};

use super::compile_at;
use crate::index::Reader;
use crate::query::parse;

/// 2024-02-29T12:30:15.250Z
const NOW: i64 = 1_709_209_815_250;

/// A collection of these documents; each has its `_id`.
fn collection(properties: &Value, documents: &[Value]) -> Reader {
    Reader::in_memory(&json!({"properties": properties}), &json!({}), documents)
}

fn id(reader: &Reader, address: DocAddress) -> String {
    let segment = reader.searcher.segment_reader(address.segment_ord);
    let ids = segment.fast_fields().str("_id").unwrap().unwrap();
    let ord = ids.term_ords(address.doc_id).next().unwrap();
    let mut id = String::new();
    ids.ord_to_str(ord, &mut id).unwrap();
    // Nested documents carry the id too, but no source.
    let document: TantivyDocument = reader.searcher.doc(address).unwrap();
    let source = document.get_first(reader.layout.fields.source);
    assert!(
        source.is_some_and(|it| it.as_bytes().is_some()),
        "{id} is nested"
    );
    id
}

/// Ids with their scores, the best first, then by id.
fn scored(reader: &Reader, query: &Value) -> Vec<(String, f32)> {
    let parsed = parse(query).unwrap_or_else(|it| panic!("{query}: {it}"));
    let compiled = compile_at(&parsed, reader, NOW).unwrap_or_else(|it| panic!("{query}: {it}"));
    let top = TopDocs::with_limit(1000).order_by_score();
    let (hits, count) = reader.searcher.search(&*compiled, &(top, Count)).unwrap();
    let unscored = reader
        .searcher
        .search(&*compiled, &DocSetCollector)
        .unwrap();
    assert_eq!((hits.len(), unscored.len()), (count, count), "{query}");
    let mut hits: Vec<_> = hits
        .into_iter()
        .map(|(score, at)| (id(reader, at), score))
        .collect();
    hits.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    hits
}

/// Ids in the order of their scores, one letter each.
fn ids(reader: &Reader, query: &Value) -> String {
    let hits = scored(reader, query);
    hits.into_iter()
        .map(|it| it.0)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What each query finds, in any order.
fn check(reader: &Reader, cases: &[(Value, &str)]) {
    for (query, expected) in cases {
        let mut found: Vec<_> = scored(reader, query).into_iter().map(|it| it.0).collect();
        found.sort();
        assert_eq!(found.join(" "), *expected, "{query}");
        // Excluded, and asked from inside of other clauses: the same documents.
        let all = ids(reader, &json!({"match_all": {}})).split(' ').count();
        let others = scored(reader, &json!({"bool": {"must_not": query}})).len();
        assert_eq!(found.len() + others, all, "not {query}");
        let twice = json!({"bool": {"filter": [{"match_all": {}}, query], "must": query}});
        assert_eq!(scored(reader, &twice).len(), found.len(), "{twice}");
    }
}

fn refused(reader: &Reader, cases: &[(Value, &str)]) {
    for (query, message) in cases {
        let error = compile_at(&parse(query).unwrap(), reader, NOW).err();
        let error = error.unwrap_or_else(|| panic!("{query} is taken"));
        assert!(error.message.contains(message), "{query}: {error}");
    }
}
