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
use super::set::{Packed, Sets};
use super::slab::Slab;
use super::table::Table;
use crate::scalar::Scalar;

/// Values of fields, with the conditions that list them.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    items: Slab<Member>,
    table: Table,
    /// The conditions of each member.
    sets: Sets,
}

#[derive(Clone, Debug)]
struct Member {
    /// The values of one of the conditions, and which of them it is: the text of
    /// a value is kept once.
    values: Arc<[Scalar]>,
    place: u32,
    field: u32,
    /// As much of the hash of both as the table uses.
    hash: u32,
    conditions: Packed,
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
            let known = self.find_scalar(hash, field, value);
            let member = known.unwrap_or_else(|| {
                let member = self.items.insert(Member {
                    values: Arc::clone(values),
                    place,
                    field,
                    hash: hash as u32,
                    conditions: Packed::default(),
                });
                let items = &self.items;
                self.table.insert(hash, member, |it| items[it].hash.into());
                member
            });
            let conditions = &mut self.items[member].conditions;
            self.sets.insert(conditions, condition);
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
            self.sets.remove(conditions, condition);
            if conditions.is_empty() {
                let items = &self.items;
                self.table.remove(hash, member, |it| items[it].hash.into());
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
            let conditions = self.items[place].conditions;
            self.sets.for_each(conditions, |it| found.push(it));
        }
    }

    fn find_scalar(&self, hash: u64, field: u32, value: &Scalar) -> Option<u32> {
        self.table.find(hash, |place| {
            let item = &self.items[place];
            item.hash == hash as u32 && item.field == field && *item.value() == *value
        })
    }

    /// Their memory. The values belong to the conditions.
    pub(super) fn bytes(&self) -> usize {
        self.items.bytes() + self.table.bytes() + self.sets.bytes()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}
