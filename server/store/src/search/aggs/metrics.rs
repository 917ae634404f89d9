//! avg, sum, min, max, value_count, stats, extended_stats: one pass over the
//! numbers of a field.
//!
//! Sums are compensated (Kahan), as Elasticsearch's are: a sum of many tenths
//! stays a sum of tenths.

use serde_json::{Map, Value, json};

use super::collect::{Block, Collector, Segment};
use super::numbers::Numbers;
use super::outcome::{Metric, Outcome};
use super::partial::Partial;
use super::source::{Opened, Source};
use super::{Answering, Kind, Level, Result};
use crate::search::columns::Reading;
use crate::search::format::{ValueFormat, json_number};
use crate::search::options::Options;

#[derive(Debug)]
pub(super) struct Statistic {
    source: Source,
    which: Which,
    /// How far the bounds of the deviation are from the average.
    sigma: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Avg,
    Sum,
    Min,
    Max,
    ValueCount,
    Stats,
    ExtendedStats,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::ValueCount => "value_count",
            Self::Stats => "stats",
            Self::ExtendedStats => "extended_stats",
        }
    }
}

pub(super) fn parse(which: Which, body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new(which.name(), body)?;
    let source = Source::parse(which.name(), &options)?;
    let sigma = match which {
        Which::ExtendedStats => options.number("sigma")?.unwrap_or(2.0),
        _ => 2.0,
    };
    if sigma < 0.0 {
        return Err(options.wrong("sigma", "a number from 0 on"));
    }
    options.finish()?;
    Ok(Box::new(Statistic {
        source,
        which,
        sigma,
    }))
}

/// What the numbers of a bucket come to.
#[derive(Clone, Debug)]
pub(super) struct Stats {
    pub(super) count: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    sum: Sum,
    squares: Sum,
}

/// A compensated sum.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    #[inline]
    pub(super) fn add(&mut self, number: f64) {
        if !number.is_finite() {
            self.sum += number;
            return;
        }
        let corrected = number - self.lost;
        let sum = self.sum + corrected;
        self.lost = (sum - self.sum) - corrected;
        self.sum = sum;
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.add(other.sum);
        self.add(-other.lost);
    }

    pub(super) fn value(self) -> f64 {
        self.sum
    }
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            count: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: Sum::default(),
            squares: Sum::default(),
        }
    }
}

impl Stats {
    #[inline]
    pub(super) fn add(&mut self, number: f64) {
        self.count += 1;
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        self.sum.add(number);
    }

    /// Also for the deviation.
    pub(super) fn add_square(&mut self, number: f64) {
        self.add(number);
        self.squares.add(number * number);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum.merge(other.sum);
        self.squares.merge(other.squares);
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum.value()
    }

    pub(super) fn avg(&self) -> f64 {
        self.sum.value() / self.count as f64
    }
}

