//! Clauses on places.

use std::ops::Bound;

use serde_json::Value;

use super::parameters::{Parameters, kind, preview};
use super::{Result, single_field};
use crate::error::StoreError;
use crate::limits::SHAPE_POINTS_MAX;
use crate::query::tree::{Clause, GeoBox, GeoDistance, Query, Relation};
use crate::shape::{Point, read_geohash_cell, read_point, read_shape};

/// What all of them take. Points that are not on Earth are refused, however
/// they are to be validated.
fn common<'q>(name: &'q str, content: &'q Value) -> Result<Parameters<'q>> {
    let parameters = Parameters::of(name, content)?;
    parameters.ignore(&["validation_method", "boost", "_name", "type", "strategy"]);
    parameters.ignore(&["ignore_malformed", "coerce", "optimize_bbox"]);
    Ok(parameters)
}

pub(super) fn distance(name: &str, content: &Value) -> Result<Query> {
    let parameters = common(name, content)?;
    let unit = unit(&parameters)?;
    let farthest = metres(&parameters, "distance", unit)?;
    let farthest = farthest.ok_or_else(|| parameters.missing("distance"))?;
    if farthest < 0.0 {
        let found = parameters.get("distance").unwrap_or(&Value::Null);
        return Err(parameters.wrong("distance", "not below 0", found));
    }
    around(parameters, Bound::Unbounded, Bound::Included(farthest))
}

pub(super) fn distance_range(name: &str, content: &Value) -> Result<Query> {
    let parameters = common(name, content)?;
    let unit = unit(&parameters)?;
    let include = |name| parameters.flag(name, true);
    let (include_lower, include_upper) = (include("include_lower")?, include("include_upper")?);
    let (mut nearest, mut farthest) = (Bound::Unbounded, Bound::Unbounded);
    let sides = [
        ("from", include_lower, true),
        ("gte", true, true),
        ("gt", false, true),
        ("to", include_upper, false),
        ("lte", true, false),
        ("lt", false, false),
    ];
    for (name, is_included, is_nearest) in sides {
        let Some(metres) = metres(&parameters, name, unit)? else {
            continue;
        };
        let side = if is_nearest {
            &mut nearest
        } else {
            &mut farthest
        };
        *side = match is_included {
            true => Bound::Included(metres),
            false => Bound::Excluded(metres),
        };
    }
    around(parameters, nearest, farthest)
}

fn around(parameters: Parameters<'_>, nearest: Bound<f64>, farthest: Bound<f64>) -> Result<Query> {
    // On the sphere or on a plane: both mean the same place.
    let kinds = [("arc", ()), ("plane", ()), ("sloppy_arc", ())];
    parameters.choice("distance_type", &kinds)?;
    let ignore_unmapped = parameters.flag("ignore_unmapped", false)?;
    let (field, center) = center(&parameters)?;
    parameters.finish(Clause::GeoDistance(GeoDistance {
        field,
        center,
        nearest,
        farthest,
        ignore_unmapped,
    }))
}

/// The field and its point; also as `<field>.lat` and `<field>.lon`, or as
/// `<field>.geohash`.
fn center(parameters: &Parameters<'_>) -> Result<(String, Point)> {
    let rest: Vec<_> = parameters.rest().collect();
    if let [(a, _), (b, _)] = rest[..]
        && let (Some(field), Some(other)) = (half_of_point(a), half_of_point(b))
        && field == other
    {
        parameters.ignore(&[a, b]);
        let value = |name: &str| rest.iter().find(|it| it.0.ends_with(name)).map(|it| it.1);
        let point = serde_json::json!({"lat": value(".lat"), "lon": value(".lon")});
        return Ok((field.to_owned(), point_of(parameters, field, &point)?));
    }
    let (field, value) = single_field(parameters)?;
    if let (Some(field), Value::String(_)) = (field.strip_suffix(".geohash"), value) {
        return Ok((field.to_owned(), point_of(parameters, field, value)?));
    }
    Ok((field.to_owned(), point_of(parameters, field, value)?))
}

fn half_of_point(key: &str) -> Option<&str> {
    key.strip_suffix(".lat")
        .or_else(|| key.strip_suffix(".lon"))
}

fn point_of(parameters: &Parameters<'_>, name: &str, value: &Value) -> Result<Point> {
    let expected = "a point on Earth, as {\"lat\": 43.6, \"lon\": 3.9}, \"43.6,3.9\", [3.9, 43.6] \
                    or a geohash";
    read_point(value).ok_or_else(|| parameters.wrong(name, expected, value))
}

