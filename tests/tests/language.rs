//! The language on random and on hostile input.
//!
//! What is built can be written and read again; nothing that a user may hand over
//! panics, exhausts the stack or takes long.

#![allow(
    clippy::redundant_clone,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a test reads better plain, and one that cannot go on stops"
)]

use koncorde::{Filter, convert_distance, convert_geopoint, matches};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const FIELDS: [&str; 8] = ["a", "b", "a.b", "a.b.c", "", "a.", "__proto__", "x[1]\\"];

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&FIELDS[..]).prop_map(str::to_owned),
        1 => "[a-c.\\[\\]\\\\\"é]{0,6}",
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-4..4_i32).prop_map(f64::from),
        prop::num::f64::NORMAL,
        Just(0.1 + 0.2),
        Just(f64::MAX),
        Just(5e-324),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[ab]{0,2}", 1 => ".{0,4}"]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

/// Any JSON, also such as looks like a filter.
fn value() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        2 => prop::sample::select(&FIELDS[..]).prop_map(str::to_owned),
        1 => prop::sample::select(&["lat", "lon", "latLon", "lat_lon"][..]).prop_map(str::to_owned),
    ];
    scalar().prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map(key.clone(), inner, 0..4)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    vec((field(), value()), 0..5).prop_map(|it| Value::Object(it.into_iter().collect()))
}

fn point() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        (-90.0..=90.0, -400.0..400.0),
        (
            (-3..3_i32).prop_map(f64::from),
            (-3..3_i32).prop_map(f64::from)
        ),
        Just((90.0, 0.0)),
        Just((0.0, 180.0)),
    ]
}

fn area() -> impl Strategy<Value = Filter> {
    let distance = (0.0..3e7).prop_map(|it| format!("{it} m"));
    let [inner, outer] = [1.0..1e6, 1e6..2e7].map(|it| it.prop_map(|it| format!("{it} m")));
    prop_oneof![
        (field(), point(), distance).prop_map(|(field, center, distance)| {
            Filter::geo_distance(field, center, &distance).unwrap()
        }),
        (field(), point(), inner, outer).prop_map(|(field, center, inner, outer)| {
            Filter::geo_distance_range(field, center, &inner, &outer).unwrap()
        }),
        (field(), point(), point()).prop_filter_map("no box", |(field, one, other)| {
            Filter::geo_bounding_box(field, one, other).ok()
        }),
        (field(), vec(point(), 3..6))
            .prop_map(|(field, points)| Filter::geo_polygon(field, points).unwrap()),
    ]
}

fn term() -> impl Strategy<Value = Filter> {
    const PATTERNS: [&str; 7] = ["", "a", "^a+$", "(?i)B", "\\bé", "[^a]", "\\pL{2}"];
    prop_oneof![
        Just(Filter::everything()),
        Just(Filter::nothing()),
        (field(), value()).prop_map(|(field, value)| Filter::equals(field, value)),
        (field(), vec(scalar(), 0..4)).prop_map(|(field, values)| Filter::one_of(field, values)),
        field().prop_map(Filter::exists),
        (field(), scalar()).prop_map(|(field, value)| Filter::contains(field, value)),
        (field(), number(), number())
            .prop_map(|(field, low, high)| Filter::range(field, low..high)),
        (field(), number()).prop_map(|(field, low)| Filter::range(field, low..)),
        (field(), number()).prop_map(|(field, high)| Filter::range(field, ..=high)),
        field().prop_map(|field| Filter::range(field, ..)),
        (field(), prop::sample::select(&PATTERNS[..]), "[ims]?")
            .prop_map(|(field, pattern, flags)| Filter::regexp(field, pattern, &flags).unwrap()),
        document().prop_filter_map("empty", |it| Filter::like(it).ok()),
    ]
}

