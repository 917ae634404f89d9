//! histogram: a bucket for each interval of numbers.

use serde_json::{Map, Value};

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::keys::{Order, finish_below};
use super::numbers::Numbers;
use super::outcome::{BucketList, OneBucket, Outcome};
use super::partial::{Bucket, Key, Partial};
use super::source::Source;
use super::{Answering, Kind, Level, Result};
use crate::error::StoreError;
use crate::limits::BUCKETS_MAX;
use crate::search::format::{java_text, json_number};
use crate::search::options::Options;

#[derive(Debug)]
struct Histogram {
    source: Source,
    interval: f64,
    offset: f64,
    min_count: u64,
    /// Buckets there are at least, and at most.
    extended: (Option<f64>, Option<f64>),
    hard: (Option<f64>, Option<f64>),
    order: Order,
    is_keyed: bool,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("histogram", body)?;
    let interval = options
        .number("interval")?
        .ok_or_else(|| options.lacks("interval"))?;
    if interval <= 0.0 {
        return Err(options.wrong("interval", "a number above 0"));
    }
    let histogram = Histogram {
        source: Source::parse("histogram", &options)?,
        interval,
        offset: options
            .number("offset")?
            .unwrap_or(0.0)
            .rem_euclid(interval),
        min_count: options.count("min_doc_count")?.unwrap_or(0),
        extended: bounds(&options, "extended_bounds")?,
        hard: bounds(&options, "hard_bounds")?,
        order: Order::parse(&options, Order::by_key())?,
        is_keyed: options.flag("keyed")?.unwrap_or(false),
    };
    options.finish()?;
    Ok(Box::new(histogram))
}

fn bounds(options: &Options<'_>, key: &'static str) -> Result<(Option<f64>, Option<f64>)> {
    let Some(value) = options.value(key) else {
        return Ok((None, None));
    };
    let bounds = Options::new(key, value)?;
    let (min, max) = (bounds.number("min")?, bounds.number("max")?);
    bounds.finish()?;
    match (min, max) {
        (Some(min), Some(max)) if min > max => {
            Err(options.wrong(key, "a min that is not above its max"))
        }
        bounds => Ok(bounds),
    }
}

impl Histogram {
    #[inline]
    fn index(&self, number: f64) -> f64 {
        ((number - self.offset) / self.interval).floor()
    }

    fn start(&self, index: i64) -> f64 {
        index as f64 * self.interval + self.offset
    }
}

