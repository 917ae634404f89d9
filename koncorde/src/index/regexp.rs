//! Patterns, found by a text.
//!
//! A pattern that begins with a literal is found by the beginning of the text,
//! one look-up per length of such heads; only what follows the head is run, and
//! only once for all patterns that go on alike. One that holds a literal is found
//! by the windows of that literal (`gram`), those that ignore case in the text
//! with its letters folded. The few others are run if the text has some of the
//! bytes that they ask for. All runs take linear time.
//!
//! Cost: the lengths of heads, the places of the text, and candidates.

use ahash::AHashMap;
use regex_syntax::hir::Hir;
use smallvec::SmallVec;

use super::condition::Conditions;
use super::gram::Grams;
use super::hits::keep;
use super::literal::{ByteSet, Bytes, Need, Rest, fold, need};
use super::set::Set;
use super::slab::Slab;
use crate::normal::Test;
use crate::pattern::{Pattern, Runner, identity};

/// The patterns of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Regexps {
    heads: AHashMap<Box<[u8]>, Head>,
    /// The lengths of heads, sorted, and how many heads have each.
    lengths: Vec<(usize, u32)>,
    tails: Tails,
    grams: Grams,
    /// Of literals that are folded.
    folded: Grams,
    /// Patterns without a literal.
    others: AHashMap<Bytes, Set>,
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
    /// What follows the head has to be run, by number.
    longer: SmallVec<[(u32, Set); 1]>,
}

impl Head {
    fn is_empty(&self) -> bool {
        self.complete.is_empty() && self.exact.is_empty() && self.longer.is_empty()
    }

    fn longer(&mut self, tail: u32) -> &mut Set {
        let place = self.longer.iter().position(|it| it.0 == tail);
        let place = place.unwrap_or_else(|| {
            self.longer.push((tail, Set::default()));
            self.longer.len() - 1
        });
        &mut self.longer[place].1
    }
}

impl Regexps {
    pub(super) fn insert(&mut self, pattern: &Pattern, condition: u32) {
        self.count += 1;
        match need(pattern.hir()) {
            Need::Bytes(bytes) => self.others.entry(bytes).or_default().insert(condition),
            Need::Within(literals) => {
                for literal in literals {
                    self.grams.insert(&literal, condition);
                }
            }
            Need::Folded(literals) => {
                for literal in literals {
                    self.folded.insert(&literal, condition);
                }
            }
            Need::Head { literal, rest } => self.insert_head(literal, rest, condition),
        }
    }

    fn insert_head(&mut self, literal: Box<[u8]>, rest: Rest, condition: u32) {
        let length = literal.len();
        let head = self.heads.entry(literal).or_default();
        if head.is_empty() {
            match self.lengths.binary_search_by_key(&length, |it| it.0) {
                Ok(place) => self.lengths[place].1 += 1,
                Err(place) => self.lengths.insert(place, (length, 1)),
            }
        }
        match rest {
            Rest::Anything => head.complete.insert(condition),
            Rest::End => head.exact.insert(condition),
            Rest::Tail(tail) => head.longer(self.tails.add(tail)).insert(condition),
        }
    }

    pub(super) fn remove(&mut self, pattern: &Pattern, condition: u32) {
        self.count -= 1;
        match need(pattern.hir()) {
            Need::Bytes(bytes) => {
                if let Some(others) = self.others.get_mut(&bytes) {
                    others.remove(condition);
                    if others.is_empty() {
                        self.others.remove(&bytes);
                    }
                }
            }
            Need::Within(literals) => {
                for literal in literals {
                    self.grams.remove(&literal, condition);
                }
            }
            Need::Folded(literals) => {
                for literal in literals {
                    self.folded.remove(&literal, condition);
                }
            }
            Need::Head { literal, rest } => self.remove_head(&literal, rest, condition),
        }
    }

    fn remove_head(&mut self, literal: &[u8], rest: Rest, condition: u32) {
        let Some(head) = self.heads.get_mut(literal) else {
            return;
        };
        match rest {
            Rest::Anything => head.complete.remove(condition),
            Rest::End => head.exact.remove(condition),
            Rest::Tail(tail) => {
                if let Some(tail) = self.tails.release(&tail) {
                    head.longer(tail).remove(condition);
                    head.longer.retain(|it| !it.1.is_empty());
                }
            }
        }
        if !head.is_empty() {
            return;
        }
        self.heads.remove(literal);
        let place = self.lengths.binary_search_by_key(&literal.len(), |it| it.0);
        if let Ok(place) = place {
            self.lengths[place].1 -= 1;
            if self.lengths[place].1 == 0 {
                self.lengths.remove(place);
            }
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `folded` is memory to work with.
    pub(super) fn find(
        &self,
        conditions: &Conditions,
        text: &str,
        folded: &mut String,
        found: &mut Vec<u32>,
    ) {
        let first = found.len();
        if !self.others.is_empty() {
            let bytes = ByteSet::of(text.as_bytes());
            for (needs, others) in &self.others {
                if needs.are_in(text.as_bytes(), &bytes) {
                    others.for_each(|it| found.push(it));
                }
            }
        }
        self.grams.find(text.as_bytes(), found);
        if !self.folded.is_empty() {
            fold(text, folded);
            self.folded.find(folded.as_bytes(), found);
        }
        if found.len() > first {
            keep(found, first, |candidate| {
                match &conditions[candidate].test {
                    Test::Regexp(pattern) => pattern.is_match(text),
                    _ => false,
                }
            });
        }
        self.find_heads(text, found);
    }

    fn find_heads(&self, text: &str, found: &mut Vec<u32>) {
        for (length, _) in &self.lengths {
            let Some(beginning) = text.as_bytes().get(..*length) else {
                break;
            };
            let Some(head) = self.heads.get(beginning) else {
                continue;
            };
            head.complete.for_each(|it| found.push(it));
            if text.len() == *length {
                head.exact.for_each(|it| found.push(it));
            }
            for (tail, patterns) in &head.longer {
                if self.tails.is_match(*tail, text, *length) {
                    patterns.for_each(|it| found.push(it));
                }
            }
        }
    }
}

/// What follows the heads of patterns, each of them once: many patterns differ in
/// their heads only.
#[derive(Clone, Debug, Default)]
struct Tails {
    items: Slab<Tail>,
    /// By what they look like.
    numbers: AHashMap<Box<str>, u32>,
}

#[derive(Clone, Debug)]
struct Tail {
    runner: Runner,
    /// How many patterns have it.
    patterns: u32,
}

impl Tails {
    /// The number of a tail, for one more pattern.
    fn add(&mut self, tail: Hir) -> u32 {
        let text = identity(&tail);
        if let Some(number) = self.numbers.get(&text) {
            self.items[*number].patterns += 1;
            return *number;
        }
        let number = self.items.insert(Tail {
            runner: Runner::new(tail),
            patterns: 1,
        });
        self.numbers.insert(text, number);
        number
    }

    /// The number of a tail, for one pattern less.
    fn release(&mut self, tail: &Hir) -> Option<u32> {
        let text = identity(tail);
        let number = *self.numbers.get(&text)?;
        self.items[number].patterns -= 1;
        if self.items[number].patterns == 0 {
            self.items.remove(number);
            self.numbers.remove(&text);
        }
        Some(number)
    }

    /// Whether a text goes on like this from a place.
    fn is_match(&self, tail: u32, text: &str, at: usize) -> bool {
        self.items[tail].runner.is_match_at(text, at)
    }
}
