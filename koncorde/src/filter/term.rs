//! JSON → Filter: the terms, but for those about places on the globe.

use std::borrow::Cow;
use std::ops::Bound;

use serde_json::{Map, Value};

use super::parse::{check_depth, is_truthy, parse_node};
use super::place::{Place, describe, excerpt};
use super::{Term, path};
use crate::error::FilterError;
use crate::field::Field;
use crate::interval::Interval;
use crate::limits;
use crate::pattern::Pattern;
use crate::scalar::{Number, Scalar};

pub(super) fn parse_equals(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let (field, value) = place.only_entry(value)?;
    let scalar = Scalar::new(value).ok_or_else(|| {
        let expected = "must either be a string, a number, a boolean, or null";
        place.key(field).mismatch(expected, value)
    })?;
    Ok(Term::Equals {
        field: Field::new(field),
        value: scalar,
    })
}

pub(super) fn parse_in(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let (field, values) = place.only_entry(value)?;
    parse_values(field, values, &place.key(field))
}

pub(super) fn parse_ids(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let object = place.object_with(value, 1)?;
    let values = place.required(object, "values")?;
    let place = place.key("values");
    let term = parse_values("_id", values, &place)?;
    // The ids of documents are of one type: a mixture is a mistake.
    let mut items = values.as_array().into_iter().flatten();
    let first = items.next().map(std::mem::discriminant);
    match items.find(|it| Some(std::mem::discriminant(*it)) != first) {
        Some(other) => Err(place.mismatch("must hold only values of one type", other)),
        None => Ok(term),
    }
}

fn parse_values(field: &str, values: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let items = place.non_empty_array(values)?;
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        values.push(Scalar::new(item).ok_or_else(|| {
            let expected = "must hold only strings, numbers, booleans and null";
            place.index(index).mismatch(expected, item)
        })?);
    }
    Ok(Term::In {
        field: Field::new(field),
        values,
    })
}

/// Reads what follows `exists` or `missing`.
pub(super) fn parse_exists(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    match value {
        Value::String(text) if text.is_empty() => Err(place.error("cannot test empty field name")),
        Value::String(text) => parse_path(text, place),
        value => {
            let object = place.object_with(value, 1)?;
            let field = place.required(object, "field")?;
            let place = place.key("field");
            parse_path(place.non_empty_string(field)?, &place)
        }
    }
}

fn parse_path(text: &str, place: &Place<'_>) -> Result<Term, FilterError> {
    let (field, value) = path::parse(text).map_err(|it| place.error(it))?;
    let field = Field::new(field);
    Ok(match value {
        None => Term::Exists { field },
        Some(value) => Term::Contains { field, value },
    })
}

pub(super) fn parse_range(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let (field, bounds) = place.only_entry(value)?;
    let place = place.key(field);
    let bounds = place.non_empty_object(bounds)?;
    place.allow(bounds, &["gt", "gte", "lt", "lte"])?;
    let (mut lower, mut upper) = (Bound::Unbounded, Bound::Unbounded);
    for (key, value) in bounds {
        let number = value.as_f64().and_then(Number::new);
        let number = number.ok_or_else(|| place.key(key).mismatch("must be a number", value))?;
        let (side, end) = match key.as_str() {
            "gt" | "gte" => ("lower", &mut lower),
            _ => ("upper", &mut upper),
        };
        if *end != Bound::Unbounded {
            return Err(place.error(format!("only 1 {side} boundary allowed")));
        }
        let is_included = key.ends_with('e');
        *end = if is_included {
            Bound::Included(number)
        } else {
            Bound::Excluded(number)
        };
    }
    let interval = Interval { lower, upper };
    if interval.is_empty() {
        return Err(place.error(
            "lower boundary must be strictly inferior to the upper one, or equal to it if both \
             are included",
        ));
    }
    Ok(Term::Range {
        field: Field::new(field),
        interval,
    })
}

