//! Filters found by what a field does not say.
//!
//! A filter whose access is a negation is a candidate unless its condition
//! holds. So each field keeps dense lists of such filters: all of a list are
//! candidates but for the places that the conditions found in the document
//! exclude, and what lies between those places is handed out in slices.
//!
//! Three lists, for three ways of being a candidate: `missing` only without a
//! value, `outside` unless the value is no point or a point in the shape, and
//! `others` unless the condition holds.
//!
//! Cost: candidates + excluded places × log. Insert and remove O(log n).

use super::Entry;
use super::map::Map;
use super::set::{Packed, Sets};

/// The filters of one field that are found by absence.
#[derive(Clone, Debug, Default)]
pub(super) struct Negated {
    pub(super) missing: Dense,
    pub(super) outside: Dense,
    pub(super) others: Dense,
}

impl Negated {
    pub(super) fn is_empty(&self) -> bool {
        let lists = [&self.missing, &self.outside, &self.others];
        lists.iter().all(|it| it.entries.is_empty())
    }
}

impl Negated {
    pub(super) fn bytes(&self) -> usize {
        let lists = [&self.missing, &self.outside, &self.others];
        lists.iter().map(|it| it.bytes()).sum()
    }
}

/// Filters side by side, each excluded by one condition.
#[derive(Clone, Debug, Default)]
pub(super) struct Dense {
    /// As `Entry` numbers.
    entries: Vec<u32>,
    /// The condition of each entry.
    excluders: Vec<u32>,
    /// The places of the entries that a condition excludes.
    places: Map<u32, Packed>,
    /// The places that a condition has more than one of.
    sets: Sets,
    /// How many entries are more than the number of a filter.
    flagged: usize,
}

impl Dense {
    /// Adds an entry and returns its place.
    pub(super) fn insert(&mut self, entry: u32, condition: u32) -> u32 {
        let place = u32::try_from(self.entries.len()).expect("fewer than 2^32 filters");
        self.flagged += usize::from(!Entry(entry).is_plain());
        self.entries.push(entry);
        self.excluders.push(condition);
        let places = self.places.get_or_default(condition);
        self.sets.insert(places, place);
        place
    }

    /// Removes the entry at a place. The last entry moves there; it is returned
    /// with its condition, so that its filter can be told.
    pub(super) fn remove(&mut self, place: u32) -> Option<(u32, u32)> {
        let last = u32::try_from(self.entries.len() - 1).expect("fewer than 2^32 filters");
        let removed = self.excluders[place as usize];
        self.forget(removed, place);
        let entry = self.entries.swap_remove(place as usize);
        self.flagged -= usize::from(!Entry(entry).is_plain());
        self.excluders.swap_remove(place as usize);
        if place == last {
            return None;
        }
        let mover = self.excluders[place as usize];
        self.forget(mover, last);
        let places = self.places.get_or_default(mover);
        self.sets.insert(places, place);
        Some((self.entries[place as usize], mover))
    }

    fn forget(&mut self, condition: u32, place: u32) {
        if let Some(places) = self.places.get_mut(&condition) {
            self.sets.remove(places, place);
            if places.is_empty() {
                self.places.remove(&condition);
            }
        }
    }

    /// Notes the places that a satisfied condition excludes.
    pub(super) fn exclude(&self, condition: u32, excluded: &mut Vec<u32>) {
        if let Some(places) = self.places.get(&condition) {
            self.sets.for_each(*places, |place| excluded.push(place));
        }
    }

    /// All entries but those at excluded places, in slices.
    #[inline]
    pub(super) fn remaining(&self, excluded: &mut Vec<u32>, mut visit: impl FnMut(&[u32])) {
        excluded.sort_unstable();
        excluded.dedup();
        let mut start = 0;
        for place in excluded.drain(..) {
            visit(&self.entries[start..place as usize]);
            start = place as usize + 1;
        }
        visit(&self.entries[start..]);
    }

    /// The entry at a place and the condition that excludes it.
    pub(super) fn at(&self, place: u32) -> Option<(u32, u32)> {
        let entry = self.entries.get(place as usize)?;
        Some((*entry, self.excluders[place as usize]))
    }

    /// Whether all entries are filters that match without more ado.
    pub(super) fn is_plain(&self) -> bool {
        self.flagged == 0
    }

    /// Its memory.
    pub(super) fn bytes(&self) -> usize {
        let lists = self.entries.capacity() + self.excluders.capacity();
        lists * size_of::<u32>() + self.places.bytes() + self.sets.bytes()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
