//! Conditions, each of them once.
//!
//! Filters refer to conditions by number. A condition lives as long as a filter
//! refers to it, and stands in the index of its kind as long as it gives access
//! to a filter.
//!
//! Two tables find equal conditions, one of them `equals` conditions only: it is
//! their index at the same time. There the numbers of those with access to
//! filters are marked, so that a document does not pay for those that are only
//! verified.
//!
//! Cost: one look-up to intern; one per field of a document for `equals`.

use ahash::RandomState;

use super::datum::{Datum, FieldValue, hash_datum};
use super::set::{Packed, Sets};
use super::slab::Slab;
use super::table::Table;
use crate::normal::Test;
use crate::scalar::Scalar;

/// A condition that filters refer to.
#[derive(Clone, Debug)]
pub(super) struct Interned {
    pub(super) test: Test,
    pub(super) field: u32,
    /// As much of the hash of both as the tables use.
    pub(super) hash: u32,
    /// How many literals of filters refer to it.
    pub(super) references: u32,
    /// How many filters are found through it.
    pub(super) accesses: u32,
    /// The filters that are candidates when it holds.
    wanted: Packed,
}

/// All conditions. Hashes are keyed at random, so that nobody can write filters
/// or documents that collide.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    items: Slab<Interned>,
    /// The filters that are found through each.
    sets: Sets,
    /// All `equals` conditions, `ACCESS` added if they are found by values.
    equals: Table,
    /// All other conditions.
    others: Table,
    hasher: RandomState,
    /// The memory of the tests themselves.
    heap_bytes: usize,
}

/// Marks the number of an `equals` condition that gives access to filters.
const ACCESS: u32 = 1 << 31;

impl std::ops::Index<u32> for Conditions {
    type Output = Interned;

    #[inline]
    fn index(&self, id: u32) -> &Interned {
        &self.items[id]
    }
}

impl std::ops::IndexMut<u32> for Conditions {
    fn index_mut(&mut self, id: u32) -> &mut Interned {
        &mut self.items[id]
    }
}

impl Conditions {
    /// The number of a condition, and whether it is new.
    pub(super) fn intern(&mut self, field: u32, test: &Test) -> (u32, bool) {
        let hash = hash_test(&self.hasher, field, test);
        if let Some(id) = self.find_hashed(hash, field, test) {
            self.items[id].references += 1;
            return (id, false);
        }
        self.heap_bytes += test.heap_bytes();
        let id = self.items.insert(Interned {
            test: test.clone(),
            field,
            hash: hash as u32,
            references: 1,
            accesses: 0,
            wanted: Packed::default(),
        });
        let items = &self.items;
        let table = match test {
            Test::Equals(_) => &mut self.equals,
            _ => &mut self.others,
        };
        table.insert(hash, id, |it| items[it & !ACCESS].hash.into());
        (id, true)
    }

    /// Takes one reference back; the condition, if that was the last.
    pub(super) fn release(&mut self, id: u32) -> Option<Interned> {
        self.items[id].references -= 1;
        if self.items[id].references > 0 {
            return None;
        }
        let items = &self.items;
        let table = match items[id].test {
            Test::Equals(_) => &mut self.equals,
            _ => &mut self.others,
        };
        let hash_of = |it| items[it & !ACCESS].hash.into();
        table.remove(hash_of(id), id, hash_of);
        let item = self.items.remove(id)?;
        self.heap_bytes -= item.test.heap_bytes();
        Some(item)
    }

    /// A condition, if filters refer to it already.
    pub(super) fn find(&self, field: u32, test: &Test) -> Option<u32> {
        self.find_hashed(hash_test(&self.hasher, field, test), field, test)
    }

    fn find_hashed(&self, hash: u64, field: u32, test: &Test) -> Option<u32> {
        let is_it = |id: u32| {
            let item = &self.items[id & !ACCESS];
            item.field == field && item.test == *test
        };
        let table = match test {
            Test::Equals(_) => &self.equals,
            _ => &self.others,
        };
        Some(table.find(hash, is_it)? & !ACCESS)
    }

