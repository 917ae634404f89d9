//! cardinality: how many different values there are.
//!
//! Exact up to `EXACT_MAX` values of a bucket, which are kept as hashes of 64
//! bits; beyond that estimated (HyperLogLog, 2^14 registers: a standard error of
//! 0.8 %) in 16 KiB. `precision_threshold` is read and needs no obeying.

use ahash::{AHashSet, RandomState};
use serde_json::Value;

use super::collect::{Block, Collector, Segment};
use super::outcome::{Metric, Outcome};
use super::partial::{Key, Partial};
use super::source::Source;
use super::terms::Keys;
use super::{Answering, Kind, Level, Result};
use crate::search::columns::Reading;
use crate::search::format::ValueFormat;
use crate::search::options::Options;

#[derive(Debug)]
struct Cardinality(Source);

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("cardinality", body)?;
    options.count("precision_threshold")?;
    options.ignore(&["rehash", "execution_hint"]);
    let cardinality = Cardinality(Source::parse("cardinality", &options)?);
    options.finish()?;
    Ok(Box::new(cardinality))
}

/// So many different values are counted exactly.
const EXACT_MAX: usize = 40_000;

/// 2 to this power registers.
const REGISTER_BITS: u32 = 14;

/// Different values of a bucket.
#[derive(Debug)]
pub(super) enum Distinct {
    Exact(AHashSet<u64>),
    Estimated(Vec<u8>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(AHashSet::new())
    }
}

impl Distinct {
    fn insert(&mut self, hash: u64) {
        match self {
            Self::Exact(hashes) => {
                hashes.insert(hash);
                if hashes.len() > EXACT_MAX {
                    self.estimate();
                }
            }
            Self::Estimated(registers) => register(registers, hash),
        }
    }

    fn estimate(&mut self) {
        if let Self::Exact(hashes) = self {
            let mut registers = vec![0; 1 << REGISTER_BITS];
            hashes.iter().for_each(|it| register(&mut registers, *it));
            *self = Self::Estimated(registers);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        match other {
            Self::Exact(hashes) => hashes.into_iter().for_each(|it| self.insert(it)),
            Self::Estimated(more) => {
                self.estimate();
                if let Self::Estimated(registers) = self {
                    for (register, other) in registers.iter_mut().zip(more) {
                        *register = (*register).max(other);
                    }
                }
            }
        }
    }

    fn count(&self) -> u64 {
        match self {
            Self::Exact(hashes) => hashes.len() as u64,
            Self::Estimated(registers) => {
                let count = registers.len() as f64;
                let sum: f64 = registers.iter().map(|it| (-f64::from(*it)).exp2()).sum();
                let estimate = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
                let empty = registers.iter().filter(|it| **it == 0).count() as f64;
                let estimate = match empty > 0.0 && estimate <= 2.5 * count {
                    true => count * (count / empty).ln(),
                    false => estimate,
                };
                estimate.round() as u64
            }
        }
    }
}

fn register(registers: &mut [u8], hash: u64) {
    let place = (hash >> (64 - REGISTER_BITS)) as usize;
    let rank = ((hash << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))).leading_zeros() + 1;
    registers[place] = registers[place].max(rank as u8);
}

/// The same for all segments of a request and for each answer of the estimate.
fn hash(key: &Key) -> u64 {
    RandomState::with_seeds(1, 2, 3, 4).hash_one(key)
}

impl Kind for Cardinality {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        _below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let opened = self.0.open(segment)?;
        Ok(Box::new(Collecting {
            keys: Keys::new(opened, None)?,
            reading: Reading::default(),
            seen: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Distinct(Distinct::default())
    }

    fn finish(&self, partial: Partial, _below: &Level, _at: &Answering<'_>) -> Result<Outcome> {
        let count = match partial {
            Partial::Distinct(distinct) => distinct.count(),
            _ => 0,
        };
        let metric = Metric::value(count as f64, &ValueFormat::Plain);
        Ok(Outcome::Metric(metric))
    }

    fn has_buckets(&self) -> bool {
        false
    }
}

struct Collecting {
    keys: Keys,
    reading: Reading,
    /// The bits that were seen, by bucket of the level above.
    seen: Vec<Seen>,
}

/// Bits of values.
enum Seen {
    /// Places in a dictionary: a mark for each.
    Marks(Vec<u64>),
    Set(AHashSet<u64>),
}

/// Larger dictionaries get no marks below buckets.
const MARKS_BELOW_MAX: u64 = 1 << 12;

impl Collecting {
    fn grow(&mut self, owners: usize) {
        while self.seen.len() < owners {
            let most = if self.seen.is_empty() {
                u64::MAX
            } else {
                MARKS_BELOW_MAX
            };
            let seen = match self.keys.width().filter(|it| *it <= most) {
                Some(width) => Seen::Marks(vec![0; width as usize / 64 + 1]),
                None => Seen::Set(AHashSet::new()),
            };
            self.seen.push(seen);
        }
    }
}

impl Collector for Collecting {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        let most = block.owners.map_or(Some(0), |it| it.iter().max().copied());
        self.grow(most.map_or(0, |it| it as usize + 1));
        self.keys.read(block.docs, &mut self.reading);
        let seen = &mut self.seen;
        self.reading.each(
            |position, bits| match &mut seen[block.owner(position) as usize] {
                Seen::Marks(marks) => marks[(bits / 64) as usize] |= 1 << (bits % 64),
                Seen::Set(set) => {
                    set.insert(bits);
                }
            },
        );
        Ok(())
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let mut found = Vec::with_capacity(owners);
        for seen in self.seen.drain(..) {
            let mut distinct = Distinct::default();
            let bits: Vec<u64> = match seen {
                Seen::Set(set) => set.into_iter().collect(),
                Seen::Marks(marks) => (0..)
                    .zip(marks)
                    .flat_map(|(word, marks)| {
                        let marked = (0..64).filter(move |it| marks & (1 << it) != 0);
                        marked.map(move |it: u64| word * 64 + it)
                    })
                    .collect(),
            };
            self.keys
                .each_key(&bits, |key| distinct.insert(hash(key)))?;
            found.push(Partial::Distinct(distinct));
        }
        found.resize_with(owners, || Partial::Distinct(Distinct::default()));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_counted_and_many_estimated() {
        for count in [0, 1, 1000, EXACT_MAX as i64, 100_000, 1_000_000] {
            let mut halves = [Distinct::default(), Distinct::default()];
            for number in 0..count {
                halves[(number % 2) as usize].insert(hash(&Key::Int(number)));
                halves[0].insert(hash(&Key::Int(number)));
            }
            let [mut all, other] = halves;
            all.merge(other);
            let error = (all.count() as f64 - count as f64).abs();
            let allowed = if count <= EXACT_MAX as i64 {
                0.0
            } else {
                0.02 * count as f64
            };
            assert!(error <= allowed, "{} for {count}", all.count());
        }
    }
}