/// How many metres the unit has.
fn unit(parameters: &Parameters<'_>) -> Result<f64> {
    let Some(text) = parameters.text("unit")? else {
        return Ok(1.0);
    };
    unit_metres(&text)
        .ok_or_else(|| parameters.wrong("unit", "a unit of length, as `km`", &text.into()))
}

fn unit_metres(unit: &str) -> Option<f64> {
    Some(match unit {
        "m" | "meters" => 1.0,
        "km" | "kilometers" => 1000.0,
        "cm" | "centimeters" => 0.01,
        "mm" | "millimeters" => 0.001,
        "mi" | "miles" => 1609.344,
        "yd" | "yards" => 0.9144,
        "ft" | "feet" => 0.3048,
        "in" | "inch" => 0.0254,
        "NM" | "nmi" | "nauticalmiles" => 1852.0,
        _ => return None,
    })
}

fn metres<'q>(parameters: &Parameters<'q>, name: &'q str, unit: f64) -> Result<Option<f64>> {
    let Some(value) = parameters.get(name) else {
        return Ok(None);
    };
    let metres = match value {
        Value::Number(number) => number.as_f64().map(|it| it * unit),
        Value::String(text) => read_distance(text, unit),
        _ => None,
    };
    let metres = metres.filter(|it| it.is_finite());
    metres
        .map(Some)
        .ok_or_else(|| parameters.wrong(name, "a distance, as `12km`", value))
}

/// `12km`, `3 miles`, `5`
fn read_distance(text: &str, unit: f64) -> Option<f64> {
    let text = text.trim();
    let end = text
        .rfind(|it: char| it.is_ascii_digit() || it == '.')
        .map(|it| it + 1)?;
    let number: f64 = text[..end].trim().parse().ok()?;
    match text[end..].trim() {
        "" => Some(number * unit),
        name => unit_metres(name).map(|it| number * it),
    }
}

pub(super) fn bounding_box(name: &str, content: &Value) -> Result<Query> {
    let parameters = common(name, content)?;
    let ignore_unmapped = parameters.flag("ignore_unmapped", false)?;
    let (field, value) = single_field(&parameters)?;
    let [left, top, right, bottom] = sides(name, field, value)?;
    if top < bottom {
        return Err(StoreError::invalid_query(format!(
            "[{name}] expects the top of [{field}] above its bottom, found {top} and {bottom}"
        )));
    }
    let field = field.to_owned();
    parameters.finish(Clause::GeoBox(GeoBox {
        field,
        top,
        left,
        bottom,
        right,
        ignore_unmapped,
    }))
}

/// Left, top, right, bottom, from any way to say them.
fn sides(name: &str, field: &str, value: &Value) -> Result<[f64; 4]> {
    let inner = Parameters::of(name, value)?;
    if let Some(text) = inner.text("wkt")? {
        inner.done()?;
        let expected = "`BBOX (left, right, top, bottom)`";
        return read_box(&text).ok_or_else(|| inner.wrong("wkt", expected, &text.into()));
    }
    let corner = |names: [&'static str; 2]| {
        let found = names
            .iter()
            .find_map(|it| inner.get(it).map(|at| (*it, at)));
        found
            .map(|(name, value)| corner_of(&inner, name, value))
            .transpose()
    };
    let top_left = corner(["top_left", "topLeft"])?;
    let bottom_right = corner(["bottom_right", "bottomRight"])?;
    let top_right = corner(["top_right", "topRight"])?;
    let bottom_left = corner(["bottom_left", "bottomLeft"])?;
    let side = |name, from: [Option<f64>; 2]| -> Result<f64> {
        let given = inner.number(name)?;
        let found = given.or(from[0]).or(from[1]);
        found.ok_or_else(|| {
            StoreError::invalid_query(format!(
                "[{name}] of the box of [{field}] is missing: give [top_left] and [bottom_right], \
                 [top_right] and [bottom_left], or [top], [left], [bottom], [right]"
            ))
        })
    };
    let west = |it: Option<Corner>| it.map(|it| it.west);
    let east = |it: Option<Corner>| it.map(|it| it.east);
    let south = |it: Option<Corner>| it.map(|it| it.south);
    let north = |it: Option<Corner>| it.map(|it| it.north);
    let found = [
        side("left", [west(top_left), west(bottom_left)])?,
        side("top", [north(top_left), north(top_right)])?,
        side("right", [east(bottom_right), east(top_right)])?,
        side("bottom", [south(bottom_right), south(bottom_left)])?,
    ];
    inner.done()?;
    let is_on_earth = found[0].abs() <= 180.0
        && found[2].abs() <= 180.0
        && found[1].abs() <= 90.0
        && found[3].abs() <= 90.0;
    match is_on_earth {
        true => Ok(found),
        false => Err(inner.wrong(field, "a box on Earth", value)),
    }
}

