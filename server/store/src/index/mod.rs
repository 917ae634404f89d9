//! The search index of a collection.
//!
//! `layout` says where the values of each field stand, `write` puts a document
//! there, `reader` is one moment to search in.
//!
//! An index is disposable: whatever happens to its files, it is built again from
//! the documents. `indexes` is the face of all of them. The threads of `worker`
//! give each its turn; `slot` is what they share with searches. A `generation`
//! is a layout with its segments: `writer` changes these, `merge` joins them,
//! `folder` keeps them. `recovery` knows what to do with what it finds on disk,
//! `rebuild` makes a generation from the documents.

mod indexes;
mod worker;
mod slot;
mod recovery;
mod rebuild;
mod generation;
mod merge;
mod writer;
mod folder;
mod reader;
mod write;
mod layout;
mod document;
mod packed;

#[cfg(test)]
mod tests;

pub use indexes::IndexState;
pub(crate) use indexes::Indexes;
pub(crate) use layout::{Layout, Place, Values, columns, names};
pub(crate) use reader::Reader;
pub use rebuild::Progress;
