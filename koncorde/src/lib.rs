//! # koncorde
//!
//! Filters written in JSON go in; a JSON document comes; the ids of all filters
//! that match come out. It is the inverse of a search engine: the questions are
//! stored, and documents come by to answer them. What a document costs depends on
//! the filters that it nearly matches, and hardly on how many there are.
//!
//! ```
//! use koncorde::Koncorde;
//! use serde_json::json;
//!
//! let mut koncorde = Koncorde::new();
//! let near_tokyo = koncorde.register(
//!     &json!({"and": [
//!         {"geoDistance": {"epicentre": [35.68, 139.69], "distance": "500 km"}},
//!         {"range": {"magnitude": {"gte": 5}}}
//!     ]}),
//!     None,
//! )?;
//! let tsunamis = koncorde.register(&json!({"equals": {"tsunami": true}}), None)?;
//!
//! // Documents come parsed, or as the bytes that came over the wire.
//! let quake = json!({"magnitude": 7.1, "epicentre": {"lat": 38.3, "lon": 142.4}});
//! assert_eq!(koncorde.test(&quake, None), [near_tokyo]);
//! let found = koncorde.test_slice(br#"{"magnitude": 4, "tsunami": true}"#, None)?;
//! assert_eq!(found, [tsunamis]);
//!
//! // Why not? Which condition fails, and on what.
//! let weak = json!({"magnitude": 4.5, "epicentre": "36, 140"});
//! let why = koncorde.explain(&near_tokyo, &weak, None).unwrap();
//! assert_eq!(
//!     why.to_string(),
//!     r#"✗ all of
//!   ✓ {"geoDistance":{"epicentre":{"lat":35.68,"lon":139.69},"distance":"500000m"}}: epicentre is "36, 140", 45.2 km from the centre
//!   ✗ {"range":{"magnitude":{"gte":5}}}: magnitude is 4.5"#
//! );
//!
//! assert!(koncorde.remove(&tsunamis, None));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Koncorde`] holds named indexes of filters, [`Engine`] is one of them. Both
//!   are plain values: `&mut` to register and remove, `&` to test, from as many
//!   threads as you like. They are `Send` and `Sync`, and do no I/O.
//! - [`Filter`] is a filter read from JSON or built in Rust; [`matches`](fn@matches) says what
//!   it means on one document, without any engine.
//! - Equivalent filters are one and have one [`FilterId`], whatever the order of
//!   their operands and however they are written.
//! - [`Engine::visit`] finds filters without allocating, [`Engine::explain`] tells
//!   why one does not match.
//!
//! The language is described, by examples that are tests, in `docs/filters.md`.
//! The crate needs Rust 1.95, the version that it is tested with, and holds no
//! `unsafe` code.
//!
//! # How it is built
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
mod json; // values, parsed or read into a tape
mod field; // paths into documents
mod id; // 128-bit names of filters
mod error; // what was expected, what was found, where
mod limits; // every bound on user input, with its reason

pub use engine::{Engine, FilterHandle, NormalizedFilter, Options};
pub use error::FilterError;
pub use evaluate::matches;
pub use explain::{Explanation, Reason};
pub use filter::Filter;
pub use geo::{GeoPoint, convert_distance, convert_geopoint};
pub use id::FilterId;
pub use index::{DocumentError, Scratch};
pub use koncorde::Koncorde;
pub use statistics::Statistics;
