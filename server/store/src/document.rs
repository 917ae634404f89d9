//! What is stored, written and found, as plain data.

use std::sync::Arc;
use std::time::Duration;

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
    /// Generated when `None` (for writes that may create): 20 letters and digits,
    /// in the order of their creation.
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
    /// `Update` with `changes`, or `Create` with `creation` just as it is.
    Upsert {
        changes: Map<String, Value>,
        creation: Map<String, Value>,
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

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SearchQuery {
    /// Every document.
    #[default]
    All,
    /// The `query` of a search body, in the Elasticsearch query language.
    Elasticsearch(Value),
}

/// A search: what, in which order, which page of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchRequest {
    pub query: SearchQuery,
    /// The rest of the Elasticsearch search body (`sort`, `_source`…), without
    /// `query`, `from`, `size` and `scroll`.
    pub body: Map<String, Value>,
    pub from: u64,
    pub size: u64,
    /// Keeps the searched state so long for the pages after this one.
    pub scroll: Option<Duration>,
}

/// The page that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchResult {
    pub hits: Vec<Hit>,
    /// Exact, of all pages.
    pub total: u64,
    /// As Elasticsearch answers them; `None` when none were asked for.
    pub aggregations: Option<Value>,
    /// Where the next page is to be had; `None` without scroll.
    pub scroll: Option<Scroll>,
}

/// The place of a search that is read page by page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scroll {
    /// For the next page; forgotten with the last one.
    pub id: String,
    /// Hits after this page.
    pub remaining: u64,
}

/// How much a collection holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectionSize {
    pub documents: u64,
    /// Of the documents as JSON.
    pub bytes: u64,
}

/// A document that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub at: Collection,
    /// Its source is `null` when the search asked for `_source: false`.
    pub document: Document,
    /// `None` when sorted by something else.
    pub score: Option<f64>,
}
