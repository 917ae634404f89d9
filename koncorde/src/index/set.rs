//! Sets of small numbers: conditions that share a value, filters that share a
//! condition.
//!
//! Most hold one number, some a few, a handful half a million. Each size has its
//! own shape, so that the first costs no allocation and the last no long walk.
//!
//! Cost: insert and remove O(log n); walking them all O(n).

use std::collections::BTreeSet;

use super::slab::Slab;

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

/// A set in four bytes: a single member stands here, the place of more in `Sets`,
/// marked by `LISTED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed(u32);

impl Packed {
    const EMPTY: Self = Self(u32::MAX);
    /// A bit that no member has.
    const LISTED: u32 = 1 << 29;

    #[inline]
    fn list(self) -> Option<u32> {
        let is_listed = self != Self::EMPTY && self.0 & Self::LISTED != 0;
        is_listed.then_some(self.0 & !Self::LISTED)
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::EMPTY
    }
}

impl Default for Packed {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// The members of packed sets that have more than one.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    lists: Slab<Set>,
}

impl Sets {
    pub(super) fn insert(&mut self, set: &mut Packed, number: u32) {
        assert_eq!(number & Packed::LISTED, 0, "fewer than 2^29 of them");
        if let Some(list) = set.list() {
            self.lists[list].insert(number);
        } else if set.is_empty() {
            *set = Packed(number);
        } else if set.0 != number {
            let mut both = Set::One(set.0);
            both.insert(number);
            *set = Packed(self.lists.insert(both) | Packed::LISTED);
        }
    }

    pub(super) fn remove(&mut self, set: &mut Packed, number: u32) {
        if let Some(list) = set.list() {
            self.lists[list].remove(number);
            if let Set::One(only) = self.lists[list] {
                *set = Packed(only);
                self.lists.remove(list);
            }
        } else if set.0 == number {
            *set = Packed::EMPTY;
        }
    }

    #[inline]
    pub(super) fn for_each(&self, set: Packed, mut visit: impl FnMut(u32)) {
        if set.0 & Packed::LISTED == 0 {
            visit(set.0);
        } else if let Some(list) = set.list() {
            self.lists[list].for_each(visit);
        }
    }

    /// The memory of the lists, those of many members left out.
    pub(super) fn bytes(&self) -> usize {
        self.lists.bytes()
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

    #[test]
    fn packed_sets_hold_what_sets_hold() {
        let mut sets = Sets::default();
        let mut packed = [Packed::default(); 5];
        let mut model = vec![BTreeSet::new(); 5];
        for number in 0..5000u32 {
            let number = number.wrapping_mul(2_654_435_761) >> 7;
            let (place, member) = (number as usize % 5, (number / 5 % 7) | (1 << 31));
            if number % 3 == 0 {
                sets.insert(&mut packed[place], member);
                model[place].insert(member);
            } else {
                sets.remove(&mut packed[place], member);
                model[place].remove(&member);
            }
            let mut seen = Vec::new();
            sets.for_each(packed[place], |it| seen.push(it));
            assert!(seen.iter().eq(&model[place]));
            assert_eq!(packed[place].is_empty(), seen.is_empty());
        }
    }
}
