//! Points as one number: cells of 32 bits each way, interleaved, so that points
//! near each other have numbers near each other. A cell is less than a
//! centimetre wide. In signed integers, in their order.

use super::Point;

const SIGN: u64 = 1 << 63;
const CELLS: f64 = 4_294_967_296.0;

pub(crate) fn encode_cell(point: Point) -> i64 {
    let lat = quantize((point.lat + 90.0) / 180.0);
    let lon = quantize((point.lon + 180.0) / 360.0);
    ((spread(lat) << 1 | spread(lon)) ^ SIGN).cast_signed()
}

/// The middle of the cell.
pub(crate) fn decode_cell(code: i64) -> Point {
    let code = code.cast_unsigned() ^ SIGN;
    let middle = |cell: u32| (f64::from(cell) + 0.5) / CELLS;
    Point {
        lat: middle(gather(code >> 1)) * 180.0 - 90.0,
        lon: middle(gather(code)) * 360.0 - 180.0,
    }
}

fn quantize(share: f64) -> u32 {
    // Saturates at both ends.
    (share * CELLS) as u32
}

/// A zero before each bit.
fn spread(cell: u32) -> u64 {
    let mut bits = u64::from(cell);
    for (shift, mask) in STEPS {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// Each second bit.
fn gather(code: u64) -> u32 {
    let mut bits = code & STEPS[4].1;
    for (shift, mask) in [
        (1, STEPS[3].1),
        (2, STEPS[2].1),
        (4, STEPS[1].1),
        (8, STEPS[0].1),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    (bits | bits >> 16) as u32
}

const STEPS: [(u32, u64); 5] = [
    (16, 0x0000_FFFF_0000_FFFF),
    (8, 0x00FF_00FF_00FF_00FF),
    (4, 0x0F0F_0F0F_0F0F_0F0F),
    (2, 0x3333_3333_3333_3333),
    (1, 0x5555_5555_5555_5555),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_come_back() {
        for lat in [-90.0, -33.333_333_3, 0.0, 1e-7, 43.61, 89.999_999, 90.0] {
            for lon in [-180.0, -0.000_001, 0.0, 3.9, 179.999_999, 180.0] {
                let code = encode_cell(Point { lat, lon });
                let point = decode_cell(code);
                let is_near = (point.lat - lat).abs() < 1e-7 && (point.lon - lon).abs() < 1e-7;
                assert!(is_near, "{lat},{lon} became {point:?}");
                assert_eq!(encode_cell(point), code);
            }
        }
        let at = |lat, lon| encode_cell(Point { lat, lon });
        assert!(at(-90.0, -180.0) == i64::MIN && at(90.0, 180.0) == i64::MAX);
    }
}
