//! Points, shapes, distances.

/// A point on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoPoint {
    /// Latitude, -90 to 90 from south to north.
    pub lat: f64,
    /// Longitude, from west to east.
    pub lon: f64,
}

/// An area that a geo condition accepts, border included.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {}
