//! Indexes and collections come, change and go.

use std::sync::Arc;

use serde_json::Value;

use super::batch::{Batch, next_revision, too_many_collections};
use crate::analysis::Analysis;
use crate::catalogue::{CollectionNumber, Entry};
use crate::change;
use crate::document::Collection;
use crate::error::{StoreError, StoreErrorKind};
use crate::files::tables::{COLLECTIONS, DROPPED, INDEXES, META, NEXT_COLLECTION};
use crate::id::now_ms;
use crate::limits::NAME_BYTES_MAX;
use crate::mapping::Mapping;
use crate::settings::{Birth, Settings};

/// The inner result is for who asked, the outer one for the transaction.
type Outcome = Result<Result<(), StoreError>, StoreError>;

impl Batch<'_> {
    pub(super) fn create_index(&mut self, index: Arc<str>) -> Outcome {
        if self.state.catalogue.has_index(&index) {
            let kind = StoreErrorKind::IndexExists {
                index: index.to_string(),
            };
            let message = format!("the index [{index}] exists already");
            return Ok(Err(StoreError::new(kind, message)));
        }
        if let Err(error) = check_name(&index) {
            return Ok(Err(error));
        }
        self.add_index(index)?;
        Ok(Ok(()))
    }

    fn add_index(&mut self, index: Arc<str>) -> Result<(), StoreError> {
        self.is_changed = true;
        let mut indexes = self.transaction.open_table(INDEXES)?;
        indexes.insert(&*index, &b"{}"[..])?;
        Arc::make_mut(&mut self.state.catalogue).insert_index(index);
        Ok(())
    }

    pub(super) fn delete_index(&mut self, index: &str) -> Outcome {
        let collections: Vec<Arc<Entry>> = match self.state.catalogue.collections(index) {
            Ok(collections) => collections.cloned().collect(),
            Err(error) => return Ok(Err(error)),
        };
        for entry in collections {
            self.drop_collection(&entry)?;
        }
        self.is_changed = true;
        self.transaction.open_table(INDEXES)?.remove(index)?;
        Arc::make_mut(&mut self.state.catalogue).remove_index(index);
        Ok(Ok(()))
    }

    pub(super) fn put_collection(
        &mut self,
        at: Collection,
        mappings: &Value,
        settings: &Value,
        must_exist: bool,
    ) -> Outcome {
        match self.state.catalogue.get(&at).cloned() {
            Ok(entry) => Ok(self.change_collection(&entry, mappings, settings)),
            Err(error) if must_exist => Ok(Err(error)),
            Err(_) => self.create_collection(at, mappings, settings),
        }
    }

    fn change_collection(
        &mut self,
        entry: &Entry,
        mappings: &Value,
        settings: &Value,
    ) -> Result<(), StoreError> {
        let settings = entry.settings.updated(settings)?;
        let (before, after) = (entry.settings.to_json(), settings.to_json());
        let mapping = entry.mapping.merged(Mapping::parse(mappings)?)?;
        Analysis::of(&after)?.check(&mapping)?;
        // Values that nobody could search for may have a field now, texts may be
        // other words.
        let is_analysed_anew = before.get("analysis") != after.get("analysis");
        let has_gained = is_analysed_anew || mapping.finds_more_than(&entry.mapping);
        self.keep(Entry {
            mapping: Arc::new(mapping),
            mapping_revision: next_revision(),
            settings,
            build: entry.build + u64::from(has_gained),
            ..entry.clone()
        });
        self.noted.touch(entry.number);
        Ok(())
    }

    pub(super) fn reindex(&mut self, at: &Collection) -> Result<(), StoreError> {
        let entry = self.state.catalogue.get(at)?.clone();
        self.keep(Entry {
            build: entry.build + 1,
            ..Entry::clone(&entry)
        });
        self.noted.touch(entry.number);
        Ok(())
    }

    fn create_collection(&mut self, at: Collection, mappings: &Value, settings: &Value) -> Outcome {
        let parts = check_name(&at.index)
            .and_then(|()| check_name(&at.collection))
            .and_then(|()| self.mapping_of_new(mappings))
            .and_then(|mapping| Ok((mapping, self.settings_of_new(&at, settings)?)))
            .and_then(|(mapping, settings)| {
                Analysis::of(&settings.to_json())?.check(&mapping)?;
                Ok((mapping, settings))
            });
        let (mapping, settings) = match parts {
            Ok(parts) => parts,
            Err(error) => return Ok(Err(error)),
        };
        if !self.state.catalogue.has_index(&at.index) {
            self.add_index(at.index.clone())?;
        }
        let entry = Entry {
            number: self.next_number()?,
            mapping: Arc::new(mapping),
            mapping_revision: next_revision(),
            settings,
            build: 0,
            at,
        };
        self.keep(entry);
        Ok(Ok(()))
    }

    /// The user's mapping with that of all collections over it.
    fn mapping_of_new(&self, user: &Value) -> Result<Mapping, StoreError> {
        Mapping::parse(user)?;
        let mut mappings = user.as_object().cloned().unwrap_or_default();
        let Some(mut common) = self.defaults.mappings.as_object().cloned() else {
            return Mapping::default().merged(Mapping::parse(user)?);
        };
        if let Some(dynamic) = common.remove("dynamic") {
            mappings.entry("dynamic").or_insert(dynamic);
        }
        change::merge(&mut mappings, common);
        Mapping::default().merged(Mapping::parse(&mappings.into())?)
    }

    fn settings_of_new(&self, at: &Collection, user: &Value) -> Result<Settings, StoreError> {
        let uuid = uuid::Uuid::new_v4().simple().to_string();
        let birth = Birth {
            index: &at.index,
            collection: &at.collection,
            created_ms: now_ms(),
            uuid: &uuid,
        };
        Settings::create(&self.defaults.settings, user, &birth)
    }

    fn next_number(&mut self) -> Result<CollectionNumber, StoreError> {
        let number = self.state.next_collection;
        let next = number.checked_add(1).ok_or_else(too_many_collections)?;
        self.state.next_collection = next;
        let mut meta = self.transaction.open_table(META)?;
        meta.insert(NEXT_COLLECTION, u64::from(next))?;
        Ok(CollectionNumber(number))
    }

    pub(super) fn delete_collection(&mut self, at: &Collection) -> Outcome {
        match self.state.catalogue.get(at).cloned() {
            Ok(entry) => self.drop_collection(&entry).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    fn drop_collection(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let at = &entry.at;
        let mut collections = self.transaction.open_table(COLLECTIONS)?;
        collections.remove((&*at.index, &*at.collection))?;
        Arc::make_mut(&mut self.state.catalogue).remove(at);
        self.drop_documents(entry.number)
    }

    fn drop_documents(&mut self, collection: CollectionNumber) -> Result<(), StoreError> {
        self.is_changed = true;
        self.forget_size(collection)?;
        self.transaction
            .open_table(DROPPED)?
            .insert(collection.0, ())?;
        Arc::make_mut(&mut self.state.dropped).push_back(collection);
        Ok(())
    }

    /// The collection goes on under a new number, without documents.
    pub(super) fn truncate(&mut self, at: &Collection) -> Outcome {
        let entry = match self.state.catalogue.get(at) {
            Ok(entry) => Entry::clone(entry),
            Err(error) => return Ok(Err(error)),
        };
        self.drop_documents(entry.number)?;
        let number = self.next_number()?;
        self.keep(Entry { number, ..entry });
        Ok(Ok(()))
    }
}

fn check_name(name: &str) -> Result<(), StoreError> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(StoreError::refused(format!(
            "names of indexes and collections have 1 to {NAME_BYTES_MAX} bytes"
        )));
    }
    Ok(())
}
