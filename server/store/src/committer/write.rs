//! One write of one document.

use std::sync::Arc;

use redb::{ReadableTable, ReadableTableMetadata};
use serde_json::{Map, Value};

use super::batch::{Batch, next_revision};
use super::prepare::{Change, Condition, Operation, to_json};
use super::{Outcomes, Result};
use crate::catalogue::Entry;
use crate::change;
use crate::document::Collection;
use crate::error::{StoreError, StoreErrorKind};
use crate::files::tables::{DocumentRow, LogRow, document_key};
use crate::mapping::{Fit, Misfit};

/// What a write did.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) sequence: u64,
    /// The new content; `None` after a deletion.
    pub(crate) source: Option<Arc<Value>>,
    /// The row before the write.
    pub(crate) previous: Option<Vec<u8>>,
}

/// The new content, ready to be stored.
struct Content {
    source: Arc<Value>,
    json: Vec<u8>,
}

impl Content {
    fn new(source: Map<String, Value>) -> Result<Self> {
        let json = to_json(&source)?;
        Ok(Self {
            source: Arc::new(source.into()),
            json,
        })
    }
}

impl Batch<'_> {
    /// Each operation succeeds or fails on its own.
    pub(super) fn write_all(
        &mut self,
        at: &Collection,
        operations: Vec<Operation>,
    ) -> Result<Result<Outcomes>> {
        let mut outcomes = Vec::with_capacity(operations.len());
        for operation in operations {
            let entry = match self.state.catalogue.get(at) {
                Ok(entry) => entry.clone(),
                Err(error) => return Ok(Err(error)),
            };
            outcomes.push(self.write(&entry, operation)?);
        }
        Ok(Ok(outcomes))
    }

    fn write(&mut self, entry: &Entry, operation: Operation) -> Result<Result<Applied>> {
        let Operation {
            id, change, fits, ..
        } = operation;
        let key = document_key(entry.number, &id);
        let row = self.documents.get(key.as_slice())?;
        let previous = row.map(|it| it.value().to_vec());
        let before = match &previous {
            Some(row) => Some(DocumentRow::decode(row).ok_or_else(|| corrupt(&id))?),
            None => None,
        };
        let content = match new_content(change, before.as_ref(), entry, &id) {
            Ok(content) => content,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(content) = &content
            && fits != Some(entry.mapping_revision)
            && let Err(error) = self.fit(entry, &id, &content.source)
        {
            return Ok(Err(error));
        }
        let last = match &before {
            Some(row) => row.version,
            None => self.buried_version(&key)?,
        };
        let (version, sequence) = self.store(entry, &id, last + 1, before, content.as_ref())?;
        Ok(Ok(Applied {
            source: content.map(|it| it.source),
            id,
            version,
            sequence,
            previous,
        }))
    }

    /// The version at which a document was deleted, as long as it is remembered.
    fn buried_version(&self, key: &[u8]) -> Result<u64> {
        if self.tombstones.is_empty()? {
            return Ok(0);
        }
        let tombstone = self.tombstones.get(key)?;
        Ok(tombstone.map_or(0, |it| it.value().0))
    }

    fn store(
        &mut self,
        entry: &Entry,
        id: &str,
        version: u64,
        before: Option<DocumentRow<'_>>,
        content: Option<&Content>,
    ) -> Result<(u64, u64)> {
        let sequence = self.log_write(&LogRow {
            is_deletion: content.is_none(),
            collection: entry.number,
            version,
            id,
        })?;
        let key = document_key(entry.number, id);
        match content {
            Some(content) => {
                let length = DocumentRow::HEAD_BYTES + content.json.len();
                let mut row = self.documents.insert_reserve(key.as_slice(), length)?;
                DocumentRow {
                    version,
                    sequence,
                    source: &content.json,
                }
                .encode_into(row.as_mut());
                if before.is_none() && version > 1 {
                    drop(row);
                    self.tombstones.remove(key.as_slice())?;
                }
            }
            None => {
                self.documents.remove(key.as_slice())?;
                self.tombstones
                    .insert(key.as_slice(), (version, sequence))?;
            }
        }
        let (documents, bytes) = self.size(entry.number)?;
        if let Some(before) = before {
            *documents = documents.saturating_sub(1);
            *bytes = bytes.saturating_sub(before.source.len() as u64);
        }
        if let Some(content) = content {
            *documents += 1;
            *bytes += content.json.len() as u64;
        }
        Ok((version, sequence))
    }

    /// Checks the document against the mapping, which may grow by its fields.
    fn fit(&mut self, entry: &Entry, id: &str, source: &Value) -> Result<()> {
        let Value::Object(source) = source else {
            return Err(StoreError::internal("a document that is not an object"));
        };
        let fit = entry.mapping.fit(source);
        match fit.map_err(|misfit| refusal(misfit, entry, id))? {
            Fit::AsItIs => Ok(()),
            Fit::Growing(part) => {
                let mapping = entry.mapping.merged(part)?;
                self.keep(Entry {
                    mapping: Arc::new(mapping),
                    mapping_revision: next_revision(),
                    ..entry.clone()
                });
                Ok(())
            }
        }
    }
}

/// What the document becomes; `None`: nothing.
fn new_content(
    change: Change,
    before: Option<&DocumentRow<'_>>,
    entry: &Entry,
    id: &str,
) -> Result<Option<Content>> {
    let present = || before.ok_or_else(|| not_found(entry, id));
    match change {
        Change::Put {
            source,
            json,
            condition,
        } => match (condition, before) {
            (Condition::IfAbsent, Some(_)) => Err(StoreError::new(
                StoreErrorKind::DocumentExists { id: id.into() },
                "document already exists",
            )),
            (Condition::IfPresent, None) => Err(not_found(entry, id)),
            _ => Ok(Some(Content { source, json })),
        },
        Change::Merge {
            creation: Some(creation),
            ..
        } if before.is_none() => Content::new(creation).map(Some),
        Change::Merge { changes, .. } => {
            let mut source = parse(present()?, id)?;
            change::merge(&mut source, changes);
            Content::new(source).map(Some)
        }
        Change::Unset { paths, changes } => {
            let mut source = parse(present()?, id)?;
            for path in &paths {
                change::unset(&mut source, path);
            }
            change::merge(&mut source, changes);
            Content::new(source).map(Some)
        }
        Change::Delete => present().map(|_| None),
    }
}

fn parse(row: &DocumentRow<'_>, id: &str) -> Result<Map<String, Value>> {
    serde_json::from_slice(row.source).map_err(|_| corrupt(id))
}

fn corrupt(id: &str) -> StoreError {
    StoreError::internal(format!("the stored document [{id}] cannot be read"))
}

fn not_found(entry: &Entry, id: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::DocumentNotFound {
            id: id.into(),
            index: entry.at.index.to_string(),
            collection: entry.at.collection.to_string(),
        },
        "document not found",
    )
}

fn refusal(misfit: Misfit, entry: &Entry, id: &str) -> StoreError {
    match misfit {
        Misfit::Unknown { field } => {
            let Collection { index, collection } = &entry.at;
            let message = format!(
                "[strict_dynamic_mapping] the mapping of [{index}] [{collection}] is strict and \
                 has no field [{field}]"
            );
            let kind = StoreErrorKind::StrictMapping {
                field,
                index: index.to_string(),
                collection: collection.to_string(),
            };
            StoreError::new(kind, message)
        }
        Misfit::Refused { field, reason } => StoreError::refused(format!(
            "[mapper_parsing] the field [{field}] of the document [{id}]: {reason}"
        )),
    }
}
