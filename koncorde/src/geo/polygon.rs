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
//! Cost: one pass over the pieces, three multiplications of vectors each; of most
//! polygons only over those near the point (`grid`).

use geographiclib_rs::{DirectGeodesic, InverseGeodesic};

use super::corners::canonical_corners;
use super::grid::Grid;
use super::ring::WGS84;
use super::vector::Vector;
use super::window::{Window, Windows};
use super::{Cover, GeoPoint};
use crate::scalar::Number;

/// The longest piece of a border, in metres. An arc of a great circle of this
/// length strays less than a metre from the geodesic (a test measures it).
const PIECE: f64 = 120_000.0;

/// The most pieces that cutting may add to a polygon: beyond it they get longer.
const PIECES_ADDED: f64 = 20_000.0;

/// Points that are so near to the border, in radii of the earth, are on it: a
/// millimetre.
const BORDER: f64 = 1.6e-10;

/// How far rounding may move a point, in radii of the earth.
const ROUNDING: f64 = 1e-12;

pub(crate) struct Polygon {
    corners: Box<[[Number; 2]]>,
    pieces: Box<[Piece]>,
    /// A place that is not inside.
    outside: Vector,
    grid: Option<Grid>,
}

/// A part of the border: an arc from `start` to the next piece's start.
pub(super) struct Piece {
    pub(super) start: Vector,
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
        let grid = Grid::new(&pieces, outside);
        Self {
            corners,
            pieces,
            outside,
            grid,
        }
    }

    pub(crate) fn corners(&self) -> &[[Number; 2]] {
        &self.corners
    }

    pub(crate) fn contains(&self, point: Vector) -> bool {
        match &self.grid {
            Some(grid) => grid.contains(&self.pieces, point),
            None => self.contains_slowly(point),
        }
    }

    /// What the polygon has of a window.
    pub(crate) fn cover(&self, window: &Window) -> Cover {
        let Some(grid) = &self.grid else {
            return Cover::Unknown;
        };
        let at = |lat: f64, lon: f64| Vector::new(GeoPoint { lat, lon });
        let (south, north) = (window.south, window.north);
        let middle = at((south + north) / 2.0, (window.west + window.east) / 2.0);
        // Nothing is farther than the corners towards the equator.
        let wide = if south + north < 0.0 { north } else { south };
        let radius = middle.chord_squared(at(wide, window.west)).sqrt();
        grid.cover(middle, radius + ROUNDING)
    }

    /// Whether most windows get an answer.
    pub(crate) fn knows_cover(&self) -> bool {
        self.grid.is_some()
    }

    /// By all of its pieces.
    fn contains_slowly(&self, point: Vector) -> bool {
        is_on_border(arcs(&self.pieces), point)
            || winding(arcs(&self.pieces), point, self.outside) != 0
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
pub(super) fn arcs(pieces: &[Piece]) -> impl Iterator<Item = (&Piece, Vector)> {
    let ends = pieces.iter().cycle().skip(1).map(|it| it.start);
    pieces.iter().zip(ends)
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
    let is_north_free = !is_on_border(arcs(pieces), Vector::NORTH);
    let is_south_free = !is_on_border(arcs(pieces), Vector::SOUTH);
    match (is_north_free, is_south_free) {
        (true, false) => Vector::NORTH,
        (false, true) => Vector::SOUTH,
        (true, true) => {
            let turns = winding(arcs(pieces), Vector::NORTH, Vector::SOUTH);
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

pub(super) fn is_on_border<'p>(
    mut arcs: impl Iterator<Item = (&'p Piece, Vector)>,
    point: Vector,
) -> bool {
    arcs.any(|(piece, end)| {
        piece.normal.dot(point).abs() <= BORDER
            && (piece.start.chord_squared(point) <= BORDER * BORDER
                || piece.is_arc() && piece.is_beside(point, end))
    })
}

/// How many times more the border winds around `point` than around `other`:
/// the crossings of the way from one to the other, from the right less those
/// from the left. Neither lies on the border.
pub(super) fn winding<'p>(
    arcs: impl Iterator<Item = (&'p Piece, Vector)>,
    point: Vector,
    other: Vector,
) -> i32 {
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
    for (piece, end) in arcs {
        let (here, there) = (way.dot(piece.start), way.dot(end));
        if (here >= 0.0) != (there >= 0.0) {
            let crossing = piece.start.times(there.abs()).plus(end.times(here.abs()));
            let is_on_way =
                point.cross(crossing).dot(way) >= 0.0 && crossing.cross(other).dot(way) >= 0.0;
            if is_on_way {
                turns += if there >= 0.0 { 1 } else { -1 };
            }
        }
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

    /// Near borders, on corners and far away the grid says what all pieces say.
    #[test]
    fn the_grid_says_what_all_pieces_say() {
        let mut state = 11_u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut with_grid, mut known) = (0, 0);
        for round in 0..300 {
            let (lat, lon) = (random() * 180.0 - 90.0, random() * 360.0 - 180.0);
            let size = [0.001, 0.1, 3.0, 20.0, 50.0][round % 5];
            let corners = 3 + (random() * 20.0) as usize;
            let points: Vec<[f64; 2]> = (0..corners)
                .map(|_| {
                    let lat = (lat + (random() - 0.5) * size).clamp(-90.0, 90.0);
                    [lat, lon + (random() - 0.5) * size]
                })
                .collect();
            let polygon = polygon(&points);
            with_grid += usize::from(polygon.grid.is_some());
            for number in 0..200 {
                let corner = points[number % corners];
                let near = [1e-9, 1e-6, 0.01, 1.0][number % 4] * size;
                let lat = (corner[0] + (random() - 0.5) * near).clamp(-90.0, 90.0);
                let lon = corner[1] + (random() - 0.5) * near;
                let point = GeoPoint { lat, lon };
                let at = Vector::new(point);
                let expected = polygon.contains_slowly(at);
                assert_eq!(
                    polygon.contains(at),
                    expected,
                    "round {round}: {point:?} in {points:?}"
                );
                let south = (lat - random() * near).max(-90.0);
                let west = lon - random() * near;
                let cover = polygon.cover(&Window {
                    south,
                    north: (south + near).min(90.0),
                    west,
                    east: west + near,
                });
                let wrong = if expected { Cover::None } else { Cover::All };
                assert_ne!(cover, wrong, "round {round}: {point:?} in {points:?}");
                known += usize::from(cover != Cover::Unknown);
            }
        }
        assert!(with_grid > 150 && known > 300, "{with_grid}, {known}");
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
