//! The fields that conditions ask for, as a trie of their segments.
//!
//! A document walks down the trie along its keys, so that only what some filter
//! asks for is looked at. Each field has its own index for every kind of
//! condition that is not found by a table.
//!
//! Cost: one look-up per key of an object that lies on the way to a field.

use ahash::RandomState;
use std::hash::{BuildHasher, Hasher};

use super::geo::Shapes;
use super::inner::Inner;
use super::negated::Negated;
use super::range::Ranges;
use super::regexp::Regexps;
use super::slab::Slab;
use super::table::Table;
use crate::field::Field;

/// The node of the document itself.
pub(super) const ROOT: u32 = 0;

/// All fields, by number.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    items: Slab<Node>,
    table: Table,
    hasher: RandomState,
    /// Another number whenever a step may lead elsewhere, never the same in two
    /// engines.
    stamp: u64,
}

/// A segment of a path behind those of its parent.
#[derive(Clone, Debug)]
struct Node {
    segment: Box<str>,
    parent: u32,
    /// How many nodes have this one as their parent.
    children: u32,
    /// How many conditions ask for this field.
    conditions: u32,
    /// How many of them look inside arrays and objects.
    trees: u32,
    kinds: Option<Box<Kinds>>,
}

/// What to look up for a value of a field.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    /// How many `equals` conditions give access to a filter.
    pub(super) equals: u32,
    /// How many `in` conditions do.
    pub(super) one_of: u32,
    /// How many `exists path[value]` conditions do.
    pub(super) contains: u32,
    /// The `exists` condition, if it gives access to a filter.
    pub(super) exists: Option<u32>,
    pub(super) ranges: Ranges,
    pub(super) regexps: Regexps,
    pub(super) shapes: Shapes,
    /// `select` and `match` conditions.
    pub(super) inner: Inner,
    pub(super) negated: Negated,
}

/// What a key of a document leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) node: u32,
    /// A condition asks for the value at the end of the key.
    pub(super) is_field: bool,
    /// A condition asks for what is inside.
    pub(super) is_tree: bool,
    /// Fields lie below.
    pub(super) is_path: bool,
}

impl Default for Fields {
    fn default() -> Self {
        let mut items = Slab::default();
        items.insert(Node {
            segment: "".into(),
            parent: ROOT,
            children: 0,
            conditions: 0,
            trees: 0,
            kinds: None,
        });
        Self {
            items,
            table: Table::default(),
            hasher: RandomState::default(),
            stamp: new_stamp(),
        }
    }
}

/// A number that was never used before.
fn new_stamp() -> u64 {
    RandomState::new().hash_one(0)
}

fn hash_step(hasher: &RandomState, parent: u32, segment: &str) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u32(parent);
    state.write(segment.as_bytes());
    state.finish()
}

impl Fields {
    /// The number of a field, with its nodes made where they are missing. It
    /// goes away again in `release` unless a condition is added.
    pub(super) fn intern(&mut self, field: &Field) -> u32 {
        let mut at = ROOT;
        for segment in field.as_str().split('.') {
            at = match self.child(at, segment) {
                Some(child) => child,
                None => self.add_child(at, segment),
            };
        }
        at
    }

    /// The number of a known field.
    pub(super) fn find(&self, field: &Field) -> Option<u32> {
        let mut segments = field.as_str().split('.');
        segments.try_fold(ROOT, |at, segment| self.child(at, segment))
    }

    fn child(&self, parent: u32, segment: &str) -> Option<u32> {
        let hash = hash_step(&self.hasher, parent, segment);
        self.table.find(hash, |node| {
            let node = &self.items[node];
            node.parent == parent && *node.segment == *segment
        })
    }

    fn add_child(&mut self, parent: u32, segment: &str) -> u32 {
        let child = self.items.insert(Node {
            segment: segment.into(),
            parent,
            children: 0,
            conditions: 0,
            trees: 0,
            kinds: None,
        });
        self.items[parent].children += 1;
        self.stamp = new_stamp();
        let (items, hasher) = (&self.items, &self.hasher);
        let hash = hash_step(hasher, parent, segment);
        self.table.insert(hash, child, |it| {
            hash_step(hasher, items[it].parent, &items[it].segment)
        });
        child
    }

    /// A condition on this field begins to exist.
    pub(super) fn add_condition(&mut self, field: u32, is_tree: bool) {
        let node = &mut self.items[field];
        if node.conditions == 0 || (node.trees == 0 && is_tree) {
            self.stamp = new_stamp();
        }
        node.conditions += 1;
        node.trees += u32::from(is_tree);
    }

    /// A condition on this field ends; nodes that lead nowhere go.
    pub(super) fn remove_condition(&mut self, field: u32, is_tree: bool) {
        let node = &mut self.items[field];
        node.conditions -= 1;
        node.trees -= u32::from(is_tree);
        if node.conditions == 0 || (node.trees == 0 && is_tree) {
            self.stamp = new_stamp();
        }
        let mut at = field;
        while at != ROOT && self.items[at].conditions == 0 && self.items[at].children == 0 {
            let (items, hasher) = (&self.items, &self.hasher);
            let hash_of = |it| hash_step(hasher, items[it].parent, &items[it].segment);
            self.table.remove(hash_of(at), at, hash_of);
            let Some(node) = self.items.remove(at) else {
                return;
            };
            at = node.parent;
            self.items[at].children -= 1;
        }
    }

    /// What a key of an object at `parent` leads to. Dots in it are steps.
    #[inline]
    pub(super) fn step(&self, parent: u32, key: &str) -> Option<Step> {
        let mut at = parent;
        for segment in key.split('.') {
            at = self.child(at, segment)?;
        }
        let node = &self.items[at];
        Some(Step {
            node: at,
            is_field: node.conditions > 0,
            is_tree: node.trees > 0,
            is_path: node.children > 0,
        })
    }

    #[inline]
    pub(super) fn kinds(&self, field: u32) -> Option<&Kinds> {
        self.items[field].kinds.as_deref()
    }

    pub(super) fn kinds_mut(&mut self, field: u32) -> &mut Kinds {
        self.items[field].kinds.get_or_insert_default()
    }

    /// The dotted path of a field.
    pub(super) fn path(&self, field: u32) -> Field {
        let mut segments = Vec::new();
        let mut at = field;
        while at != ROOT {
            segments.push(&*self.items[at].segment);
            at = self.items[at].parent;
        }
        segments.reverse();
        Field::new(segments.join("."))
    }

    pub(super) fn stamp(&self) -> u64 {
        self.stamp
    }

    pub(super) fn end(&self) -> usize {
        self.items.end()
    }

    /// Their memory, what is found through them estimated.
    pub(super) fn bytes(&self) -> usize {
        let inside = |node: &Node| {
            let kinds = node.kinds.as_deref();
            let kinds = kinds.map_or(0, |it| size_of::<Kinds>() + it.negated.bytes());
            node.segment.len() + kinds
        };
        let inside: usize = self.items.iter().map(|(_, node)| inside(node)).sum();
        self.items.bytes() + self.table.bytes() + inside
    }

    /// Without the document itself.
    pub(super) fn len(&self) -> usize {
        self.items.len() - 1
    }
}
