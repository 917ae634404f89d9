//! Points, shapes, distances.

use serde_json::Value;

/// A point on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoPoint {
    /// Latitude, -90 to 90 from south to north.
    pub lat: f64,
    /// Longitude, from west to east.
    pub lon: f64,
}

/// An area that a geo condition accepts, border included.
///
/// Shapes are equal when their canonical numbers are, bit by bit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shape {}

/// A window of latitudes and longitudes, in degrees, border included. Longitudes
/// lie between -180 and 180, `west <= east`: a shape over the antimeridian has
/// two windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) south: f64,
    pub(crate) north: f64,
    pub(crate) west: f64,
    pub(crate) east: f64,
}

impl Shape {
    /// Whether the point, as `read_point` gives it, lies in the shape.
    pub(crate) fn contains(&self, _point: GeoPoint) -> bool {
        match *self {}
    }

    /// Windows that together contain every point of the shape, slightly larger.
    pub(crate) fn envelope(&self) -> &[Window] {
        match *self {}
    }
}

/// The point that a value of a document is: latitude -90 to 90, longitude -180
/// (included) to 180 (excluded). `None` if it is not a point.
pub(crate) fn read_point(_value: &Value) -> Option<GeoPoint> {
    None
}
