//! What is found on disk when an index is opened, and what to do with it: go on,
//! read the rest from the log, or build it again.
//!
//! `search/<number of the collection>/<generation>/` holds a generation. One
//! without a checkpoint was never finished; of several the last finished one is
//! taken, the others are deleted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::ReadTransaction;

use super::folder::Folder;
use super::generation::{FORMAT, Generation, Unusable};
use crate::catalogue::{CollectionNumber, Entry};
use crate::error::StoreError;
use crate::files::Disk;
use crate::limits::{REPLAY_WRITES_MAX, SMALL_BYTES_MAX, SMALL_DOCUMENTS_MAX};
use crate::log;

type Result<T> = std::result::Result<T, StoreError>;

/// Where indexes are on disk.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) root: PathBuf,
    pub(super) disk: Disk,
}

impl Places {
    pub(super) fn of(&self, collection: CollectionNumber) -> PathBuf {
        self.root.join(collection.0.to_string())
    }

    /// The folder of a new generation; in memory for a small collection.
    pub(super) fn new_folder(
        &self,
        size: (u64, u64),
        collection: CollectionNumber,
    ) -> Result<Folder> {
        if is_small(size) {
            return Ok(Folder::in_memory());
        }
        let path = self.of(collection);
        let last = generations(&path).last().map_or(0, |it| it.0);
        let path = path.join((last + 1).to_string());
        Folder::open(&path, self.disk.clone()).map_err(|it| unwritable(&path, &it))
    }

    /// Deletes all generations on disk but the last one, or that too.
    pub(super) fn delete(&self, collection: CollectionNumber, keeps_last: bool) {
        let path = self.of(collection);
        let mut generations = generations(&path);
        if keeps_last {
            generations.pop();
        }
        for (_, path) in generations {
            let _ = fs::remove_dir_all(path);
        }
        if !keeps_last {
            let _ = fs::remove_dir_all(path);
        }
    }

    /// Whether the last generation has all writes up to this one; looks at its
    /// list of segments only.
    pub(super) fn is_current(&self, entry: &Entry, last: u64) -> bool {
        let Some((_, path)) = generations(&self.of(entry.number)).pop() else {
            return false;
        };
        let payload = Folder::payload(&path);
        payload
            .is_some_and(|it| it.format == FORMAT && it.sequence >= last && it.build == entry.build)
    }

    /// The collections that have a folder.
    pub(super) fn collections(&self) -> Vec<CollectionNumber> {
        let numbers = numbered(&self.root).into_iter();
        numbers
            .filter_map(|it| u32::try_from(it.0).ok().map(CollectionNumber))
            .collect()
    }

    /// The last generation that can go on, brought up to the snapshot.
    pub(super) fn open(
        &self,
        transaction: &ReadTransaction,
        entry: &Arc<Entry>,
    ) -> Result<Option<Generation>> {
        let mut found = generations(&self.of(entry.number));
        let mut opened = None;
        while let Some((_, path)) = found.pop() {
            match self.open_generation(transaction, entry, &path) {
                Ok(generation) => {
                    opened = Some(generation);
                    break;
                }
                Err(reason) => {
                    tell(entry, &path, &reason);
                    let _ = fs::remove_dir_all(path);
                }
            }
        }
        for (_, path) in found {
            let _ = fs::remove_dir_all(path);
        }
        Ok(opened)
    }

    fn open_generation(
        &self,
        transaction: &ReadTransaction,
        entry: &Arc<Entry>,
        path: &Path,
    ) -> std::result::Result<Generation, Unusable> {
        let unreadable = |it: std::io::Error| Unusable::Corrupt(unwritable(path, &it));
        let folder = Folder::open(path, self.disk.clone()).map_err(unreadable)?;
        let mut generation = Generation::open(folder, entry)?;
        if !generation
            .writer
            .is_whole()
            .map_err(|it| Unusable::Corrupt(it.into()))?
        {
            let error = StoreError::internal("a checksum is wrong");
            return Err(Unusable::Corrupt(error));
        }
        match catch_up(&mut generation, transaction) {
            Ok(true) => Ok(generation),
            Ok(false) => Err(Unusable::Behind),
            Err(error) => Err(Unusable::Corrupt(error)),
        }
    }
}

/// Reads from the log what the index lacks, if that is there and not too much.
fn catch_up(generation: &mut Generation, transaction: &ReadTransaction) -> Result<bool> {
    let number = generation.entry.number;
    let last = log::last(transaction)?;
    if generation.sequence > last {
        // The documents come from an older copy.
        return Ok(false);
    }
    if log::last_of(transaction, number)? <= generation.sequence {
        generation.sequence = last;
        return Ok(true);
    }
    if last - generation.sequence > REPLAY_WRITES_MAX {
        return Ok(false);
    }
    let limit = REPLAY_WRITES_MAX as usize;
    let Some(written) = log::written(transaction, number, generation.sequence, limit)? else {
        return Ok(false);
    };
    let ids = written.ids.iter().map(String::as_str);
    generation.update(transaction, ids, false)?;
    generation.commit(last)?;
    Ok(true)
}

pub(super) fn is_small((documents, bytes): (u64, u64)) -> bool {
    documents <= SMALL_DOCUMENTS_MAX && bytes <= SMALL_BYTES_MAX
}

fn tell(entry: &Entry, path: &Path, reason: &Unusable) {
    let why = match reason {
        Unusable::Unfinished => return,
        Unusable::Corrupt(error) => format!("it cannot be read: {error}"),
        Unusable::OtherFormat(format) => format!("it has the format {format}"),
        Unusable::Behind => "it is too far behind".into(),
    };
    tracing::warn!(
        "[{}] [{}]: the search index {} is built again: {why}",
        entry.at.index,
        entry.at.collection,
        path.display()
    );
}

fn unwritable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::unavailable(format!(
        "the search index {} cannot be written: {error}",
        path.display()
    ))
}

/// The generations of a collection, in their order.
fn generations(path: &Path) -> Vec<(u64, PathBuf)> {
    numbered(path)
}

/// What has a number as its name.
fn numbered(path: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let number = |it: fs::DirEntry| Some((it.file_name().to_str()?.parse().ok()?, it.path()));
    let mut found: Vec<_> = entries.filter_map(|it| number(it.ok()?)).collect();
    found.sort_unstable();
    found
}
