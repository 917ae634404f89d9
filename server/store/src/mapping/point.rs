//! Points as Elasticsearch writes them. Its arrays are `[lon, lat]`, other than
//! those of Koncorde.

use serde_json::Value;

/// The letters of geohashes.
const GEOHASH: &str = "0123456789bcdefghjkmnpqrstuvwxyz";
const GEOHASH_LETTERS_MAX: usize = 24;

/// Whether the value is a point, and on Earth.
pub(super) fn is_geo_point(value: &Value) -> bool {
    match value {
        Value::Array(items) => is_position(items),
        Value::String(text) => is_point_text(text.trim()),
        Value::Object(object) => match (object.get("lat"), object.get("lon")) {
            (Some(lat), Some(lon)) => is_on_earth(number(lat), number(lon)),
            (None, None) => {
                let is_point = object.get("type").is_some_and(is_named_point);
                let position = object.get("coordinates").and_then(Value::as_array);
                is_point && position.is_some_and(|it| is_position(it))
                    || object.get("geohash").is_some_and(is_geohash)
            }
            _ => false,
        },
        _ => false,
    }
}

fn is_named_point(name: &Value) -> bool {
    name.as_str()
        .is_some_and(|it| it.eq_ignore_ascii_case("point"))
}

/// `[lon, lat]`, perhaps with a height.
fn is_position(items: &[Value]) -> bool {
    match items {
        [lon, lat] | [lon, lat, _] => is_on_earth(number(lat), number(lon)),
        _ => false,
    }
}

/// `lat,lon`, `POINT (lon lat)` or a geohash.
fn is_point_text(text: &str) -> bool {
    let number = |it: &str| it.trim().parse().ok();
    if let Some((lat, lon)) = text.split_once(',') {
        let lon = lon.split(',').next().unwrap_or(lon);
        return is_on_earth(number(lat), number(lon));
    }
    let lower = text.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("point") {
        let inner = rest
            .trim()
            .strip_prefix('(')
            .and_then(|it| it.strip_suffix(')'));
        let parts: Vec<&str> = inner.unwrap_or_default().split_whitespace().collect();
        return match parts[..] {
            [lon, lat] | [lon, lat, _] => is_on_earth(number(lat), number(lon)),
            _ => false,
        };
    }
    is_geohash(&Value::String(text.to_owned()))
}

fn is_geohash(value: &Value) -> bool {
    value.as_str().is_some_and(|it| {
        let length = it.len();
        (1..=GEOHASH_LETTERS_MAX).contains(&length) && it.chars().all(|it| GEOHASH.contains(it))
    })
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn is_on_earth(lat: Option<f64>, lon: Option<f64>) -> bool {
    lat.is_some_and(|it| it.abs() <= 90.0) && lon.is_some_and(|it| it.abs() <= 180.0)
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
            json!("spfb09"),
        ];
        for point in points {
            assert!(is_geo_point(&point), "{point}");
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
            assert!(!is_geo_point(&other), "{other}");
        }
    }
}
