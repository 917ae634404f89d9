//! One generation of a collection's index: a folder and the layout of its
//! schema. The mapping of a collection may outgrow it, then a new one is built.

use std::collections::HashMap;
use std::sync::Arc;

use redb::ReadTransaction;

use super::folder::Folder;
use super::layout::{Layout, Slots};
use super::reader::Reader;
use super::writer::{Payload, Writer};
use crate::analysis::Analysis;
use crate::catalogue::Entry;
use crate::error::StoreError;
use crate::files::tables::{DOCUMENTS, DocumentRow, document_key};

type Result<T> = std::result::Result<T, StoreError>;

/// What we write into an index; older ones are built again.
pub(super) const FORMAT: u32 = 1;

pub(super) struct Generation {
    pub(super) writer: Writer,
    layout: Arc<Layout>,
    /// Whose mapping the layout has.
    pub(super) entry: Arc<Entry>,
    /// Of the last write that it has.
    pub(super) sequence: u64,
    /// The build that the collection asked for when it was begun.
    pub(super) build: u64,
    /// The mapping has more texts than the schema has fields for.
    pub(super) is_cramped: bool,
}

/// Why a folder cannot be used.
#[derive(Debug)]
pub(super) enum Unusable {
    /// Was never finished.
    Unfinished,
    Corrupt(StoreError),
    OtherFormat(u32),
    /// More was written since than is worth reading from the log.
    Behind,
}

impl Generation {
    pub(super) fn create(folder: Folder, entry: &Arc<Entry>) -> Result<Self> {
        let layout = layout(entry, Slots::of(&entry.mapping))?;
        Ok(Self {
            writer: Writer::create(folder, layout.schema().clone())?,
            layout: Arc::new(layout),
            entry: entry.clone(),
            sequence: 0,
            build: entry.build,
            is_cramped: false,
        })
    }

    /// The generation as its last checkpoint has it.
    pub(super) fn open(folder: Folder, entry: &Arc<Entry>) -> std::result::Result<Self, Unusable> {
        if !folder.has_checkpoint() {
            return Err(Unusable::Unfinished);
        }
        let corrupt = |it: tantivy::TantivyError| Unusable::Corrupt(it.into());
        let writer = Writer::open(folder).map_err(corrupt)?;
        let unknown = || Unusable::Corrupt(StoreError::internal("its payload cannot be read"));
        let payload = writer.payload().ok_or_else(unknown)?;
        if payload.format != FORMAT {
            return Err(Unusable::OtherFormat(payload.format));
        }
        let slots: Slots = serde_json::from_value(payload.slots).map_err(|_| unknown())?;
        let (slots, is_cramped) = match slots.grown(&entry.mapping) {
            Some(slots) => (slots, false),
            None => (slots, true),
        };
        let layout = layout(entry, slots).map_err(Unusable::Corrupt)?;
        if *layout.schema() != writer.index.schema() {
            return Err(Unusable::OtherFormat(payload.format));
        }
        Ok(Self {
            writer,
            layout: Arc::new(layout),
            entry: entry.clone(),
            sequence: payload.sequence,
            build: payload.build,
            is_cramped,
        })
    }

    /// Takes over the mapping that the collection has now.
    pub(super) fn follow(&mut self, entry: &Arc<Entry>) -> Result<()> {
        if entry.mapping_revision == self.entry.mapping_revision {
            return Ok(());
        }
        let slots = self.layout.slots();
        let grown = slots.grown(&entry.mapping);
        self.is_cramped = grown.is_none();
        let slots = grown.unwrap_or_else(|| slots.clone());
        self.layout = Arc::new(layout(entry, slots)?);
        self.entry = entry.clone();
        Ok(())
    }

