//! What each type of field accepts, and how its values compare.

use core::net::IpAddr;

use serde_json::{Number, Value};

use super::date::DateValue;
use super::{DataType, DateFormat, Leaf};
use crate::limits::KEYWORD_BYTES_MAX;
use crate::shape::{read_point, read_shape};

type Result<T> = std::result::Result<T, String>;

/// Whether a field takes a value; the reason when it does not.
pub(super) fn accepts(leaf: &Leaf, value: &Value) -> Result<()> {
    let outcome = match (leaf.data_type, value) {
        (_, Value::Null) => Ok(()),
        (DataType::GeoPoint | DataType::Point, value) => point_or_points(leaf.data_type, value),
        (DataType::DenseVector | DataType::Completion | DataType::Percolator, _) => Ok(()),
        (_, Value::Array(items)) => return items.iter().try_for_each(|it| accepts(leaf, it)),
        (_, single) => accepts_single(leaf, single),
    };
    match outcome {
        Err(_) if leaf.flag("ignore_malformed", false) => Ok(()),
        outcome => outcome,
    }
}

fn accepts_single(leaf: &Leaf, value: &Value) -> Result<()> {
    match leaf.data_type {
        DataType::Text | DataType::MatchOnlyText | DataType::SearchAsYouType => scalar(value),
        DataType::Keyword => keyword(leaf, value),
        DataType::ConstantKeyword
        | DataType::Wildcard
        | DataType::Version
        | DataType::TokenCount => scalar(value),
        DataType::Boolean => boolean(value),
        DataType::Date | DataType::DateNanos => date(leaf, value),
        DataType::Ip => ip(value),
        DataType::Binary => text(value),
        DataType::GeoShape => read_shape(value).map(drop),
        DataType::Shape => object_or_text(value),
        of if of.range_kind().is_some() => range(leaf, value),
        DataType::Flattened | DataType::RankFeatures | DataType::Histogram => object(value),
        DataType::Alias => Err("an alias cannot be written".into()),
        DataType::Join => object_or_text(value),
        numeric => number(leaf, numeric, value),
    }
}

/// The beginning of a value, for messages.
pub(super) fn preview(value: &Value) -> String {
    const CHARS: usize = 64;
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("'{}…'", &text[..end]),
        None => format!("'{text}'"),
    }
}

fn scalar(value: &Value) -> Result<()> {
    match value {
        Value::Object(_) => Err("it takes texts, numbers and booleans, not an object".into()),
        _ => Ok(()),
    }
}

fn text(value: &Value) -> Result<()> {
    let is_text = value.is_string();
    is_text.then_some(()).ok_or("it takes a text".into())
}

fn object(value: &Value) -> Result<()> {
    let is_object = value.is_object();
    is_object.then_some(()).ok_or("it takes an object".into())
}

fn object_or_text(value: &Value) -> Result<()> {
    let fits = value.is_object() || value.is_string();
    fits.then_some(())
        .ok_or("it takes an object or a text".into())
}

fn range(leaf: &Leaf, value: &Value) -> Result<()> {
    leaf.range(value).map(drop).ok_or_else(|| {
        "it takes ranges such as {\"gte\": 1, \"lt\": 5} whose beginning is not after their end"
            .into()
    })
}

fn keyword(leaf: &Leaf, value: &Value) -> Result<()> {
    scalar(value)?;
    match value {
        Value::String(text) if text.len() > KEYWORD_BYTES_MAX && !leaf.is_ignored(text) => {
            Err(format!(
                "it is longer than {KEYWORD_BYTES_MAX} bytes; map the field as text, or give it \
             `ignore_above`"
            ))
        }
        _ => Ok(()),
    }
}

fn boolean(value: &Value) -> Result<()> {
    match value {
        Value::Bool(_) => Ok(()),
        Value::String(text) if ["true", "false", ""].contains(&text.as_str()) => Ok(()),
        _ => Err("only true and false are booleans".into()),
    }
}

