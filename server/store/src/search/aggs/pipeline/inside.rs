//! Pipelines in a list of buckets: derivative, cumulative_sum, moving_avg,
//! serial_diff, bucket_sort.

use serde_json::Value;

use super::super::Result;
use super::super::calendar::{Interval, Rounding};
use super::super::keys::nan_last;
use super::super::outcome::{Metric, OneBucket, Outcome, path};
use super::Pipeline;
use crate::search::options::Options;

pub(super) const KINDS: &[&str] = &[
    "bucket_sort",
    "cumulative_sum",
    "derivative",
    "moving_avg",
    "serial_diff",
];

#[derive(Debug)]
pub(super) enum Inside {
    /// The difference from the bucket before; per unit of time, if asked for.
    Derivative {
        unit_ms: Option<f64>,
    },
    CumulativeSum,
    /// The difference from the bucket so many before.
    SerialDiff {
        lag: usize,
    },
    MovingAvg {
        window: usize,
        model: Model,
    },
    Sort(Sort),
}

/// How the numbers of a window are weighted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Model {
    Simple,
    /// The newest most, in equal steps.
    Linear,
    /// Each a part of the next one's weight.
    Exponential {
        alpha: f64,
    },
}

#[derive(Debug)]
pub(super) struct Sort {
    /// Path and whether downwards.
    levels: Vec<(String, bool)>,
    from: usize,
    size: Option<usize>,
}

pub(super) fn parse(kind: &str, options: &Options<'_>) -> Result<Inside> {
    Ok(match kind {
        "derivative" => Inside::Derivative {
            unit_ms: match options.text("unit")? {
                None => None,
                Some(unit) => {
                    let interval = Interval::calendar(unit).or(Interval::fixed(unit));
                    let interval = interval
                        .ok_or_else(|| options.wrong("unit", "a length such as 1d or month"))?;
                    Some(length_ms(interval))
                }
            },
        },
        "cumulative_sum" => Inside::CumulativeSum,
        "serial_diff" => {
            let lag = options.count("lag")?.unwrap_or(1);
            if lag == 0 {
                return Err(options.wrong("lag", "a number above 0"));
            }
            Inside::SerialDiff { lag: lag as usize }
        }
        "moving_avg" => {
            let window = options.count("window")?.unwrap_or(5);
            if window == 0 {
                return Err(options.wrong("window", "a number above 0"));
            }
            let settings = options.value("settings");
            let alpha = settings
                .and_then(|it| it.get("alpha"))
                .and_then(Value::as_f64);
            let alpha = alpha.unwrap_or(0.3);
            if !(0.0..=1.0).contains(&alpha) {
                return Err(options.wrong("settings", "an [alpha] from 0 to 1"));
            }
            let models = [
                ("simple", Model::Simple),
                ("linear", Model::Linear),
                ("ewma", Model::Exponential { alpha }),
            ];
            options.ignore(&["minimize"]);
            Inside::MovingAvg {
                window: window as usize,
                model: options.word("model", &models)?.unwrap_or(Model::Simple),
            }
        }
        _ => Inside::Sort(Sort {
            levels: sort_levels(options)?,
            from: options.count("from")?.unwrap_or(0) as usize,
            size: options.count("size")?.map(|it| it as usize),
        }),
    })
}

/// Of a month or a year, that of the one that begins in 1970.
fn length_ms(interval: Interval) -> f64 {
    let rounding = Rounding {
        interval,
        zone: jiff::tz::TimeZone::UTC,
        offset_ms: 0,
    };
    let start = rounding.start(0);
    (rounding.next(start) - start) as f64
}

fn sort_levels(options: &Options<'_>) -> Result<Vec<(String, bool)>> {
    let wrong = || options.wrong("sort", "paths, or objects such as {\"path\": \"desc\"}");
    let items = match options.value("sort") {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(single) => vec![single],
    };
    let mut levels = Vec::new();
    for item in items {
        match item {
            Value::String(path) => levels.push((path.clone(), false)),
            Value::Object(object) => {
                for (path, order) in object {
                    let order = order.get("order").unwrap_or(order);
                    let is_descending = match order.as_str() {
                        Some("asc") => false,
                        Some("desc") => true,
                        _ => return Err(wrong()),
                    };
                    levels.push((path.clone(), is_descending));
                }
            }
            _ => return Err(wrong()),
        }
    }
    Ok(levels)
}

