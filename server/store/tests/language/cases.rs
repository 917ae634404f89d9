//! What the model once found, and corners that it does not reach, as cases.

use serde_json::{Value, json};

use super::{filled, search};

/// A mapping, documents, and which of them each query finds.
struct Case {
    mapping: Value,
    documents: Vec<Value>,
    queries: Vec<(Value, Vec<usize>)>,
}

async fn check(case: Case) {
    let documents: Vec<(String, Value)> = case
        .documents
        .into_iter()
        .enumerate()
        .map(|(place, it)| (place.to_string(), it))
        .collect();
    let (_folder, store, at) = filled(&case.mapping, &documents).await;
    for (query, expected) in case.queries {
        let found = search(&store, &at, &query, json!({})).await;
        let mut ids: Vec<usize> = found
            .hits
            .iter()
            .map(|it| it.document.id.parse().unwrap())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, expected, "{query}");
    }
}

#[tokio::test]
async fn the_parameters_of_fields_are_followed() {
    check(Case {
        mapping: json!({"properties": {
            "all": {"type": "text"},
            "k": {"type": "keyword", "copy_to": "all", "normalizer": "lowercase"},
            "hidden": {"type": "keyword", "index": false, "doc_values": false},
            "off": {"enabled": false},
            "loose": {"type": "integer", "ignore_malformed": true},
            "flat": {"type": "flattened"},
            "also": {"type": "alias", "path": "k"},
            "en": {"type": "text", "analyzer": "english"},
        }}),
        documents: vec![
            json!({"k": "Red Fox", "hidden": "a", "off": {"b": 1}, "loose": "x", "flat": {"a": {"b": "c"}}}),
            json!({"k": ["blue", "GREEN"], "loose": 5, "en": "The running foxes"}),
        ],
        queries: vec![
            (json!({"term": {"k": "red fox"}}), vec![0]),
            (json!({"term": {"k": "RED FOX"}}), vec![0]),
            (json!({"term": {"also": "blue"}}), vec![1]),
            (json!({"match": {"all": "fox green"}}), vec![0, 1]),
            (json!({"exists": {"field": "hidden"}}), vec![]),
            (json!({"exists": {"field": "off.b"}}), vec![]),
            (json!({"exists": {"field": "loose"}}), vec![1]),
            (json!({"term": {"flat": "c"}}), vec![0]),
            (json!({"term": {"flat.a.b": "c"}}), vec![0]),
            (json!({"match": {"en": "fox runs"}}), vec![1]),
            (json!({"match_phrase": {"en": "runs fox"}}), vec![1]),
            (json!({"match": {"en": "the"}}), vec![]),
        ],
    })
    .await;
}

#[tokio::test]
async fn places_at_the_date_line_are_found() {
    let square = |west: f64, east: f64| {
        json!({"type": "polygon", "coordinates": [[
            [west, -1.0], [east, -1.0], [east, 1.0], [west, 1.0], [west, -1.0],
        ]]})
    };
    let within = |shape: Value, relation: &str| json!({"geo_shape": {"s": {"shape": shape, "relation": relation}}});
    check(Case {
        mapping: json!({"properties": {"s": {"type": "geo_shape"}, "p": {"type": "geo_point"}}}),
        documents: vec![
            json!({"s": square(179.0, -179.0), "p": [179.9, 0.0]}),
            json!({"s": square(170.0, 175.0), "p": "0,-179.9"}),
            json!({"s": {"type": "circle", "coordinates": [-178.0, 0.0], "radius": "50km"}}),
            json!({"s": ["POINT (0 0)", "LINESTRING (10 10, 20 20)"]}),
        ],
        queries: vec![
            (within(json!("POINT (179.5 0)"), "intersects"), vec![0]),
            (within(json!("POINT (-179.5 0)"), "intersects"), vec![0]),
            (within(json!("POINT (0 0.5)"), "intersects"), vec![]),
            (
                within(json!("BBOX (178, -177, 2, -2)"), "within"),
                vec![0, 2],
            ),
            (within(json!("BBOX (-1, 30, 30, -1)"), "within"), vec![3]),
            (
                within(json!("LINESTRING (10 20, 20 10)"), "intersects"),
                vec![3],
            ),
            (
                json!({"geo_distance": {"distance": "30km", "p": [180.0, 0.0]}}),
                vec![0, 1],
            ),
        ],
    })
    .await;
}

#[tokio::test]
async fn fields_of_ranges_hold_values() {
    check(Case {
        mapping: json!({"properties": {
            "r": {"type": "integer_range"}, "d": {"type": "date_range"}, "ip": {"type": "ip_range"},
        }}),
        documents: vec![
            json!({"r": {"gte": 1, "lt": 5}, "d": {"gte": "2024-01-01", "lt": "2024-02-01"}}),
            json!({"r": {"gt": 9}, "ip": "10.0.0.0/8"}),
        ],
        queries: vec![
            (json!({"term": {"r": 4}}), vec![0]),
            (json!({"term": {"r": 5}}), vec![]),
            (json!({"term": {"r": 10}}), vec![1]),
            (json!({"term": {"d": "2024-01-31"}}), vec![0]),
            (json!({"term": {"ip": "10.1.2.3"}}), vec![1]),
            (json!({"range": {"r": {"gte": 5, "lte": 9}}}), vec![]),
            (json!({"range": {"r": {"gte": 0, "lte": 1}}}), vec![0]),
            (
                json!({"range": {"r": {"gte": 0, "lte": 9, "relation": "within"}}}),
                vec![0],
            ),
            (json!({"exists": {"field": "ip"}}), vec![1]),
        ],
    })
    .await;
}
