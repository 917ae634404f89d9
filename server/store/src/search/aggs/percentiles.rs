//! percentiles, percentile_ranks and median_absolute_deviation.
//!
//! Exact up to `EXACT_MAX` values of a bucket. Beyond that neighbours are put
//! together where it matters least, in the middle of the distribution (a
//! t-digest): the ranks are right to about a thousandth, and exact at the ends.

use serde_json::{Map, Value, json};

use super::collect::{Block, Collector, Segment};
use super::numbers::Numbers;
use super::outcome::{Metric, Outcome};
use super::partial::Partial;
use super::source::Source;
use super::{Answering, Kind, Level, Result};
use crate::limits::AGGREGATION_RANGES_MAX;
use crate::search::format::{ValueFormat, java_text, json_number};
use crate::search::options::Options;

#[derive(Debug)]
struct Percentiles {
    source: Source,
    what: What,
    is_keyed: bool,
}

#[derive(Debug)]
enum What {
    /// The values below which so many percent lie.
    Percents(Vec<f64>),
    /// The percents that lie below values.
    Ranks(Vec<f64>),
    /// The median distance from the median.
    Deviation,
}

const USUAL: [f64; 7] = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("percentiles", body)?;
    let percents = match numbers(&options, "percents")? {
        Some(percents) => percents,
        None => USUAL.to_vec(),
    };
    if percents.iter().any(|it| !(0.0..=100.0).contains(it)) {
        return Err(options.wrong("percents", "numbers from 0 to 100"));
    }
    finish_parse(&options, "percentiles", What::Percents(percents)).and_then(|it| {
        options.finish()?;
        Ok(it)
    })
}

pub(super) fn parse_ranks(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("percentile_ranks", body)?;
    let values = numbers(&options, "values")?.ok_or_else(|| options.lacks("values"))?;
    finish_parse(&options, "percentile_ranks", What::Ranks(values)).and_then(|it| {
        options.finish()?;
        Ok(it)
    })
}

pub(super) fn parse_deviation(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("median_absolute_deviation", body)?;
    options.number("compression")?;
    let source = Source::parse("median_absolute_deviation", &options)?;
    options.finish()?;
    Ok(Box::new(Percentiles {
        source,
        what: What::Deviation,
        is_keyed: true,
    }))
}

fn finish_parse(options: &Options<'_>, of: &'static str, what: What) -> Result<Box<dyn Kind>> {
    // Both methods are answered by ours.
    options.ignore(&["tdigest", "hdr"]);
    Ok(Box::new(Percentiles {
        source: Source::parse(of, options)?,
        is_keyed: options.flag("keyed")?.unwrap_or(true),
        what,
    }))
}

fn numbers(options: &Options<'_>, key: &'static str) -> Result<Option<Vec<f64>>> {
    let Some(list) = options.list(key)? else {
        return Ok(None);
    };
    let numbers: Option<Vec<f64>> = list.iter().map(Value::as_f64).collect();
    match numbers {
        Some(numbers) if !numbers.is_empty() && numbers.len() <= AGGREGATION_RANGES_MAX => {
            Ok(Some(numbers))
        }
        _ => Err(options.wrong(key, "a list of numbers")),
    }
}

/// So many values are kept as they are.
const EXACT_MAX: usize = 20_000;

/// What is put together is about a thousand groups.
const COMPRESSION: f64 = 2000.0;

/// The distribution of the numbers of a bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Digest {
    /// Mean and weight; in order when `is_sorted`.
    groups: Vec<(f64, f64)>,
    is_sorted: bool,
    min: f64,
    max: f64,
}

impl Digest {
    fn add(&mut self, number: f64) {
        self.push(number, 1.0);
    }

