//! Workloads, written by the project itself from fixed seeds.
//!
//! A definition says what is measured and why; `make` writes its filters and
//! documents. The number of matches is known in advance: a fast wrong answer
//! fails.

mod definitions; // what is measured, and why
mod random; // numbers from a seed
mod shapes; // filters and documents

pub use definitions::{DEFINITIONS, Definition};
pub use random::Random;

use serde_json::Value;

/// Filters and the documents to test against them.
#[derive(Debug)]
pub struct Workload {
    /// No two are equivalent.
    pub filters: Vec<Value>,
    /// As JSON text.
    pub documents: Vec<String>,
}
