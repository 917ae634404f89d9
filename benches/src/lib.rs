//! Workloads, written by the project itself from fixed seeds.
//!
//! A definition says what is measured and why; `make` writes its filters and
//! documents. The number of matches is known in advance: a fast wrong answer
//! fails.

mod definitions; // what is measured, and why
mod shapes; // what several engines can express, on events of a kilobyte
mod original; // the original's own benchmark, and what it is slow at
mod places; // shapes on the earth
mod rules; // alerting rules, as others publish numbers for
mod event; // a document of a kilobyte
mod random; // numbers from a seed
mod clock; // the time of a thread

pub use clock::thread_nanos;
pub use definitions::{DEFINITIONS, Definition};
pub use random::{Random, mix};

use serde_json::Value;

/// Filters and the documents to test against them.
#[derive(Debug)]
pub struct Workload {
    /// No two are equivalent.
    pub filters: Vec<Value>,
    /// As JSON text.
    pub documents: Vec<String>,
}

impl Workload {
    fn new(
        filters: impl IntoIterator<Item = Value>,
        documents: impl IntoIterator<Item = Value>,
    ) -> Self {
        Self {
            filters: filters.into_iter().collect(),
            documents: documents.into_iter().map(|it| it.to_string()).collect(),
        }
    }
}
