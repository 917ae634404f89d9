//! One transaction of the committer: its tables, and what it will publish.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::{ReadableTable, ReadableTableMetadata, Table, WriteTransaction};

use super::{Defaults, Outcomes, Work};
use crate::backlog::Noted;
use crate::catalogue::{Catalogue, CollectionNumber, Entry};
use crate::document::Collection;
use crate::error::StoreError;
use crate::files::Files;
use crate::files::tables::{
    COLLECTIONS, CollectionRow, DOCUMENTS, DROPPED, INDEXES, LOG, LogRow, META, NEXT_COLLECTION,
    SIZES, TOMBSTONES, WRITTEN, document_key,
};
use crate::limits::LOG_ENTRIES_MAX;
use crate::mapping::Mapping;
use crate::settings::Settings;

type Result<T> = std::result::Result<T, StoreError>;

/// What the committer knows of the last commit.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) catalogue: Arc<Catalogue>,
    /// Of the last write.
    pub(super) sequence: u64,
    pub(super) next_collection: u32,
    /// Collections whose documents are still to be removed.
    pub(super) dropped: Arc<VecDeque<CollectionNumber>>,
}

impl State {
    pub(super) fn load(files: &Files) -> Result<Self> {
        files.read(|transaction| {
            let mut catalogue = Catalogue::default();
            for row in transaction.open_table(INDEXES)?.iter()? {
                catalogue.insert_index(row?.0.value().into());
            }
            for row in transaction.open_table(COLLECTIONS)?.iter()? {
                let (key, row) = row?;
                let (index, collection) = key.value();
                let at = Collection {
                    index: index.into(),
                    collection: collection.into(),
                };
                catalogue.insert(entry_of_row(at, row.value())?);
            }
            let mut dropped = VecDeque::new();
            for row in transaction.open_table(DROPPED)?.iter()? {
                dropped.push_back(CollectionNumber(row?.0.value()));
            }
            let meta = transaction.open_table(META)?;
            let next = meta.get(NEXT_COLLECTION)?.map_or(0, |it| it.value());
            let log = transaction.open_table(LOG)?;
            let last = log.last()?;
            Ok(Self {
                catalogue: Arc::new(catalogue),
                sequence: last.map_or(0, |(sequence, _)| sequence.value()),
                next_collection: u32::try_from(next).map_err(|_| too_many_collections())?,
                dropped: Arc::new(dropped),
            })
        })
    }
}

fn entry_of_row(at: Collection, row: &[u8]) -> Result<Entry> {
    let corrupt = |error: &dyn std::fmt::Display| {
        let Collection { index, collection } = &at;
        StoreError::internal(format!("the record of [{index}] [{collection}]: {error}"))
    };
    let row: CollectionRow = serde_json::from_slice(row).map_err(|it| corrupt(&it))?;
    let mapping = Mapping::parse(&row.mappings).map_err(|it| corrupt(&it))?;
    Ok(Entry {
        number: CollectionNumber(row.number),
        mapping: Arc::new(mapping),
        mapping_revision: next_revision(),
        settings: Settings::of_json(&row.settings),
        build: row.build,
        at,
    })
}

pub(super) fn too_many_collections() -> StoreError {
    StoreError::internal("the numbers of collections are used up")
}

/// No two mappings of a process have the same.
pub(super) fn next_revision() -> u64 {
    static REVISIONS: AtomicU64 = AtomicU64::new(0);
    REVISIONS.fetch_add(1, Ordering::Relaxed)
}

/// The documents of a collection and their bytes.
pub(super) type Size = (u64, u64);

/// An open transaction.
pub(super) struct Batch<'t> {
    pub(super) transaction: &'t WriteTransaction,
    pub(super) defaults: &'t Defaults,
    pub(super) state: State,
    pub(super) documents: Table<'t, &'static [u8], &'static [u8]>,
    pub(super) tombstones: Table<'t, &'static [u8], (u64, u64)>,
    pub(super) log: Table<'t, u64, &'static [u8]>,
    /// Those that changed.
    sizes: BTreeMap<CollectionNumber, Size>,
    /// Collections whose record is to be written.
    changed: BTreeSet<Collection>,
    writes: u64,
    /// For the search indexes.
    pub(super) noted: Noted,
    /// Whether there is something to commit.
    pub(super) is_changed: bool,
}

impl<'t> Batch<'t> {
    pub(super) fn begin(
        transaction: &'t WriteTransaction,
        defaults: &'t Defaults,
        state: State,
    ) -> Result<Self> {
        Ok(Self {
            documents: transaction.open_table(DOCUMENTS)?,
            tombstones: transaction.open_table(TOMBSTONES)?,
            log: transaction.open_table(LOG)?,
            transaction,
            defaults,
            state,
            sizes: BTreeMap::new(),
            changed: BTreeSet::new(),
            writes: 0,
            noted: Noted::default(),
            is_changed: false,
        })
    }

