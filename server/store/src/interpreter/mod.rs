//! Searches: what a request asks for (`parse`, `sort`, `source`), and finding
//! it (`execute`).
//!
//! A query is a small tree that is interpreted document by document; an index
//! that narrows the candidates fits between the tree and the walk.

mod execute;
mod parse;
mod sort;
mod source;
mod top;

use std::collections::BTreeSet;

use koncorde::Filter;

pub(crate) use execute::{Snapshot, count, search};

/// What a document has to satisfy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Query {
    Everything,
    Nothing,
    /// Has one of these ids.
    Ids(BTreeSet<String>),
    /// Satisfies a Koncorde filter; `_id` is a field of the document there.
    Filter(Filter),
}
