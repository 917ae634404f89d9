//! The catalogue: which indexes and collections exist, in memory as they are on
//! disk. Readers hold a copy that never changes; the committer publishes a new
//! one after the transaction that changed it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::document::Collection;
use crate::error::{StoreError, StoreErrorKind};
use crate::mapping::Mapping;
use crate::settings::Settings;

/// The name of a collection in keys. Never given twice: what is left of a
/// dropped collection is never taken for a part of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CollectionNumber(pub(crate) u32);

/// What is known of a collection without looking at its documents.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Collection,
    pub(crate) number: CollectionNumber,
    pub(crate) mapping: Arc<Mapping>,
    /// Another number whenever `mapping` is another one.
    pub(crate) mapping_revision: u64,
    pub(crate) settings: Settings,
    /// Grows when the search index is to be built again.
    pub(crate) build: u64,
}

/// All indexes and collections, in the order of their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    indexes: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<Entry>>>,
}

impl Catalogue {
    pub(crate) fn indexes(&self) -> impl Iterator<Item = &Arc<str>> {
        self.indexes.keys()
    }

    pub(crate) fn has_index(&self, index: &str) -> bool {
        self.indexes.contains_key(index)
    }

    /// The collections of an index.
    pub(crate) fn collections(
        &self,
        index: &str,
    ) -> Result<impl Iterator<Item = &Arc<Entry>>, StoreError> {
        let collections = self.indexes.get(index);
        let collections = collections.ok_or_else(|| unknown_index(index))?;
        Ok(collections.values())
    }

    pub(crate) fn all_collections(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.indexes.values().flat_map(BTreeMap::values)
    }

    /// The collection with this number, if it still exists.
    pub(crate) fn by_number(&self, number: CollectionNumber) -> Option<&Arc<Entry>> {
        self.all_collections().find(|it| it.number == number)
    }

    pub(crate) fn find(&self, at: &Collection) -> Option<&Arc<Entry>> {
        self.indexes.get(&at.index)?.get(&at.collection)
    }

    pub(crate) fn get(&self, at: &Collection) -> Result<&Arc<Entry>, StoreError> {
        if !self.has_index(&at.index) {
            return Err(unknown_index(&at.index));
        }
        self.find(at).ok_or_else(|| {
            let Collection { index, collection } = at;
            StoreError::new(
                StoreErrorKind::UnknownCollection {
                    index: index.to_string(),
                    collection: collection.to_string(),
                },
                format!("the index [{index}] has no collection [{collection}]"),
            )
        })
    }

    pub(crate) fn insert_index(&mut self, index: Arc<str>) {
        self.indexes.entry(index).or_default();
    }

    pub(crate) fn remove_index(&mut self, index: &str) {
        self.indexes.remove(index);
    }

    /// Puts the collection in the place of the one with its name.
    pub(crate) fn insert(&mut self, entry: Entry) {
        let collections = self.indexes.entry(entry.at.index.clone()).or_default();
        collections.insert(entry.at.collection.clone(), Arc::new(entry));
    }

    pub(crate) fn remove(&mut self, at: &Collection) {
        if let Some(collections) = self.indexes.get_mut(&at.index) {
            collections.remove(&at.collection);
        }
    }
}

pub(crate) fn unknown_index(index: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::UnknownIndex {
            index: index.into(),
        },
        format!("there is no index [{index}]"),
    )
}

/// Where readers find the catalogue of the last commit.
///
/// A reader opens its snapshot of the documents first and looks here then: the
/// catalogue is as old as the snapshot or younger, so that a collection found
/// here is whole in the snapshot (its documents are swept only after it has
/// left the catalogue), or was created after it and has none.
#[derive(Debug)]
pub(crate) struct Published(RwLock<Arc<Catalogue>>);

impl Published {
    pub(crate) fn new(catalogue: Arc<Catalogue>) -> Self {
        Self(RwLock::new(catalogue))
    }

    pub(crate) fn read(&self) -> Arc<Catalogue> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn publish(&self, catalogue: Arc<Catalogue>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = catalogue;
    }
}
