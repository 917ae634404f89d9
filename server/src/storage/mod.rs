//! Where documents live, in our words. What implements it never knows of
//! requests, users or sockets.

mod embedded; // the store of this machine
mod koncorde; // filters as queries
mod error; // what clients are told when the store refuses

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

pub use embedded::Embedded;
pub(crate) use koncorde::to_elasticsearch;
pub use koncorde_store::{
    Collection, CollectionSize, Document, Hit, Refresh, Scroll, SearchQuery, SearchRequest,
    SearchResult, StoreError, StoreErrorKind, Write, WriteKind, Written,
};

/// Documents in collections in indexes, with near real time search.
///
/// `get` sees a write at once; `search` and `count` see it within a second, or
/// at once after `Refresh::WaitFor` or `refresh`.
#[async_trait]
pub trait Storage: Send + Sync {
    async fn list_indexes(&self) -> Result<Vec<String>, StoreError>;
    async fn index_exists(&self, index: &str) -> Result<bool, StoreError>;
    async fn create_index(&self, index: &str) -> Result<(), StoreError>;
    async fn delete_index(&self, index: &str) -> Result<(), StoreError>;

    async fn list_collections(&self, index: &str) -> Result<Vec<String>, StoreError>;
    async fn collection_exists(&self, at: &Collection) -> Result<bool, StoreError>;
    /// Creates the index too; on an existing collection acts like an update.
    async fn create_collection(
        &self,
        at: &Collection,
        mappings: &Value,
        settings: &Value,
    ) -> Result<(), StoreError>;
    async fn update_collection(
        &self,
        at: &Collection,
        mappings: &Value,
        settings: &Value,
    ) -> Result<(), StoreError>;
    async fn delete_collection(&self, at: &Collection) -> Result<(), StoreError>;
    /// Removes the documents, keeps mappings and settings.
    async fn truncate(&self, at: &Collection) -> Result<(), StoreError>;
    /// `{dynamic, _meta?, properties}` with the common metadata fields.
    async fn mappings(&self, at: &Collection) -> Result<Value, StoreError>;
    async fn settings(&self, at: &Collection) -> Result<Value, StoreError>;
    async fn refresh(&self, at: &Collection) -> Result<(), StoreError>;

    /// In the order of `ids`; `None` where there is no such document.
    async fn get(
        &self,
        at: &Collection,
        ids: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError>;
    /// Each write succeeds or fails on its own; what is `Ok` is durable.
    async fn write(
        &self,
        at: &Collection,
        writes: Vec<Write>,
        refresh: Refresh,
    ) -> Result<Vec<Result<Written, StoreError>>, StoreError>;

    async fn search(
        &self,
        at: &[Collection],
        search: SearchRequest,
    ) -> Result<SearchResult, StoreError>;
    async fn count(&self, at: &[Collection], query: &SearchQuery) -> Result<u64, StoreError>;
    /// The next page of a search with `scroll`, as the first one saw the documents;
    /// the place is kept for `keep` from now on.
    async fn scroll(&self, id: &str, keep: Duration) -> Result<SearchResult, StoreError>;
    async fn size(&self, at: &Collection) -> Result<CollectionSize, StoreError>;
    /// Writes the documents into the search index anew, in the background: what
    /// the mapping says now then holds for all of them.
    async fn reindex(&self, at: &Collection) -> Result<(), StoreError>;

    /// Finishes what was accepted and refuses the rest; the data can then be
    /// opened again at once.
    async fn close(&self);
}
