//! Distances from points, for sorting: on the sphere, as Elasticsearch measures.

use super::{Distance, Mode};
use crate::shape::{Point, decode_cell};

/// The mean radius of the Earth.
const RADIUS_METRES: f64 = 6_371_008.771_4;

impl Distance {
    /// Of a document with points in these cells, in the asked unit.
    pub(super) fn of(&self, cells: impl Iterator<Item = i64>, mode: Mode) -> Option<f64> {
        let mut distances: Vec<f64> = cells
            .map(decode_cell)
            .flat_map(|point| self.from.iter().map(move |it| self.between(*it, point)))
            .collect();
        distances.sort_by(f64::total_cmp);
        let (first, last) = (distances.first()?, distances.last()?);
        let count = distances.len();
        let metres = match mode {
            Mode::Min => *first,
            Mode::Max => *last,
            Mode::Sum => distances.iter().sum(),
            Mode::Avg => distances.iter().sum::<f64>() / count as f64,
            Mode::Median if count.is_multiple_of(2) => {
                (distances[count / 2 - 1] + distances[count / 2]) / 2.0
            }
            Mode::Median => distances[count / 2],
        };
        Some(metres / self.metres_per_unit)
    }

    fn between(&self, a: Point, b: Point) -> f64 {
        match self.is_plane {
            true => plane_metres(a, b),
            false => arc_metres(a, b),
        }
    }
}

/// Along a great circle.
pub(crate) fn arc_metres(a: Point, b: Point) -> f64 {
    let [lat_a, lat_b] = [a.lat, b.lat].map(f64::to_radians);
    let half = |it: f64| (it / 2.0).sin().powi(2);
    let lon = (b.lon - a.lon).to_radians();
    let part = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half(lon);
    2.0 * RADIUS_METRES * part.sqrt().min(1.0).asin()
}

/// As if degrees were straight: quick and wrong over long distances.
fn plane_metres(a: Point, b: Point) -> f64 {
    let x = (b.lon - a.lon).to_radians() * ((a.lat + b.lat).to_radians() / 2.0).cos();
    let y = (b.lat - a.lat).to_radians();
    RADIUS_METRES * x.hypot(y)
}
