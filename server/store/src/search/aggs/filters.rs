//! filter and filters: a bucket for the documents of each query.

use serde_json::{Map, Value};
use tantivy::DocId;

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::keys::finish_below;
use super::outcome::{BucketList, OneBucket, Outcome, Single};
use super::partial::Partial;
use super::ranges::{empty_slots, in_slots};
use super::{Answering, Kind, Level, Result};
use crate::error::StoreError;
use crate::limits::AGGREGATION_RANGES_MAX;
use crate::search::matching::{Documents, Matching};
use crate::search::options::Options;

#[derive(Debug)]
struct Filters {
    shape: Shape,
    filters: Vec<(String, Matching)>,
    /// The bucket of what no filter takes.
    other: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `filter`: one bucket, no key.
    Single,
    Listed,
    Keyed,
}

pub(super) fn parse_one(body: &Value) -> Result<Box<dyn Kind>> {
    Ok(Box::new(Filters {
        shape: Shape::Single,
        filters: vec![(String::new(), Matching::parse(body)?)],
        other: None,
    }))
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("filters", body)?;
    let wrong = || {
        options.wrong(
            "filters",
            "an object of named queries, or a list of queries",
        )
    };
    let (shape, filters) = match options.value("filters") {
        Some(Value::Object(named)) => {
            let named = named.iter();
            let filters = named.map(|(name, it)| Ok((name.clone(), Matching::parse(it)?)));
            (Shape::Keyed, filters.collect::<Result<Vec<_>>>()?)
        }
        Some(Value::Array(list)) => {
            let filters = list
                .iter()
                .map(|it| Ok((String::new(), Matching::parse(it)?)));
            (Shape::Listed, filters.collect::<Result<Vec<_>>>()?)
        }
        Some(_) => return Err(wrong()),
        None => return Err(options.lacks("filters")),
    };
    if filters.is_empty() || filters.len() > AGGREGATION_RANGES_MAX {
        return Err(wrong());
    }
    let other_key = options.text("other_bucket_key")?;
    let has_other = options.flag("other_bucket")?.unwrap_or(other_key.is_some());
    let shape = match options.flag("keyed")? {
        Some(false) if shape == Shape::Keyed => Shape::Listed,
        _ => shape,
    };
    options.finish()?;
    let other = has_other.then(|| other_key.unwrap_or("_other_").to_owned());
    Ok(Box::new(Filters {
        shape,
        filters,
        other,
    }))
}

impl Filters {
    fn count(&self) -> usize {
        self.filters.len() + usize::from(self.other.is_some())
    }
}

impl Kind for Filters {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let each = self.filters.iter();
        let documents =
            each.map(|(_, it)| it.documents(segment.reader, segment.segment, segment.scope));
        Ok(Box::new(Collecting {
            buckets: Buckets::new(segment, below, Some(self.count() as u64))?,
            documents: documents.collect::<Result<_>>()?,
            has_other: self.other.is_some(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(self.count())
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let Partial::Slots(slots) = partial else {
            return Err(StoreError::internal("filters without buckets"));
        };
        at.budget.take_buckets(slots.len())?;
        let names = self.filters.iter().map(|it| &it.0).chain(&self.other);
        let mut list = Vec::new();
        for (name, bucket) in names.zip(slots) {
            let below = finish_below(bucket.below, below, at)?;
            let count = bucket.count;
            if self.shape == Shape::Single {
                return Ok(Outcome::Single(Single { count, below }));
            }
            let mut json = Map::new();
            if self.shape == Shape::Listed && !name.is_empty() && self.has_names() {
                json.insert("key".into(), name.clone().into());
            }
            list.push(OneBucket {
                name: name.clone(),
                json,
                count,
                tail: Map::new(),
                below,
            });
        }
        Ok(Outcome::Buckets(BucketList {
            head: Map::new(),
            list,
            is_keyed: self.shape == Shape::Keyed,
        }))
    }
}

impl Filters {
    fn has_names(&self) -> bool {
        self.filters.iter().any(|it| !it.0.is_empty())
    }
}

struct Collecting<'s> {
    documents: Vec<Documents>,
    has_other: bool,
    buckets: Buckets<'s>,
}

impl Collector for Collecting<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        let mut last: Option<DocId> = None;
        let mut keys = Vec::new();
        for (position, doc) in block.docs.iter().enumerate() {
            if last != Some(*doc) {
                last = Some(*doc);
                keys.clear();
                for (key, documents) in (0..).zip(&mut self.documents) {
                    if documents.contains(*doc) {
                        keys.push(key);
                    }
                }
                if keys.is_empty() && self.has_other {
                    keys.push(self.documents.len() as u64);
                }
            }
            for key in &keys {
                self.buckets.push(*doc, block.owner(position), *key)?;
            }
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let count = self.documents.len() + usize::from(self.has_other);
        let found = self.buckets.harvest(owners)?;
        Ok(in_slots(found, count))
    }
}