    /// Lets an `equals` condition be found by its value, or no longer.
    pub(super) fn index_equals(&mut self, id: u32, is_access: bool) {
        let hash = self.items[id].hash.into();
        let (plain, access) = (id, id | ACCESS);
        if is_access {
            self.equals.replace(hash, plain, access);
        } else {
            self.equals.replace(hash, access, plain);
        }
    }

    /// The condition with access to filters that a field equals this value, whose
    /// hash is given.
    #[inline]
    pub(super) fn find_equals(&self, value: &FieldValue<'_>) -> Option<u32> {
        let is_it = |id: u32| id & ACCESS != 0 && self.is_equals(id & !ACCESS, value);
        Some(self.equals.find(value.hash, is_it)? & !ACCESS)
    }

    /// The same, whether it gives access to filters or not.
    pub(super) fn find_known_equals(&self, value: &FieldValue<'_>) -> Option<u32> {
        let is_it = |id: u32| self.is_equals(id & !ACCESS, value);
        Some(self.equals.find(value.hash, is_it)? & !ACCESS)
    }

    #[inline]
    fn is_equals(&self, id: u32, value: &FieldValue<'_>) -> bool {
        let item = &self.items[id];
        item.field == value.field
            && matches!(&item.test, Test::Equals(scalar) if value.datum.equals(scalar))
    }

    /// The hash of an `equals` condition, as `hash_datum` gives it for its value.
    pub(super) fn equals_hash(&self, id: u32) -> Option<u32> {
        let item = &self.items[id];
        matches!(item.test, Test::Equals(_)).then_some(item.hash)
    }

    /// Makes a filter a candidate when a condition holds.
    pub(super) fn want(&mut self, id: u32, entry: u32) {
        self.sets.insert(&mut self.items[id].wanted, entry);
    }

    pub(super) fn unwant(&mut self, id: u32, entry: u32) {
        self.sets.remove(&mut self.items[id].wanted, entry);
    }

    /// The filters that are candidates when a condition holds, as `Entry` numbers.
    #[inline]
    pub(super) fn for_each_wanted(&self, id: u32, visit: impl FnMut(u32)) {
        self.sets.for_each(self.items[id].wanted, visit);
    }

    pub(super) fn hasher(&self) -> &RandomState {
        &self.hasher
    }

    /// Their memory.
    pub(super) fn bytes(&self) -> usize {
        let tables = self.equals.bytes() + self.others.bytes();
        self.items.bytes() + self.sets.bytes() + tables + self.heap_bytes
    }

    pub(super) fn end(&self) -> usize {
        self.items.end()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Interned)> {
        self.items.iter()
    }
}

fn hash_test(hasher: &RandomState, field: u32, test: &Test) -> u64 {
    match test {
        Test::Equals(scalar) => hash_scalar(hasher, field, scalar),
        test => hasher.hash_one((field, test)),
    }
}

pub(super) fn hash_scalar(hasher: &RandomState, field: u32, scalar: &Scalar) -> u64 {
    let datum = match scalar {
        Scalar::Null => Datum::Null,
        Scalar::Bool(it) => Datum::Bool(*it),
        Scalar::Number(it) => Datum::Number(it.get()),
        Scalar::String(it) => Datum::String(it),
    };
    hash_datum(hasher, field, datum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Values chosen to collide in one engine are as good as any in another.
    #[test]
    fn nobody_can_choose_values_that_collide() {
        let place = |hasher: &RandomState, number: u32| {
            let hash = hash_datum(hasher, 1, Datum::Number(f64::from(number)));
            hash as u32 & 0xff_ffff
        };
        let (known, other) = (RandomState::new(), RandomState::new());
        let target = place(&known, 0) & 0xfff;
        let chosen: Vec<u32> = (0..2_000_000)
            .filter(|it| place(&known, *it) & 0xfff == target)
            .collect();
        assert!(chosen.len() > 300, "{}", chosen.len());
        let places: HashSet<u32> = chosen.iter().map(|it| place(&other, *it) & 0xfff).collect();
        assert!(places.len() * 10 > chosen.len() * 8, "{}", places.len());
    }
}
