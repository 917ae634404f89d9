//! Literals, looked for in a text all at once.
//!
//! Each literal is known by one of its windows of 8, 4, 2 or 1 bytes, the one
//! that fewest other literals are known by. A text slides the same windows over
//! itself: a bit decides for most places that no literal is there, a table tells
//! which literals may be. There is no automaton to rebuild, so that literals
//! come and go at any time.
//!
//! Cost: one bit per place of the text and size of window in use; a look-up per
//! set bit.

use ahash::AHashMap;

use super::set::Set;

const SIZES: [usize; 4] = [8, 4, 2, 1];

/// Owners of literals, by windows.
#[derive(Clone, Debug, Default)]
pub(super) struct Grams {
    /// By size, as in `SIZES`.
    windows: [Windows; 4],
}

#[derive(Clone, Debug, Default)]
struct Windows {
    owners: AHashMap<u64, Set>,
    /// A bit for each window in `owners`, at its hash; a power of two of them.
    bits: Vec<u64>,
}

/// Every window of some size, as a number.
fn windows(text: &[u8], size: usize) -> impl Iterator<Item = u64> {
    text.windows(size).map(move |window| match window {
        [a] => u64::from(*a),
        [a, b] => u64::from(u16::from_le_bytes([*a, *b])),
        [a, b, c, d] => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        window => u64::from_le_bytes(window.try_into().unwrap_or_default()),
    })
}

impl Grams {
    /// Adds a literal that is not empty.
    pub(super) fn insert(&mut self, literal: &[u8], owner: u32) {
        if let Some((place, size)) = size_of(literal) {
            let known = &mut self.windows[place];
            let rarity = |it: &u64| known.owners.get(it).map_or(0, Set::len);
            if let Some(window) = windows(literal, size).min_by_key(rarity) {
                known.insert(window, owner);
            }
        }
    }

    /// Removes all windows of a literal that its owner is known by.
    pub(super) fn remove(&mut self, literal: &[u8], owner: u32) {
        if let Some((place, size)) = size_of(literal) {
            for window in windows(literal, size) {
                self.windows[place].remove(window, owner);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.windows.iter().all(|it| it.owners.is_empty())
    }

    /// The owners whose literals may be in a text, some of them repeatedly.
    pub(super) fn find(&self, text: &[u8], found: &mut Vec<u32>) {
        for (known, size) in self.windows.iter().zip(SIZES) {
            if !known.owners.is_empty() {
                known.find(windows(text, size), found);
            }
        }
    }
}

/// The greatest window that fits.
fn size_of(literal: &[u8]) -> Option<(usize, usize)> {
    let mut sizes = SIZES.iter().copied().enumerate();
    sizes.find(|(_, size)| literal.len() >= *size)
}

impl Windows {
    fn insert(&mut self, window: u64, owner: u32) {
        self.owners.entry(window).or_default().insert(owner);
        // A quarter of the bits at most, so that most places are free.
        if self.owners.len() * 4 > self.bits.len() * 64 {
            self.bits = vec![0; (self.bits.len() * 4).max(64)];
            let windows: Vec<u64> = self.owners.keys().copied().collect();
            windows.into_iter().for_each(|it| self.set_bit(it));
        } else {
            self.set_bit(window);
        }
    }

    /// The bit stays: it costs a look-up, and goes with the last window.
    fn remove(&mut self, window: u64, owner: u32) {
        if let Some(owners) = self.owners.get_mut(&window) {
            owners.remove(owner);
            if owners.is_empty() {
                self.owners.remove(&window);
            }
        }
        if self.owners.is_empty() {
            *self = Self::default();
        }
    }

    fn set_bit(&mut self, window: u64) {
        let (word, bit) = self.bit(window);
        self.bits[word] |= bit;
    }

    #[inline]
    fn bit(&self, window: u64) -> (usize, u64) {
        let hash = window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let place = hash as usize & (self.bits.len() * 64 - 1);
        (place / 64, 1 << (place % 64))
    }

    fn find(&self, windows: impl Iterator<Item = u64>, found: &mut Vec<u32>) {
        for window in windows {
            let (word, bit) = self.bit(window);
            if self.bits[word] & bit != 0
                && let Some(owners) = self.owners.get(&window)
            {
                owners.for_each(|it| found.push(it));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_literals_of_all_lengths_wherever_they_stand() {
        let literals = ["a", "of", "sea", "ship", "seven", "dolphins", "leviathan"];
        let mut grams = Grams::default();
        for (owner, literal) in literals.iter().enumerate() {
            grams.insert(literal.as_bytes(), owner as u32);
        }
        for (owner, literal) in literals.iter().enumerate() {
            for text in [
                literal.to_string(),
                format!("--{literal}"),
                format!("{literal}-"),
            ] {
                let mut found = Vec::new();
                grams.find(text.as_bytes(), &mut found);
                assert!(found.contains(&(owner as u32)), "{literal} in {text}");
            }
        }
        for (owner, literal) in literals.iter().enumerate() {
            grams.remove(literal.as_bytes(), owner as u32);
        }
        let mut found = Vec::new();
        grams.find(b"a leviathan of the seven seas", &mut found);
        assert!(found.is_empty());
    }
}
