//! Queries as one text.

use serde_json::json;

use super::*;

fn notes() -> Reader {
    let properties = json!({
        "title": {"type": "text"},
        "body": {"type": "text"},
        "tag": {"type": "keyword"},
        "stars": {"type": "integer"},
        "at": {"type": "date"},
    });
    let documents = [
        json!({"_id": "a", "title": "Quick brown fox", "body": "jumps", "tag": "Red", "stars": 5,
            "at": "2024-01-01"}),
        json!({"_id": "b", "title": "Lazy dog", "body": "quick nap", "tag": "Blue", "stars": 3}),
        json!({"_id": "c", "title": "Brown dog", "body": "fox", "stars": 1, "at": "2024-06-01"}),
    ];
    collection(&properties, &documents)
}

#[test]
fn lucene_syntax_finds() {
    let cases = [
        ("quick", "a b"),
        ("title:quick", "a"),
        ("title:(quick OR lazy)", "a b"),
        ("title:quick AND body:jumps", "a"),
        ("quick -lazy", "a"),
        ("brown AND NOT fox", ""),
        ("\"brown fox\"", "a"),
        ("\"quick fox\"~1", "a"),
        ("Qui*", "a b"),
        ("title:QU?CK", "a"),
        ("tag:Re*", "a"),
        ("tag:re*", ""),
        ("quikc~", "a b"),
        ("QUIKC~1", "a b"),
        ("/qu.*k/", "a b"),
        ("stars:[3 TO 5]", "a b"),
        ("stars:{3 TO 5]", "a"),
        ("stars:>3", "a"),
        ("stars:(>=1 AND <3)", "c"),
        ("at:[2024-01-01 TO 2024-01-31]", "a"),
        ("at:[* TO now]", "a"),
        ("_exists_:tag", "a b"),
        ("NOT _exists_:tag", "c"),
        ("tag:*", "a b"),
        ("*:*", "a b c"),
        ("t*:brown", "a c"),
        ("5", "a"),
        ("_id:b", "b"),
        ("nowhere:x", ""),
    ];
    let query = |text: &str| json!({"query_string": {"query": text}});
    let cases: Vec<_> = cases.iter().map(|it| (query(it.0), it.1)).collect();
    check(&notes(), &cases);
    let cases = [
        (
            json!({"query_string": {"query": "brown fox", "default_operator": "AND"}}),
            "a",
        ),
        (
            json!({"query_string": {"query": "brown fox", "fields": ["title", "body"]}}),
            "a c",
        ),
        (
            json!({"query_string": {"query": "brown fox dog", "default_field": "title",
                "minimum_should_match": 2}}),
            "a c",
        ),
        (
            json!({"query_string": {"query": "brown fox", "fields": ["title", "body"],
                "type": "cross_fields", "default_operator": "and"}}),
            "a c",
        ),
        (
            json!({"query_string": {"query": "a:b (", "escape": true}}),
            "",
        ),
    ];
    check(&notes(), &cases);
    let wrong = json!({"query_string": {"query": "stars:many", "default_field": "title"}});
    refused(&notes(), &[(wrong, "[stars] of type [integer]")]);
}

#[test]
fn simple_syntax_finds() {
    let cases = [
        ("quick", "a b"),
        ("brown + fox", "a c"),
        ("lazy | fox", "a b c"),
        ("brown + -jumps", "c"),
        ("\"brown fox\"", "a"),
        ("\"quick fox\"~1", "a"),
        ("qui*", "a b"),
        ("quikc~1", "a b"),
        ("(brown | lazy) + dog", "b c"),
        ("\"brown", "a c"),
    ];
    let query = |text: &str| json!({"simple_query_string": {"query": text}});
    let cases: Vec<_> = cases.iter().map(|it| (query(it.0), it.1)).collect();
    check(&notes(), &cases);
}
