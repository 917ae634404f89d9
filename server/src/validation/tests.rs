//! Specifications and documents, as tables.

use serde_json::{Map, Value, json};

use super::*;

fn place() -> Collection {
    Collection {
        index: "i".into(),
        collection: "c".into(),
    }
}

fn parsed(specification: &Value) -> Result<Specification, Vec<String>> {
    let parsed = Validation::default().parse(&place(), specification);
    parsed.map_err(|errors| errors.into_iter().filter_map(|it| it.id).collect())
}

/// The first thing that is wrong: `path` or `document`.
fn refused(specification: &Value, document: Value) -> Option<String> {
    let specification = parsed(specification).unwrap();
    let mut document = document.as_object().unwrap().clone();
    let error = specification
        .check(&mut document, Mode::Whole)
        .into_result()
        .err()?;
    Some(match error.id.as_deref() {
        Some("validation.check.failed_field") => error.props[0].clone(),
        _ => "document".into(),
    })
}

fn field(definition: Value) -> Value {
    json!({ "fields": { "f": definition } })
}

#[test]
fn types_accept_and_refuse() {
    let cases = [
        (
            json!({"type": "anything"}),
            vec![json!(1), json!({}), json!("")],
            vec![],
        ),
        (
            json!({"type": "boolean"}),
            vec![json!(true)],
            vec![json!("true"), json!(1)],
        ),
        (
            json!({"type": "integer", "typeOptions": {"range": {"min": 1, "max": 3}}}),
            vec![json!(1), json!(3), json!(2.0)],
            vec![json!(0), json!(4), json!(1.5), json!("2")],
        ),
        (
            json!({"type": "numeric", "typeOptions": {"range": {"min": 0.5}}}),
            vec![json!(0.5), json!(1e9)],
            vec![json!(0.4), json!("1")],
        ),
        (
            json!({"type": "string", "typeOptions": {"length": {"min": 2, "max": 3}}}),
            vec![json!("ab"), json!("éàü")],
            vec![json!("a"), json!("abcd"), json!(12)],
        ),
        (
            json!({"type": "enum", "typeOptions": {"values": ["a", "b"]}}),
            vec![json!("a")],
            vec![json!("c"), json!(1)],
        ),
        (
            json!({"type": "email"}),
            vec![json!("a@b.co"), json!("")],
            vec![json!("a"), json!(1)],
        ),
        (
            json!({"type": "email", "typeOptions": {"notEmpty": true}}),
            vec![],
            vec![json!("")],
        ),
        (
            json!({"type": "ip_address"}),
            vec![json!("::1"), json!("1.2.3.4")],
            vec![json!("1.2.3")],
        ),
        (
            json!({"type": "url"}),
            vec![json!("http://a.bc")],
            vec![json!("http//a")],
        ),
        (
            json!({"type": "date"}),
            vec![json!(1_700_000_000_000_u64)],
            vec![json!("2024-01-01"), json!({})],
        ),
        (
            json!({"type": "date", "typeOptions": {
                "formats": ["strict_date", "epoch_second"],
                "range": {"min": "2000-01-01", "max": "NOW"},
            }}),
            vec![json!("2024-01-01"), json!(1_700_000_000)],
            vec![
                json!("1999-12-31"),
                json!("2999-01-01"),
                json!("01/01/2024"),
            ],
        ),
        (
            json!({"type": "geo_point"}),
            vec![json!({"lat": 1, "lon": 2}), json!("1,2")],
            vec![json!("x"), json!(5)],
        ),
        (
            json!({"type": "geo_shape", "typeOptions": {"shapeTypes": ["point", "polygon", "circle"]}}),
            vec![
                json!({"type": "point", "coordinates": [1, 2]}),
                json!({"type": "polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]], "orientation": "cw"}),
                json!({"type": "circle", "coordinates": [1, 2], "radius": "10km"}),
            ],
            vec![
                json!({"type": "point", "coordinates": [181, 2]}),
                json!({"type": "linestring", "coordinates": [[0, 0], [1, 1]]}),
                json!({"type": "polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}),
                json!({"type": "circle", "coordinates": [1, 2]}),
                json!({"type": "point", "coordinates": [1, 2], "radius": 1}),
                json!("POINT (1 2)"),
            ],
        ),
        (
            json!({"type": "object"}),
            vec![json!({"x": 1})],
            vec![json!("x"), json!([])],
        ),
        (
            json!({"type": "integer", "multivalued": {"value": true, "minCount": 1, "maxCount": 2}}),
            vec![json!([1]), json!([1, 2])],
            vec![json!([]), json!([1, 2, 3]), json!(1), json!(["a"])],
        ),
        (
            json!({"type": "integer", "multivalued": {"value": false}}),
            vec![json!(1)],
            vec![json!([1])],
        ),
    ];
    for (definition, accepted, wrong) in cases {
        let specification = field(definition.clone());
        for value in accepted {
            let found = refused(&specification, json!({ "f": value }));
            assert_eq!(found, None, "{definition} {value}");
        }
        for value in wrong {
            let found = refused(&specification, json!({ "f": value }));
            assert_eq!(found.as_deref(), Some("f"), "{definition} {value}");
        }
    }
}

#[test]
fn documents_are_checked_as_a_whole() {
    let nested = json!({
        "strict": true,
        "fields": {
            "name": {"type": "string", "mandatory": true},
            "driver": {"type": "object"},
            "driver/age": {"type": "integer"},
            "driver/car": {"type": "object", "typeOptions": {"strict": false}},
        },
        "validators": [{"not": {"equals": {"name": "nobody"}}}],
    });
    let cases = [
        (
            json!({"name": "a", "driver": {"age": 3, "car": {"x": 1}}}),
            None,
        ),
        (
            json!({"name": "a", "driver": {"age": "3"}}),
            Some("driver.age"),
        ),
        (json!({"name": "a", "driver": {"size": 3}}), Some("driver")),
        (json!({"name": "a", "other": 3}), Some("document")),
        (json!({"name": null}), Some("name")),
        (json!({}), Some("name")),
        (json!({"name": "nobody"}), Some("document")),
    ];
    for (document, expected) in cases {
        let found = refused(&nested, document.clone());
        assert_eq!(found.as_deref(), expected, "{document}");
    }
}

#[test]
fn defaults_are_filled_in() {
    let specification = parsed(&json!({"fields": {
        "a": {"type": "string", "mandatory": true, "defaultValue": "x"},
        "b": {"type": "integer", "defaultValue": 0},
        "o": {"type": "object"},
        "o/c": {"type": "integer", "defaultValue": 5},
    }}))
    .unwrap();
    let cases = [
        (Mode::Whole, json!({}), json!({"a": "x"})),
        (
            Mode::Whole,
            json!({"a": null, "o": {}}),
            json!({"a": "x", "o": {"c": 5}}),
        ),
        (
            Mode::Changed,
            json!({"o": {"c": null}}),
            json!({"o": {"c": 5}}),
        ),
        (Mode::Changed, json!({}), json!({})),
    ];
    for (mode, document, expected) in cases {
        let mut found = document.as_object().unwrap().clone();
        assert!(specification.check(&mut found, mode).is_valid());
        assert_eq!(Value::from(found), expected, "{mode:?} {document}");
    }
}

#[test]
fn all_that_is_wrong_is_told() {
    let specification = parsed(&json!({
        "strict": true,
        "fields": {"a": {"type": "integer"}, "o": {"type": "object"}, "o/b": {"type": "boolean"}},
    }))
    .unwrap();
    let mut document: Map<String, Value> = Map::new();
    document.insert("a".into(), "x".into());
    document.insert("o".into(), json!({"b": 1}));
    document.insert("z".into(), json!(1));
    let report = specification.check(&mut document, Mode::Whole);
    assert_eq!(
        report.to_json(),
        json!({
            "documentScope": ["the field z is not specified"],
            "fieldScope": { "children": {
                "a": { "messages": ["it must be an integer"] },
                "o": { "children": { "b": { "messages": ["it must be true or false"] } } },
            } },
        })
    );
}

#[test]
fn wrong_specifications_are_refused() {
    let cases = [
        (json!([]), vec!["validation.assert.invalid_type"]),
        (
            json!({"other": 1}),
            vec!["validation.assert.unexpected_properties"],
        ),
        (json!({"strict": 1}), vec!["validation.assert.invalid_type"]),
        (field(json!({})), vec!["validation.assert.missing_type"]),
        (
            field(json!({"type": "x"})),
            vec!["validation.assert.unknown_type"],
        ),
        (
            field(json!({"type": "string", "x": 1})),
            vec!["validation.assert.unexpected_properties"],
        ),
        (
            field(json!({"type": "string", "typeOptions": {"range": {}}})),
            vec!["validation.assert.unexpected_properties"],
        ),
        (
            field(json!({"type": "string", "typeOptions": {"length": {"min": 3, "max": 2}}})),
            vec!["validation.assert.invalid_range"],
        ),
        (
            field(json!({"type": "string", "multivalued": {}})),
            vec!["validation.assert.missing_value"],
        ),
        (
            field(json!({"type": "string", "multivalued": {"value": false, "minCount": 1}})),
            vec!["validation.assert.not_multivalued"],
        ),
        (
            field(json!({"type": "enum"})),
            vec!["validation.types.missing_enum_values"],
        ),
        (
            field(json!({"type": "date", "typeOptions": {"formats": ["nope"]}})),
            vec!["validation.types.invalid_date_format"],
        ),
        (
            field(json!({"type": "date", "typeOptions": {"range": {"min": "x"}}})),
            vec!["validation.types.invalid_date"],
        ),
        (
            field(json!({"type": "geo_shape", "typeOptions": {"shapeTypes": ["blob"]}})),
            vec!["validation.types.invalid_geoshape"],
        ),
        (
            json!({"fields": {"a/b": {"type": "string"}}}),
            vec!["validation.assert.missing_parent"],
        ),
        (
            json!({"fields": {"a": {"type": "string"}, "a/b": {"type": "string"}}}),
            vec!["validation.assert.unexpected_children"],
        ),
        (
            json!({"validators": [{"equals": 1}], "fields": {"a": {}}}),
            vec![
                "validation.assert.missing_type",
                "validation.assert.invalid_filters",
            ],
        ),
    ];
    for (specification, expected) in cases {
        assert_eq!(
            parsed(&specification).unwrap_err(),
            expected,
            "{specification}"
        );
    }
}
