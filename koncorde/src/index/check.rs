//! What must be true of an index at any time: for tests.

use std::collections::HashMap;

use super::program::Lit;
use super::{Entry, Index, Way};
use crate::normal::Test;

impl Index {
    /// Panics where the structures contradict each other.
    pub(crate) fn check_invariants(&self) {
        let mut references: HashMap<u32, u32> = HashMap::new();
        let mut accesses: HashMap<u32, u32> = HashMap::new();
        for (filter, stored) in self.filters.iter() {
            stored.residual.for_each(&mut |literal| {
                *references.entry(literal.condition()).or_default() += 1;
            });
            for posting in self.postings(filter) {
                let id = posting.literal.condition();
                *references.entry(id).or_default() += 1;
                *accesses.entry(id).or_default() += 1;
                self.check_posting(filter, posting.literal, posting.place);
            }
            let is_always = contains(&self.always, self.entry(filter));
            assert_eq!(is_always, matches!(stored.access.way(), Way::Always));
        }
        for (id, condition) in self.conditions.iter() {
            assert_eq!(
                Some(&condition.references),
                references.get(&id),
                "{condition:?}"
            );
            let accesses = accesses.get(&id).copied().unwrap_or_default();
            assert_eq!(condition.accesses, accesses, "{condition:?}");
        }
        assert_eq!(references.len(), self.conditions.len());
        self.check_fields();
    }

    fn check_posting(&self, filter: u32, literal: Lit, place: u32) {
        let entry = self.entry(filter);
        let condition = &self.conditions[literal.condition()];
        let is_outside = matches!(condition.test, Test::Outside(_));
        if !literal.is_negated() && !is_outside {
            let mut is_wanted = false;
            let id = literal.condition();
            let conditions = &self.conditions;
            conditions.for_each_wanted(id, |it| is_wanted |= it == entry.0);
            assert!(is_wanted);
            return;
        }
        let kinds = self.fields.kinds(condition.field);
        let negated = &kinds.expect("a posted field has kinds").negated;
        let list = match condition.test {
            Test::Exists => &negated.missing,
            Test::Outside(_) => &negated.outside,
            _ => &negated.others,
        };
        assert_eq!(list.at(place), Some((entry.0, literal.condition())));
    }

    fn check_fields(&self) {
        let mut lists = 0;
        self.absences.for_each(|field| {
            let kinds = self.fields.kinds(field);
            assert!(kinds.is_some_and(|it| !it.negated.is_empty()));
            lists += 1;
        });
        assert_eq!(lists, self.absences.len());
        for (_, condition) in self.conditions.iter() {
            if let Some(kinds) = self.fields.kinds(condition.field) {
                kinds.ranges.check_invariants();
            }
            let known = self.fields.find(&self.fields.path(condition.field));
            assert_eq!(known, Some(condition.field));
        }
        if self.conditions.len() == 0 {
            assert_eq!(self.fields.len(), 0, "fields without conditions");
            assert_eq!(self.one_of.len() + self.contained.len(), 0);
        }
    }
}

fn contains(set: &super::Set, entry: Entry) -> bool {
    let mut is_there = false;
    set.for_each(|it| is_there |= it == entry.0);
    is_there
}
