//! Buckets of one segment: which bucket a key is, counting, and handing the
//! documents down to the level below.

use ahash::AHashMap;
use tantivy::DocId;

use super::collect::{Block, Segment, Subs};
use super::partial::Bucket;
use super::{Level, Result};

/// The buckets of one aggregation, under all buckets of the level above.
pub(super) struct Buckets<'s> {
    ids: Ids,
    counts: Vec<u64>,
    below: Subs<'s>,
    /// The documents of the block and their buckets, for the level below.
    docs: Vec<DocId>,
    owners: Vec<u32>,
    budget: &'s super::Budget,
}

/// Which bucket a key under a bucket of the level above is.
enum Ids {
    /// Keys are small numbers: buckets stand beside each other.
    Direct { width: u64 },
    Hashed {
        ids: AHashMap<(u32, u64), u32>,
        keys: Vec<(u32, u64)>,
    },
}

/// Up to here buckets stand beside each other, at 8 bytes each.
const DIRECT_WIDTH_MAX: u64 = 1 << 22;

/// The same where the level above has buckets.
const DIRECT_WIDTH_BELOW_MAX: u64 = 16;

impl<'s> Buckets<'s> {
    /// Keys are less than `width`, if that is known.
    pub(super) fn new(segment: &Segment<'s>, below: &'s Level, width: Option<u64>) -> Result<Self> {
        let most = match segment.is_single {
            true => DIRECT_WIDTH_MAX,
            false => DIRECT_WIDTH_BELOW_MAX,
        };
        let ids = match width {
            Some(width) if width <= most => Ids::Direct { width },
            _ => Ids::Hashed {
                ids: AHashMap::new(),
                keys: Vec::new(),
            },
        };
        Ok(Self {
            ids,
            counts: Vec::new(),
            below: Subs::below(below, segment)?,
            docs: Vec::new(),
            owners: Vec::new(),
            budget: segment.budget,
        })
    }

    /// The counts by key, where nothing but counting is to be done; `None`
    /// where there is more to do.
    pub(super) fn plain_counts(&mut self, block: &Block<'_>) -> Option<&mut [u64]> {
        match self.ids {
            Ids::Direct { width } if self.below.is_empty() && block.owners.is_none() => {
                self.counts.resize(width as usize, 0);
                Some(&mut self.counts)
            }
            _ => None,
        }
    }

    /// A document falls into a bucket.
    #[inline]
    pub(super) fn push(&mut self, doc: DocId, owner: u32, key: u64) -> Result<()> {
        let id = self.id(owner, key)?;
        self.counts[id as usize] += 1;
        if !self.below.is_empty() {
            self.docs.push(doc);
            self.owners.push(id);
        }
        Ok(())
    }

    #[inline]
    fn id(&mut self, owner: u32, key: u64) -> Result<u32> {
        match &mut self.ids {
            Ids::Direct { width } => {
                let id = u64::from(owner) * *width + key;
                if id as usize >= self.counts.len() {
                    let length = (u64::from(owner) + 1) * *width;
                    self.budget
                        .take_states(length as usize - self.counts.len())?;
                    self.counts.resize(length as usize, 0);
                }
                Ok(id as u32)
            }
            Ids::Hashed { ids, keys } => {
                if let Some(id) = ids.get(&(owner, key)) {
                    return Ok(*id);
                }
                self.budget.take_states(1)?;
                let id = keys.len() as u32;
                ids.insert((owner, key), id);
                keys.push((owner, key));
                self.counts.push(0);
                Ok(id)
            }
        }
    }

    /// Hands the documents of a block to the level below.
    pub(super) fn flush(&mut self, block: &Block<'_>) -> Result<()> {
        if self.docs.is_empty() {
            return Ok(());
        }
        let below = Block {
            docs: &self.docs,
            owners: Some(&self.owners),
            scores: block.scores,
        };
        self.below.collect(&below)?;
        self.docs.clear();
        self.owners.clear();
        Ok(())
    }

    /// The buckets with documents, for each bucket of the level above, by key.
    pub(super) fn harvest(self, owners: usize) -> Result<Vec<Vec<(u64, Bucket)>>> {
        let mut found = Vec::new();
        found.resize_with(owners, Vec::new);
        let has_below = !self.below.is_empty();
        let mut below = Vec::new();
        if has_below {
            below = self.below.harvest(self.counts.len())?;
        }
        let mut below = below.into_iter();
        for (id, count) in self.counts.iter().enumerate() {
            let below = below.next().unwrap_or_default();
            if *count == 0 {
                continue;
            }
            let (owner, key) = match &self.ids {
                Ids::Direct { width } => {
                    let id = id as u64;
                    ((id / width) as usize, id % width)
                }
                Ids::Hashed { keys, .. } => (keys[id].0 as usize, keys[id].1),
            };
            if let Some(buckets) = found.get_mut(owner) {
                let count = *count;
                buckets.push((key, Bucket { count, below }));
            }
        }
        Ok(found)
    }
}
