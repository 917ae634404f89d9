//! All search indexes of a store: opened when they are needed, closed when
//! nobody uses them, written by a few threads in turn.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::generation::empty;
use super::reader::Reader;
use super::rebuild::Progress;
use super::recovery::Places;
use super::slot::Slot;
use super::worker::{self, MergeJob};
use crate::catalogue::{CollectionNumber, Entry};
use crate::committer::Shared;
use crate::error::StoreError;
use crate::files::{Disk, Files};
use crate::limits::{INDEX_THREADS_MAX, INDEX_WAIT};
use crate::log;

type Result<T> = std::result::Result<T, StoreError>;

/// How far the search index of a collection is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndexState {
    /// For how long search lacks a write; zero when it lacks none.
    pub lag: Duration,
    /// Writes that search does not see yet.
    pub waiting: usize,
    /// How far a build of the index is, while there is one.
    pub building: Option<Progress>,
    /// Whether segments are being merged, beside all else.
    pub is_merging: bool,
    /// Why the index cannot be written, while that is so.
    pub failure: Option<String>,
}

pub(crate) struct Indexes {
    pub(super) files: Arc<Files>,
    pub(super) shared: Arc<Shared>,
    pub(super) places: Places,
    pub(super) checkpoint_interval: Duration,
    slots: Mutex<HashMap<CollectionNumber, Arc<Slot>>>,
    pub(super) merges: Mutex<Option<mpsc::Sender<MergeJob>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    pub(super) is_closing: AtomicBool,
}

impl Indexes {
    /// Starts the threads; no index is opened before it is needed.
    pub(crate) fn start(
        files: Arc<Files>,
        shared: Arc<Shared>,
        root: PathBuf,
        disk: Disk,
        checkpoint_interval: Duration,
    ) -> Result<Arc<Self>> {
        let (merges, jobs) = mpsc::channel();
        let indexes = Arc::new(Self {
            files,
            shared,
            places: Places { root, disk },
            checkpoint_interval,
            slots: Mutex::default(),
            merges: Mutex::new(Some(merges)),
            threads: Mutex::default(),
            is_closing: AtomicBool::default(),
        });
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores.clamp(2, INDEX_THREADS_MAX) {
            let it = indexes.clone();
            indexes.spawn("store-index", move || worker::run(&it))?;
        }
        let it = indexes.clone();
        indexes.spawn("store-merge", move || worker::run_merges(&it, &jobs))?;
        let it = indexes.clone();
        indexes.spawn("store-survey", move || worker::survey(&it))?;
        Ok(indexes)
    }

    fn spawn(&self, name: &str, body: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = thread::Builder::new().name(name.into()).spawn(body);
        let failed = |it| StoreError::unavailable(format!("cannot start a thread: {it}"));
        lock(&self.threads).push(thread.map_err(failed)?);
        Ok(())
    }

    /// What search sees of a collection now. An index that is closed is opened
    /// and brought up to date first.
    pub(crate) async fn reader(&self, entry: &Arc<Entry>) -> Result<Reader> {
        let opened = tokio::time::timeout(INDEX_WAIT, async {
            loop {
                if let Some(reader) = self.open(entry).await? {
                    return Ok(reader);
                }
                let is_this = |it: &Arc<Entry>| it.number == entry.number;
                let catalogue = self.shared.published.read();
                if !catalogue.find(&entry.at).is_some_and(is_this) || self.is_empty(entry)? {
                    return empty(entry);
                }
            }
        });
        opened.await.unwrap_or_else(|_| Err(self.not_ready(entry)))
    }

