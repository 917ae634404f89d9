//! Shapes as GeoJSON, with Elasticsearch's envelopes and circles; texts are WKT.

use serde_json::{Map, Value};

use super::dateline;
use super::point::is_on_earth;
use super::text::read_text;
use super::{Line, Point, Shape};

/// What is wrong with a shape, as a part of a sentence.
pub(super) type Result<T> = std::result::Result<T, String>;

/// Collections in collections; nobody needs more.
const DEPTH_MAX: usize = 16;

/// Reads a shape; the error says what is wrong with it.
pub(crate) fn read_shape(value: &Value) -> Result<Shape> {
    match value {
        Value::String(text) => read_text(text),
        Value::Object(object) => read_object(object, 0),
        _ => Err("a shape is an object with `type` and `coordinates`, or a text".into()),
    }
}

fn read_object(object: &Map<String, Value>, depth: usize) -> Result<Shape> {
    let name = object.get("type").and_then(Value::as_str);
    let name = name.ok_or("a shape needs its `type`")?.to_ascii_lowercase();
    if name == "geometrycollection" {
        return collection(object, depth);
    }
    let coordinates = object.get("coordinates");
    let coordinates = coordinates.ok_or("a shape needs its `coordinates`")?;
    let is_right = is_right(object);
    Ok(match name.as_str() {
        "point" => Shape::Points(vec![position(coordinates)?]),
        "multipoint" => Shape::Points(line(coordinates)?),
        "linestring" => lines(vec![line(coordinates)?])?,
        "multilinestring" => lines(each(coordinates, line)?)?,
        "polygon" => polygons(vec![each(coordinates, line)?], is_right)?,
        "multipolygon" => polygons(each(coordinates, |it| each(it, line))?, is_right)?,
        "envelope" => envelope(&line(coordinates)?)?,
        "circle" => circle(position(coordinates)?, object.get("radius"))?,
        _ => return Err(format!("there is no shape of the type [{name}]")),
    })
}

fn collection(object: &Map<String, Value>, depth: usize) -> Result<Shape> {
    let shapes = object.get("geometries").and_then(Value::as_array);
    let shapes = shapes.ok_or("a collection of shapes needs its `geometries`")?;
    if depth == DEPTH_MAX {
        return Err(format!(
            "collections of shapes nest deeper than {DEPTH_MAX}"
        ));
    }
    let read = |it: &Value| match it {
        Value::Object(object) => read_object(object, depth + 1),
        _ => Err("the geometries of a collection are objects".into()),
    };
    let shapes: Result<_> = shapes.iter().map(read).collect();
    Ok(Shape::Collection(shapes?))
}

/// Whether outer rings turn counterclockwise, which they do unless said
/// otherwise.
fn is_right(object: &Map<String, Value>) -> bool {
    let orientation = object.get("orientation").and_then(Value::as_str);
    let orientation = orientation.unwrap_or("right").to_ascii_lowercase();
    !matches!(orientation.as_str(), "left" | "cw" | "clockwise")
}

fn each<T>(value: &Value, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    let items = value.as_array().ok_or("its coordinates are no arrays")?;
    items.iter().map(read).collect()
}

fn line(value: &Value) -> Result<Line> {
    each(value, position)
}

/// `[lon, lat]`, perhaps with a height.
fn position(value: &Value) -> Result<Point> {
    let number = |it: &Value| it.as_f64().ok_or("coordinates are numbers");
    match value.as_array().map(Vec::as_slice) {
        Some([lon, lat] | [lon, lat, _]) => on_earth(number(lon)?, number(lat)?),
        _ => Err("a position is [longitude, latitude]".into()),
    }
}

pub(super) fn on_earth(lon: f64, lat: f64) -> Result<Point> {
    match is_on_earth(lat, lon) {
        true => Ok(Point { lat, lon }),
        false => Err(format!(
            "[{lon}, {lat}] is no point between the longitudes ±180 and the latitudes ±90"
        )),
    }
}

pub(super) fn lines(lines: Vec<Line>) -> Result<Shape> {
    match lines.iter().all(|it| it.len() > 1) {
        true => Ok(Shape::Lines(lines)),
        false => Err("a line has at least two points".into()),
    }
}

