//! Scores, computed by hand from the formula of BM25:
//! `idf · 2.2 · f / (f + 1.2 · (0.25 + 0.75 · length / average))` with
//! `idf = ln(1 + (N - n + 0.5) / (n + 0.5))`, where N and the average are of the
//! documents that have the field.

use serde_json::json;

use super::*;

fn near(found: &[(String, f32)], expected: &[(&str, f32)], query: &Value) {
    let is_near = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-4);
    assert!(is_near, "{query}\nfound {found:?}\nnot   {expected:?}");
}

/// `f` terms of a value with `length` terms.
fn bm25(documents: f32, with_term: f32, f: f32, length: f32, average: f32) -> f32 {
    let idf = (1.0 + (documents - with_term + 0.5) / (with_term + 0.5)).ln();
    idf * 2.2 * f / (f + 1.2 * (0.25 + 0.75 * length / average))
}

fn animals() -> Reader {
    let properties = json!({
        "text": {"type": "text"}, "rare": {"type": "text"},
        "tag": {"type": "keyword"}, "age": {"type": "integer"}});
    let documents = [
        json!({"_id": "a", "text": "fox", "tag": ["x", "y"], "age": 1, "rare": "owl"}),
        json!({"_id": "b", "text": "fox fox dog", "tag": "x", "age": 2}),
        json!({"_id": "c", "text": "dog cat", "tag": "z", "age": 3, "rare": "owl elk"}),
        json!({"_id": "d", "text": "the quick fox and the lazy dog", "age": 4}),
        json!({"_id": "e", "age": 5}),
    ];
    collection(&properties, &documents)
}

