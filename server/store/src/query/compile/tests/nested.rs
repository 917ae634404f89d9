//! Nested objects.

use serde_json::json;

use super::*;

fn teams() -> Reader {
    let properties = json!({
        "name": {"type": "keyword"},
        "people": {"type": "nested", "properties": {
            "first": {"type": "keyword"},
            "last": {"type": "keyword"},
            "age": {"type": "integer"},
            "pets": {"type": "nested", "properties": {
                "kind": {"type": "keyword"}, "name": {"type": "keyword"}}},
        }},
    });
    let documents = [
        json!({"_id": "a", "name": "x", "people": [
            {"first": "Ann", "last": "Lee", "age": 30,
                "pets": [{"kind": "cat", "name": "Tom"}, {"kind": "dog", "name": "Rex"}]},
            {"first": "Bob", "last": "Ray", "age": 40}]}),
        json!({"_id": "b", "name": "x", "people": [
            {"first": "Ann", "last": "Ray", "pets": {"kind": "cat", "name": "Rex"}},
            {"first": "Bob", "last": "Lee", "age": 50}]}),
        json!({"_id": "c", "name": "y"}),
        json!({"_id": "d", "name": "y", "people": {"first": "Ann", "last": "Lee", "age": 60}}),
    ];
    collection(&properties, &documents)
}

fn nested(path: &str, query: Value) -> Value {
    json!({"nested": {"path": path, "query": query}})
}

#[test]
fn elements_match_by_themselves() {
    let name = |first: &str, last: &str| json!({"bool": {"must": [{"term": {"people.first": first}}, {"term": {"people.last": last}}]}});
    let pet = |kind: &str, name: &str| {
        let kind = json!({"term": {"people.pets.kind": kind}});
        json!({"bool": {"filter": [kind, {"term": {"people.pets.name": name}}]}})
    };
    let of_ann = json!({"bool": {"must": [
        {"term": {"people.last": "Lee"}}, nested("people.pets", json!({"term": {"people.pets.kind": "cat"}}))]}});
    let cases = [
        (json!({"match_all": {}}), "a b c d"),
        (nested("people", name("Ann", "Lee")), "a d"),
        (nested("people", name("Bob", "Lee")), "b"),
        (nested("people", name("Eve", "Lee")), ""),
        (nested("people", json!({"match_all": {}})), "a b d"),
        (
            json!({"bool": {"must_not": nested("people", json!({"match_all": {}}))}}),
            "c",
        ),
        (
            nested(
                "people",
                json!({"bool": {"must_not": {"term": {"people.first": "Ann"}}}}),
            ),
            "a b",
        ),
        (
            nested("people", json!({"range": {"people.age": {"gt": 45}}})),
            "b d",
        ),
        (
            nested("people", json!({"exists": {"field": "people.age"}})),
            "a b d",
        ),
        (nested("people.pets", pet("cat", "Tom")), "a"),
        (nested("people.pets", pet("cat", "Rex")), "b"),
        (
            nested("people", nested("people.pets", pet("dog", "Rex"))),
            "a",
        ),
        (nested("people", of_ann), "a"),
        (
            json!({"bool": {"must": [{"term": {"name": "x"}}, nested("people", name("Bob", "Lee"))]}}),
            "b",
        ),
        (
            json!({"bool": {"must": [{"term": {"name": "y"}}, nested("people", name("Ann", "Lee"))]}}),
            "d",
        ),
        // From the root, nested values are not seen.
        (json!({"term": {"people.first": "Ann"}}), ""),
        (json!({"exists": {"field": "people.first"}}), ""),
        (
            json!({"nested": {"path": "no", "ignore_unmapped": true, "query": {"match_all": {}}}}),
            "",
        ),
    ];
    check(&teams(), &cases);
}

#[test]
fn scores_of_elements_become_one() {
    let ages = |mode: &str| {
        let age = |it: u32| json!({"constant_score": {"filter": {"term": {"people.age": it}}, "boost": it}});
        let query = json!({"bool": {"should": [age(30), age(40), age(50), age(60)]}});
        json!({"nested": {"path": "people", "query": query, "score_mode": mode}})
    };
    let reader = teams();
    let cases = [
        ("avg", [("d", 60.0), ("b", 50.0), ("a", 35.0)]),
        ("sum", [("a", 70.0), ("d", 60.0), ("b", 50.0)]),
        ("max", [("d", 60.0), ("b", 50.0), ("a", 40.0)]),
        ("min", [("d", 60.0), ("b", 50.0), ("a", 30.0)]),
        ("none", [("a", 0.0), ("b", 0.0), ("d", 0.0)]),
    ];
    for (mode, expected) in cases {
        let expected = expected.map(|(id, score)| (id.to_owned(), score));
        assert_eq!(scored(&reader, &ages(mode)), expected, "{mode}");
    }
}