impl Kind for Histogram {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let numbers = Numbers::open(&self.source, segment)?;
        let bounds = numbers.bounds();
        let (first, last) = bounds.map_or((0.0, 0.0), |(least, most)| {
            (self.index(least), self.index(most))
        });
        let width = last - first + 1.0;
        let is_narrow = width <= BUCKETS_MAX as f64;
        Ok(Box::new(Collecting {
            of: self,
            buckets: Buckets::new(segment, below, is_narrow.then_some(width as u64))?,
            first: if is_narrow { first } else { 0.0 },
            numbers,
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
                Key::Int(index) => Some((index, bucket)),
                _ => None,
            })
            .collect();
        buckets.sort_unstable_by_key(|it| it.0);
        if self.min_count == 0 {
            let extended = [self.extended.0, self.extended.1];
            let ends = extended.map(|it| it.map(|it| self.index(it) as i64));
            let next = |index: i64| index.saturating_add(1);
            buckets = fill(buckets, ends, next, at)?;
        }
        let format = self.source.value_format(at)?;
        let make = |index: i64| {
            let start = self.start(index);
            let mut json = Map::new();
            json.insert("key".into(), json_number(start));
            let text = format.text(start);
            let name = text.clone().unwrap_or_else(|| java_text(start));
            if let Some(text) = text {
                json.insert("key_as_string".into(), text.into());
            }
            (json, name)
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

/// Puts empty buckets between the others, and up to both ends.
pub(super) fn fill(
    buckets: Vec<(i64, Bucket)>,
    ends: [Option<i64>; 2],
    next: impl Fn(i64) -> i64,
    at: &Answering<'_>,
) -> Result<Vec<(i64, Bucket)>> {
    let found = [buckets.first(), buckets.last()].map(|it| it.map(|it| it.0));
    let first = [found[0], ends[0]].into_iter().flatten().min();
    let last = [found[1], ends[1]].into_iter().flatten().max();
    let (Some(first), Some(last)) = (first.or(ends[1]), last.or(ends[0])) else {
        return Ok(buckets);
    };
    let mut filled = Vec::new();
    let mut found = buckets.into_iter().peekable();
    let mut index = first;
    while index <= last {
        if filled.len() > BUCKETS_MAX {
            at.budget.take_buckets(filled.len())?;
        }
        let bucket = found.next_if(|it| it.0 == index);
        filled.push(bucket.unwrap_or_else(|| (index, Bucket::default())));
        let after = next(index);
        if after <= index {
            break;
        }
        index = after;
        // Where steps do not meet a bucket exactly, it comes all the same.
        while let Some(early) = found.next_if(|it| it.0 < index) {
            filled.push(early);
        }
    }
    Ok(filled)
}

/// Buckets in the order of their keys become the answer.
pub(super) fn finish(
    buckets: Vec<(i64, Bucket)>,
    min_count: u64,
    order: &Order,
    is_keyed: bool,
    make: impl Fn(i64) -> (Map<String, Value>, String),
    below: &Level,
    at: &Answering<'_>,
) -> Result<Outcome> {
    let mut list = Vec::new();
    for (index, bucket) in buckets {
        if bucket.count < min_count {
            continue;
        }
        at.budget.take_buckets(1)?;
        let (json, name) = make(index);
        list.push(OneBucket {
            name,
            json,
            count: bucket.count,
            tail: Map::new(),
            below: finish_below(bucket.below, below, at)?,
        });
    }
    if !order.is_by_key() {
        order.sort(&mut list)?;
    }
    Ok(Outcome::Buckets(BucketList {
        head: Map::new(),
        list,
        is_keyed,
    }))
}

struct Collecting<'s> {
    of: &'s Histogram,
    buckets: Buckets<'s>,
    numbers: Numbers,
    /// The index of the first bucket.
    first: f64,
}

impl Collector for Collecting<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.numbers.read(block.docs);
        let (of, is_multivalued) = (self.of, self.numbers.is_multivalued());
        let has_hard = of.hard.0.is_some() || of.hard.1.is_some();
        if !is_multivalued
            && !has_hard
            && let Some(counts) = self.buckets.plain_counts(block)
        {
            for number in &self.numbers.numbers {
                counts[(of.index(*number) - self.first) as usize] += 1;
            }
            return Ok(());
        }
        let mut last = None;
        for (position, number) in self.numbers.each() {
            let (least, most) = of.hard;
            if least.is_some_and(|it| number < it) || most.is_some_and(|it| number > it) {
                continue;
            }
            let index = of.index(number) - self.first;
            if index.abs() > 9e15 {
                return Err(StoreError::invalid_query(format!(
                    "the interval {} is too small for numbers such as {number}",
                    of.interval
                )));
            }
            // Wrapping: keys below the first are large numbers.
            let key = (index as i64).cast_unsigned();
            // Values of one document come in no order: look back at all of them.
            if is_multivalued {
                let seen: &mut (usize, Vec<u64>) = last.get_or_insert_with(Default::default);
                if seen.0 != position {
                    *seen = (position, Vec::new());
                }
                if seen.1.contains(&key) {
                    continue;
                }
                seen.1.push(key);
            }
            self.buckets
                .push(block.docs[position], block.owner(position), key)?;
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let first = self.first as i64;
        let found = self.buckets.harvest(owners)?;
        Ok(by_index(found, |key| key.cast_signed().wrapping_add(first)))
    }
}

/// Buckets under the numbers that their keys stand for.
pub(super) fn by_index(found: Vec<Vec<(u64, Bucket)>>, index: impl Fn(u64) -> i64) -> Vec<Partial> {
    let each = found.into_iter().map(|buckets| {
        let buckets = buckets.into_iter();
        let keyed = buckets.map(|(key, bucket)| (Key::Int(index(key)), bucket));
        Partial::Buckets(keyed.collect())
    });
    each.collect()
}
