//! The language: what a user may write, as a tree.
//!
//! `parse` reads it from JSON, `display` writes it back, `build` makes it in
//! Rust. Only what the language says the same way twice is already one here:
//! `bool` is and/or/not, `missing` is not exists, `ids` is `in` on `_id`.
//!
//! Cost: linear in the JSON. No walk over a filter is deeper than
//! `limits::FILTER_DEPTH`.

mod parse; // JSON → Filter: the operands
mod term; // JSON → Filter: the terms
mod area; // JSON → Filter: the geo terms
mod place; // where in the JSON, and how to say so
mod path; // `a.b`, `a.b["value"]`
mod display; // Filter → JSON
mod build; // Filter without JSON
mod serde; // Filter in the formats of serde

use serde_json::{Map, Value};

use crate::field::Field;
use crate::geo::Shape;
use crate::interval::Interval;
use crate::pattern::Pattern;
use crate::scalar::Scalar;

/// A filter, read and checked.
///
/// It is read from JSON or built in Rust, and written back as JSON. Filters are
/// equal when they say the same in the same order; two filters that merely match
/// the same documents need not be.
///
/// ```
/// use koncorde::{Filter, matches};
/// use serde_json::json;
///
/// let adults: Filter = r#"{"range": {"age": {"gte": 18}}}"#.parse()?;
/// assert_eq!(adults, Filter::range("age", 18.0..));
/// assert!(matches(&adults, &json!({"age": 20})));
///
/// let here = Filter::geo_distance("position", (48.85, 2.35), "10 km")?;
/// assert_eq!(
///     adults.and(here).to_string(),
///     r#"{"and":[{"range":{"age":{"gte":18}}},{"geoDistance":{"position":{"lat":48.85,"lon":2.35},"distance":"10000m"}}]}"#
/// );
/// # Ok::<(), koncorde::FilterError>(())
/// ```
///
/// Reading and building cost time linear in the size of the filter; the limits
/// on its size are in `docs/filters.md`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter(pub(crate) Node);

/// The tree of a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// Matches every document: `{}`. It stands alone or as the operand of
    /// nothing but `Not`.
    Everything,
    /// Matches none: `nothing`.
    Nothing,
    /// At least two operands.
    And(Vec<Node>),
    /// At least two operands.
    Or(Vec<Node>),
    Not(Box<Node>),
    Term(Term),
}

/// A question about one field of a document (`Match`: about its whole).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Term {
    Equals {
        field: Field,
        value: Scalar,
    },
    /// As written: possibly unsorted, with duplicates; not empty.
    In {
        field: Field,
        values: Vec<Scalar>,
    },
    /// The path is not empty.
    Exists {
        field: Field,
    },
    /// `exists path[value]`: an array with this element at its top level. The
    /// path is not empty.
    Contains {
        field: Field,
        value: Scalar,
    },
    Range {
        field: Field,
        interval: Interval,
    },
    Regexp {
        field: Field,
        pattern: Pattern,
    },
    Geo {
        field: Field,
        shape: Shape,
    },
    /// The element of an array at `index` (negative: from the end), as the
    /// document `{"value": element}`, satisfies `query`.
    Select {
        field: Field,
        index: i64,
        query: Box<Node>,
    },
    /// A partial document; not empty.
    Match {
        partial: Map<String, Value>,
    },
}
