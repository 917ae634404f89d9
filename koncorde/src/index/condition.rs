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
    /// The filters that are candidates when it holds.
    wanted: Wanted,
}

/// A set of `Entry` numbers. Most sets have one member: it stands here. Others
/// stand in a list of sets: here is the place, marked by `LISTED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted(u32);

impl Wanted {
    const EMPTY: Self = Self(u32::MAX);
    /// A bit that no entry has.
    const LISTED: u32 = 1 << 29;

    fn list(self) -> Option<u32> {
        let is_listed = self != Self::EMPTY && self.0 & Self::LISTED != 0;
        is_listed.then_some(self.0 & !Self::LISTED)
    }
}

/// All conditions. Hashes are keyed at random, so that nobody can write filters
/// or documents that collide.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    items: Slab<Interned>,
    /// What more than one filter is found through.
    lists: Slab<Set>,
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
            references: 1,
            accesses: 0,
            wanted: Wanted::EMPTY,
        });
        let Self { items, hasher, .. } = self;
        let table = match test {
            Test::Equals(_) => &mut self.equals,
            _ => &mut self.others,
        };
        table.insert(hash, id, |it| hash_item(hasher, items, it));
        (id, true)
    }

    /// Takes one reference back; the condition, if that was the last.
    pub(super) fn release(&mut self, id: u32) -> Option<Interned> {
        self.items[id].references -= 1;
        if self.items[id].references > 0 {
            return None;
        }
        let Self { items, hasher, .. } = self;
        let table = match items[id].test {
            Test::Equals(_) => &mut self.equals,
            _ => &mut self.others,
        };
        let hash_of = |it| hash_item(hasher, items, it);
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
        let hash = hash_item(&self.hasher, &self.items, id);
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
    pub(super) fn equals_hash(&self, id: u32) -> Option<u64> {
        let is_equals = matches!(self.items[id].test, Test::Equals(_));
        is_equals.then(|| hash_item(&self.hasher, &self.items, id))
    }

    /// Makes a filter a candidate when a condition holds.
    pub(super) fn want(&mut self, id: u32, entry: u32) {
        debug_assert_eq!(entry & Wanted::LISTED, 0);
        let wanted = &mut self.items[id].wanted;
        if let Some(list) = wanted.list() {
            self.lists[list].insert(entry);
        } else if *wanted == Wanted::EMPTY {
            *wanted = Wanted(entry);
        } else if wanted.0 != entry {
            let mut set = Set::One(wanted.0);
            set.insert(entry);
            *wanted = Wanted(self.lists.insert(set) | Wanted::LISTED);
        }
    }

    pub(super) fn unwant(&mut self, id: u32, entry: u32) {
        let wanted = &mut self.items[id].wanted;
        if let Some(list) = wanted.list() {
            self.lists[list].remove(entry);
            if let Set::One(only) = self.lists[list] {
                *wanted = Wanted(only);
                self.lists.remove(list);
            }
        } else if wanted.0 == entry {
            *wanted = Wanted::EMPTY;
        }
    }

    /// The filters that are candidates when a condition holds.
    #[inline]
    pub(super) fn for_each_wanted(&self, id: u32, mut visit: impl FnMut(u32)) {
        let wanted = self.items[id].wanted;
        if wanted.0 & Wanted::LISTED == 0 {
            visit(wanted.0);
        } else if let Some(list) = wanted.list() {
            self.lists[list].for_each(visit);
        }
    }

    pub(super) fn hasher(&self) -> &RandomState {
        &self.hasher
    }

    /// Their memory.
    pub(super) fn bytes(&self) -> usize {
        let tables = self.equals.bytes() + self.others.bytes();
        self.items.bytes() + self.lists.bytes() + tables + self.heap_bytes
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

#[inline]
fn hash_item(hasher: &RandomState, items: &Slab<Interned>, id: u32) -> u64 {
    let item = &items[id & !ACCESS];
    hash_test(hasher, item.field, &item.test)
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
