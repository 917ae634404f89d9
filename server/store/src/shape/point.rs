//! Points as Elasticsearch writes them. Its arrays are `[lon, lat]`, other than
//! those of Koncorde.

use serde_json::Value;

use super::{Bounds, Point};

/// The letters of geohashes, in their order.
const GEOHASH: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
const GEOHASH_LETTERS_MAX: usize = 24;

/// The point that a value is, when it lies on Earth.
pub(crate) fn read_point(value: &Value) -> Option<Point> {
    match value {
        Value::Array(items) => position(items),
        Value::String(text) => point_text(text.trim()),
        Value::Object(object) => match (object.get("lat"), object.get("lon")) {
            (Some(lat), Some(lon)) => on_earth(number(lat), number(lon)),
            (None, None) => {
                let is_point = object.get("type").is_some_and(is_named_point);
                let coordinates = object.get("coordinates").and_then(Value::as_array);
                match coordinates {
                    Some(coordinates) if is_point => position(coordinates),
                    _ => object.get("geohash")?.as_str().and_then(read_geohash),
                }
            }
            _ => None,
        },
        _ => None,
    }
}

/// One point or an array of them: an array that begins with a number is one.
/// What is no point is passed over.
pub(crate) fn read_points(value: &Value, found: &mut impl FnMut(Point)) {
    match value {
        Value::Array(items) if !items.first().is_some_and(Value::is_number) => {
            items.iter().for_each(|it| read_points(it, found));
        }
        value => read_point(value).into_iter().for_each(found),
    }
}

fn is_named_point(name: &Value) -> bool {
    name.as_str()
        .is_some_and(|it| it.eq_ignore_ascii_case("point"))
}

/// `[lon, lat]`, perhaps with a height.
fn position(items: &[Value]) -> Option<Point> {
    match items {
        [lon, lat] | [lon, lat, _] => on_earth(number(lat), number(lon)),
        _ => None,
    }
}

/// `lat,lon`, `POINT (lon lat)` or a geohash.
fn point_text(text: &str) -> Option<Point> {
    let number = |it: &str| it.trim().parse().ok();
    if let Some((lat, lon)) = text.split_once(',') {
        let lon = lon.split(',').next().unwrap_or(lon);
        return on_earth(number(lat), number(lon));
    }
    let lower = text.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("point") {
        let inner = rest
            .trim()
            .strip_prefix('(')
            .and_then(|it| it.strip_suffix(')'));
        let parts: Vec<&str> = inner?.split_whitespace().collect();
        return match parts[..] {
            [lon, lat] | [lon, lat, _] => on_earth(number(lat), number(lon)),
            _ => None,
        };
    }
    read_geohash(text)
}

/// The south-western corner of the cell that a geohash names.
fn read_geohash(text: &str) -> Option<Point> {
    let cell = read_geohash_cell(text)?;
    Some(Point {
        lat: cell.south,
        lon: cell.west,
    })
}

/// The cell that a geohash names.
pub(crate) fn read_geohash_cell(text: &str) -> Option<Bounds> {
    let (mut lat, mut lon) = ((-90.0, 180.0), (-180.0, 360.0));
    if !(1..=GEOHASH_LETTERS_MAX).contains(&text.len()) {
        return None;
    }
    let mut is_lon = true;
    for letter in text.bytes() {
        let bits = GEOHASH.iter().position(|it| *it == letter)?;
        for bit in (0..5).rev() {
            let (start, length) = if is_lon { &mut lon } else { &mut lat };
            *length /= 2.0;
            if bits >> bit & 1 == 1 {
                *start += *length;
            }
            is_lon = !is_lon;
        }
    }
    Some(Bounds {
        west: lon.0,
        east: lon.0 + lon.1,
        south: lat.0,
        north: lat.0 + lat.1,
    })
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn on_earth(lat: Option<f64>, lon: Option<f64>) -> Option<Point> {
    let (lat, lon) = (lat?, lon?);
    is_on_earth(lat, lon).then_some(Point { lat, lon })
}

pub(super) fn is_on_earth(lat: f64, lon: f64) -> bool {
    lat.abs() <= 90.0 && lon.abs() <= 180.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn points_are_known() {
        let points = [
            json!({"lat": 43.6, "lon": 3.9}),
            json!({"lat": "43.6", "lon": "3.9"}),
            json!({"type": "Point", "coordinates": [3.9, 43.6]}),
            json!([3.9, 43.6]),
            json!([3.9, 43.6, 100]),
            json!("43.6,3.9"),
            json!("43.6, 3.9"),
            json!("POINT (3.9 43.6)"),
        ];
        for point in points {
            let expected = Point {
                lat: 43.6,
                lon: 3.9,
            };
            assert_eq!(read_point(&point), Some(expected), "{point}");
        }
        let others = [
            json!({"lat": 43.6}),
            json!({"lat": 91, "lon": 3.9}),
            json!({"lat": 43.6, "lon": 181}),
            json!({"type": "Polygon", "coordinates": [3.9, 43.6]}),
            json!([3.9]),
            json!([3.9, 99]),
            json!(["a", "b"]),
            json!("hello world"),
            json!("ail"),
            json!(""),
            json!(5),
            json!(true),
        ];
        for other in others {
            assert_eq!(read_point(&other), None, "{other}");
        }
    }

    #[test]
    fn geohashes_name_their_corner() {
        let Some(Point { lat, lon }) = read_point(&json!("u4pruydqqvj8")) else {
            panic!("it is a geohash");
        };
        assert!(
            (lat - 57.649_11).abs() < 2e-6 && (lon - 10.407_44).abs() < 2e-6,
            "{lat},{lon}"
        );
        assert_eq!(read_geohash("s"), Some(Point { lat: 0.0, lon: 0.0 }));
    }

    #[test]
    fn arrays_of_points_are_several() {
        let count = |value: &Value| {
            let mut count = 0;
            read_points(value, &mut |_| count += 1);
            count
        };
        assert_eq!(count(&json!([1, 2])), 1);
        assert_eq!(count(&json!([[1, 2], "3,4", null])), 2);
        assert_eq!(count(&json!([])), 0);
    }
}