/// A corner; of a geohash, the whole cell.
#[derive(Clone, Copy)]
struct Corner {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

fn corner_of(parameters: &Parameters<'_>, name: &str, value: &Value) -> Result<Corner> {
    if let Some(cell) = value.as_str().and_then(read_geohash_cell) {
        return Ok(Corner {
            west: cell.west,
            east: cell.east,
            south: cell.south,
            north: cell.north,
        });
    }
    let point = point_of(parameters, name, value)?;
    Ok(Corner {
        west: point.lon,
        east: point.lon,
        south: point.lat,
        north: point.lat,
    })
}

/// `BBOX (left, right, top, bottom)`
fn read_box(text: &str) -> Option<[f64; 4]> {
    let text = text.trim();
    let inner = text.get(4..).filter(|_| {
        text.get(..4)
            .is_some_and(|it| it.eq_ignore_ascii_case("BBOX"))
    })?;
    let inner = inner.trim().strip_prefix('(')?.strip_suffix(')')?;
    let numbers: Option<Vec<f64>> = inner.split(',').map(|it| it.trim().parse().ok()).collect();
    match numbers?[..] {
        [left, right, top, bottom] => Some([left, top, right, bottom]),
        _ => None,
    }
}

pub(super) fn polygon(name: &str, content: &Value) -> Result<Query> {
    let parameters = common(name, content)?;
    let ignore_unmapped = parameters.flag("ignore_unmapped", false)?;
    let (field, value) = single_field(&parameters)?;
    let inner = Parameters::of(name, value)?;
    let points = match inner.get("points") {
        Some(Value::Array(points)) => points,
        Some(other) => return Err(inner.wrong("points", "an array of points", other)),
        None => return Err(inner.missing("points")),
    };
    inner.done()?;
    if points.len() > SHAPE_POINTS_MAX {
        return Err(StoreError::invalid_query(format!(
            "[{name}] takes at most {SHAPE_POINTS_MAX} points"
        )));
    }
    let point = |it| point_of(&inner, "points", it);
    let mut points = points.iter().map(point).collect::<Result<Vec<_>>>()?;
    if points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    if points.len() < 3 {
        return Err(StoreError::invalid_query(format!(
            "[{name}] expects [points] to be at least three different points"
        )));
    }
    let field = field.to_owned();
    parameters.finish(Clause::GeoPolygon {
        field,
        points,
        ignore_unmapped,
    })
}

pub(super) fn shape(name: &str, content: &Value) -> Result<Query> {
    let parameters = common(name, content)?;
    let ignore_unmapped = parameters.flag("ignore_unmapped", false)?;
    let (field, value) = single_field(&parameters)?;
    let inner = Parameters::of(name, value)?;
    inner.ignore(&["strategy"]);
    if inner.get("indexed_shape").is_some() {
        return Err(StoreError::invalid_query(format!(
            "[{name}] takes its [shape] in the query: shapes of other documents are not looked up"
        )));
    }
    let relations = [
        ("intersects", Relation::Intersects),
        ("disjoint", Relation::Disjoint),
        ("within", Relation::Within),
        ("contains", Relation::Contains),
    ];
    let relation = inner.choice("relation", &relations)?.unwrap_or_default();
    let shape = match inner.get("shape") {
        Some(shape @ (Value::Object(_) | Value::String(_))) => shape,
        Some(other) => {
            let found = kind(other);
            return Err(StoreError::invalid_query(format!(
                "[{name}] expects [shape] to be GeoJSON or WKT, found {found}"
            )));
        }
        None => return Err(inner.missing("shape")),
    };
    let read = read_shape(shape).map_err(|it| {
        let found = preview(shape);
        StoreError::invalid_query(format!("[{name}] cannot read [shape] {found}: {it}"))
    })?;
    inner.done()?;
    if read.points() > SHAPE_POINTS_MAX {
        return Err(StoreError::invalid_query(format!(
            "[{name}] takes shapes of at most {SHAPE_POINTS_MAX} points"
        )));
    }
    let field = field.to_owned();
    parameters.finish(Clause::GeoShape {
        field,
        shape: read,
        relation,
        ignore_unmapped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_read() {
        let cases = [
            ("12km", Some(12_000.0)),
            ("1.5 mi", Some(2414.016)),
            ("5", Some(5.0)),
            ("2NM", Some(3704.0)),
            ("-1m", Some(-1.0)),
            ("1e3m", Some(1000.0)),
            ("km", None),
            ("5 parsecs", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_distance(text, 1.0), expected, "{text}");
        }
    }
}
