//! Clauses on analysed texts.

use serde_json::json;

use super::*;

fn books() -> Reader {
    let properties = json!({
        "title": {"type": "text"},
        "body": {"type": "text"},
        "first": {"type": "text"},
        "last": {"type": "text"},
        "english": {"type": "text", "analyzer": "english"},
        "pages": {"type": "integer"},
    });
    let documents = [
        json!({"_id": "a", "title": "The quick brown fox", "body": "jumps over the lazy dog",
            "first": "Will", "last": "Smith", "pages": 100, "english": "running foxes"}),
        json!({"_id": "b", "title": "quick fox", "body": "a brown bear", "first": "Smith",
            "last": "Jones", "english": "he runs"}),
        json!({"_id": "c", "title": ["brown dog", "quick cat"], "body": "Quickly!",
            "first": "Will", "last": "Jones"}),
        json!({"_id": "d", "title": "", "body": "fox fox fox quick"}),
    ];
    collection(&properties, &documents)
}

#[test]
fn texts_are_found_by_their_words() {
    let cases = [
        (json!({"match": {"title": "QUICK"}}), "a b c"),
        (json!({"match": {"title": "quick fox"}}), "a b c"),
        (
            json!({"match": {"title": {"query": "quick fox", "operator": "and"}}}),
            "a b",
        ),
        (
            json!({"match": {"title": {"query": "quick brown fox", "minimum_should_match": 2}}}),
            "a b c",
        ),
        (
            json!({"match": {"title": {"query": "quick brown fox", "minimum_should_match": "100%"}}}),
            "a",
        ),
        (
            json!({"match": {"title": {"query": "quick brown fox", "minimum_should_match": 4}}}),
            "",
        ),
        (
            json!({"match": {"title": {"query": "quikc", "fuzziness": "AUTO"}}}),
            "a b c",
        ),
        (
            json!({"match": {"title": {"query": "quikc", "fuzziness": 0}}}),
            "",
        ),
        (json!({"match": {"title": ""}}), ""),
        (
            json!({"match": {"title": {"query": "...", "zero_terms_query": "all"}}}),
            "a b c d",
        ),
        (
            json!({"match": {"title": {"query": "Quick Fox", "analyzer": "keyword"}}}),
            "",
        ),
        (json!({"match": {"english": "run"}}), "a b"),
        (json!({"match": {"english": "fox"}}), "a"),
        (json!({"match": {"title": 5}}), ""),
        (
            json!({"match_bool_prefix": {"title": "brown qui"}}),
            "a b c",
        ),
        (
            json!({"match_bool_prefix": {"title": {"query": "brown qui", "operator": "and"}}}),
            "a c",
        ),
        (json!({"prefix": {"title": "qui"}}), "a b c"),
        (json!({"wildcard": {"body": "quick*"}}), "c d"),
        (json!({"exists": {"field": "title"}}), "a b c d"),
    ];
    check(&books(), &cases);
}

#[test]
fn phrases_keep_their_order() {
    let phrase =
        |text: &str, slop: u32| json!({"match_phrase": {"title": {"query": text, "slop": slop}}});
    let prefix = |text: &str| json!({"match_phrase_prefix": {"title": text}});
    let cases = [
        (phrase("quick fox", 0), "b"),
        (phrase("quick brown fox", 0), "a"),
        (phrase("quick fox", 1), "a b"),
        (phrase("fox quick", 1), ""),
        (phrase("fox quick", 2), "b"),
        (phrase("fox quick", 3), "a b"),
        // Elements of an array are far from each other.
        (phrase("dog quick", 0), ""),
        (phrase("dog quick", 50), ""),
        (phrase("dog quick", 100), "c"),
        (phrase("quick", 0), "a b c"),
        (phrase("quick quick", 5), ""),
        (phrase("the the", 5), ""),
        (phrase("", 0), ""),
        (prefix("quick bro"), "a"),
        (prefix("quick"), "a b c"),
        (prefix("qui"), "a b c"),
        (prefix("quick brown f"), "a"),
        (prefix("brown q"), ""),
        (
            json!({"match_phrase_prefix": {"title": {"query": "quick f", "slop": 1}}}),
            "a b",
        ),
        (
            json!({"match_phrase": {"title": {"query": "the quick", "analyzer": "standard"}}}),
            "a",
        ),
    ];
    check(&books(), &cases);
}

#[test]
fn several_fields_are_asked_at_once() {
    let multi = |kind: &str, text: &str, fields: &[&str]| json!({"multi_match": {"query": text, "type": kind, "fields": fields}});
    let and = |kind: &str, text: &str, fields: &[&str]| {
        json!({"multi_match":
            {"query": text, "type": kind, "fields": fields, "operator": "and"}})
    };
    let cases = [
        (multi("best_fields", "brown", &["title", "body"]), "a b c"),
        (multi("best_fields", "brown", &["b*"]), "b"),
        (multi("best_fields", "brown", &["title", "nowhere"]), "a c"),
        (multi("most_fields", "fox", &["title", "body"]), "a b d"),
        (and("best_fields", "will smith", &["first", "last"]), ""),
        (and("cross_fields", "will smith", &["first", "last"]), "a"),
        (and("cross_fields", "will jones", &["first", "last"]), "c"),
        (
            multi("cross_fields", "will smith", &["first", "last"]),
            "a b c",
        ),
        (multi("phrase", "brown bear", &["title", "body"]), "b"),
        (multi("phrase_prefix", "brown be", &["title", "body"]), "b"),
        (multi("bool_prefix", "laz", &["title", "body"]), "a"),
        (json!({"multi_match": {"query": "fox"}}), "a b d"),
        (
            json!({"multi_match": {"query": "fox", "fields": ["*", "title^2"]}}),
            "a b d",
        ),
        (json!({"multi_match": {"query": "100"}}), "a"),
        (
            json!({"multi_match": {"query": "fox", "fields": ["pages", "title"], "lenient": true}}),
            "a b",
        ),
    ];
    check(&books(), &cases);
    let strict = json!({"multi_match": {"query": "fox", "fields": ["pages", "title"]}});
    refused(&books(), &[(strict, "[pages] of type [integer]")]);
}
