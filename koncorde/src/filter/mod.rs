//! The language: what a user may write, as a tree.
//!
//! `parse` reads it from JSON, `display` writes it back, `build` makes it in
//! Rust. Only what the language says the same way twice is already one here:
//! `bool` is and/or/not, `missing` is not exists, `ids` is `in` on `_id`.

use crate::field::Field;
use crate::geo::Shape;
use crate::interval::Interval;
use crate::pattern::Pattern;
use crate::scalar::Scalar;

/// A filter, read and checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter(pub(crate) Node);

/// The tree of a filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// Matches every document: `{}`.
    Everything,
    /// Matches none: `nothing`.
    Nothing,
    And(Vec<Node>),
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
    /// As written: possibly unsorted, with duplicates.
    In {
        field: Field,
        values: Vec<Scalar>,
    },
    Exists {
        field: Field,
    },
    /// `exists path[value]`: an array with this element at its top level.
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
    /// A partial document, see `pattern_matches` in `document`.
    Match {
        partial: serde_json::Map<String, serde_json::Value>,
    },
}
