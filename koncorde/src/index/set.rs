//! Sets of small numbers: conditions that share a value, filters that share a
//! condition.
//!
//! Most hold one number, some a few, a handful half a million. Each size has its
//! own shape, so that the first costs no allocation and the last no long walk.
//!
//! Cost: insert and remove O(log n); walking them all O(n).

use std::collections::BTreeSet;

/// A set of numbers: 16 bytes, and no more when it holds at most one.
#[expect(
    clippy::box_collection,
    reason = "most sets hold one number and must be small"
)]
#[derive(Clone, Debug, Default)]
pub(super) enum Set {
    #[default]
    Empty,
    One(u32),
    /// At least two, sorted.
    Few(Box<Vec<u32>>),
    /// More than `FEW_MAX`.
    Many(Box<BTreeSet<u32>>),
}

/// Moving this many numbers is as cheap as a walk down a tree.
const FEW_MAX: usize = 256;

impl Set {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(super) fn insert(&mut self, number: u32) {
        match self {
            Self::Empty => *self = Self::One(number),
            Self::One(first) if *first == number => (),
            Self::One(first) => {
                let (low, high) = (number.min(*first), number.max(*first));
                *self = Self::Few(Box::new(vec![low, high]));
            }
            Self::Few(few) => {
                if let Err(place) = few.binary_search(&number) {
                    few.insert(place, number);
                }
                if few.len() > FEW_MAX {
                    *self = Self::Many(Box::new(few.iter().copied().collect()));
                }
            }
            Self::Many(many) => drop(many.insert(number)),
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        match self {
            Self::Empty => (),
            Self::One(only) => {
                if *only == number {
                    *self = Self::Empty;
                }
            }
            Self::Few(few) => {
                if let Ok(place) = few.binary_search(&number) {
                    few.remove(place);
                }
                if let [only] = few[..] {
                    *self = Self::One(only);
                }
            }
            Self::Many(many) => {
                many.remove(&number);
                if many.len() <= FEW_MAX / 2 {
                    *self = Self::Few(Box::new(many.iter().copied().collect()));
                }
            }
        }
    }

    #[inline]
    pub(super) fn for_each(&self, mut visit: impl FnMut(u32)) {
        match self {
            Self::Empty => (),
            Self::One(only) => visit(*only),
            Self::Few(few) => few.iter().for_each(|it| visit(*it)),
            Self::Many(many) => many.iter().for_each(|it| visit(*it)),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Few(few) => few.len(),
            Self::Many(many) => many.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_shrinks_through_all_shapes() {
        let mut set = Set::default();
        let numbers = (0..1000u32).map(|it| it.wrapping_mul(2_654_435_761) % 4096);
        let mut model = BTreeSet::new();
        let check = |set: &Set, model: &BTreeSet<u32>| {
            let mut seen = Vec::new();
            set.for_each(|it| seen.push(it));
            assert!(seen.iter().eq(model), "{set:?}");
            assert_eq!(set.len(), model.len());
            assert_eq!(set.is_empty(), model.is_empty());
        };
        for number in numbers.clone() {
            set.insert(number);
            model.insert(number);
        }
        check(&set, &model);
        for number in numbers {
            set.remove(number);
            model.remove(&number);
            if model.len().is_multiple_of(100) {
                check(&set, &model);
            }
        }
        assert!(set.is_empty());
    }
}