impl Kind for Statistic {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        _below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        if self.which == Which::ValueCount {
            return Ok(Box::new(Counting {
                opened: self.source.open(segment)?,
                reading: Reading::default(),
                counts: Vec::new(),
            }));
        }
        Ok(Box::new(Collecting {
            numbers: Numbers::open(&self.source, segment)?,
            which: self.which,
            stats: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Stats(Stats::default())
    }

    fn finish(&self, partial: Partial, _below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let stats = match partial {
            Partial::Stats(stats) => stats,
            _ => Stats::default(),
        };
        let format = self.source.value_format(at)?;
        let has_any = stats.count > 0;
        let some = |number: f64| if has_any { number } else { f64::NAN };
        let metric = match self.which {
            Which::ValueCount => Metric::value(stats.count as f64, &ValueFormat::Plain),
            Which::Avg => Metric::value(some(stats.avg()), &format),
            Which::Sum => Metric::value(stats.sum(), &format),
            Which::Min => Metric::value(some(stats.min), &format),
            Which::Max => Metric::value(some(stats.max), &format),
            Which::Stats => summary(&stats, &format),
            Which::ExtendedStats => extended(&stats, &format, self.sigma),
        };
        Ok(Outcome::Metric(metric))
    }

    fn has_buckets(&self) -> bool {
        false
    }
}

/// count, min, max, avg, sum.
pub(super) fn summary(stats: &Stats, format: &ValueFormat) -> Metric {
    let has_any = stats.count > 0;
    let some = |number: f64| if has_any { number } else { f64::NAN };
    let mut metric = Metric::default();
    metric.number("count", stats.count as f64);
    let numbers = [
        ("min", some(stats.min)),
        ("max", some(stats.max)),
        ("avg", some(stats.avg())),
        ("sum", stats.sum()),
    ];
    for (name, number) in numbers {
        metric.number(name, number);
    }
    if has_any {
        for (name, number) in numbers {
            metric.text(name, number, format);
        }
    }
    metric
}

pub(super) fn extended(stats: &Stats, format: &ValueFormat, sigma: f64) -> Metric {
    let mut metric = summary(stats, format);
    let count = stats.count as f64;
    let has_any = stats.count > 0;
    let squares = if has_any {
        stats.squares.value()
    } else {
        f64::NAN
    };
    let rest = squares - stats.sum() * stats.sum() / count;
    let population = (rest / count).max(0.0);
    let sampling = match stats.count {
        0 | 1 => f64::NAN,
        _ => (rest / (count - 1.0)).max(0.0),
    };
    let population = if has_any { population } else { f64::NAN };
    let numbers = [
        ("sum_of_squares", squares),
        ("variance", population),
        ("variance_population", population),
        ("variance_sampling", sampling),
        ("std_deviation", population.sqrt()),
        ("std_deviation_population", population.sqrt()),
        ("std_deviation_sampling", sampling.sqrt()),
    ];
    for (name, number) in numbers {
        metric.number(name, number);
        if has_any {
            metric.text(name, number, format);
        }
    }
    let average = if has_any { stats.avg() } else { f64::NAN };
    let mut bounds = Map::new();
    let mut texts = Map::new();
    for (name, deviation) in [
        ("", population.sqrt()),
        ("_population", population.sqrt()),
        ("_sampling", sampling.sqrt()),
    ] {
        for (side, bound) in [
            ("upper", average + deviation * sigma),
            ("lower", average - deviation * sigma),
        ] {
            let name = format!("{side}{name}");
            if let Some(text) = format.text(bound).filter(|_| bound.is_finite()) {
                texts.insert(name.clone(), text.into());
            }
            bounds.insert(name.clone(), json_number(bound));
            metric.numbers.push((format!("std_{name}"), bound));
        }
    }
    metric
        .json
        .insert("std_deviation_bounds".into(), bounds.into());
    if has_any && !texts.is_empty() {
        metric
            .json
            .insert("std_deviation_bounds_as_string".into(), json!(texts));
    }
    metric
}

struct Collecting {
    numbers: Numbers,
    which: Which,
    /// By bucket of the level above.
    stats: Vec<Stats>,
}

impl Collecting {
    fn of(&mut self, owner: u32) -> &mut Stats {
        let owner = owner as usize;
        if owner >= self.stats.len() {
            self.stats.resize_with(owner + 1, Stats::default);
        }
        &mut self.stats[owner]
    }
}

impl Collector for Collecting {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.numbers.read(block.docs);
        let Some(most) = block.owners.map_or(Some(0), |it| it.iter().max().copied()) else {
            return Ok(());
        };
        self.of(most);
        if block.owners.is_none() {
            let mut stats = self.stats[0].clone();
            match self.which {
                Which::Min => {
                    let numbers = self.numbers.numbers.iter();
                    stats.min = numbers.fold(stats.min, |least, it| least.min(*it));
                    stats.count += self.numbers.numbers.len() as u64;
                }
                Which::Max => {
                    let numbers = self.numbers.numbers.iter();
                    stats.max = numbers.fold(stats.max, |most, it| most.max(*it));
                    stats.count += self.numbers.numbers.len() as u64;
                }
                _ => self.numbers.numbers.iter().for_each(|it| stats.add(*it)),
            }
            self.stats[0] = stats;
        } else {
            for (position, number) in self.numbers.each() {
                self.stats[block.owner(position) as usize].add(number);
            }
        }
        if self.which == Which::ExtendedStats {
            for (position, number) in self.numbers.each() {
                let owner = block.owner(position) as usize;
                self.stats[owner].squares.add(number * number);
            }
        }
        Ok(())
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        self.stats.resize_with(owners, Stats::default);
        Ok(self.stats.into_iter().map(Partial::Stats).collect())
    }
}

/// Counts values of any type.
struct Counting {
    opened: Opened,
    reading: Reading,
    counts: Vec<u64>,
}

impl Collector for Counting {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        let most = block.owners.map_or(Some(0), |it| it.iter().max().copied());
        let length = most.map_or(0, |it| it as usize + 1);
        if length > self.counts.len() {
            self.counts.resize(length, 0);
        }
        let counts = &mut self.counts;
        let has_missing = self.opened.missing.is_some();
        match &self.opened.values {
            Some(values) => {
                values.read(block.docs, &mut self.reading);
                if values.is_multivalued() && self.opened.is_text() {
                    self.reading.deduplicate();
                }
                if has_missing {
                    self.reading.fill_missing(block.docs.len(), 0);
                }
                self.reading
                    .each(|position, _| counts[block.owner(position) as usize] += 1);
            }
            None if has_missing => {
                for position in 0..block.docs.len() {
                    counts[block.owner(position) as usize] += 1;
                }
            }
            None => (),
        }
        Ok(())
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        self.counts.resize(owners, 0);
        let stats = |count: u64| Stats {
            count,
            ..Stats::default()
        };
        let each = self.counts.into_iter();
        Ok(each.map(|it| Partial::Stats(stats(it))).collect())
    }
}
