//! Places.

use serde_json::json;

use super::*;

fn cities() -> Reader {
    let properties = json!({
        "at": {"type": "geo_point"},
        "area": {"type": "geo_shape"},
        "kind": {"type": "keyword"},
    });
    let square = |west: f64, south: f64, east: f64, north: f64| {
        json!({"type": "Polygon", "coordinates":
            [[[west, south], [east, south], [east, north], [west, north], [west, south]]]})
    };
    let documents = [
        json!({"_id": "a", "at": {"lat": 48.8566, "lon": 2.3522}, "area": square(0., 0., 10., 10.)}),
        json!({"_id": "b", "at": [4.8357, 45.7640], "area": square(2., 2., 4., 4.)}),
        json!({"_id": "c", "at": ["43.6108,3.8767", "43.2965,5.3698"],
            "area": "LINESTRING (5 5, 20 5)"}),
        json!({"_id": "d", "at": {"lat": -17.7134, "lon": 178.065}, "area": square(30., 30., 31.5, 31.5)}),
        json!({"_id": "e", "kind": "none"}),
        json!({"_id": "f", "at": "POINT (-179.5 -17.0)",
            "area": {"type": "envelope", "coordinates": [[8, 8], [12, 6]]}}),
    ];
    collection(&properties, &documents)
}

#[test]
fn points_are_found_by_their_places() {
    let paris = json!({"lat": 48.8566, "lon": 2.3522});
    let distance = |metres: &str| json!({"geo_distance": {"distance": metres, "at": paris}});
    let bounds = |left: f64, top: f64, right: f64, bottom: f64| json!({"geo_bounding_box": {"at": {"top_left": [left, top], "bottom_right": [right, bottom]}}});
    let cases = [
        (distance("1m"), "a"),
        // Lyon is 391.5 km away.
        (distance("391km"), "a"),
        (distance("392km"), "a b"),
        (distance("243.5mi"), "a b"),
        (distance("21000km"), "a b c d f"),
        (
            json!({"geo_distance_range": {"from": "1km", "to": "392km", "at": paris}}),
            "b",
        ),
        (
            json!({"geo_distance": {"distance": "300km", "at": {"lat": -17.5, "lon": 179.9}}}),
            "d f",
        ),
        (bounds(2.0, 49.0, 3.0, 48.0), "a"),
        (bounds(2.3522, 48.8566, 4.8357, 45.7640), "a b"),
        (bounds(5.0, 44.0, 6.0, 43.0), "c"),
        (bounds(178.0, -16.0, -179.0, -18.0), "d f"),
        (json!({"exists": {"field": "at"}}), "a b c d f"),
        (
            json!({"geo_polygon": {"at": {"points": [[0, 45], [6, 45], [3, 50]]}}}),
            "a b",
        ),
        (
            json!({"geo_shape": {"at": {"shape": {"type": "envelope",
                "coordinates": [[2, 49], [5, 45]]}}}}),
            "a b",
        ),
        (
            json!({"geo_shape": {"at": {"relation": "disjoint", "shape": {"type": "envelope",
                "coordinates": [[2, 49], [5, 45]]}}}}),
            "c d f",
        ),
        (
            json!({"geo_shape": {"at": {"shape": {"type": "circle", "radius": "392km",
                "coordinates": [2.3522, 48.8566]}}}}),
            "a b",
        ),
        (
            json!({"geo_distance": {"distance": 1, "no": [0, 0], "ignore_unmapped": true}}),
            "",
        ),
    ];
    check(&cities(), &cases);
}

#[test]
fn shapes_stand_in_relations() {
    let shape = |relation: &str, west: f64, south: f64, east: f64, north: f64| {
        json!({"geo_shape": {"area": {"relation": relation, "shape":
            {"type": "envelope", "coordinates": [[west, north], [east, south]]}}}})
    };
    let cases = [
        (shape("intersects", 1., 1., 3., 3.), "a b"),
        (shape("intersects", 9., 4., 21., 7.), "a c f"),
        (shape("within", 1., 1., 5., 5.), "b"),
        (shape("within", -1., -1., 32., 32.), "a b c d f"),
        (shape("contains", 2.5, 2.5, 3.5, 3.5), "a b"),
        (shape("contains", 1., 1., 3.5, 3.5), "a"),
        (shape("disjoint", 1., 1., 3., 3.), "c d f"),
        (
            json!({"geo_shape": {"area": {"shape": "POINT (3 3)"}}}),
            "a b",
        ),
        (
            json!({"geo_shape": {"area": {"shape": {"type": "circle", "radius": "100km",
                "coordinates": [29.5, 30.5]}}}}),
            "d",
        ),
        (
            json!({"geo_shape": {"area": {"shape": {"type": "circle", "radius": "10km",
                "coordinates": [29.5, 30.5]}}}}),
            "",
        ),
        (json!({"exists": {"field": "area"}}), "a b c d f"),
    ];
    check(&cities(), &cases);
}
