//! Input from people who mean harm, through the engine: it is answered, or refused
//! with an error, and nothing is left behind. Nothing here is timed: what grows
//! faster than it should would not end, or not fit.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use koncorde::{Engine, Filter, Koncorde, Options};
use koncorde_tests::Random;
use serde_json::{Map, Value, json};

fn any_size() -> Engine {
    Engine::with_options(Options {
        max_conditions: 0,
        ..Options::default()
    })
}

/// Tests a document parsed and as text.
fn test(engine: &Engine, document: &Value) -> usize {
    let count = engine.test(document).len();
    let text = document.to_string();
    assert_eq!(engine.test_slice(text.as_bytes()).unwrap().len(), count);
    count
}

/// Patterns on which a backtracking engine never ends.
#[test]
fn patterns_are_run_in_linear_time() {
    let mut engine = any_size();
    for pattern in [
        "(a*)*b",
        "(a+)+$x",
        "(a|aa)+b",
        "(a|a?)+b",
        "^(a?){500}a{500}b",
        "(.*)(.*)(.*)(.*)(.*)[^a]$",
        "((a{1,20}){1,20})b",
        "(?:(?:a+)+)+b",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(x+x+)+y",
        "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*=",
    ] {
        engine.register(&json!({"regexp": {"a": pattern}})).unwrap();
    }
    for length in [1, 100, 300_000] {
        assert_eq!(test(&engine, &json!({"a": "a".repeat(length)})), 0);
    }
    assert!(test(&engine, &json!({"a": format!("{}b", "a".repeat(1000))})) >= 4);
}

#[test]
fn patterns_that_would_grow_are_refused() {
    let engine = any_size();
    for pattern in [
        "((((a{30}){30}){30}){30})".to_owned(),
        "(a{1000}){2}".to_owned(),
        r"(\pL{100}){10}".to_owned(),
        r"(?i)(\PN{500}|\pL{500})".to_owned(),
        format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("a{}", "?".repeat(3)),
        "a|".repeat(20_000),
        r"\pL".repeat(10_000),
    ] {
        let shown: String = pattern.chars().take(40).collect();
        let error = engine.normalize(&json!({"regexp": {"a": pattern}}));
        let error = error.expect_err(&shown);
        assert_eq!(error.path(), Some("regexp.a"), "{shown}");
        assert!(error.to_string().len() < 50_000, "{shown}");
    }
    // Any number of patterns that are small is none too large.
    let many = vec!["[a-z]{1,3}x?"; 2000].concat();
    assert!(engine.normalize(&json!({"regexp": {"a": many}})).is_ok());
}

