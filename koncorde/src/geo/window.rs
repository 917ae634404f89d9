//! The envelope of a shape, as windows of latitude and longitude.

use smallvec::{SmallVec, smallvec};

use super::{GeoPoint, canonical_longitude};

/// A window of latitudes and longitudes, in degrees, border included.
///
/// Longitudes lie between -180 and 180 and `west <= east`: a shape over the
/// antimeridian has two windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) south: f64,
    pub(crate) north: f64,
    pub(crate) west: f64,
    pub(crate) east: f64,
}

pub(crate) type Windows = SmallVec<[Window; 2]>;

/// How much windows are larger than what they cover: a centimetre of latitude.
const MARGIN: f64 = 1e-7;

impl Window {
    pub(crate) fn contains(&self, point: GeoPoint) -> bool {
        (self.south..=self.north).contains(&point.lat)
            && (self.west..=self.east).contains(&point.lon)
    }

    /// The smallest window that holds both.
    pub(crate) fn join(&self, other: &Self) -> Self {
        Self {
            south: self.south.min(other.south),
            north: self.north.max(other.north),
            west: self.west.min(other.west),
            east: self.east.max(other.east),
        }
    }

    /// The windows of an area that reaches `width` degrees eastward from `west`,
    /// with a margin. An area that touches a pole gets all longitudes there.
    pub(crate) fn cover(south: f64, north: f64, west: f64, width: f64) -> Windows {
        let (south, north) = (south - MARGIN, north + MARGIN);
        // Meridians come closer together towards the poles.
        let shrink = south.abs().max(north.abs()).to_radians().cos();
        let margin = MARGIN / shrink.max(1e-9);
        let (south, north) = (south.max(-90.0), north.min(90.0));
        let width = width + 2.0 * margin;
        if width >= 360.0 {
            return smallvec![Self {
                south,
                north,
                west: -180.0,
                east: 180.0
            }];
        }
        let west = canonical_longitude(west - margin);
        let east = west + width;
        if east < 180.0 {
            return smallvec![Self {
                south,
                north,
                west,
                east
            }];
        }
        let after = canonical_longitude(east);
        smallvec![
            Self {
                south,
                north,
                west,
                east: 180.0
            },
            Self {
                south,
                north,
                west: -180.0,
                east: after
            },
        ]
    }

    /// The windows of everything between two parallels.
    pub(crate) fn belt(south: f64, north: f64) -> Windows {
        Self::cover(south, north, -180.0, 360.0)
    }
}
