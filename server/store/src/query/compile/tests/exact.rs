//! Clauses on exact values.

use serde_json::json;

use super::*;

fn people() -> Reader {
    let properties = json!({
        "name": {"type": "keyword"},
        "nick": {"type": "keyword", "normalizer": "lowercase"},
        "age": {"type": "integer"},
        "size": {"type": "float"},
        "big": {"type": "unsigned_long"},
        "price": {"type": "scaled_float", "scaling_factor": 100},
        "born": {"type": "date"},
        "day": {"type": "date", "format": "dd/MM/yyyy"},
        "is_big": {"type": "boolean"},
        "at": {"type": "ip"},
        "tags": {"type": "keyword"},
        "hidden": {"type": "keyword", "index": false},
        "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "other": {"type": "alias", "path": "name"},
        "info": {"properties": {"city": {"type": "keyword"}}},
    });
    let documents = [
        json!({"_id": "a", "name": "Ann", "nick": "ANNA", "age": 30, "size": 1.75, "is_big": true,
            "born": "2024-02-28T10:00:00Z", "at": "10.0.0.1", "tags": ["x", "y"], "big": 0,
            "title": "The Quick Fox", "info": {"city": "Lyon"}, "price": 10.01, "hidden": "h"}),
        json!({"_id": "b", "name": "Bob", "nick": "bobby", "age": 40, "size": 0.1,
            "is_big": "false", "born": "2024-02-29", "at": "10.0.1.1", "tags": ["y", "z"],
            "title": "Lazy dog", "big": 18_446_744_073_709_551_615_u64}),
        json!({"_id": "c", "name": "annabel", "age": [-5, 31], "size": 2, "at": "2001:db8::1",
            "born": 1_709_251_200_000_i64, "tags": [], "info": {"city": ["Paris", "Oslo"]},
            "day": "01/03/2024"}),
        json!({"_id": "d", "age": null, "tags": "", "title": ""}),
    ];
    collection(&properties, &documents)
}

#[test]
fn terms_are_found_by_their_types() {
    let cases = [
        (json!({"match_all": {}}), "a b c d"),
        (json!({"match_none": {}}), ""),
        (json!({"ids": {"values": ["c", "a", "nobody"]}}), "a c"),
        (json!({"term": {"_id": "b"}}), "b"),
        (json!({"terms": {"_id": ["b", "d"]}}), "b d"),
        (json!({"prefix": {"_id": "c"}}), "c"),
        (json!({"term": {"_index": "&index.collection"}}), "a b c d"),
        (json!({"term": {"_index": "other"}}), ""),
        (json!({"term": {"name": "Ann"}}), "a"),
        (json!({"term": {"name": "ann"}}), ""),
        (
            json!({"term": {"name": {"value": "ann", "case_insensitive": true}}}),
            "a",
        ),
        (json!({"term": {"other": "Ann"}}), "a"),
        (json!({"term": {"nick": "aNNa"}}), "a"),
        (json!({"term": {"age": 31}}), "c"),
        (json!({"term": {"age": "30"}}), "a"),
        (json!({"term": {"age": 30.0}}), "a"),
        (json!({"term": {"age": 30.5}}), ""),
        (json!({"term": {"age": 99_999_999_999_i64}}), ""),
        (json!({"term": {"size": 0.1}}), "b"),
        (json!({"term": {"size": 2}}), "c"),
        (json!({"term": {"size": "1.75"}}), "a"),
        (
            json!({"term": {"big": 18_446_744_073_709_551_615_u64}}),
            "b",
        ),
        (json!({"term": {"price": 10.01}}), "a"),
        (json!({"term": {"is_big": true}}), "a"),
        (json!({"term": {"is_big": "false"}}), "b"),
        (json!({"term": {"born": "2024-02-29"}}), "b"),
        (json!({"term": {"born": "2024-02-28T10:00:00.000Z"}}), "a"),
        (json!({"term": {"born": 1_709_251_200_000_i64}}), "c"),
        (json!({"term": {"day": "01/03/2024"}}), "c"),
        (json!({"term": {"at": "10.0.0.1"}}), "a"),
        (json!({"term": {"at": "10.0.0.0/24"}}), "a"),
        (
            json!({"terms": {"at": ["10.0.0.0/16", "2001:0db8::0001"]}}),
            "a b c",
        ),
        (json!({"term": {"tags": "y"}}), "a b"),
        (json!({"term": {"tags": ""}}), "d"),
        (json!({"terms": {"tags": ["x", "z", "q"]}}), "a b"),
        (json!({"terms": {"tags": []}}), ""),
        (json!({"terms": {"age": [30, "40", 1.5]}}), "a b"),
        (
            json!({"terms": {"born": ["2024-02-28", "2024-03-01"]}}),
            "a c",
        ),
        (json!({"term": {"info.city": "Oslo"}}), "c"),
        (json!({"term": {"title": "quick"}}), "a"),
        (json!({"term": {"title": "Quick"}}), ""),
        (json!({"terms": {"title": ["fox", "dog"]}}), "a b"),
        (json!({"term": {"title.raw": "The Quick Fox"}}), "a"),
        (json!({"term": {"nowhere": 1}}), ""),
        (json!({"term": {"info": "Oslo"}}), ""),
        (json!({"match": {"name": "Ann"}}), "a"),
        (json!({"match": {"age": "31"}}), "c"),
        (json!({"match": {"is_big": "true"}}), "a"),
        (json!({"match": {"born": "2024-02-29"}}), "b"),
        (
            json!({"match": {"age": {"query": "many", "lenient": true}}}),
            "",
        ),
        (json!({"match_phrase": {"name": "Ann"}}), "a"),
        (json!({"match_phrase_prefix": {"name": "An"}}), "a"),
        (json!({"match_bool_prefix": {"name": "ann"}}), "c"),
    ];
    check(&people(), &cases);
}

