//! How much an index holds.

use std::iter::Sum;
use std::ops::Add;

use serde::Serialize;

/// How much an index holds, see [`Engine::statistics`](crate::Engine::statistics).
///
/// ```
/// use koncorde::Engine;
/// use serde_json::json;
///
/// let mut engine = Engine::new();
/// engine.register(&json!({"or": [{"equals": {"a": 1}}, {"exists": "b"}]}))?;
/// engine.register(&json!({"and": [{"equals": {"a": 1}}, {"exists": "c"}]}))?;
/// let statistics = engine.statistics();
/// assert_eq!(statistics.filters, 2);
/// assert_eq!(statistics.subfilters, 3);
/// assert_eq!(statistics.conditions, 3);
/// assert!(statistics.bytes > 0);
/// # Ok::<(), koncorde::FilterError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Statistics {
    /// Filters; equivalent ones are one.
    pub filters: usize,
    /// Ways in which filters are found: one for an `and`, one for each operand of
    /// an `or`.
    pub subfilters: usize,
    /// Distinct conditions; an `in` is one, whatever the number of its values.
    pub conditions: usize,
    /// Fields that conditions ask for.
    pub fields: usize,
    /// How often filters moved to follow the traffic, ever; see
    /// [`Engine::optimize`](crate::Engine::optimize).
    pub moves: u64,
    /// Memory, in bytes: tables, lists and texts. Compiled regular expressions and
    /// trees of shapes and ranges are estimated.
    pub bytes: usize,
}

impl Add for Statistics {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            filters: self.filters + other.filters,
            subfilters: self.subfilters + other.subfilters,
            conditions: self.conditions + other.conditions,
            fields: self.fields + other.fields,
            moves: self.moves + other.moves,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Sum for Statistics {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}
