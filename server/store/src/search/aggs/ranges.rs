//! range: a bucket for each of a few ranges of numbers, which may overlap.
//! `from` belongs to a range, `to` does not.

use serde_json::{Map, Value};

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::keys::finish_below;
use super::numbers::Numbers;
use super::outcome::{BucketList, OneBucket, Outcome};
use super::partial::{Bucket, Partial};
use super::source::Source;
use super::{Answering, Kind, Level, Result};
use crate::limits::AGGREGATION_RANGES_MAX;
use crate::search::format::{ValueFormat, java_text, json_number};
use crate::search::options::Options;

/// Ranges of a field, in the order of the answer.
#[derive(Debug)]
pub(super) struct Ranges {
    pub(super) source: Source,
    pub(super) ranges: Vec<Range>,
    pub(super) is_keyed: bool,
    /// Dates: always written as texts.
    pub(super) are_dates: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) key: Option<String>,
    pub(super) from: Option<f64>,
    pub(super) to: Option<f64>,
}

impl Range {
    #[inline]
    pub(super) fn contains(&self, number: f64) -> bool {
        self.from.is_none_or(|it| number >= it) && self.to.is_none_or(|it| number < it)
    }
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("range", body)?;
    let ranges = Ranges {
        source: Source::parse("range", &options)?,
        ranges: parse_list(&options, |range, key| range.number(key))?,
        is_keyed: options.flag("keyed")?.unwrap_or(false),
        are_dates: false,
    };
    options.finish()?;
    Ok(Box::new(ranges))
}

/// The list of ranges, as they are answered: by their lower, then upper ends.
pub(super) fn parse_list(
    options: &Options<'_>,
    read: impl Fn(&Options<'_>, &'static str) -> Result<Option<f64>>,
) -> Result<Vec<Range>> {
    let list = options
        .list("ranges")?
        .ok_or_else(|| options.lacks("ranges"))?;
    if list.is_empty() {
        return Err(options.wrong("ranges", "one range at least"));
    }
    if list.len() > AGGREGATION_RANGES_MAX {
        return Err(options.wrong("ranges", "fewer ranges"));
    }
    let mut ranges = Vec::with_capacity(list.len());
    for item in list {
        let range = Options::new("ranges", item)?;
        let (from, to) = (read(&range, "from")?, read(&range, "to")?);
        let key = range.text("key")?.map(str::to_owned);
        range.finish()?;
        ranges.push(Range { key, from, to });
    }
    let ends = |it: &Range| {
        (
            it.from.unwrap_or(f64::NEG_INFINITY),
            it.to.unwrap_or(f64::INFINITY),
        )
    };
    ranges.sort_by(|a, b| {
        let (a, b) = (ends(a), ends(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    Ok(ranges)
}

impl Kind for Ranges {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let width = Some(self.ranges.len() as u64);
        Ok(Box::new(Collecting {
            ranges: &self.ranges,
            numbers: Numbers::open(&self.source, segment)?,
            buckets: Buckets::new(segment, below, width)?,
            keys: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(self.ranges.len())
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let format = self.source.value_format(at)?;
        let format = match format {
            ValueFormat::Plain if self.are_dates => ValueFormat::date(
                self.source.format.as_deref(),
                self.source.time_zone.as_deref(),
            )?,
            format => format,
        };
        finish(&self.ranges, partial, &format, self.is_keyed, below, at)
    }
}

pub(super) fn empty_slots(count: usize) -> Partial {
    let mut slots = Vec::new();
    slots.resize_with(count, Bucket::default);
    Partial::Slots(slots)
}

/// The answer of ranges.
pub(super) fn finish(
    ranges: &[Range],
    partial: Partial,
    format: &ValueFormat,
    is_keyed: bool,
    below: &Level,
    at: &Answering<'_>,
) -> Result<Outcome> {
    let Partial::Slots(slots) = partial else {
        return Ok(Outcome::Buckets(BucketList::default()));
    };
    at.budget.take_buckets(slots.len())?;
    let mut list = Vec::with_capacity(slots.len());
    for (range, bucket) in ranges.iter().zip(slots) {
        let end = |number: Option<f64>| match number {
            None => "*".to_owned(),
            Some(number) => format.text(number).unwrap_or_else(|| java_text(number)),
        };
        let usual = || format!("{}-{}", end(range.from), end(range.to));
        let name = range.key.clone().unwrap_or_else(usual);
        let mut json = Map::new();
        if !is_keyed {
            json.insert("key".into(), name.clone().into());
        }
        for (side, number) in [("from", range.from), ("to", range.to)] {
            let Some(number) = number else { continue };
            json.insert(side.into(), json_number(number));
            if let Some(text) = format.text(number) {
                json.insert(format!("{side}_as_string"), text.into());
            }
        }
        list.push(OneBucket {
            name,
            json,
            count: bucket.count,
            tail: Map::new(),
            below: finish_below(bucket.below, below, at)?,
        });
    }
    Ok(Outcome::Buckets(BucketList {
        head: Map::new(),
        list,
        is_keyed,
    }))
}

struct Collecting<'s> {
    ranges: &'s [Range],
    numbers: Numbers,
    buckets: Buckets<'s>,
    /// The ranges of the current document.
    keys: Vec<u64>,
}

impl Collector for Collecting<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.numbers.read(block.docs);
        let is_multivalued = self.numbers.is_multivalued();
        let mut current = usize::MAX;
        for (position, number) in self.numbers.each() {
            if is_multivalued && current != position {
                self.keys.clear();
                current = position;
            }
            for (key, range) in (0..).zip(self.ranges) {
                if !range.contains(number) {
                    continue;
                }
                if is_multivalued {
                    if self.keys.contains(&key) {
                        continue;
                    }
                    self.keys.push(key);
                }
                self.buckets
                    .push(block.docs[position], block.owner(position), key)?;
            }
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let found = self.buckets.harvest(owners)?;
        Ok(in_slots(found, self.ranges.len()))
    }
}

/// Buckets whose keys are their places.
pub(super) fn in_slots(found: Vec<Vec<(u64, Bucket)>>, count: usize) -> Vec<Partial> {
    let each = found.into_iter().map(|buckets| {
        let mut slots = Vec::new();
        slots.resize_with(count, Bucket::default);
        for (key, bucket) in buckets {
            slots[key as usize] = bucket;
        }
        Partial::Slots(slots)
    });
    each.collect()
}
