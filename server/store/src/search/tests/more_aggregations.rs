//! Aggregations of nested objects, of points, of combinations.

use super::aggregations::sales;
use super::*;

fn places() -> Reader {
    collection(
        json!({
            "at": {"type": "geo_point"},
            "kind": {"type": "keyword"},
            "parts": {"type": "nested", "properties": {
                "colour": {"type": "keyword"},
                "size": {"type": "integer"},
                "screws": {"type": "nested", "properties": {"count": {"type": "integer"}}},
            }},
        }),
        &[
            json!({"kind": "x", "at": {"lat": 48.85, "lon": 2.35}, "parts": [
                {"colour": "red", "size": 1, "screws": [{"count": 1}, {"count": 2}]},
                {"colour": "red", "size": 2},
                {"colour": "blue", "size": 4, "screws": {"count": 7}}]}),
            json!({"kind": "x", "at": "52.37,4.89", "parts": {"colour": "red", "size": 8}}),
            json!({"kind": "y", "at": [[-73.98, 40.75], [-73.97, 40.76]]}),
            json!({"kind": "y", "parts": [{"colour": "blue", "size": 16, "screws": {"count": 3}}]}),
        ],
    )
}

#[test]
fn elements_of_nested_arrays() {
    let places = [places()];
    let found = aggregate(
        &places,
        &json!({
            "kinds": {"terms": {"field": "kind"}, "aggs": {"parts": {"nested": {"path": "parts"}, "aggs": {
                "colours": {"terms": {"field": "parts.colour"}, "aggs": {
                    "size": {"sum": {"field": "parts.size"}},
                    "back": {"reverse_nested": {}, "aggs": {"kinds": {"terms": {"field": "kind"}}}},
                    "screws": {"nested": {"path": "parts.screws"}, "aggs": {
                        "count": {"sum": {"field": "parts.screws.count"}},
                        "up": {"reverse_nested": {"path": "parts"}, "aggs": {"size": {"sum": {"field": "parts.size"}}}},
                    }},
                }},
            }}}},
        }),
    );
    let x = &found["kinds"]["buckets"][0]["parts"];
    assert_eq!(x["doc_count"], 4);
    let red = &x["colours"]["buckets"][0];
    assert_eq!(
        (&red["key"], &red["doc_count"], &red["size"]["value"]),
        (&json!("red"), &json!(3), &json!(11))
    );
    assert_eq!(red["back"]["doc_count"], 2);
    assert_eq!(
        red["back"]["kinds"]["buckets"],
        json!([{"key": "x", "doc_count": 2}])
    );
    assert_eq!(
        red["screws"],
        json!({"doc_count": 2, "count": {"value": 3}, "up": {"doc_count": 1, "size": {"value": 1}}})
    );
    let blue = &x["colours"]["buckets"][1];
    assert_eq!(
        blue["screws"],
        json!({"doc_count": 1, "count": {"value": 7}, "up": {"doc_count": 1, "size": {"value": 4}}})
    );
    let y = &found["kinds"]["buckets"][1]["parts"];
    assert_eq!(
        y["colours"]["buckets"][0]["screws"]["count"],
        json!({"value": 3})
    );
}

#[test]
fn points() {
    let places = [places()];
    for (aggregation, expected) in [
        (
            json!({"geohash_grid": {"field": "at", "precision": 3}}),
            json!({"buckets": [
            {"key": "dr5", "doc_count": 1}, {"key": "u09", "doc_count": 1}, {"key": "u17", "doc_count": 1}]}),
        ),
        (
            json!({"geotile_grid": {"field": "at", "precision": 4}}),
            json!({"buckets": [
            {"key": "4/8/5", "doc_count": 2}, {"key": "4/4/6", "doc_count": 1}]}),
        ),
        (
            json!({"geo_distance": {"field": "at", "origin": "48.85,2.35", "unit": "km", "ranges": [{"to": 1}, {"from": 1, "to": 1000}, {"from": 1000}]}}),
            json!({"buckets": [
            {"key": "*-1.0", "to": 1, "doc_count": 1}, {"key": "1.0-1000.0", "from": 1, "to": 1000, "doc_count": 1}, {"key": "1000.0-*", "from": 1000, "doc_count": 1}]}),
        ),
        (json!({"geo_bounds": {"field": "nothing"}}), json!({})),
    ] {
        assert_eq!(
            aggregate(&places, &json!({"x": aggregation}))["x"],
            expected,
            "{aggregation}"
        );
    }
    let found = aggregate(
        &places,
        &json!({"c": {"geo_centroid": {"field": "at"}}, "b": {"geo_bounds": {"field": "at"}}}),
    );
    let near =
        |it: &Value, expected: f64| assert!((it.as_f64().unwrap() - expected).abs() < 1e-4, "{it}");
    assert_eq!(found["c"]["count"], 4);
    near(
        &found["c"]["location"]["lat"],
        (48.85 + 52.37 + 40.75 + 40.76) / 4.0,
    );
    near(&found["b"]["bounds"]["top_left"]["lon"], -73.98);
    near(&found["b"]["bounds"]["top_left"]["lat"], 52.37);
    near(&found["b"]["bounds"]["bottom_right"]["lon"], 4.89);
    near(&found["b"]["bounds"]["bottom_right"]["lat"], 40.75);
}

