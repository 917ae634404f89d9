//! The value of a field, as far as conditions look at it.

use std::hash::{BuildHasher, Hasher};

use ahash::RandomState;
use serde_json::Value;

use crate::document::find_in_element;
use crate::geo::{GeoPoint, find_point, find_point_in_text};
use crate::json::{Elements, Json, Kind};
use crate::normal::{Form, Literal, Test};
use crate::scalar::Scalar;

/// A value of a document: parsed before, or found while reading its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Datum<'d> {
    Null,
    Bool(bool),
    Number(f64),
    String(&'d str),
    /// An array or an object, with all that is inside.
    Tree(Json<'d>),
    /// An array whose elements no condition asks for.
    Array,
    /// An object whose members no condition on this field asks for.
    Object,
}

/// The value of a field in a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldValue<'d> {
    pub(super) field: u32,
    pub(super) datum: Datum<'d>,
    /// Of both; 0 until it is computed.
    pub(super) hash: u64,
}

impl<'d> FieldValue<'d> {
    pub(super) fn new(field: u32, datum: Datum<'d>) -> Self {
        Self {
            field,
            datum,
            hash: 0,
        }
    }

    #[inline]
    pub(super) fn hashed(hasher: &RandomState, field: u32, datum: Datum<'d>) -> Self {
        let hash = hash_datum(hasher, field, datum);
        Self { field, datum, hash }
    }
}

/// Of a field and its value. Arrays and objects equal nothing; their hash is that
/// of the field.
#[inline]
pub(super) fn hash_datum(hasher: &RandomState, field: u32, datum: Datum<'_>) -> u64 {
    // The key is mixed in with the value; fields only have to differ.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = hasher.build_hasher();
    match datum {
        Datum::Null => state.write_u8(0),
        Datum::Bool(it) => state.write_u8(1 + u8::from(it)),
        // Adding 0 makes -0 the 0 that it equals.
        Datum::Number(it) => state.write_u64((it + 0.0).to_bits()),
        Datum::String(it) => state.write(it.as_bytes()),
        Datum::Tree(_) | Datum::Array | Datum::Object => (),
    }
    state.finish() ^ u64::from(field).wrapping_mul(SPREAD)
}

impl<'d> Datum<'d> {
    pub(crate) fn new(value: &'d Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(it) => Self::Bool(*it),
            Value::Number(it) => it.as_f64().map_or(Self::Null, Self::Number),
            Value::String(it) => Self::String(it),
            Value::Array(_) | Value::Object(_) => Self::Tree(Json::Value(value)),
        }
    }

    pub(crate) fn equals(self, scalar: &Scalar) -> bool {
        match (self, scalar) {
            (Self::Null, Scalar::Null) => true,
            (Self::Bool(a), Scalar::Bool(b)) => a == *b,
            (Self::Number(a), Scalar::Number(b)) => a == b.get(),
            (Self::String(a), Scalar::String(b)) => *a == **b,
            _ => false,
        }
    }

    /// The same for a value that is not parsed.
    pub(crate) fn from_json(value: Json<'d>) -> Self {
        match value.kind() {
            Kind::Null => Self::Null,
            Kind::Bool(it) => Self::Bool(it),
            Kind::Number(it) => Self::Number(it),
            Kind::String(it) => Self::String(it),
            Kind::Array | Kind::Object => Self::Tree(value),
        }
    }

    /// The elements of an array.
    pub(crate) fn elements(self) -> Elements<'d> {
        match self {
            Self::Tree(value) => value.elements(),
            _ => Elements::none(),
        }
    }

    /// The point that the value is, if it is one.
    pub(crate) fn point(self) -> Option<GeoPoint> {
        match self {
            Self::Tree(value) => find_point(value),
            Self::String(text) => find_point_in_text(text),
            _ => None,
        }
    }
}

/// Whether a test needs to see inside arrays and objects.
pub(crate) fn needs_tree(test: &Test) -> bool {
    match test {
        Test::Exists | Test::Equals(_) | Test::In(_) | Test::Range(_) | Test::Regexp(_) => false,
        Test::Contains(_)
        | Test::Inside(_)
        | Test::Outside(_)
        | Test::Select(_)
        | Test::Like(_) => true,
    }
}

/// Whether a test takes so long that its answer is worth remembering.
pub(crate) fn is_costly(test: &Test) -> bool {
    needs_tree(test) || matches!(test, Test::Regexp(_))
}

/// Whether the value of a field passes a test.
pub(crate) fn holds(test: &Test, datum: Option<Datum<'_>>) -> bool {
    let Some(datum) = datum else {
        return matches!(test, Test::Outside(_));
    };
    match test {
        Test::Exists => true,
        Test::Equals(scalar) => datum.equals(scalar),
        Test::In(scalars) => is_one_of(datum, scalars),
        Test::Range(span) => matches!(datum, Datum::Number(it) if span.contains(it)),
        Test::Regexp(pattern) => matches!(datum, Datum::String(it) if pattern.is_match(it)),
        Test::Contains(scalar) => datum.elements().any(|it| scalar.is(it.kind())),
        Test::Inside(shape) => datum.point().is_some_and(|it| shape.contains(it)),
        Test::Outside(shape) => datum.point().is_some_and(|it| !shape.contains(it)),
        Test::Select(selection) => pick(datum.elements(), selection.index)
            .is_some_and(|it| form_holds(&selection.query.form, it)),
        Test::Like(partial) => matches!(datum, Datum::Tree(it) if partial.matches(it)),
    }
}

fn is_one_of(datum: Datum<'_>, scalars: &[Scalar]) -> bool {
    let order = |scalar: &Scalar| match (scalar, datum) {
        (Scalar::String(a), Datum::String(b)) => (**a).cmp(b),
        (Scalar::Number(a), Datum::Number(b)) => a.get().total_cmp(&(b + 0.0)),
        (scalar, datum) => rank(scalar).cmp(&datum_rank(datum)),
    };
    let found = scalars.binary_search_by(order);
    found.is_ok_and(|place| datum.equals(&scalars[place]))
}

/// The order of the kinds of scalars.
fn rank(scalar: &Scalar) -> u8 {
    match scalar {
        Scalar::Null => 0,
        Scalar::Bool(false) => 1,
        Scalar::Bool(true) => 2,
        Scalar::Number(_) => 3,
        Scalar::String(_) => 4,
    }
}

fn datum_rank(datum: Datum<'_>) -> u8 {
    match datum {
        Datum::Null => 0,
        Datum::Bool(false) => 1,
        Datum::Bool(true) => 2,
        Datum::Number(_) => 3,
        Datum::String(_) => 4,
        Datum::Tree(_) | Datum::Array | Datum::Object => 5,
    }
}

/// The element at an index, counted from the end if negative.
pub(crate) fn pick(mut elements: Elements<'_>, index: i64) -> Option<Json<'_>> {
    let place = if index < 0 {
        let back = usize::try_from(index.unsigned_abs()).ok()?;
        elements.len().checked_sub(back)?
    } else {
        usize::try_from(index).ok()?
    };
    elements.nth(place)
}

/// Whether an element of an array, as the document `{"value": element}`, has a form.
fn form_holds(form: &Form, element: Json<'_>) -> bool {
    match form {
        Form::Everything => true,
        Form::Nothing => false,
        Form::And(operands) => operands.iter().all(|it| form_holds(it, element)),
        Form::Or(operands) => operands.iter().any(|it| form_holds(it, element)),
        Form::Literal(Literal { condition, negated }) => {
            let value = find_in_element(element, condition.field.as_str());
            holds(&condition.test, value.map(Datum::from_json)) != *negated
        }
    }
}
