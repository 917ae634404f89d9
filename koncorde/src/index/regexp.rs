//! Patterns, found by a text.

use super::condition::Conditions;
use crate::normal::Test;

/// The patterns of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Regexps {
    all: Vec<u32>,
}

impl Regexps {
    pub(super) fn insert(&mut self, condition: u32) {
        self.all.push(condition);
    }

    pub(super) fn remove(&mut self, condition: u32) {
        self.all.retain(|it| *it != condition);
    }

    pub(super) fn find(&self, conditions: &Conditions, text: &str, found: &mut Vec<u32>) {
        found.extend(self.all.iter().filter(|id| match &conditions[**id].test {
            Test::Regexp(pattern) => pattern.is_match(text),
            _ => false,
        }));
    }
}
