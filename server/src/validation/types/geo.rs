//! Points in every form that filters read, and shapes as GeoJSON with the
//! additions of Elasticsearch.

use std::collections::BTreeSet;
use std::sync::Arc;

use koncorde::{convert_distance, convert_geopoint};
use serde_json::{Map, Value};

use super::{Rule, rule_of};
use crate::error::{ApiError, VALIDATION_ASSERT_INVALID_TYPE, VALIDATION_TYPES_INVALID_GEOSHAPE};

type Options = Map<String, Value>;
type Check = Result<(), String>;

const SHAPES: &[&str] = &[
    "circle",
    "envelope",
    "geometrycollection",
    "linestring",
    "multilinestring",
    "multipoint",
    "multipolygon",
    "point",
    "polygon",
];

const ORIENTATIONS: &[&str] = &[
    "right",
    "ccw",
    "counterclockwise",
    "left",
    "cw",
    "clockwise",
];

/// Collections in collections.
const DEPTH_MAX: usize = 16;

pub(super) fn point(_: &Options) -> Result<Rule, ApiError> {
    Ok(rule_of("it must be a geographical point", |it| {
        convert_geopoint(it).is_some()
    }))
}

pub(super) fn shape(options: &Options) -> Result<Rule, ApiError> {
    let allowed: BTreeSet<&'static str> = match options.get("shapeTypes") {
        None | Some(Value::Null) => SHAPES.iter().copied().collect(),
        Some(Value::Array(names)) if !names.is_empty() => {
            let known = |name: &Value| SHAPES.iter().copied().find(|it| name == it);
            let unknown = names.iter().filter(|it| known(it).is_none());
            let unknown: Vec<String> = unknown.map(ToString::to_string).collect();
            if !unknown.is_empty() {
                return Err(VALIDATION_TYPES_INVALID_GEOSHAPE.with([unknown.join(", ")]));
            }
            names.iter().filter_map(known).collect()
        }
        Some(_) => {
            return Err(VALIDATION_ASSERT_INVALID_TYPE.with(["shapeTypes", "array of strings"]));
        }
    };
    Ok(Arc::new(move |value| check(value, &allowed, 0)))
}

fn check(value: &Value, allowed: &BTreeSet<&str>, depth: usize) -> Check {
    let shape = value
        .as_object()
        .ok_or("it must be a geographical shape, an object")?;
    let name = shape
        .get("type")
        .and_then(Value::as_str)
        .ok_or("a shape needs a type")?;
    if !allowed.contains(name) {
        return Err(format!("shapes of type {name} are not allowed"));
    }
    let own_keys: &[&str] = match name {
        "circle" => &["type", "coordinates", "radius"],
        "polygon" | "multipolygon" => &["type", "coordinates", "orientation"],
        "geometrycollection" => &["type", "geometries"],
        _ => &["type", "coordinates"],
    };
    if let Some(key) = shape.keys().find(|it| !own_keys.contains(&it.as_str())) {
        return Err(format!("a {name} has no {key}"));
    }
    if let Some(orientation) = shape.get("orientation")
        && !ORIENTATIONS.iter().any(|it| orientation == it)
    {
        return Err(format!(
            "the orientation must be one of {}",
            ORIENTATIONS.join(", ")
        ));
    }
    if name == "geometrycollection" {
        let shapes = shape.get("geometries").and_then(Value::as_array);
        let shapes = shapes.ok_or("a geometrycollection needs an array of geometries")?;
        if depth >= DEPTH_MAX {
            return Err(format!("collections nest deeper than {DEPTH_MAX}"));
        }
        return shapes
            .iter()
            .try_for_each(|it| check(it, allowed, depth + 1));
    }
    let coordinates = shape.get("coordinates");
    let coordinates = coordinates.ok_or_else(|| format!("a {name} needs coordinates"))?;
    match name {
        "point" => position(coordinates),
        "circle" => {
            position(coordinates)?;
            radius(shape.get("radius"))
        }
        "multipoint" => each(coordinates, 1, position),
        "linestring" => line(coordinates),
        "multilinestring" => each(coordinates, 1, line),
        "polygon" => polygon(coordinates),
        "multipolygon" => each(coordinates, 1, polygon),
        _ => envelope(coordinates),
    }
}

/// Longitude, latitude.
fn position(value: &Value) -> Check {
    let numbers = value.as_array().map(Vec::as_slice);
    match numbers {
        Some([lon, lat]) => {
            let within = |it: &Value, bound: f64| it.as_f64().is_some_and(|it| it.abs() <= bound);
            match within(lon, 180.0) && within(lat, 90.0) {
                true => Ok(()),
                false => Err(format!("{value} is no [longitude, latitude]")),
            }
        }
        _ => Err("a position must be [longitude, latitude]".into()),
    }
}

fn each(value: &Value, least: usize, check: fn(&Value) -> Check) -> Check {
    let items = value.as_array().ok_or("coordinates must be an array")?;
    if items.len() < least {
        return Err(format!("{least} or more coordinates are needed"));
    }
    items.iter().try_for_each(check)
}

fn line(value: &Value) -> Check {
    each(value, 2, position)
}

fn polygon(value: &Value) -> Check {
    each(value, 1, ring)
}

fn ring(value: &Value) -> Check {
    each(value, 4, position)?;
    let points = value.as_array();
    match points.and_then(|it| Some((it.first()?, it.last()?))) {
        Some((first, last)) if first == last => Ok(()),
        _ => Err("a ring must end where it begins".into()),
    }
}

/// Two corners.
fn envelope(value: &Value) -> Check {
    each(value, 2, position)?;
    match value.as_array().is_some_and(|it| it.len() == 2) {
        true => Ok(()),
        false => Err("an envelope has two corners".into()),
    }
}

fn radius(value: Option<&Value>) -> Check {
    let is_distance = match value {
        Some(Value::Number(number)) => number.as_f64().is_some_and(|it| it >= 0.0),
        Some(Value::String(text)) => convert_distance(text).is_ok(),
        _ => false,
    };
    is_distance
        .then_some(())
        .ok_or("a circle needs a radius, a distance".into())
}