    /// Waits until the index is open; `None` when it was closed meanwhile.
    async fn open(&self, entry: &Arc<Entry>) -> Result<Option<Reader>> {
        let slot = self.slot(entry);
        slot.touch();
        let mut state = slot.state();
        loop {
            let now = state.borrow_and_update().clone();
            if let Some(reader) = slot.reader() {
                return self.current(&slot, reader, entry).map(Some);
            }
            if now.is_gone || self.is_closing.load(Ordering::SeqCst) {
                return Ok(None);
            }
            if let Some(failure) = now.failure {
                return Err(StoreError::unavailable(failure));
            }
            self.shared.backlog.ask(entry.number);
            if state.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// The reader with the mapping that the collection has now.
    fn current(&self, slot: &Slot, reader: Reader, entry: &Arc<Entry>) -> Result<Reader> {
        if reader.entry.mapping_revision == entry.mapping_revision {
            return Ok(reader);
        }
        match reader.with_mapping_of(entry)? {
            Some(reader) => {
                slot.show_if_same(&reader);
                Ok(reader)
            }
            None => Ok(reader),
        }
    }

    fn is_empty(&self, entry: &Entry) -> Result<bool> {
        let size = self.files.read(|it| log::size(it, entry.number))?;
        Ok(size.0 == 0)
    }

    /// Waits until search sees all writes up to this one. A closed index needs
    /// none: it is brought up to date when it is opened.
    pub(crate) async fn refresh(&self, entry: &Arc<Entry>, sequence: u64) -> Result<()> {
        let Some(slot) = self.find(entry.number) else {
            return Ok(());
        };
        let mut state = slot.state();
        let wait = tokio::time::timeout(INDEX_WAIT, async {
            loop {
                let now = state.borrow_and_update().clone();
                if now.sequence >= sequence || now.is_gone {
                    return Ok(());
                }
                if let Some(failure) = now.failure {
                    return Err(StoreError::unavailable(failure));
                }
                self.shared.backlog.ask(entry.number);
                if state.changed().await.is_err() {
                    return Ok(());
                }
            }
        });
        wait.await.unwrap_or_else(|_| Err(self.not_ready(entry)))
    }

    pub(crate) fn state(&self, entry: &Entry) -> IndexState {
        let (lag, waiting) = self.shared.backlog.lag(entry.number);
        let state = self
            .find(entry.number)
            .map(|it| it.state().borrow().clone());
        let state = state.unwrap_or_default();
        IndexState {
            lag,
            waiting,
            building: state.building,
            is_merging: state.is_merging,
            failure: state.failure,
        }
    }

    fn not_ready(&self, entry: &Entry) -> StoreError {
        let at = &entry.at;
        let what = format!("the search index of [{}] [{}]", at.index, at.collection);
        StoreError::unavailable(match self.state(entry).building {
            Some(Progress { done, total }) => {
                format!("{what} is being built: {done} of {total} documents; try again later")
            }
            None => format!("{what} does not keep up; try again later"),
        })
    }

    pub(super) fn slot(&self, entry: &Entry) -> Arc<Slot> {
        let mut slots = self.slots();
        let slot = slots.entry(entry.number);
        let new = || Arc::new(Slot::new(entry.at.clone(), entry.number));
        slot.or_insert_with(new).clone()
    }

    #[cfg(test)]
    pub(crate) fn open_count(&self) -> usize {
        self.slots().len()
    }

    /// As `refresh`, without asking for haste.
    #[cfg(test)]
    pub(crate) async fn wait_quietly(&self, entry: &Entry, sequence: u64) {
        let mut state = self.slot(entry).state();
        let wait = state.wait_for(|it| it.sequence >= sequence);
        let in_time = tokio::time::timeout(Duration::from_secs(20), wait).await;
        assert!(in_time.is_ok(), "search never saw the write");
    }

    pub(super) fn find(&self, number: CollectionNumber) -> Option<Arc<Slot>> {
        self.slots().get(&number).cloned()
    }

    pub(super) fn forget(&self, number: CollectionNumber) {
        self.slots().remove(&number);
    }

    pub(super) fn slots(&self) -> MutexGuard<'_, HashMap<CollectionNumber, Arc<Slot>>> {
        lock(&self.slots)
    }

    /// Indexes what was written and makes it durable. No write comes any more.
    pub(crate) fn close(self: &Arc<Self>) {
        if self.is_closing.swap(true, Ordering::SeqCst) {
            return;
        }
        self.shared.backlog.close();
        *lock(&self.merges) = None;
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            let _ = thread.join();
        }
        worker::close_all(self);
        self.slots().clear();
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
