//! Closed intervals of doubles.
//!
//! Doubles are discrete: an open end is the next double as a closed one, and an
//! unbounded end is the greatest finite double, since JSON knows no infinity.
//! So intervals compare by their ends, whatever they were written as.

use std::ops::Bound;

use crate::interval::Interval;
use crate::scalar::Number;

/// All doubles from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub(crate) low: Number,
    pub(crate) high: Number,
}

impl Span {
    /// `None` when no finite double is inside.
    pub(crate) fn new(interval: Interval) -> Option<Self> {
        let low = match interval.lower {
            Bound::Included(it) => it.get(),
            Bound::Excluded(it) => it.get().next_up(),
            Bound::Unbounded => f64::MIN,
        };
        let high = match interval.upper {
            Bound::Included(it) => it.get(),
            Bound::Excluded(it) => it.get().next_down(),
            Bound::Unbounded => f64::MAX,
        };
        Self::between(low.max(f64::MIN), high.min(f64::MAX))
    }

    fn between(low: f64, high: f64) -> Option<Self> {
        let low = Number::new(low)?;
        let high = Number::new(high)?;
        (low <= high).then_some(Self { low, high })
    }

    pub(crate) fn contains(self, value: f64) -> bool {
        self.low.get() <= value && value <= self.high.get()
    }

    /// Whether it has two ends.
    pub(crate) fn is_bounded(self) -> bool {
        self.low.get() > f64::MIN && self.high.get() < f64::MAX
    }

    pub(crate) fn intersection(self, other: Self) -> Option<Self> {
        let low = self.low.max(other.low);
        let high = self.high.min(other.high);
        (low <= high).then_some(Self { low, high })
    }
}

/// The place of a double among all doubles: places are ordered as the numbers
/// are, and neighbours have neighbouring places.
pub(crate) fn place_of(number: Number) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = number.get().to_bits();
    if bits & SIGN == 0 {
        bits | SIGN
    } else {
        // There is no -0 in a `Number`, so its place is free.
        !bits + 1
    }
}

/// The places of the least and of the greatest number.
pub(super) const PLACES: (u64, u64) = (!f64::MIN.to_bits() + 1, f64::MAX.to_bits() | 1 << 63);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_the_order_and_the_neighbourhood() {
        let numbers = [f64::MIN, -1.5, -5e-324, 0.0, 5e-324, 1.0, f64::MAX];
        let places = numbers.map(|it| place_of(Number::new(it).unwrap()));
        assert!(places.is_sorted());
        assert_eq!((places[0], places[6]), PLACES);
        for number in numbers.iter().skip(1) {
            let below = Number::new(number.next_down()).unwrap();
            let here = Number::new(*number).unwrap();
            assert_eq!(place_of(below) + 1, place_of(here), "{number}");
        }
    }

    #[test]
    fn open_ends_are_the_next_double() {
        let number = |it: f64| Number::new(it).unwrap();
        let open = Span::new(Interval {
            lower: Bound::Excluded(number(0.0)),
            upper: Bound::Excluded(number(1.0)),
        })
        .unwrap();
        assert!(!open.contains(0.0) && open.contains(5e-324));
        assert!(!open.contains(1.0) && open.contains(1f64.next_down()));
        let none = Span::new(Interval {
            lower: Bound::Excluded(number(1.0)),
            upper: Bound::Excluded(number(1f64.next_up())),
        });
        assert_eq!(none, None);
    }
}