#[test]
fn fields_exist_or_not() {
    let cases = [
        (json!({"exists": {"field": "name"}}), "a b c"),
        (json!({"exists": {"field": "age"}}), "a b c"),
        (json!({"exists": {"field": "tags"}}), "a b d"),
        (json!({"exists": {"field": "info"}}), "a c"),
        (json!({"exists": {"field": "info.city"}}), "a c"),
        (json!({"exists": {"field": "inf*"}}), "a c"),
        (json!({"exists": {"field": "other"}}), "a b c"),
        (json!({"exists": {"field": "title.raw"}}), "a b d"),
        (json!({"exists": {"field": "_id"}}), "a b c d"),
        (json!({"exists": {"field": "nowhere"}}), ""),
    ];
    check(&people(), &cases);
}

#[test]
fn ranges_have_the_order_of_their_types() {
    let cases = [
        (json!({"range": {"age": {"gte": 30, "lt": 40}}}), "a c"),
        (json!({"range": {"age": {"gt": 30}}}), "b c"),
        (json!({"range": {"age": {"lt": 0}}}), "c"),
        (json!({"range": {"age": {"gte": "29.5", "lte": 30.5}}}), "a"),
        (json!({"range": {"age": {"gt": 39.5}}}), "b"),
        (json!({"range": {"age": {"gt": -1e30}}}), "a b c"),
        (json!({"range": {"age": {"gt": 1e30}}}), ""),
        (json!({"range": {"age": {"gte": 5, "lte": 4}}}), ""),
        (json!({"range": {"age": {}}}), "a b c"),
        (json!({"range": {"size": {"gte": 0.1, "lt": 1.75}}}), "b"),
        (json!({"range": {"size": {"gt": 1}}}), "a c"),
        (json!({"range": {"size": {"gte": 1.5, "lte": 2}}}), "a c"),
        (json!({"range": {"big": {"gt": 0}}}), "b"),
        (json!({"range": {"big": {"gte": -1}}}), "a b"),
        (json!({"range": {"price": {"gte": 10.004}}}), "a"),
        (json!({"range": {"price": {"gt": 10.01}}}), ""),
        (json!({"range": {"name": {"gte": "B", "lt": "C"}}}), "b"),
        (json!({"range": {"name": {"gt": "Bob"}}}), "c"),
        (json!({"range": {"nick": {"gte": "B"}}}), "b"),
        (json!({"range": {"is_big": {"gte": true}}}), "a"),
        (
            json!({"range": {"at": {"gte": "10.0.0.2", "lt": "11.0.0.0"}}}),
            "b",
        ),
        (
            json!({"range": {"at": {"gt": "10.0.0.1", "lte": "2001:db8::ffff"}}}),
            "b c",
        ),
        (json!({"range": {"title": {"gte": "e", "lt": "g"}}}), "a"),
        (json!({"range": {"born": {"gte": "2024-02-29"}}}), "b c"),
        (json!({"range": {"born": {"gt": "2024-02-29"}}}), "c"),
        (json!({"range": {"born": {"lte": "2024-02-28"}}}), "a"),
        (json!({"range": {"born": {"lt": "2024-02-29"}}}), "a"),
        (
            json!({"range": {"born": {"gte": "now/d", "lte": "now/d"}}}),
            "b",
        ),
        (
            json!({"range": {"born": {"gte": "now-1d/d", "lt": "now"}}}),
            "a b",
        ),
        (
            json!({"range": {"born": {"gte": "2024-01-30||+1M/d", "lte": "2024-02-29"}}}),
            "b",
        ),
        (
            json!({"range": {"born": {"gte": "01/03/2024", "format": "dd/MM/yyyy"}}}),
            "c",
        ),
        (
            json!({"range": {"born": {"gte": "2024-02-29", "time_zone": "-01:00"}}}),
            "c",
        ),
        (
            json!({"range": {"born": {"gte": "2024-02-29", "time_zone": "Europe/Paris"}}}),
            "b c",
        ),
        (
            json!({"range": {"born": {"gte": 1_709_251_200_000_i64}}}),
            "c",
        ),
        (
            json!({"range": {"day": {"gte": "01/03/2024", "lte": "01/03/2024"}}}),
            "c",
        ),
        (json!({"range": {"nowhere": {"gte": 1}}}), ""),
    ];
    check(&people(), &cases);
}

