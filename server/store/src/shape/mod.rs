//! Places on Earth as documents and queries write them, as plain data.
//!
//! Points in all their spellings, shapes as GeoJSON and as text (WKT). What is
//! read lies on Earth; polygons that cross the date line are cut there.

mod cell;
mod dateline;
mod json;
mod point;
mod text;

pub(crate) use cell::{decode_cell, encode_cell};
pub(crate) use json::read_shape;
pub(crate) use point::{read_geohash_cell, read_point, read_points};

/// In degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) lat: f64,
    pub(crate) lon: f64,
}

/// A ring or a line.
pub(crate) type Line = Vec<Point>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Points(Vec<Point>),
    Lines(Vec<Line>),
    /// Of each the outer ring, then the holes; none crosses the date line.
    Polygons(Vec<Vec<Line>>),
    /// Crosses the date line when `left` is greater than `right`.
    Envelope {
        top: f64,
        left: f64,
        bottom: f64,
        right: f64,
    },
    Circle {
        center: Point,
        radius_m: f64,
    },
    Collection(Vec<Shape>),
}

/// A box in degrees; one that crosses the date line goes around the Earth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) west: f64,
    pub(crate) east: f64,
    pub(crate) south: f64,
    pub(crate) north: f64,
}

/// Smaller than the true one anywhere, so that boxes around circles are large
/// enough.
const METRES_PER_DEGREE: f64 = 110_000.0;

impl Shape {
    /// How many points it is made of.
    pub(crate) fn points(&self) -> usize {
        match self {
            Self::Points(points) => points.len(),
            Self::Lines(lines) => lines.iter().map(Vec::len).sum(),
            Self::Polygons(polygons) => polygons.iter().flatten().map(Vec::len).sum(),
            Self::Envelope { .. } => 2,
            Self::Circle { .. } => 1,
            Self::Collection(shapes) => shapes.iter().map(Self::points).sum(),
        }
    }

    /// A box around the shape; `None` for an empty one.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Points(points) => around(points),
            Self::Lines(lines) => union(lines.iter().map(|it| around(it))),
            Self::Polygons(polygons) => union(
                polygons
                    .iter()
                    .map(|it| it.first().and_then(|it| around(it))),
            ),
            Self::Envelope {
                top,
                left,
                bottom,
                right,
            } => {
                let (west, east) = match left <= right {
                    true => (*left, *right),
                    false => (-180.0, 180.0),
                };
                Some(Bounds {
                    west,
                    east,
                    south: *bottom,
                    north: *top,
                })
            }
            Self::Circle { center, radius_m } => Some(around_circle(*center, *radius_m)),
            Self::Collection(shapes) => union(shapes.iter().map(Self::bounds)),
        }
    }
}

impl Bounds {
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            west: self.west.min(other.west),
            east: self.east.max(other.east),
            south: self.south.min(other.south),
            north: self.north.max(other.north),
        }
    }
}

fn union(boxes: impl Iterator<Item = Option<Bounds>>) -> Option<Bounds> {
    boxes.flatten().reduce(Bounds::union)
}

fn around(points: &[Point]) -> Option<Bounds> {
    let boxes = points.iter().map(|point| Bounds {
        west: point.lon,
        east: point.lon,
        south: point.lat,
        north: point.lat,
    });
    boxes.reduce(Bounds::union)
}

fn around_circle(center: Point, radius_m: f64) -> Bounds {
    let angle = radius_m / METRES_PER_DEGREE;
    let (south, north) = (center.lat - angle, center.lat + angle);
    let world = Bounds {
        west: -180.0,
        east: 180.0,
        south: south.max(-90.0),
        north: north.min(90.0),
    };
    if south <= -90.0 || north >= 90.0 {
        return world;
    }
    let widest = angle.to_radians().sin() / center.lat.to_radians().cos();
    let width = widest.asin().to_degrees();
    match (center.lon - width, center.lon + width) {
        (west, east) if west >= -180.0 && east <= 180.0 => Bounds {
            west,
            east,
            ..world
        },
        _ => world,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_hold_their_shapes() {
        let at = |lon, lat| Point { lat, lon };
        let circle = |lon, lat, radius_m| Shape::Circle {
            center: at(lon, lat),
            radius_m,
        };
        let square = vec![at(0.0, 1.0), at(2.0, 1.0), at(2.0, 3.0), at(0.0, 1.0)];
        let cases = [
            (Shape::Points(vec![]), None),
            (
                Shape::Points(vec![at(1.0, 2.0)]),
                Some([1.0, 1.0, 2.0, 2.0]),
            ),
            (
                Shape::Polygons(vec![vec![square.clone()]]),
                Some([0.0, 2.0, 1.0, 3.0]),
            ),
            (
                Shape::Collection(vec![
                    Shape::Lines(vec![square]),
                    Shape::Points(vec![at(9.0, 9.0)]),
                ]),
                Some([0.0, 9.0, 1.0, 9.0]),
            ),
            (circle(0.0, 0.0, 110_000.0), Some([-1.0, 1.0, -1.0, 1.0])),
            (
                circle(179.5, 0.0, 110_000.0),
                Some([-180.0, 180.0, -1.0, 1.0]),
            ),
            (
                circle(0.0, 89.5, 110_000.0),
                Some([-180.0, 180.0, 88.5, 90.0]),
            ),
        ];
        for (shape, expected) in cases {
            let found = shape.bounds();
            let found = found.map(|it| [it.west, it.east, it.south, it.north]);
            let is_near = match (found, expected) {
                (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9),
                (a, b) => a == b,
            };
            assert!(is_near, "{shape:?}: {found:?}, not {expected:?}");
        }
    }
}
