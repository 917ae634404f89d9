//! What is written stands where the layout says.

use serde_json::{Value, json};
use tantivy::collector::{Count, DocSetCollector};
use tantivy::query::{PhraseQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Term};

use super::{Layout, Reader, Values, names};
use crate::mapping::Exact;

fn count(reader: &Reader, term: Term) -> usize {
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    reader.searcher.search(&query, &Count).unwrap()
}

fn ids(reader: &Reader, term: Term) -> Vec<String> {
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    let found = reader.searcher.search(&query, &DocSetCollector).unwrap();
    let mut ids: Vec<String> = found
        .into_iter()
        .map(|address| {
            let segment = reader.searcher.segment_reader(address.segment_ord);
            let column = segment.fast_fields().str("_id").unwrap().unwrap();
            let ord = column.term_ords(address.doc_id).next().unwrap();
            let mut id = String::new();
            column.ord_to_str(ord, &mut id).unwrap();
            id
        })
        .collect();
    ids.sort();
    ids
}

fn exact(reader: &Reader, path: &str, value: &Value) -> Vec<String> {
    let place = reader.layout.place(path).unwrap();
    let value = place.leaf.exact(value).unwrap();
    ids(reader, reader.layout.term(&place.path, &value))
}

#[test]
fn exact_values_have_terms_and_columns() {
    let reader = Reader::in_memory(
        &json!({"properties": {
            "k.x": {"type": "keyword"}, "n": {"type": "long"}, "f": {"type": "float"},
            "b": {"type": "boolean"}, "d": {"type": "date"}, "ip": {"type": "ip"},
        }}),
        &Value::Null,
        &[
            json!({"k": {"x": ["a", "b"]}, "n": 5, "f": 0.1, "b": true, "d": "1970-01-02"}),
            json!({"k.x": "b", "n": [5, -6], "f": 2.0, "b": false, "ip": "10.0.0.1"}),
        ],
    );
    let cases = [
        ("k.x", json!("a"), vec!["1"]),
        ("k.x", json!("b"), vec!["1", "2"]),
        ("n", json!("5"), vec!["1", "2"]),
        ("n", json!(-6), vec!["2"]),
        ("f", json!(0.1), vec!["1"]),
        ("f", json!(2), vec!["2"]),
        ("b", json!(false), vec!["2"]),
        ("d", json!(86_400_000), vec!["1"]),
        ("ip", json!("10.0.0.1"), vec!["2"]),
        ("n", json!(7), vec![]),
    ];
    for (path, value, expected) in cases {
        assert_eq!(exact(&reader, path, &value), expected, "{path} {value}");
    }
    let segment = reader.searcher.segment_reader(0);
    let column = segment.fast_fields().i64(&Layout::column("n")).unwrap();
    assert_eq!(column.values_for_doc(1).collect::<Vec<_>>(), [-6, 5]);
    let column = segment.fast_fields().str(&Layout::column("k.x")).unwrap();
    assert_eq!(column.unwrap().term_ords(0).count(), 2);
}

#[test]
fn texts_have_positions_and_gaps() {
    let reader = Reader::in_memory(
        &json!({}),
        &Value::Null,
        &[
            json!({"t": "The quick, brown fox"}),
            json!({"t": ["quick", "brown"], "u": ""}),
        ],
    );
    let place = reader.layout.place("t").unwrap();
    let Values::Text(field) = place.values else {
        panic!("{place:?}");
    };
    let term = |text: &str| Term::from_field_text(field, text);
    assert_eq!(ids(&reader, term("quick")), ["1", "2"]);
    let phrase = PhraseQuery::new(vec![term("quick"), term("brown")]);
    assert_eq!(reader.searcher.search(&phrase, &Count).unwrap(), 1);
    assert_eq!(exact(&reader, "t.keyword", &json!("brown")), ["2"]);
    let postings = reader
        .searcher
        .segment_reader(0)
        .inverted_index(field)
        .unwrap();
    let mut brown = postings
        .read_postings(&term("brown"), IndexRecordOption::WithFreqsAndPositions)
        .unwrap()
        .unwrap();
    let mut positions = Vec::new();
    assert_eq!(brown.seek(1), 1);
    tantivy::postings::Postings::positions(&mut brown, &mut positions);
    assert_eq!(positions, [101]);
    assert_eq!(count(&reader, reader.layout.name("u")), 1);
    assert_eq!(
        count(&reader, reader.layout.name(&names::without_terms("u"))),
        1
    );
}

#[test]
fn nested_documents_stand_before_their_root() {
    let reader = Reader::in_memory(
        &json!({"properties": {
            "n": {"type": "nested", "properties": {
                "a": {"type": "long"},
                "m": {"type": "nested", "properties": {"b": {"type": "keyword"}}},
            }},
            "o": {"properties": {"x": {"type": "long"}}},
        }}),
        &Value::Null,
        &[
            json!({"n": [{"a": 1, "m": [{"b": "x"}, {"b": "y"}]}, {"a": 2}], "o": {"x": 1}}),
            json!({"n.a": 3}),
        ],
    );
    let name = |it: &str| reader.layout.name(it);
    assert_eq!(reader.searcher.num_docs(), 7);
    assert_eq!(count(&reader, name(names::CHILD)), 5);
    assert_eq!(count(&reader, name(&names::nested("n"))), 3);
    assert_eq!(count(&reader, name(&names::nested("n.m"))), 2);
    assert_eq!(count(&reader, name("n")), 0);
    assert_eq!(count(&reader, name("o")), 1);
    let place = reader.layout.place("n.m.b").unwrap();
    assert_eq!(place.nested, ["n", "n.m"]);
    let three = reader.layout.term("n.a", &Exact::Integer(3));
    let query = TermQuery::new(three, IndexRecordOption::Basic);
    let found = reader.searcher.search(&query, &DocSetCollector).unwrap();
    assert_eq!(found.into_iter().next().unwrap().doc_id, 5);
    let root = tantivy::DocAddress::new(0, 6);
    assert_eq!(reader.source(root).unwrap(), br#"{"n.a":3}"#);
}
