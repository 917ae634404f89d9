//! The query language as a tree: what a query means, free of JSON, of mappings
//! and of the index.
//!
//! Whatever has a short and a long form, a deprecated spelling or a default in
//! JSON has one shape here. A clause on one field is the field and a `Test`, so
//! that clauses over many fields are a list of fields and the same `Test`.

use std::ops::Bound;
use std::sync::Arc;

use super::minimum::Minimum;
use crate::shape::{Point, Shape};

/// A clause with what every clause may carry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Query {
    pub(crate) clause: Clause,
    /// Multiplies the score; never negative.
    pub(crate) boost: f32,
    /// `_name`: how the user calls the clause.
    pub(crate) name: Option<Arc<str>>,
}

/// What a document has to satisfy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Clause {
    All,
    None,
    /// Has one of these ids.
    Ids(Vec<String>),
    /// Has a value in a field of this name, in a field below it, or in one of
    /// the fields of this pattern.
    Exists(String),
    /// A value of the field passes the test.
    Field {
        field: String,
        test: Test,
    },
    /// The test, on each of several fields.
    Fields {
        fields: Vec<WeightedField>,
        test: Test,
        combine: Combine,
        /// A field whose type does not take the value matches nothing, instead
        /// of refusing the query.
        lenient: bool,
    },
    /// The terms of a text, each in any of the fields, scored as if all fields
    /// were one.
    CrossFields {
        fields: Vec<WeightedField>,
        search: Match,
        tie_breaker: f32,
    },
    Bool(Bool),
    /// Those that satisfy `positive`; `negative` ones with a lower score.
    Boosting {
        positive: Box<Query>,
        negative: Box<Query>,
        negative_boost: f32,
    },
    /// Each document scores the boost.
    Constant(Box<Query>),
    /// The best score, and a part of the others.
    DisMax {
        queries: Vec<Query>,
        tie_breaker: f32,
    },
    /// An element of a nested array satisfies the query, by itself.
    Nested(Nested),
    GeoDistance(GeoDistance),
    GeoBox(GeoBox),
    GeoPolygon {
        field: String,
        /// At least three, not repeating the first one at the end.
        points: Vec<Point>,
        ignore_unmapped: bool,
    },
    GeoShape {
        field: String,
        shape: Shape,
        relation: Relation,
        ignore_unmapped: bool,
    },
}

/// What a value of a field has to satisfy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// Is a term of the field: nothing is analysed.
    Term {
        value: Scalar,
        ignore_case: bool,
    },
    Terms(Vec<Scalar>),
    Range(Range),
    Prefix {
        value: String,
        case: Case,
    },
    /// `*` any letters, `?` one letter, `\` takes the meaning away.
    Wildcard {
        pattern: String,
        case: Case,
    },
    /// In Lucene's syntax; matches whole terms.
    Regexp {
        pattern: String,
        flags: RegexpFlags,
        ignore_case: bool,
    },
    /// A term at a small edit distance.
    Fuzzy {
        value: Scalar,
        fuzzy: Fuzzy,
        case: Case,
    },
    Match(Match),
    /// As `Match`, the last term being a prefix.
    MatchBoolPrefix(Match),
    Phrase(Phrase),
}

/// What becomes of the letters of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    AsTyped,
    /// Large and small letters of ASCII are the same.
    Ignored,
    /// As the analyser of a text makes them, lower case mostly.
    Normalized,
}

/// A value in a query; the mapping of the field says what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Bool(bool),
    Integer(i64),
    /// Above `i64::MAX`.
    Unsigned(u64),
    Float(f64),
    Text(String),
}

/// A field, or a pattern of fields with `*`, and what multiplies its scores.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WeightedField {
    pub(crate) pattern: String,
    pub(crate) boost: f32,
}

/// How the scores of several fields become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Combine {
    /// The best one, and this part of the others.
    Best {
        tie_breaker: f32,
    },
    Sum,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) lower: Bound<Scalar>,
    pub(crate) upper: Bound<Scalar>,
    /// How to read dates, instead of the format of the field.
    pub(crate) format: Option<String>,
    /// For dates that name no zone: an offset (`+01:00`) or a name of a region.
    pub(crate) time_zone: Option<String>,
    /// Between the range and a value that is a range itself.
    pub(crate) relation: Relation,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Relation {
    #[default]
    Intersects,
    Disjoint,
    Within,
    Contains,
}

