//! # koncorde
//!
//! Filters written in JSON go in; a JSON document comes; the ids of all filters
//! that match come out.
//!
//! The modules below stand in reading order: a module uses only modules that
//! stand under it. A filter walks down (`filter` → `normal` → `index`), a
//! document walks through `engine` and `index`, and `evaluate` says, slowly and
//! obviously, what every filter means.
#![warn(missing_docs)]

mod koncorde; // named indexes, the front door
mod engine; // one index of filters: register, remove, test
mod explain; // why a filter does not match
mod index; // conditions, found from a document instead of one by one
mod statistics; // how much an index holds
mod evaluate; // the meaning: does this filter match this document?
mod normal; // what every filter reduces to
mod filter; // the language: JSON ⇄ Filter
mod pattern; // regular expressions with RE2's syntax and semantics
mod geo; // points, shapes, distances
mod document; // fields of a JSON document
mod interval; // what a range accepts
mod scalar; // values that can be compared
mod field; // paths into documents
mod id; // 128-bit names of filters
mod error; // what was expected, what was found, where
mod limits; // every bound on user input, with its reason

pub use engine::{Engine, FilterHandle, NormalizedFilter, Options};
pub use error::FilterError;
pub use evaluate::matches;
pub use explain::Explanation;
pub use filter::Filter;
pub use geo::{GeoPoint, convert_distance, convert_geopoint};
pub use id::FilterId;
pub use index::{DocumentError, Scratch};
pub use koncorde::Koncorde;
pub use statistics::Statistics;
