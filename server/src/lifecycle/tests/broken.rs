//! A disk that is gone: everything fails.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::storage::{
    Collection, CollectionSize, Document, Refresh, SearchQuery, SearchRequest, SearchResult,
    Storage, StoreError, StoreErrorKind, Write, Written,
};

pub(super) struct Broken;

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError {
        kind: StoreErrorKind::Internal,
        message: "the disk is gone".into(),
    })
}

#[async_trait]
impl Storage for Broken {
    async fn list_indexes(&self) -> Result<Vec<String>, StoreError> {
        broken()
    }
    async fn index_exists(&self, _: &str) -> Result<bool, StoreError> {
        broken()
    }
    async fn create_index(&self, _: &str) -> Result<(), StoreError> {
        broken()
    }
    async fn delete_index(&self, _: &str) -> Result<(), StoreError> {
        broken()
    }
    async fn list_collections(&self, _: &str) -> Result<Vec<String>, StoreError> {
        broken()
    }
    async fn collection_exists(&self, _: &Collection) -> Result<bool, StoreError> {
        broken()
    }
    async fn create_collection(
        &self,
        _: &Collection,
        _: &Value,
        _: &Value,
    ) -> Result<(), StoreError> {
        broken()
    }
    async fn update_collection(
        &self,
        _: &Collection,
        _: &Value,
        _: &Value,
    ) -> Result<(), StoreError> {
        broken()
    }
    async fn delete_collection(&self, _: &Collection) -> Result<(), StoreError> {
        broken()
    }
    async fn truncate(&self, _: &Collection) -> Result<(), StoreError> {
        broken()
    }
    async fn mappings(&self, _: &Collection) -> Result<Value, StoreError> {
        broken()
    }
    async fn settings(&self, _: &Collection) -> Result<Value, StoreError> {
        broken()
    }
    async fn refresh(&self, _: &Collection) -> Result<(), StoreError> {
        broken()
    }
    async fn get(&self, _: &Collection, _: &[String]) -> Result<Vec<Option<Document>>, StoreError> {
        broken()
    }
    async fn write(
        &self,
        _: &Collection,
        _: Vec<Write>,
        _: Refresh,
    ) -> Result<Vec<Result<Written, StoreError>>, StoreError> {
        broken()
    }
    async fn search(&self, _: &[Collection], _: SearchRequest) -> Result<SearchResult, StoreError> {
        broken()
    }
    async fn count(&self, _: &[Collection], _: &SearchQuery) -> Result<u64, StoreError> {
        broken()
    }
    async fn scroll(&self, _: &str, _: Duration) -> Result<SearchResult, StoreError> {
        broken()
    }
    async fn size(&self, _: &Collection) -> Result<CollectionSize, StoreError> {
        broken()
    }
    async fn reindex(&self, _: &Collection) -> Result<(), StoreError> {
        broken()
    }
    async fn close(&self) {}
}
