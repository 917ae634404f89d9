//! The area inside a closed line of geodesics.
//!
//! Each corner is joined to the next by the shortest line on the ellipsoid. Long
//! lines are cut into pieces at exact points, so that each piece may be taken
//! for an arc of a great circle.
//!
//! A point is inside if the line winds around it: walk from the point to a place
//! that is known to be outside and count the pieces crossed from the left and
//! from the right. All is done on vectors, so the antimeridian is no special
//! place, and the poles are none but for saying what is outside:
//! - if the line does not go around the axis of the earth, the poles are outside;
//! - if it does, the smaller side is inside.
//!
//! Cost: one pass over the pieces, two multiplications of vectors each.

use std::cmp::Ordering;

use geographiclib_rs::{DirectGeodesic, InverseGeodesic};

use super::GeoPoint;
use super::ring::WGS84;
use super::vector::Vector;
use super::window::{Window, Windows};
use crate::scalar::Number;

/// The longest piece of a border, in metres. An arc of a great circle of this
/// length strays less than a metre from the geodesic (a test measures it).
const PIECE: f64 = 120_000.0;

/// The most pieces that cutting may add to a polygon: beyond it they get longer.
const PIECES_ADDED: f64 = 20_000.0;

/// Points that are so near to the border, in radii of the earth, are on it: a
/// millimetre.
const BORDER: f64 = 1.6e-10;

pub(crate) struct Polygon {
    corners: Box<[[Number; 2]]>,
    pieces: Box<[Piece]>,
    /// A place that is not inside.
    outside: Vector,
}

/// A part of the border: an arc from `start` to the next piece's start.
struct Piece {
    start: Vector,
    /// At right angles to the arc, to its left; null if the arc is a point.
    normal: Vector,
}

impl Polygon {
    /// The points are canonical.
    pub(crate) fn new(points: &[GeoPoint]) -> Self {
        let corners = canonical_corners(points);
        let starts = cut(&corners);
        let pieces: Box<[_]> = (0..starts.len())
            .map(|i| Piece {
                start: starts[i],
                normal: starts[i].cross(starts[(i + 1) % starts.len()]).unit(),
            })
            .collect();
        let outside = find_outside(&pieces);
        Self {
            corners,
            pieces,
            outside,
        }
    }

    pub(crate) fn corners(&self) -> &[[Number; 2]] {
        &self.corners
    }

    pub(crate) fn contains(&self, point: Vector) -> bool {
        is_on_border(&self.pieces, point) || winding(&self.pieces, point, self.outside) != 0
    }

    pub(crate) fn windows(&self) -> Windows {
        let (south, north) = self.latitudes();
        if self.contains(Vector::NORTH) || self.contains(Vector::SOUTH) {
            return Window::belt(south, north);
        }
        let (mut at, mut west, mut east) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (piece, next) in arcs(&self.pieces) {
            at += (next.point().lon - piece.start.point().lon + 540.0).rem_euclid(360.0) - 180.0;
            west = west.min(at);
            east = east.max(at);
        }
        let first = self.pieces.first().map_or(0.0, |it| it.start.point().lon);
        Window::cover(south, north, first + west, east - west)
    }

    /// The most southern and the most northern latitude of the area.
    fn latitudes(&self) -> (f64, f64) {
        let (mut south, mut north) = (90.0_f64, -90.0_f64);
        for (piece, next) in arcs(&self.pieces) {
            // The northernmost point of the great circle, and opposite to it the
            // southernmost one.
            let top = piece.normal.cross(Vector::NORTH.cross(piece.normal)).unit();
            let bottom = top.times(-1.0);
            let turns = [top, bottom]
                .into_iter()
                .filter(|it| piece.is_arc() && piece.is_beside(*it, next));
            for place in turns.chain([piece.start]) {
                south = south.min(place.point().lat);
                north = north.max(place.point().lat);
            }
        }
        if self.contains(Vector::SOUTH) {
            south = -90.0;
        }
        if self.contains(Vector::NORTH) {
            north = 90.0;
        }
        (south, north)
    }
}

impl Piece {
    fn is_arc(&self) -> bool {
        self.normal != Vector::NULL
    }

    /// Whether a point lies between the two planes that cut the arc off its
    /// great circle.
    fn is_beside(&self, point: Vector, end: Vector) -> bool {
        self.normal.cross(self.start).dot(point) >= 0.0 && end.cross(self.normal).dot(point) >= 0.0
    }
}

/// Every piece with its end.
fn arcs(pieces: &[Piece]) -> impl Iterator<Item = (&Piece, Vector)> {
    let ends = pieces.iter().cycle().skip(1).map(|it| it.start);
    pieces.iter().zip(ends)
}

