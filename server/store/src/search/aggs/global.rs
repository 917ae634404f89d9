//! global and missing: one bucket each, of all documents whatever the query, and
//! of those without a value.

use serde_json::Value;

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::keys::finish_below;
use super::outcome::{Outcome, Single};
use super::partial::{Bucket, Partial};
use super::ranges::{empty_slots, in_slots};
use super::source::{Opened, Source};
use super::{Answering, Kind, Level, Result};
use crate::search::options::Options;

#[derive(Debug)]
struct Global;

#[derive(Debug)]
struct Missing(Source);

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    Options::new("global", body)?.finish()?;
    Ok(Box::new(Global))
}

pub(super) fn parse_missing(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("missing", body)?;
    let missing = Missing(Source::parse("missing", &options)?);
    options.finish()?;
    Ok(Box::new(missing))
}

/// The answer of a kind with one bucket.
pub(super) fn finish_single(
    partial: Partial,
    below: &Level,
    at: &Answering<'_>,
) -> Result<Outcome> {
    let bucket = match partial {
        Partial::Slots(mut slots) => slots.pop().unwrap_or_default(),
        _ => Bucket::default(),
    };
    at.budget.take_buckets(1)?;
    Ok(Outcome::Single(Single {
        count: bucket.count,
        below: finish_below(bucket.below, below, at)?,
    }))
}

impl Kind for Global {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        Ok(Box::new(Passing {
            buckets: Buckets::new(segment, below, Some(1))?,
            without: None,
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(1)
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        finish_single(partial, below, at)
    }

    fn is_global(&self) -> bool {
        true
    }
}

impl Kind for Missing {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        Ok(Box::new(Passing {
            buckets: Buckets::new(segment, below, Some(1))?,
            without: Some(self.0.open(segment)?),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(1)
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        finish_single(partial, below, at)
    }
}

/// Lets all documents through, or those without a value.
struct Passing<'s> {
    buckets: Buckets<'s>,
    without: Option<Opened>,
}

impl Passing<'_> {
    fn lets_through(&self, doc: u32) -> bool {
        match &self.without {
            None => true,
            // What stands for a missing value is a value.
            Some(Opened {
                missing: Some(_), ..
            }) => false,
            Some(Opened { values, .. }) => values.as_ref().is_none_or(|it| !it.has_value(doc)),
        }
    }
}

impl Collector for Passing<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        for (position, doc) in block.docs.iter().enumerate() {
            if self.lets_through(*doc) {
                self.buckets.push(*doc, block.owner(position), 0)?;
            }
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        Ok(in_slots(self.buckets.harvest(owners)?, 1))
    }
}
