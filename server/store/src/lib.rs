//! # The embedded document store
//!
//! JSON documents in collections in indexes, durable in one folder. It knows
//! JSON, mappings, queries and files; it knows no user, no request, no socket.

mod document; // what is stored, written and found
mod error; // why the store refuses or fails

pub use document::{
    Collection, Document, Hit, Refresh, SearchQuery, SearchRequest, SearchResult, Write, WriteKind,
    Written,
};
pub use error::{StoreError, StoreErrorKind};