#[test]
fn patterns_look_through_terms() {
    let cases = [
        (json!({"prefix": {"name": "An"}}), "a"),
        (
            json!({"prefix": {"name": {"value": "an", "case_insensitive": true}}}),
            "a c",
        ),
        (json!({"prefix": {"nick": "BO"}}), "b"),
        (json!({"prefix": {"name": ""}}), "a b c"),
        (json!({"wildcard": {"name": "*n*"}}), "a c"),
        (json!({"wildcard": {"name": "?o?"}}), "b"),
        (
            json!({"wildcard": {"name": {"value": "ANN*", "case_insensitive": true}}}),
            "a c",
        ),
        (json!({"wildcard": {"nick": "B*Y"}}), "b"),
        (json!({"wildcard": {"title": "qu*k"}}), "a"),
        (json!({"regexp": {"name": "[AB].*"}}), "a b"),
        (json!({"regexp": {"name": "ann"}}), ""),
        (
            json!({"regexp": {"name": {"value": "ann.*", "case_insensitive": true}}}),
            "a c",
        ),
        (json!({"regexp": {"name": "~(.*n.*)"}}), "b"),
        (json!({"regexp": {"title": "q.+k"}}), "a"),
        (json!({"fuzzy": {"name": "Anm"}}), "a"),
        (
            json!({"fuzzy": {"name": {"value": "Bbo", "fuzziness": 1}}}),
            "b",
        ),
        (
            json!({"fuzzy": {"name": {"value": "Bbo", "fuzziness": 1, "transpositions": false}}}),
            "",
        ),
        (
            json!({"fuzzy": {"name": {"value": "Xnn", "prefix_length": 1}}}),
            "",
        ),
        (json!({"fuzzy": {"title": "quik"}}), "a"),
        (
            json!({"fuzzy": {"title": {"value": "qiuck", "fuzziness": 0}}}),
            "",
        ),
        (
            json!({"match": {"name": {"query": "Annabel", "fuzziness": "AUTO"}}}),
            "c",
        ),
    ];
    check(&people(), &cases);
}

