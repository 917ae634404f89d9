//! The embedded store behind the trait.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use koncorde_store::{Options, Store};
use serde_json::{Map, Value, json};

use super::{
    Collection, CollectionSize, Document, Refresh, SearchQuery, SearchRequest, SearchResult,
    Storage, StoreError, Write, Written,
};

/// Documents in a folder of this machine.
pub struct Embedded(Store);

impl Embedded {
    /// Opens the data folder, made when it does not exist; only one process can
    /// have it open. `default_settings` are those of new collections.
    pub fn open(folder: &Path, default_settings: Map<String, Value>) -> Result<Self, StoreError> {
        let options = Options {
            common_mappings: common_mappings(),
            default_settings: default_settings.into(),
            ..Options::default()
        };
        Store::open(folder, options).map(Self)
    }
}

/// What every collection has: the metadata of its documents; and by default
/// its mapping grows with them.
fn common_mappings() -> Value {
    json!({
        "dynamic": "true",
        "properties": {
            "_kuzzle_info": {
                "properties": {
                    "author": {"type": "keyword"},
                    "createdAt": {"type": "date"},
                    "updatedAt": {"type": "date"},
                    "updater": {"type": "keyword"},
                },
            },
        },
    })
}

#[async_trait]
impl Storage for Embedded {
    async fn list_indexes(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.0.list_indexes())
    }

    async fn index_exists(&self, index: &str) -> Result<bool, StoreError> {
        Ok(self.0.index_exists(index))
    }

    async fn create_index(&self, index: &str) -> Result<(), StoreError> {
        self.0.create_index(index).await
    }

    async fn delete_index(&self, index: &str) -> Result<(), StoreError> {
        self.0.delete_index(index).await
    }

    async fn list_collections(&self, index: &str) -> Result<Vec<String>, StoreError> {
        self.0.list_collections(index)
    }

    async fn collection_exists(&self, at: &Collection) -> Result<bool, StoreError> {
        Ok(self.0.collection_exists(at))
    }

    async fn create_collection(
        &self,
        at: &Collection,
        mappings: &Value,
        settings: &Value,
    ) -> Result<(), StoreError> {
        self.0.create_collection(at, mappings, settings).await
    }

    async fn update_collection(
        &self,
        at: &Collection,
        mappings: &Value,
        settings: &Value,
    ) -> Result<(), StoreError> {
        self.0.update_collection(at, mappings, settings).await
    }

    async fn delete_collection(&self, at: &Collection) -> Result<(), StoreError> {
        self.0.delete_collection(at).await
    }

    async fn truncate(&self, at: &Collection) -> Result<(), StoreError> {
        self.0.truncate(at).await
    }

    async fn mappings(&self, at: &Collection) -> Result<Value, StoreError> {
        self.0.mappings(at)
    }

    async fn settings(&self, at: &Collection) -> Result<Value, StoreError> {
        self.0.settings(at)
    }

    async fn refresh(&self, at: &Collection) -> Result<(), StoreError> {
        self.0.refresh(at).await
    }

    async fn get(
        &self,
        at: &Collection,
        ids: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        self.0.get(at, ids).await
    }

    async fn write(
        &self,
        at: &Collection,
        writes: Vec<Write>,
        refresh: Refresh,
    ) -> Result<Vec<Result<Written, StoreError>>, StoreError> {
        let outcomes = self.0.write(at, writes).await?;
        let written = outcomes.iter().flatten();
        if refresh == Refresh::WaitFor
            && let Some(last) = written.map(|it| it.sequence).max()
            // The writes are durable, whatever becomes of the search index.
            && let Err(error) = self.0.wait_searchable(at, last).await
        {
            tracing::warn!("written, but not searchable yet: {error}");
        }
        Ok(outcomes)
    }

    async fn search(
        &self,
        at: &[Collection],
        search: SearchRequest,
    ) -> Result<SearchResult, StoreError> {
        self.0.search(at, search).await
    }

    async fn count(&self, at: &[Collection], query: &SearchQuery) -> Result<u64, StoreError> {
        self.0.count(at, query).await
    }

    async fn scroll(&self, id: &str, keep: Duration) -> Result<SearchResult, StoreError> {
        self.0.scroll(id, keep).await
    }

    async fn size(&self, at: &Collection) -> Result<CollectionSize, StoreError> {
        self.0.size(at).await
    }

    async fn reindex(&self, at: &Collection) -> Result<(), StoreError> {
        self.0.reindex(at).await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
