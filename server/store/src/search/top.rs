//! The best so many candidates of many, in memory for so many.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tantivy::DocAddress;

/// A value that documents are sorted by. Of one sort field all are of a kind,
/// unless collections map it differently.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SortValue {
    Int(i128),
    Float(f64),
    Text(Box<str>),
}

/// The place of a document under one sort field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SortKey {
    /// No value, and those come first.
    MissingFirst,
    Ascending(SortValue),
    Descending(SortValue),
    MissingLast,
}

/// A document on its way into the page: sort keys, then the order of writing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) keys: Vec<SortKey>,
    pub(crate) tie: Tie,
    pub(crate) address: DocAddress,
    pub(crate) score: f32,
}

/// What decides between candidates whose keys are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tie {
    /// Which of the searched collections it stands in.
    pub(crate) target: usize,
    /// Of its last write.
    pub(crate) sequence: u64,
}

impl SortValue {
    fn rank(&self) -> u8 {
        match self {
            Self::Int(_) | Self::Float(_) => 0,
            Self::Text(_) => 1,
        }
    }
}

impl Eq for SortValue {}

impl Ord for SortValue {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Int(a), Self::Float(b)) => (*a as f64).total_cmp(b),
            (Self::Float(a), Self::Int(b)) => a.total_cmp(&(*b as f64)),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for SortValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl SortKey {
    pub(crate) fn of(value: SortValue, is_descending: bool) -> Self {
        match is_descending {
            true => Self::Descending(value),
            false => Self::Ascending(value),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::MissingFirst => 0,
            Self::Ascending(_) | Self::Descending(_) => 1,
            Self::MissingLast => 2,
        }
    }
}

impl Eq for SortKey {}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Ascending(a), Self::Ascending(b)) => a.cmp(b),
            (Self::Descending(a), Self::Descending(b)) => Reverse(a).cmp(&Reverse(b)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let keys = self.keys.cmp(&other.keys);
        keys.then_with(|| self.tie.cmp(&other.tie))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Keeps the first `capacity` items.
#[derive(Debug)]
pub(crate) struct Top<T> {
    capacity: usize,
    /// The last of them on top.
    heap: BinaryHeap<T>,
}

impl<T: Ord> Top<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            heap: BinaryHeap::new(),
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The item that the next one has to come before; `None`: there is room.
    pub(crate) fn last(&self) -> Option<&T> {
        match self.heap.len() < self.capacity {
            true => None,
            false => self.heap.peek(),
        }
    }

    pub(crate) fn offer(&mut self, item: T) {
        if self.heap.len() < self.capacity {
            self.heap.push(item);
        } else if let Some(mut last) = self.heap.peek_mut()
            && item < *last
        {
            *last = item;
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        other.heap.into_iter().for_each(|it| self.offer(it));
    }

    /// In their order.
    pub(crate) fn into_sorted(self) -> Vec<T> {
        self.heap.into_sorted_vec()
    }
}
