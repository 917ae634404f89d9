//! The one writer: a thread that takes waiting requests as a group, applies
//! them in one transaction, waits for one fsync, and answers each.
//!
//! All that reads before it writes (updates, creations that need a free id)
//! happens here, one after the other, so that there are no conflicts. While the
//! disk works for one group the next one gathers: the more writers, the larger
//! the groups.
//!
//! The commits use redb's default mode (one fsync). The mode that spares a check
//! of the file after a crash costs half of the write rate; instead a clean stop
//! leaves the file ready, and after a crash the check takes about a second per
//! gigabyte and is shown.

mod batch;
mod prepare;
mod structure;
mod sweep;
mod write;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use crate::backlog::Backlog;
use crate::catalogue::Published;
use crate::document::Collection;
use crate::error::StoreError;
use crate::files::Files;
use crate::limits::{COMMIT_BYTES_MAX, COMMIT_WRITES_MAX, SWEEP_EVERY_COMMITS};

use batch::{Batch, State};
pub(crate) use prepare::{Operation, prepare};
pub(crate) use write::Applied;

type Result<T> = std::result::Result<T, StoreError>;

/// The outcome of each operation of a request.
pub(crate) type Outcomes = Vec<Result<Applied>>;

/// A request and who waits for its outcome.
pub(crate) struct Job {
    pub(crate) work: Work,
    pub(crate) answer: oneshot::Sender<Result<Outcomes>>,
    /// The room that it takes in the queue.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

pub(crate) enum Work {
    Write {
        at: Collection,
        operations: Vec<Operation>,
        bytes: usize,
    },
    CreateIndex {
        index: Arc<str>,
    },
    DeleteIndex {
        index: Arc<str>,
    },
    /// Creates the collection, or changes it.
    PutCollection {
        at: Collection,
        mappings: Value,
        settings: Value,
        must_exist: bool,
    },
    DeleteCollection {
        at: Collection,
    },
    Truncate {
        at: Collection,
    },
    /// Has the search index built again.
    Reindex {
        at: Collection,
    },
    /// Opens the database again: a reader met an error of the disk.
    Recover,
    /// The last job.
    Stop,
    #[cfg(test)]
    Bug,
}

/// What new collections begin with.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) mappings: Value,
    pub(crate) settings: Value,
}

/// What the committer shares with those who ask it.
pub(crate) struct Shared {
    pub(crate) published: Published,
    /// What search does not see yet.
    pub(crate) backlog: Backlog,
    /// Why writes are refused at the moment, and until when.
    refusal: Mutex<Option<(String, Instant)>>,
    write_retry: Duration,
}

impl Shared {
    /// Refuses while the disk is known to fail: a queue of writers would only
    /// wait for the same error.
    pub(crate) fn check_writable(&self) -> Result<()> {
        match &*self.refusal() {
            Some((reason, until)) if Instant::now() < *until => {
                let pause = self.write_retry;
                Err(StoreError::unavailable(format!(
                    "{reason}; reads go on, writes are tried again every {pause:?}"
                )))
            }
            _ => Ok(()),
        }
    }

