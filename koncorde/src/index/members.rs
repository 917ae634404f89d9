//! `in` and `exists path[value]`: conditions found by one of their values.
//!
//! One table of (field, value), each with the conditions that list the value; so
//! a condition of a thousand values is a thousand entries and no more work for a
//! document than one of two.
//!
//! Cost: one look-up per value of a document.

use std::sync::Arc;

use ahash::RandomState;

use super::condition::hash_scalar;
use super::datum::FieldValue;
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
    /// The values of one of the conditions, and which of them it is: the text of
    /// a value is kept once.
    values: Arc<[Scalar]>,
    place: u32,
    field: u32,
    conditions: Set,
}

impl Member {
    #[inline]
    fn value(&self) -> &Scalar {
        &self.values[self.place as usize]
    }
}

impl Members {
    /// Adds a condition that lists some values.
    pub(super) fn insert(
        &mut self,
        hasher: &RandomState,
        field: u32,
        values: &Arc<[Scalar]>,
        condition: u32,
    ) {
        for (value, place) in values.iter().zip(0..) {
            let hash = hash_scalar(hasher, field, value);
            if let Some(known) = self.find_scalar(hash, field, value) {
                self.items[known].conditions.insert(condition);
                continue;
            }
            let member = self.items.insert(Member {
                values: Arc::clone(values),
                place,
                field,
                conditions: Set::One(condition),
            });
            let items = &self.items;
            self.table.insert(hash, member, |it| {
                hash_scalar(hasher, items[it].field, items[it].value())
            });
        }
    }

    /// Removes a condition from all of its values.
    pub(super) fn remove(
        &mut self,
        hasher: &RandomState,
        field: u32,
        values: &[Scalar],
        condition: u32,
    ) {
        for value in values {
            let hash = hash_scalar(hasher, field, value);
            let Some(member) = self.find_scalar(hash, field, value) else {
                continue;
            };
            let conditions = &mut self.items[member].conditions;
            conditions.remove(condition);
            if conditions.is_empty() {
                let items = &self.items;
                self.table.remove(hash, member, |it| {
                    hash_scalar(hasher, items[it].field, items[it].value())
                });
                self.items.remove(member);
            }
        }
    }

    /// The conditions of a field that list a value, whose hash is given.
    pub(super) fn find(&self, value: &FieldValue<'_>, found: &mut Vec<u32>) {
        let FieldValue { field, datum, hash } = *value;
        let is_it = |place: u32| {
            self.items[place].field == field && datum.equals(self.items[place].value())
        };
        if let Some(place) = self.table.find(hash, is_it) {
            self.items[place].conditions.for_each(|it| found.push(it));
        }
    }

    fn find_scalar(&self, hash: u64, field: u32, value: &Scalar) -> Option<u32> {
        self.table.find(hash, |place| {
            self.items[place].field == field && *self.items[place].value() == *value
        })
    }

    /// Their memory. The values belong to the conditions.
    pub(super) fn bytes(&self) -> usize {
        self.items.bytes() + self.table.bytes()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}
