//! Shapes, found by a point.
//!
//! The globe is cut into cells, on each level twice as fine as on the one before.
//! A shape stands in those cells that it has a part of, on the level where they
//! are a few. A point looks its cell up on each level in use: shapes that have
//! all of it are found without more ado, the others by an exact test, most of them
//! by their window first. A shape is as large as the cells it stands in, more or less, so that most
//! of what a point meets is near it.
//!
//! Cost: one look-up for each level in use, of which there are `LEVEL_MAX` at
//! most; a comparison for each shape of those cells, an exact test for each
//! window that holds the point.

use ahash::AHashMap;

use super::condition::Conditions;
use super::set::Set;
use crate::geo::{Cover, GeoPoint, Position, Shape, Window};
use crate::normal::Test;

/// The shapes of one field, those to be in and those to be out of.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    cells: AHashMap<Place, Cell>,
    /// How many cells there are on each level.
    levels: [u32; LEVEL_MAX + 1],
}

/// On this level cells are a metre high.
const LEVEL_MAX: usize = 24;
/// In how many cells a shape may stand.
const CELLS_MAX: usize = 6;
/// The same for shapes that can tell which cells they have as a whole.
const KNOWN_CELLS_MAX: usize = 320;

/// Where a cell lies. Level 0 has two cells side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    level: u32,
    row: u32,
    column: u32,
}

#[derive(Clone, Debug, Default)]
struct Cell {
    /// The conditions whose shape has all of the cell.
    whole: Set,
    /// Those whose shape has an unknown part of the cell, but tells fast.
    near: Set,
    /// The others, sorted by condition.
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    window: Window,
    condition: u32,
}

impl Place {
    /// The cell of a point.
    #[inline]
    fn new(level: usize, lat: f64, lon: f64) -> Self {
        let rows = (1_u32 << level) as f64;
        let row = ((lat + 90.0) * (rows / 180.0)) as u32;
        let column = ((lon + 180.0) * (rows / 180.0)) as u32;
        Self {
            level: level as u32,
            row: row.min((1 << level) - 1),
            column: column.min((2 << level) - 1),
        }
    }

    fn window(self) -> Window {
        let side = 180.0 / f64::from(1_u32 << self.level);
        Window {
            south: f64::from(self.row) * side - 90.0,
            north: f64::from(self.row + 1) * side - 90.0,
            west: f64::from(self.column) * side - 180.0,
            east: f64::from(self.column + 1) * side - 180.0,
        }
    }
}

/// The cells of a window: the first and the last one.
fn corners(window: &Window, level: usize) -> (Place, Place) {
    let first = Place::new(level, window.south, window.west);
    (first, Place::new(level, window.north, window.east))
}

fn count((first, last): (Place, Place)) -> usize {
    let rows = (last.row - first.row + 1) as usize;
    rows * (last.column - first.column + 1) as usize
}

/// How a shape stands in a cell.
enum Stand<'s> {
    Whole,
    Near,
    Part(&'s Window),
}

/// Every cell that a shape stands in.
fn cover(shape: &Shape, mut visit: impl FnMut(Place, Stand<'_>)) {
    let windows = shape.envelope();
    let is_known = shape.knows_cover();
    let most = match is_known {
        true => KNOWN_CELLS_MAX,
        false => CELLS_MAX,
    };
    let cells = |level: usize| -> usize {
        let counts = windows.iter().map(|it| count(corners(it, level)));
        counts.sum()
    };
    let levels = (0..=LEVEL_MAX).rev();
    let level = levels.into_iter().find(|it| cells(*it) <= most);
    let level = level.unwrap_or_default();
    for window in windows {
        let (first, last) = corners(window, level);
        for row in first.row..=last.row {
            for column in first.column..=last.column {
                let place = Place {
                    row,
                    column,
                    ..first
                };
                match shape.cover(&place.window()) {
                    Cover::All => visit(place, Stand::Whole),
                    Cover::None => (),
                    Cover::Unknown if is_known => visit(place, Stand::Near),
                    Cover::Unknown => visit(place, Stand::Part(window)),
                }
            }
        }
    }
}

impl Shapes {
    pub(super) fn insert(&mut self, shape: &Shape, condition: u32) {
        cover(shape, |place, stand| {
            let levels = &mut self.levels;
            let cell = self.cells.entry(place).or_insert_with(|| {
                levels[place.level as usize] += 1;
                Cell::default()
            });
            match stand {
                Stand::Whole => cell.whole.insert(condition),
                Stand::Near => cell.near.insert(condition),
                Stand::Part(window) => cell.insert(*window, condition),
            }
        });
    }

    pub(super) fn remove(&mut self, shape: &Shape, condition: u32) {
        cover(shape, |place, _| {
            if let Some(cell) = self.cells.get_mut(&place) {
                cell.remove(condition);
                if cell.is_empty() {
                    self.cells.remove(&place);
                    self.levels[place.level as usize] -= 1;
                }
            }
        });
        if self.cells.is_empty() {
            *self = Self::default();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The conditions whose shape holds the point, each once.
    pub(super) fn find(&self, conditions: &Conditions, point: GeoPoint, found: &mut Vec<u32>) {
        let mut position = None;
        let mut ask = |condition: u32, found: &mut Vec<u32>| {
            let position = position.get_or_insert_with(|| Position::from(point));
            let holds = match &conditions[condition].test {
                Test::Inside(shape) | Test::Outside(shape) => shape.contains(*position),
                _ => false,
            };
            if holds {
                found.push(condition);
            }
        };
        for (level, count) in self.levels.iter().enumerate() {
            if *count == 0 {
                continue;
            }
            let place = Place::new(level, point.lat, point.lon);
            let Some(cell) = self.cells.get(&place) else {
                continue;
            };
            cell.whole.for_each(|it| found.push(it));
            cell.near.for_each(|it| ask(it, found));
            for part in cell.parts.iter().filter(|it| it.window.contains(point)) {
                ask(part.condition, found);
            }
        }
    }
}

impl Cell {
    /// A shape with two windows in one cell is looked at through a larger one.
    fn insert(&mut self, window: Window, condition: u32) {
        let place = self.parts.partition_point(|it| it.condition < condition);
        match self.parts.get_mut(place) {
            Some(part) if part.condition == condition => part.window = part.window.join(&window),
            _ => self.parts.insert(place, Part { window, condition }),
        }
    }

    fn remove(&mut self, condition: u32) {
        self.whole.remove(condition);
        self.near.remove(condition);
        let place = self
            .parts
            .binary_search_by_key(&condition, |it| it.condition);
        if let Ok(place) = place {
            self.parts.remove(place);
        }
    }

    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.near.is_empty() && self.parts.is_empty()
    }
}
