//! JSON → Filter: the terms about places on the globe.

use serde_json::{Map, Value};

use super::Term;
use super::place::{Place, describe, excerpt};
use crate::error::FilterError;
use crate::field::Field;
use crate::geo::{self, GeoPoint, PointError, Shape};

pub(super) fn parse_bounding_box(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let (field, value) = place.only_entry(value)?;
    let place = place.key(field);
    let object = value.as_object();
    let object = object.ok_or_else(|| place.mismatch("unrecognized geo-point format", value))?;
    let sides = ["top", "left", "bottom", "right"].map(|it| object.get(it));
    let [top, left, bottom, right] = if sides.iter().all(Option::is_some) {
        read_sides(sides, &place)?
    } else {
        read_corners(object, &place)?
    };
    let shape = Shape::rectangle(top, left, bottom, right).map_err(|it| place.error(it))?;
    Ok(Term::Geo {
        field: Field::new(field),
        shape,
    })
}

fn read_sides(sides: [Option<&Value>; 4], place: &Place<'_>) -> Result<[f64; 4], FilterError> {
    let mut numbers = [0.0; 4];
    for (number, side) in numbers.iter_mut().zip(sides.into_iter().flatten()) {
        let plain = Some(side).filter(|it| !it.is_array());
        *number = plain.and_then(geo::read_number).ok_or_else(|| {
            let found = describe(side);
            place.error(format!(
                "unrecognized geoBoundingBox format: expected numbers as top, left, bottom and \
                 right, found {found}"
            ))
        })?;
    }
    Ok(numbers)
}

fn read_corners(object: &Map<String, Value>, place: &Place<'_>) -> Result<[f64; 4], FilterError> {
    let corner = |camel: &str, snake: &str| {
        let value = object
            .get(camel)
            .or_else(|| object.get(snake))
            .ok_or_else(|| {
                place.error(format!(
                "unrecognized geo-point format: expected top, left, bottom and right, or topLeft \
                 and bottomRight, found neither {camel} nor {snake}"
            ))
            })?;
        read_point(value, "unrecognized geo-point format", place)
    };
    let top_left = corner("topLeft", "top_left")?;
    let bottom_right = corner("bottomRight", "bottom_right")?;
    Ok([
        top_left.lat,
        top_left.lon,
        bottom_right.lat,
        bottom_right.lon,
    ])
}

pub(super) fn parse_distance(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let object = place.object_with(value, 2)?;
    let distance = place.required(object, "distance")?;
    let distance_place = place.key("distance");
    let distance = distance_place.non_empty_string(distance)?;
    let (field, center) = center(object, &["distance"], place)?;
    let radius = read_distance(distance, &distance_place)?;
    term(field, &[], Shape::ring(center, 0.0, radius), place)
}

pub(super) fn parse_distance_range(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let object = place.object_with(value, 3)?;
    let (from, to) = (
        place.required(object, "from")?,
        place.required(object, "to")?,
    );
    let from = place.key("from").non_empty_string(from)?;
    let to = place.key("to").non_empty_string(to)?;
    let (from, to) = read_distances(from, to, place)?;
    let (field, center) = center(object, &["from", "to"], place)?;
    term(field, &[], Shape::ring(center, from, to), place)
}

/// Reads the two distances of a ring.
pub(super) fn read_distances(
    from: &str,
    to: &str,
    place: &Place<'_>,
) -> Result<(f64, f64), FilterError> {
    let from = read_distance(from, &place.key("from"))?;
    let to = read_distance(to, &place.key("to"))?;
    if from >= to {
        return Err(place.error(format!(
            "inner radius must be smaller than outer radius, found {from} and {to} metres"
        )));
    }
    Ok((from, to))
}

/// The condition of a field, which must not be named like one of the other
/// properties.
pub(super) fn term(
    field: impl Into<Box<str>>,
    others: &[&str],
    shape: Result<Shape, String>,
    place: &Place<'_>,
) -> Result<Term, FilterError> {
    let field = field.into();
    let shape = shape.map_err(|it| place.key(&field).error(it))?;
    if others.contains(&&*field) {
        return Err(place
            .key(&field)
            .error("a field cannot have the name of a property"));
    }
    Ok(Term::Geo {
        field: Field::new(field),
        shape,
    })
}

/// The property that is none of the others: the field and the centre.
fn center<'v>(
    object: &'v Map<String, Value>,
    others: &[&str],
    place: &Place<'_>,
) -> Result<(&'v str, GeoPoint), FilterError> {
    let center = object
        .iter()
        .find(|(key, _)| !others.contains(&key.as_str()));
    let (field, point) = center.ok_or_else(|| place.error("expected a field and a point"))?;
    let point = read_point(point, "unrecognized point format", &place.key(field))?;
    Ok((field, point))
}

pub(super) fn parse_polygon(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let (field, value) = place.only_entry(value)?;
    let place = place.key(field);
    let object = place.object_with(value, 1)?;
    let points = place.required(object, "points")?;
    let place = place.key("points");
    let items = points
        .as_array()
        .ok_or_else(|| place.mismatch("must be an array", points))?;
    let mut points = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        points.push(read_point(
            item,
            "unrecognized point format",
            &place.index(index),
        )?);
    }
    let shape = Shape::polygon(&points).map_err(|it| place.error(it))?;
    Ok(Term::Geo {
        field: Field::new(field),
        shape,
    })
}

fn read_point(value: &Value, expected: &str, place: &Place<'_>) -> Result<GeoPoint, FilterError> {
    geo::parse_point(value).map_err(|error| match error {
        PointError::Notation => place.error(format!(
            "{expected}: expected {{\"lat\": …, \"lon\": …}}, [lat, lon], \"lat, lon\" or a \
             geohash, found {}",
            describe(value)
        )),
        PointError::Place(reason) => place.error(reason),
    })
}

pub(super) fn read_distance(text: &str, place: &Place<'_>) -> Result<f64, FilterError> {
    geo::read_distance(text).map_err(|reason| {
        let text = excerpt(text);
        place.error(format!(
            "unable to parse distance value \"{text}\": {reason}"
        ))
    })
}
