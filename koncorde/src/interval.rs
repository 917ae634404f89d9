//! What a range accepts: an interval of numbers with open or closed ends.

use std::ops::Bound;

use crate::scalar::Number;

/// An interval of doubles that holds at least one real number.
///
/// Comparisons are exact: `gt 0` accepts the smallest double above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Interval {
    pub(crate) lower: Bound<Number>,
    pub(crate) upper: Bound<Number>,
}

impl Interval {
    /// Whether no real number is inside.
    pub(crate) fn is_empty(&self) -> bool {
        match (self.lower, self.upper) {
            (Bound::Included(lower), Bound::Included(upper)) => lower > upper,
            (
                Bound::Included(lower) | Bound::Excluded(lower),
                Bound::Included(upper) | Bound::Excluded(upper),
            ) => lower >= upper,
            _ => false,
        }
    }

    pub(crate) fn contains(&self, value: f64) -> bool {
        let above = match self.lower {
            Bound::Included(it) => value >= it.get(),
            Bound::Excluded(it) => value > it.get(),
            Bound::Unbounded => true,
        };
        above
            && match self.upper {
                Bound::Included(it) => value <= it.get(),
                Bound::Excluded(it) => value < it.get(),
                Bound::Unbounded => true,
            }
    }
}
