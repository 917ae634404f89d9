//! `in` and `exists path[value]`: conditions found by one of their values.
//!
//! One table of (field, value), each with the conditions that list the value; so
//! a condition of a thousand values is a thousand entries and no more work for a
//! document than one of two.
//!
//! Cost: one look-up per value of a document.

use ahash::RandomState;

use super::condition::{hash_datum, hash_scalar};
use super::datum::Datum;
use super::set::Set;
use super::slab::Slab;
use super::table::Table;
use crate::scalar::Scalar;

/// Values of fields, with the conditions that list them.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    items: Slab<Member>,
    table: Table,
}

#[derive(Clone, Debug)]
struct Member {
    value: Scalar,
    field: u32,
    conditions: Set,
}

impl Members {
    pub(super) fn insert(
        &mut self,
        hasher: &RandomState,
        field: u32,
        value: &Scalar,
        condition: u32,
    ) {
        let hash = hash_scalar(hasher, field, value);
        if let Some(place) = self.find_scalar(hash, field, value) {
            self.items[place].conditions.insert(condition);
            return;
        }
        let place = self.items.insert(Member {
            value: value.clone(),
            field,
            conditions: Set::One(condition),
        });
        let items = &self.items;
        self.table.insert(hash, place, |it| {
            hash_scalar(hasher, items[it].field, &items[it].value)
        });
    }

    pub(super) fn remove(
        &mut self,
        hasher: &RandomState,
        field: u32,
        value: &Scalar,
        condition: u32,
    ) {
        let hash = hash_scalar(hasher, field, value);
        let Some(place) = self.find_scalar(hash, field, value) else {
            return;
        };
        let conditions = &mut self.items[place].conditions;
        conditions.remove(condition);
        if conditions.is_empty() {
            self.items.remove(place);
            self.table.remove(hash, place);
        }
    }

    /// The conditions of a field that list a value.
    pub(super) fn find(
        &self,
        hasher: &RandomState,
        field: u32,
        datum: Datum<'_>,
        found: &mut Vec<u32>,
    ) {
        let hash = hash_datum(hasher, field, datum);
        let is_it =
            |place: u32| self.items[place].field == field && datum.equals(&self.items[place].value);
        if let Some(place) = self.table.find(hash, is_it) {
            self.items[place].conditions.for_each(|it| found.push(it));
        }
    }

    fn find_scalar(&self, hash: u64, field: u32, value: &Scalar) -> Option<u32> {
        self.table.find(hash, |place| {
            self.items[place].field == field && self.items[place].value == *value
        })
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}
