//! Specifications: what documents of a collection must look like, beyond types
//! that a storage can index.
//!
//! A specification is read once (`parse`) into a tree of fields with rules
//! (`types`), and then checked against documents (`check`) that are created,
//! replaced, updated or published. What it does not say is allowed.
//!
//! ```json5
//! {
//!   strict: false,
//!   fields: {
//!     "license": { type: "string", mandatory: true, typeOptions: { length: { min: 3 } } },
//!     "driver": { type: "object" },
//!     "driver/email": { type: "email" },
//!   },
//!   validators: [{ exists: "license" }],
//! }
//! ```

mod check; // a document against its specification
mod parse; // JSON → Specification, or what is wrong with it
mod types; // the types of fields and their rules

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use koncorde::Filter;
use serde_json::Value;

use crate::error::ApiError;
use crate::storage::Collection;

pub(crate) use check::{Mode, Report};
use types::{FieldType, Rule};

/// What documents of one collection must look like.
#[derive(Debug)]
pub(crate) struct Specification {
    /// Fields that are not named are refused.
    strict: bool,
    fields: Fields,
    /// What the whole document must match.
    validators: Option<Filter>,
}

type Fields = BTreeMap<String, Field>;

struct Field {
    field_type: Arc<dyn FieldType>,
    is_mandatory: bool,
    default: Option<Value>,
    /// `None`: it is a single value.
    multiple: Option<Count>,
    rule: Rule,
    /// Of objects: whether fields that are not named are refused.
    strict: bool,
    children: Fields,
}

/// How many values a multivalued field may have.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    min: Option<u64>,
    max: Option<u64>,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field")
            .field("type", &self.field_type.name())
            .field("is_mandatory", &self.is_mandatory)
            .field("children", &self.children)
            .finish_non_exhaustive()
    }
}

/// The specifications of all collections, ready to be checked.
pub(crate) struct Validation {
    types: Vec<Arc<dyn FieldType>>,
    known: RwLock<HashMap<Collection, Arc<Specification>>>,
}

impl Default for Validation {
    fn default() -> Self {
        Self {
            types: types::all(),
            known: RwLock::default(),
        }
    }
}

impl Validation {
    /// Reads a specification; all that is wrong with it, in sentences.
    pub(crate) fn parse(
        &self,
        at: &Collection,
        specification: &Value,
    ) -> Result<Specification, Vec<ApiError>> {
        parse::parse(&self.types, at, specification)
    }

    /// From now on documents of the collection are checked against it; `None`:
    /// against nothing.
    pub(crate) fn put(&self, at: Collection, specification: Option<Specification>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match specification {
            Some(specification) => known.insert(at, Arc::new(specification)),
            None => known.remove(&at),
        };
    }

    pub(crate) fn find(&self, at: &Collection) -> Option<Arc<Specification>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(at).cloned()
    }
}

#[cfg(test)]
mod tests;
