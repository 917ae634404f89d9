//! Booleans, numbers, texts; objects, which are checked through their fields.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Bounds, Rule, rule_of};
use crate::error::{
    ApiError, VALIDATION_ASSERT_INVALID_TYPE, VALIDATION_TYPES_MISSING_ENUM_VALUES,
};

type Options = Map<String, Value>;

pub(super) fn anything(_: &Options) -> Result<Rule, ApiError> {
    Ok(Arc::new(|_| Ok(())))
}

pub(super) fn boolean(_: &Options) -> Result<Rule, ApiError> {
    Ok(rule_of("it must be true or false", Value::is_boolean))
}

pub(super) fn object(options: &Options) -> Result<Rule, ApiError> {
    match options.get("strict") {
        None | Some(Value::Null | Value::Bool(_)) => {
            Ok(rule_of("it must be an object", Value::is_object))
        }
        Some(_) => Err(VALIDATION_ASSERT_INVALID_TYPE.with(["typeOptions.strict", "boolean"])),
    }
}

pub(super) fn numeric(options: &Options) -> Result<Rule, ApiError> {
    let range = Bounds::read(options, "range", Value::as_f64, "number")?;
    Ok(Arc::new(move |value| {
        let number = value.as_f64().ok_or("it must be a number")?;
        range.refusal(number, "it")
    }))
}

pub(super) fn integer(options: &Options) -> Result<Rule, ApiError> {
    let range = Bounds::read(options, "range", Value::as_f64, "number")?;
    Ok(Arc::new(move |value| {
        let number = value.as_f64().filter(|it| it.fract() == 0.0);
        range.refusal(number.ok_or("it must be an integer")?, "it")
    }))
}

pub(super) fn string(options: &Options) -> Result<Rule, ApiError> {
    let length = Bounds::read(options, "length", Value::as_f64, "number")?;
    Ok(Arc::new(move |value| {
        let text = value.as_str().ok_or("it must be a string")?;
        // Clients count as JavaScript does, in units of UTF-16.
        length.refusal(text.encode_utf16().count() as f64, "its length")
    }))
}

pub(super) fn one_of(options: &Options) -> Result<Rule, ApiError> {
    let missing = || VALIDATION_TYPES_MISSING_ENUM_VALUES.bare();
    let values = options
        .get("values")
        .and_then(Value::as_array)
        .ok_or_else(missing)?;
    if values.is_empty() {
        return Err(missing());
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let values: HashSet<String> = values
        .iter()
        .map(text)
        .collect::<Option<_>>()
        .ok_or_else(|| VALIDATION_ASSERT_INVALID_TYPE.with(["values", "array of strings"]))?;
    let mut names: Vec<&str> = values.iter().map(String::as_str).collect();
    names.sort_unstable();
    let reason = format!("it must be one of {}", names.join(", "));
    Ok(Arc::new(move |value| match value.as_str() {
        Some(text) if values.contains(text) => Ok(()),
        _ => Err(reason.clone()),
    }))
}
