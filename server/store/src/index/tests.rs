//! What is written stands where the layout says.

use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Value, json};
use tantivy::collector::{Count, DocSetCollector};
use tantivy::query::{PhraseQuery, RangeQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Term};

use super::layout::Slots;
use super::{Layout, Reader, Values, columns, names};
use crate::analysis::Analysis;
use crate::mapping::{Exact, Mapping};

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
fn ranges_of_columns_are_found_by_any_path() {
    let paths = ["n", "o.n", "o.p.n", "a\\b.n"];
    let document = |number: i64| {
        let members = paths.map(|it| (it.to_owned(), json!(number)));
        Value::Object(members.into_iter().collect())
    };
    let documents = [document(1), document(2)];
    let reader = Reader::in_memory(&json!({}), &Value::Null, &documents);
    for path in paths {
        let least = reader.layout.term(path, &Exact::Integer(2));
        let query = RangeQuery::new(Bound::Included(least), Bound::Unbounded);
        assert_eq!(reader.searcher.search(&query, &Count).unwrap(), 1, "{path}");
    }
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
fn parameters_decide_what_is_written() {
    let reader = Reader::in_memory(
        &json!({"properties": {
            "all": {"type": "text"},
            "k": {"type": "keyword", "ignore_above": 3, "null_value": "nil", "copy_to": ["all", "k2"],
                  "normalizer": "lowercase", "fields": {"n": {"type": "token_count", "analyzer": "standard"}}},
            "k2": {"type": "keyword"},
            "i": {"type": "integer", "ignore_malformed": true},
            "off": {"enabled": false},
            "flat": {"type": "flattened"},
            "r": {"type": "integer_range"},
            "p": {"type": "geo_point"},
            "s": {"type": "geo_shape"},
            "bin": {"type": "binary"},
            "also": {"type": "alias", "path": "k2"},
        }, "dynamic": "false"}),
        &Value::Null,
        &[
            json!({"k": "AB", "i": "x", "off": {"a": 1}, "flat": {"a": {"b": "c"}, "d": 5}, "other": 1}),
            json!({"k": "long ones", "r": [{"gte": 1, "lt": 5}, {"gte": 9}], "p": [[3, 4], "5,6"]}),
            json!({"k": null, "i": [null, 7], "s": ["POINT (1 2)", "POINT (3 5)"], "bin": "U29tZQ=="}),
        ],
    );
    let cases = [
        ("k", json!("ab"), vec!["1"]),
        ("k", json!("nil"), vec!["3"]),
        ("k2", json!("long ones"), vec!["2"]),
        ("also", json!("AB"), vec!["1"]),
        ("k.n", json!(2), vec!["2"]),
        ("i", json!(7), vec!["3"]),
        ("flat", json!("c"), vec!["1"]),
        ("flat.a.b", json!("c"), vec!["1"]),
        ("flat.d", json!(5), vec!["1"]),
        ("flat.a", json!("c"), vec![]),
    ];
    for (path, value, expected) in cases {
        assert_eq!(exact(&reader, path, &value), expected, "{path} {value}");
    }
    let names = [
        ("k", 2),
        ("i", 1),
        ("off.a", 0),
        ("other", 0),
        ("p", 1),
        ("s", 1),
        ("r", 1),
        ("bin", 0),
        ("flat.a", 0),
        ("all", 2),
    ];
    for (name, expected) in names {
        assert_eq!(count(&reader, reader.layout.name(name)), expected, "{name}");
    }
    let segment = reader.searcher.segment_reader(0).fast_fields();
    let points = segment.i64(&Layout::column(&columns::point("p"))).unwrap();
    let first = crate::shape::decode_cell(points.values_for_doc(1).next().unwrap());
    assert!((first.lat - 4.0).abs() < 1e-6 && (first.lon - 3.0).abs() < 1e-6);
    let side = |name: &str, document: u32| {
        let column = segment.f64(&Layout::column(name)).unwrap();
        column.values_for_doc(document).collect::<Vec<_>>()
    };
    let sides = columns::shape_box("s").map(|it| side(&it, 2));
    assert_eq!(sides, [[1.0], [3.0], [2.0], [5.0]]);
    let ranges = columns::range("r").map(|it| {
        let column = segment.i64(&Layout::column(&it)).unwrap();
        column.values_for_doc(1).collect::<Vec<_>>()
    });
    assert_eq!(ranges, [[1, 9], [4, i64::MAX]]);
}

#[test]
fn texts_take_spare_fields_until_none_is_left() {
    let mapping = |count: usize| {
        let fields = (0..count).map(|it| (format!("f{it}"), json!({"type": "text"})));
        let fields: serde_json::Map<_, _> = fields.collect();
        Mapping::parse(&json!({ "properties": fields })).unwrap()
    };
    let slots = Slots::of(&mapping(2));
    let grown = slots.grown(&mapping(16)).unwrap();
    assert_eq!(grown.grown(&mapping(16)), Some(grown.clone()));
    assert_eq!(grown.grown(&mapping(17)), None);
    let analysis = Arc::new(Analysis::of(&Value::Null).unwrap());
    let field = |mapping: Mapping, slots: &Slots| {
        let layout = Layout::new(Arc::new(mapping), analysis.clone(), slots.clone());
        match layout.place("f1").unwrap().values {
            Values::Text(field) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(field(mapping(2), &slots), field(mapping(16), &grown));
    assert!(Slots::of(&mapping(17)).grown(&mapping(34)).is_some());
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
