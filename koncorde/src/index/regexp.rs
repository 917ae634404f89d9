//! Patterns, found by a text.
//!
//! A pattern that begins with a literal is found by the beginning of the text,
//! one look-up per length of such heads; one that holds a literal by the windows
//! of that literal (`gram`); the few others are always run. Candidates are run
//! on the whole text, in linear time, unless their literal says all.
//!
//! Cost: the lengths of heads, the places of the text, and candidates.

use std::collections::BTreeMap;

use ahash::AHashMap;

use super::condition::Conditions;
use super::gram::Grams;
use super::literal::{Need, Rest, need};
use super::set::Set;
use crate::normal::Test;
use crate::pattern::Pattern;

/// The patterns of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Regexps {
    heads: AHashMap<Box<[u8]>, Head>,
    /// How many heads have each length.
    lengths: BTreeMap<usize, u32>,
    grams: Grams,
    /// Patterns about whose texts nothing is known.
    others: Set,
    /// How many patterns there are.
    count: u32,
}

/// The patterns with the same head.
#[derive(Clone, Debug, Default)]
struct Head {
    /// The head is all they ask for.
    complete: Set,
    /// The head is the whole text.
    exact: Set,
    /// They have to be run.
    longer: Set,
}

impl Head {
    fn patterns(&mut self, rest: Rest) -> &mut Set {
        match rest {
            Rest::Anything => &mut self.complete,
            Rest::End => &mut self.exact,
            Rest::Pattern => &mut self.longer,
        }
    }

    fn is_empty(&self) -> bool {
        self.complete.is_empty() && self.exact.is_empty() && self.longer.is_empty()
    }
}

impl Regexps {
    pub(super) fn insert(&mut self, pattern: &Pattern, condition: u32) {
        self.count += 1;
        match need(pattern.hir()) {
            Need::Unknown => self.others.insert(condition),
            Need::Within(literals) => {
                for literal in literals {
                    self.grams.insert(&literal, condition);
                }
            }
            Need::Head { literal, rest } => {
                let length = literal.len();
                let head = self.heads.entry(literal).or_default();
                if head.is_empty() {
                    *self.lengths.entry(length).or_default() += 1;
                }
                head.patterns(rest).insert(condition);
            }
        }
    }

    pub(super) fn remove(&mut self, pattern: &Pattern, condition: u32) {
        self.count -= 1;
        match need(pattern.hir()) {
            Need::Unknown => self.others.remove(condition),
            Need::Within(literals) => {
                for literal in literals {
                    self.grams.remove(&literal, condition);
                }
            }
            Need::Head { literal, rest } => self.remove_head(&literal, rest, condition),
        }
    }

    fn remove_head(&mut self, literal: &[u8], rest: Rest, condition: u32) {
        let Some(head) = self.heads.get_mut(literal) else {
            return;
        };
        head.patterns(rest).remove(condition);
        if head.is_empty() {
            self.heads.remove(literal);
            if let Some(count) = self.lengths.get_mut(&literal.len()) {
                *count -= 1;
                if *count == 0 {
                    self.lengths.remove(&literal.len());
                }
            }
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn find(&self, conditions: &Conditions, text: &str, found: &mut Vec<u32>) {
        let first = found.len();
        self.others.for_each(|it| found.push(it));
        self.grams.find(text.as_bytes(), found);
        self.find_heads(text, |head| head.longer.for_each(|it| found.push(it)));
        verify(conditions, text, found, first);
        self.find_heads(text, |head| head.complete.for_each(|it| found.push(it)));
        if let Some(head) = self.heads.get(text.as_bytes()) {
            head.exact.for_each(|it| found.push(it));
        }
    }

    fn find_heads(&self, text: &str, mut visit: impl FnMut(&Head)) {
        for length in self.lengths.keys() {
            let Some(beginning) = text.as_bytes().get(..*length) else {
                break;
            };
            if let Some(head) = self.heads.get(beginning) {
                visit(head);
            }
        }
    }
}

/// Keeps those candidates from `first` on whose pattern is found in the text.
fn verify(conditions: &Conditions, text: &str, found: &mut Vec<u32>, first: usize) {
    found[first..].sort_unstable();
    let mut kept = first;
    for place in first..found.len() {
        let candidate = found[place];
        let is_new = place == first || found[place - 1] != candidate;
        let is_match = || match &conditions[candidate].test {
            Test::Regexp(pattern) => pattern.is_match(text),
            _ => false,
        };
        if is_new && is_match() {
            found[kept] = candidate;
            kept += 1;
        }
    }
    found.truncate(kept);
}
