//! Queries as tables: what is refused and what it says, and which spellings
//! mean the same.

use serde_json::{Value, json};

use super::parse;
use crate::error::StoreErrorKind;
use crate::query::tree::Query;

fn read(query: &Value) -> Query {
    parse(query).unwrap_or_else(|it| panic!("{query}: {it}"))
}

#[test]
fn spellings_mean_the_same() {
    let cases = [
        (json!(null), json!({"match_all": {}})),
        (json!({}), json!({"match_all": {"boost": 1}})),
        (
            json!({"term": {"a": 1}}),
            json!({"term": {"a": {"value": 1}}}),
        ),
        (
            json!({"term": {"boost": 2}}),
            json!({"term": {"boost": {"value": 2, "boost": 1.0}}}),
        ),
        (
            json!({"ids": {"values": "a"}}),
            json!({"ids": {"values": ["a"], "type": "_doc"}}),
        ),
        (
            json!({"ids": {"values": [1]}}),
            json!({"ids": {"values": ["1"]}}),
        ),
        (
            json!({"range": {"a": {"gte": 1, "lt": 5}}}),
            json!({"range": {"a": {"from": 1, "to": 5, "include_upper": false}}}),
        ),
        (
            json!({"range": {"a": {"gt": 0, "gte": 1}}}),
            json!({"range": {"a": {"gte": 1, "lt": null}}}),
        ),
        (
            json!({"prefix": {"a": "b"}}),
            json!({"prefix": {"a": {"value": "b"}}}),
        ),
        (
            json!({"wildcard": {"a": "b*"}}),
            json!({"wildcard": {"a": {"wildcard": "b*"}}}),
        ),
        (
            json!({"regexp": {"a": "b"}}),
            json!({"regexp": {"a": {"value": "b", "flags": "ALL"}}}),
        ),
        (
            json!({"fuzzy": {"a": "b"}}),
            json!({"fuzzy": {"a": {"value": "b", "fuzziness": "AUTO", "max_expansions": 50,
                "prefix_length": 0, "transpositions": true, "rewrite": "constant_score"}}}),
        ),
        (
            json!({"match": {"a": "b c"}}),
            json!({"match": {"a": {"query": "b c", "operator": "OR", "lenient": false,
                "zero_terms_query": "none", "auto_generate_synonyms_phrase_query": true,
                "prefix_length": 0, "max_expansions": 50, "fuzzy_transpositions": true}}}),
        ),
        (
            json!({"match_phrase": {"a": "b c"}}),
            json!({"match_phrase": {"a": {"query": "b c", "slop": 0}}}),
        ),
        (
            json!({"match_phrase_prefix": {"a": "b c"}}),
            json!({"match_phrase_prefix": {"a": {"query": "b c", "max_expansions": 50}}}),
        ),
        (
            json!({"multi_match": {"query": "x", "fields": "a"}}),
            json!({"multi_match": {"query": "x", "fields": ["a^1"], "type": "best_fields",
                "tie_breaker": 0.0, "operator": "or"}}),
        ),
        (
            json!({"multi_match": {"query": "x"}}),
            json!({"multi_match": {"query": "x", "fields": ["*"], "lenient": true}}),
        ),
        (
            json!({"bool": {"must": {"match_all": {}}, "must_not": []}}),
            json!({"bool": {"must": [{"match_all": {}}], "adjust_pure_negative": true}}),
        ),
        (
            json!({"nested": {"path": "a", "query": {"match_all": {}}}}),
            json!({"nested": {"path": "a", "query": {"match_all": {}}, "score_mode": "avg",
                "ignore_unmapped": false}}),
        ),
        (
            json!({"geo_distance": {"distance": "1km", "a": [3.9, 43.6]}}),
            json!({"geo_distance": {"distance": 1, "unit": "km", "a": {"lat": 43.6, "lon": 3.9},
                "distance_type": "arc", "validation_method": "STRICT"}}),
        ),
        (
            json!({"geo_distance": {"distance": 5, "a.lat": 43.6, "a.lon": 3.9}}),
            json!({"geo_distance": {"distance": "5m", "a": "43.6,3.9"}}),
        ),
        (
            json!({"geo_bounding_box": {"a": {"top_left": [1, 4], "bottom_right": "2,3"}}}),
            json!({"geo_bounding_box": {"a": {"top": 4, "left": 1, "bottom": 2, "right": 3}}}),
        ),
        (
            json!({"geo_bounding_box": {"a": {"top_right": [3, 4], "bottom_left": [1, 2]}}}),
            json!({"geo_bounding_box": {"a": {"wkt": "BBOX (1, 3, 4, 2)"}, "type": "indexed"}}),
        ),
        (
            json!({"geo_bounding_box": {"a": {"top_left": "s", "bottom_right": "s"}}}),
            json!({"geo_bounding_box": {"a": {"top": 45, "left": 0, "bottom": 0, "right": 45}}}),
        ),
        (
            json!({"geo_polygon": {"a": {"points": [[0, 0], [1, 0], [1, 1], [0, 0]]}}}),
            json!({"geo_polygon": {"a": {"points": ["0,0", "0,1", {"lat": 1, "lon": 1}]}}}),
        ),
        (
            json!({"geo_shape": {"a": {"shape": {"type": "point", "coordinates": [1, 2]}}}}),
            json!({"geo_shape": {"a": {"shape": "POINT (1 2)", "relation": "INTERSECTS"}}}),
        ),
    ];
    for (a, b) in cases {
        assert_eq!(read(&a), read(&b), "{a} and {b}");
    }
}