/// The operators of Lucene's regular expressions that are switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RegexpFlags {
    /// `~`
    pub(crate) complement: bool,
    /// `<1-100>`
    pub(crate) interval: bool,
    /// `&`
    pub(crate) intersection: bool,
    /// `@`
    pub(crate) any_string: bool,
    /// `#`
    pub(crate) empty: bool,
}

impl RegexpFlags {
    pub(crate) const ALL: Self = Self {
        complement: true,
        interval: true,
        intersection: true,
        any_string: true,
        empty: true,
    };

    pub(crate) const NONE: Self = Self {
        complement: false,
        interval: false,
        intersection: false,
        any_string: false,
        empty: false,
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fuzzy {
    pub(crate) fuzziness: Fuzziness,
    /// The first letters that must be equal.
    pub(crate) prefix_length: usize,
    pub(crate) max_expansions: usize,
    /// Swapping two neighbours is one edit instead of two.
    pub(crate) transpositions: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fuzziness {
    /// 0, 1 or 2
    Edits(u8),
    /// By the letters of the term: one edit from `low` on, two from `high` on.
    Auto { low: usize, high: usize },
}

impl Fuzzy {
    /// The terms that a fuzzy term stands for, unless the user says otherwise.
    pub(crate) const EXPANSIONS: usize = 50;
}

impl Default for Fuzziness {
    fn default() -> Self {
        Self::Auto { low: 3, high: 6 }
    }
}

/// The terms of a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Match {
    pub(crate) text: Scalar,
    pub(crate) operator: Operator,
    pub(crate) minimum_should_match: Option<Minimum>,
    pub(crate) fuzzy: Option<Fuzzy>,
    /// Instead of the one of the field.
    pub(crate) analyzer: Option<String>,
    pub(crate) zero_terms: ZeroTerms,
    /// A value that the type of the field does not take matches nothing.
    pub(crate) lenient: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Operator {
    #[default]
    Or,
    And,
}

/// What a text without terms finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ZeroTerms {
    #[default]
    None,
    All,
}

/// The terms of a text, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Phrase {
    pub(crate) text: Scalar,
    /// How many places the terms may be moved.
    pub(crate) slop: u32,
    /// The last term is a prefix, of at most so many terms.
    pub(crate) prefix_expansions: Option<usize>,
    pub(crate) analyzer: Option<String>,
    pub(crate) zero_terms: ZeroTerms,
    pub(crate) lenient: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bool {
    pub(crate) must: Vec<Query>,
    /// As `must`, without a score.
    pub(crate) filter: Vec<Query>,
    pub(crate) should: Vec<Query>,
    pub(crate) must_not: Vec<Query>,
    /// Of `should`; by default 1 when there is neither `must` nor `filter`,
    /// else 0.
    pub(crate) minimum_should_match: Option<Minimum>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Nested {
    pub(crate) path: String,
    pub(crate) query: Box<Query>,
    pub(crate) score_mode: ScoreMode,
    pub(crate) ignore_unmapped: bool,
}

/// How the scores of several elements become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ScoreMode {
    #[default]
    Average,
    Sum,
    Max,
    Min,
    None,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GeoDistance {
    pub(crate) field: String,
    pub(crate) center: Point,
    /// In metres.
    pub(crate) nearest: Bound<f64>,
    pub(crate) farthest: Bound<f64>,
    pub(crate) ignore_unmapped: bool,
}

/// Crosses the date line when `left` is greater than `right`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GeoBox {
    pub(crate) field: String,
    pub(crate) top: f64,
    pub(crate) left: f64,
    pub(crate) bottom: f64,
    pub(crate) right: f64,
    pub(crate) ignore_unmapped: bool,
}

impl Query {
    pub(crate) fn all() -> Self {
        Clause::All.into()
    }

    pub(crate) fn none() -> Self {
        Clause::None.into()
    }

    pub(crate) fn field(field: impl Into<String>, test: Test) -> Self {
        let field = field.into();
        Clause::Field { field, test }.into()
    }

    pub(crate) fn boosted(mut self, boost: f32) -> Self {
        self.boost *= boost;
        self
    }
}

impl From<Clause> for Query {
    fn from(clause: Clause) -> Self {
        Self {
            clause,
            boost: 1.0,
            name: None,
        }
    }
}

impl Scalar {
    /// As a keyword would hold it.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Bool(it) => it.to_string(),
            Self::Integer(it) => it.to_string(),
            Self::Unsigned(it) => it.to_string(),
            Self::Float(it) => serde_json::Number::from_f64(*it)
                .map_or_else(|| it.to_string(), |it| it.to_string()),
            Self::Text(it) => it.clone(),
        }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
