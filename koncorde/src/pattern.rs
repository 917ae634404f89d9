//! Regular expressions with RE2's syntax and semantics.

/// A pattern with its flags, compiled once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern {
    source: Box<str>,
}
