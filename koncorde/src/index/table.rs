//! Hash tables of small numbers that stand for what is kept elsewhere.
//!
//! A number stands in a cache line with eleven others, each beside eight bits of
//! its hash: a look-up for what is not there reads one line, and one for what is
//! there reads one line and the thing itself.
//!
//! The lines belong to pages of some hundred numbers. A page grows on its own,
//! and when there are too many numbers for the pages, *one* page becomes two
//! (linear hashing); so no single insertion pays for moving a million entries.
//! Removal goes the same way back.
//!
//! Cost: a look-up reads a line, rarely two. Insert and remove move at most the
//! numbers of a page or two.

/// Numbers, found by the hash of what they stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pages: Vec<Page>,
    len: usize,
}

/// How many numbers a page has on average before one is cut in two.
const PAGE: usize = 512;

#[derive(Clone, Debug, Default)]
struct Page {
    /// A power of two of them, or none.
    lines: Box<[Line]>,
    len: usize,
}

const SLOTS: usize = 12;

/// A cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
struct Line {
    /// Eight bits of the hash of each number; 0 where none is.
    tags: [u8; SLOTS],
    /// How many numbers went past this line, which was full, to a later one.
    passed: u32,
    numbers: [u32; SLOTS],
}

impl Line {
    /// A bit for each slot with a tag, the highest of a byte each.
    #[inline]
    fn slots(&self, tag: u8) -> (u64, u32) {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.tags;
        let all = u64::from(tag) * 0x0101_0101_0101_0101;
        let first = u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ all;
        let second = u32::from_le_bytes([i, j, k, l]) ^ all as u32;
        (
            !(((first & LOW) + LOW) | first | LOW),
            !(((second & LOW as u32) + LOW as u32) | second | LOW as u32),
        )
    }

    /// The numbers with a tag.
    #[inline]
    fn find(&self, tag: u8, is_it: &mut impl FnMut(u32) -> bool) -> Option<usize> {
        let (mut first, mut second) = self.slots(tag);
        while first != 0 {
            let slot = first.trailing_zeros() as usize / 8;
            if is_it(self.numbers[slot]) {
                return Some(slot);
            }
            first &= first - 1;
        }
        while second != 0 {
            let slot = 8 + second.trailing_zeros() as usize / 8;
            if is_it(self.numbers[slot]) {
                return Some(slot);
            }
            second &= second - 1;
        }
        None
    }
}

/// Only 32 bits of a hash count, so that owners can keep them: the lowest eight
/// choose the line, the highest eight are the tag, those between choose the page.
fn tag(hash: u64) -> u8 {
    ((hash >> 24) as u8).max(1)
}

fn page_bits(hash: u64) -> usize {
    (hash >> 8) as u16 as usize
}

impl Page {
    /// The line and the slot of a number.
    #[inline]
    fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<(usize, usize)> {
        let mask = self.lines.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        // Numbers may have gone past every line, one after the other.
        for _ in 0..self.lines.len() {
            let line = self.lines.get(at)?;
            if let Some(slot) = line.find(tag(hash), &mut is_it) {
                return Some((at, slot));
            }
            if line.passed == 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn insert(&mut self, hash: u64, number: u32, hash_of: &impl Fn(u32) -> u64) {
        // Ten of twelve: beyond that, too many numbers pass their line.
        if (self.len + 1) * 6 > self.lines.len() * SLOTS * 5 {
            self.resize((self.lines.len() * 2).max(1), hash_of);
        }
        self.place(hash, number);
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.lines.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let line = &mut self.lines[at];
            if let Some(slot) = line.tags.iter().position(|it| *it == 0) {
                line.tags[slot] = tag(hash);
                line.numbers[slot] = number;
                self.len += 1;
                return;
            }
            line.passed += 1;
            at = (at + 1) & mask;
        }
    }

    fn remove(&mut self, hash: u64, number: u32, hash_of: &impl Fn(u32) -> u64) -> bool {
        let Some((found, slot)) = self.find(hash, |it| it == number) else {
            return false;
        };
        let mask = self.lines.len() - 1;
        let mut at = hash as usize & mask;
        while at != found {
            self.lines[at].passed -= 1;
            at = (at + 1) & mask;
        }
        self.lines[found].tags[slot] = 0;
        self.len -= 1;
        if self.len == 0 {
            self.lines = Box::default();
        } else if self.lines.len() > 1 && self.len * 5 < self.lines.len() * SLOTS {
            self.resize(self.lines.len() / 2, hash_of);
        }
        true
    }

    fn resize(&mut self, lines: usize, hash_of: &impl Fn(u32) -> u64) {
        let lines = vec![Line::default(); lines].into_boxed_slice();
        let old = std::mem::replace(self, Self { lines, len: 0 });
        old.for_each(|it| self.place(hash_of(it), it));
    }

    fn for_each(&self, mut visit: impl FnMut(u32)) {
        for line in &self.lines {
            let used = line.tags.iter().zip(line.numbers);
            used.filter(|(tag, _)| **tag != 0)
                .for_each(|it| visit(it.1));
        }
    }
}

impl Table {
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let page = self.pages.get(self.page(hash))?;
        let (line, slot) = page.find(hash, is_it)?;
        Some(page.lines[line].numbers[slot])
    }

    /// With n pages of which n - 2^k were cut in two, those have the numbers that
    /// agree in k + 1 bits, the others those that agree in k.
    #[inline]
    fn page(&self, hash: u64) -> usize {
        let mask = self.pages.len().next_power_of_two() - 1;
        let page = page_bits(hash) & mask;
        if page < self.pages.len() {
            page
        } else {
            page & (mask >> 1)
        }
    }

