//! Filter → JSON, in one notation for each thing that can be said.

use std::fmt;
use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::{Filter, Node, Term, path};
use crate::geo::{Outline, Shape};
use crate::interval::Interval;
use crate::pattern::Pattern;
use crate::scalar::{Number, Scalar};

impl Filter {
    /// Writes the filter as JSON. [`Filter::parse`] reads it back as an equal
    /// filter.
    ///
    /// The notation may be another one than what was read: `bool` comes back as
    /// `and`, `or` and `not`, distances in metres, points as numbers.
    ///
    /// ```
    /// use koncorde::Filter;
    /// use serde_json::json;
    ///
    /// let filter = Filter::parse(&json!({"bool": {"must_not": [{"missing": "age"}]}}))?;
    /// assert_eq!(filter.to_json(), json!({"not": {"not": {"exists": "age"}}}));
    /// # Ok::<(), koncorde::FilterError>(())
    /// ```
    pub fn to_json(&self) -> Value {
        write_node(&self.0)
    }
}

/// The compact text of [`Filter::to_json`].
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_json().fmt(f)
    }
}

fn write_node(node: &Node) -> Value {
    let all = |nodes: &[Node]| Value::Array(nodes.iter().map(write_node).collect());
    match node {
        Node::Everything => json!({}),
        Node::Nothing => json!({"nothing": true}),
        Node::And(nodes) => json!({ "and": all(nodes) }),
        Node::Or(nodes) => json!({ "or": all(nodes) }),
        Node::Not(inner) => json!({ "not": write_node(inner) }),
        Node::Term(term) => write_term(term),
    }
}

fn write_term(term: &Term) -> Value {
    match term {
        Term::Equals { field, value } => json!({"equals": {field.as_str(): value.to_json()}}),
        Term::In { field, values } => {
            let values: Vec<_> = values.iter().map(Scalar::to_json).collect();
            json!({"in": {field.as_str(): values}})
        }
        Term::Exists { field } => json!({"exists": path::write(field.as_str(), None)}),
        Term::Contains { field, value } => {
            json!({"exists": path::write(field.as_str(), Some(&value.to_json()))})
        }
        Term::Range { field, interval } => {
            json!({"range": {field.as_str(): write_interval(interval)}})
        }
        Term::Regexp { field, pattern } => {
            json!({"regexp": {field.as_str(): write_pattern(pattern)}})
        }
        Term::Geo { field, shape } => write_shape(field.as_str(), shape),
        Term::Select {
            field,
            index,
            query,
        } => json!({"select": {
            "field": field.as_str(),
            "index": index,
            "query": write_node(query),
        }}),
        Term::Match { partial } => json!({ "match": partial }),
    }
}

fn write_interval(interval: &Interval) -> Value {
    let mut bounds = Map::new();
    let ends = [(interval.lower, "gt", "gte"), (interval.upper, "lt", "lte")];
    for (bound, excluding, including) in ends {
        let (key, number) = match bound {
            Bound::Unbounded => continue,
            Bound::Excluded(number) => (excluding, number),
            Bound::Included(number) => (including, number),
        };
        bounds.insert(key.to_owned(), number.to_json());
    }
    Value::Object(bounds)
}

fn write_pattern(pattern: &Pattern) -> Value {
    let flags = pattern.flags().to_string();
    if flags.is_empty() {
        json!(pattern.source())
    } else {
        json!({"value": pattern.source(), "flags": flags})
    }
}

fn write_shape(field: &str, shape: &Shape) -> Value {
    let point = |lat: Number, lon: Number| json!({"lat": lat.to_json(), "lon": lon.to_json()});
    match shape.outline() {
        Outline::Rectangle {
            top,
            left,
            bottom,
            right,
        } => json!({"geoBoundingBox": {field: {
            "top": top.to_json(),
            "left": left.to_json(),
            "bottom": bottom.to_json(),
            "right": right.to_json(),
        }}}),
        Outline::Ring {
            lat,
            lon,
            inner,
            outer,
        } if inner.get() == 0.0 => json!({"geoDistance": {
            field: point(lat, lon),
            "distance": write_distance(outer),
        }}),
        Outline::Ring {
            lat,
            lon,
            inner,
            outer,
        } => json!({"geoDistanceRange": {
            field: point(lat, lon),
            "from": write_distance(inner),
            "to": write_distance(outer),
        }}),
        Outline::Polygon(corners) => {
            // A polygon has three points at least, also when they are the same.
            let corners: Vec<_> = corners
                .iter()
                .map(|it| json!(it.map(Number::to_json)))
                .collect();
            let missing = 3_usize.saturating_sub(corners.len());
            let first = corners.first().cloned();
            let padding = first.into_iter().cycle().take(missing);
            let points: Vec<_> = corners.iter().cloned().chain(padding).collect();
            json!({"geoPolygon": {field: {"points": points}}})
        }
    }
}

/// Metres, with all digits and no exponent.
fn write_distance(metres: Number) -> Value {
    json!(format!("{}m", metres.get()))
}
