//! The keys of a document, guessed from the one before.
//!
//! Documents of a stream have the same keys in the same order, more or less. So
//! the keys of one document and what they lead to are kept in their order, and a
//! key of the next is first compared with the one that should be next: that is
//! a third of the work of looking it up.
//!
//! Cost: one comparison per key that is guessed; a look-up for the others.

use super::field::{Fields, Step};

/// The keys of the last document, in their order.
#[derive(Debug, Default)]
pub(super) struct Prediction {
    /// The state of the fields that it is about.
    stamp: u64,
    /// The texts of all keys.
    texts: String,
    keys: Vec<Key>,
    /// The key that should come next.
    next: usize,
}

#[derive(Debug)]
struct Key {
    /// The node whose object holds the key.
    parent: u32,
    /// Its text.
    start: usize,
    end: usize,
    step: Option<Step>,
}

/// More keys than this are looked up.
const KEYS_MAX: usize = 512;
/// How many keys may be missing for the rest to be guessed on.
const MISSING_MAX: usize = 4;

impl Prediction {
    /// A document begins.
    pub(super) fn begin(&mut self, fields: &Fields) {
        self.next = 0;
        if self.stamp != fields.stamp() {
            self.stamp = fields.stamp();
            self.forget(0);
        }
    }

    /// What a key of an object at `parent` leads to.
    #[inline]
    pub(super) fn step(&mut self, fields: &Fields, parent: u32, key: &str) -> Option<Step> {
        if self.is_at(self.next, parent, key) {
            self.next += 1;
            return self.keys[self.next - 1].step;
        }
        self.look_up(fields, parent, key)
    }

    #[inline]
    fn is_at(&self, place: usize, parent: u32, key: &str) -> bool {
        self.keys.get(place).is_some_and(|it| {
            it.parent == parent && self.texts.as_bytes()[it.start..it.end] == *key.as_bytes()
        })
    }

    #[cold]
    fn look_up(&mut self, fields: &Fields, parent: u32, key: &str) -> Option<Step> {
        let ahead = self.next + 1..=self.next + MISSING_MAX;
        if let Some(place) = ahead.into_iter().find(|it| self.is_at(*it, parent, key)) {
            self.next = place + 1;
            return self.keys[place].step;
        }
        let step = fields.step(parent, key);
        if self.next < KEYS_MAX {
            self.forget(self.next);
            let start = self.texts.len();
            self.texts.push_str(key);
            self.keys.push(Key {
                parent,
                start,
                end: self.texts.len(),
                step,
            });
            self.next = self.keys.len();
        }
        step
    }

    /// Forgets the keys from a place on.
    fn forget(&mut self, place: usize) {
        if let Some(key) = self.keys.get(place) {
            self.texts.truncate(key.start);
            self.keys.truncate(place);
        }
    }
}
