//! significant_terms: the values that stand out among the documents found,
//! compared with all documents of the collections.
//!
//! How often a value occurs everywhere is read from the index, not counted.

use serde_json::{Map, Value, json};

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::keys::{Pick, finish_below};
use super::outcome::{BucketList, OneBucket, Outcome};
use super::partial::{Bucket, Key, Partial};
use super::ranges::empty_slots;
use super::source::Source;
use super::terms::{Keys, key_json};
use super::{Answering, Kind, Level, Result};
use crate::mapping::Exact;
use crate::search::columns::{Reading, broken};
use crate::search::options::Options;

#[derive(Debug)]
struct Significant {
    source: Source,
    size: usize,
    min_count: u64,
    pick: Option<Pick>,
    score: Score,
}

/// How much a value stands out.
#[derive(Clone, Copy, Debug)]
enum Score {
    /// The difference of the two shares, times their quotient.
    Jlh,
    /// The share of all documents with the value that are among those found.
    Percentage,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("significant_terms", body)?;
    let size = options.count("size")?.unwrap_or(10);
    if size == 0 {
        return Err(options.wrong("size", "a number above 0"));
    }
    options.value("jlh");
    let significant = Significant {
        source: Source::parse("significant_terms", &options)?,
        size: usize::try_from(size).unwrap_or(usize::MAX),
        min_count: options.count("min_doc_count")?.unwrap_or(3).max(1),
        pick: Pick::parse(&options)?,
        score: match options.value("percentage") {
            Some(_) => Score::Percentage,
            None => Score::Jlh,
        },
    };
    options.ignore(&["shard_size", "shard_min_doc_count", "execution_hint"]);
    options.finish()?;
    Ok(Box::new(significant))
}

impl Score {
    /// Of a value that `found` of `of_found` documents have, and `all` of
    /// `of_all`; `None`: it does not stand out.
    fn of(self, found: u64, of_found: u64, all: u64, of_all: u64) -> Option<f64> {
        let share = found as f64 / of_found as f64;
        let usual = all as f64 / of_all as f64;
        let score = match self {
            Self::Jlh if share <= usual || usual == 0.0 => return None,
            Self::Jlh => (share - usual) * (share / usual),
            Self::Percentage if all == 0 => return None,
            Self::Percentage => found as f64 / all as f64,
        };
        Some(score)
    }
}

impl Kind for Significant {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let keys = Keys::new(self.source.open(segment)?, self.pick.as_ref())?;
        let width = keys.width();
        Ok(Box::new(Collecting {
            buckets: Buckets::new(segment, below, width)?,
            keys,
            reading: Reading::default(),
            counts: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        empty_slots(1)
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let mut all = Bucket::default();
        if let Partial::Slots(mut slots) = partial {
            all = slots.pop().unwrap_or_default();
        }
        let buckets = match all.below.pop() {
            Some(Partial::Buckets(buckets)) => buckets.into_iter().collect(),
            _ => Vec::new(),
        };
        let of_all: u64 = at.readers.iter().map(|it| it.searcher.num_docs()).sum();
        let mut scored = Vec::new();
        for (key, bucket) in buckets {
            let bucket: Bucket = bucket;
            if bucket.count >= self.min_count {
                let everywhere = self.everywhere(&key, at)?.max(bucket.count);
                let score = self.score.of(bucket.count, all.count, everywhere, of_all);
                scored.extend(score.map(|score| (score, everywhere, key, bucket)));
            }
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
        scored.truncate(self.size);
        at.budget.take_buckets(scored.len())?;
        let info = self.source.info(at)?;
        let format = self.source.value_format(at)?;
        let mut list = Vec::with_capacity(scored.len());
        for (score, everywhere, key, bucket) in scored {
            let mut json = Map::new();
            key_json(&key, info.as_ref(), &format, &mut json);
            let mut tail = Map::new();
            tail.insert("score".into(), json!(score));
            tail.insert("bg_count".into(), json!(everywhere));
            list.push(OneBucket {
                name: String::new(),
                json,
                count: bucket.count,
                tail,
                below: finish_below(bucket.below, below, at)?,
            });
        }
        let mut head = Map::new();
        head.insert("doc_count".into(), json!(all.count));
        head.insert("bg_count".into(), json!(of_all));
        Ok(Outcome::Buckets(BucketList {
            head,
            list,
            is_keyed: false,
        }))
    }
}

impl Significant {
    /// The documents of all collections that have the value.
    fn everywhere(&self, key: &Key, at: &Answering<'_>) -> Result<u64> {
        let value = match key {
            Key::Text(text) => Exact::Text(text.as_ref().into()),
            Key::Int(number) => Exact::Integer(*number),
            key => Exact::Float(key.number()),
        };
        let mut count = 0;
        for reader in at.readers {
            if let Some(place) = reader.layout.place(&self.source.field) {
                let term = reader.layout.term(&place.path, &value);
                count += reader.searcher.doc_freq(&term).map_err(broken)?;
            }
        }
        Ok(count)
    }
}

struct Collecting<'s> {
    buckets: Buckets<'s>,
    keys: Keys,
    reading: Reading,
    /// The documents under each bucket of the level above.
    counts: Vec<u64>,
}

impl Collector for Collecting<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        for position in 0..block.docs.len() {
            let owner = block.owner(position) as usize;
            if owner >= self.counts.len() {
                self.counts.resize(owner + 1, 0);
            }
            self.counts[owner] += 1;
        }
        self.keys.read(block.docs, &mut self.reading);
        self.keys.push(&self.reading, block, &mut self.buckets)
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        self.counts.resize(owners, 0);
        let found = self.buckets.harvest(owners)?;
        let each = found.into_iter().zip(self.counts).map(|(buckets, count)| {
            let keyed = buckets.into_iter();
            let keyed = keyed.map(|(bits, bucket)| Ok((self.keys.key(bits)?, bucket)));
            let buckets = Partial::Buckets(keyed.collect::<Result<_>>()?);
            let below = vec![buckets];
            Ok(Partial::Slots(vec![Bucket { count, below }]))
        });
        each.collect()
    }
}
