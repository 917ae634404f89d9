//! Cells of a grid on the globe, written as text.
//!
//! Each character says in five bits which half of which half… the place lies in,
//! longitude and latitude in turn. The alphabet leaves out a, i, l and o.

use super::GeoPoint;

const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// Fewer characters are more likely to be a word than a place.
const LENGTH_MIN: usize = 4;

/// The centre of the cell, `None` if the text is no geohash: at least four
/// characters of the alphabet, in lower case.
pub(crate) fn decode(text: &str) -> Option<GeoPoint> {
    if text.len() < LENGTH_MIN {
        return None;
    }
    let mut lat = Side {
        low: -90.0,
        high: 90.0,
    };
    let mut lon = Side {
        low: -180.0,
        high: 180.0,
    };
    for byte in text.bytes() {
        let bits = ALPHABET.iter().position(|it| *it == byte)?;
        for bit in (0..5).rev() {
            lon.halve(bits >> bit & 1 == 1);
            std::mem::swap(&mut lat, &mut lon);
        }
    }
    // Each character swaps the two five times.
    if text.len() % 2 == 1 {
        std::mem::swap(&mut lat, &mut lon);
    }
    Some(GeoPoint {
        lat: lat.middle(),
        lon: lon.middle(),
    })
}

struct Side {
    low: f64,
    high: f64,
}

impl Side {
    fn middle(&self) -> f64 {
        (self.low + self.high) / 2.0
    }

    fn halve(&mut self, is_upper: bool) {
        if is_upper {
            self.low = self.middle();
        } else {
            self.high = self.middle();
        }
    }
}
