//! sampler: only the best documents go on to the aggregations below.

use std::collections::BTreeMap;

use serde_json::Value;
use tantivy::DocId;

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::global::finish_single;
use super::outcome::Outcome;
use super::partial::Partial;
use super::ranges::{empty_slots, in_slots};
use super::{Answering, Kind, Level, Result};
use crate::limits::SAMPLE_DOCS_MAX;
use crate::search::options::Options;
use crate::search::top::Top;

#[derive(Debug)]
struct Sampler {
    /// The documents of each segment.
    size: usize,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("sampler", body)?;
    let size = options.count("shard_size")?.unwrap_or(100);
    if size == 0 || size > SAMPLE_DOCS_MAX {
        return Err(options.wrong(
            "shard_size",
            &format!("a number from 1 to {SAMPLE_DOCS_MAX}"),
        ));
    }
    options.finish()?;
    Ok(Box::new(Sampler {
        size: size as usize,
    }))
}

impl Kind for Sampler {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        Ok(Box::new(Sampling {
            size: self.size,
            buckets: Buckets::new(segment, below, Some(1))?,
            samples: BTreeMap::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(1)
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        finish_single(partial, below, at)
    }

    fn needs_scores(&self) -> bool {
        true
    }
}

struct Sampling<'s> {
    size: usize,
    buckets: Buckets<'s>,
    /// By bucket of the level above: the best first, then the earliest.
    samples: BTreeMap<u32, Top<(std::cmp::Reverse<u64>, DocId)>>,
}

impl Collector for Sampling<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        for (position, doc) in block.docs.iter().enumerate() {
            let score = tantivy::f64_to_u64(block.score(*doc).into());
            let size = self.size;
            let sample = self.samples.entry(block.owner(position));
            let sample = sample.or_insert_with(|| Top::new(size));
            sample.offer((std::cmp::Reverse(score), *doc));
        }
        Ok(())
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let mut chosen = Vec::new();
        for (owner, sample) in std::mem::take(&mut self.samples) {
            chosen.extend(sample.into_sorted().into_iter().map(|it| (it.1, owner)));
        }
        // Below, documents come in ascending order as everywhere.
        chosen.sort_unstable();
        for (doc, owner) in chosen {
            self.buckets.push(doc, owner, 0)?;
        }
        self.buckets.flush(&Block {
            docs: &[],
            owners: None,
            scores: None,
        })?;
        Ok(in_slots(self.buckets.harvest(owners)?, 1))
    }
}
