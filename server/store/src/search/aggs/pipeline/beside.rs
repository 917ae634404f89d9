//! Pipelines beside a list of buckets: avg_bucket, sum_bucket, min_bucket,
//! max_bucket, stats_bucket, extended_stats_bucket, percentiles_bucket.

use serde_json::Value;

use super::super::Result;
use super::super::metrics::{Stats, extended, summary};
use super::super::outcome::{BucketList, Metric, OneBucket, Outcome, Outcomes, path};
use super::super::percentiles::listed;
use super::Pipeline;
use crate::search::options::Options;

pub(super) const KINDS: &[&str] = &[
    "avg_bucket",
    "extended_stats_bucket",
    "max_bucket",
    "min_bucket",
    "percentiles_bucket",
    "stats_bucket",
    "sum_bucket",
];

#[derive(Debug)]
pub(super) enum Beside {
    Avg,
    Sum,
    Min,
    Max,
    Stats,
    ExtendedStats { sigma: f64 },
    Percentiles { percents: Vec<f64>, is_keyed: bool },
}

const USUAL: [f64; 7] = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];

pub(super) fn parse(kind: &str, options: &Options<'_>) -> Result<Beside> {
    Ok(match kind {
        "avg_bucket" => Beside::Avg,
        "sum_bucket" => Beside::Sum,
        "min_bucket" => Beside::Min,
        "max_bucket" => Beside::Max,
        "stats_bucket" => Beside::Stats,
        "extended_stats_bucket" => Beside::ExtendedStats {
            sigma: options.number("sigma")?.unwrap_or(2.0),
        },
        _ => {
            let list = options.list("percents")?;
            let percents: Option<Vec<f64>> =
                list.map(|it| it.iter().filter_map(Value::as_f64).collect());
            let percents = percents.unwrap_or_else(|| USUAL.to_vec());
            if percents.iter().any(|it| !(0.0..=100.0).contains(it)) {
                return Err(options.wrong("percents", "numbers from 0 to 100"));
            }
            Beside::Percentiles {
                percents,
                is_keyed: options.flag("keyed")?.unwrap_or(true),
            }
        }
    })
}

impl Beside {
    pub(super) fn run(&self, pipeline: &Pipeline, outcomes: &Outcomes) -> Result<Outcome> {
        let (list, rest) = buckets(pipeline, outcomes)?;
        let numbers = pipeline.numbers(&list.list, &rest)?;
        let found: Vec<(f64, &OneBucket)> = numbers
            .into_iter()
            .zip(&list.list)
            .filter_map(|(number, bucket)| Some((number?, bucket)))
            .collect();
        let mut stats = Stats::default();
        found.iter().for_each(|it| stats.add_square(it.0));
        let some = |number: f64| if found.is_empty() { f64::NAN } else { number };
        let format = &pipeline.format;
        Ok(Outcome::Metric(match self {
            Self::Avg => Metric::value(some(stats.avg()), format),
            Self::Sum => Metric::value(stats.sum(), format),
            Self::Min => extreme(&found, some(stats.min), pipeline),
            Self::Max => extreme(&found, some(stats.max), pipeline),
            Self::Stats => summary(&stats, format),
            Self::ExtendedStats { sigma } => extended(&stats, format, *sigma),
            Self::Percentiles { percents, is_keyed } => {
                let mut sorted: Vec<f64> = found.iter().map(|it| it.0).collect();
                sorted.sort_by(f64::total_cmp);
                let pairs = percents.iter().map(|it| (*it, nearest(&sorted, *it)));
                listed(&pairs.collect::<Vec<_>>(), *is_keyed, format)
            }
        }))
    }
}

/// The number whose rank is nearest: none is made up between two.
fn nearest(sorted: &[f64], percent: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    let place = (percent / 100.0 * last).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// The buckets that the path leads to, and the rest of the path.
fn buckets<'o, 'p>(
    pipeline: &'p Pipeline,
    outcomes: &'o Outcomes,
) -> Result<(&'o BucketList, Vec<&'p str>)> {
    let steps = path(&pipeline.path);
    let mut outcomes = outcomes;
    for (place, step) in steps.iter().enumerate() {
        match outcomes.get(step) {
            Some(Outcome::Buckets(list)) => {
                let rest = &steps[place + 1..];
                let rest = if rest.is_empty() {
                    vec!["_count"]
                } else {
                    rest.to_vec()
                };
                return Ok((list, rest));
            }
            Some(Outcome::Single(single)) => outcomes = &single.below,
            _ => {
                // `name._count`
                let (name, property) = step.split_once('.').unwrap_or((step, ""));
                match outcomes.get(name) {
                    Some(Outcome::Buckets(list)) => return Ok((list, vec![property])),
                    _ => break,
                }
            }
        }
    }
    Err(pipeline.leads_nowhere())
}

/// The extreme number, and the keys of the buckets that have it.
fn extreme(found: &[(f64, &OneBucket)], number: f64, pipeline: &Pipeline) -> Metric {
    let mut metric = Metric::value(number, &pipeline.format);
    let of = found.iter().filter(|it| it.0 == number);
    let keys: Vec<Value> = of.map(|(_, bucket)| key(bucket).into()).collect();
    metric.json.insert("keys".into(), keys.into());
    metric
}

fn key(bucket: &OneBucket) -> String {
    let json = &bucket.json;
    match json.get("key_as_string").or(json.get("key")) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => match number.as_f64() {
            Some(number) if !bucket.name.is_empty() => crate::search::format::java_text(number),
            _ => number.to_string(),
        },
        Some(other) => other.to_string(),
        None => bucket.name.clone(),
    }
}
