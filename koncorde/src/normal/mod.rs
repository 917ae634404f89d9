//! What every filter reduces to.
//!
//! A filter becomes a tree of `and` and `or` over literals: conditions on one
//! field, each possibly negated. Negation stands at the leaves only, operands
//! are sorted and distinct, whatever contains another operand is absorbed, and
//! conditions on one field are merged where their union or intersection is a
//! condition again. The tree is never multiplied out: an `and` of many `or`s
//! stays as small as it was written.
//!
//! Beside the tree stands its key: bytes that are equal for equivalent filters.
//! They come from a decision diagram over the values of the fields, which is
//! canonical (`diagram`), as long as that diagram stays small; see `key`.
//!
//! Cost: linear for simple filters; a bounded number of diagram nodes for others.

mod key; // canonical bytes
mod layout; // a diagram, written down
mod chain; // conjunctions and disjunctions of fields with sets of values
mod diagram; // the canonical form of a function over the values of fields
mod dnf; // an or of ands of literals
mod writer; // bytes of conditions
mod values; // a set of values of one field
mod domain; // the values of one field, cut into classes by its conditions
mod partial; // what `match` asks of one field
mod reduce; // from the language to literals
mod restore; // from literals back to the language
mod span; // closed intervals of doubles

pub(crate) use partial::Partial;
pub(crate) use reduce::conditions_max;
pub(crate) use restore::restore;
pub(crate) use span::{Span, place_of};

use std::sync::Arc;

use crate::field::Field;
use crate::filter::Filter;
use crate::geo::Shape;
use crate::pattern::Pattern;
use crate::scalar::Scalar;

/// A filter, reduced.
#[derive(Clone, Debug)]
pub(crate) struct Normal {
    pub(crate) form: Form,
    /// Equal for equivalent filters, as far as `key` promises.
    pub(crate) key: Vec<u8>,
}

impl Normal {
    pub(crate) fn new(filter: Filter) -> Self {
        Self::from_form(reduce::reduce(filter))
    }

    fn from_form(form: Form) -> Self {
        let (form, key) = key::canonical(form);
        Self { form, key }
    }
}

/// Negation normal form: a monotone tree over literals.
///
/// `And` and `Or` have at least two operands, sorted and distinct, none of them
/// of the same operator or constant; so constants only stand at the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Form {
    Everything,
    Nothing,
    Literal(Literal),
    And(Vec<Form>),
    Or(Vec<Form>),
}

/// A condition or its exact complement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Literal {
    pub(crate) condition: Condition,
    pub(crate) negated: bool,
}

/// A question about one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Condition {
    pub(crate) field: Field,
    pub(crate) test: Test,
}

/// What a condition asks of the value of its field.
///
/// All but `Outside` hold for present values only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Test {
    Exists,
    Equals(Scalar),
    /// Sorted and distinct, at least two.
    In(Arc<[Scalar]>),
    Range(Span),
    Regexp(Pattern),
    /// An array with this element at its top level.
    Contains(Scalar),
    /// A readable point in the shape.
    Inside(Shape),
    /// No value at all, or a readable point that is not in the shape. A value
    /// that is no point is neither inside nor outside.
    Outside(Shape),
    Select(Box<Selection>),
    Like(Box<Partial>),
}

impl Test {
    /// The memory that it holds elsewhere, more or less.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Exists | Self::Range(_) => 0,
            Self::Equals(scalar) | Self::Contains(scalar) => scalar.heap_bytes(),
            Self::In(scalars) => {
                let texts: usize = scalars.iter().map(Scalar::heap_bytes).sum();
                size_of_val(&**scalars) + texts
            }
            Self::Regexp(pattern) => pattern.heap_bytes(),
            Self::Inside(shape) | Self::Outside(shape) => shape.heap_bytes(),
            // The form is about as large as its key.
            Self::Select(selection) => size_of::<Selection>() + 2 * selection.query.key.len(),
            Self::Like(partial) => size_of::<Partial>() + partial.heap_bytes(),
        }
    }
}

/// The element of an array at `index` (negative: from the end), as the document
/// `{"value": element}`, satisfies `query`.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) index: i64,
    pub(crate) query: Normal,
}

impl PartialEq for Selection {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Selection {}

impl PartialOrd for Selection {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Selection {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl std::hash::Hash for Selection {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl Selection {
    /// Two selections are one when their queries are equivalent.
    fn identity(&self) -> (i64, &[u8]) {
        (self.index, &self.query.key)
    }
}