#[test]
fn scores_are_those_of_the_formula() {
    let reader = animals();
    // Four documents have a text, with 1 + 3 + 2 + 7 = 13 terms.
    let average = 13.0 / 4.0;
    let fox = |f, length| bm25(4.0, 3.0, f, length, average);
    let idf = |n: f32, all: f32| (1.0 + (all - n + 0.5) / (n + 0.5)).ln();
    // Checked with a calculator: ln(1 + 1.5/3.5) · 2.2 / (1 + 1.2 · (0.25 + 0.75/3.25)).
    assert!(
        (fox(1.0, 1.0) - 0.497_643).abs() < 1e-4,
        "{}",
        fox(1.0, 1.0)
    );
    let cases: Vec<(Value, Vec<(&str, f32)>)> = vec![
        (
            json!({"match": {"text": "fox"}}),
            vec![
                ("b", fox(2.0, 3.0)),
                ("a", fox(1.0, 1.0)),
                ("d", fox(1.0, 7.0)),
            ],
        ),
        (
            json!({"match": {"text": {"query": "fox", "boost": 3}}}),
            vec![
                ("b", 3.0 * fox(2.0, 3.0)),
                ("a", 3.0 * fox(1.0, 1.0)),
                ("d", 3.0 * fox(1.0, 7.0)),
            ],
        ),
        (
            // Two documents have the field: the others do not count.
            json!({"match": {"rare": "elk"}}),
            vec![("c", bm25(2.0, 1.0, 1.0, 2.0, 1.5))],
        ),
        (
            json!({"match": {"text": "cat fox"}}),
            vec![
                ("c", bm25(4.0, 1.0, 1.0, 2.0, average)),
                ("b", fox(2.0, 3.0)),
                ("a", fox(1.0, 1.0)),
                ("d", fox(1.0, 7.0)),
            ],
        ),
        (
            json!({"match_phrase": {"text": "quick fox"}}),
            vec![(
                "d",
                (idf(1.0, 4.0) + idf(3.0, 4.0)) * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * 7.0 / average)),
            )],
        ),
        (
            // One place moved: the phrase occurs half a time.
            json!({"match_phrase": {"text": {"query": "fox the", "slop": 1}}}),
            vec![(
                "d",
                (idf(3.0, 4.0) + idf(1.0, 4.0)) * 2.2 * 0.5
                    / (0.5 + 1.2 * (0.25 + 0.75 * 7.0 / average)),
            )],
        ),
        // Keywords: three documents have one, all values are as long.
        (
            json!({"term": {"tag": "x"}}),
            vec![("a", idf(2.0, 3.0)), ("b", idf(2.0, 3.0))],
        ),
        (
            json!({"terms": {"tag": ["x"]}}),
            vec![("a", 1.0), ("b", 1.0)],
        ),
        (json!({"term": {"age": 3}}), vec![("c", 1.0)]),
        (
            json!({"range": {"age": {"gte": 4, "boost": 2}}}),
            vec![("d", 2.0), ("e", 2.0)],
        ),
        (json!({"prefix": {"text": "ca"}}), vec![("c", 1.0)]),
        (
            json!({"exists": {"field": "rare"}}),
            vec![("a", 1.0), ("c", 1.0)],
        ),
        (
            json!({"ids": {"values": ["e"], "boost": 4}}),
            vec![("e", 4.0)],
        ),
        (
            json!({"match_all": {"boost": 0.5}}),
            "abcde"
                .split("")
                .filter(|it| !it.is_empty())
                .map(|it| (it, 0.5))
                .collect(),
        ),
        (
            json!({"constant_score": {"filter": {"term": {"tag": "x"}}, "boost": 1.5}}),
            vec![("a", 1.5), ("b", 1.5)],
        ),
        (
            json!({"bool": {"filter": {"term": {"tag": "x"}}, "should": {"term": {"age": 2}}}}),
            vec![("b", 1.0), ("a", 0.0)],
        ),
        (
            json!({"bool": {"filter": {"term": {"age": 2}}}}),
            vec![("b", 0.0)],
        ),
        (
            json!({"bool": {"must_not": {"range": {"age": {"gt": 1}}}}}),
            vec![("a", 0.0)],
        ),
        (
            json!({"bool": {"must": [{"term": {"age": 2}}, {"term": {"tag": "x"}}], "boost": 2}}),
            vec![("b", 2.0 * (1.0 + idf(2.0, 3.0)))],
        ),
        (
            json!({"dis_max": {"tie_breaker": 0.5, "queries": [
                {"term": {"age": {"value": 2, "boost": 3}}}, {"term": {"age": 2}}, {"term": {"age": 1}}]}}),
            vec![("b", 3.5), ("a", 1.0)],
        ),
        (
            json!({"boosting": {"positive": {"range": {"age": {"gte": 4}}},
                "negative": {"term": {"age": 4}}, "negative_boost": 0.25}}),
            vec![("e", 1.0), ("d", 0.25)],
        ),
        (
            // One edit of three letters.
            json!({"fuzzy": {"rare": "elf"}}),
            vec![("c", bm25(2.0, 1.0, 1.0, 2.0, 1.5) * 2.0 / 3.0)],
        ),
        (
            json!({"multi_match": {"query": "owl", "fields": ["rare^2", "text"]}}),
            vec![
                ("a", 2.0 * bm25(2.0, 2.0, 1.0, 1.0, 1.5)),
                ("c", 2.0 * bm25(2.0, 2.0, 1.0, 2.0, 1.5)),
            ],
        ),
    ];
    for (query, expected) in cases {
        near(&scored(&reader, &query), &expected, &query);
    }
}

#[test]
fn lengths_are_as_exact_as_in_lucene() {
    // Up to 40 terms exactly, longer ones in steps.
    let text = |count: usize| "word ".repeat(count);
    let documents: Vec<Value> = [1, 39, 41, 43, 300]
        .iter()
        .map(|it| json!({"_id": it.to_string(), "text": text(*it)}))
        .collect();
    let reader = collection(&json!({"text": {"type": "text"}}), &documents);
    let order = ids(&reader, &json!({"match": {"text": "word"}}));
    assert_eq!(order.split(' ').next(), Some("300"));
}
