//! date_histogram: a bucket for each interval of time.
//!
//! In a segment the starts of all its intervals are known beforehand, as its
//! dates have bounds: a date finds its interval by a guess and a step or two.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::buckets::Buckets;
use super::calendar::{Interval, Rounding, date_math, duration_ms};
use super::collect::{Block, Collector, Segment};
use super::histogram::{by_index, fill, finish};
use super::keys::Order;
use super::numbers::Numbers;
use super::outcome::{BucketList, Outcome};
use super::partial::{Bucket, Key, Partial};
use super::source::Source;
use super::{Answering, Kind, Level, Result};
use crate::limits::BUCKETS_MAX;
use crate::mapping::{DateFormat, date_ms};
use crate::search::format::{ValueFormat, time_zone};
use crate::search::options::Options;

#[derive(Debug)]
struct DateHistogram {
    source: Source,
    rounding: Rounding,
    min_count: u64,
    extended: [Option<i64>; 2],
    hard: [Option<i64>; 2],
    order: Order,
    is_keyed: bool,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("date_histogram", body)?;
    let mut source = Source::parse("date_histogram", &options)?;
    let rounding = parse_rounding(&options)?;
    source.time_zone = options.text("time_zone")?.map(str::to_owned);
    let histogram = DateHistogram {
        min_count: options.count("min_doc_count")?.unwrap_or(0),
        extended: bounds(&options, "extended_bounds", &source, &rounding.zone)?,
        hard: bounds(&options, "hard_bounds", &source, &rounding.zone)?,
        order: Order::parse(&options, Order::by_key())?,
        is_keyed: options.flag("keyed")?.unwrap_or(false),
        source,
        rounding,
    };
    options.finish()?;
    Ok(Box::new(histogram))
}

/// The interval, its zone and its offset.
pub(super) fn parse_rounding(options: &Options<'_>) -> Result<Rounding> {
    let calendar = options.text("calendar_interval")?;
    let fixed = options.text("fixed_interval")?;
    let either = options.value("interval");
    let interval = match (calendar, fixed, either) {
        (Some(text), None, None) => Interval::calendar(text).ok_or_else(|| {
            options.wrong("calendar_interval", "one unit such as month, 1M, day or 1d")
        })?,
        (None, Some(text), None) => Interval::fixed(text)
            .ok_or_else(|| options.wrong("fixed_interval", "a length such as 90m, 12h or 30d"))?,
        (None, None, Some(value)) => match value {
            Value::String(text) => Interval::calendar(text).or(Interval::fixed(text)),
            value => value.as_i64().filter(|it| *it > 0).map(Interval::Fixed),
        }
        .ok_or_else(|| options.wrong("interval", "a length such as month, 1d or 90m"))?,
        (None, None, None) => return Err(options.lacks("calendar_interval] or [fixed_interval")),
        _ => {
            let expected =
                "to stand alone: calendar_interval and fixed_interval exclude each other";
            return Err(options.wrong("calendar_interval", expected));
        }
    };
    let offset_ms = match options.value("offset") {
        None => 0,
        Some(Value::String(text)) => duration_ms(text)
            .ok_or_else(|| options.wrong("offset", "a length such as +6h or -1d"))?,
        Some(value) => value
            .as_i64()
            .ok_or_else(|| options.wrong("offset", "a length such as +6h or -1d"))?,
    };
    let zone = options.text("time_zone")?;
    Ok(Rounding {
        interval,
        zone: zone.map_or(Ok(TimeZone::UTC), time_zone)?,
        offset_ms,
    })
}

fn bounds(
    options: &Options<'_>,
    key: &'static str,
    source: &Source,
    zone: &TimeZone,
) -> Result<[Option<i64>; 2]> {
    let Some(value) = options.value(key) else {
        return Ok([None, None]);
    };
    let ends = Options::new(key, value)?;
    let mut bounds = [None, None];
    for (bound, side) in bounds.iter_mut().zip(["min", "max"]) {
        *bound = match ends.value(side) {
            None => None,
            Some(value) => Some(read_date(value, source.format.as_deref(), zone)?),
        };
    }
    ends.finish()?;
    match bounds {
        [Some(min), Some(max)] if min > max => {
            Err(options.wrong(key, "a min that is not above its max"))
        }
        bounds => Ok(bounds),
    }
}

/// A date of a request: milliseconds, a text in the format, or date math.
pub(super) fn read_date(value: &Value, format: Option<&str>, zone: &TimeZone) -> Result<i64> {
    let text = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let usual = DateFormat::usual();
    let own = format.map(DateFormat::parse);
    let read = |text: &str| {
        let value = Value::from(text);
        let own = own.as_ref().and_then(|it| date_ms(Some(it), &value));
        let millis = own.or_else(|| date_ms(Some(&usual), &value))?;
        let names_zone = text.ends_with('Z') || text.rfind(['+', '-']).is_some_and(|it| it > 10);
        let is_number = text.parse::<i64>().is_ok();
        Some(match names_zone || is_number {
            true => millis,
            false => local_to_utc(millis, zone),
        })
    };
    let now = jiff::Timestamp::now().as_millisecond();
    date_math(&text, read, zone, now)
}

fn local_to_utc(local: i64, zone: &TimeZone) -> i64 {
    let civil = jiff::Timestamp::from_millisecond(local).map(|it| TimeZone::UTC.to_datetime(it));
    let moment = civil.and_then(|it| it.to_zoned(zone.clone()));
    moment.map_or(local, |it| it.timestamp().as_millisecond())
}

