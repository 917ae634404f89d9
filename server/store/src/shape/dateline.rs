//! Polygons across the date line.
//!
//! A ring of longitudes such as 170, -170 may mean the small piece across the
//! line or the large one around the Earth. As in Elasticsearch the direction
//! decides: an outer ring that is wider than half the Earth and turns the wrong
//! way crosses the line. Such a polygon is cut in two.

use super::{Line, Point};

/// The rings of a polygon, the outer one first; `is_right` when outer rings turn
/// counterclockwise.
pub(super) fn cut(rings: Vec<Line>, is_right: bool) -> Vec<Vec<Line>> {
    let Some(outer) = rings.first() else {
        return Vec::new();
    };
    let lons = || outer.iter().map(|it| it.lon);
    let width = lons().fold(f64::MIN, f64::max) - lons().fold(f64::MAX, f64::min);
    let turns_right = area(outer) >= 0.0;
    if width <= 180.0 || turns_right == is_right {
        return vec![rings];
    }
    let moved: Vec<Line> = rings.into_iter().map(east_of_greenwich).collect();
    let west = half(&moved, |lon| 180.0 - lon, 0.0);
    let east = half(&moved, |lon| lon - 180.0, -360.0);
    [west, east].into_iter().flatten().collect()
}

/// Twice the area, positive when the ring turns counterclockwise.
fn area(ring: &Line) -> f64 {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| a.lon * b.lat - b.lon * a.lat).sum()
}

fn east_of_greenwich(mut ring: Line) -> Line {
    for point in &mut ring {
        if point.lon < 0.0 {
            point.lon += 360.0;
        }
    }
    ring
}

/// The part of the rings where `inside` is positive, moved by `shift`.
fn half(rings: &[Line], inside: impl Fn(f64) -> f64, shift: f64) -> Option<Vec<Line>> {
    let clipped = rings.iter().map(|ring| clip(ring, &inside, shift));
    let kept: Vec<Line> = clipped.collect();
    // Without its outer ring there is nothing; holes may be in the other half.
    let has_outer = kept.first().is_some_and(|it| it.len() > 3);
    has_outer.then(|| kept.into_iter().filter(|it| it.len() > 3).collect())
}

fn clip(ring: &Line, inside: &impl Fn(f64) -> f64, shift: f64) -> Line {
    let mut kept = Line::new();
    let mut push = |lat: f64, lon: f64| {
        let point = Point {
            lat,
            lon: lon + shift,
        };
        if kept.last() != Some(&point) {
            kept.push(point);
        }
    };
    for (a, b) in ring.iter().zip(ring.iter().skip(1)) {
        let (from, to) = (inside(a.lon), inside(b.lon));
        if from >= 0.0 {
            push(a.lat, a.lon);
        }
        if (from < 0.0) != (to < 0.0) {
            let share = (180.0 - a.lon) / (b.lon - a.lon);
            push(a.lat + share * (b.lat - a.lat), 180.0);
        }
    }
    if let Some(first) = kept.first().copied()
        && kept.last() != Some(&first)
    {
        kept.push(first);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(lons: &[(f64, f64)]) -> Line {
        let point = |(lon, lat): &(f64, f64)| Point {
            lat: *lat,
            lon: *lon,
        };
        lons.iter().map(point).collect()
    }

    #[test]
    fn only_what_crosses_the_line_is_cut() {
        let small = ring(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 0.0)]);
        assert_eq!(cut(vec![small.clone()], true), [[small.clone()]]);
        assert_eq!(cut(vec![small.clone()], false), [[small]]);
        let across = [
            (170.0, 0.0),
            (-170.0, 0.0),
            (-170.0, 10.0),
            (170.0, 10.0),
            (170.0, 0.0),
        ];
        let across = ring(&across);
        assert_eq!(cut(vec![across.clone()], false), [[across.clone()]]);
        let west = [
            (170.0, 0.0),
            (180.0, 0.0),
            (180.0, 10.0),
            (170.0, 10.0),
            (170.0, 0.0),
        ];
        let east = [
            (-180.0, 0.0),
            (-170.0, 0.0),
            (-170.0, 10.0),
            (-180.0, 10.0),
            (-180.0, 0.0),
        ];
        assert_eq!(cut(vec![across], true), [[ring(&west)], [ring(&east)]]);
        assert!(cut(Vec::new(), true).is_empty());
    }
}
