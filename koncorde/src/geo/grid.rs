//! A polygon on squared paper, to tell inside from outside at a glance.
//!
//! The border is projected from the centre of the earth onto a plane that touches
//! it in the middle of the polygon: there great circles are straight lines. The
//! plane is cut into cells; each knows how often the border winds around its
//! middle, and the few pieces of the border that run through it. In a cell
//! without any, the point is as its middle is; in the others only those pieces
//! can lie between the point and the middle.
//!
//! Cost: three products of vectors, and a few more per piece in the cell. Making
//! it costs about as much as the pieces do, and some bytes for each cell.

use super::Cover;
use super::polygon::{Piece, arcs, is_on_border, winding};
use super::vector::Vector;

pub(super) struct Grid {
    /// The middle of the polygon, and two directions at right angles to it.
    center: Vector,
    right: Vector,
    up: Vector,
    /// The corner where the first cell begins, and cells per unit of length.
    origin: [f64; 2],
    scale: [f64; 2],
    /// How many cells each side has.
    size: usize,
    /// Where in each cell its middle is taken to lie: nowhere on the border.
    middle: [f64; 2],
    /// Row by row, and one more that ends the list of pieces.
    cells: Box<[Cell]>,
    /// The pieces that run through each cell, by number.
    crossing: Box<[u32]>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Where its pieces begin in the list.
    first: u32,
    /// How many times the border winds around its middle.
    turns: i32,
}

/// Polygons with fewer pieces are as fast without a grid.
const PIECES_MIN: usize = 8;
/// The cells of a side.
const SIZE_MIN: usize = 4;
const SIZE_MAX: usize = 128;
/// The cosine of the greatest distance from the middle: beyond it the plane is
/// stretched too much.
const NEAR: f64 = 0.5;
/// How much farther than it lies each piece is taken to reach, in radii of the
/// earth: more than a border is wide and than rounding moves it.
const MARGIN: f64 = 1e-8;
/// The same in cells.
const MARGIN_OF_CELL: f64 = 1e-6;
/// Where the middles of cells may lie, one of them off the border in all cells.
const MIDDLES: [[f64; 2]; 3] = [[0.5, 0.5], [0.382, 0.618], [0.729, 0.317]];

impl Grid {
    /// `None` where a grid would not help: for few pieces, and for polygons that
    /// reach far around the earth.
    pub(super) fn new(pieces: &[Piece], outside: Vector) -> Option<Self> {
        if pieces.len() < PIECES_MIN {
            return None;
        }
        let starts = pieces.iter().map(|it| it.start);
        let center = starts.fold(Vector::NULL, Vector::plus).unit();
        let is_near = pieces.iter().all(|it| it.start.dot(center) >= NEAR);
        let antipode = center.times(-1.0);
        if !is_near || winding(arcs(pieces), antipode, outside) != 0 {
            return None;
        }
        let right = center.cross(center.farthest_axis()).unit();
        let size = ((pieces.len() as f64).sqrt() * 2.0) as usize;
        let mut grid = Self {
            center,
            right,
            up: center.cross(right),
            origin: [0.0; 2],
            scale: [0.0; 2],
            size: size.clamp(SIZE_MIN, SIZE_MAX),
            middle: [0.0; 2],
            cells: Box::default(),
            crossing: Box::default(),
        };
        grid.fit(pieces);
        grid.cross(pieces);
        grid.middle = MIDDLES.into_iter().find(|it| grid.is_free(pieces, *it))?;
        grid.count_turns(pieces, outside);
        Some(grid)
    }

    pub(super) fn contains(&self, pieces: &[Piece], point: Vector) -> bool {
        let depth = point.dot(self.center);
        if depth < NEAR / 2.0 {
            return false;
        }
        let [x, y] = self.project(point);
        let size = self.size as f64;
        if !((0.0..size).contains(&x) && (0.0..size).contains(&y)) {
            return false;
        }
        let place = y as usize * self.size + x as usize;
        let turns = self.cells[place].turns;
        let crossing = self.crossing(place);
        if crossing.is_empty() {
            return turns != 0;
        }
        let middle = self.middle(place, self.middle);
        turns + winding(some(pieces, crossing), point, middle) != 0
            || is_on_border(some(pieces, crossing), point)
    }

    /// What the polygon has of the places no farther than `radius`, as a chord,
    /// from a point.
    pub(super) fn cover(&self, point: Vector, radius: f64) -> Cover {
        let depth = point.dot(self.center);
        let least_depth = depth - radius;
        if least_depth < NEAR / 2.0 {
            return Cover::Unknown;
        }
        let at = self.project(point);
        let sides = [self.right, self.up].map(|it| (point.dot(it) / depth).abs());
        // So far may the image of a place lie from that of the point.
        let reach = [0, 1].map(|it| radius * (1.0 + sides[it]) / least_depth * self.scale[it]);
        let size = self.size as f64;
        let [columns, rows] = [0, 1].map(|it| (at[it] - reach[it], at[it] + reach[it]));
        if columns.1 < 0.0 || rows.1 < 0.0 || columns.0 >= size || rows.0 >= size {
            return Cover::None;
        }
        let is_over = |it: (f64, f64)| it.0 < 0.0 || it.1 >= size;
        let mut is_out = is_over(columns) || is_over(rows);
        let mut is_in = false;
        let last = self.size - 1;
        for row in rows.0 as usize..=(rows.1 as usize).min(last) {
            for column in columns.0 as usize..=(columns.1 as usize).min(last) {
                let place = row * self.size + column;
                if !self.crossing(place).is_empty() {
                    return Cover::Unknown;
                }
                let is_inside = self.cells[place].turns != 0;
                is_in |= is_inside;
                is_out |= !is_inside;
            }
        }
        match (is_in, is_out) {
            (true, false) => Cover::All,
            (false, true) => Cover::None,
            _ => Cover::Unknown,
        }
    }

