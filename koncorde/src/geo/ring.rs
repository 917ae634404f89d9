//! The area between two distances from a centre: a disk if the inner one is 0.
//!
//! An exact distance costs a microsecond, a chord through the earth a few
//! nanoseconds. All radii of curvature of the ellipsoid lie between two bounds
//! that differ by one per cent, so a chord alone decides for every point but
//! those within a per cent of a border.

use std::sync::LazyLock;

use geographiclib_rs::{Geodesic, InverseGeodesic};

use super::vector::Vector;
use super::window::{Window, Windows};
use super::{GeoPoint, Outline, Position};
use crate::scalar::Number;

pub(crate) static WGS84: LazyLock<Geodesic> = LazyLock::new(Geodesic::wgs84);

/// The smallest radius of curvature of WGS84, in metres: along the meridian, at
/// the equator.
pub(crate) const CURVATURE_MIN: f64 = 6_335_439.0;

/// The greatest one, at the poles.
pub(crate) const CURVATURE_MAX: f64 = 6_399_594.0;

/// How far rounding may move a chord, in radii of the earth.
const ROUNDING: f64 = 1e-15;

/// The length of the geodesic between two points, in metres.
pub(crate) fn distance(a: GeoPoint, b: GeoPoint) -> f64 {
    WGS84.inverse(a.lat, a.lon, b.lat, b.lon)
}

pub(crate) struct Ring {
    center: GeoPoint,
    center_vector: Vector,
    inner: Border,
    outer: Border,
    outline: Outline<'static>,
}

/// The points at one distance from the centre.
struct Border {
    metres: f64,
    /// Squares of chords: all nearer points are inside the border, all farther
    /// ones outside.
    inside: f64,
    outside: f64,
}

impl Border {
    fn new(metres: f64) -> Self {
        let chord = |radius: f64| {
            2.0 * (metres / radius / 2.0)
                .min(std::f64::consts::FRAC_PI_2)
                .sin()
        };
        let inside = (chord(CURVATURE_MAX) - ROUNDING).max(0.0);
        let outside = chord(CURVATURE_MIN) + ROUNDING;
        Self {
            metres,
            inside: inside * inside,
            outside: outside * outside,
        }
    }
}

impl Ring {
    pub(crate) fn new(center: GeoPoint, inner: f64, outer: f64) -> Result<Self, String> {
        let number =
            |it: f64| Number::new(it).filter(|it| (0.0..f64::INFINITY).contains(&it.get()));
        let (Some(inner_number), Some(outer_number), Some(lat), Some(lon)) = (
            number(inner),
            number(outer),
            Number::new(center.lat),
            Number::new(center.lon),
        ) else {
            return Err(format!(
                "distances are numbers of metres from 0, found {inner} and {outer}"
            ));
        };
        if inner > outer {
            return Err(format!(
                "inner radius must be smaller than outer radius, found {inner} and {outer} metres"
            ));
        }
        Ok(Self {
            center,
            center_vector: Vector::new(center),
            inner: Border::new(inner),
            outer: Border::new(outer),
            outline: Outline::Ring {
                lat,
                lon,
                inner: inner_number,
                outer: outer_number,
            },
        })
    }

    pub(crate) fn contains(&self, position: &Position) -> bool {
        let chord = self.center_vector.chord_squared(position.vector);
        if chord > self.outer.outside || chord < self.inner.inside {
            return false;
        }
        let is_clear =
            chord < self.outer.inside && (self.inner.metres == 0.0 || chord > self.inner.outside);
        is_clear
            || (self.inner.metres..=self.outer.metres)
                .contains(&distance(self.center, position.point))
    }

    pub(crate) fn windows(&self) -> Windows {
        // On a sphere whose radius is the smallest curvature the same metres
        // reach farthest.
        let reach = (self.outer.metres / CURVATURE_MIN).to_degrees();
        let (south, north) = (self.center.lat - reach, self.center.lat + reach);
        if south <= -90.0 || north >= 90.0 {
            return Window::belt(south.max(-90.0), north.min(90.0));
        }
        let sine = reach.to_radians().sin() / self.center.lat.to_radians().cos();
        let half_width = sine.min(1.0).asin().to_degrees();
        Window::cover(south, north, self.center.lon - half_width, 2.0 * half_width)
    }

    pub(crate) fn outline(&self) -> Outline<'_> {
        self.outline
    }
}