/// The corners in one order for all ways to write the same border: without
/// repetitions, beginning with the smallest, then its smaller neighbour.
fn canonical_corners(points: &[GeoPoint]) -> Box<[[Number; 2]]> {
    let mut corners: Vec<[Number; 2]> = points
        .iter()
        .filter_map(|it| Some([Number::new(it.lat)?, Number::new(it.lon)?]))
        .collect();
    corners.dedup();
    while corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    let backward = corners.iter().rev().copied().collect();
    let (forward, backward) = (smallest_rotation(corners), smallest_rotation(backward));
    forward.min(backward).into()
}

/// The rotation of a sequence that comes first in order, in linear time: two
/// candidates race, and the one that loses jumps over all that it has been shown
/// to lose from.
fn smallest_rotation<T: Ord + Copy>(items: Vec<T>) -> Vec<T> {
    let len = items.len();
    let (mut one, mut other, mut same) = (0, 1, 0);
    while one < len && other < len && same < len {
        match items[(one + same) % len].cmp(&items[(other + same) % len]) {
            Ordering::Equal => same += 1,
            order => {
                let loser = if order.is_gt() { &mut one } else { &mut other };
                *loser += same + 1;
                same = 0;
                other += usize::from(one == other);
            }
        }
    }
    let start = one.min(other);
    items
        .iter()
        .cycle()
        .skip(start)
        .take(len)
        .copied()
        .collect()
}

/// The corners as vectors, with more points on the lines between them.
fn cut(corners: &[[Number; 2]]) -> Vec<Vector> {
    let points: Vec<GeoPoint> = corners
        .iter()
        .map(|[lat, lon]| GeoPoint {
            lat: lat.get(),
            lon: lon.get(),
        })
        .collect();
    let ends = points.iter().cycle().skip(1);
    let lines: Vec<(GeoPoint, f64, f64)> = points
        .iter()
        .zip(ends)
        .map(|(from, to)| {
            let (length, azimuth, _, _): (f64, f64, f64, f64) =
                WGS84.inverse(from.lat, from.lon, to.lat, to.lon);
            (*from, length, azimuth)
        })
        .collect();
    let border: f64 = lines.iter().map(|(_, length, _)| length).sum();
    let step = PIECE.max(border / PIECES_ADDED);
    let mut starts = Vec::with_capacity(points.len());
    for (from, length, azimuth) in lines {
        starts.push(Vector::new(from));
        let count = (length / step).ceil();
        for i in 1..count as u32 {
            let way = length * f64::from(i) / count;
            let (lat, lon): (f64, f64) = WGS84.direct(from.lat, from.lon, azimuth, way);
            starts.push(Vector::new(GeoPoint { lat, lon }));
        }
    }
    starts
}

/// A place that is not inside.
fn find_outside(pieces: &[Piece]) -> Vector {
    let is_north_free = !is_on_border(pieces, Vector::NORTH);
    let is_south_free = !is_on_border(pieces, Vector::SOUTH);
    match (is_north_free, is_south_free) {
        (true, false) => Vector::NORTH,
        (false, true) => Vector::SOUTH,
        (true, true) => {
            let turns = winding(pieces, Vector::NORTH, Vector::SOUTH);
            let is_north_smaller =
                northern_area(pieces).abs() <= std::f64::consts::TAU * f64::from(turns.abs());
            if turns != 0 && is_north_smaller {
                Vector::SOUTH
            } else {
                Vector::NORTH
            }
        }
        // The border touches both poles: the far side of the earth is outside.
        (false, false) => {
            let middle = arcs(pieces).fold(Vector::NULL, |sum, (piece, end)| {
                let length = piece.start.chord_squared(end).sqrt();
                sum.plus(piece.start.plus(end).times(length))
            });
            middle.times(-1.0).unit()
        }
    }
}

/// The area between the border and the north pole on the unit sphere, counted
/// once for each time that the border goes around it; the sign is the direction.
fn northern_area(pieces: &[Piece]) -> f64 {
    let pole = Vector::NORTH;
    arcs(pieces)
        .map(|(piece, end)| {
            let volume = pole.dot(piece.start.cross(end));
            let scale = 1.0 + pole.dot(piece.start) + piece.start.dot(end) + end.dot(pole);
            2.0 * volume.atan2(scale)
        })
        .sum()
}

fn is_on_border(pieces: &[Piece], point: Vector) -> bool {
    arcs(pieces).any(|(piece, end)| {
        piece.normal.dot(point).abs() <= BORDER
            && (piece.start.chord_squared(point) <= BORDER * BORDER
                || piece.is_arc() && piece.is_beside(point, end))
    })
}

