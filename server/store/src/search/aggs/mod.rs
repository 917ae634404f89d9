//! Aggregations: what Elasticsearch computes over all documents that a query
//! finds, in its words and in the shape of its answers.
//!
//! `parse` makes a tree of the request: each aggregation is a kind, with
//! aggregations below it. In each segment the tree becomes a tree of
//! *collectors*; blocks of documents flow down it, each document under a bucket
//! of the level above, so that a level of any depth reads its column once per
//! block. What the segments found (`partial`) is merged, over collections too,
//! and `outcome` is what is answered; pipelines compute on outcomes.
//!
//! One file per kind holds its options, its collector and its answer. Counts
//! are exact: all of a collection is in one process.
//!
//! Cost: a few nanoseconds per document and level, a state per bucket.

mod parse;
mod terms;
mod keys;
mod histogram;
mod date_histogram;
mod calendar;
mod ranges;
mod date_range;
mod filters;
mod global;
mod nested;
mod sampler;
mod significant;
mod tuples;
mod geo;
mod metrics;
mod cardinality;
mod percentiles;
mod weighted_avg;
mod top_hits;
mod string_stats;
mod pipeline;
mod outcome;
mod numbers;
mod source;
mod buckets;
mod collect;
mod partial;

use std::fmt::Debug;

use serde_json::Value;

pub(crate) use calendar::duration_ms;
use collect::Collector;
pub(crate) use collect::{Block, Budget, Scores, Segment, Subs};
use outcome::Outcome;
#[cfg(test)]
pub(crate) use parse::kinds;
use partial::Partial;
use pipeline::Pipeline;

use crate::error::StoreError;
use crate::index::Reader;

type Result<T> = std::result::Result<T, StoreError>;

/// The aggregations that stand beside each other.
#[derive(Debug, Default)]
pub(crate) struct Level {
    aggregations: Vec<Aggregation>,
    /// Those that compute on others.
    pipelines: Vec<Pipeline>,
}

#[derive(Debug)]
struct Aggregation {
    name: String,
    kind: Box<dyn Kind>,
    below: Level,
    /// Given back as it was sent.
    meta: Option<Value>,
}

/// What an aggregation computes.
trait Kind: Debug + Send + Sync {
    /// What computes it in a segment.
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>>;

    /// What it is over no documents.
    fn empty(&self, below: &Level) -> Partial;

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome>;

    /// Whether it is about the best documents.
    fn needs_scores(&self) -> bool {
        false
    }

    /// Whether it makes buckets, which have aggregations below.
    fn has_buckets(&self) -> bool {
        true
    }

    /// Whether it is over all documents, whatever the query.
    fn is_global(&self) -> bool {
        false
    }
}

/// What answers need.
pub(crate) struct Answering<'a> {
    pub(crate) readers: &'a [Reader],
    pub(crate) budget: &'a Budget,
}

/// What has been found so far, for each aggregation of the first level.
#[derive(Debug)]
pub(crate) struct Found(Vec<Partial>);

impl Level {
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        parse::level(value, 0)
    }

    pub(crate) fn needs_scores(&self) -> bool {
        self.aggregations
            .iter()
            .any(|it| it.kind.needs_scores() || it.below.needs_scores())
    }

    /// Whether some are over all documents, whatever the query.
    pub(crate) fn has_global(&self) -> bool {
        self.aggregations.iter().any(|it| it.kind.is_global())
    }

    /// Whether some are over what the query finds.
    pub(crate) fn has_local(&self) -> bool {
        self.aggregations.iter().any(|it| !it.kind.is_global())
    }

    /// Nothing found yet.
    pub(crate) fn nothing(&self) -> Found {
        Found(self.empty())
    }

    fn empty(&self) -> Vec<Partial> {
        let each = self.aggregations.iter();
        each.map(|it| it.kind.empty(&it.below)).collect()
    }

    /// Adds what a segment has: the documents of the query, or all of them.
    pub(crate) fn add(&self, found: &mut Found, collected: Subs<'_>, global: bool) -> Result<()> {
        let partials = collected.harvest(1)?.pop().unwrap_or_default();
        let mut partials = partials.into_iter();
        for (aggregation, so_far) in self.aggregations.iter().zip(&mut found.0) {
            if aggregation.kind.is_global() == global
                && let Some(partial) = partials.next()
            {
                so_far.merge(partial);
            }
        }
        Ok(())
    }

    /// The answer.
    pub(crate) fn answer(&self, found: Found, at: &Answering<'_>) -> Result<Value> {
        let outcomes = self.finish(found.0, at)?;
        Ok(outcomes.to_json())
    }

    fn finish(&self, partials: Vec<Partial>, at: &Answering<'_>) -> Result<outcome::Outcomes> {
        let mut outcomes = outcome::Outcomes::default();
        for (aggregation, partial) in self.aggregations.iter().zip(partials) {
            let Aggregation {
                name, kind, below, ..
            } = aggregation;
            let mut outcome = kind.finish(partial, below, at)?;
            if let Outcome::Buckets(buckets) = &mut outcome {
                pipeline::run_inside(&below.pipelines, &mut buckets.list)?;
            }
            outcomes.push(name, outcome, aggregation.meta.as_ref());
        }
        pipeline::run_beside(&self.pipelines, &mut outcomes)?;
        Ok(outcomes)
    }
}
