//! A document as the index takes it: a row of fields and values, read in place.

use std::cmp::Ordering;
use std::sync::Arc;

use tantivy::schema::{
    Document, Field, Value as IndexValueTrait,
    document::{ReferenceValue, ReferenceValueLeaf},
};

/// A root or a nested document.
#[derive(Debug, Default)]
pub(crate) struct IndexDocument(pub(super) Vec<(Field, IndexValue)>);

#[derive(Debug)]
pub(crate) enum IndexValue {
    Text(Arc<str>),
    Number(u64),
    Bytes(Vec<u8>),
    /// Values by path.
    Paths(Vec<(Arc<str>, PathValue)>),
}

#[derive(Debug)]
pub(crate) enum PathValue {
    Text(String),
    Integer(i64),
    Float(f64),
}

impl PathValue {
    /// Values of one path are of one kind.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            _ => Ordering::Equal,
        }
    }

    pub(super) fn is_same_text(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Text(a), Self::Text(b)) if a == b)
    }
}

/// A value, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Borrowed<'a> {
    Whole(&'a IndexValue),
    At(&'a PathValue),
}

type Pair = (Field, IndexValue);

impl Document for IndexDocument {
    type Value<'a> = Borrowed<'a>;
    type FieldsValuesIter<'a> =
        std::iter::Map<std::slice::Iter<'a, Pair>, fn(&'a Pair) -> (Field, Borrowed<'a>)>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        self.0
            .iter()
            .map(|(field, it)| (*field, Borrowed::Whole(it)))
    }
}

/// The paths of a value; they may come several times.
#[derive(Debug)]
pub(crate) struct Paths<'a>(std::slice::Iter<'a, (Arc<str>, PathValue)>);

impl<'a> Iterator for Paths<'a> {
    type Item = (&'a str, Borrowed<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (path, value) = self.0.next()?;
        Some((path, Borrowed::At(value)))
    }
}

impl<'a> IndexValueTrait<'a> for Borrowed<'a> {
    type ArrayIter = std::iter::Empty<Self>;
    type ObjectIter = Paths<'a>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        use ReferenceValueLeaf::{Bytes, F64, I64, Str, U64};
        ReferenceValue::Leaf(match *self {
            Self::Whole(IndexValue::Text(text)) => Str(text),
            Self::Whole(IndexValue::Number(number)) => U64(*number),
            Self::Whole(IndexValue::Bytes(bytes)) => Bytes(bytes),
            Self::Whole(IndexValue::Paths(paths)) => {
                return ReferenceValue::Object(Paths(paths.iter()));
            }
            Self::At(PathValue::Text(text)) => Str(text),
            Self::At(PathValue::Integer(number)) => I64(*number),
            Self::At(PathValue::Float(number)) => F64(*number),
        })
    }
}
