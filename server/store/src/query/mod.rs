//! The query language of Elasticsearch.
//!
//! JSON is read (`parse`), texts in Lucene's syntax too (`lucene`), into one
//! `tree`; the tree, the mapping and the layout of an index become a query of
//! tantivy (`compile`). What a query means stands in the tree; how it is found,
//! in the other.

mod compile;
mod lucene;
mod parse;
mod pattern;
pub(crate) mod minimum;
pub(crate) mod tree;

pub(crate) use compile::{compile, compile_nested};
pub(crate) use parse::parse;
pub(crate) use tree::Query;