    fn refusal(&self) -> std::sync::MutexGuard<'_, Option<(String, Instant)>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's own.
pub(crate) struct Committer {
    files: Arc<Files>,
    defaults: Defaults,
    shared: Arc<Shared>,
    jobs: mpsc::Receiver<Job>,
    committed: watch::Sender<u64>,
    state: State,
    commits_since_sweep: u32,
}

impl Committer {
    /// A committer that continues where the files are.
    pub(crate) fn new(
        files: Arc<Files>,
        defaults: Defaults,
        jobs: mpsc::Receiver<Job>,
        write_retry: Duration,
    ) -> Result<Self> {
        let state = State::load(&files)?;
        let shared = Arc::new(Shared {
            published: Published::new(state.catalogue.clone()),
            backlog: Backlog::default(),
            refusal: Mutex::new(None),
            write_retry,
        });
        shared.backlog.publish(state.sequence);
        Ok(Self {
            committed: watch::Sender::new(state.sequence),
            files,
            defaults,
            shared,
            jobs,
            state,
            commits_since_sweep: 0,
        })
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// The sequence number of the last durable write.
    pub(crate) fn committed(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }

    /// Works until the last sender is gone, or `Stop` comes.
    pub(crate) fn run(mut self) {
        while let Some(first) = self.next_job() {
            let (group, is_last) = self.gather(first);
            self.commit(group);
            if is_last {
                break;
            }
            self.commits_since_sweep += 1;
            if self.commits_since_sweep >= SWEEP_EVERY_COMMITS && self.has_to_sweep() {
                self.sweep();
            }
        }
        self.jobs.close();
        while let Some(job) = self.jobs.blocking_recv() {
            let _ = job.answer.send(Err(closed()));
        }
    }

    /// Waits for a job; sweeps meanwhile.
    fn next_job(&mut self) -> Option<Job> {
        while self.has_to_sweep() {
            match self.jobs.try_recv() {
                Ok(job) => return Some(job),
                Err(mpsc::error::TryRecvError::Empty) => self.sweep(),
                Err(mpsc::error::TryRecvError::Disconnected) => return None,
            }
        }
        self.jobs.blocking_recv()
    }

    fn has_to_sweep(&self) -> bool {
        !self.state.dropped.is_empty() && self.shared.check_writable().is_ok()
    }

    fn sweep(&mut self) {
        self.commits_since_sweep = 0;
        // What failed is tried again with the next sweep.
        let _ = self.in_transaction(|batch| batch.sweep());
    }

    /// All that waits, up to the bounds of a transaction.
    fn gather(&mut self, first: Job) -> (Vec<Job>, bool) {
        let mut group = vec![first];
        let (mut writes, mut weight) = (0, 0);
        loop {
            match group.last().map(|it| &it.work) {
                Some(Work::Stop) => return (group, true),
                Some(Work::Write {
                    operations, bytes, ..
                }) => {
                    writes += operations.len();
                    weight += bytes;
                }
                _ => writes += 1,
            }
            if writes >= COMMIT_WRITES_MAX || weight >= COMMIT_BYTES_MAX {
                return (group, false);
            }
            match self.jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => return (group, false),
            }
        }
    }

    fn commit(&mut self, group: Vec<Job>) {
        let (work, answers): (Vec<_>, Vec<_>) = group
            .into_iter()
            .map(|job| (job.work, (job.answer, job.permit)))
            .unzip();
        if work.iter().any(|it| matches!(it, Work::Recover)) {
            self.reopen();
        }
        let outcome = self.in_transaction(|batch| batch.apply_all(work));
        match outcome {
            Ok(outcomes) => {
                for ((answer, _), outcome) in answers.into_iter().zip(outcomes) {
                    // Who gave up waiting is not told.
                    let _ = answer.send(outcome);
                }
            }
            Err(error) => {
                for (answer, _) in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// One transaction: all of `body` becomes durable and visible, or nothing;
    /// then the database is opened again, and whether a failing disk kept the
    /// transaction all the same is read from there.
    fn in_transaction<T>(&mut self, body: impl FnOnce(&mut Batch<'_>) -> Result<T>) -> Result<T> {
        let (files, defaults) = (self.files.clone(), &self.defaults);
        let (state, shared) = (self.state.clone(), self.shared.clone());
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            files.write(|transaction| {
                let mut batch = Batch::begin(transaction, defaults, state)?;
                let outcome = body(&mut batch)?;
                let is_changed = batch.is_changed;
                let (state, noted) = batch.finish()?;
                shared.backlog.note(noted);
                Ok(((outcome, state), is_changed))
            })
        }));
        match attempt {
            Ok(Ok((outcome, state))) => {
                *self.shared.refusal() = None;
                self.publish(state);
                Ok(outcome)
            }
            Ok(Err(error)) => {
                tracing::error!("a write failed: {error}");
                let until = Instant::now() + self.shared.write_retry;
                *self.shared.refusal() = Some((error.message.clone(), until));
                self.reopen();
                Err(error)
            }
            // Whose fault it was is unknown: the other writers need not wait.
            Err(_) => {
                self.reopen();
                Err(StoreError::internal("the writer met a bug"))
            }
        }
    }

    fn publish(&mut self, state: State) {
        if !Arc::ptr_eq(&state.catalogue, &self.state.catalogue) {
            self.shared.published.publish(state.catalogue.clone());
        }
        self.state = state;
        self.shared.backlog.publish(self.state.sequence);
        self.committed.send_if_modified(|it| {
            let is_new = *it != self.state.sequence;
            *it = self.state.sequence;
            is_new
        });
    }

    fn reopen(&mut self) {
        let opened = self.files.reopen().and_then(|()| State::load(&self.files));
        match opened {
            Ok(state) => self.publish(state),
            Err(error) => tracing::error!("the data cannot be opened again: {error}"),
        }
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::unavailable("the store is closed")
}
