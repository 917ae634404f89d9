//! Shapes, found by a point.
//!
//! An R-tree over the windows of all shapes of a field gives those whose window
//! holds the point; the shapes themselves decide.
//!
//! Cost: logarithmic in the shapes of the field, plus an exact test per window
//! that holds the point.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::condition::Conditions;
use crate::geo::{GeoPoint, Position, Shape, Window};
use crate::normal::Test;

type Entry = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// The shapes of one field, those to be in and those to be out of.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    /// `None` while there are none: an empty tree is not free.
    tree: Option<RTree<Entry>>,
}

impl Shapes {
    pub(super) fn insert(&mut self, shape: &Shape, condition: u32) {
        let tree = self.tree.get_or_insert_default();
        for window in shape.envelope() {
            tree.insert(entry(window, condition));
        }
    }

    pub(super) fn remove(&mut self, shape: &Shape, condition: u32) {
        let Some(tree) = &mut self.tree else { return };
        for window in shape.envelope() {
            tree.remove(&entry(window, condition));
        }
        if tree.size() == 0 {
            self.tree = None;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tree.is_none()
    }

    /// The conditions whose shape holds the point, some of them twice.
    pub(super) fn find(&self, conditions: &Conditions, point: GeoPoint, found: &mut Vec<u32>) {
        let Some(tree) = &self.tree else { return };
        let here = AABB::from_point([point.lon, point.lat]);
        let position = Position::from(point);
        for entry in tree.locate_in_envelope_intersecting(here) {
            let holds = match &conditions[entry.data].test {
                Test::Inside(shape) | Test::Outside(shape) => shape.contains(position),
                _ => false,
            };
            if holds {
                found.push(entry.data);
            }
        }
    }
}

fn entry(window: &Window, condition: u32) -> Entry {
    let low = [window.west, window.south];
    let high = [window.east, window.north];
    GeomWithData::new(Rectangle::from_corners(low, high), condition)
}
