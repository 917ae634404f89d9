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

#[cfg(test)]
mod tests {
    use geographiclib_rs::DirectGeodesic;

    use super::*;

    fn point(lat: f64, lon: f64) -> GeoPoint {
        GeoPoint { lat, lon }.canonical().unwrap()
    }

    #[test]
    fn distances_are_those_of_wgs84() {
        for (a, b, metres) in [
            ((0.0, 0.0), (0.0, 1.0), 111_319.491),
            ((0.0, 0.0), (1.0, 0.0), 110_574.389),
            ((43.6, 3.9), (48.85, 2.35), 595_656.87),
            ((90.0, 0.0), (-90.0, 0.0), 20_003_931.459),
            ((0.0, 0.0), (0.0, 180.0), 20_003_931.459),
            ((90.0, 17.0), (90.0, -100.0), 0.0),
        ] {
            let found = distance(point(a.0, a.1), point(b.0, b.1));
            assert!((found - metres).abs() < 0.01, "{a:?} {b:?}: {found}");
        }
    }

    #[test]
    fn borders_are_where_the_distance_says() {
        let places = [0.0, 45.0, -89.9, 90.0].map(|lat| point(lat, 179.5));
        for center in places {
            for metres in [0.0, 1e-3, 1.0, 1e3, 1e6, 1.2e7, 2.1e7] {
                let disk = Ring::new(center, 0.0, metres).unwrap();
                let hole = Ring::new(center, metres, 2.2e7).unwrap();
                for i in 0..200 {
                    // Spread over the globe, and dense around the border.
                    let way = metres * (0.9 + 0.001 * f64::from(i)) + f64::from(i % 5) * 4e6;
                    let azimuth = f64::from(i) * 47.0;
                    let (lat, lon): (f64, f64) = WGS84.direct(center.lat, center.lon, azimuth, way);
                    let place = point(lat, lon);
                    let position = Position::from(place);
                    let length = distance(center, place);
                    assert_eq!(
                        disk.contains(&position),
                        length <= metres,
                        "{center:?} {metres} {place:?}"
                    );
                    assert_eq!(
                        hole.contains(&position),
                        length >= metres,
                        "{center:?} {metres} {place:?}"
                    );
                    let is_in_window = disk.windows().iter().any(|it| it.contains(place));
                    assert!(
                        is_in_window || length > metres,
                        "{center:?} {metres} {place:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn distances_that_are_none_are_refused() {
        let center = point(0.0, 0.0);
        for (inner, outer) in [
            (-1.0, 1.0),
            (0.0, f64::INFINITY),
            (f64::NAN, 1.0),
            (2.0, 1.0),
        ] {
            assert!(Ring::new(center, inner, outer).is_err(), "{inner} {outer}");
        }
    }
}