fn date(leaf: &Leaf, value: &Value) -> Result<()> {
    let format = leaf.date_format.as_deref();
    match format.map_or(Some(DateValue::Unread), |it| it.read(value)) {
        Some(_) => Ok(()),
        None => {
            let format = leaf.parameters.get("format").and_then(Value::as_str);
            let format = format.unwrap_or("strict_date_optional_time||epoch_millis");
            Err(format!("no date of the format [{format}]"))
        }
    }
}

fn ip(value: &Value) -> Result<()> {
    let text = value.as_str().ok_or("an address is a text")?;
    let address: std::result::Result<IpAddr, _> = text.parse();
    address
        .map(drop)
        .map_err(|_| "no IPv4 or IPv6 address".into())
}

fn number(leaf: &Leaf, of: DataType, value: &Value) -> Result<()> {
    let coerces = leaf.flag("coerce", true);
    let number = match value {
        Value::Number(number) => number.clone(),
        Value::String(text) if coerces && text.is_empty() => return Ok(()),
        Value::String(text) if coerces => number_text(text).ok_or("no number")?,
        _ => return Err("it takes numbers".into()),
    };
    if let Some((smallest, largest)) = of.integer_bounds() {
        let integer = integer(&number);
        if !coerces && number.as_f64().is_some_and(|it| it.fract() != 0.0) {
            return Err("it takes numbers without fraction".into());
        }
        return match integer {
            Some(integer) if (smallest..=largest).contains(&integer) => Ok(()),
            _ => Err(format!("it is not between {smallest} and {largest}")),
        };
    }
    let bound = of.float_bound().unwrap_or(f64::MAX);
    match number.as_f64() {
        Some(float) if float.abs() <= bound => Ok(()),
        _ => Err(format!("it is not between -{bound:e} and {bound:e}")),
    }
}

/// Towards zero, as Elasticsearch indexes fractions in integer fields.
pub(super) fn integer(number: &Number) -> Option<i128> {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(it), ..) => Some(it.into()),
        (_, Some(it), _) => Some(it.into()),
        (.., Some(it)) if it.abs() < 1e38 => Some(it as i128),
        _ => None,
    }
}

/// A number written as text.
pub(crate) fn number_text(text: &str) -> Option<Number> {
    let text = text.trim();
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.into());
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(integer.into());
    }
    let is_number = text.bytes().any(|it| it.is_ascii_digit());
    let float = is_number.then(|| text.parse().ok())?;
    float.and_then(Number::from_f64)
}

/// The milliseconds of a value of a date field.
pub(crate) fn date_ms(format: Option<&DateFormat>, value: &Value) -> Option<i64> {
    match format?.read(value)? {
        DateValue::Millis(millis) => Some(millis),
        DateValue::Unread => None,
    }
}

/// Texts that a dynamic mapping takes for dates: ISO dates only, for a row of
/// digits may be anything.
pub(super) fn looks_like_date(text: &str) -> bool {
    if !text.starts_with(|it: char| it.is_ascii_digit()) || !text.contains('-') {
        return false;
    }
    let value = Value::String(text.to_owned());
    DateFormat::parse("strict_date_optional_time")
        .read(&value)
        .is_some()
}

/// The other format of dates that a dynamic mapping looks for.
pub(super) const SLASHED_DATES: &str = "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis";

pub(super) fn looks_like_slashed_date(text: &str) -> bool {
    if !text.starts_with(|it: char| it.is_ascii_digit()) || !text.contains('/') {
        return false;
    }
    let value = Value::String(text.to_owned());
    DateFormat::parse(SLASHED_DATES).read(&value).is_some()
}

/// One point, or an array of points; an array of numbers is one point.
fn point_or_points(of: DataType, value: &Value) -> Result<()> {
    match value {
        Value::Null => Ok(()),
        Value::Array(items) if !items.first().is_some_and(Value::is_number) => {
            items.iter().try_for_each(|it| point_or_points(of, it))
        }
        Value::Number(_) | Value::Bool(_) => Err("it takes points".into()),
        _ if of == DataType::Point => Ok(()),
        value => read_point(value)
            .map(drop)
            .ok_or("it is no point between the latitudes ±90 and the longitudes ±180".into()),
    }
}