impl Inside {
    pub(super) fn run(&self, pipeline: &Pipeline, list: &mut Vec<OneBucket>) -> Result<()> {
        if let Self::Sort(sort) = self {
            return sort.run(pipeline, list);
        }
        let numbers = pipeline.numbers(list, &path(&pipeline.path))?;
        let results = match self {
            Self::Derivative { .. } => differences(&numbers, 1, true),
            Self::SerialDiff { lag } => differences(&numbers, *lag, false),
            Self::CumulativeSum => sums(&numbers),
            Self::MovingAvg { window, model } => averages(&numbers, *window, *model),
            Self::Sort(_) => Vec::new(),
        };
        for (place, result) in results.into_iter().enumerate() {
            let Some(result) = result else { continue };
            let mut metric = Metric::value(result, &pipeline.format);
            if let Self::Derivative {
                unit_ms: Some(unit),
            } = self
                && let Some(before) = place.checked_sub(1)
                && let Some(length) = distance(&list[before], &list[place])
            {
                metric.number("normalized_value", result * unit / length);
            }
            let outcome = Outcome::Metric(metric);
            let meta = pipeline.meta.as_ref();
            list[place].below.push(&pipeline.name, outcome, meta);
        }
        Ok(())
    }
}

fn distance(before: &OneBucket, after: &OneBucket) -> Option<f64> {
    Some(after.number(&["_key"])? - before.number(&["_key"])?)
}

/// From the number so many buckets before. Where gaps are skipped, a derivative
/// looks back to the last number there was.
fn differences(numbers: &[Option<f64>], lag: usize, skips: bool) -> Vec<Option<f64>> {
    let mut results = Vec::with_capacity(numbers.len());
    let mut last = None;
    for (place, number) in numbers.iter().enumerate() {
        let before = match skips {
            true => last,
            false => place.checked_sub(lag).and_then(|it| numbers[it]),
        };
        results.push(match (*number, before) {
            (Some(number), Some(before)) => Some(number - before),
            _ => None,
        });
        last = number.or(last);
    }
    results
}

fn sums(numbers: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut sum = 0.0;
    let each = numbers.iter().map(|number| {
        sum += number.unwrap_or(0.0);
        Some(sum)
    });
    each.collect()
}

/// Of the numbers before each bucket's own.
fn averages(numbers: &[Option<f64>], window: usize, model: Model) -> Vec<Option<f64>> {
    let mut before: Vec<f64> = Vec::new();
    let mut results = Vec::with_capacity(numbers.len());
    for number in numbers {
        let start = before.len().saturating_sub(window);
        let average = model.average(&before[start..]);
        results.push(number.and(average));
        before.extend(number);
    }
    results
}

impl Model {
    fn average(self, numbers: &[f64]) -> Option<f64> {
        let (first, count) = (numbers.first()?, numbers.len() as f64);
        Some(match self {
            Self::Simple => numbers.iter().sum::<f64>() / count,
            Self::Linear => {
                let weighted = numbers
                    .iter()
                    .zip(1..)
                    .map(|(it, weight)| it * f64::from(weight));
                weighted.sum::<f64>() / (count * (count + 1.0) / 2.0)
            }
            Self::Exponential { alpha } => numbers
                .iter()
                .skip(1)
                .fold(*first, |average, it| it * alpha + average * (1.0 - alpha)),
        })
    }
}

impl Sort {
    fn run(&self, pipeline: &Pipeline, list: &mut Vec<OneBucket>) -> Result<()> {
        let mut keyed = Vec::with_capacity(list.len());
        for bucket in list.drain(..) {
            let numbers = self.levels.iter().map(|(it, _)| bucket.number(&path(it)));
            let numbers: Vec<Option<f64>> = numbers.collect();
            // A bucket without any of the numbers is a gap.
            let is_gap = !numbers.is_empty() && numbers.iter().all(|it| it.is_none_or(f64::is_nan));
            if !is_gap || pipeline.gaps == super::Gaps::Zeros {
                keyed.push((numbers, bucket));
            }
        }
        keyed.sort_by(|(a, first), (b, second)| {
            for (place, (path, is_descending)) in self.levels.iter().enumerate() {
                let order = match (a[place], b[place]) {
                    (None, None) if path == "_key" => {
                        let order = key_text(first).cmp(&key_text(second));
                        if *is_descending {
                            order.reverse()
                        } else {
                            order
                        }
                    }
                    (a, b) => {
                        let (a, b) = (a.unwrap_or(f64::NAN), b.unwrap_or(f64::NAN));
                        nan_last(a, b, *is_descending)
                    }
                };
                if order.is_ne() {
                    return order;
                }
            }
            std::cmp::Ordering::Equal
        });
        let size = self.size.unwrap_or(usize::MAX);
        let kept = keyed.into_iter().skip(self.from).take(size);
        list.extend(kept.map(|it| it.1));
        Ok(())
    }
}

fn key_text(bucket: &OneBucket) -> String {
    bucket
        .json
        .get("key")
        .map(Value::to_string)
        .unwrap_or_default()
}
