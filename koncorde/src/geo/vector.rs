//! Directions from the centre of the earth, as unit vectors.
//!
//! Latitudes are taken as they are, as if the earth were a sphere. Great circles
//! between such vectors are not exactly the geodesics of the ellipsoid; the
//! callers know by how much they may differ.

use super::GeoPoint;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Vector {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
}

impl Vector {
    pub(crate) const NULL: Self = Self {
        x: 0.0,
        y: 0.0,
        z: 0.0,
    };
    pub(crate) const NORTH: Self = Self {
        x: 0.0,
        y: 0.0,
        z: 1.0,
    };
    pub(crate) const SOUTH: Self = Self {
        x: 0.0,
        y: 0.0,
        z: -1.0,
    };

    pub(crate) fn new(point: GeoPoint) -> Self {
        let (sin_lat, cos_lat) = sin_cos(point.lat);
        let (sin_lon, cos_lon) = sin_cos(point.lon);
        Self {
            x: cos_lat * cos_lon,
            y: cos_lat * sin_lon,
            z: sin_lat,
        }
    }

    pub(crate) fn point(self) -> GeoPoint {
        GeoPoint {
            lat: self.z.atan2(self.x.hypot(self.y)).to_degrees(),
            lon: self.y.atan2(self.x).to_degrees(),
        }
    }

    pub(crate) fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub(crate) fn cross(self, other: Self) -> Self {
        Self {
            x: self.y * other.z - self.z * other.y,
            y: self.z * other.x - self.x * other.z,
            z: self.x * other.y - self.y * other.x,
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            x: self.x + other.x,
            y: self.y + other.y,
            z: self.z + other.z,
        }
    }

    pub(crate) fn times(self, factor: f64) -> Self {
        Self {
            x: self.x * factor,
            y: self.y * factor,
            z: self.z * factor,
        }
    }

    pub(crate) fn norm(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The square of the straight distance, through the earth.
    pub(crate) fn chord_squared(self, other: Self) -> f64 {
        let between = self.plus(other.times(-1.0));
        between.dot(between)
    }

    /// The vector with length 1, or the null vector as it is.
    pub(crate) fn unit(self) -> Self {
        match self.norm() {
            0.0 => self,
            norm => self.times(1.0 / norm),
        }
    }

    /// The axis of coordinates that is farthest from this direction.
    pub(crate) fn farthest_axis(self) -> Self {
        let [x, y, z] = [self.x.abs(), self.y.abs(), self.z.abs()];
        if x <= y && x <= z {
            Self {
                x: 1.0,
                y: 0.0,
                z: 0.0,
            }
        } else if y <= z {
            Self {
                x: 0.0,
                y: 1.0,
                z: 0.0,
            }
        } else {
            Self::NORTH
        }
    }
}

/// Sine and cosine of degrees, exact at the multiples of 90, so that meridians
/// and the equator are exactly straight and the poles are single places.
fn sin_cos(degrees: f64) -> (f64, f64) {
    let quarter = (degrees / 90.0).round();
    let (sin, cos) = (degrees - quarter * 90.0).to_radians().sin_cos();
    match quarter.rem_euclid(4.0) as u8 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}
