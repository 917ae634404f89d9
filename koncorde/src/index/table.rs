//! Hash tables of small numbers that stand for what is kept elsewhere.
//!
//! Many small tables instead of a large one: each grows on its own, so that no
//! single insertion pays for moving a million entries.
//!
//! Cost: a look-up touches one group of control bytes and the entries whose
//! seven bits agree.

use hashbrown::HashTable;

const SHARDS: usize = 64;

/// Numbers, found by the hash of what they stand for.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    shards: Box<[HashTable<u32>; SHARDS]>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            shards: Box::new([const { HashTable::new() }; SHARDS]),
        }
    }
}

/// The table uses the lowest and the highest bits itself.
fn shard(hash: u64) -> usize {
    (hash >> 48) as usize % SHARDS
}

impl Table {
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.shards[shard(hash)]
            .find(hash, |number| is_it(*number))
            .copied()
    }

    /// `number` must not be there; `hash_of` gives the hash of any number inside.
    pub(crate) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        self.shards[shard(hash)].insert_unique(hash, number, |it| hash_of(*it));
    }

    pub(crate) fn remove(&mut self, hash: u64, number: u32) {
        if let Ok(entry) = self.shards[shard(hash)].find_entry(hash, |it| *it == number) {
            entry.remove();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(HashTable::len).sum()
    }
}
