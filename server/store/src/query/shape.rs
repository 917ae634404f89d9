//! Places on Earth as queries and documents write them, as plain data.

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
    /// Of each the outer ring, then the holes.
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