impl Kind for DateHistogram {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let numbers = Numbers::open(&self.source, segment)?;
        let steps = Steps::between(&self.rounding, numbers.bounds());
        let width = steps.width();
        Ok(Box::new(Collecting {
            of: self,
            buckets: Buckets::new(segment, below, width)?,
            numbers,
            steps,
            seen: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Buckets(ahash::AHashMap::new())
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let Partial::Buckets(buckets) = partial else {
            return Ok(Outcome::Buckets(BucketList::default()));
        };
        let mut buckets: Vec<(i64, Bucket)> = buckets
            .into_iter()
            .filter_map(|(key, bucket)| match key {
                Key::Int(start) => Some((start, bucket)),
                _ => None,
            })
            .collect();
        buckets.sort_unstable_by_key(|it| it.0);
        if self.min_count == 0 {
            let ends = self.extended.map(|it| it.map(|it| self.rounding.start(it)));
            buckets = fill(buckets, ends, |start| self.rounding.next(start), at)?;
        }
        let format = match self.source.value_format(at)? {
            format @ ValueFormat::Date(_) => format,
            _ => ValueFormat::date(
                self.source.format.as_deref(),
                self.source.time_zone.as_deref(),
            )?,
        };
        let make = |start: i64| {
            let text = format.text(start as f64).unwrap_or_default();
            let mut json = Map::new();
            json.insert("key_as_string".into(), text.clone().into());
            json.insert("key".into(), start.into());
            (json, text)
        };
        finish(
            buckets,
            self.min_count,
            &self.order,
            self.is_keyed,
            make,
            below,
            at,
        )
    }
}

/// The intervals of a segment: keys of its buckets.
pub(super) enum Steps {
    /// Of equal length: a division.
    Equal { first: i64, step: i64, count: u64 },
    /// The start of each, and of the one after the last.
    Listed(Vec<i64>),
    /// Too many to list.
    Rounded(Rounding),
}

impl Steps {
    pub(super) fn between(rounding: &Rounding, bounds: Option<(f64, f64)>) -> Self {
        let Some((least, most)) = bounds else {
            return Self::Listed(Vec::new());
        };
        let (least, most) = (least as i64, most as i64);
        let first = rounding.start(least);
        if let Some(step) = rounding.step_ms() {
            let count = (most.saturating_sub(first) / step).cast_unsigned() + 1;
            return Self::Equal { first, step, count };
        }
        let mut starts = vec![first];
        let mut start = first;
        while start <= most {
            start = rounding.next(start);
            starts.push(start);
            if starts.len() > BUCKETS_MAX {
                return Self::Rounded(rounding.clone());
            }
        }
        Self::Listed(starts)
    }

    pub(super) fn width(&self) -> Option<u64> {
        match self {
            Self::Equal { count, .. } => Some(*count),
            Self::Listed(starts) => Some(starts.len().max(1) as u64),
            Self::Rounded(_) => None,
        }
    }

    #[inline]
    pub(super) fn key(&self, millis: i64) -> u64 {
        match self {
            Self::Equal { first, step, .. } => ((millis - first) / step).cast_unsigned(),
            Self::Listed(starts) => {
                let (Some(first), Some(last)) = (starts.first(), starts.last()) else {
                    return 0;
                };
                // Intervals are nearly equal: guess, then step.
                let part = (millis - first) as f64 / (last - first) as f64;
                let mut guess = (part * (starts.len() - 1) as f64) as usize;
                guess = guess.min(starts.len() - 2);
                while guess > 0 && starts[guess] > millis {
                    guess -= 1;
                }
                while guess + 2 < starts.len() && starts[guess + 1] <= millis {
                    guess += 1;
                }
                guess as u64
            }
            Self::Rounded(rounding) => rounding.start(millis).cast_unsigned(),
        }
    }

    /// The start that a key stands for.
    pub(super) fn start(&self, key: u64) -> i64 {
        match self {
            Self::Equal { first, step, .. } => first + key.cast_signed() * step,
            Self::Listed(starts) => starts.get(key as usize).copied().unwrap_or_default(),
            Self::Rounded(_) => key.cast_signed(),
        }
    }
}

struct Collecting<'s> {
    of: &'s DateHistogram,
    buckets: Buckets<'s>,
    numbers: Numbers,
    steps: Steps,
    /// The keys of the current document, where it has several.
    seen: Vec<u64>,
}

impl Collector for Collecting<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.numbers.read(block.docs);
        let is_multivalued = self.numbers.is_multivalued();
        let [least, most] = self.of.hard;
        let has_hard = least.is_some() || most.is_some();
        if !is_multivalued
            && !has_hard
            && let Some(counts) = self.buckets.plain_counts(block)
        {
            for number in &self.numbers.numbers {
                counts[self.steps.key(*number as i64) as usize] += 1;
            }
            return Ok(());
        }
        let mut current = usize::MAX;
        for (position, number) in self.numbers.each() {
            let millis = number as i64;
            if least.is_some_and(|it| millis < it) || most.is_some_and(|it| millis > it) {
                continue;
            }
            let key = self.steps.key(millis);
            if is_multivalued {
                if current != position {
                    self.seen.clear();
                    current = position;
                }
                if self.seen.contains(&key) {
                    continue;
                }
                self.seen.push(key);
            }
            self.buckets
                .push(block.docs[position], block.owner(position), key)?;
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let found = self.buckets.harvest(owners)?;
        Ok(by_index(found, |key| self.steps.start(key)))
    }
}