    /// Where a point lies, in cells.
    fn project(&self, point: Vector) -> [f64; 2] {
        let near = 1.0 / point.dot(self.center);
        let x = point.dot(self.right) * near;
        let y = point.dot(self.up) * near;
        let [[left, bottom], [columns, rows]] = [self.origin, self.scale];
        [(x - left) * columns, (y - bottom) * rows]
    }

    /// The pieces that run through a cell.
    fn crossing(&self, place: usize) -> &[u32] {
        let (first, end) = (self.cells[place].first, self.cells[place + 1].first);
        &self.crossing[first as usize..end as usize]
    }

    /// The direction of a place within a cell, of any length.
    fn middle(&self, place: usize, within: [f64; 2]) -> Vector {
        let (row, column) = (place / self.size, place % self.size);
        let x = self.origin[0] + (column as f64 + within[0]) / self.scale[0];
        let y = self.origin[1] + (row as f64 + within[1]) / self.scale[1];
        let plane = self.right.times(x).plus(self.up.times(y));
        self.center.plus(plane)
    }

    /// Lays the cells over the whole border.
    fn fit(&mut self, pieces: &[Piece]) {
        (self.origin, self.scale) = ([0.0; 2], [1.0; 2]);
        let mut low = [f64::INFINITY; 2];
        let mut high = [f64::NEG_INFINITY; 2];
        for piece in pieces {
            let at = self.project(piece.start);
            for axis in [0, 1] {
                low[axis] = low[axis].min(at[axis] - MARGIN);
                high[axis] = high[axis].max(at[axis] + MARGIN);
            }
        }
        self.origin = low;
        self.scale = [0, 1].map(|axis| self.size as f64 / (high[axis] - low[axis]));
    }

    /// Finds the pieces that run through each cell.
    fn cross(&mut self, pieces: &[Piece]) {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (number, (piece, end)) in (0..).zip(arcs(pieces)) {
            self.trace(piece.start, end, |place| pairs.push((place, number)));
        }
        pairs.sort_unstable();
        let firsts = (0..=self.size * self.size).map(|place| Cell {
            first: pairs.partition_point(|it| (it.0 as usize) < place) as u32,
            turns: 0,
        });
        self.cells = firsts.collect();
        self.crossing = pairs.iter().map(|it| it.1).collect();
    }

    /// The cells that a piece runs through or comes near.
    fn trace(&self, start: Vector, end: Vector, mut visit: impl FnMut(u32)) {
        let (start, end) = (self.project(start), self.project(end));
        let margin = self.scale.map(|it| it * MARGIN + MARGIN_OF_CELL);
        let cells = |axis: usize| {
            let low = start[axis].min(end[axis]) - margin[axis];
            let high = start[axis].max(end[axis]) + margin[axis];
            low.max(0.0) as usize..=(high as usize).min(self.size - 1)
        };
        // A cell is off the line if it lies on one side of it with all corners.
        let normal = [end[1] - start[1], start[0] - end[0]];
        let reach = (0.5 + margin[0]) * normal[0].abs() + (0.5 + margin[1]) * normal[1].abs();
        for row in cells(1) {
            for column in cells(0) {
                let x = column as f64 + 0.5 - start[0];
                let y = row as f64 + 0.5 - start[1];
                if (x * normal[0] + y * normal[1]).abs() <= reach {
                    visit((row * self.size + column) as u32);
                }
            }
        }
    }

    /// Whether no cell has its middle on the border.
    fn is_free(&self, pieces: &[Piece], middle: [f64; 2]) -> bool {
        (0..self.size * self.size).all(|place| {
            let middle = self.middle(place, middle).unit();
            !is_on_border(some(pieces, self.crossing(place)), middle)
        })
    }

    /// Counts how often the border winds around each middle: as often as around
    /// the one before, but for the pieces in between.
    fn count_turns(&mut self, pieces: &[Piece], outside: Vector) {
        let first = self.middle(0, self.middle).unit();
        self.cells[0].turns = winding(arcs(pieces), first, outside);
        let mut between = Vec::new();
        for place in 1..self.size * self.size {
            let back = if place % self.size == 0 { self.size } else { 1 };
            let before = place - back;
            between.clear();
            between.extend_from_slice(self.crossing(before));
            between.extend_from_slice(self.crossing(place));
            between.sort_unstable();
            between.dedup();
            let here = self.middle(place, self.middle).unit();
            let there = self.middle(before, self.middle).unit();
            let turns = winding(some(pieces, &between), here, there);
            self.cells[place].turns = self.cells[before].turns + turns;
        }
    }
}

/// Some of the pieces, with their ends.
fn some<'p>(pieces: &'p [Piece], numbers: &[u32]) -> impl Iterator<Item = (&'p Piece, Vector)> {
    numbers.iter().map(|number| {
        let number = *number as usize;
        let next = if number + 1 < pieces.len() {
            number + 1
        } else {
            0
        };
        (&pieces[number], pieces[next].start)
    })
}
