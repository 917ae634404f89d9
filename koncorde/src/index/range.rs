//! Ranges, found by a number.
//!
//! A segment tree over all doubles, in the order of their keys: each node stands
//! for the keys that share their first bits. A range is *covered* at the highest
//! nodes that lie in it whole, and *partial* in the two leaves where its ends
//! are. A number walks down one path: all covered ranges on it hold, and only
//! the partial ones of a single leaf are compared. Leaves split when they hold
//! too many and come together again when few are left, so that any order of
//! insertions and removals keeps the depth below the bits of a double.
//!
//! Cost: O(log n + hits) to find; O(log n) places for each range.

use super::set::Set;
use crate::normal::Span;
use crate::normal::place_of;

/// More partial ranges than this, and a leaf becomes two.
const SPLIT_ABOVE: usize = 24;
/// Fewer partial ranges than this below a node, and it becomes a leaf.
const MERGE_BELOW: u32 = 8;

/// The ranges of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    nodes: Vec<Node>,
    /// Pairs of nodes that are not in use, by the first.
    free: Vec<u32>,
    /// Where numbers begin that lie where most ranges end: no range is covered
    /// above. It spares them the levels that only tell exponents apart.
    start: Start,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    node: u32,
    keys: Keys,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            node: 0,
            keys: Keys::ALL,
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// The ranges that hold all keys of this node, but not all of its parent's.
    covered: Set,
    /// The first of two children; 0 for leaves.
    children: u32,
    /// How many ranges have an end below this node.
    ends: u32,
    /// The ranges that hold some keys of this leaf.
    partial: Vec<Partial>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Partial {
    low: u64,
    high: u64,
    condition: u32,
}

/// The keys of a node.
#[derive(Clone, Copy, Debug)]
struct Keys {
    low: u64,
    high: u64,
}

impl Keys {
    const ALL: Self = Self {
        low: 0,
        high: u64::MAX,
    };

    fn halves(self) -> [Self; 2] {
        let middle = self.low + (self.high - self.low) / 2;
        let (low, high) = (self.low, self.high);
        [
            Self { low, high: middle },
            Self {
                low: middle + 1,
                high,
            },
        ]
    }
}

impl Partial {
    fn new(span: Span, condition: u32) -> Self {
        Self {
            low: place_of(span.low),
            high: place_of(span.high),
            condition,
        }
    }

    fn covers(self, keys: Keys) -> bool {
        self.low <= keys.low && keys.high <= self.high
    }

    fn is_apart(self, keys: Keys) -> bool {
        self.high < keys.low || keys.high < self.low
    }
}

