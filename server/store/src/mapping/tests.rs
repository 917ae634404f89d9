//! Tables of mappings, documents, and what becomes of both.

use serde_json::{Map, Value, json};

use super::*;
use crate::error::StoreErrorKind as Kind;

fn mapping(value: &Value) -> Mapping {
    let part = Mapping::parse(value).unwrap_or_else(|error| panic!("{value}: {error}"));
    Mapping::default().merged(part).unwrap()
}

/// The mapping after these documents came in, or why one does not fit.
fn after(mapping: &Mapping, documents: &[Value]) -> Result<Value, Misfit> {
    let mut mapping = mapping.clone();
    for document in documents {
        if let Fit::Growing(part) = mapping.fit(document.as_object().unwrap())? {
            mapping = mapping.merged(part).unwrap();
        }
    }
    Ok(mapping.to_json()["properties"].clone())
}

fn text() -> Value {
    json!({"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}})
}

#[test]
fn mappings_are_shown_as_they_were_given() {
    let cases = [
        (json!(null), json!({"dynamic": "true", "properties": {}})),
        (json!({}), json!({"dynamic": "true", "properties": {}})),
        (
            json!({"dynamic": false, "_meta": {"a": [1]}}),
            json!({"dynamic": "false", "_meta": {"a": [1]}, "properties": {}}),
        ),
        (
            json!({"dynamic": "strict", "dynamic_templates": [], "properties": {
                "b": {"type": "keyword", "ignore_above": 10},
                "a": {"properties": {"x": {"type": "long"}}, "dynamic": true},
                "c": {"type": "object", "properties": {"x": {"type": "long"}}},
                "d": {"type": "object"},
                "e": {"type": "object", "enabled": false},
                "f": {"type": "nested", "properties": {"x": {"type": "geo_point"}}},
                "g": {"type": "text", "analyzer": "french", "fields": {"raw": {"type": "keyword"}}},
                "h": {"enabled": false},
            }}),
            json!({"dynamic": "strict", "properties": {
                "a": {"dynamic": "true", "properties": {"x": {"type": "long"}}},
                "b": {"type": "keyword", "ignore_above": 10},
                "c": {"properties": {"x": {"type": "long"}}},
                "d": {"type": "object"},
                "e": {"type": "object", "enabled": false},
                "f": {"type": "nested", "properties": {"x": {"type": "geo_point"}}},
                "g": {"type": "text", "analyzer": "french", "fields": {"raw": {"type": "keyword"}}},
                "h": {"type": "object", "enabled": false},
            }}),
        ),
        (
            json!({"properties": {"a.b": {"type": "long"}, "a": {"properties": {"c": {"type": "ip"}}}}}),
            json!({"dynamic": "true", "properties": {
                "a": {"properties": {"b": {"type": "long"}, "c": {"type": "ip"}}},
            }}),
        ),
    ];
    for (given, shown) in cases {
        assert_eq!(mapping(&given).to_json(), shown, "{given}");
        let again = mapping(&shown).to_json();
        assert_eq!(again, shown, "what is shown can be given again");
    }
}

#[test]
fn wrong_mappings_are_named() {
    let invalid = |path: &str, hint: &str| Kind::InvalidMapping {
        path: path.into(),
        hint: hint.into(),
    };
    let cases = [
        (
            json!([]),
            Kind::MalformedMapping {
                property: "mappings".into(),
            },
        ),
        (
            json!({"propertys": {}}),
            invalid("propertys", "Did you mean \"properties\"?"),
        ),
        (
            json!({"q": {}}),
            invalid(
                "q",
                "Known here: properties, _meta, dynamic, dynamic_templates.",
            ),
        ),
        (
            json!({"properties": {"a": {"properties": {"b": {"properties": {}, "dinamic": true}}}}}),
            invalid(
                "properties.a.properties.b.dinamic",
                "Did you mean \"dynamic\"?",
            ),
        ),
        (
            json!({"properties": {"a": {"properties": {}, "analyzer": "x"}}}),
            invalid(
                "properties.a.analyzer",
                "Known here: properties, _meta, dynamic, dynamic_templates, type.",
            ),
        ),
        (
            json!({"dynamic": "strit"}),
            invalid("dynamic", "Did you mean \"strict\"?"),
        ),
        (
            json!({"properties": {"a": {"type": "object", "dynamic": 5}}}),
            invalid(
                "properties.a.dynamic",
                "The value of dynamic is one of the texts true, false, strict.",
            ),
        ),
        (
            json!({"properties": 5}),
            Kind::MalformedMapping {
                property: "properties".into(),
            },
        ),
        (
            json!({"properties": {"a": 5}}),
            Kind::MalformedMapping {
                property: "a".into(),
            },
        ),
        (json!({"properties": {"a": {}}}), Kind::Refused),
        (json!({"properties": {"": {"type": "long"}}}), Kind::Refused),
        (
            json!({"properties": {"a..b": {"type": "long"}}}),
            Kind::Refused,
        ),
        (
            json!({"properties": {"a.".repeat(10_000): {"type": "long"}}}),
            Kind::Refused,
        ),
        (
            json!({"properties": {"a": {"type": "strange"}}}),
            Kind::UnknownFieldType {
                field: "a".into(),
                data_type: "strange".into(),
            },
        ),
        (
            json!({"properties": {"a": {"properties": {"b": {"type": 5}}}}}),
            Kind::UnknownFieldType {
                field: "a.b".into(),
                data_type: "5".into(),
            },
        ),
        (
            json!({"properties": {"a": {"type": "keyword", "analyzer": "x"}}}),
            Kind::UnknownFieldParameter {
                parameter: "analyzer".into(),
                field: "a".into(),
            },
        ),
        (
            json!({"properties": {"a": {"type": "object", "index": false}}}),
            Kind::UnknownFieldParameter {
                parameter: "index".into(),
                field: "a".into(),
            },
        ),
        (
            json!({"properties": {"a": {"type": "text", "fields": {"b": {"type": "object"}}}}}),
            invalid(
                "properties.a.fields.b",
                "A multi-field has a type of its own and no fields.",
            ),
        ),
        (
            json!({"properties": {"a.b": {"type": "long"}, "a": {"type": "long"}}}),
            invalid("properties.a", "The field [a] is written twice."),
        ),
    ];
    for (given, kind) in cases {
        assert_eq!(Mapping::parse(&given).unwrap_err().kind, kind, "{given}");
    }
    let mut deep = json!({"type": "long"});
    for _ in 0..40 {
        deep = json!({"properties": {"a": deep}});
    }
    assert_eq!(Mapping::parse(&deep).unwrap_err().kind, Kind::Refused);
}

#[test]
fn mappings_grow_and_types_stay() {
    let before = mapping(
        &json!({"dynamic": "strict", "_meta": {"v": 1}, "properties": {
            "n": {"type": "long"},
            "k": {"type": "keyword", "ignore_above": 10},
            "o": {"properties": {"x": {"type": "date"}}},
            "d": {"type": "nested", "properties": {"x": {"type": "date"}}},
        }}),
    );
    let cannot = |field: &str| {
        Err(Kind::CannotChangeMapping {
            field: field.into(),
        })
    };
    let cases = [
        (json!({"properties": {"n": {"type": "long"}}}), Ok(())),
        (json!({"properties": {"m": {"type": "long"}}}), Ok(())),
        (
            json!({"properties": {"k": {"type": "keyword", "ignore_above": 20}}}),
            Ok(()),
        ),
        (json!({"properties": {"k": {"type": "keyword"}}}), Ok(())),
        (
            json!({"properties": {"k": {"type": "keyword", "fields": {"t": {"type": "text"}}}}}),
            Ok(()),
        ),
        (
            json!({"properties": {"o": {"properties": {"y": {"type": "long"}}}}}),
            Ok(()),
        ),
        (
            json!({"properties": {"d": {"properties": {"y": {"type": "long"}}}}}),
            Ok(()),
        ),
        (json!({"dynamic": "false", "_meta": {"v": 2}}), Ok(())),
        (json!({"properties": {"n": {"type": "text"}}}), cannot("n")),
        (
            json!({"properties": {"n": {"type": "integer"}}}),
            cannot("n"),
        ),
        (
            json!({"properties": {"n": {"properties": {}}}}),
            cannot("n"),
        ),
        (
            json!({"properties": {"o": {"type": "nested"}}}),
            cannot("o"),
        ),
        (json!({"properties": {"o": {"type": "long"}}}), cannot("o")),
        (
            json!({"properties": {"o": {"properties": {"x": {"type": "long"}}}}}),
            cannot("o.x"),
        ),
        (
            json!({"properties": {"k": {"type": "keyword", "index": false}}}),
            Err(Kind::Refused),
        ),
    ];
    for (part, expected) in cases {
        let merged = before.merged(Mapping::parse(&part).unwrap());
        assert_eq!(merged.map(drop).map_err(|it| it.kind), expected, "{part}");
    }
    let part = json!({"dynamic": "false", "_meta": {"w": 2}});
    let merged = before
        .merged(Mapping::parse(&part).unwrap())
        .unwrap()
        .to_json();
    assert_eq!(
        (&merged["dynamic"], &merged["_meta"]),
        (&json!("false"), &json!({"w": 2}))
    );
    let kept = before.merged(Mapping::default()).unwrap();
    assert_eq!(kept, before);
}

#[test]
fn new_fields_are_inferred() {
    let number = |name: &str| json!({ "type": name });
    let cases = [
        (json!({"a": 1}), json!({"a": number("long")})),
        (json!({"a": -1.5}), json!({"a": number("float")})),
        (json!({"a": 1.0}), json!({"a": number("float")})),
        (json!({"a": true}), json!({"a": number("boolean")})),
        (json!({"a": "hello"}), json!({"a": text()})),
        (json!({"a": ""}), json!({"a": text()})),
        (json!({"a": "2024-02-29"}), json!({"a": number("date")})),
        (
            json!({"a": "2024-02-29T12:30:00.000Z"}),
            json!({"a": number("date")}),
        ),
        (json!({"a": "2024"}), json!({"a": text()})),
        (json!({"a": "1709209815250"}), json!({"a": text()})),
        (json!({"a": "2024-02-30"}), json!({"a": text()})),
        (json!({"a": null}), json!({})),
        (json!({"a": []}), json!({})),
        (json!({"a": [null, 1]}), json!({"a": number("long")})),
        (json!({"a": [[1, 2], [3]]}), json!({"a": number("long")})),
        (json!({"a": {}}), json!({"a": number("object")})),
        (
            json!({"a": {"b": {"c": 1}}}),
            json!({"a": {"properties": {"b": {"properties": {"c": number("long")}}}}}),
        ),
        (
            json!({"a.b": 1, "a": {"c": true}}),
            json!({"a": {"properties": {"b": number("long"), "c": number("boolean")}}}),
        ),
        (
            json!({"a": [{"b": 1}, {"c": "x"}, {"b": 2}]}),
            json!({"a": {"properties": {"b": number("long"), "c": text()}}}),
        ),
    ];
    for (document, expected) in cases {
        let properties = after(&Mapping::default(), std::slice::from_ref(&document));
        assert_eq!(properties, Ok(expected), "{document}");
    }
    let both = after(
        &Mapping::default(),
        &[json!({"a": {"b": 1}}), json!({"a": {"c": 1}})],
    );
    assert_eq!(
        both.unwrap()["a"]["properties"].as_object().unwrap().len(),
        2
    );
}

#[test]
fn dynamic_decides_at_every_level() {
    let mapping = mapping(&json!({"dynamic": "false", "properties": {
        "strict": {"dynamic": "strict", "properties": {"known": {"type": "long"}, "inner": {"properties": {}}}},
        "open": {"dynamic": "true", "type": "object"},
        "off": {"type": "object", "enabled": false},
    }}));
    let before = mapping.to_json()["properties"].clone();
    let kept = [
        json!({"unknown": 1, "other": {"a": "b"}}),
        json!({"strict": {"known": 1}}),
        json!({"strict": null}),
        json!({"strict": []}),
        json!({"off": {"anything": [1, "a", {}]}}),
        json!({"off": 5}),
    ];
    for document in kept {
        let properties = after(&mapping, std::slice::from_ref(&document));
        assert_eq!(properties, Ok(before.clone()), "{document}");
    }
    let grown = after(&mapping, &[json!({"open": {"new": 1}})]).unwrap();
    assert_eq!(grown["open"]["properties"]["new"]["type"], "long");
    for (document, field) in [
        (json!({"strict": {"unknown": 1}}), "unknown"),
        (json!({"strict": {"unknown": null}}), "unknown"),
        (
            json!({"strict": [{"known": 1}, {"unknown": []}]}),
            "unknown",
        ),
        (json!({"strict": {"inner": {"deep": 1}}}), "deep"),
        (json!({"strict.other": 1}), "other"),
    ] {
        let refusal = after(&mapping, std::slice::from_ref(&document));
        let expected = Err(Misfit::Unknown {
            field: field.into(),
        });
        assert_eq!(refusal, expected, "{document}");
    }
}

#[test]
fn values_have_to_be_of_their_type() {
    let many = |count: usize| json!("x".repeat(count));
    let cases = [
        (
            json!({"type": "long"}),
            vec![
                json!(1),
                json!("1"),
                json!(1.7),
                json!(""),
                json!(null),
                json!([1, [2]]),
                json!(i64::MIN),
            ],
            vec![
                json!("a"),
                json!(true),
                json!({}),
                json!(u64::MAX),
                json!([1, "a"]),
                json!(1e30),
                json!("NaN"),
            ],
        ),
        (
            json!({"type": "long", "coerce": false}),
            vec![json!(1)],
            vec![json!("1"), json!(1.7)],
        ),
        (
            json!({"type": "byte"}),
            vec![json!(127), json!(-128)],
            vec![json!(128), json!(-129)],
        ),
        (
            json!({"type": "unsigned_long"}),
            vec![json!(u64::MAX)],
            vec![json!(-1)],
        ),
        (
            json!({"type": "float"}),
            vec![json!(1.5), json!("1.5"), json!(3)],
            vec![json!(1e300), json!("inf"), json!("x")],
        ),
        (
            json!({"type": "double"}),
            vec![json!(1e300)],
            vec![json!(false)],
        ),
        (
            json!({"type": "half_float"}),
            vec![json!(65504)],
            vec![json!(70000)],
        ),
        (
            json!({"type": "boolean"}),
            vec![json!(true), json!("false"), json!("")],
            vec![json!(1), json!("yes"), json!({})],
        ),
        (
            json!({"type": "date"}),
            vec![json!("2024-02-29"), json!(0), json!("1700000000000")],
            vec![json!("29/02/2024"), json!(true), json!({})],
        ),
        (
            json!({"type": "date", "format": "dd/MM/yyyy"}),
            vec![json!("29/02/2024")],
            vec![json!("2024-02-29")],
        ),
        (
            json!({"type": "keyword"}),
            vec![json!("a"), json!(1), json!(true), many(32_766)],
            vec![json!({}), many(32_767)],
        ),
        (
            json!({"type": "keyword", "ignore_above": 10}),
            vec![many(40_000)],
            vec![json!({})],
        ),
        (
            json!({"type": "text"}),
            vec![json!("a"), json!(1), many(100_000)],
            vec![json!({"a": 1}), json!([{}])],
        ),
        (
            json!({"type": "ip"}),
            vec![json!("127.0.0.1"), json!("::1")],
            vec![json!("localhost"), json!(1)],
        ),
        (
            json!({"type": "geo_point"}),
            vec![
                json!({"lat": 1, "lon": 2}),
                json!([1, 2]),
                json!(["1,2", [3, 4]]),
                json!([]),
            ],
            vec![
                json!({"lat": 91, "lon": 2}),
                json!(5),
                json!("nowhere!"),
                json!([{"lat": 1}]),
            ],
        ),
        (
            json!({"type": "geo_shape"}),
            vec![
                json!({"type": "Point", "coordinates": [1, 2]}),
                json!("POINT (1 2)"),
            ],
            vec![json!(5)],
        ),
        (
            json!({"type": "binary"}),
            vec![json!("aGk=")],
            vec![json!(5), json!({})],
        ),
        (
            json!({"type": "integer_range"}),
            vec![json!({"gte": 1})],
            vec![json!(5)],
        ),
        (
            json!({"type": "flattened"}),
            vec![json!({"a": {"b": 1}})],
            vec![json!("a")],
        ),
        (
            json!({"type": "nested"}),
            vec![json!({"a": 1}), json!([{"a": 1}, {"a": 2}]), json!(null)],
            vec![json!(1), json!([1])],
        ),
        (
            json!({"properties": {"a": {"type": "long"}}}),
            vec![json!({"a": 1}), json!({}), json!([])],
            vec![json!("a"), json!({"a": "x"})],
        ),
        (
            json!({"type": "long", "ignore_malformed": true}),
            vec![json!("a"), json!(1e30)],
            vec![],
        ),
        (
            json!({"type": "text", "fields": {"n": {"type": "long"}}}),
            vec![json!("5")],
            vec![json!("five")],
        ),
        (
            json!({"type": "alias", "path": "b"}),
            vec![],
            vec![json!(1)],
        ),
        (json!({"type": "dense_vector"}), vec![json!([1, 2])], vec![]),
    ];
    for (field, good, bad) in cases {
        let mapping = mapping(&json!({"properties": { "f": field }}));
        for value in good {
            let document = json!({ "f": value });
            assert!(
                after(&mapping, std::slice::from_ref(&document)).is_ok(),
                "{document} in {field}"
            );
        }
        for value in bad {
            let document = json!({ "f": value });
            let refusal = after(&mapping, std::slice::from_ref(&document)).unwrap_err();
            let is_refused =
                matches!(&refusal, Misfit::Refused { field, .. } if field.starts_with('f'));
            assert!(is_refused, "{document} in {field}: {refusal:?}");
        }
    }
}

#[test]
fn a_document_without_end_is_refused() {
    let mut deep = json!(1);
    for _ in 0..60 {
        deep = json!({ "a": deep });
    }
    let dots = json!({"a.".repeat(100_000): 1});
    for document in [
        deep,
        dots,
        json!({"": 1}),
        json!({"a..b": 1}),
        json!({".": 1}),
    ] {
        let refusal = after(&Mapping::default(), std::slice::from_ref(&document));
        assert!(matches!(refusal, Err(Misfit::Refused { .. })));
    }
    let wide: Map<String, Value> = (0..1001).map(|it| (format!("k{it}"), it.into())).collect();
    let Ok(Fit::Growing(part)) = Mapping::default().fit(&wide) else {
        panic!("the fields are new");
    };
    let refusal = Mapping::default().merged(part).unwrap_err();
    assert_eq!(refusal.kind, Kind::Refused);
}

#[test]
fn metadata_is_no_content() {
    let closed = mapping(&json!({"dynamic": "false"}));
    for mapping in [Mapping::default(), closed] {
        let refusal = after(&mapping, &[json!({"_id": "a"})]);
        assert!(matches!(refusal, Err(Misfit::Refused { field, .. }) if field == "_id"));
        assert!(after(&mapping, &[json!({"_kuzzle_info": {}, "o": {"_id": "a"}})]).is_ok());
    }
}

#[test]
fn refusals_name_the_field() {
    let mapping = mapping(&json!({"properties": {"a": {"properties": {"b": {"type": "long"}}}}}));
    let refusal = after(&mapping, &[json!({"a": [{"b": 1}, {"b": "x"}]})]).unwrap_err();
    let Misfit::Refused { field, reason } = refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!(field, "a.b");
    assert_eq!(
        reason,
        "its type [long] cannot take the value 'x': no number"
    );
}

#[test]
fn leaves_are_found_by_path() {
    let mapping = mapping(&json!({"properties": {
        "a": {"properties": {"b": {"type": "text", "fields": {"raw": {"type": "keyword"}}}}},
    }}));
    let found = |path: &'static str| {
        let leaf = mapping.leaf(path);
        leaf.map(|(leaf, path)| (leaf.data_type, path))
    };
    assert_eq!(found("a.b"), Some((DataType::Text, "a.b")));
    assert_eq!(found("a.b.raw"), Some((DataType::Keyword, "a.b")));
    for path in ["a", "a.c", "a.b.other", "b", "", "a.", "a.b.raw.x"] {
        assert_eq!(found(path), None, "{path}");
    }
}