    /// Applies each request; the inner results are for those who asked, the
    /// outer one is for the whole transaction.
    pub(super) fn apply_all(&mut self, work: Vec<Work>) -> Result<Vec<Result<Outcomes>>> {
        work.into_iter().map(|it| self.apply(it)).collect()
    }

    fn apply(&mut self, work: Work) -> Result<Result<Outcomes>> {
        let done = |outcome: Result<()>| outcome.map(|()| Vec::new());
        match work {
            Work::Write { at, operations, .. } => self.write_all(&at, operations),
            Work::CreateIndex { index } => self.create_index(index).map(done),
            Work::DeleteIndex { index } => self.delete_index(&index).map(done),
            Work::PutCollection {
                at,
                mappings,
                settings,
                must_exist,
            } => {
                let outcome = self.put_collection(at, &mappings, &settings, must_exist);
                outcome.map(done)
            }
            Work::DeleteCollection { at } => self.delete_collection(&at).map(done),
            Work::Truncate { at } => self.truncate(&at).map(done),
            Work::Reindex { at } => Ok(done(self.reindex(&at))),
            Work::Recover | Work::Stop => Ok(Ok(Vec::new())),
            #[cfg(test)]
            Work::Bug => panic!("a bug in the committer"),
        }
    }

    /// Gives the write its number and remembers it in the log.
    pub(super) fn log_write(&mut self, row: &LogRow<'_>) -> Result<u64> {
        self.is_changed = true;
        self.state.sequence += 1;
        self.writes += 1;
        self.log
            .insert(self.state.sequence, row.encode().as_slice())?;
        self.noted
            .write(row.collection, self.state.sequence, row.id);
        Ok(self.state.sequence)
    }

    /// The size of a collection, to be changed.
    pub(super) fn size(&mut self, collection: CollectionNumber) -> Result<&mut Size> {
        if !self.sizes.contains_key(&collection) {
            let sizes = self.transaction.open_table(SIZES)?;
            let size = sizes.get(collection.0)?.map(|it| it.value());
            self.sizes.insert(collection, size.unwrap_or_default());
        }
        Ok(self.sizes.entry(collection).or_default())
    }

    pub(super) fn forget_size(&mut self, collection: CollectionNumber) -> Result<()> {
        self.sizes.remove(&collection);
        self.transaction.open_table(SIZES)?.remove(collection.0)?;
        self.transaction.open_table(WRITTEN)?.remove(collection.0)?;
        self.noted.drop(collection);
        Ok(())
    }

    /// Puts the collection into the catalogue, to be written at the end.
    pub(super) fn keep(&mut self, entry: Entry) {
        self.is_changed = true;
        self.changed.insert(entry.at.clone());
        Arc::make_mut(&mut self.state.catalogue).insert(entry);
    }

    /// Writes what was gathered; what the commit will make true.
    pub(super) fn finish(mut self) -> Result<(State, Noted)> {
        self.prune_log()?;
        if self.writes > 0 {
            let mut written = self.transaction.open_table(WRITTEN)?;
            for (collection, sequence) in self.noted.last_writes() {
                written.insert(collection.0, sequence)?;
            }
        }
        if !self.sizes.is_empty() {
            let mut sizes = self.transaction.open_table(SIZES)?;
            for (collection, size) in &self.sizes {
                sizes.insert(collection.0, *size)?;
            }
        }
        if !self.changed.is_empty() {
            let mut collections = self.transaction.open_table(COLLECTIONS)?;
            for at in &self.changed {
                if let Some(entry) = self.state.catalogue.find(at) {
                    let key = (&*at.index, &*at.collection);
                    collections.insert(key, row_of_entry(entry)?.as_slice())?;
                }
            }
        }
        Ok((self.state, self.noted))
    }

    /// Forgets the oldest entries beyond the limit, and the tombstones of the
    /// deletions among them; twice as many as came, so that a lower limit is
    /// reached some day.
    fn prune_log(&mut self) -> Result<()> {
        let excess = self.log.len()?.saturating_sub(LOG_ENTRIES_MAX);
        for _ in 0..excess.min(2 * self.writes) {
            let Some((sequence, row)) = self.log.pop_first()? else {
                break;
            };
            let Some(row) = LogRow::decode(row.value()).filter(|it| it.is_deletion) else {
                continue;
            };
            let key = document_key(row.collection, row.id);
            let buried = self.tombstones.get(key.as_slice())?.map(|it| it.value().1);
            if buried == Some(sequence.value()) {
                self.tombstones.remove(key.as_slice())?;
            }
        }
        Ok(())
    }
}

fn row_of_entry(entry: &Entry) -> Result<Vec<u8>> {
    let row = CollectionRow {
        number: entry.number.0,
        mappings: entry.mapping.to_json(),
        settings: entry.settings.to_json(),
        build: entry.build,
    };
    let failed = |it| StoreError::internal(format!("a collection's record: {it}"));
    serde_json::to_vec(&row).map_err(failed)
}
