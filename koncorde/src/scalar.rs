//! Values that can be compared: null, booleans, numbers, strings.
//!
//! Numbers are doubles, as in JSON's original home: 1 and 1.0 are the same, -0
//! is 0, integers above 2^53 collapse. Nothing is ever converted from one type
//! to another.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde_json::Value;

use crate::json::{Json, Kind};

/// A JSON value that is neither an array nor an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
    String(Box<str>),
}

impl Scalar {
    /// `None` for arrays and objects.
    pub(crate) fn new(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(it) => Some(Self::Bool(*it)),
            Value::Number(it) => it.as_f64().and_then(Number::new).map(Self::Number),
            Value::String(it) => Some(Self::String(it.as_str().into())),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(it) => Value::from(*it),
            Self::Number(it) => it.to_json(),
            Self::String(it) => Value::from(&**it),
        }
    }

    /// The memory that it holds elsewhere.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => 0,
            Self::String(text) => text.len(),
        }
    }

    /// Strict equality with a JSON value: same type, same value.
    pub(crate) fn equals(&self, value: &Value) -> bool {
        self.is(Json::Value(value).kind())
    }

    /// The same for a value that is not parsed.
    pub(crate) fn is(&self, value: Kind<'_>) -> bool {
        match (self, value) {
            (Self::Null, Kind::Null) => true,
            (Self::Bool(a), Kind::Bool(b)) => *a == b,
            (Self::Number(a), Kind::Number(b)) => a.get() == b,
            (Self::String(a), Kind::String(b)) => **a == *b,
            _ => false,
        }
    }
}

/// A double that is neither NaN nor -0, so that it can be sorted and hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(f64);

impl Number {
    /// `None` for NaN; -0 becomes 0.
    pub(crate) fn new(value: f64) -> Option<Self> {
        (!value.is_nan()).then_some(Self(value + 0.0))
    }

    pub(crate) fn get(self) -> f64 {
        self.0
    }

    /// Whole numbers without a fraction, as far as doubles hold them exactly.
    pub(crate) fn to_json(self) -> Value {
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() <= EXACT_MAX {
            Value::from(self.0 as i64)
        } else {
            Value::from(self.0)
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}