#[test]
fn combinations_of_values() {
    let sales = [sales()];
    let composite = |after: Option<&Value>| {
        let mut body = json!({"size": 2, "sources": [
            {"shop": {"terms": {"field": "shop", "missing_bucket": true, "order": "desc"}}},
            {"month": {"date_histogram": {"field": "day", "calendar_interval": "month", "format": "yyyy-MM", "missing_bucket": true}}},
        ]});
        if let Some(after) = after {
            body["after"] = after.clone();
        }
        aggregate(
            &sales,
            &json!({"x": {"composite": body, "aggs": {"p": {"sum": {"field": "price"}}}}}),
        )["x"]
            .clone()
    };
    let first = composite(None);
    assert_eq!(
        first,
        json!({"after_key": {"shop": "north", "month": "2024-01"}, "buckets": [
        {"key": {"shop": "south", "month": "2024-01"}, "doc_count": 1, "p": {"value": 20.5}},
        {"key": {"shop": "north", "month": "2024-01"}, "doc_count": 1, "p": {"value": 10}}]})
    );
    let second = composite(Some(&first["after_key"]));
    assert_eq!(
        second["buckets"][0]["key"],
        json!({"shop": "north", "month": "2024-03"})
    );
    let third = composite(Some(&second["after_key"]));
    assert_eq!(
        third["buckets"],
        json!([{"key": {"shop": null, "month": null}, "doc_count": 1, "p": {"value": 10}}])
    );
    assert_eq!(composite(Some(&third["after_key"])), json!({"buckets": []}));
    let multi = json!({"x": {"multi_terms": {"terms": [{"field": "shop"}, {"field": "is_new"}, {"field": "count"}], "size": 2}}});
    assert_eq!(
        aggregate(&sales, &multi)["x"],
        json!({"doc_count_error_upper_bound": 0, "sum_other_doc_count": 1, "buckets": [
        {"key": ["north", true, 1], "key_as_string": "north|true|1", "doc_count": 1},
        {"key": ["north", true, 3], "key_as_string": "north|true|3", "doc_count": 1}]})
    );
}

#[test]
fn the_best_and_the_unusual() {
    let sales = [sales()];
    let found = aggregate(
        &sales,
        &json!({
            "few": {"sampler": {"shard_size": 2}, "aggs": {"shops": {"terms": {"field": "shop"}}}},
            "rare": {"significant_terms": {"field": "shop", "min_doc_count": 1}},
            "part": {"significant_terms": {"field": "shop", "min_doc_count": 2, "percentage": {}}},
            "new": {"terms": {"field": "is_new", "size": 1}, "aggs": {"shops": {"significant_terms": {"field": "shop", "min_doc_count": 1}}}},
        }),
    );
    assert_eq!(found["few"]["doc_count"], 2);
    assert_eq!(
        found["few"]["shops"]["buckets"].as_array().unwrap().len(),
        2
    );
    // Among all documents nothing stands out.
    assert_eq!(
        found["rare"],
        json!({"doc_count": 5, "bg_count": 5, "buckets": []})
    );
    assert_eq!(
        found["part"]["buckets"],
        json!([{"key": "north", "doc_count": 2, "score": 1.0, "bg_count": 2}])
    );
    let shops = &found["new"]["buckets"][0]["shops"];
    assert_eq!(
        shops["buckets"],
        json!([{"key": "north", "doc_count": 2, "score": 1.5, "bg_count": 2}])
    );
}

#[test]
fn queries_inside_and_around_aggregations() {
    let sales = [sales()];
    let body = json!({
        "size": 0,
        "query": {"range": {"price": {"gte": 10}}},
        "post_filter": {"term": {"shop": "south"}},
        "aggs": {
            "all": {"global": {}, "aggs": {"least": {"min": {"field": "price"}}}},
            "new": {"filter": {"term": {"is_new": true}}, "aggs": {"p": {"sum": {"field": "price"}}}},
            "kinds": {"filters": {"filters": {"cheap": {"range": {"price": {"lt": 20}}}, "north": {"term": {"shop": "north"}}}, "other_bucket": true}},
            "listed": {"filters": {"filters": [{"match_all": {}}, {"match_none": {}}]}},
        },
    });
    let found = run(&sales, &body).unwrap();
    assert_eq!(found.total, 1);
    assert_eq!(
        found.aggregations.unwrap(),
        json!({
            "all": {"doc_count": 5, "least": {"value": -5}},
            "new": {"doc_count": 2, "p": {"value": 40}},
            "kinds": {"buckets": {"cheap": {"doc_count": 2}, "north": {"doc_count": 2}, "_other_": {"doc_count": 1}}},
            "listed": {"buckets": [{"doc_count": 4}, {"doc_count": 0}]},
        })
    );
    let places = [places()];
    let found = aggregate(
        &places,
        &json!({"parts": {"nested": {"path": "parts"}, "aggs": {
        "red": {"filter": {"term": {"parts.colour": "red"}}, "aggs": {"s": {"sum": {"field": "parts.size"}}}}}}}),
    );
    assert_eq!(
        found["parts"],
        json!({"doc_count": 5, "red": {"doc_count": 3, "s": {"value": 11}}})
    );
}