    /// `number` must not be there; `hash_of` gives the hash of any number inside.
    pub(crate) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        if self.len >= self.pages.len() * PAGE {
            self.split(&hash_of);
        }
        let page = self.page(hash);
        self.pages[page].insert(hash, number, &hash_of);
        self.len += 1;
    }

    /// Adds a page, with the numbers of the page it is cut from.
    fn split(&mut self, hash_of: &impl Fn(u32) -> u64) {
        let new = self.pages.len();
        self.pages.push(Page::default());
        let Some(bit) = new.checked_ilog2() else {
            return;
        };
        let old = std::mem::take(&mut self.pages[new - (1 << bit)]);
        old.for_each(|it| {
            let hash = hash_of(it);
            let page = self.page(hash);
            self.pages[page].insert(hash, it, hash_of);
        });
    }

    /// `hash_of` gives the hash of any number inside, this one included.
    pub(crate) fn remove(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        let page = self.page(hash);
        let Some(page) = self.pages.get_mut(page) else {
            return;
        };
        if !page.remove(hash, number, &hash_of) {
            return;
        }
        self.len -= 1;
        if self.len == 0 {
            *self = Self::default();
        } else if self.len * 4 < self.pages.len() * PAGE && self.pages.len() > 1 {
            self.join(&hash_of);
        }
    }

    /// Takes a page away; its numbers go back where they came from.
    fn join(&mut self, hash_of: &impl Fn(u32) -> u64) {
        if let Some(last) = self.pages.pop() {
            last.for_each(|it| {
                let hash = hash_of(it);
                let page = self.page(hash);
                self.pages[page].insert(hash, it, hash_of);
            });
        }
    }

    /// Another number for the same thing.
    pub(crate) fn replace(&mut self, hash: u64, old: u32, new: u32) {
        let page = self.page(hash);
        if let Some(page) = self.pages.get_mut(page)
            && let Some((line, slot)) = page.find(hash, |it| it == old)
        {
            page.lines[line].numbers[slot] = new;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Its memory. Cost: linear in the pages.
    pub(crate) fn bytes(&self) -> usize {
        let lines: usize = self.pages.iter().map(|it| it.lines.len()).sum();
        lines * size_of::<Line>() + self.pages.capacity() * size_of::<Page>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Spreads a number over all bits.
    fn spread(number: u32) -> u64 {
        let number = (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (number ^ number >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    fn grows_and_shrinks(count: u32, hash_of: fn(u32) -> u64) {
        let mut table = Table::default();
        let mut model = BTreeSet::new();
        let check = |table: &Table, model: &BTreeSet<u32>| {
            assert_eq!(table.len(), model.len());
            for number in 0..count {
                let found = table.find(hash_of(number), |it| it == number);
                assert_eq!(found.is_some(), model.contains(&number), "{number}");
            }
        };
        for number in 0..count {
            table.insert(hash_of(number), number, hash_of);
            model.insert(number);
            if number.is_power_of_two() {
                check(&table, &model);
            }
        }
        let bytes = table.bytes();
        check(&table, &model);
        for number in (0..count).step_by(3).chain((0..count).rev()) {
            table.remove(hash_of(number), number, hash_of);
            model.remove(&number);
            if number % (count / 8) == 1 {
                check(&table, &model);
                assert!(table.bytes() <= bytes);
            }
        }
        assert_eq!(table.bytes(), 0, "an empty table holds no memory");
    }

    #[test]
    fn holds_what_a_set_holds() {
        grows_and_shrinks(20_000, spread);
    }

    #[test]
    fn holds_numbers_of_one_hash() {
        grows_and_shrinks(800, |number| u64::from(number % 3) << 20);
    }

    /// Two lines, both full at some time: numbers of each went past it.
    #[test]
    fn a_look_up_ends_where_numbers_passed_every_line() {
        let hash_of = |number: u32| u64::from(number % 2);
        let mut table = Table::default();
        let even: Vec<u32> = (0..13).map(|it| 2 * it).collect();
        let odd: Vec<u32> = (0..12).map(|it| 2 * it + 1).collect();
        let insert = |table: &mut Table, number| {
            table.insert(hash_of(number), number, hash_of);
        };
        even.iter().for_each(|it| insert(&mut table, *it));
        even[..5]
            .iter()
            .for_each(|it| table.remove(hash_of(*it), *it, hash_of));
        odd.iter().for_each(|it| insert(&mut table, *it));
        for number in 0..40 {
            let is_there = even[5..].contains(&number) || odd.contains(&number);
            let found = table.find(hash_of(number), |it| it == number);
            assert_eq!(found.is_some(), is_there, "{number}");
        }
    }

    #[test]
    fn no_insertion_moves_more_than_some_pages() {
        use std::cell::Cell;
        let moved = Cell::new(0u32);
        let hash_of = |it| {
            moved.set(moved.get() + 1);
            spread(it)
        };
        let mut table = Table::default();
        let mut most = 0;
        for number in 0..100_000 {
            table.insert(spread(number), number, hash_of);
            most = most.max(moved.replace(0));
        }
        for number in 0..100_000 {
            table.remove(spread(number), number, hash_of);
            most = most.max(moved.replace(0));
        }
        assert!(most < 8 * PAGE as u32, "{most} numbers moved at once");
    }

    #[test]
    fn a_line_is_a_cache_line() {
        assert_eq!(size_of::<Line>(), 64);
    }
}
