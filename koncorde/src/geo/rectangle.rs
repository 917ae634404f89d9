//! The area between two parallels and two meridians.

use super::window::{Window, Windows};
use super::{GeoPoint, Outline, canonical_longitude};
use crate::scalar::Number;

pub(crate) struct Rectangle {
    south: f64,
    north: f64,
    /// Canonical, and -180 if all longitudes are inside.
    west: f64,
    /// Degrees eastward from `west`: above 0, at most 360.
    width: f64,
    outline: Outline<'static>,
}

/// A tenth of a millimetre, which longitudes may lose in rounding when they turn
/// around the globe.
const ROUNDING: f64 = 1e-9;

impl Rectangle {
    pub(crate) fn new(top: f64, left: f64, bottom: f64, right: f64) -> Result<Self, String> {
        if ![left, right].iter().all(|it| it.is_finite()) {
            return Err(format!(
                "longitudes are finite numbers, found left {left} and right {right}"
            ));
        }
        if ![top, bottom].iter().all(|it| it.abs() <= 90.0) {
            return Err(format!(
                "latitudes go from -90 to 90, found top {top} and bottom {bottom}"
            ));
        }
        if top <= bottom {
            return Err(format!(
                "top must be north of bottom, found top {top} and bottom {bottom}"
            ));
        }
        let (west, width) = if right - left >= 360.0 {
            (-180.0, 360.0)
        } else {
            let west = canonical_longitude(left);
            (west, (canonical_longitude(right) - west).rem_euclid(360.0))
        };
        if width == 0.0 {
            return Err(format!(
                "left and right must be different meridians, found left {left} and right {right}"
            ));
        }
        let number = |it| Number::new(it).ok_or("coordinates are numbers".to_owned());
        let east = if width == 360.0 {
            180.0
        } else {
            canonical_longitude(right)
        };
        let outline = Outline::Rectangle {
            top: number(top)?,
            left: number(west)?,
            bottom: number(bottom)?,
            right: number(east)?,
        };
        Ok(Self {
            south: bottom,
            north: top,
            west,
            width,
            outline,
        })
    }

    pub(crate) fn contains(&self, point: GeoPoint) -> bool {
        if !(self.south..=self.north).contains(&point.lat) {
            return false;
        }
        // All meridians meet at the poles.
        let east_of_border = (point.lon - self.west).rem_euclid(360.0);
        east_of_border <= self.width + ROUNDING
            || east_of_border >= 360.0 - ROUNDING
            || point.lat.abs() == 90.0
    }

    pub(crate) fn windows(&self) -> Windows {
        let mut windows = Window::cover(self.south, self.north, self.west, self.width);
        for pole in [self.south, self.north] {
            if pole.abs() == 90.0 {
                windows.extend(Window::belt(pole, pole));
            }
        }
        windows
    }

    pub(crate) fn outline(&self) -> Outline<'_> {
        self.outline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitudes_turn() {
        for (left, right) in [
            (170.0, 190.0),
            (170.0, -170.0),
            (-190.0, -170.0),
            (530.0, 190.0),
        ] {
            let rectangle = Rectangle::new(10.0, left, -10.0, right).unwrap();
            for (lat, lon, expected) in [
                (0.0, 175.0, true),
                (0.0, -175.0, true),
                (0.0, 185.0, true),
                (10.0, 170.0, true),
                (-10.0, -170.0, true),
                (0.0, 180.0, true),
                (0.0, 0.0, false),
                (0.0, 169.999, false),
                (10.001, 175.0, false),
            ] {
                let place = GeoPoint { lat, lon }.canonical().unwrap();
                assert_eq!(
                    rectangle.contains(place),
                    expected,
                    "{left} {right} {place:?}"
                );
                let is_in_window = rectangle.windows().iter().any(|it| it.contains(place));
                assert!(is_in_window || !expected, "{left} {right} {place:?}");
            }
        }
    }

    #[test]
    fn the_whole_globe_and_its_poles() {
        for (left, right) in [(-180.0, 180.0), (0.0, 360.0), (-1000.0, 1000.0)] {
            let globe = Rectangle::new(90.0, left, -90.0, right).unwrap();
            assert_eq!(
                globe.outline(),
                Rectangle::new(90.0, -180.0, -90.0, 180.0)
                    .unwrap()
                    .outline()
            );
            for lon in [-180.0, 0.0, 179.999] {
                assert!(globe.contains(GeoPoint { lat: 0.0, lon }), "{lon}");
            }
        }
        let slice = Rectangle::new(90.0, 10.0, 80.0, 20.0).unwrap();
        let pole = GeoPoint {
            lat: 90.0,
            lon: -100.0,
        };
        assert!(slice.contains(pole) && slice.windows().iter().any(|it| it.contains(pole)));
        assert!(!slice.contains(GeoPoint {
            lat: 89.9,
            lon: -100.0
        }));
    }
}
