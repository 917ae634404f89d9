//! What is stored, written and found, as plain data.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

/// A place for documents: index and collection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection {
    pub index: Arc<str>,
    pub collection: Arc<str>,
}

/// A stored document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub id: String,
    /// An object, with `_kuzzle_info` where the writer put it.
    pub source: Arc<Value>,
    /// 1 on creation, one more with each write.
    pub version: u64,
}

/// One change of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Generated when `None` (creations only): 20 characters, safe in URLs.
    pub id: Option<String>,
    pub kind: WriteKind,
}

/// What to do with the document.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteKind {
    /// Fails when the id is taken.
    Create {
        source: Map<String, Value>,
    },
    CreateOrReplace {
        source: Map<String, Value>,
    },
    /// Fails when there is no such document.
    Replace {
        source: Map<String, Value>,
    },
    /// Merges objects deeply, replaces everything else; fails when there is no
    /// such document.
    Update {
        changes: Map<String, Value>,
    },
    /// `Update`, or `Create` with `changes` merged over `default`.
    Upsert {
        changes: Map<String, Value>,
        default: Map<String, Value>,
    },
    /// Removes dotted paths, then merges `changes`; unknown paths are ignored.
    DeleteFields {
        paths: Vec<String>,
        changes: Map<String, Value>,
    },
    Delete,
}

/// What a write did, atomically.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The document after the write; of a deletion, as it was before.
    pub document: Document,
    /// The document before the write, when there was one.
    pub previous: Option<Document>,
    /// Whether the document did not exist before.
    pub created: bool,
    /// Grows by one with each write of the store, deletions included.
    pub sequence: u64,
}

/// When a write is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Once it is durable.
    #[default]
    No,
    /// Once search sees it too.
    WaitFor,
}

/// A search, with the body as the API takes it (already checked for its keys).
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {
    /// `query`, `sort`, `_source`…: the Elasticsearch search body.
    pub body: Map<String, Value>,
    pub from: u64,
    pub size: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SearchResult {
    pub hits: Vec<Hit>,
    /// Exact.
    pub total: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub at: Collection,
    pub document: Document,
    /// `None` when sorted by something else.
    pub score: Option<f64>,
}

/// Why the store refused or failed.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreError {
    pub kind: StoreErrorKind,
    /// What was expected, what was found: a sentence for a person.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    UnknownIndex {
        index: String,
    },
    UnknownCollection {
        index: String,
        collection: String,
    },
    IndexExists {
        index: String,
    },
    DocumentExists {
        id: String,
    },
    DocumentNotFound {
        id: String,
    },
    /// With the path of the wrong key and a hint.
    InvalidMapping {
        path: String,
        hint: String,
    },
    CannotChangeMapping,
    /// A field that a strict mapping does not know.
    StrictMapping {
        field: String,
    },
    /// A clause or a keyword that no query has.
    UnknownQueryKeyword {
        keyword: String,
    },
    InvalidQuery,
    /// A value that does not fit the mapping, a name that is not allowed…
    Refused,
    /// The disk, a corrupt file, a bug.
    Internal,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}