impl Ranges {
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(super) fn insert(&mut self, span: Span, condition: u32) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        self.insert_at(0, Keys::ALL, Partial::new(span, condition));
        self.start = self.find_start();
    }

    /// Goes down as long as nearly all ranges end on one side and none is
    /// covered.
    fn find_start(&self) -> Start {
        let mut start = Start::default();
        loop {
            let node = &self.nodes[start.node as usize];
            if node.children == 0 || !node.covered.is_empty() {
                return start;
            }
            let ends = |child: u32| self.nodes[child as usize].ends;
            let [left, right] = start.keys.halves();
            let (low, high) = (ends(node.children), ends(node.children + 1));
            start = match (low.min(high) * 8 < low.max(high), low > high) {
                (false, _) => return start,
                (true, true) => Start {
                    node: node.children,
                    keys: left,
                },
                (true, false) => Start {
                    node: node.children + 1,
                    keys: right,
                },
            };
        }
    }

    fn insert_at(&mut self, at: u32, keys: Keys, range: Partial) {
        let node = &mut self.nodes[at as usize];
        if range.is_apart(keys) {
            return;
        }
        if range.covers(keys) {
            node.covered.insert(range.condition);
            return;
        }
        node.ends += 1;
        if node.children == 0 {
            node.partial.push(range);
            if node.partial.len() > SPLIT_ABOVE {
                self.split(at, keys);
            }
            return;
        }
        let children = node.children;
        let [left, right] = keys.halves();
        self.insert_at(children, left, range);
        self.insert_at(children + 1, right, range);
    }

    /// Makes a leaf an inner node.
    fn split(&mut self, at: u32, keys: Keys) {
        let children = match self.free.pop() {
            Some(pair) => pair,
            None => {
                let pair = u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes");
                self.nodes.extend([Node::default(), Node::default()]);
                pair
            }
        };
        let node = &mut self.nodes[at as usize];
        node.children = children;
        let [left, right] = keys.halves();
        for range in std::mem::take(&mut node.partial) {
            self.insert_at(children, left, range);
            self.insert_at(children + 1, right, range);
        }
    }

    /// `span_of` gives the range of any condition inside.
    pub(super) fn remove(&mut self, span: Span, condition: u32, span_of: &dyn Fn(u32) -> Span) {
        let range = Partial::new(span, condition);
        self.remove_at(0, Keys::ALL, range, span_of);
        let root = &self.nodes[0];
        if root.ends == 0 && root.covered.is_empty() {
            *self = Self::default();
        } else {
            self.start = self.find_start();
        }
    }

    fn remove_at(&mut self, at: u32, keys: Keys, range: Partial, span_of: &dyn Fn(u32) -> Span) {
        let node = &mut self.nodes[at as usize];
        if range.is_apart(keys) {
            return;
        }
        if range.covers(keys) {
            node.covered.remove(range.condition);
            return;
        }
        node.ends -= 1;
        if node.children == 0 {
            if let Some(place) = node.partial.iter().position(|it| *it == range) {
                node.partial.swap_remove(place);
            }
            return;
        }
        let (children, ends) = (node.children, node.ends);
        let [left, right] = keys.halves();
        self.remove_at(children, left, range, span_of);
        self.remove_at(children + 1, right, range, span_of);
        if ends < MERGE_BELOW {
            self.merge(at, span_of);
        }
    }

    /// Makes an inner node a leaf. Its children are leaves: fewer ranges end
    /// below them, so they were merged before.
    fn merge(&mut self, at: u32, span_of: &dyn Fn(u32) -> Span) {
        let children = self.nodes[at as usize].children;
        let mut below = Vec::new();
        for child in [children, children + 1] {
            let child = std::mem::take(&mut self.nodes[child as usize]);
            below.extend(child.partial.iter().map(|it| it.condition));
            child.covered.for_each(|it| below.push(it));
        }
        below.sort_unstable();
        below.dedup();
        let node = &mut self.nodes[at as usize];
        node.children = 0;
        node.partial = below
            .into_iter()
            .map(|it| Partial::new(span_of(it), it))
            .collect();
        self.free.push(children);
    }

    pub(super) fn find(&self, number: f64, found: &mut Vec<u32>) {
        let Some(number) = crate::scalar::Number::new(number) else {
            return;
        };
        let wanted = place_of(number);
        let Start { node, mut keys } = match self.start {
            start if start.keys.low <= wanted && wanted <= start.keys.high => start,
            _ => Start::default(),
        };
        let mut at = node as usize;
        while let Some(node) = self.nodes.get(at) {
            node.covered.for_each(|it| found.push(it));
            if node.children == 0 {
                let holds = |it: &&Partial| it.low <= wanted && wanted <= it.high;
                found.extend(node.partial.iter().filter(holds).map(|it| it.condition));
                return;
            }
            let [left, right] = keys.halves();
            let is_right = wanted > left.high;
            keys = if is_right { right } else { left };
            at = node.children as usize + usize::from(is_right);
        }
    }

    /// Panics if the tree is not what it should be.
    pub(super) fn check_invariants(&self) {
        if self.nodes.is_empty() {
            return;
        }
        assert_eq!(self.start.node, self.find_start().node);
        let used = self.check_node(0, Keys::ALL);
        assert_eq!(used + self.free.len() * 2, self.nodes.len());
    }

    fn check_node(&self, at: usize, keys: Keys) -> usize {
        let node = &self.nodes[at];
        if node.children == 0 {
            assert_eq!(node.ends as usize, node.partial.len());
            let is_partial = |it: &Partial| !it.covers(keys) && !it.is_apart(keys);
            assert!(node.partial.iter().all(is_partial));
            return 1;
        }
        assert!(node.partial.is_empty());
        let [left, right] = keys.halves();
        let first = node.children as usize;
        1 + self.check_node(first, left) + self.check_node(first + 1, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Interval;
    use crate::scalar::Number;
    use std::ops::Bound::Included;

    #[test]
    fn finds_what_a_list_finds() {
        let mut state = 7u64;
        let mut random = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        let mut ranges = Ranges::default();
        let mut model: Vec<Option<Span>> = Vec::new();
        for round in 0..6000 {
            if random(5) < 3 || round < 500 {
                let low = random(1000) as f64 - 500.0;
                let span = Span::new(Interval {
                    lower: Included(Number::new(low).unwrap()),
                    upper: Included(Number::new(low + random(300) as f64 / 7.0).unwrap()),
                });
                ranges.insert(span.unwrap(), model.len() as u32);
                model.push(span);
            } else {
                let place = random(model.len() as u64) as usize;
                if let Some(span) = model[place].take() {
                    let span_of = |it: u32| model[it as usize].unwrap();
                    ranges.remove(span, place as u32, &span_of);
                }
            }
            if round % 50 == 0 {
                ranges.check_invariants();
                let number = random(10_000) as f64 / 10.0 - 500.0;
                let mut found = Vec::new();
                ranges.find(number, &mut found);
                found.sort_unstable();
                let holds = |it: &(usize, &Option<Span>)| it.1.is_some_and(|s| s.contains(number));
                let expected: Vec<u32> = model
                    .iter()
                    .enumerate()
                    .filter(holds)
                    .map(|it| it.0 as u32)
                    .collect();
                assert_eq!(found, expected, "at {number}");
            }
        }
        for place in 0..model.len() {
            if let Some(span) = model[place].take() {
                ranges.remove(span, place as u32, &|it| model[it as usize].unwrap());
            }
        }
        assert!(ranges.is_empty());
    }
}