/// JSON itself ends at 127 levels; values made in Rust may be deeper.
#[test]
fn filters_that_nest_too_deep_are_refused() {
    let engine = any_size();
    let wraps: [fn(Value) -> Value; 5] = [
        |it| json!({"not": it}),
        |it| json!({"and": [it, {"exists": "b"}]}),
        |it| json!({"or": [it, {"exists": "b"}]}),
        |it| json!({"bool": {"must_not": [it]}}),
        |it| json!({"select": {"field": "a", "index": 0, "query": it}}),
    ];
    for wrap in wraps {
        let deep = (0..200).fold(json!({"exists": "a"}), |it, _| wrap(it));
        let error = engine.normalize(&deep).unwrap_err();
        assert!(error.message().contains("120 levels"), "{error:.300}");
    }
    for depth in [2_000, 100_000] {
        let text = format!(
            "{}{}{}",
            r#"{"not":"#.repeat(depth),
            "{}",
            "}".repeat(depth)
        );
        assert!(text.parse::<Filter>().is_err());
        let text = format!(
            r#"{{"match":{{"a":{}{}}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert!(text.parse::<Filter>().is_err());
    }
}

#[test]
fn documents_of_a_million_keys() {
    let mut engine = any_size();
    let last = engine.register(&json!({"equals": {"k999999": 1}})).unwrap();
    let none = json!({"missing": "k1000000"});
    engine.register(&none).unwrap();
    engine.register(&json!({"exists": "k5.inner"})).unwrap();
    let object: Map<String, Value> = (0..1_000_000)
        .map(|it| (format!("k{it}"), json!(1)))
        .collect();
    let document = Value::Object(object);
    assert!(engine.test(&document).contains(&last));
    assert_eq!(test(&engine, &document), 2);
    // One key, a million times: the last one counts.
    let text = format!("{{{}\"k999999\":1}}", "\"k999999\":0,".repeat(1_000_000));
    assert_eq!(engine.test_slice(text.as_bytes()).unwrap().len(), 2);
    // Keys that begin alike, so that no look at a beginning is enough.
    let head = "x".repeat(500);
    for it in 0..200 {
        engine
            .register(&json!({"exists": format!("{head}{it}")}))
            .unwrap();
    }
    let object: Map<String, Value> = (0..5_000)
        .map(|it| (format!("{head}{it}"), json!(1)))
        .collect();
    assert_eq!(test(&engine, &Value::Object(object)), 201);
}

/// Keys with dots can be cut into paths in many ways.
#[test]
fn keys_of_dots() {
    let mut engine = any_size();
    engine
        .register(&json!({"exists": "a.".repeat(2_000)}))
        .unwrap();
    engine
        .register(&json!({"exists": ".".repeat(100_000)}))
        .unwrap();
    let inner = (0..120).fold(
        json!({}),
        |it, _| json!({"a": it, "a.a": {"a": 1}, "a.a.a": {}}),
    );
    assert_eq!(test(&engine, &inner), 0);
    assert_eq!(test(&engine, &json!({".".repeat(100_000): 1})), 1);
}

#[test]
fn a_hundred_thousand_filters_on_one_value() {
    let mut engine = any_size();
    let ids: Vec<_> = (0..100_000)
        .map(|it| {
            let rest = json!({"range": {"n": {"gte": it}}});
            let filter = json!({"and": [{"equals": {"a": "hot"}}, rest]});
            engine.register(&filter).unwrap()
        })
        .collect();
    assert_eq!(engine.test(&json!({"a": "hot", "n": 9})).len(), 10);
    assert_eq!(engine.test(&json!({"a": "cold", "n": 9})).len(), 0);
    for id in &ids {
        assert!(engine.remove(id));
    }
    assert!(engine.is_empty());
    engine.check_invariants();
}

#[test]
fn nothing_and_everything_in_all_places() {
    let mut koncorde = Koncorde::new();
    let everything = koncorde.register(&json!({}), None).unwrap();
    for (filter, is_everything) in [
        (json!({"not": {"nothing": null}}), true),
        (json!({"not": {"not": {"nothing": null}}}), false),
        (json!({"bool": {"must_not": [{"nothing": 1}]}}), true),
        (
            json!({"bool": {"should_not": [{"nothing": 1}, {"exists": "a"}]}}),
            true,
        ),
        (
            json!({"or": [{"nothing": 1}, {"not": {"nothing": 2}}]}),
            true,
        ),
        (json!({"and": [{"nothing": 1}, {"exists": "a"}]}), false),
        (
            json!({"select": {"field": "a", "index": 0, "query": {"nothing": 1}}}),
            false,
        ),
        (
            json!({"not": {"select": {"field": "a", "index": 0, "query": {"nothing": 1}}}}),
            true,
        ),
    ] {
        let id = koncorde.register(&filter, None).unwrap();
        assert_eq!(id == everything, is_everything, "{filter}");
        assert_eq!(
            koncorde.test(&json!({"a": [1]}), None),
            [everything],
            "{filter}"
        );
        assert_eq!(koncorde.test_slice(b"{}", None).unwrap(), [everything]);
    }
}

#[test]
fn numbers_beyond_all_numbers() {
    let mut engine = any_size();
    engine
        .register(&json!({"range": {"a": {"gte": f64::MAX}}}))
        .unwrap();
    engine
        .register(&json!({"range": {"a": {"lt": 0}}}))
        .unwrap();
    engine
        .register(&json!({"equals": {"a": u64::MAX}}))
        .unwrap();
    for (text, count) in [
        (r#"{"a":1.7976931348623157e308}"#, Some(1)),
        (r#"{"a":-1e308}"#, Some(1)),
        (r#"{"a":-0.0}"#, Some(0)),
        (r#"{"a":-5e-324}"#, Some(1)),
        (r#"{"a":1e-400}"#, Some(0)),
        (r#"{"a":-1e-400}"#, Some(0)),
        (r#"{"a":18446744073709551615}"#, Some(1)),
        (r#"{"a":18446744073709551616}"#, Some(1)),
        (r#"{"a":18446744073709551615.0}"#, Some(1)),
        (r#"{"a":1e400}"#, None),
        (r#"{"a":-1e400}"#, None),
        (r#"{"b":1e400}"#, None),
        (r#"{"a":NaN}"#, None),
        (r#"{"a":Infinity}"#, None),
        (r#"{"a":01}"#, None),
        (r#"{"a":1.}"#, None),
        (r#"{"a":+1}"#, None),
    ] {
        let found = engine.test_slice(text.as_bytes()).ok().map(|it| it.len());
        assert_eq!(found, count, "{text}");
        let parsed = serde_json::from_str::<Value>(text).ok();
        assert_eq!(parsed.map(|it| engine.test(&it).len()), count, "{text}");
    }
    let long = format!("{{\"a\":{}}}", "1".repeat(300));
    assert_eq!(engine.test_slice(long.as_bytes()).unwrap().len(), 0);
    let huge = format!("{{\"a\":0.{}1e5}}", "0".repeat(1_000_000));
    assert_eq!(engine.test_slice(huge.as_bytes()).unwrap().len(), 0);
    for text in [r#"{"range":{"a":{"gt":1e400}}}"#, r#"{"equals":{"a":NaN}}"#] {
        assert!(text.parse::<Filter>().is_err());
    }
    for nan in [f64::NAN, f64::INFINITY] {
        assert_eq!(Filter::range("a", nan..), Filter::nothing());
    }
}

#[test]
fn texts_that_are_no_texts() {
    let mut engine = any_size();
    engine
        .register(&json!({"not": {"equals": {"a": "x"}}}))
        .unwrap();
    for (bytes, is_document) in [
        (&br#"{"a":"\ud83d\ude00"}"#[..], true),
        (br#"{"a":"\u0000"}"#, true),
        (br#"{"a":"\ud800"}"#, false),
        (br#"{"a":"\udc00\ud800"}"#, false),
        (br#"{"b":"\ud800"}"#, false),
        (br#"{"\ud800":1}"#, false),
        (b"{\"a\":\"\xff\"}", false),
        (b"{\"b\":\"\xc3\"}", false),
        (b"{\"a\":\"\xed\xa0\x80\"}", false),
        (b"{\"a\":\"\n\"}", false),
        (b"\xef\xbb\xbf{}", false),
        (b"{} x", false),
        (b"", false),
    ] {
        let found = engine.test_slice(bytes);
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(found.is_ok(), is_document, "{shown}: {found:?}");
        let parsed = serde_json::from_slice::<Value>(bytes);
        assert_eq!(parsed.is_ok(), is_document, "{shown}");
    }
}

/// Filters that reuse few conditions in all ways make the largest diagrams.
#[test]
fn tangled_filters_are_registered() {
    let mut random = Random::from_env(5);
    for conditions in [8, 16, 24, 40, 64, 200] {
        let mut engine = any_size();
        let terms: Vec<Value> = (0..conditions)
            .map(|it| match it % 4 {
                0 => json!({"equals": {format!("f{}", it % 13): it % 5}}),
                1 => json!({"range": {format!("f{}", it % 11): {"gte": it % 7}}}),
                2 => json!({"regexp": {format!("f{}", it % 7): format!("x{}", it % 9)}}),
                _ => json!({"in": {format!("f{}", it % 5): [it, it + 1, "x1"]}}),
            })
            .collect();
        let mut filters: Vec<Value> = (0..400)
            .map(|_| match random.below(3) {
                0 => json!({"not": random.pick(&terms)}),
                _ => random.pick(&terms).clone(),
            })
            .collect();
        while filters.len() > 8 {
            let operands = filters.split_off(filters.len() - 4);
            let at = random.below(filters.len());
            filters.insert(at, json!({["and", "or"][random.below(2)]: operands}));
        }
        let filter = json!({"or": filters});
        match engine.register(&filter) {
            Ok(id) => {
                let document = json!({"f0": 0, "f1": 6, "f2": "x1", "f3": 3});
                let expected = koncorde::matches(&Filter::parse(&filter).unwrap(), &document);
                assert_eq!(test(&engine, &document), usize::from(expected));
                assert!(engine.remove(&id));
                engine.check_invariants();
            }
            Err(error) => assert!(error.message().contains("levels"), "{error:.300}"),
        }
    }
}
