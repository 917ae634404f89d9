//! The backlog: which documents were written and are not searchable yet, and
//! which collection's index has its turn next.
//!
//! The committer notes each write here before it commits, so that whoever sees a
//! commit finds all its writes noted. A collection's turn comes when its oldest
//! write has waited long enough, when many wait, or at once when somebody asks.
//! Writers who are far ahead of the index wait for room: this bounds the memory
//! here, and how late search sees a write.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::catalogue::CollectionNumber;
use crate::limits::{BACKLOG_AGE_MAX, BACKLOG_WRITES_MAX, INDEX_DELAY, INDEX_WRITES};

/// What one transaction did, by collection.
#[derive(Debug, Default)]
pub(crate) struct Noted(HashMap<CollectionNumber, Vec<(u64, String)>>);

impl Noted {
    pub(crate) fn write(&mut self, collection: CollectionNumber, sequence: u64, id: &str) {
        let writes = self.0.entry(collection).or_default();
        writes.push((sequence, id.to_owned()));
    }

    /// Something else than documents changed, for which the index has to be seen
    /// to.
    pub(crate) fn touch(&mut self, collection: CollectionNumber) {
        self.0.entry(collection).or_default();
    }

    /// The collection lost all its documents at once.
    pub(crate) fn drop(&mut self, collection: CollectionNumber) {
        self.0.insert(collection, Vec::new());
    }

    pub(crate) fn last_writes(&self) -> impl Iterator<Item = (CollectionNumber, u64)> {
        let collections = self.0.iter();
        collections.filter_map(|(collection, writes)| Some((*collection, writes.last()?.0)))
    }
}

#[derive(Debug)]
pub(crate) struct Backlog {
    /// Turns that somebody asked for come in the order of asking, before all
    /// that are due: this is when the first would have been due.
    begun: Instant,
    state: Mutex<State>,
    /// For threads: a turn has come, the catalogue was published, or the end.
    changed: Condvar,
    /// For writers: there may be room.
    room: Notify,
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<CollectionNumber, Queue>,
    turns: BTreeSet<(Instant, CollectionNumber)>,
    /// Collections with noted writes whose commit is still to come.
    uncommitted: Vec<CollectionNumber>,
    /// The last commit whose catalogue readers see.
    published: u64,
    /// How often somebody asked.
    asked: u64,
    is_closed: bool,
}

/// What waits in one collection.
#[derive(Debug)]
struct Queue {
    writes: Vec<(u64, String)>,
    /// When the first of them was noted.
    since: Option<Instant>,
    /// Writers that were let in and have not written yet.
    admitted: usize,
    /// As many writes as may wait.
    capacity: usize,
    turn: Option<Instant>,
    at_work: Option<Work>,
    /// The index has to start from the log anyway: nothing is kept here.
    is_lost: bool,
}

/// Somebody takes care of the queue.
#[derive(Debug, Default)]
struct Work {
    /// When the first of the writes that are being indexed was noted.
    since: Option<Instant>,
    /// Somebody has asked in the meantime.
    is_asked: bool,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            writes: Vec::new(),
            since: None,
            admitted: 0,
            capacity: BACKLOG_WRITES_MAX,
            turn: None,
            at_work: None,
            is_lost: false,
        }
    }
}

impl Queue {
    fn is_idle(&self) -> bool {
        let is_empty = self.writes.is_empty() && self.admitted == 0;
        is_empty && self.turn.is_none() && self.at_work.is_none() && !self.is_lost
    }

    /// Since when search lacks a write.
    fn oldest(&self) -> Option<Instant> {
        self.at_work.as_ref().and_then(|it| it.since).or(self.since)
    }

    fn has_room(&self, now: Instant) -> bool {
        let waiting = self.writes.len() + self.admitted;
        let age = |it: Instant| now.saturating_duration_since(it);
        let is_late = self.oldest().is_some_and(|it| age(it) > BACKLOG_AGE_MAX);
        waiting == 0 || self.is_lost || (waiting < self.capacity && !is_late)
    }
}

impl Default for Backlog {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            state: Mutex::default(),
            changed: Condvar::new(),
            room: Notify::new(),
        }
    }
}

impl State {
    fn set_turn(&mut self, collection: CollectionNumber, at: Instant) {
        let queue = self.queues.entry(collection).or_default();
        if let Some(work) = &mut queue.at_work {
            work.is_asked |= at <= Instant::now();
            return;
        }
        if queue.turn.is_none_or(|it| at < it) {
            if let Some(before) = queue.turn.replace(at) {
                self.turns.remove(&(before, collection));
            }
            self.turns.insert((at, collection));
        }
    }

    /// When writes that wait are to be indexed.
    fn turn_of_writes(&self, collection: CollectionNumber) -> Option<Instant> {
        let queue = self.queues.get(&collection)?;
        let since = queue.since?;
        Some(match queue.writes.len() >= INDEX_WRITES {
            true => since,
            false => since + INDEX_DELAY,
        })
    }
}

