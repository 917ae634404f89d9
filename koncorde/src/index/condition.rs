//! Conditions, each of them once.
//!
//! Filters refer to conditions by number. A condition lives as long as a filter
//! refers to it, and stands in the index of its kind as long as it gives access
//! to a filter.
//!
//! One table finds equal conditions. A second one holds the `equals` conditions
//! that give access to filters, by the same hash: it is their index, and a
//! document does not pay for those that are only verified.
//!
//! Cost: one look-up to intern; one per field of a document for `equals`.

use ahash::RandomState;

use super::datum::{Datum, FieldValue, hash_datum};
use super::set::Set;
use super::slab::Slab;
use super::table::Table;
use crate::normal::Test;
use crate::scalar::Scalar;

/// A condition that filters refer to.
#[derive(Clone, Debug)]
pub(super) struct Interned {
    pub(super) test: Test,
    pub(super) field: u32,
    /// How many literals of filters refer to it.
    pub(super) references: u32,
    /// How many filters are found through it.
    pub(super) accesses: u32,
    /// The filters that are candidates when it holds, as `Entry` numbers.
    pub(super) wanted: Set,
}

/// All conditions. Hashes are keyed at random, so that nobody can write filters
/// or documents that collide.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    items: Slab<Interned>,
    table: Table,
    /// The `equals` conditions with access to filters.
    equals: Table,
    hasher: RandomState,
}

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
        let is_it = |id: u32| self.items[id].field == field && self.items[id].test == *test;
        if let Some(id) = self.table.find(hash, is_it) {
            self.items[id].references += 1;
            return (id, false);
        }
        let id = self.items.insert(Interned {
            test: test.clone(),
            field,
            references: 1,
            accesses: 0,
            wanted: Set::default(),
        });
        let (items, hasher) = (&self.items, &self.hasher);
        self.table.insert(hash, id, |it| {
            hash_test(hasher, items[it].field, &items[it].test)
        });
        (id, true)
    }

    /// Takes one reference back; the condition, if that was the last.
    pub(super) fn release(&mut self, id: u32) -> Option<Interned> {
        let item = &mut self.items[id];
        item.references -= 1;
        if item.references > 0 {
            return None;
        }
        let hash = hash_test(&self.hasher, item.field, &item.test);
        self.table.remove(hash, id);
        self.items.remove(id)
    }

    /// How many filters refer to a condition already; 0 if it is unknown.
    pub(super) fn references(&self, field: u32, test: &Test) -> u32 {
        let hash = hash_test(&self.hasher, field, test);
        let is_it = |id: u32| self.items[id].field == field && self.items[id].test == *test;
        let known = self.table.find(hash, is_it);
        known.map_or(0, |id| self.items[id].references)
    }

    /// Lets an `equals` condition be found by its value.
    pub(super) fn index_equals(&mut self, id: u32) {
        let (items, hasher) = (&self.items, &self.hasher);
        let hash_of = |it: u32| hash_test(hasher, items[it].field, &items[it].test);
        self.equals.insert(hash_of(id), id, hash_of);
    }

    pub(super) fn unindex_equals(&mut self, id: u32) {
        let item = &self.items[id];
        let hash = hash_test(&self.hasher, item.field, &item.test);
        self.equals.remove(hash, id);
    }

    /// The condition with access to filters that a field equals this value, whose
    /// hash is given.
    #[inline]
    pub(super) fn find_equals(&self, value: &FieldValue<'_>) -> Option<u32> {
        self.equals.find(value.hash, |id| {
            let item = &self.items[id];
            item.field == value.field
                && matches!(&item.test, Test::Equals(scalar) if value.datum.equals(scalar))
        })
    }

    /// The hash of an `equals` condition, as `hash_datum` gives it for its value.
    pub(super) fn equals_hash(&self, id: u32) -> Option<u64> {
        let item = &self.items[id];
        let is_equals = matches!(item.test, Test::Equals(_));
        is_equals.then(|| hash_test(&self.hasher, item.field, &item.test))
    }

    pub(super) fn hasher(&self) -> &RandomState {
        &self.hasher
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
