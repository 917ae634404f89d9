//! Filters and documents made to hurt: all of them end, with an answer or with an
//! error, and leave nothing behind. What would explode would not end.

use std::collections::BTreeSet;

use koncorde::{Engine, Options};
use koncorde_tests::Random;
use serde_json::{Value, json};

fn any_size() -> Engine {
    Engine::with_options(Options {
        max_conditions: 0,
        ..Options::default()
    })
}

fn equals(field: String, value: usize) -> Value {
    json!({"equals": {field: value}})
}

#[test]
fn conjunctions_of_disjunctions_are_not_multiplied_out() {
    for count in [12, 16, 25, 200] {
        let mut engine = any_size();
        let pairs = (0..count)
            .map(|it| json!({"or": [equals(format!("a{it}"), 1), equals(format!("b{it}"), 1)]}));
        let filter = json!({"and": pairs.collect::<Vec<_>>()});
        let id = engine.register(&filter).unwrap();
        let all: serde_json::Map<_, _> = (0..count)
            .map(|it| (format!("{}{it}", ["a", "b"][it % 2]), json!(1)))
            .collect();
        let document = Value::Object(all.clone());
        assert_eq!(engine.test(&document), [id]);
        let mut one_less = all;
        one_less.remove("a0");
        assert_eq!(engine.test(&Value::Object(one_less)), []);
        assert!(engine.remove(&id));
        engine.check_invariants();
    }
}

#[test]
fn deep_alternations_are_kept_as_they_are() {
    let mut engine = any_size();
    let mut filter = equals("f0".to_owned(), 0);
    for it in 1..50 {
        let operator = ["and", "or"][it % 2];
        filter = json!({operator: [filter, equals(format!("f{it}"), it)]});
    }
    let id = engine.register(&filter).unwrap();
    assert_eq!(engine.test(&json!({"f49": 49})), [id]);
    assert_eq!(engine.test(&json!({"f48": 48})), []);
    let both = json!({"f48": 48, "f47": 47});
    assert_eq!(engine.test(&both), [id]);
}

/// A wide alternation of two hundred conditions on few fields.
#[test]
fn wide_alternations_on_few_fields_do_not_blow_up() {
    let mut random = Random::from_env(11);
    for _ in 0..5 {
        let mut term = |_| {
            let field = format!("f{}", random.below(4));
            match random.below(3) {
                0 => json!({"equals": {field: random.below(50)}}),
                1 => json!({"range": {field: {"gte": random.below(50)}}}),
                _ => json!({"not": {"regexp": {field: format!("x{}", random.below(20))}}}),
            }
        };
        let groups = (0..50).map(|group| {
            let operands: Vec<Value> = (0..4).map(&mut term).collect();
            json!({["and", "or"][group % 2]: operands})
        });
        let groups: Vec<Value> = groups.collect();
        let (left, right) = groups.split_at(25);
        let filter = json!({"or": [{"and": left}, {"not": {"and": right}}]});
        let mut engine = any_size();
        let id = engine.register(&filter).unwrap();
        engine.test(&json!({"f0": 3, "f1": 7, "f2": "x1"}));
        assert!(engine.remove(&id));
    }
}

#[test]
fn too_many_conditions_are_refused_and_leave_nothing() {
    let mut engine = Engine::with_options(Options {
        max_conditions: 3,
        ..Options::default()
    });
    let filter = |count: usize| {
        let operands: Vec<_> = (0..count).map(|it| equals(format!("f{it}"), it)).collect();
        json!({"or": operands})
    };
    let error = engine.register(&filter(4)).unwrap_err();
    assert!(
        error.to_string().contains("conditions: 4, max: 3"),
        "{error}"
    );
    assert!(engine.validate(&filter(4)).is_err() && engine.is_empty());
    engine.register(&filter(3)).unwrap();
    let values: Vec<usize> = (0..1000).collect();
    engine.register(&json!({"in": {"a": values}})).unwrap();
    let nested = json!({"select": {"field": "a", "index": 0, "query": filter(4)}});
    assert!(engine.register(&nested).is_err());
    let nested = json!({"select": {"field": "a", "index": 0, "query": filter(3)}});
    engine
        .register(&json!({"and": [nested, {"exists": "b"}, {"exists": "c"}]}))
        .unwrap();
    engine.check_invariants();
}

