//! Collecting: blocks of documents flow through the collectors of a segment.

use std::cell::Cell;

use tantivy::{DocId, Score, SegmentReader};

use super::partial::Partial;
use super::{Level, Result};
use crate::error::StoreError;
use crate::index::Reader;
use crate::limits::{AGGREGATION_STATES_MAX, BUCKETS_MAX};

/// Where collectors are: one segment of one collection.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'s> {
    pub(crate) reader: &'s Reader,
    /// Which of the searched collections.
    pub(crate) target: usize,
    /// Which of its segments.
    pub(crate) ordinal: u32,
    pub(crate) segment: &'s SegmentReader,
    /// The nested object whose documents come; `None`: whole documents.
    pub(crate) scope: Option<&'s str>,
    /// Whether all documents come under one bucket of the level above.
    pub(crate) is_single: bool,
    pub(crate) budget: &'s Budget,
}

/// What one request may still use.
#[derive(Debug)]
pub(crate) struct Budget {
    states: Cell<usize>,
    buckets: Cell<usize>,
    /// Of documents in the answer.
    bytes: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            states: Cell::new(AGGREGATION_STATES_MAX),
            buckets: Cell::new(BUCKETS_MAX),
            bytes: Cell::new(0),
        }
    }
}

impl Budget {
    /// So many buckets more are in memory.
    pub(crate) fn take_states(&self, count: usize) -> Result<()> {
        let left = self.states.get().checked_sub(count).ok_or_else(|| {
            StoreError::invalid_query(format!(
                "the aggregations distinguish more than {AGGREGATION_STATES_MAX} buckets: \
                 narrow the query, or aggregate fields with fewer values"
            ))
        })?;
        self.states.set(left);
        Ok(())
    }

    /// The bytes of documents that the answer has so far.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    pub(crate) fn set_bytes(&self, bytes: usize) {
        self.bytes.set(bytes);
    }

    /// So many buckets more are answered.
    pub(crate) fn take_buckets(&self, count: usize) -> Result<()> {
        let left = self.buckets.get().checked_sub(count).ok_or_else(|| {
            StoreError::invalid_query(format!(
                "Trying to create too many buckets. Must be less than or equal to: \
                 [{BUCKETS_MAX}]: ask for fewer terms or wider intervals (search.max_buckets)"
            ))
        })?;
        self.buckets.set(left);
        Ok(())
    }
}

/// Some documents in ascending order; the same one may come several times, under
/// several buckets of the level above.
#[derive(Clone, Copy)]
pub(crate) struct Block<'b> {
    pub(crate) docs: &'b [DocId],
    /// The bucket of each; `None`: all stand under bucket 0.
    pub(crate) owners: Option<&'b [u32]>,
    pub(crate) scores: Option<Scores<'b>>,
}

/// Scores of the documents that the query found.
#[derive(Clone, Copy)]
pub(crate) struct Scores<'b> {
    pub(crate) docs: &'b [DocId],
    pub(crate) scores: &'b [Score],
}

impl Block<'_> {
    #[inline]
    pub(crate) fn owner(&self, position: usize) -> u32 {
        self.owners.map_or(0, |it| it[position])
    }

    pub(crate) fn score(&self, doc: DocId) -> Score {
        let of = |it: &Scores<'_>| {
            let place = it.docs.binary_search(&doc).ok()?;
            it.scores.get(place).copied()
        };
        self.scores.as_ref().and_then(of).unwrap_or_default()
    }
}

/// Computes an aggregation in one segment.
pub(super) trait Collector {
    fn collect(&mut self, block: &Block<'_>) -> Result<()>;

    /// What it found, for each of so many buckets of the level above.
    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>>;
}

/// The collectors of a level.
pub(crate) struct Subs<'s>(Vec<Box<dyn Collector + 's>>);

impl<'s> Subs<'s> {
    /// Those below a bucket of an aggregation.
    pub(super) fn below(level: &'s Level, segment: &Segment<'s>) -> Result<Self> {
        let segment = Segment {
            is_single: false,
            ..*segment
        };
        let each = level.aggregations.iter();
        let each = each.map(|it| it.kind.collector(&segment, &it.below));
        Ok(Self(each.collect::<Result<_>>()?))
    }

    /// Those of the first level: the global ones, or the others.
    pub(crate) fn top(level: &'s Level, segment: &Segment<'s>, global: bool) -> Result<Self> {
        let each = level.aggregations.iter();
        let each = each
            .filter(|it| it.kind.is_global() == global)
            .map(|it| it.kind.collector(segment, &it.below));
        Ok(Self(each.collect::<Result<_>>()?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.0.iter_mut().try_for_each(|it| it.collect(block))
    }

    /// For each bucket, what each collector found.
    pub(super) fn harvest(self, owners: usize) -> Result<Vec<Vec<Partial>>> {
        let mut found = Vec::with_capacity(owners);
        found.resize_with(owners, || Vec::with_capacity(self.0.len()));
        for collector in self.0 {
            for (of_bucket, partial) in found.iter_mut().zip(collector.harvest(owners)?) {
                of_bucket.push(partial);
            }
        }
        Ok(found)
    }
}
