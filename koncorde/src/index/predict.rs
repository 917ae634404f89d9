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
    /// The texts of all keys, each with its quotes.
    texts: String,
    keys: Vec<Key>,
    /// The key that should come next.
    next: usize,
}

#[derive(Debug)]
struct Key {
    /// The first eight bytes of its text with quotes, zeros where it is shorter.
    head: u64,
    /// The bits of the head that count.
    mask: u64,
    /// The node whose object holds the key.
    parent: u32,
    /// Its text with quotes.
    start: u32,
    end: u32,
    step: Option<Step>,
}

/// More keys than this are looked up.
const KEYS_MAX: usize = 512;
/// Longer keys are looked up.
const KEY_BYTES_MAX: usize = 1024;
/// How many keys may be missing for the rest to be guessed on.
const MISSING_MAX: usize = 4;

impl Prediction {
    /// A document begins.
    #[inline]
    pub(super) fn begin(&mut self, fields: &Fields) {
        self.next = 0;
        if self.stamp != fields.stamp() {
            self.stamp = fields.stamp();
            self.forget(0);
        }
    }

    /// What the key at a place of a text leads to, and where it ends, if it is the
    /// one that should come next.
    #[inline]
    pub(super) fn guess(
        &mut self,
        text: &[u8],
        at: usize,
        parent: u32,
    ) -> Option<(Option<Step>, usize)> {
        let key = self.keys.get(self.next)?;
        let head = u64::from_le_bytes(*text.get(at..)?.first_chunk()?);
        if head & key.mask != key.head || key.parent != parent {
            return None;
        }
        let length = (key.end - key.start) as usize;
        if length > 8 {
            let rest = &self.texts.as_bytes()[key.start as usize + 8..key.end as usize];
            if text.get(at + 8..at + length)? != rest {
                return None;
            }
        }
        self.next += 1;
        Some((key.step, at + length))
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
            let text = &self.texts.as_bytes()[it.start as usize + 1..it.end as usize - 1];
            it.parent == parent && *text == *key.as_bytes()
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
        // What JSON writes with an escape looks otherwise in bytes.
        let is_special = |it: u8| matches!(it, b'"' | b'\\' | 0..=0x1f);
        if self.next < KEYS_MAX && key.len() < KEY_BYTES_MAX && !key.bytes().any(is_special) {
            self.forget(self.next);
            self.learn(parent, key, step);
        }
        step
    }

    fn learn(&mut self, parent: u32, key: &str, step: Option<Step>) {
        let start = self.texts.len();
        self.texts.push('"');
        self.texts.push_str(key);
        self.texts.push('"');
        let text = &self.texts.as_bytes()[start..];
        let mut head = [0; 8];
        let length = text.len().min(8);
        head[..length].copy_from_slice(&text[..length]);
        self.keys.push(Key {
            head: u64::from_le_bytes(head),
            mask: u64::MAX >> (64 - 8 * length),
            parent,
            // There are at most `KEYS_MAX` keys of `KEY_BYTES_MAX`.
            start: start as u32,
            end: self.texts.len() as u32,
            step,
        });
        self.next = self.keys.len();
    }

    /// Forgets the keys from a place on.
    fn forget(&mut self, place: usize) {
        if let Some(key) = self.keys.get(place) {
            self.texts.truncate(key.start as usize);
            self.keys.truncate(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::field::ROOT;

    /// What was learned from a parsed document is looked for in bytes too, where
    /// some keys are written otherwise.
    #[test]
    fn keys_that_need_escapes_are_not_guessed() {
        let fields = Fields::default();
        for (key, is_guessed) in [
            ("a", true),
            ("a longer key", true),
            ("é", true),
            ("", true),
            ("a\"b", false),
            ("a\\b", false),
            ("a\nb", false),
        ] {
            let mut prediction = Prediction::default();
            prediction.begin(&fields);
            prediction.step(&fields, ROOT, key);
            prediction.begin(&fields);
            let text = format!("\"{key}\": \"something\"");
            let end = prediction.guess(text.as_bytes(), 0, ROOT).map(|it| it.1);
            assert_eq!(end, is_guessed.then_some(key.len() + 2), "{key:?}");
        }
    }
}