fn filter(terms: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
    terms.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| one.and(other)),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| one.or(other)),
            inner.clone().prop_map(|it| !it),
            (
                prop::sample::select(&["a", "b", "a.b"][..]),
                -3..3_i64,
                inner
            )
                .prop_map(|(field, index, query)| Filter::select(field, index, query).unwrap()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_built_is_written_and_read_as_the_same(
        filter in filter(prop_oneof![3 => term(), 1 => area()])
    ) {
        let json = filter.to_json();
        prop_assert_eq!(Filter::parse(&json), Ok(filter.clone()), "{}", json);
        prop_assert_eq!(filter.to_string().parse(), Ok(filter.clone()), "{}", json);
    }

    #[test]
    fn not_is_the_complement(filter in filter(term()), document in document()) {
        let found = [filter.clone(), !filter.clone()].map(|it| matches(&it, &document));
        prop_assert!(found[0] != found[1], "{} on {}", filter, document);
    }

    #[test]
    fn inside_and_outside_exclude_each_other(area in area(), document in document()) {
        let found = [area.clone(), !area.clone()].map(|it| matches(&it, &document));
        prop_assert!(found != [true, true], "{} on {}", area, document);
    }

    #[test]
    fn operands_mean_what_they_say(
        one in filter(term()), other in filter(term()), document in document()
    ) {
        let holds = |it: &Filter| matches(it, &document);
        let [left, right] = [holds(&one), holds(&other)];
        prop_assert_eq!(holds(&one.clone().and(other.clone())), left && right);
        prop_assert_eq!(holds(&one.clone().or(other.clone())), left || right);
    }

    #[test]
    fn reading_never_panics(filter in filter(term()), place in any::<prop::sample::Index>(), junk in value()) {
        // A filter with one value replaced by another one.
        let mut json = filter.to_json();
        let places = pointers(&json);
        let place = place.get(&places);
        if let Some(value) = json.pointer_mut(place) {
            *value = junk.clone();
        }
        for json in [&json, &junk] {
            if let Err(error) = Filter::parse(json) {
                prop_assert!(json.pointer(error.pointer()).is_some(), "{:?} in {}", error, json);
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn texts_never_panic(text in ".{0,20}", pattern in "[()\\[\\]{}|*+?^$\\\\.,:<>=!a-zA-Z0-9éſ-]{0,20}") {
        let _ = text.parse::<Filter>();
        let _ = convert_distance(&text);
        let _ = convert_geopoint(&json!(text));
        for value in [json!(pattern), json!({"value": pattern, "flags": "ims"})] {
            if let Ok(filter) = Filter::parse(&json!({"regexp": {"a": value}})) {
                let _ = matches(&filter, &json!({"a": text}));
            }
        }
        let _ = Filter::parse(&json!({"exists": pattern}));
    }
}

/// All places in a value, as JSON pointers.
fn pointers(value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Array(items) => {
                open.extend(
                    items
                        .iter()
                        .enumerate()
                        .map(|(i, it)| (format!("{pointer}/{i}"), it)),
                );
            }
            Value::Object(members) => open.extend(members.iter().map(|(key, it)| {
                (
                    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
                    it,
                )
            })),
            _ => (),
        }
        all.push(pointer);
    }
    all
}

/// A value inside of `depth` others.
fn nested(depth: usize, inner: Value, wrap: impl Fn(Value) -> Value) -> Value {
    (0..depth).fold(inner, |value, _| wrap(value))
}

fn object(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

fn select(query: Value) -> Value {
    let members = [("field", json!("a")), ("index", json!(0)), ("query", query)];
    let members = members.map(|(key, value)| (key.to_owned(), value));
    object("select", Value::Object(Map::from_iter(members)))
}

/// Asks in a thread with a small stack, where a walk that is too deep crashes.
/// The values that go there stay alive: to drop deep ones takes a deep stack.
fn in_a_small_stack<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    thread.spawn(ask).unwrap().join().unwrap()
}

#[test]
fn deep_filters_are_refused() {
    let leaf = || json!({"equals": {"a": 1}});
    let kinds: [(&str, fn(Value) -> Value); 5] = [
        ("not", |it| object("not", it)),
        ("and", |it| object("and", Value::Array(vec![it]))),
        ("or", |it| {
            object("or", Value::Array(vec![it, json!({"nothing": 1})]))
        }),
        ("bool", |it| {
            object("bool", object("must_not", Value::Array(vec![it])))
        }),
        ("select", |it| select(it)),
    ];
    for (keyword, wrap) in kinds {
        let deep: &Value = Box::leak(Box::new(nested(10_000, leaf(), wrap)));
        let error = in_a_small_stack(move || Filter::parse(deep)).unwrap_err();
        assert_eq!(error.keyword(), Some(keyword));
        assert!(error.message().contains("120 levels"), "{error}");
        // The deepest one that is accepted is written and read again.
        let deepest = (1..130)
            .map_while(|depth| Filter::parse(&nested(depth, leaf(), wrap)).ok())
            .last()
            .unwrap();
        let copy = deepest.clone();
        assert_eq!(
            in_a_small_stack(move || copy.to_string().parse()),
            Ok(deepest),
            "{keyword}"
        );
    }
    let deep = nested(100_000, json!(1), |it| Value::Array(vec![it]));
    let deep: &Value = Box::leak(Box::new(object("match", object("a", deep))));
    assert!(in_a_small_stack(move || Filter::parse(deep)).is_err());
}

#[test]
fn deep_documents_are_looked_at_without_a_deep_stack() {
    let filters = [
        json!({"equals": {"a.a.a": 1}}),
        json!({"exists": "a[1]"}),
        json!({"match": {"a": {"a": [[1]]}}}),
        json!({"match": {"a": [[[1]]]}}),
        json!({"select": {"field": "a", "index": 0, "query": {"exists": "value"}}}),
        json!({"not": {"geoDistance": {"a": [0, 0], "distance": "1m"}}}),
        json!({"exists": ".".repeat(100_000)}),
        json!({"exists": vec!["a"; 90_000].join(".")}),
    ];
    let wraps: [fn(Value) -> Value; 3] = [
        |it| object("a", it),
        |it| Value::Array(vec![it]),
        |it| object("latLon", Value::Array(vec![it])),
    ];
    for wrap in wraps {
        let inner = nested(100_000, json!(1), wrap);
        let document: &Value = Box::leak(Box::new(object("a", inner)));
        for filter in &filters {
            let filter = Filter::parse(filter).unwrap();
            in_a_small_stack(move || matches(&filter, document));
        }
    }
}

#[test]
fn what_is_too_much_is_refused_at_once() {
    let points = |count: usize| {
        let points: Vec<_> = (0..count).map(|it| json!([it % 80, it % 170])).collect();
        json!({"geoPolygon": {"p": {"points": points}}})
    };
    let regexp = |source: String| json!({"regexp": {"a": source}});
    let cases = [
        (
            regexp("a".repeat(1_000_000)),
            Some("a pattern may have 32768 bytes"),
        ),
        (regexp("a".repeat(30_000)), None),
        (regexp("(".repeat(30_000)), Some("250 levels")),
        (
            regexp("(a".repeat(300) + &")*".repeat(300)),
            Some("250 levels"),
        ),
        (regexp("(a".repeat(120) + &")*".repeat(120)), None),
        (regexp("a{1001}".to_owned()), Some("up to 1000")),
        (
            regexp("((a{10}){10}){11}".to_owned()),
            Some("multiply to 1000"),
        ),
        (regexp("((a{10}){10}){10}".to_owned()), None),
        (regexp("\\pL{1000}".to_owned()), Some("pattern too large")),
        (regexp("\\pL".repeat(10_000)), Some("pattern too large")),
        (
            regexp(format!("(?i)[{}]", "\\pL".repeat(10_000))),
            Some("pattern too large"),
        ),
        (regexp("[[:".repeat(10_000)), Some("missing ]")),
        (regexp("{".repeat(30_000)), None),
        (points(10_000), None),
        (points(10_001), Some("at most 10000 points")),
        (json!({"match": {"a": vec![1; 998]}}), None),
        (json!({"match": {"a": vec![1; 1_000]}}), Some("1000 values")),
        (json!({"in": {"a": (0..100_000).collect::<Vec<_>>()}}), None),
        (
            json!({"geoDistance": {"p": [0, 0], "distance": "9".repeat(5_000) + "m"}}),
            Some("1000 bytes"),
        ),
        (
            json!({"geoDistance": {"p": [0, 0], "distance": "9".repeat(900) + "m"}}),
            Some("too great"),
        ),
        (
            json!({"geoDistance": {"p": [90.1, 0], "distance": "1m"}}),
            Some("latitudes go from -90 to 90"),
        ),
        (
            json!({"geoDistance": {"p": "1e999,1", "distance": "1m"}}),
            Some("latitudes go from -90 to 90"),
        ),
        (
            json!({"geoDistance": {"p": "1,-1e999", "distance": "1m"}}),
            Some("longitudes are finite"),
        ),
        (
            json!({"geoBoundingBox": {"p": {"top": 1, "left": "1e999", "bottom": 0, "right": 1}}}),
            Some("longitudes are finite"),
        ),
        (
            json!({"geoBoundingBox": {"p": {"top": 91, "left": 0, "bottom": 0, "right": 1}}}),
            Some("latitudes go from -90 to 90"),
        ),
        (
            json!({"geoBoundingBox": {"p": {"top": 0, "left": 0, "bottom": 1, "right": 1}}}),
            Some("top must be north of bottom"),
        ),
        (
            json!({"geoBoundingBox": {"p": {"top": 1, "left": 180, "bottom": 0, "right": -180}}}),
            Some("different meridians"),
        ),
    ];
    for (filter, expected) in cases {
        let shown: String = filter.to_string().chars().take(60).collect();
        match (Filter::parse(&filter), expected) {
            (Ok(_), None) => (),
            (Err(error), Some(part)) => assert!(error.message().contains(part), "{shown}: {error}"),
            (found, expected) => panic!("{shown}: found {found:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn hostile_filters_and_documents_end() {
    let long = "a".repeat(10_000_000);
    let cases = [
        // Patterns that make backtracking engines explode.
        (json!({"regexp": {"a": "(a*)*b"}}), json!({"a": long})),
        (json!({"regexp": {"a": "(a|aa)+$x"}}), json!({"a": long})),
        (
            json!({"regexp": {"a": "(.*)(.*)(.*)(.*)(.*)[^a]"}}),
            json!({"a": long}),
        ),
        // Array patterns that make greedy and recursive matching explode.
        (
            json!({"match": {"a": vec![json!({}); 500]}}),
            json!({"a": vec![json!({}); 499]}),
        ),
        (
            json!({"match": {"a": (0..450).map(|it| json!({"k": it})).collect::<Vec<_>>()}}),
            json!({"a": (0..2_000).map(|it| json!({"k": it % 449})).collect::<Vec<_>>()}),
        ),
        (
            json!({"match": {"a": [[[[[[1], [2]], [[3]]]]], [[[[[4]]]]]]}}),
            json!({"a": vec![json!([[[[[1, 2, 3]]], [[[4]]]]]); 3_000]}),
        ),
        // Keys that can be cut into paths in many ways.
        (
            json!({"exists": "a.".repeat(2_000)}),
            nested(
                300,
                json!({}),
                |it| json!({"a": it, "a.a": it.is_null(), "a.a.a": {}}),
            ),
        ),
    ];
    for (filter, document) in cases {
        assert!(!matches(&Filter::parse(&filter).unwrap(), &document));
    }
}

#[test]
fn building_beyond_the_depth_of_the_language_panics() {
    let deepen = |it: Filter| it.and(Filter::equals("a", 1)).or(Filter::equals("b", 2));
    let deep = (0..30).fold(Filter::exists("c"), |filter, _| deepen(filter));
    assert_eq!(deep.to_string().parse(), Ok(deep.clone()));
    assert!(std::panic::catch_unwind(|| deepen(deep)).is_err());
    // Chains do not nest.
    let wide = (0..10_000).fold(Filter::exists("c"), |filter, _| {
        filter.or(Filter::equals("a", 1))
    });
    assert_eq!(wide.to_string().parse(), Ok(wide));
}
