//! `select`: conditions on one element of an array.
//!
//! Grouped by the index of the element, so that each element asked for is picked
//! once. Their queries are verified one by one.
//!
//! Cost: the selections of the field whose element exists.

use std::collections::BTreeMap;

use super::condition::Conditions;
use super::datum::{self, Datum};
use super::set::Set;
use crate::normal::Test;

/// The selections of one field, by index.
#[derive(Clone, Debug, Default)]
pub(super) struct Selections {
    by_index: BTreeMap<i64, Set>,
}

impl Selections {
    pub(super) fn insert(&mut self, index: i64, condition: u32) {
        self.by_index.entry(index).or_default().insert(condition);
    }

    pub(super) fn remove(&mut self, index: i64, condition: u32) {
        if let Some(conditions) = self.by_index.get_mut(&index) {
            conditions.remove(condition);
            if conditions.is_empty() {
                self.by_index.remove(&index);
            }
        }
    }

    pub(super) fn find(&self, conditions: &Conditions, datum: Datum<'_>, found: &mut Vec<u32>) {
        for (index, selections) in &self.by_index {
            if datum::pick(datum.elements(), *index).is_none() {
                continue;
            }
            selections.for_each(|id| {
                if datum::holds(&conditions[id].test, Some(datum)) {
                    found.push(id);
                }
            });
        }
    }
}

/// The index that a selection picks.
pub(super) fn index_of(test: &Test) -> i64 {
    match test {
        Test::Select(selection) => selection.index,
        _ => 0,
    }
}