/// Rings have to be closed; what crosses the date line is cut.
pub(super) fn polygons(polygons: Vec<Vec<Line>>, is_right: bool) -> Result<Shape> {
    for rings in &polygons {
        if rings.is_empty() {
            return Err("a polygon needs a ring".into());
        }
        for ring in rings {
            if ring.len() < 4 {
                return Err(
                    "a ring has at least four points, the first and the last are one".into(),
                );
            }
            if ring.first() != ring.last() {
                return Err("a ring ends where it begins".into());
            }
        }
    }
    let parts = polygons.into_iter();
    let parts = parts.flat_map(|rings| dateline::cut(rings, is_right));
    Ok(Shape::Polygons(parts.collect()))
}

/// Upper left, lower right.
fn envelope(corners: &[Point]) -> Result<Shape> {
    let [a, b] = corners else {
        return Err("an envelope has two corners: the upper left and the lower right one".into());
    };
    if a.lat < b.lat {
        return Err("the first corner of an envelope is the upper left one".into());
    }
    Ok(Shape::Envelope {
        top: a.lat,
        left: a.lon,
        bottom: b.lat,
        right: b.lon,
    })
}

fn circle(center: Point, radius: Option<&Value>) -> Result<Shape> {
    let radius_m = match radius {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => koncorde::convert_distance(text).ok(),
        _ => None,
    };
    let is_radius = |it: &f64| it.is_finite() && *it >= 0.0;
    let radius_m = radius_m.filter(is_radius);
    let radius_m = radius_m.ok_or("a circle needs its `radius`, in metres or such as `2km`")?;
    Ok(Shape::Circle { center, radius_m })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shapes_are_read() {
        let at = |lon, lat| Point { lat, lon };
        let ring = vec![at(0.0, 0.0), at(2.0, 0.0), at(2.0, 2.0), at(0.0, 0.0)];
        let cases = [
            (
                json!({"type": "Point", "coordinates": [1, 2]}),
                Shape::Points(vec![at(1.0, 2.0)]),
            ),
            (
                json!({"type": "LineString", "coordinates": [[1, 2, 5], [3, 4]]}),
                Shape::Lines(vec![vec![at(1.0, 2.0), at(3.0, 4.0)]]),
            ),
            (
                json!({"type": "polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 0]]]}),
                Shape::Polygons(vec![vec![ring.clone()]]),
            ),
            (
                json!({"type": "MultiPolygon", "coordinates": [[[[0, 0], [2, 0], [2, 2], [0, 0]]]]}),
                Shape::Polygons(vec![vec![ring]]),
            ),
            (
                json!({"type": "envelope", "coordinates": [[170, 10], [-170, -10]]}),
                Shape::Envelope {
                    top: 10.0,
                    left: 170.0,
                    bottom: -10.0,
                    right: -170.0,
                },
            ),
            (
                json!({"type": "circle", "coordinates": [1, 2], "radius": "2km"}),
                Shape::Circle {
                    center: at(1.0, 2.0),
                    radius_m: 2000.0,
                },
            ),
            (
                json!({"type": "GeometryCollection", "geometries": [{"type": "point", "coordinates": [1, 2]}]}),
                Shape::Collection(vec![Shape::Points(vec![at(1.0, 2.0)])]),
            ),
        ];
        for (value, expected) in cases {
            assert_eq!(read_shape(&value), Ok(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        let cases = [
            json!(5),
            json!({}),
            json!({"type": "point"}),
            json!({"type": "point", "coordinates": [1]}),
            json!({"type": "point", "coordinates": [1, 91]}),
            json!({"type": "star", "coordinates": [1, 2]}),
            json!({"type": "linestring", "coordinates": [[1, 2]]}),
            json!({"type": "polygon", "coordinates": []}),
            json!({"type": "polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [1, 1]]]}),
            json!({"type": "polygon", "coordinates": [[[0, 0], [2, 0], [0, 0]]]}),
            json!({"type": "envelope", "coordinates": [[0, 0], [1, 1]]}),
            json!({"type": "circle", "coordinates": [1, 2]}),
            json!({"type": "circle", "coordinates": [1, 2], "radius": -1}),
            json!({"type": "geometrycollection"}),
        ];
        for value in cases {
            assert!(read_shape(&value).is_err(), "{value}");
        }
    }
}