/// How many times more the border winds around `point` than around `other`:
/// the crossings of the way from one to the other, from the right less those
/// from the left. Neither lies on the border.
fn winding(pieces: &[Piece], point: Vector, other: Vector) -> i32 {
    let mut point = point;
    let mut way = point.cross(other);
    if way.norm() < 1e-12 {
        if point.dot(other) > 0.0 {
            return 0;
        }
        // From one end of the earth to the other many ways are straight: a step
        // aside, shorter than the width of a border, chooses one.
        point = point
            .plus(point.cross(point.farthest_axis()).times(1e-11))
            .unit();
        way = point.cross(other);
    }
    let mut turns = 0;
    let Some(first) = pieces.first() else {
        return 0;
    };
    let mut here = way.dot(first.start);
    for (piece, end) in arcs(pieces) {
        let there = way.dot(end);
        if (here >= 0.0) != (there >= 0.0) {
            let crossing = piece.start.times(there.abs()).plus(end.times(here.abs()));
            let is_on_way =
                point.cross(crossing).dot(way) >= 0.0 && crossing.cross(other).dot(way) >= 0.0;
            if is_on_way {
                turns += if there >= 0.0 { 1 } else { -1 };
            }
        }
        here = there;
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::super::ring::CURVATURE_MAX;
    use super::*;

    fn polygon(points: &[[f64; 2]]) -> Polygon {
        let points: Vec<_> = points
            .iter()
            .map(|[lat, lon]| GeoPoint {
                lat: *lat,
                lon: *lon,
            })
            .collect();
        Polygon::new(&points)
    }

    fn check(polygon: &Polygon, inside: &[[f64; 2]], outside: &[[f64; 2]]) {
        for (places, expected) in [(inside, true), (outside, false)] {
            for [lat, lon] in places {
                let point = GeoPoint {
                    lat: *lat,
                    lon: *lon,
                };
                assert_eq!(polygon.contains(Vector::new(point)), expected, "{point:?}");
                let canonical = point.canonical().unwrap();
                let is_in_window = polygon.windows().iter().any(|it| it.contains(canonical));
                assert!(
                    is_in_window || !expected,
                    "{point:?} in {:?}",
                    polygon.windows()
                );
            }
        }
    }

    #[test]
    fn squares_with_their_borders() {
        let square = polygon(&[[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]);
        check(
            &square,
            &[
                [0.5, 0.5],
                [0.0, 0.0],
                [1.0, 1.0],
                [0.0, 0.5],
                [0.5, 0.0],
                [0.5, 1.0],
                [1.00001, 0.5],
            ],
            &[
                [1.1, 0.5],
                [-0.0001, 0.5],
                [0.5, 1.0001],
                [0.5, 180.0],
                [90.0, 0.0],
                [-90.0, 0.0],
                [-0.5, -179.5],
            ],
        );
        for lon in [10.1, -77.7, 123.456, 179.0] {
            let square = polygon(&[
                [10.0, lon],
                [10.0, lon + 1.0],
                [11.0, lon + 1.0],
                [11.0, lon],
            ]);
            check(
                &square,
                &[[10.3, lon], [10.7, lon + 1.0], [10.5, lon + 0.5]],
                &[[10.3, lon - 1e-6]],
            );
        }
    }

    #[test]
    fn antimeridian_and_poles() {
        let pacific = polygon(&[[-5.0, 175.0], [-5.0, -175.0], [5.0, -175.0], [5.0, 175.0]]);
        check(
            &pacific,
            &[[0.0, 180.0], [0.0, 178.0], [0.0, -178.0]],
            &[[0.0, 0.0], [0.0, 174.0], [6.0, 180.0]],
        );
        let arctic = polygon(&[[80.0, 0.0], [80.0, 90.0], [80.0, 180.0], [80.0, -90.0]]);
        check(
            &arctic,
            &[[90.0, 0.0], [85.0, 45.0], [80.0, 90.0]],
            &[[79.0, 45.0], [-90.0, 0.0], [0.0, 0.0]],
        );
        let antarctic = polygon(&[[-80.0, -90.0], [-80.0, 180.0], [-80.0, 90.0], [-80.0, 0.0]]);
        check(
            &antarctic,
            &[[-90.0, 7.0], [-85.0, 45.0]],
            &[[-79.0, 45.0], [90.0, 0.0]],
        );
        let slice = polygon(&[[90.0, 0.0], [80.0, 0.0], [80.0, 90.0]]);
        check(
            &slice,
            &[[85.0, 45.0], [90.0, 123.0]],
            &[[85.0, -45.0], [85.0, 180.0], [-90.0, 0.0]],
        );
        let over_the_pole = polygon(&[[80.0, 0.0], [80.0, 180.0], [80.0, 90.0]]);
        check(
            &over_the_pole,
            &[[85.0, 90.0], [90.0, 0.0], [85.0, 0.0]],
            &[[85.0, -90.0], [0.0, 90.0]],
        );
        let lune = polygon(&[[90.0, 0.0], [0.0, 0.0], [-90.0, 0.0], [0.0, 45.0]]);
        check(
            &lune,
            &[[0.0, 20.0], [80.0, 20.0], [90.0, 0.0]],
            &[[0.0, -20.0], [0.0, 60.0], [0.0, 180.0]],
        );
    }

    #[test]
    fn a_wide_polygon_goes_the_short_way() {
        let wide = polygon(&[
            [-10.0, -100.0],
            [10.0, -100.0],
            [10.0, 100.0],
            [-10.0, 100.0],
        ]);
        check(
            &wide,
            &[[0.0, 180.0], [0.0, 150.0]],
            &[[0.0, 0.0], [0.0, 90.0], [90.0, 0.0]],
        );
        let belt = polygon(&[
            [-80.0, -175.0],
            [-80.0, -60.0],
            [-80.0, 60.0],
            [-80.0, 175.0],
            [80.0, 175.0],
            [80.0, 60.0],
            [80.0, -60.0],
            [80.0, -175.0],
        ]);
        check(
            &belt,
            &[[0.0, 0.0], [0.0, 174.0]],
            &[[0.0, 180.0], [89.9, 0.0], [-89.9, 0.0]],
        );
    }

    #[test]
    fn edges_are_geodesics() {
        let edge = polygon(&[[60.0, 0.0], [60.0, 90.0], [0.0, 90.0], [0.0, 0.0]]);
        check(&edge, &[[66.0, 45.0], [59.0, 45.0]], &[[69.0, 45.0]]);
    }

    #[test]
    fn crossings_wind() {
        let star = polygon(&[
            [1.0, 0.0],
            [-0.809, 0.5878],
            [0.309, -0.9511],
            [0.309, 0.9511],
            [-0.809, -0.5878],
        ]);
        check(&star, &[[0.0, 0.0], [0.7, 0.0]], &[[-0.6, 0.0]]);
    }

    #[test]
    fn lines_and_points_contain_their_border() {
        let line = polygon(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]);
        check(&line, &[[0.0, 0.0], [1.0, 1.0]], &[[5.0, 5.0], [1.0, 0.0]]);
        let point = polygon(&[[3.0, 4.0], [3.0, 4.0], [3.0, 4.0]]);
        check(
            &point,
            &[[3.0, 4.0]],
            &[[5.0, 5.0], [3.0, 4.00001], [-3.0, -176.0]],
        );
        let pole = polygon(&[[90.0, 0.0], [90.0, 10.0], [90.0, 20.0]]);
        check(&pole, &[[90.0, 0.0]], &[[89.0, 0.0], [-90.0, 0.0]]);
    }

    #[test]
    fn one_border_has_one_form() {
        let points = [[0.0, 0.0], [0.0, 2.0], [1.0, 3.0], [2.0, 2.0], [2.0, 0.0]];
        let corners = polygon(&points).corners;
        for start in 0..5 {
            let mut turned = points;
            turned.rotate_left(start);
            assert_eq!(polygon(&turned).corners, corners);
            turned.reverse();
            assert_eq!(polygon(&turned).corners, corners);
            let mut closed = turned.to_vec();
            closed.push(turned[0]);
            assert_eq!(polygon(&closed).corners, corners);
        }
    }

    #[test]
    fn rotations_are_the_smallest() {
        let mut state = 7_u32;
        for _ in 0..2_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let len = (state >> 28) as usize;
            let items: Vec<_> = (0..len).map(|i| (state >> (i % 20)) & 1).collect();
            let rotations = (0..len.max(1)).map(|i| {
                let mut turned = items.clone();
                turned.rotate_left(i.min(len));
                turned
            });
            assert_eq!(
                Some(smallest_rotation(items.clone())),
                rotations.min(),
                "{items:?}"
            );
        }
    }

    #[test]
    fn pieces_stay_near_the_geodesic() {
        let mut farthest = 0.0_f64;
        for lat in -17..=17 {
            for azimuth in 0..36 {
                let (lat, azimuth) = (f64::from(lat) * 5.0, f64::from(azimuth) * 10.0);
                let at = |way: f64| {
                    let (lat, lon): (f64, f64) = WGS84.direct(lat, 0.0, azimuth, way);
                    Vector::new(GeoPoint { lat, lon })
                };
                let normal = at(0.0).cross(at(PIECE)).unit();
                farthest = farthest.max(normal.dot(at(PIECE / 2.0)).abs() * CURVATURE_MAX);
            }
        }
        assert!((0.5..1.0).contains(&farthest), "{farthest} metres");
    }
}
