//! Pipelines: aggregations that compute on what others came to.
//!
//! Those *inside* a list of buckets add a number to each bucket, from it and
//! from the buckets before it (derivative, cumulative_sum, moving_avg,
//! serial_diff), or choose among them (bucket_sort). Those *beside* it make one
//! number of all its buckets (avg_bucket and the like).

mod beside;
mod inside;

use serde_json::Value;

use super::Result;
use super::outcome::{OneBucket, Outcomes};
use crate::error::StoreError;
use crate::search::format::ValueFormat;
use crate::search::options::Options;

#[derive(Debug)]
pub(super) struct Pipeline {
    name: String,
    meta: Option<Value>,
    /// From the bucket, or from the level, to a number; empty for bucket_sort.
    path: String,
    format: ValueFormat,
    gaps: Gaps,
    what: What,
}

#[derive(Debug)]
enum What {
    Inside(inside::Inside),
    Beside(beside::Beside),
}

/// What becomes of buckets without a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Gaps {
    #[default]
    Skip,
    Zeros,
    Keep,
}

#[cfg(test)]
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    inside::KINDS.iter().chain(beside::KINDS).copied()
}

/// `None`: the kind is no pipeline.
pub(super) fn parse(
    name: &str,
    kind: &str,
    body: &Value,
    meta: Option<&Value>,
) -> Result<Option<Pipeline>> {
    let is_inside = inside::KINDS.contains(&kind);
    if !is_inside && !beside::KINDS.contains(&kind) {
        return Ok(None);
    }
    let options = Options::new(kind, body)?;
    let path = match (kind, options.value("buckets_path")) {
        ("bucket_sort", None) => String::new(),
        (_, Some(Value::String(path))) if kind != "bucket_sort" => path.clone(),
        (_, None) => return Err(options.lacks("buckets_path")),
        (_, Some(_)) => return Err(options.wrong("buckets_path", "one path")),
    };
    let format = options.text("format")?;
    let words = [
        ("skip", Gaps::Skip),
        ("insert_zeros", Gaps::Zeros),
        ("keep_values", Gaps::Keep),
    ];
    let pipeline = Pipeline {
        name: name.to_owned(),
        meta: meta.cloned(),
        path,
        format: format.map_or(Ok(ValueFormat::Plain), ValueFormat::decimal)?,
        gaps: options.word("gap_policy", &words)?.unwrap_or_default(),
        what: match is_inside {
            true => What::Inside(inside::parse(kind, &options)?),
            false => What::Beside(beside::parse(kind, &options)?),
        },
    };
    options.finish()?;
    Ok(Some(pipeline))
}

/// Pipelines may look at each other, not in a circle: they are run in an order
/// in which each finds what it looks at.
fn in_order(pipelines: &[Pipeline]) -> Option<Vec<&Pipeline>> {
    let mut waiting: Vec<&Pipeline> = pipelines.iter().collect();
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|it| {
            let first = it.path.split(['>', '.', '[']).next().unwrap_or_default();
            !waiting.iter().any(|other| other.name == first)
        })?;
        order.push(waiting.remove(ready));
    }
    Some(order)
}

pub(super) fn check(pipelines: &[Pipeline]) -> Result<()> {
    match in_order(pipelines) {
        Some(_) => Ok(()),
        None => {
            let names: Vec<&str> = pipelines.iter().map(|it| it.name.as_str()).collect();
            Err(StoreError::invalid_query(format!(
                "the [buckets_path]s of [{}] lead in a circle",
                names.join(", ")
            )))
        }
    }
}

/// Runs the pipelines that stand in each bucket of a list.
pub(super) fn run_inside(pipelines: &[Pipeline], list: &mut Vec<OneBucket>) -> Result<()> {
    // Choosing comes last, after the numbers to choose by.
    let order = in_order(pipelines).unwrap_or_default();
    let (last, first): (Vec<_>, Vec<_>) = order.into_iter().partition(|it| it.path.is_empty());
    for pipeline in first.into_iter().chain(last) {
        if let What::Inside(inside) = &pipeline.what {
            inside.run(pipeline, list)?;
        }
    }
    Ok(())
}

/// Runs the pipelines that stand beside other aggregations.
pub(super) fn run_beside(pipelines: &[Pipeline], outcomes: &mut Outcomes) -> Result<()> {
    for pipeline in in_order(pipelines).unwrap_or_default() {
        if let What::Beside(beside) = &pipeline.what {
            let outcome = beside.run(pipeline, outcomes)?;
            outcomes.push(&pipeline.name, outcome, pipeline.meta.as_ref());
        }
    }
    Ok(())
}

impl Pipeline {
    fn leads_nowhere(&self) -> StoreError {
        StoreError::invalid_query(format!(
            "the [buckets_path] of [{}] leads to no number: [{}]",
            self.name, self.path
        ))
    }

    /// The number of each bucket of a list; `None`: a gap to be skipped.
    fn numbers(&self, list: &[OneBucket], path: &[&str]) -> Result<Vec<Option<f64>>> {
        let number = |bucket: &OneBucket| {
            let number = bucket.number(path).ok_or_else(|| self.leads_nowhere())?;
            // Metrics of no documents are gaps, also where they have a number.
            let is_gap = number.is_nan() || bucket.count == 0 && path != ["_count"];
            Ok(match (is_gap, self.gaps) {
                (false, _) => Some(number),
                (true, Gaps::Zeros) => Some(0.0),
                (true, Gaps::Keep) => Some(number).filter(|it| !it.is_nan()),
                (true, Gaps::Skip) => None,
            })
        };
        list.iter().map(number).collect()
    }
}
