//! A list with holes: places are numbers that stay, and are used again.
//!
//! It is made of chunks, so that growing moves at most one chunk, however many
//! items there are; and a chunk without items gives its memory back.
//!
//! Cost: insert and remove move at most `CHUNK` items; a look-up is two steps.

const CHUNK_BITS: u32 = 10;
const CHUNK: usize = 1 << CHUNK_BITS;
/// The end of a list of free places.
const NONE: u32 = u32::MAX;

/// Items at numbered places.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Chunk<T>>,
    /// The chunks with room, each of them once.
    open: Vec<u32>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Chunk<T> {
    /// At most `CHUNK`.
    places: Vec<Place<T>>,
    /// How many of them hold an item.
    used: usize,
    /// The first place without an item, `NONE` if there is none.
    free: u32,
}

#[derive(Clone, Debug)]
enum Place<T> {
    Item(T),
    /// The next place without an item in the same chunk.
    Free(u32),
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            open: Vec::new(),
            len: 0,
        }
    }
}

impl<T> Chunk<T> {
    const EMPTY: Self = Self {
        places: Vec::new(),
        used: 0,
        free: NONE,
    };

    fn insert(&mut self, item: T) -> u32 {
        self.used += 1;
        if let Some(place) = self.places.get_mut(self.free as usize) {
            let free = self.free;
            if let Place::Free(next) = std::mem::replace(place, Place::Item(item)) {
                self.free = next;
            }
            return free;
        }
        self.places.push(Place::Item(item));
        self.places.len() as u32 - 1
    }

    fn remove(&mut self, place: u32) -> Option<T> {
        let slot = self.places.get_mut(place as usize)?;
        if let Place::Free(_) = slot {
            return None;
        }
        let removed = std::mem::replace(slot, Place::Free(self.free));
        self.free = place;
        self.used -= 1;
        if self.used == 0 {
            *self = Self::EMPTY;
        }
        match removed {
            Place::Item(item) => Some(item),
            Place::Free(_) => None,
        }
    }
}

impl<T> Slab<T> {
    pub(crate) fn insert(&mut self, item: T) -> u32 {
        let number = match self.open.last() {
            Some(number) => *number,
            None => {
                let number = self.chunks.len() as u32;
                self.chunks.push(Chunk::EMPTY);
                self.open.push(number);
                number
            }
        };
        assert!(number < NONE >> CHUNK_BITS, "fewer than 2^32 items");
        let chunk = &mut self.chunks[number as usize];
        let place = chunk.insert(item);
        if chunk.used == CHUNK {
            self.open.pop();
        }
        self.len += 1;
        number << CHUNK_BITS | place
    }

    pub(crate) fn remove(&mut self, place: u32) -> Option<T> {
        let number = place >> CHUNK_BITS;
        let chunk = self.chunks.get_mut(number as usize)?;
        let was_full = chunk.used == CHUNK;
        let item = chunk.remove(place % CHUNK as u32)?;
        if was_full {
            self.open.push(number);
        }
        self.len -= 1;
        if self.len == 0 {
            *self = Self::default();
        }
        Some(item)
    }

    #[inline]
    pub(crate) fn get(&self, place: u32) -> Option<&T> {
        let chunk = self.chunks.get((place >> CHUNK_BITS) as usize)?;
        match chunk.places.get(place as usize % CHUNK)? {
            Place::Item(item) => Some(item),
            Place::Free(_) => None,
        }
    }

    #[inline]
    fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        let chunk = self.chunks.get_mut((place >> CHUNK_BITS) as usize)?;
        match chunk.places.get_mut(place as usize % CHUNK)? {
            Place::Item(item) => Some(item),
            Place::Free(_) => None,
        }
    }

    /// Above all places in use.
    pub(crate) fn end(&self) -> usize {
        let last = self.chunks.last().map_or(0, |it| it.places.len());
        self.chunks.len().saturating_sub(1) * CHUNK + last
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.chunks.iter().zip(0u32..).flat_map(|(chunk, number)| {
            let places = chunk.places.iter().zip(number << CHUNK_BITS..);
            places.filter_map(|(place, number)| match place {
                Place::Item(item) => Some((number, item)),
                Place::Free(_) => None,
            })
        })
    }

    /// The memory of the places, in bytes. Cost: linear in the chunks.
    pub(crate) fn bytes(&self) -> usize {
        let places: usize = self.chunks.iter().map(|it| it.places.capacity()).sum();
        places * size_of::<Place<T>>()
            + self.chunks.capacity() * size_of::<Chunk<T>>()
            + self.open.capacity() * size_of::<u32>()
    }
}

/// A place that holds an item; asking for another is a bug of ours.
impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, place: u32) -> &T {
        self.get(place).expect("the place holds an item")
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, place: u32) -> &mut T {
        self.get_mut(place).expect("the place holds an item")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn holds_what_a_map_holds() {
        let mut slab = Slab::default();
        let mut model: BTreeMap<u32, Box<usize>> = BTreeMap::new();
        let mut state = 1u64;
        for round in 0..60_000usize {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            // Fills four chunks, and empties them again.
            let grows = round % 20_000 < 12_000;
            if (state >> 33) % 5 < if grows { 4 } else { 1 } || model.is_empty() {
                let place = slab.insert(Box::new(round));
                assert_eq!(model.insert(place, Box::new(round)), None);
            } else {
                let from = (state >> 40) as u32 % slab.end() as u32;
                let next = model.range(from..).next().or(model.iter().next());
                let place = next.map_or(0, |it| *it.0);
                assert_eq!(slab.remove(place), model.remove(&place));
                assert!(slab.get(place).is_none());
            }
            assert_eq!(slab.len(), model.len());
            if round % 1000 == 0 {
                assert!(slab.iter().eq(model.iter().map(|(place, it)| (*place, it))));
                assert!(model.keys().all(|it| (*it as usize) < slab.end()));
            }
        }
        for place in model.into_keys() {
            slab.remove(place);
        }
        assert_eq!(slab.bytes(), 0, "an empty slab holds no memory");
    }
}
