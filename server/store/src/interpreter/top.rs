//! The best so many candidates of many, in memory for so many.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A value that documents are sorted by. Of one sort field all are of a kind,
/// unless collections map it differently.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SortValue {
    Int(i128),
    Float(f64),
    Text(Box<str>),
}

/// The place of a document under one sort field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SortKey {
    /// No value, and those come first.
    MissingFirst,
    Ascending(SortValue),
    Descending(SortValue),
    MissingLast,
}

/// A document on its way into the page: sort keys, then the order of writing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) keys: Vec<SortKey>,
    /// Which of the searched collections it stands in.
    pub(super) target: usize,
    pub(super) sequence: u64,
    pub(super) id: String,
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
        let last = |it: &Self| (it.target, it.sequence);
        let keys = self.keys.cmp(&other.keys);
        keys.then_with(|| last(self).cmp(&last(other)))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Keeps the first `capacity` candidates.
pub(super) struct Top {
    capacity: usize,
    /// The last of them on top.
    heap: BinaryHeap<Candidate>,
}

impl Top {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            heap: BinaryHeap::new(),
        }
    }

    /// Whether no candidate can enter: only their number matters then.
    pub(super) fn wants_nothing(&self) -> bool {
        self.capacity == 0
    }

    /// The id is asked for only when the candidate stays.
    pub(super) fn offer(
        &mut self,
        keys: Vec<SortKey>,
        target: usize,
        sequence: u64,
        id: impl FnOnce() -> String,
    ) {
        let mut candidate = Candidate {
            keys,
            target,
            sequence,
            id: String::new(),
        };
        if self.heap.len() < self.capacity {
            candidate.id = id();
            self.heap.push(candidate);
        } else if let Some(mut last) = self.heap.peek_mut()
            && candidate < *last
        {
            candidate.id = id();
            *last = candidate;
        }
    }

    /// In their order, without the first `from`.
    pub(super) fn into_page(self, from: usize) -> Vec<Candidate> {
        let mut candidates = self.heap.into_sorted_vec();
        candidates.drain(..from.min(candidates.len()));
        candidates
    }
}
