//! Paths into documents: object keys joined with dots.

use std::fmt;

/// A dotted path, such as `user.address.city`.
///
/// A key that holds a dot itself is the same field as the nested keys would be;
/// arrays are leaves, nothing inside them has a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Field(Box<str>);

impl Field {
    pub(crate) fn new(path: impl Into<Box<str>>) -> Self {
        Self(path.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
