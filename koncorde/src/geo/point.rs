//! JSON → points.
//!
//! Many notations are accepted, in documents and filters alike:
//!
//! - `{"lat": 48.9, "lon": 2.4}`;
//! - `{"latLon": …}` or `{"lat_lon": …}` around any notation but this one;
//! - `[48.9, 2.4]`: latitude first;
//! - `"48.9, 2.4"`;
//! - `"u09wj"`: a geohash, at least four characters of its alphabet.
//!
//! A number may also be a string that begins like a number, or an array that
//! begins with either, as the original reads them.

use serde_json::Value;

use super::{GeoPoint, check_point, geohash};
use crate::json::{Json, Kind};

/// Why a value is no point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PointError {
    /// None of the notations.
    Notation,
    /// A latitude beyond the poles or a number that is not finite, in words.
    Place(String),
}

/// Reads a point in any of Koncorde's notations: `{"lat": …, "lon": …}`,
/// `{"latLon": …}`, `{"lat_lon": …}`, `[lat, lon]`, `"lat, lon"`, or a geohash.
///
/// `None` if the value is none of these, if the latitude lies beyond a pole, or
/// if a number is not finite. The longitude is given back as it stands.
///
/// ```
/// use koncorde::{GeoPoint, convert_geopoint};
/// use serde_json::json;
///
/// let point = Some(GeoPoint { lat: 43.6, lon: 3.9 });
/// assert_eq!(convert_geopoint(&json!({"lat": 43.6, "lon": 3.9})), point);
/// assert_eq!(convert_geopoint(&json!({"latLon": ["43.6", "3.9"]})), point);
/// assert_eq!(convert_geopoint(&json!([43.6, 3.9])), point);
/// assert_eq!(convert_geopoint(&json!("43.6, 3.9")), point);
/// assert_eq!(convert_geopoint(&json!("hello")), None);
/// assert_eq!(convert_geopoint(&json!([91, 0])), None);
/// ```
pub fn convert_geopoint(value: &Value) -> Option<GeoPoint> {
    parse_point(value).ok()
}

pub(crate) fn parse_point(value: &Value) -> Result<GeoPoint, PointError> {
    let point = read(Json::Value(value)).ok_or(PointError::Notation)?;
    check_point(point).map_err(PointError::Place)?;
    Ok(point)
}

/// A point in any of the notations, wherever it lies.
pub(super) fn read(value: Json<'_>) -> Option<GeoPoint> {
    match value.kind() {
        Kind::Object => read_object(value),
        _ => read_plain(value),
    }
}

fn read_object(object: Json<'_>) -> Option<GeoPoint> {
    if let Some(point) = lat_and_lon(object) {
        return point;
    }
    // In one place there is one point: of both spellings the first one counts,
    // in any order of the keys.
    let inner = object
        .member("latLon")
        .or_else(|| object.member("lat_lon"))?;
    match inner.kind() {
        Kind::Object => lat_and_lon(inner)?,
        _ => read_plain(inner),
    }
}

/// The point in the keys `lat` and `lon`, if both are there.
fn lat_and_lon(object: Json<'_>) -> Option<Option<GeoPoint>> {
    let (lat, lon) = (object.member("lat")?, object.member("lon")?);
    Some(pair(lat, lon))
}

fn read_plain(value: Json<'_>) -> Option<GeoPoint> {
    match value.kind() {
        Kind::Array => {
            let mut items = value.elements();
            let (lat, lon) = (items.next()?, items.next()?);
            if items.next().is_some() {
                return None;
            }
            pair(lat, lon)
        }
        Kind::String(text) => read_text(text),
        _ => None,
    }
}

pub(super) fn read_text(text: &str) -> Option<GeoPoint> {
    match text.split_once(',') {
        Some((_, rest)) if rest.contains(',') => None,
        Some((lat, lon)) => Some(GeoPoint {
            lat: parse_number(lat)?,
            lon: parse_number(lon)?,
        }),
        None => geohash::decode(text),
    }
}

fn pair(lat: Json<'_>, lon: Json<'_>) -> Option<GeoPoint> {
    Some(GeoPoint {
        lat: number(lat)?,
        lon: number(lon)?,
    })
}

/// A number, or a string that begins like one, or the first of an array.
pub(crate) fn read_number(value: &Value) -> Option<f64> {
    number(Json::Value(value))
}

fn number(mut value: Json<'_>) -> Option<f64> {
    loop {
        match value.kind() {
            Kind::Array => value = value.elements().next()?,
            Kind::Number(number) => return Some(number),
            Kind::String(text) => return parse_number(text),
            _ => return None,
        }
    }
}

/// The number that a text begins with, after blanks: sign, digits, fraction,
/// exponent. Whatever follows is ignored.
fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|it| it.is_ascii_digit())
            .count()
    };
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits(end);
    end += whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits((end + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (text, expected) in [
            ("1", Some(1.0)),
            ("  -1.5e1x", Some(-15.0)),
            ("+.5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e", Some(1.0)),
            ("1e+", Some(1.0)),
            ("0x10", Some(0.0)),
            ("", None),
            (".", None),
            ("-", None),
            ("-.e1", None),
            ("x1", None),
            ("Infinity", None),
            ("NaN", None),
        ] {
            assert_eq!(parse_number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_place_is_no_point() {
        for value in [
            json!([91, 0]),
            json!([-90.001, 0]),
            json!("1e999, 0"),
            json!([0, "-1e999"]),
            json!({"latLon": null}),
            json!({"lat": "x", "lon": 1, "latLon": [0, 0]}),
            json!("hello"),
            json!("SPFB09"),
            json!([[[]], [2]]),
            json!([["x", 1], 2]),
        ] {
            assert_eq!(convert_geopoint(&value), None, "{value}");
        }
    }

    #[test]
    fn arrays_stand_for_their_first_number() {
        let mut deep = json!("43.6");
        for _ in 0..1_000 {
            deep = Value::Array(vec![deep]);
        }
        let expected = Some(GeoPoint {
            lat: 43.6,
            lon: 3.9,
        });
        assert_eq!(convert_geopoint(&json!([deep, [3.9, "x"]])), expected);
    }

    #[test]
    fn of_both_spellings_one_counts() {
        for value in [
            json!({"lat_lon": [1, 2], "latLon": [3, 4]}),
            json!({"latLon": [3, 4], "lat_lon": [1, 2]}),
        ] {
            let expected = Some(GeoPoint { lat: 3.0, lon: 4.0 });
            assert_eq!(convert_geopoint(&value), expected, "{value}");
        }
    }
}
