//! The index of one collection, as searches, writers and the worker share it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tantivy::index::SegmentId;
use tokio::sync::watch;

use super::generation::Generation;
use super::merge::Merged;
use super::reader::Reader;
use super::rebuild::{Progress, Rebuild};
use crate::catalogue::CollectionNumber;
use crate::document::Collection;
use crate::error::StoreError;

pub(super) struct Slot {
    pub(super) at: Collection,
    pub(super) number: CollectionNumber,
    /// The worker's own; nobody else waits for it.
    work: Mutex<Work>,
    /// What searches look into; `None` while the index is closed.
    reader: RwLock<Option<Reader>>,
    state: watch::Sender<State>,
    /// A merge that is done, to be put into the place of its sources.
    merged: Mutex<Option<Outcome>>,
    pub(super) is_to_close: AtomicBool,
    begun: Instant,
    /// When it was last used, in milliseconds since `begun`.
    used_ms: AtomicU64,
}

type Outcome = Result<Merged, StoreError>;

#[derive(Default)]
pub(super) struct Work {
    /// What answers.
    pub(super) generation: Option<Generation>,
    /// What will answer.
    pub(super) rebuild: Option<Rebuild>,
    /// The segments of a merge that was given away.
    pub(super) merging: Vec<SegmentId>,
    /// When the next checkpoint is due.
    pub(super) checkpoint: Option<Instant>,
    /// A build has to begin again.
    pub(super) is_outdated: bool,
    /// How often it has failed one after the other.
    pub(super) failures: u32,
}

/// What waiting searches and writers want to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    /// Search sees all writes up to this one; 0 while the index is closed.
    pub(super) sequence: u64,
    pub(super) building: Option<Progress>,
    /// A merge was given away.
    pub(super) is_merging: bool,
    /// Why it cannot be written.
    pub(super) failure: Option<String>,
    /// Closed, or the collection is gone: look for another slot, if any.
    pub(super) is_gone: bool,
}

impl Slot {
    pub(super) fn new(at: Collection, number: CollectionNumber) -> Self {
        Self {
            at,
            number,
            work: Mutex::default(),
            reader: RwLock::default(),
            state: watch::Sender::default(),
            merged: Mutex::default(),
            is_to_close: AtomicBool::default(),
            begun: Instant::now(),
            used_ms: AtomicU64::default(),
        }
    }

    pub(super) fn reader(&self) -> Option<Reader> {
        let reader = self.reader.read().unwrap_or_else(PoisonError::into_inner);
        reader.clone()
    }

    pub(super) fn show(&self, reader: Option<Reader>) {
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader;
    }

    /// Shows the same documents under a newer mapping, unless newer documents
    /// are shown meanwhile.
    pub(super) fn show_if_same(&self, reader: &Reader) {
        let mut shown = self.reader.write().unwrap_or_else(PoisonError::into_inner);
        let segments = reader.searcher.generation().segments();
        let is_same = |it: &Reader| it.searcher.generation().segments() == segments;
        if shown.as_ref().is_some_and(is_same) {
            *shown = Some(reader.clone());
        }
    }

    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(super) fn set_state(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
    }

    pub(super) fn touch(&self) {
        let now = self.begun.elapsed().as_millis() as u64;
        self.used_ms.store(now, Ordering::Relaxed);
    }

    pub(super) fn touch_if(&self, is_used: bool) {
        if is_used {
            self.touch();
        }
    }

    pub(super) fn used(&self) -> Instant {
        self.begun + Duration::from_millis(self.used_ms.load(Ordering::Relaxed))
    }

    pub(super) fn lock_work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lock_merged(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.merged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
