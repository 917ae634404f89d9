//! One order of corners for all ways to write the same border.
//!
//! Cost: linear in the corners.

use std::cmp::Ordering;

use super::GeoPoint;
use crate::scalar::Number;

/// The corners in one order for all ways to write the same border: without
/// repetitions, beginning with the smallest, then its smaller neighbour.
pub(super) fn canonical_corners(points: &[GeoPoint]) -> Box<[[Number; 2]]> {
    let mut corners: Vec<[Number; 2]> = points
        .iter()
        .filter_map(|it| Some([Number::new(it.lat)?, Number::new(it.lon)?]))
        .collect();
    corners.dedup();
    while corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    let backward = corners.iter().rev().copied().collect();
    let (forward, backward) = (smallest_rotation(corners), smallest_rotation(backward));
    forward.min(backward).into()
}

/// The rotation of a sequence that comes first in order, in linear time: two
/// candidates race, and the one that loses jumps over all that it has been shown
/// to lose from.
fn smallest_rotation<T: Ord + Copy>(items: Vec<T>) -> Vec<T> {
    let len = items.len();
    let (mut one, mut other, mut same) = (0, 1, 0);
    while one < len && other < len && same < len {
        match items[(one + same) % len].cmp(&items[(other + same) % len]) {
            Ordering::Equal => same += 1,
            order => {
                let loser = if order.is_gt() { &mut one } else { &mut other };
                *loser += same + 1;
                same = 0;
                other += usize::from(one == other);
            }
        }
    }
    let start = one.min(other);
    items
        .iter()
        .cycle()
        .skip(start)
        .take(len)
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_the_smallest() {
        let mut state = 7_u32;
        for _ in 0..2_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let len = (state >> 28) as usize;
            let items: Vec<_> = (0..len).map(|i| (state >> (i % 20)) & 1).collect();
            let rotations = (0..len.max(1)).map(|i| {
                let mut turned = items.clone();
                turned.rotate_left(i.min(len));
                turned
            });
            assert_eq!(
                Some(smallest_rotation(items.clone())),
                rotations.min(),
                "{items:?}"
            );
        }
    }
}
