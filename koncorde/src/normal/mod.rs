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
                2 * size_of::<usize>() + size_of_val(&**scalars) + texts
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::limits;

    fn equals(field: String) -> Value {
        json!({"equals": {field: 1}})
    }

    fn size(form: &Form) -> usize {
        match form {
            Form::Everything | Form::Nothing | Form::Literal(_) => 1,
            Form::And(operands) | Form::Or(operands) => {
                1 + operands.iter().map(size).sum::<usize>()
            }
        }
    }

    /// Filters that explode when they are multiplied out, or as a diagram, with the
    /// number of their conditions.
    fn explosive() -> Vec<(usize, Value)> {
        let pairs = |count: usize, outer: &str, inner: &str| {
            let pair = |it| json!({inner: [equals(format!("a{it}")), equals(format!("b{it}"))]});
            let pairs: Vec<Value> = (0..count).map(pair).collect();
            (2 * count, json!({ outer: pairs }))
        };
        let nested = (1..50).fold(equals("c".to_owned()), |inner, it| {
            let more = (0..4).map(|at| equals(format!("{}{it}", ["x", "y", "z", "w"][at])));
            let operands: Vec<Value> = more.chain([inner]).collect();
            json!({["and", "or"][it % 2]: operands})
        });
        let parity = (1..20).fold(equals("p".to_owned()), |even, it| {
            let this = equals(format!("p{it}"));
            // Without sharing, which JSON does not have, a parity doubles; this grows
            // by one side only.
            json!({"or": [{"and": [even, {"not": this}]}, {"and": [{"exists": format!("q{it}")}, this]}]})
        });
        vec![
            pairs(16, "and", "or"),
            pairs(16, "or", "and"),
            pairs(100, "and", "or"),
            pairs(5_000, "and", "or"),
            (197, nested),
            (58, parity),
        ]
    }

    /// What is kept of a filter is in proportion to it; the diagram that is tried
    /// for it has limits of its own.
    #[test]
    fn nothing_explodes() {
        for (conditions, filter) in explosive() {
            let bytes = filter.to_string().len();
            let normal = Normal::new(Filter::parse(&filter).expect("a filter"));
            assert!(size(&normal.form) <= 3 * conditions, "{filter}");
            // A normal form that is written has this many subfilters at most.
            let most = 2 * bytes + bytes * limits::SUBFILTERS_MAX / 4;
            assert!(
                normal.key.len() <= most.min(2 * bytes + 128 * 1024),
                "{filter}"
            );
        }
    }
}
