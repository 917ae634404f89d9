//! Clauses on exact values: ids, exists, term, terms, range.

use std::ops::Bound;

use serde_json::Value;

use super::parameters::{Parameters, scalar};
use super::{Result, field_and_value, single_field};
use crate::error::StoreError;
use crate::limits::{QUERY_IDS_MAX, QUERY_TERMS_MAX};
use crate::query::tree::{Clause, Query, Range, Relation, Scalar, Test};

pub(super) fn ids(name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    parameters.ignore(&["type"]);
    let values = parameters.get("values");
    let values = values.ok_or_else(|| parameters.missing("values"))?;
    let id = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(parameters.wrong("values", "an array of texts", other)),
    };
    let ids = match values {
        Value::Array(values) => values.iter().map(id).collect::<Result<Vec<_>>>()?,
        single => vec![id(single)?],
    };
    if ids.len() > QUERY_IDS_MAX {
        return Err(StoreError::invalid_query(format!(
            "[{name}] takes at most {QUERY_IDS_MAX} [values]"
        )));
    }
    parameters.finish(Clause::Ids(ids))
}

pub(super) fn exists(name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    let field = parameters.text("field")?;
    let field = field.filter(|it| !it.is_empty());
    let field = field.ok_or_else(|| parameters.missing("field"))?;
    parameters.finish(Clause::Exists(field))
}

pub(super) fn term(name: &str, content: &Value) -> Result<Query> {
    let (field, value, parameters) = field_and_value(name, content, &["value", "term"])?;
    let ignore_case = parameters.flag("case_insensitive", false)?;
    let test = Test::Term { value, ignore_case };
    parameters.finish(Clause::Field { field, test })
}

pub(super) fn terms(name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    parameters.ignore(&["boost", "_name"]);
    let (field, content) = single_field(&parameters)?;
    let values = match content {
        Value::Array(values) => values,
        Value::Object(_) => {
            return Err(StoreError::invalid_query(format!(
                "[{name}] takes an array of values for [{field}]: values of other documents are \
                 not looked up"
            )));
        }
        other => return Err(parameters.wrong(field, "an array of values", other)),
    };
    if values.len() > QUERY_TERMS_MAX {
        return Err(StoreError::invalid_query(format!(
            "[{name}] takes at most {QUERY_TERMS_MAX} values for [{field}]"
        )));
    }
    let value = |it| scalar(it).ok_or_else(|| parameters.wrong(field, "an array of values", it));
    let test = Test::Terms(values.iter().map(value).collect::<Result<_>>()?);
    let field = field.to_owned();
    parameters.finish(Clause::Field { field, test })
}

pub(super) fn range(name: &str, content: &Value) -> Result<Query> {
    let outer = Parameters::of(name, content)?;
    let outer_name = outer.text("_name")?;
    outer.ignore(&["boost"]);
    let (field, content) = single_field(&outer)?;
    let parameters = Parameters::of(name, content)?;
    let relations = [
        ("intersects", Relation::Intersects),
        ("within", Relation::Within),
        ("contains", Relation::Contains),
    ];
    let range = Range {
        lower: Bound::Unbounded,
        upper: Bound::Unbounded,
        format: parameters.text("format")?,
        time_zone: parameters.text("time_zone")?,
        relation: parameters
            .choice("relation", &relations)?
            .unwrap_or_default(),
    };
    let range = bounds(&parameters, range)?;
    let mut query = parameters.finish(Clause::Field {
        field: field.to_owned(),
        test: Test::Range(range),
    })?;
    query.name = query.name.or(outer_name.map(Into::into));
    query.boost *= outer.boost()?;
    Ok(query)
}

/// Of bounds on one side, the last one counts.
fn bounds<'q>(parameters: &Parameters<'q>, mut range: Range) -> Result<Range> {
    let include_lower = parameters.flag("include_lower", true)?;
    let include_upper = parameters.flag("include_upper", true)?;
    let bound = |value: &Value, key: &str, is_included: bool| -> Result<Bound<Scalar>> {
        if value.is_null() {
            return Ok(Bound::Unbounded);
        }
        let expected = "a text, a number or a boolean";
        let scalar = scalar(value).ok_or_else(|| parameters.wrong(key, expected, value))?;
        Ok(match is_included {
            true => Bound::Included(scalar),
            false => Bound::Excluded(scalar),
        })
    };
    parameters.ignore(&["boost", "_name"]);
    let mut asked: Vec<&'q str> = Vec::new();
    for (key, value) in parameters.rest() {
        match key {
            "gte" | "ge" => range.lower = bound(value, key, true)?,
            "gt" => range.lower = bound(value, key, false)?,
            "lte" | "le" => range.upper = bound(value, key, true)?,
            "lt" => range.upper = bound(value, key, false)?,
            "from" => range.lower = bound(value, key, include_lower)?,
            "to" => range.upper = bound(value, key, include_upper)?,
            _ => continue,
        }
        asked.push(key);
    }
    parameters.ignore(&asked);
    Ok(range)
}