    /// Writes these documents as they are now. Those that come once, in their
    /// first version, are new to the index, when `may_be_new`.
    pub(super) fn update<'i>(
        &mut self,
        transaction: &ReadTransaction,
        ids: impl Iterator<Item = &'i str>,
        may_be_new: bool,
    ) -> Result<()> {
        let ids: Vec<&str> = ids.collect();
        self.writer.expected = ids.len();
        // How often each comes, and where last: so documents keep the order of
        // their writes.
        let mut times: HashMap<&str, (u32, usize)> = HashMap::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            let entry = times.entry(id).or_default();
            *entry = (entry.0 + 1, place);
        }
        let documents = transaction.open_table(DOCUMENTS)?;
        let mut gone = Vec::new();
        for (place, id) in ids.into_iter().enumerate() {
            let (times, last) = times.get(id).copied().unwrap_or_default();
            if place != last {
                continue;
            }
            let key = document_key(self.entry.number, id);
            let Some(row) = documents.get(key.as_slice())? else {
                gone.push(id);
                continue;
            };
            let version = self.add(id, row.value())?;
            if version > 1 || times > 1 || !may_be_new {
                gone.push(id);
            }
        }
        Ok(self.writer.delete(gone.into_iter())?)
    }

    /// Adds a document, given its row; its version.
    pub(super) fn add(&mut self, id: &str, row: &[u8]) -> Result<u64> {
        let corrupt = || StoreError::internal(format!("the row of [{id}] cannot be read"));
        let row = DocumentRow::decode(row).ok_or_else(corrupt)?;
        let source = row.source.to_vec();
        match self.layout.documents(id, row.version, row.sequence, source) {
            Ok(block) => self.writer.add(block)?,
            Err(error) => {
                let number = self.entry.number;
                tracing::error!("{number:?}: [{id}] is not searchable: {error}");
            }
        }
        Ok(row.version)
    }

    /// Shows what was written; all up to this sequence number is in the index.
    pub(super) fn commit(&mut self, sequence: u64) -> Result<()> {
        let slots = serde_json::to_value(self.layout.slots());
        let failed = |it| StoreError::internal(format!("the places of texts: {it}"));
        self.sequence = sequence;
        self.writer.commit(&Payload {
            format: FORMAT,
            sequence,
            build: self.build,
            slots: slots.map_err(failed)?,
        })?;
        Ok(())
    }

    pub(super) fn reader(&self) -> Reader {
        Reader {
            searcher: self.writer.searcher(),
            layout: self.layout.clone(),
            entry: self.entry.clone(),
        }
    }
}

impl Reader {
    /// The same documents under the mapping that the collection has now; `None`
    /// when the index has no room for that.
    pub(super) fn with_mapping_of(&self, entry: &Arc<Entry>) -> Result<Option<Self>> {
        let Some(slots) = self.layout.slots().grown(&entry.mapping) else {
            return Ok(None);
        };
        Ok(Some(Self {
            searcher: self.searcher.clone(),
            layout: Arc::new(layout(entry, slots)?),
            entry: entry.clone(),
        }))
    }
}

fn layout(entry: &Entry, slots: Slots) -> Result<Layout> {
    let analysis = Analysis::of(&entry.settings.to_json())?;
    Ok(Layout::new(entry.mapping.clone(), analysis.into(), slots))
}

/// The index of a collection without documents: it costs no file and no thread.
pub(super) fn empty(entry: &Arc<Entry>) -> Result<Reader> {
    Ok(Generation::create(Folder::in_memory(), entry)?.reader())
}

impl From<tantivy::TantivyError> for StoreError {
    fn from(error: tantivy::TantivyError) -> Self {
        use tantivy::TantivyError as E;
        use tantivy::directory::error::{OpenReadError, OpenWriteError};
        let message = format!("the search index failed: {error}");
        match error {
            E::IoError(_)
            | E::OpenWriteError(OpenWriteError::IoError { .. })
            | E::OpenReadError(OpenReadError::IoError { .. }) => Self::unavailable(message),
            _ => Self::internal(message),
        }
    }
}
