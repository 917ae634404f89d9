//! A new generation of an index, built from the documents, a step at a time:
//! between the steps other collections have their turn, and the generation
//! before goes on answering.
//!
//! The documents are read in the order of their ids, from many short snapshots,
//! so that no snapshot is held for minutes. What is written meanwhile is in the
//! log: it is read from where the build began, until nothing is missing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redb::ReadTransaction;

use super::folder::Folder;
use super::generation::Generation;
use crate::catalogue::Entry;
use crate::error::StoreError;
use crate::files::Files;
use crate::files::tables::{DOCUMENTS, DocumentRow, id_of_key, keys_of};
use crate::limits::{BUILD_ROWS, BUILD_STEP, INDEX_SEGMENT_BYTES_MAX};
use crate::log;

type Result<T> = std::result::Result<T, StoreError>;

pub(super) struct Rebuild {
    generation: Generation,
    /// The log is read up to here.
    sequence: u64,
    /// The last key that was read; `None` when all were.
    next: Option<Vec<u8>>,
    progress: Progress,
    begun: Instant,
    told: Instant,
}

/// How far a build is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Documents that are written.
    pub done: u64,
    /// All of them, when it began.
    pub total: u64,
}

pub(super) enum Step {
    More(Rebuild),
    Done(Generation),
    /// The collection has outgrown it already.
    Outdated,
}

/// Log entries that are read in one step.
const LOG_STEP: usize = 5_000;

impl Rebuild {
    pub(super) fn begin(
        transaction: &ReadTransaction,
        entry: &Arc<Entry>,
        folder: Folder,
    ) -> Result<Self> {
        let total = log::size(transaction, entry.number)?.0;
        let now = Instant::now();
        let mut generation = Generation::create(folder, entry)?;
        generation.writer.expected = INDEX_SEGMENT_BYTES_MAX;
        Ok(Self {
            generation,
            sequence: log::last(transaction)?,
            next: Some(keys_of(entry.number).0),
            progress: Progress { done: 0, total },
            begun: now,
            told: now,
        })
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// Goes on for a while.
    pub(super) fn step(mut self, files: &Files, entry: &Arc<Entry>) -> Result<Step> {
        let end = Instant::now() + BUILD_STEP;
        self.generation.follow(entry)?;
        if self.generation.is_cramped || self.generation.build != entry.build {
            return Ok(Step::Outdated);
        }
        while self.next.is_some() {
            files.read(|transaction| self.read_documents(transaction))?;
            if Instant::now() > end {
                self.tell();
                return Ok(Step::More(self));
            }
        }
        if self.generation.sequence == 0 {
            // From here on documents that are replaced have to be found.
            self.generation.commit(self.sequence)?;
        }
        let is_done = files.read(|transaction| self.read_log(transaction))?;
        match is_done {
            None => Ok(Step::Outdated),
            Some(false) => Ok(Step::More(self)),
            Some(true) => {
                let took = self.begun.elapsed();
                if took > Duration::from_secs(1) {
                    let (at, documents) = (&entry.at, self.progress.done);
                    tracing::info!(
                        "[{}] [{}]: wrote {documents} documents into the search index in {took:?}",
                        at.index,
                        at.collection
                    );
                }
                Ok(Step::Done(self.generation))
            }
        }
    }

    fn read_documents(&mut self, transaction: &ReadTransaction) -> Result<()> {
        let number = self.generation.entry.number;
        let documents = transaction.open_table(DOCUMENTS)?;
        let after = keys_of(number).1;
        let Some(first) = self.next.take() else {
            return Ok(());
        };
        let mut rows = Vec::new();
        for row in documents.range(first.as_slice()..after.as_slice())? {
            let (key, row) = row?;
            if rows.len() == BUILD_ROWS {
                self.next = Some(key.value().to_vec());
                break;
            }
            let sequence = DocumentRow::decode(row.value()).map_or(0, |it| it.sequence);
            rows.push((sequence, key, row));
        }
        // Documents stand in the order of their writes, as far as that is cheap.
        rows.sort_by_key(|it| it.0);
        for (_, key, row) in rows {
            if let Some(id) = id_of_key(key.value()) {
                self.generation.add(id, row.value())?;
                self.progress.done += 1;
            }
        }
        Ok(())
    }

    /// Whether the index is now as the snapshot; `None` when the log does not
    /// reach back far enough.
    fn read_log(&mut self, transaction: &ReadTransaction) -> Result<Option<bool>> {
        let number = self.generation.entry.number;
        let last = log::last(transaction)?;
        let Some(written) = log::written(transaction, number, self.sequence, LOG_STEP)? else {
            return Ok(None);
        };
        let ids = written.ids.iter().map(String::as_str);
        self.generation.update(transaction, ids, false)?;
        let is_done = written.until >= last;
        self.sequence = written.until;
        self.generation.commit(self.sequence)?;
        Ok(Some(is_done))
    }

    fn tell(&mut self) {
        if self.told.elapsed() > Duration::from_secs(5) {
            self.told = Instant::now();
            let Progress { done, total } = self.progress;
            let at = &self.generation.entry.at;
            tracing::info!(
                "[{}] [{}]: writing documents into the search index, {done} of {total}",
                at.index,
                at.collection
            );
        }
    }
}