    fn push(&mut self, mean: f64, weight: f64) {
        if self.groups.is_empty() {
            (self.min, self.max) = (mean, mean);
        }
        self.min = self.min.min(mean);
        self.max = self.max.max(mean);
        self.groups.push((mean, weight));
        self.is_sorted = false;
        if self.groups.len() > EXACT_MAX {
            self.compress();
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        if self.groups.is_empty() {
            *self = other;
            return;
        }
        let (min, max) = (self.min.min(other.min), self.max.max(other.max));
        if !other.groups.is_empty() {
            other
                .groups
                .into_iter()
                .for_each(|(mean, weight)| self.push(mean, weight));
            (self.min, self.max) = (min, max);
        }
    }

    fn sort(&mut self) {
        if !self.is_sorted {
            self.groups.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            self.is_sorted = true;
        }
    }

    /// Puts neighbours together as long as they span little of the scale, which
    /// is wide in the middle and narrow at the ends.
    fn compress(&mut self) {
        self.sort();
        let total: f64 = self.groups.iter().map(|it| it.1).sum();
        let scale = |weight: f64| {
            let part = (weight / total).clamp(0.0, 1.0);
            COMPRESSION / std::f64::consts::TAU * (2.0 * part - 1.0).asin()
        };
        let mut groups: Vec<(f64, f64)> = Vec::new();
        let mut before = 0.0;
        for (mean, weight) in self.groups.drain(..) {
            if let Some(last) = groups.last_mut()
                && scale(before + last.1 + weight) - scale(before) <= 1.0
            {
                let together = last.1 + weight;
                last.0 += (mean - last.0) * weight / together;
                last.1 = together;
                continue;
            }
            before += groups.last().map_or(0.0, |it| it.1);
            groups.push((mean, weight));
        }
        self.groups = groups;
    }

    /// The value at a part of the distribution, between its neighbours.
    fn quantile(&mut self, part: f64) -> f64 {
        self.sort();
        let count: f64 = self.groups.iter().map(|it| it.1).sum();
        if self.groups.is_empty() {
            return f64::NAN;
        }
        let wanted = part * (count - 1.0);
        let mut before = 0.0;
        let mut last = (0.0, self.min);
        for (mean, weight) in &self.groups {
            let middle = before + (weight - 1.0) / 2.0;
            if middle >= wanted {
                return between(last, (middle, *mean), wanted);
            }
            last = (middle, *mean);
            before += weight;
        }
        between(last, (count - 1.0, self.max), wanted)
    }

    /// The part of the distribution below a value.
    fn rank(&mut self, value: f64) -> f64 {
        self.sort();
        let mut groups: Vec<(f64, f64)> = Vec::new();
        for (mean, weight) in &self.groups {
            match groups.last_mut() {
                Some(last) if last.0 == *mean => last.1 += weight,
                _ => groups.push((*mean, *weight)),
            }
        }
        let count: f64 = groups.iter().map(|it| it.1).sum();
        match groups[..] {
            [] => return f64::NAN,
            [(only, _)] if value == only => return 0.5,
            [(only, _)] => return if value < only { 0.0 } else { 1.0 },
            _ => (),
        }
        // Each group spreads halfway to its neighbours.
        let mut before = 0.0;
        for (place, (mean, weight)) in groups.iter().enumerate() {
            let half = |a: usize, b: usize| (groups[b].0 - groups[a].0) / 2.0;
            let right = match place + 1 < groups.len() {
                true => half(place, place + 1),
                false => half(place - 1, place),
            };
            let left = if place > 0 {
                half(place - 1, place)
            } else {
                right
            };
            if value < mean + right {
                let inside = weight * (value - (mean - left)) / (left + right);
                return ((before + inside) / count).max(0.0);
            }
            before += weight;
        }
        1.0
    }

    /// The median distance from the median.
    fn deviation(mut self) -> f64 {
        let median = self.quantile(0.5);
        let mut distances = Self::default();
        for (mean, weight) in &self.groups {
            distances.push((mean - median).abs(), *weight);
        }
        distances.quantile(0.5)
    }
}

fn between(a: (f64, f64), b: (f64, f64), wanted: f64) -> f64 {
    if b.0 <= a.0 || wanted >= b.0 {
        return b.1;
    }
    a.1 + (b.1 - a.1) * (wanted - a.0) / (b.0 - a.0)
}

impl Kind for Percentiles {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        _below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        Ok(Box::new(Collecting {
            numbers: Numbers::open(&self.source, segment)?,
            found: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Digest(Digest::default())
    }

    fn finish(&self, partial: Partial, _below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let mut digest = match partial {
            Partial::Digest(digest) => digest,
            _ => Digest::default(),
        };
        let format = self.source.value_format(at)?;
        let pairs: Vec<(f64, f64)> = match &self.what {
            What::Deviation => {
                return Ok(Outcome::Metric(Metric::value(digest.deviation(), &format)));
            }
            What::Percents(percents) => {
                let each = percents.iter();
                each.map(|it| (*it, digest.quantile(it / 100.0))).collect()
            }
            What::Ranks(values) => {
                let each = values.iter();
                each.map(|it| (*it, digest.rank(*it) * 100.0)).collect()
            }
        };
        Ok(Outcome::Metric(listed(&pairs, self.is_keyed, &format)))
    }

    fn has_buckets(&self) -> bool {
        false
    }
}

/// `{values: {"50.0": …}}`, or a list of keys and values.
pub(super) fn listed(pairs: &[(f64, f64)], is_keyed: bool, format: &ValueFormat) -> Metric {
    let mut metric = Metric::default();
    for (key, number) in pairs {
        metric.numbers.push((java_text(*key), *number));
        metric.numbers.push((key.to_string(), *number));
    }
    let text = |number: f64| format.text(number).filter(|_| number.is_finite());
    let values = match is_keyed {
        true => {
            let mut values = Map::new();
            for (key, number) in pairs {
                values.insert(java_text(*key), json_number(*number));
                if let Some(text) = text(*number) {
                    values.insert(format!("{}_as_string", java_text(*key)), text.into());
                }
            }
            values.into()
        }
        false => {
            let each = pairs.iter().map(|(key, number)| {
                let mut one = Map::new();
                one.insert("key".into(), json_number(*key));
                one.insert("value".into(), json_number(*number));
                if let Some(text) = text(*number) {
                    one.insert("value_as_string".into(), text.into());
                }
                one
            });
            json!(each.collect::<Vec<_>>())
        }
    };
    metric.json.insert("values".into(), values);
    metric
}

struct Collecting {
    numbers: Numbers,
    found: Vec<Digest>,
}

impl Collector for Collecting {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.numbers.read(block.docs);
        for (position, number) in self.numbers.each() {
            let owner = block.owner(position) as usize;
            if owner >= self.found.len() {
                self.found.resize_with(owner + 1, Digest::default);
            }
            self.found[owner].add(number);
        }
        Ok(())
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        self.found.resize_with(owners, Digest::default);
        Ok(self.found.into_iter().map(Partial::Digest).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(numbers: impl Iterator<Item = f64>) -> Digest {
        let mut digest = Digest::default();
        numbers.for_each(|it| digest.add(it));
        digest
    }

    #[test]
    fn few_values_are_exact() {
        let mut ten = digest((1..=10).map(f64::from));
        assert_eq!(ten.quantile(0.5), 5.5);
        assert_eq!(ten.quantile(0.0), 1.0);
        assert_eq!(ten.quantile(1.0), 10.0);
        assert_eq!(ten.rank(5.5), 0.5);
        assert_eq!(ten.rank(0.0), 0.0);
        assert_eq!(ten.rank(20.0), 1.0);
        assert_eq!(digest([1.0, 2.0, 3.0, 9.0].into_iter()).deviation(), 1.0);
        assert!(Digest::default().quantile(0.5).is_nan());
    }

    #[test]
    fn many_values_are_near() {
        // 7919 is prime: the numbers below a million, in disorder.
        let numbers = (0..1_000_000_u64).map(|it| (it * 7919 % 1_000_000) as f64);
        let mut many = digest(numbers);
        for part in [0.0, 0.01, 0.25, 0.5, 0.9, 0.999, 1.0] {
            let error = (many.quantile(part) - part * 1e6).abs();
            assert!(error < 2_000.0, "{part}: {error}");
            let error = (many.rank(part * 1e6) - part).abs();
            assert!(error < 0.002, "{part}: {error}");
        }
    }
}
