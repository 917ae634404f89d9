//! Dates: the first format that reads a value decides; bounds are included.

use std::sync::Arc;

use koncorde_store::DateFormat;
use serde_json::{Map, Value};

use super::{Bounds, Rule};
use crate::clock;
use crate::error::{
    ApiError, VALIDATION_ASSERT_INVALID_RANGE, VALIDATION_ASSERT_INVALID_TYPE,
    VALIDATION_TYPES_INVALID_DATE, VALIDATION_TYPES_INVALID_DATE_FORMAT,
};

type Options = Map<String, Value>;

const USUAL: &str = "epoch_millis";

/// A bound of the range.
#[derive(Clone, Copy)]
enum Bound {
    At(i64),
    /// Whenever the document comes.
    Now,
}

pub(super) fn date(options: &Options) -> Result<Rule, ApiError> {
    let formats = formats(options)?;
    let range = match options.get("range") {
        None | Some(Value::Null) => &Map::new(),
        Some(Value::Object(range)) => range,
        Some(_) => return Err(VALIDATION_ASSERT_INVALID_TYPE.with(["range", "object"])),
    };
    let (min, max) = (bound(range, "min")?, bound(range, "max")?);
    if let (Some(Bound::At(least)), Some(Bound::At(most))) = (min, max)
        && least > most
    {
        return Err(VALIDATION_ASSERT_INVALID_RANGE.with(["range", "min", "max"]));
    }
    Ok(Arc::new(move |value| {
        let millis = formats.iter().find_map(|it| it.millis(value));
        let millis = millis.ok_or("it must be a date in one of the formats")?;
        let at = |bound: Option<Bound>| match bound {
            None => None,
            Some(Bound::At(millis)) => Some(millis as f64),
            Some(Bound::Now) => Some(clock::now_ms() as f64),
        };
        let bounds = Bounds {
            min: at(min),
            max: at(max),
        };
        bounds
            .refusal(millis as f64, "the date")
            .map_err(|_| "the date is out of bounds".into())
    }))
}

fn formats(options: &Options) -> Result<Vec<DateFormat>, ApiError> {
    let names = match options.get("formats") {
        None | Some(Value::Null) => return Ok(DateFormat::named(USUAL).into_iter().collect()),
        Some(Value::Array(names)) if !names.is_empty() => names,
        Some(_) => {
            return Err(VALIDATION_ASSERT_INVALID_TYPE.with(["formats", "array of strings"]));
        }
    };
    let (mut formats, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        match name.as_str().and_then(DateFormat::named) {
            Some(format) => formats.push(format),
            None => unknown.push(name.to_string()),
        }
    }
    match unknown.is_empty() {
        true => Ok(formats),
        false => Err(VALIDATION_TYPES_INVALID_DATE_FORMAT.with([unknown.join(", ")])),
    }
}

fn bound(range: &Map<String, Value>, key: &str) -> Result<Option<Bound>, ApiError> {
    let value = match range.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text == "NOW" => return Ok(Some(Bound::Now)),
        Some(value) => value,
    };
    let usual = DateFormat::named("strict_date_optional_time");
    let millis = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(_) => usual.and_then(|it| it.millis(value)),
        _ => None,
    };
    let invalid = || VALIDATION_TYPES_INVALID_DATE.with([value.to_string()]);
    Ok(Some(Bound::At(millis.ok_or_else(invalid)?)))
}
