//! The query language of Elasticsearch.
//!
//! `parse` reads JSON into the `tree`.

pub(crate) mod minimum;
pub(crate) use crate::shape;
pub(crate) mod tree;

pub(crate) use tree::Query;
