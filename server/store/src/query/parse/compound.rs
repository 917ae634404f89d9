//! Clauses made of clauses: bool, boosting, constant_score, dis_max, nested.

use serde_json::Value;

use super::parameters::Parameters;
use super::{Reader, Result};
use crate::error::StoreError;
use crate::query::tree::{Bool, Clause, Nested, Query, ScoreMode};

pub(super) fn bool(reader: &mut Reader, name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    parameters.flag("adjust_pure_negative", true)?;
    let mut must_not = queries(reader, &parameters, "must_not")?;
    must_not.extend(queries(reader, &parameters, "mustNot")?);
    let parts = Bool {
        must: queries(reader, &parameters, "must")?,
        filter: queries(reader, &parameters, "filter")?,
        should: queries(reader, &parameters, "should")?,
        must_not,
        minimum_should_match: parameters.parsed("minimum_should_match")?,
    };
    parameters.finish(Clause::Bool(parts))
}

/// One query or an array of them.
fn queries<'q>(
    reader: &mut Reader,
    parameters: &Parameters<'q>,
    name: &'q str,
) -> Result<Vec<Query>> {
    match parameters.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(|it| reader.query(it)).collect(),
        Some(single @ Value::Object(_)) => Ok(vec![reader.query(single)?]),
        Some(other) => Err(parameters.wrong(name, "a query or an array of them", other)),
    }
}

fn query<'q>(
    reader: &mut Reader,
    parameters: &Parameters<'q>,
    name: &'q str,
) -> Result<Box<Query>> {
    let value = parameters
        .get(name)
        .ok_or_else(|| parameters.missing(name))?;
    reader.query(value).map(Box::new)
}

pub(super) fn boosting(reader: &mut Reader, name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    let positive = query(reader, &parameters, "positive")?;
    let negative = query(reader, &parameters, "negative")?;
    let boost = parameters.number("negative_boost")?;
    let boost = boost.ok_or_else(|| parameters.missing("negative_boost"))?;
    if boost < 0.0 {
        return Err(StoreError::invalid_query(format!(
            "[{name}] expects [negative_boost] to be a number not below 0, found {boost}"
        )));
    }
    parameters.finish(Clause::Boosting {
        positive,
        negative,
        negative_boost: boost as f32,
    })
}

pub(super) fn constant_score(reader: &mut Reader, name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    let filter = query(reader, &parameters, "filter")?;
    parameters.finish(Clause::Constant(filter))
}

pub(super) fn dis_max(reader: &mut Reader, name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    let queries = queries(reader, &parameters, "queries")?;
    if queries.is_empty() {
        return Err(parameters.missing("queries"));
    }
    let tie_breaker = parameters.number("tie_breaker")?.unwrap_or(0.0) as f32;
    parameters.finish(Clause::DisMax {
        queries,
        tie_breaker,
    })
}

pub(super) fn nested(reader: &mut Reader, name: &str, content: &Value) -> Result<Query> {
    let parameters = Parameters::of(name, content)?;
    let path = parameters.text("path")?;
    let path = path.ok_or_else(|| parameters.missing("path"))?;
    let modes = [
        ("avg", ScoreMode::Average),
        ("sum", ScoreMode::Sum),
        ("max", ScoreMode::Max),
        ("min", ScoreMode::Min),
        ("none", ScoreMode::None),
    ];
    if parameters.get("inner_hits").is_some() {
        return Err(StoreError::invalid_query(format!(
            "the embedded store has no [inner_hits] of [{name}]"
        )));
    }
    let nested = Nested {
        path,
        query: query(reader, &parameters, "query")?,
        score_mode: parameters.choice("score_mode", &modes)?.unwrap_or_default(),
        ignore_unmapped: parameters.flag("ignore_unmapped", false)?,
    };
    parameters.finish(Clause::Nested(nested))
}