#[test]
fn clauses_are_combined() {
    let young = json!({"range": {"age": {"lt": 35}}});
    let tagged = json!({"term": {"tags": "y"}});
    let big = json!({"term": {"is_big": true}});
    let cases = [
        (json!({"bool": {}}), "a b c d"),
        (json!({"bool": {"must": [young, tagged]}}), "a"),
        (json!({"bool": {"filter": [young, tagged]}}), "a"),
        (json!({"bool": {"should": [young, tagged]}}), "a b c"),
        (
            json!({"bool": {"should": [young, tagged], "minimum_should_match": 2}}),
            "a",
        ),
        (
            json!({"bool": {"should": [young, tagged], "minimum_should_match": "75%"}}),
            "a b c",
        ),
        (
            json!({"bool": {"should": [young, tagged, big], "minimum_should_match": "-1"}}),
            "a",
        ),
        (
            json!({"bool": {"should": [young], "minimum_should_match": 2}}),
            "",
        ),
        (
            json!({"bool": {"should": [young, tagged], "minimum_should_match": 0}}),
            "a b c",
        ),
        (json!({"bool": {"must": tagged, "should": young}}), "a b"),
        (
            json!({"bool": {"must": tagged, "should": young, "minimum_should_match": 1}}),
            "a",
        ),
        (json!({"bool": {"must_not": young}}), "b d"),
        (json!({"bool": {"must": tagged, "must_not": young}}), "b"),
        (
            json!({"bool": {"should": [tagged, big], "must_not": young}}),
            "b",
        ),
        (
            json!({"boosting": {"positive": tagged, "negative": big, "negative_boost": 0.5}}),
            "a b",
        ),
        (json!({"constant_score": {"filter": tagged}}), "a b"),
        (json!({"dis_max": {"queries": [young, tagged]}}), "a b c"),
    ];
    check(&people(), &cases);
}

#[test]
fn what_a_type_does_not_take_is_refused() {
    let cases = [
        (
            json!({"term": {"age": "many"}}),
            "the field [age] of type [integer]: it has no value",
        ),
        (json!({"term": {"is_big": 1}}), "expected true or false"),
        (
            json!({"term": {"at": "here"}}),
            "expected an address or a network",
        ),
        (json!({"term": {"born": "soon"}}), "`soon` is no date"),
        (json!({"range": {"age": {"gte": "x"}}}), "expected a number"),
        (json!({"range": {"born": {"gte": "now+x"}}}), "date math"),
        (
            json!({"range": {"born": {"gte": "2024", "time_zone": "Mars"}}}),
            "no time zone",
        ),
        (json!({"prefix": {"age": "3"}}), "need a keyword or a text"),
        (json!({"term": {"hidden": "h"}}), "[hidden] is not indexed"),
        (
            json!({"regexp": {"name": "("}}),
            "[regexp] cannot take this pattern",
        ),
        (json!({"regexp": {"name": "(.*a.{30})"}}), "too complex"),
        (
            json!({"match": {"title": {"query": "x", "analyzer": "klingon"}}}),
            "no analyser",
        ),
        (
            json!({"nested": {"path": "info", "query": {"match_all": {}}}}),
            "must be nested",
        ),
        (
            json!({"geo_distance": {"distance": 1, "nowhere": [0, 0]}}),
            "no geo field [nowhere]",
        ),
        (
            json!({"geo_distance": {"distance": 1, "name": [0, 0]}}),
            "needs a geo_point",
        ),
    ];
    refused(&people(), &cases);
}

#[test]
fn ranges_hold_values() {
    let properties = json!({
        "ages": {"type": "integer_range"}, "cost": {"type": "double_range"},
        "open": {"type": "date_range"}, "net": {"type": "ip_range"}});
    let documents = [
        json!({"_id": "a", "ages": {"gte": 10, "lt": 20}, "cost": {"gt": 1.5, "lte": 2},
            "open": {"gte": "2024-01-01", "lt": "2024-02-01"}, "net": "10.0.0.0/8"}),
        json!({"_id": "b", "ages": {"gte": 20}, "net": {"gte": "10.0.0.5", "lte": "10.0.0.9"},
            "open": {"gte": "2024-02-01"}}),
        json!({"_id": "c"}),
    ];
    let related = |relation: &str, from: i64, to: i64| json!({"range": {"ages": {"gte": from, "lte": to, "relation": relation}}});
    let cases = [
        (json!({"term": {"ages": 15}}), "a"),
        (json!({"term": {"ages": 20}}), "b"),
        (json!({"terms": {"ages": [19, 99]}}), "a b"),
        (json!({"term": {"cost": 1.5}}), ""),
        (json!({"term": {"cost": 2}}), "a"),
        (json!({"term": {"open": "2024-01-31"}}), "a"),
        (json!({"range": {"open": {"gte": "2024-02-01"}}}), "b"),
        (json!({"term": {"net": "10.0.0.7"}}), "a b"),
        (json!({"term": {"net": "10.0.0.1"}}), "a"),
        (related("intersects", 19, 20), "a b"),
        (related("within", 5, 25), "a"),
        (related("contains", 12, 15), "a"),
        (related("contains", 12, 25), ""),
        (json!({"exists": {"field": "ages"}}), "a b"),
    ];
    check(&collection(&properties, &documents), &cases);
}