/// Many filters on one value, found and removed one by one.
#[test]
fn many_filters_share_a_value() {
    let mut engine = Engine::new();
    let ids: Vec<_> = (0..20_000)
        .map(|it| {
            let filter = json!({"and": [{"equals": {"a": 1}}, {"exists": format!("f{it}")}]});
            engine.register(&filter).unwrap()
        })
        .collect();
    assert_eq!(engine.test(&json!({"a": 1, "f7": null})), [ids[7]]);
    let mut left: BTreeSet<_> = ids.iter().copied().collect();
    for id in &ids[..19_990] {
        assert!(engine.remove(id));
        left.remove(id);
    }
    assert_eq!(engine.filter_ids().collect::<BTreeSet<_>>(), left);
    engine.check_invariants();
}

#[test]
fn ranges_that_all_end_at_one_place() {
    let mut engine = Engine::new();
    let ids: Vec<_> = (1..3000)
        .map(|it| {
            let filter = json!({"range": {"a": {"gte": 0, "lte": f64::from(it) * 1e-3}}});
            engine.register(&filter).unwrap()
        })
        .collect();
    assert_eq!(engine.test(&json!({"a": 0})).len(), ids.len());
    assert_eq!(engine.test(&json!({"a": 2.9995})), []);
    engine.check_invariants();
    for id in &ids {
        assert!(engine.remove(id));
    }
    engine.check_invariants();
}

#[test]
fn documents_that_are_no_objects_match_nothing_and_are_refused_as_bytes() {
    let mut engine = Engine::new();
    engine.register(&json!({})).unwrap();
    for document in [json!(null), json!(5), json!("a"), json!([1]), json!(true)] {
        assert_eq!(engine.test(&document), []);
        assert!(engine.test_slice(document.to_string().as_bytes()).is_err());
    }
    assert_eq!(engine.test(&json!({})).len(), 1);
}

#[test]
fn deep_documents_are_refused_not_crashed_on() {
    let mut engine = Engine::new();
    engine.register(&json!({"equals": {"a.a.a.a": 1}})).unwrap();
    for levels in [126, 127, 128, 100_000] {
        let text = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let found = engine.test_slice(text.as_bytes());
        assert_eq!(found.is_ok(), levels <= 127, "{levels}");
    }
}

/// Ids are part of what others keep: they must not change unnoticed.
#[test]
fn ids_are_the_same_everywhere() {
    let engine = Engine::with_options(Options {
        seed: *b"0123456789abcdef0123456789abcdef",
        ..Options::default()
    });
    let ids = [
        json!({"equals": {"name": "Ada"}}),
        json!({"and": [{"exists": "a"}, {"not": {"regexp": {"b": {"value": "x+", "flags": "i"}}}}]}),
        json!({"geoDistance": {"at": [48.8566, 2.3522], "distance": "10km"}}),
        json!({"not": {"geoPolygon": {"at": {"points": [[0, 0], [0, 1], [1, 0]]}}}}),
        json!({"or": [{"match": {"a": [{"b": 1}]}}, {"select": {"field": "c", "index": -1,
            "query": {"in": {"value": [1, null, "x"]}}}}]}),
    ]
    .map(|filter| engine.normalize(&filter).unwrap().id().to_string());
    let expected = [
        "0578b8e618bf88dba8e7f5211c0c19bd",
        "f839a40ec5f34e49f380576aa613cd4a",
        "618f657c357932e72cef701b8da7e3b8",
        "9cf055d38a1d7f6966861b1736046266",
        "744969307cfcaa94404dccdf284634b0",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn engines_are_values_that_threads_can_share() {
    fn assert_send_and_sync<T: Send + Sync>() {}
    assert_send_and_sync::<koncorde::Koncorde>();
    assert_send_and_sync::<Engine>();
    assert_send_and_sync::<koncorde::Filter>();
    assert_send_and_sync::<koncorde::NormalizedFilter>();
    assert_send_and_sync::<koncorde::Scratch>();
    assert_send_and_sync::<koncorde::FilterError>();
    assert_send_and_sync::<koncorde::DocumentError>();
    assert_send_and_sync::<koncorde::Explanation<'_>>();
    let mut engine = Engine::new();
    let id = engine.register(&json!({"regexp": {"a": "^x+$"}})).unwrap();
    let copy = engine.clone();
    assert!(engine.remove(&id));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(copy.test(&json!({"a": "xxx"})), [id]);
                    assert_eq!(engine.test(&json!({"a": "xxx"})), []);
                }
            });
        }
    });
}