#[test]
fn boosts_and_names_are_kept() {
    let queries = [
        json!({"match_all": {"boost": 2.5, "_name": "it"}}),
        json!({"term": {"a": {"value": 1, "boost": "2.5", "_name": "it"}}}),
        json!({"terms": {"a": [1], "boost": 2.5, "_name": "it"}}),
        json!({"range": {"a": {"gt": 1, "boost": 2.5}, "_name": "it"}}),
        json!({"exists": {"field": "a", "boost": 2.5, "_name": "it"}}),
        json!({"bool": {"boost": 2.5, "_name": "it"}}),
        json!({"query_string": {"query": "a", "boost": 2.5, "_name": "it"}}),
        json!({"geo_distance": {"distance": 1, "a": [0, 0], "boost": 2.5, "_name": "it"}}),
    ];
    for query in queries {
        let read = read(&query);
        assert_eq!(
            (read.boost, read.name.as_deref()),
            (2.5, Some("it")),
            "{query}"
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    let many: Vec<Value> = (0..1100).map(|it| json!({"term": {"a": it}})).collect();
    let deep = (0..40).fold(
        json!({"match_all": {}}),
        |it, _| json!({"bool": {"must": it}}),
    );
    let cases = [
        (
            json!(5),
            "a query is an object with the name of a clause, found a number",
        ),
        (json!({"bool": {"must": [{}]}}), "found an empty one"),
        (
            json!({"term": {"a": 1}, "match": {"a": 1}}),
            "found [term] and [match]",
        ),
        (
            json!({"term": {"a": 1, "b": 2}}),
            "[term] is for one field, found [a] and [b]",
        ),
        (json!({"term": {}}), "[term] expects the name of a field"),
        (
            json!({"term": {"a": null}}),
            "[term] expects an object with parameters, found null",
        ),
        (
            json!({"term": {"a": [1]}}),
            "[term] expects an object with parameters, found an array",
        ),
        (
            json!({"term": {"a": {"value": 1, "bost": 2}}}),
            "[term] has no parameter [bost]",
        ),
        (json!({"term": {"a": {}}}), "[term] requires [value]"),
        (
            json!({"terms": {"a": 1}}),
            "[terms] expects [a] to be an array of values, found 1",
        ),
        (
            json!({"terms": {"a": {"index": "b", "id": 1, "path": "c"}}}),
            "not looked up",
        ),
        (json!({"terms": {"a": vec![0; 65_537]}}), "at most 65536"),
        (
            json!({"range": {"a": {"gte": {}}}}),
            "[range] expects [gte] to be a text",
        ),
        (
            json!({"range": {"a": {"above": 1}}}),
            "[range] has no parameter [above]",
        ),
        (
            json!({"range": {"a": 5}}),
            "[range] expects an object with parameters, found a number",
        ),
        (json!({"ids": {}}), "[ids] requires [values]"),
        (
            json!({"exists": {"field": ""}}),
            "[exists] requires [field]",
        ),
        (
            json!({"match": {"a": {"query": "b", "operator": "xor"}}}),
            "one of `or`, `and`",
        ),
        (
            json!({"match": {"a": {"query": "b", "fuzziness": "3"}}}),
            "[fuzziness] to be `AUTO`",
        ),
        (
            json!({"match": {"a": {"query": "b", "minimum_should_match": "x"}}}),
            "`x` is no [minimum_should_match]",
        ),
        (
            json!({"regexp": {"a": {"value": "b", "flags": "SOME"}}}),
            "words of ALL, NONE",
        ),
        (
            json!({"wildcard": {"a": "x".repeat(1001)}}),
            "at most 1000 characters",
        ),
        (
            json!({"multi_match": {"query": "b", "fields": ["a^x"]}}),
            "`title^3`",
        ),
        (
            json!({"bool": {"must": "a"}}),
            "[bool] expects [must] to be a query or an array",
        ),
        (
            json!({"bool": {"musts": []}}),
            "[bool] has no parameter [musts]",
        ),
        (json!({"bool": {"should": many}}), "more than 1024 clauses"),
        (deep, "deeper than 30 clauses"),
        (
            json!({"boosting": {"positive": {"match_all": {}}}}),
            "[boosting] requires [negative]",
        ),
        (
            json!({"constant_score": {}}),
            "[constant_score] requires [filter]",
        ),
        (json!({"dis_max": {}}), "[dis_max] requires [queries]"),
        (
            json!({"nested": {"query": {"match_all": {}}}}),
            "[nested] requires [path]",
        ),
        (
            json!({"match_all": {"boost": -1}}),
            "[boost] to be a number not below 0, found -1",
        ),
        (
            json!({"geo_distance": {"a": [0, 0]}}),
            "[geo_distance] requires [distance]",
        ),
        (
            json!({"geo_distance": {"distance": "far", "a": [0, 0]}}),
            "a distance, as `12km`",
        ),
        (
            json!({"geo_distance": {"distance": 1, "a": [0, 91]}}),
            "a point on Earth",
        ),
        (
            json!({"geo_bounding_box": {"a": {"top": 1}}}),
            "[left] of the box of [a] is missing",
        ),
        (
            json!({"geo_bounding_box": {"a": {"top": 1, "left": 0, "bottom": 2, "right": 3}}}),
            "the top of [a] above its bottom",
        ),
        (
            json!({"geo_polygon": {"a": {"points": [[0, 0], [1, 1]]}}}),
            "three different points",
        ),
        (
            json!({"geo_shape": {"a": {"indexed_shape": {"id": 1}}}}),
            "not looked up",
        ),
        (
            json!({"geo_shape": {"a": {"shape": {"type": "blob"}}}}),
            "[geo_shape] cannot read",
        ),
        (
            json!({"query_string": {"query": "(a"}}),
            "expected `)` at the end",
        ),
        (
            json!({"query_string": {"query": "a AND"}}),
            "expected a clause at the end",
        ),
        (
            json!({"function_score": {}}),
            "the embedded store has no clause [function_score]",
        ),
    ];
    for (query, message) in cases {
        let error = parse(&query).expect_err(&query.to_string()[..query.to_string().len().min(99)]);
        assert_eq!(error.kind, StoreErrorKind::InvalidQuery, "{error}");
        assert!(
            error.message.contains(message),
            "{}\n{}",
            error.message,
            message
        );
    }
}

#[test]
fn unknown_clauses_are_told_apart() {
    let error = parse(&json!({"bool": {"must": {"equals": {"a": 1}}}})).unwrap_err();
    let keyword = "equals".to_owned();
    assert_eq!(error.kind, StoreErrorKind::UnknownQueryKeyword { keyword });
}

/// A query string and the query that means the same.
fn same(text: &str, query: &Value) {
    let string = json!({"query_string": {"query": text, "default_field": "a"}});
    assert_eq!(shape(&read(&string)), shape(&read(query)), "{text}");
}

/// As text, fields with and without a list of them being one.
fn shape(query: &Query) -> String {
    let text = format!("{query:?}");
    let listed = "Fields { fields: [WeightedField { pattern: \"a\", boost: 1.0 }]";
    let combine = ", combine: Best { tie_breaker: 0.0 }, lenient: false";
    text.replace(listed, "Field { field: \"a\"")
        .replace(combine, "")
        // Patterns in query strings are normalized.
        .replace("Normalized", "AsTyped")
}

#[test]
fn lucene_syntax_is_read() {
    let word = |it: &str| json!({"match": {"a": it}});
    let both = |field: &str, it: &str| json!({"match": {field: it}});
    let cases = [
        ("x", word("x")),
        ("x y", word("x y")),
        ("x\\ y", word("x y")),
        ("x \\AND y", word("x AND y")),
        ("x AND y", json!({"bool": {"must": [word("x"), word("y")]}})),
        ("x && y", json!({"bool": {"must": [word("x"), word("y")]}})),
        (
            "x OR y",
            json!({"bool": {"should": [word("x"), word("y")]}}),
        ),
        (
            "x || y",
            json!({"bool": {"should": [word("x"), word("y")]}}),
        ),
        (
            "x OR y AND z",
            json!({"bool": {"should": word("x"), "must": [word("y"), word("z")]}}),
        ),
        (
            "x NOT y",
            json!({"bool": {"should": word("x"), "must_not": word("y")}}),
        ),
        (
            "+x -y z",
            json!({"bool": {"must": word("x"), "must_not": word("y"), "should": word("z")}}),
        ),
        ("-y", json!({"bool": {"must_not": word("y")}})),
        ("!y", json!({"bool": {"must_not": word("y")}})),
        (
            "(x OR y) AND z",
            json!({"bool": {"must": [{"bool": {"should": [word("x"), word("y")]}}, word("z")]}}),
        ),
        ("b:x", both("b", "x")),
        ("b.c:x", both("b.c", "x")),
        ("b:(x y)", both("b", "x y")),
        (
            "b:x y",
            json!({"bool": {"should": [both("b", "x"), word("y")]}}),
        ),
        (
            "x AND y z",
            json!({"bool": {"must": [word("x"), word("y")], "should": word("z")}}),
        ),
        ("b\\:x", word("b:x")),
        ("x^2", json!({"match": {"a": {"query": "x", "boost": 2}}})),
        ("\"x y\"", json!({"match_phrase": {"a": "x y"}})),
        (
            "\"x y\"~3^2",
            json!({"match_phrase": {"a": {"query": "x y", "slop": 3, "boost": 2}}}),
        ),
        ("x~", json!({"fuzzy": {"a": "x"}})),
        (
            "x~1",
            json!({"fuzzy": {"a": {"value": "x", "fuzziness": 1}}}),
        ),
        ("x*", json!({"prefix": {"a": "x"}})),
        ("x?y*", json!({"wildcard": {"a": "x?y*"}})),
        ("/x.*y/", json!({"regexp": {"a": "x.*y"}})),
        ("b:*", json!({"exists": {"field": "b"}})),
        ("_exists_:b", json!({"exists": {"field": "b"}})),
        ("*:*", json!({"match_all": {}})),
        ("*", json!({"match_all": {}})),
        (
            "b:[1 TO 5]",
            json!({"range": {"b": {"gte": "1", "lte": "5"}}}),
        ),
        (
            "b:{1 TO 5]",
            json!({"range": {"b": {"gt": "1", "lte": "5"}}}),
        ),
        ("b:[\"x y\" TO *}", json!({"range": {"b": {"gte": "x y"}}})),
        ("b:>=5", json!({"range": {"b": {"gte": "5"}}})),
        ("b:<5", json!({"range": {"b": {"lt": "5"}}})),
        (
            "b:(>5 AND <=9)",
            json!({"bool": {"must": [{"range": {"b": {"gt": "5"}}}, {"range": {"b": {"lte": "9"}}}]}}),
        ),
        ("", json!({"match_none": {}})),
    ];
    for (text, query) in cases {
        same(text, &query);
    }
}

#[test]
fn the_operator_of_query_strings_may_be_and() {
    let read_and = |text: &str| {
        read(&json!({"query_string":
            {"query": text, "default_field": "a", "default_operator": "and"}}))
    };
    let word = |it: &str| json!({"match": {"a": {"query": it, "operator": "and"}}});
    let cases = [
        ("x y", word("x y")),
        (
            "x OR y",
            json!({"bool": {"should": [word("x"), word("y")]}}),
        ),
        (
            "x \"y\"",
            json!({"bool": {"must": [word("x"), {"match_phrase": {"a": "y"}}]}}),
        ),
    ];
    for (text, query) in cases {
        assert_eq!(shape(&read_and(text)), shape(&read(&query)), "{text}");
    }
}

#[test]
fn broken_query_strings_are_refused() {
    for text in [
        "\"a", "a)", "(a", "[1 TO", "[1 5]", "a:", "OR a", "a OR", "a^x", "/a", "a~9", "\\",
    ] {
        let query = json!({"query_string": {"query": text}});
        let error = parse(&query).expect_err(text);
        assert!(
            error.message.starts_with("[query_string] cannot read"),
            "{error}"
        );
    }
    let deep = "(".repeat(200);
    assert!(parse(&json!({"query_string": {"query": deep}})).is_err());
}

#[test]
fn simple_query_strings_are_never_refused() {
    let simple = |text: &str| {
        let query = json!({"simple_query_string": {"query": text, "fields": ["a"]}});
        let text = format!("{:?}", read(&query))
            .replace("combine: Sum", "combine: Best { tie_breaker: 0.0 }");
        let listed = "Fields { fields: [WeightedField { pattern: \"a\", boost: 1.0 }]";
        let combine = ", combine: Best { tie_breaker: 0.0 }, lenient: false";
        text.replace(listed, "Field { field: \"a\"")
            .replace(combine, "")
            .replace("Normalized", "AsTyped")
    };
    let word = |it: &str| json!({"match": {"a": it}});
    let not = |it: Value| json!({"bool": {"must_not": it, "should": {"match_all": {}}}});
    let cases = [
        ("x", word("x")),
        ("x y", json!({"bool": {"should": [word("x"), word("y")]}})),
        (
            "x | y z",
            json!({"bool": {"should": [word("x"), word("y"), word("z")]}}),
        ),
        ("x + y", json!({"bool": {"must": [word("x"), word("y")]}})),
        (
            "x + y | z",
            json!({"bool": {"should": [{"bool": {"must": [word("x"), word("y")]}}, word("z")]}}),
        ),
        ("-x", not(word("x"))),
        (
            "x + -y",
            json!({"bool": {"must": [word("x"), not(word("y"))]}}),
        ),
        ("x - y", json!({"bool": {"should": [word("x"), word("y")]}})),
        (
            "x + (y | z)",
            json!({"bool": {"must": [word("x"), {"bool": {"should": [word("y"), word("z")]}}]}}),
        ),
        (
            "\"x y\"~2",
            json!({"match_phrase": {"a": {"query": "x y", "slop": 2}}}),
        ),
        ("x*", json!({"prefix": {"a": "x"}})),
        (
            "x~1",
            json!({"fuzzy": {"a": {"value": "x", "fuzziness": 1}}}),
        ),
        ("x\\*", word("x*")),
        ("x-y", word("x-y")),
        ("*", json!({"match_all": {}})),
        ("", json!({"match_none": {}})),
        ("(x", word("x")),
        ("x)", word("x")),
        ("\"x", word("x")),
        ("+ | x", word("x")),
        ("x\\", word("x")),
        ("()", json!({"match_none": {}})),
    ];
    for (text, query) in cases {
        assert_eq!(simple(text), shape(&read(&query)), "{text}");
    }
    let flags =
        json!({"simple_query_string": {"query": "x* + y", "fields": ["a"], "flags": "NONE"}});
    let text = format!("{:?}", read(&flags));
    assert!(text.contains("\"x* + y\""), "{text}");
}

/// Steps of a linear congruence: enough for a test, the same for a seed.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    (*state >> 33) as usize % below
}

#[test]
fn no_text_makes_a_reader_fail() {
    let pieces = [
        "a", "b:", "é", " ", "AND", "OR", "NOT", "(", ")", "\"", "~", "~2", "^", "^2", "*", "?",
        "[1 TO 2]", "[", "}", "TO", "/", "\\", "\\u00", "+", "-", "!", "&&", "|", ">", "=", "<",
        "{", "1", ",", "#", "@", "&", "<1-9>", "a{2}", "\u{3000}", "\0",
    ];
    for seed in 0..3000 {
        let mut state = seed;
        let count = random(&mut state, 12);
        let text: String = (0..count)
            .map(|_| pieces[random(&mut state, pieces.len())])
            .collect();
        // Whatever is said of it: it is said.
        let _ = parse(&json!({"query_string": {"query": text}}));
        parse(&json!({"simple_query_string": {"query": text}}))
            .unwrap_or_else(|it| panic!("seed {seed}, {text}: {it}"));
        let _ = parse(&json!({"match": {"a": {"query": "b", "minimum_should_match": text}}}));
        let _ = parse(&json!({"match": {"a": {"query": "b", "fuzziness": text}}}));
        let _ = parse(&json!({"geo_distance": {"distance": text, "a": text}}));
        let _ = parse(&json!({"geo_bounding_box": {"a": {"wkt": text}}}));
        let _ = parse(&json!({"geo_shape": {"a": {"shape": text}}}));
    }
}
