//! nested and reverse_nested: from documents to the elements of a nested array,
//! and back.

use serde_json::Value;
use tantivy::DocId;

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::global::finish_single;
use super::outcome::Outcome;
use super::partial::Partial;
use super::ranges::{empty_slots, in_slots};
use super::{Answering, Kind, Level, Result};
use crate::error::StoreError;
use crate::search::nested::{Blocks, Children};
use crate::search::options::Options;

#[derive(Debug)]
struct Nested {
    path: String,
}

#[derive(Debug)]
struct ReverseNested {
    /// `None`: to the whole document.
    path: Option<String>,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("nested", body)?;
    let path = options.needed_text("path")?.to_owned();
    options.finish()?;
    Ok(Box::new(Nested { path }))
}

pub(super) fn parse_reverse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("reverse_nested", body)?;
    let path = options.text("path")?.map(str::to_owned);
    options.finish()?;
    Ok(Box::new(ReverseNested { path }))
}

impl Kind for Nested {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let inside = Segment {
            scope: Some(&self.path),
            ..*segment
        };
        let children = Children::below(segment.reader, segment.segment, segment.scope, &self.path)?;
        Ok(Box::new(Down {
            children,
            buckets: Buckets::new(&inside, below, Some(1))?,
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(1)
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        finish_single(partial, below, at)
    }
}

struct Down<'s> {
    children: Children<'s>,
    buckets: Buckets<'s>,
}

impl Collector for Down<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        // A document may come under several buckets: its elements do so, too,
        // and still in ascending order.
        let mut start = 0;
        for group in block.docs.chunk_by(|a, b| a == b) {
            for child in self.children.of_parent(group[0]) {
                for position in start..start + group.len() {
                    self.buckets.push(*child, block.owner(position), 0)?;
                }
            }
            start += group.len();
        }
        // Scores are those of whole documents.
        self.buckets.flush(&Block {
            scores: None,
            ..*block
        })
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        Ok(in_slots(self.buckets.harvest(owners)?, 1))
    }
}

impl Kind for ReverseNested {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        if segment.scope.is_none() {
            return Err(StoreError::invalid_query(
                "[reverse_nested] stands below a [nested] aggregation only",
            ));
        }
        let outside = Segment {
            scope: self.path.as_deref(),
            ..*segment
        };
        let parents = Blocks::of(segment.reader, segment.segment, self.path.as_deref())?;
        Ok(Box::new(Up {
            parents,
            buckets: Buckets::new(&outside, below, Some(1))?,
            parent: None,
            owners: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(1)
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        finish_single(partial, below, at)
    }
}

struct Up<'s> {
    parents: Blocks,
    buckets: Buckets<'s>,
    parent: Option<DocId>,
    /// The buckets that have the parent already.
    owners: Vec<u32>,
}

impl Collector for Up<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        for (position, doc) in block.docs.iter().enumerate() {
            let parent = self.parents.parent_of(*doc);
            if self.parent != Some(parent) {
                self.parent = Some(parent);
                self.owners.clear();
            }
            let owner = block.owner(position);
            if !self.owners.contains(&owner) {
                self.owners.push(owner);
                self.buckets.push(parent, owner, 0)?;
            }
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        Ok(in_slots(self.buckets.harvest(owners)?, 1))
    }
}