pub(super) fn parse_regexp(value: &Value, place: &Place<'_>) -> Result<Term, FilterError> {
    let (field, value) = place.only_entry(value)?;
    let place = place.key(field);
    let (source, flags) = match value {
        Value::String(source) => (Cow::from(source), ""),
        Value::Object(object) => {
            place.non_empty_object(value)?;
            let source = place.required(object, "value")?;
            place.allow(object, &["flags", "value"])?;
            let flags = match object.get("flags").filter(|it| is_truthy(it)) {
                None => "",
                Some(Value::String(flags)) => flags,
                Some(other) => return Err(place.key("flags").mismatch("must be a string", other)),
            };
            (read_source(source, flags, &place)?, flags)
        }
        other => {
            return Err(place.mismatch("must be either a string or a non-empty object", other));
        }
    };
    let pattern = Pattern::new(&source, flags).map_err(|reason| {
        let (source, flags) = (excerpt(&source), excerpt(flags));
        place.error(format!(
            "cannot parse regexp expression \"/{source}/{flags}\" ({reason})"
        ))
    })?;
    Ok(Term::Regexp {
        field: Field::new(field),
        pattern,
    })
}

/// The text of a pattern. Beside flags, other scalars and arrays of them are
/// read as their text, as the original does.
fn read_source<'v>(
    source: &'v Value,
    flags: &str,
    place: &Place<'_>,
) -> Result<Cow<'v, str>, FilterError> {
    let text = |it: &'v Value| match it {
        Value::String(text) => Some(Cow::from(text)),
        Value::Array(_) | Value::Object(_) => None,
        _ if flags.is_empty() => None,
        scalar => Some(Cow::from(scalar.to_string())),
    };
    let joined = match source {
        Value::Array(items) if !flags.is_empty() => {
            let texts: Option<Vec<_>> = items.iter().map(text).collect();
            texts.map(|it| Cow::from(it.join(",")))
        }
        source => text(source),
    };
    joined.ok_or_else(|| {
        let found = describe(source);
        place.error(format!(
            "cannot parse regexp expression: expected a string, found {found}"
        ))
    })
}

pub(super) fn parse_match(
    value: &Value,
    place: &Place<'_>,
    level: usize,
) -> Result<Term, FilterError> {
    let partial = place.non_empty_object(value)?;
    let (mut values, mut open) = (0, vec![(value, 1)]);
    while let Some((value, depth)) = open.pop() {
        check_depth(level + depth, place)?;
        values += 1;
        let inside = value.as_array().map_or(0, Vec::len) + value.as_object().map_or(0, Map::len);
        if values + open.len() + inside > limits::MATCH_VALUES {
            let most = limits::MATCH_VALUES;
            return Err(place.error(format!("may hold {most} values at most")));
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|it| (it, depth + 1))),
            Value::Object(members) => open.extend(members.values().map(|it| (it, depth + 1))),
            _ => (),
        }
    }
    Ok(Term::Match {
        partial: partial.clone(),
    })
}

pub(super) fn parse_select(
    value: &Value,
    place: &Place<'_>,
    level: usize,
) -> Result<Term, FilterError> {
    let object = place.object_with(value, 3)?;
    let [field, index, query] = ["field", "index", "query"].map(|key| match object.get(key) {
        Some(value) => (place.key(key), value),
        None => (place.missing_key(key), &Value::Null),
    });
    let field = field.0.non_empty_string(field.1)?;
    let index = parse_index(index.1, &index.0)?;
    let (query_place, query) = query;
    query_place.non_empty_object(query)?;
    let query = parse_node(query, &query_place, level + 2)?;
    Ok(Term::Select {
        field: Field::new(field),
        index,
        query: Box::new(query),
    })
}

/// Reads an integer. Those beyond 64 bits are beyond every array, too.
fn parse_index(value: &Value, place: &Place<'_>) -> Result<i64, FilterError> {
    if let Some(index) = value.as_i64() {
        return Ok(index);
    }
    match value.as_f64() {
        None => Err(place.mismatch("must be an integer", value)),
        Some(number) if number.fract() != 0.0 => {
            Err(place.mismatch("cannot have decimals, must be an integer", value))
        }
        Some(number) => Ok(number as i64),
    }
}
