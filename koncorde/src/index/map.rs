//! A map that grows in small steps.
//!
//! A table finds the places of keys in a list; both move a bounded number of
//! entries at a time, where an ordinary map of a million moves them all at once.
//!
//! Cost: as `Table`, and a look at the entry.

use std::hash::Hash;

use ahash::RandomState;

use super::slab::Slab;
use super::table::Table;

/// Values by key.
#[derive(Clone, Debug)]
pub(super) struct Map<K, V> {
    entries: Slab<Entry<K, V>>,
    table: Table,
    hasher: RandomState,
}

#[derive(Clone, Debug)]
struct Entry<K, V> {
    /// As much of the hash of the key as the table uses.
    hash: u32,
    key: K,
    value: V,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self {
            entries: Slab::default(),
            table: Table::default(),
            hasher: RandomState::default(),
        }
    }
}

impl<K: Hash + Eq, V: Default> Map<K, V> {
    #[inline]
    fn place(&self, hash: u64, key: &K) -> Option<u32> {
        self.table.find(hash, |it| self.entries[it].key == *key)
    }

    #[inline]
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let place = self.place(self.hasher.hash_one(key), key)?;
        Some(&self.entries[place].value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(self.hasher.hash_one(key), key)?;
        Some(&mut self.entries[place].value)
    }

    /// The value of a key, made if there is none.
    pub(super) fn get_or_default(&mut self, key: K) -> &mut V {
        let hash = self.hasher.hash_one(&key);
        let place = self.place(hash, &key).unwrap_or_else(|| {
            let place = self.entries.insert(Entry {
                hash: hash as u32,
                key,
                value: V::default(),
            });
            let entries = &self.entries;
            self.table.insert(hash, place, |it| entries[it].hash.into());
            place
        });
        &mut self.entries[place].value
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let hash = self.hasher.hash_one(key);
        let place = self.place(hash, key)?;
        let entries = &self.entries;
        self.table.remove(hash, place, |it| entries[it].hash.into());
        Some(self.entries.remove(place)?.value)
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.bytes() + self.table.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_was_given() {
        let mut map: Map<u32, Vec<u32>> = Map::default();
        for number in 0..5000u32 {
            map.get_or_default(number % 1000).push(number);
        }
        for key in 0..1000 {
            let expected: Vec<u32> = (0..5).map(|it| it * 1000 + key).collect();
            assert_eq!(map.get(&key), Some(&expected));
            if key % 2 == 0 {
                assert_eq!(map.remove(&key), Some(expected));
                assert_eq!(map.get_mut(&key), None);
                assert_eq!(map.remove(&key), None);
            }
        }
        for key in 0..1000 {
            map.remove(&key);
        }
        assert_eq!(map.bytes(), 0);
    }
}