impl Backlog {
    /// Notes writes that are about to be committed.
    pub(crate) fn note(&self, noted: Noted) {
        let now = Instant::now();
        let state = &mut *self.lock();
        for (collection, writes) in noted.0 {
            state.uncommitted.push(collection);
            let queue = state.queues.entry(collection).or_default();
            if !queue.is_lost && !writes.is_empty() {
                queue.since.get_or_insert(now);
                queue.writes.extend(writes);
            }
        }
    }

    /// The catalogue of this commit is to be seen, and nothing was committed
    /// after it: what was noted beyond it has failed.
    pub(crate) fn publish(&self, sequence: u64) {
        let state = &mut *self.lock();
        state.published = sequence;
        for collection in std::mem::take(&mut state.uncommitted) {
            if let Some(queue) = state.queues.get_mut(&collection) {
                queue.writes.retain(|it| it.0 <= sequence);
                if queue.writes.is_empty() {
                    queue.since = None;
                }
            }
            let turn = state.turn_of_writes(collection);
            state.set_turn(collection, turn.unwrap_or_else(Instant::now));
        }
        self.changed.notify_all();
    }

    /// Waits until the catalogue of this commit, or of a later one, is to be seen.
    pub(crate) fn wait_published(&self, sequence: u64) {
        let mut state = self.lock();
        // A commit is published right after it became visible, or withdrawn.
        let end = Instant::now() + Duration::from_secs(1);
        while state.published < sequence && Instant::now() < end {
            let waited = self.changed.wait_timeout(state, Duration::from_millis(100));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Gives the collection its turn now.
    pub(crate) fn ask(&self, collection: CollectionNumber) {
        let state = &mut *self.lock();
        state.asked += 1;
        state.set_turn(collection, self.begun + Duration::from_nanos(state.asked));
        self.changed.notify_one();
    }

    /// Waits for the next turn; `None` at the end.
    pub(crate) fn next(&self) -> Option<CollectionNumber> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            let now = Instant::now();
            let first = state.turns.first().copied();
            let waited = match first {
                Some((turn, collection)) if turn <= now => {
                    state.turns.pop_first();
                    let queue = state.queues.entry(collection).or_default();
                    queue.turn = None;
                    queue.at_work = Some(Work::default());
                    return Some(collection);
                }
                Some((turn, _)) => self.changed.wait_timeout(state, turn - now),
                None => self.changed.wait_timeout(state, Duration::from_secs(60)),
            };
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The writes up to this one, and how many others wait.
    pub(crate) fn take(&self, collection: CollectionNumber, until: u64) -> Vec<(u64, String)> {
        let state = &mut *self.lock();
        let Some(queue) = state.queues.get_mut(&collection) else {
            return Vec::new();
        };
        let later = queue.writes.iter().position(|it| it.0 > until);
        let rest = later.map_or_else(Vec::new, |it| queue.writes.split_off(it));
        let taken = std::mem::replace(&mut queue.writes, rest);
        let since = queue.since;
        if queue.writes.is_empty() {
            queue.since = None;
        }
        if let Some(work) = &mut queue.at_work
            && !taken.is_empty()
        {
            work.since = since;
        }
        self.room.notify_waiters();
        taken
    }

    /// Ends a turn; the next one comes at `turn`, if not before.
    pub(crate) fn done(&self, collection: CollectionNumber, turn: Option<Instant>) {
        let state = &mut *self.lock();
        let Some(queue) = state.queues.get_mut(&collection) else {
            return;
        };
        let work = queue.at_work.take().unwrap_or_default();
        let now = work.is_asked.then(Instant::now);
        let writes = state.turn_of_writes(collection);
        if let Some(turn) = [turn, now, writes].into_iter().flatten().min() {
            state.set_turn(collection, turn);
            self.changed.notify_one();
        }
        if state.queues.get(&collection).is_some_and(Queue::is_idle) {
            state.queues.remove(&collection);
        }
        self.room.notify_waiters();
    }

    /// How many writes may wait: about as many as are indexed in a second.
    pub(crate) fn set_capacity(&self, collection: CollectionNumber, writes: usize) {
        if let Some(queue) = self.lock().queues.get_mut(&collection) {
            queue.capacity = writes;
        }
    }

    /// Forgets what waits: the index will start from the log. Writers go on.
    pub(crate) fn lose(&self, collection: CollectionNumber) {
        let state = &mut *self.lock();
        let queue = state.queues.entry(collection).or_default();
        queue.writes.clear();
        queue.since = None;
        queue.is_lost = true;
        self.room.notify_waiters();
    }

    /// From now on writes are noted again.
    pub(crate) fn find(&self, collection: CollectionNumber) {
        if let Some(queue) = self.lock().queues.get_mut(&collection) {
            queue.is_lost = false;
        }
    }

    /// For how long search lacks a write, and how many wait.
    pub(crate) fn lag(&self, collection: CollectionNumber) -> (Duration, usize) {
        let state = self.lock();
        let queue = state.queues.get(&collection);
        queue.map_or_else(Default::default, |it| {
            let lag = it.oldest().map_or(Duration::ZERO, |it| it.elapsed());
            (lag, it.writes.len())
        })
    }

    /// Waits until the collection takes so many writes; the room is theirs until
    /// the guard is dropped.
    pub(crate) async fn admit(&self, collection: CollectionNumber, writes: usize) -> Admitted<'_> {
        loop {
            let mut room = std::pin::pin!(self.room.notified());
            room.as_mut().enable();
            {
                let state = &mut *self.lock();
                let queue = state.queues.entry(collection).or_default();
                if queue.has_room(Instant::now()) || state.is_closed {
                    queue.admitted += writes;
                    return Admitted {
                        backlog: self,
                        collection,
                        writes,
                    };
                }
            }
            room.await;
        }
    }

    /// No turn comes any more, and nobody waits.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
        self.room.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room in the backlog.
#[derive(Debug)]
pub(crate) struct Admitted<'b> {
    backlog: &'b Backlog,
    collection: CollectionNumber,
    writes: usize,
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let state = &mut *self.backlog.lock();
        if let Some(queue) = state.queues.get_mut(&self.collection) {
            queue.admitted -= self.writes;
            if queue.is_idle() {
                state.queues.remove(&self.collection);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: CollectionNumber = CollectionNumber(1);
    const B: CollectionNumber = CollectionNumber(2);

    fn commit(backlog: &Backlog, collection: CollectionNumber, sequences: &[u64]) {
        let mut noted = Noted::default();
        for sequence in sequences {
            noted.write(collection, *sequence, &format!("d{sequence}"));
        }
        backlog.note(noted);
        backlog.publish(sequences.iter().copied().max().unwrap_or(0));
    }

    fn sequences(taken: &[(u64, String)]) -> Vec<u64> {
        taken.iter().map(|it| it.0).collect()
    }

    #[test]
    fn who_asks_comes_before_who_waits() {
        let backlog = Backlog::default();
        commit(&backlog, A, &[1]);
        commit(&backlog, B, &[2]);
        backlog.ask(B);
        assert_eq!(backlog.next(), Some(B));
        assert_eq!(backlog.next(), Some(A));
    }

    #[test]
    fn writes_are_taken_up_to_a_snapshot() {
        let backlog = Backlog::default();
        commit(&backlog, A, &[1, 2, 3]);
        assert_eq!(backlog.next(), Some(A));
        assert_eq!(sequences(&backlog.take(A, 2)), [1, 2]);
        assert_eq!(backlog.lag(A).1, 1);
        backlog.done(A, None);
        assert_eq!(backlog.next(), Some(A));
        assert_eq!(sequences(&backlog.take(A, 9)), [3]);
        backlog.done(A, None);
        assert_eq!(backlog.lag(A), (Duration::ZERO, 0));
    }

    #[test]
    fn a_commit_that_failed_leaves_nothing() {
        let backlog = Backlog::default();
        commit(&backlog, A, &[1]);
        let mut noted = Noted::default();
        noted.write(A, 2, "d2");
        backlog.note(noted);
        backlog.publish(1);
        assert_eq!(backlog.next(), Some(A));
        assert_eq!(sequences(&backlog.take(A, u64::MAX)), [1]);
    }

    #[test]
    fn a_turn_is_taken_by_one_thread_only() {
        let backlog = Backlog::default();
        commit(&backlog, A, &[1]);
        assert_eq!(backlog.next(), Some(A));
        // It comes again after the turn, not meanwhile.
        commit(&backlog, A, &[2]);
        backlog.ask(A);
        commit(&backlog, B, &[3]);
        assert_eq!(backlog.next(), Some(B));
        backlog.done(A, None);
        assert_eq!(backlog.next(), Some(A));
    }

    #[tokio::test]
    async fn writers_wait_for_room_and_are_let_in() {
        let backlog = std::sync::Arc::new(Backlog::default());
        let many: Vec<u64> = (1..=BACKLOG_WRITES_MAX as u64).collect();
        // Who is first has room, however much it is.
        drop(backlog.admit(A, 2 * BACKLOG_WRITES_MAX).await);
        commit(&backlog, A, &many);
        let other = backlog.clone();
        let writer = tokio::spawn(async move {
            drop(other.admit(A, 1).await);
        });
        drop(backlog.admit(B, 1).await);
        tokio::task::yield_now().await;
        assert!(!writer.is_finished());
        assert_eq!(backlog.next(), Some(A));
        backlog.take(A, u64::MAX);
        writer.await.unwrap();
    }

    #[tokio::test]
    async fn a_lost_index_holds_nobody_up() {
        let backlog = Backlog::default();
        let many: Vec<u64> = (1..=BACKLOG_WRITES_MAX as u64).collect();
        commit(&backlog, A, &many);
        backlog.lose(A);
        drop(backlog.admit(A, 1).await);
        commit(&backlog, A, &[BACKLOG_WRITES_MAX as u64 + 1]);
        assert_eq!(backlog.lag(A).1, 0);
        backlog.find(A);
        commit(&backlog, A, &[BACKLOG_WRITES_MAX as u64 + 2]);
        assert_eq!(backlog.lag(A).1, 1);
    }
}
