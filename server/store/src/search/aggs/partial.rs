//! What is known of an aggregation so far: of a segment, of several, of several
//! collections. Everything here can be merged.

use ahash::AHashMap;

use super::cardinality::Distinct;
use super::geo::Spread;
use super::metrics::Stats;
use super::percentiles::Digest;
use super::string_stats::Strings;
use super::terms::Ordinals;
use super::top_hits::Best;
use super::weighted_avg::Weighted;

#[derive(Debug)]
pub(super) enum Partial {
    /// Buckets by key.
    Buckets(AHashMap<Key, Bucket>),
    /// Buckets of one segment whose keys have not been looked up yet.
    Ordinals(Ordinals),
    /// Buckets that are the same everywhere.
    Slots(Vec<Bucket>),
    Stats(Stats),
    Distinct(Distinct),
    Digest(Digest),
    Weighted(Weighted),
    Strings(Strings),
    Best(Best),
    Spread(Spread),
}

/// The documents of a bucket.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    pub(super) count: u64,
    /// For each aggregation below; empty while there are no documents.
    pub(super) below: Vec<Partial>,
}

/// What tells buckets apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    /// No value; where that is a bucket.
    Missing,
    Int(i64),
    /// The bits of a float in an order-preserving code.
    Float(u64),
    Text(Box<str>),
    List(Vec<Key>),
}

impl Key {
    pub(super) fn float(number: f64) -> Self {
        Self::Float(tantivy::f64_to_u64(number))
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Int(number) => *number as f64,
            Self::Float(bits) => tantivy::u64_to_f64(*bits),
            _ => f64::NAN,
        }
    }
}

impl Partial {
    pub(super) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Buckets(all), Self::Buckets(more)) => {
                if all.is_empty() {
                    *all = more;
                    return;
                }
                for (key, bucket) in more {
                    all.entry(key).or_default().merge(bucket);
                }
            }
            (all @ Self::Buckets(_), Self::Ordinals(more)) => {
                if matches!(all, Self::Buckets(it) if it.is_empty()) {
                    *all = Self::Ordinals(more);
                } else {
                    all.merge(Self::Buckets(more.into_buckets()));
                }
            }
            (all @ Self::Ordinals(_), more) => {
                let first = std::mem::replace(all, Self::Buckets(AHashMap::new()));
                if let Self::Ordinals(first) = first {
                    *all = Self::Buckets(first.into_buckets());
                }
                match more {
                    Self::Ordinals(more) => all.merge(Self::Buckets(more.into_buckets())),
                    more => all.merge(more),
                }
            }
            (Self::Slots(all), Self::Slots(more)) => {
                for (bucket, other) in all.iter_mut().zip(more) {
                    bucket.merge(other);
                }
            }
            (Self::Stats(all), Self::Stats(more)) => all.merge(&more),
            (Self::Distinct(all), Self::Distinct(more)) => all.merge(more),
            (Self::Digest(all), Self::Digest(more)) => all.merge(more),
            (Self::Weighted(all), Self::Weighted(more)) => all.merge(&more),
            (Self::Strings(all), Self::Strings(more)) => all.merge(more),
            (Self::Best(all), Self::Best(more)) => all.merge(more),
            (Self::Spread(all), Self::Spread(more)) => all.merge(&more),
            // One aggregation has one shape.
            (all, other) => debug_assert!(false, "{all:?} and {other:?}"),
        }
    }
}

impl Bucket {
    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        if self.below.is_empty() {
            self.below = other.below;
            return;
        }
        for (partial, other) in self.below.iter_mut().zip(other.below) {
            partial.merge(other);
        }
    }
}
