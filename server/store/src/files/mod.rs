//! The data folder: the lock that keeps other processes out, the database, its
//! format and what happens when the disk fails.
//!
//! ```text
//! <folder>/lock            held by the process that uses the folder; its id
//! <folder>/documents.redb  the truth
//! ```
//!
//! An input/output error makes the database handle useless; it is dropped and
//! opened again at the state of the last commit. Readers hold a read guard for
//! as long as they use it, so none of them sees the exchange.

pub(crate) mod disk;
mod lock;
mod migrate;
pub(crate) mod tables;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use crate::error::StoreError;

pub(crate) use disk::Disk;
use lock::FolderLock;

type Result<T> = std::result::Result<T, StoreError>;

const DATABASE: &str = "documents.redb";

pub(crate) struct Files {
    path: PathBuf,
    cache_bytes: usize,
    disk: Disk,
    state: RwLock<State>,
    /// Held until the database is closed.
    lock: Mutex<Option<FolderLock>>,
}

enum State {
    Open(Database),
    /// Could not be opened again; the reason.
    Failed(String),
    Closed,
}

impl Files {
    /// Opens the folder, made when it does not exist.
    pub(crate) fn open(folder: &Path, cache_bytes: usize, disk: Disk) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| {
            let folder = folder.display();
            StoreError::unavailable(format!("cannot make the data folder {folder}: {error}"))
        })?;
        let lock = FolderLock::acquire(folder)?;
        let path = folder.join(DATABASE);
        let database = open_database(&path, cache_bytes, &disk)?;
        sync_names(folder);
        Ok(Self {
            path,
            cache_bytes,
            disk,
            state: RwLock::new(State::Open(database)),
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Runs `body` on a snapshot of the last commit.
    pub(crate) fn read<T>(&self, body: impl FnOnce(&ReadTransaction) -> Result<T>) -> Result<T> {
        let state = self.state();
        let transaction = database(&state)?.begin_read()?;
        body(&transaction)
    }

    /// Runs `body` in a transaction; when it succeeds, and says that it changed
    /// something, that is durable.
    pub(crate) fn write<T>(
        &self,
        body: impl FnOnce(&WriteTransaction) -> Result<(T, bool)>,
    ) -> Result<T> {
        let state = self.state();
        let transaction = database(&state)?.begin_write()?;
        match body(&transaction) {
            Ok((outcome, true)) => {
                transaction.commit()?;
                Ok(outcome)
            }
            Ok((outcome, false)) => {
                transaction.abort()?;
                Ok(outcome)
            }
            Err(error) => {
                // It fails only when the database is useless anyway.
                let _ = transaction.abort();
                Err(error)
            }
        }
    }

    /// Opens the database again, at its last commit.
    pub(crate) fn reopen(&self) -> Result<()> {
        let mut state = self.state_mut();
        if matches!(*state, State::Closed) {
            return Ok(());
        }
        *state = State::Failed("it is being opened again".into());
        match open_database(&self.path, self.cache_bytes, &self.disk) {
            Ok(database) => {
                *state = State::Open(database);
                Ok(())
            }
            Err(error) => {
                *state = State::Failed(error.message.clone());
                Err(error)
            }
        }
    }

    /// Leaves the database so that it opens again at once, and the folder to
    /// others.
    pub(crate) fn close(&self) {
        *self.state_mut() = State::Closed;
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new file is only as durable as its name. Where folders cannot be synced,
/// the file system sees to it.
fn sync_names(folder: &Path) {
    let parent = folder.parent().filter(|it| !it.as_os_str().is_empty());
    for folder in [Some(folder), parent].into_iter().flatten() {
        let _ = File::open(folder).and_then(|it| it.sync_all());
    }
}

fn database(state: &State) -> Result<&Database> {
    match state {
        State::Open(database) => Ok(database),
        State::Failed(reason) => Err(StoreError::unavailable(format!(
            "the data cannot be read: {reason}"
        ))),
        State::Closed => Err(StoreError::unavailable("the store is closed")),
    }
}

fn open_database(path: &Path, cache_bytes: usize, disk: &Disk) -> Result<Database> {
    let begun = Instant::now();
    let shown = path.display().to_string();
    let in_repair = shown.clone();
    let database = redb::Builder::new()
        .set_cache_size(cache_bytes)
        .set_repair_callback(move |repair| {
            let percent = (repair.progress() * 100.0).round();
            tracing::info!("{in_repair} was not closed properly: checking it, {percent} %");
        })
        .create_with_backend(disk.open(path)?)
        .map_err(|error| {
            StoreError::unavailable(format!("cannot open {shown}: {}", redb::Error::from(error)))
        })?;
    migrate::to_current(&database, &shown)?;
    tracing::debug!("opened {shown} in {:?}", begun.elapsed());
    Ok(database)
}

/// Errors of the disk pass (the disk may be full), others are bugs or corruption.
impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) => Self::unavailable(format!("the disk failed: {error}")),
            redb::Error::PreviousIo => Self::unavailable("the disk failed before"),
            other => Self::internal(format!("the database failed: {other}")),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident)*) => {
        $(impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        })*
    };
}

from_redb!(StorageError TableError TransactionError CommitError);
