//! The search index of a collection.
//!
//! `layout` says where the values of each field stand, `write` puts a document
//! there, `reader` is one moment to search in.

mod document;
mod layout;
mod packed;
mod reader;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use document::IndexDocument;
pub(crate) use layout::{Fields, Layout, Place, Slots, Values, columns, names};
pub(crate) use reader::Reader;
