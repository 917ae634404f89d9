//! The threads that write indexes. A collection has its turn when the backlog
//! says so; a turn opens the index when it is closed, writes what waits, puts in
//! place what was merged, goes on with a build, and says when it wants to be
//! seen to again. Nothing else ever changes an index.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use redb::ReadTransaction;

use super::generation::Generation;
use super::indexes::{Indexes, lock};
use super::merge::{Merge, Merged};
use super::rebuild::{Rebuild, Step};
use super::recovery::is_small;
use super::slot::{Slot, Work};
use crate::catalogue::{CollectionNumber, Entry};
use crate::error::{StoreError, StoreErrorKind};
use crate::limits::{
    BACKLOG_WRITES_MAX, BACKLOG_WRITES_MIN, INDEX_IDLE, INDEX_RETRY, INDEX_RETRY_MAX,
    INDEXES_OPEN_MAX, MERGE_INLINE_DOCUMENTS_MAX,
};
use crate::log;

type Result<T> = std::result::Result<T, StoreError>;

/// A merge that takes too long for a turn.
pub(super) struct MergeJob {
    slot: Arc<Slot>,
    merge: Merge,
}

/// How a turn ended.
enum Turn {
    /// The index stays open; the next turn comes then at the latest.
    Open(Option<Instant>),
    Closed,
    /// The collection does not exist any more.
    Gone,
}

/// Takes turns until the end.
pub(super) fn run(indexes: &Arc<Indexes>) {
    let backlog = &indexes.shared.backlog;
    while let Some(number) = backlog.next() {
        let turn = catch_unwind(AssertUnwindSafe(|| take_turn(indexes, number)));
        let next = turn.unwrap_or_else(|_| {
            let slot = indexes.find(number)?;
            let error = StoreError::internal("the writer of the search index met a bug");
            Some(fail(indexes, &slot, &mut slot.lock_work(), &error))
        });
        backlog.done(number, next);
    }
}

fn take_turn(indexes: &Arc<Indexes>, number: CollectionNumber) -> Option<Instant> {
    let slot = match indexes.find(number) {
        Some(slot) => slot,
        None => match indexes.shared.published.read().by_number(number) {
            Some(entry) => indexes.slot(entry),
            None => {
                indexes.shared.backlog.take(number, u64::MAX);
                indexes.places.delete(number, false);
                return None;
            }
        },
    };
    let mut work = slot.lock_work();
    let outcome = turn(indexes, &slot, &mut work);
    let next = match outcome {
        Ok(Turn::Open(next)) => {
            work.failures = 0;
            next
        }
        Ok(Turn::Closed) => {
            leave(indexes, &slot, &mut work);
            None
        }
        Ok(Turn::Gone) => {
            leave(indexes, &slot, &mut work);
            indexes.shared.backlog.take(number, u64::MAX);
            indexes.places.delete(number, false);
            None
        }
        Err(error) => Some(fail(indexes, &slot, &mut work, &error)),
    };
    close_excess(indexes);
    next
}

/// Whoever still waits for this slot looks for another one.
fn leave(indexes: &Indexes, slot: &Slot, work: &mut Work) {
    *work = Work::default();
    slot.show(None);
    indexes.forget(slot.number);
    slot.set_state(|it| it.is_gone = true);
}

/// The index starts from its last checkpoint next time. Searches go on with
/// what they have.
fn fail(indexes: &Indexes, slot: &Slot, work: &mut Work, error: &StoreError) -> Instant {
    let failures = work.failures + 1;
    *work = Work {
        failures,
        ..Work::default()
    };
    *slot.lock_merged() = None;
    let at = &slot.at;
    tracing::error!("[{}] [{}]: {error}", at.index, at.collection);
    indexes.shared.backlog.lose(slot.number);
    // What fails without the disk's fault is built anew.
    let is_broken = error.kind != StoreErrorKind::Unavailable;
    if is_broken {
        indexes.places.delete(slot.number, false);
    }
    if is_broken && failures == 1 {
        return Instant::now();
    }
    slot.set_state(|it| {
        it.failure = Some(error.message.clone());
        it.building = None;
    });
    let pause = INDEX_RETRY.saturating_mul(1 << (failures - 1).min(5));
    Instant::now() + pause.min(INDEX_RETRY_MAX)
}

fn turn(indexes: &Arc<Indexes>, slot: &Arc<Slot>, work: &mut Work) -> Result<Turn> {
    indexes.shared.backlog.find(slot.number);
    let written = indexes
        .files
        .read(|transaction| write(indexes, slot, work, transaction));
    let (entry, size) = match written? {
        Written::Gone => return Ok(Turn::Gone),
        Written::Nothing => return Ok(Turn::Closed),
        Written::All(entry, size) => (entry, size),
    };
    take_merged(slot, work)?;
    if work.rebuild.is_none() && has_to_rebuild(work, &entry, size) {
        let folder = indexes.places.new_folder(size, slot.number)?;
        let begin = |transaction: &_| Rebuild::begin(transaction, &entry, folder);
        work.rebuild = Some(indexes.files.read(begin)?);
    }
    if let Some(rebuild) = work.rebuild.take() {
        build(indexes, slot, work, rebuild, &entry)?;
    }
    merge(indexes, slot, work)?;
    let is_building = work.rebuild.is_some();
    if let Some(generation) = &work.generation {
        slot.show(Some(generation.reader()));
        slot.set_state(|it| {
            it.sequence = generation.sequence;
            it.is_merging = !work.merging.is_empty();
            it.failure = None;
        });
    }
    if is_building {
        return Ok(Turn::Open(Some(Instant::now())));
    }
    rest(slot, work, indexes.checkpoint_interval)
}

enum Written {
    All(Arc<Entry>, Size),
    /// There is no document, and there was none.
    Nothing,
    Gone,
}

/// The documents of a collection and their bytes.
type Size = (u64, u64);

/// Opens the index when it is closed; writes what the snapshot has and the index
/// does not.
fn write(
    indexes: &Indexes,
    slot: &Slot,
    work: &mut Work,
    transaction: &ReadTransaction,
) -> Result<Written> {
    let backlog = &indexes.shared.backlog;
    let last = log::last(transaction)?;
    // The mapping must be as new as the documents.
    backlog.wait_published(last);
    let catalogue = indexes.shared.published.read();
    let Some(entry) = catalogue
        .find(&slot.at)
        .filter(|it| it.number == slot.number)
    else {
        return Ok(Written::Gone);
    };
    let mut noted = backlog.take(slot.number, last);
    let size = log::size(transaction, slot.number)?;
    if let Some(generation) = &mut work.generation {
        slot.touch_if(!noted.is_empty());
        generation.follow(entry)?;
        noted.retain(|it| it.0 > generation.sequence);
        if noted.is_empty() {
            generation.sequence = last;
        } else {
            let begun = Instant::now();
            let ids = noted.iter().map(|it| it.1.as_str());
            generation.update(transaction, ids, true)?;
            generation.commit(last)?;
            backlog.set_capacity(slot.number, capacity(noted.len(), begun.elapsed()));
        }
        return Ok(Written::All(entry.clone(), size));
    }
    if work.rebuild.is_none() {
        if size.0 == 0 {
            indexes.places.delete(slot.number, false);
            return Ok(Written::Nothing);
        }
        slot.touch();
        match is_small(size) {
            true => indexes.places.delete(slot.number, false),
            false => work.generation = indexes.places.open(transaction, entry)?,
        }
    }
    Ok(Written::All(entry.clone(), size))
}

/// As many writes as the index takes in a second.
fn capacity(writes: usize, took: Duration) -> usize {
    let rate = writes as f64 / took.as_secs_f64().max(1e-6);
    // A few writes say little about many.
    match writes < BACKLOG_WRITES_MIN {
        true => BACKLOG_WRITES_MAX,
        false => (rate as usize).clamp(BACKLOG_WRITES_MIN, 2 * BACKLOG_WRITES_MAX),
    }
}

fn has_to_rebuild(work: &Work, entry: &Entry, size: Size) -> bool {
    work.generation.as_ref().is_none_or(|it| {
        let has_grown = it.writer.folder.is_in_memory() && !is_small((size.0 / 2, size.1 / 2));
        has_grown || it.is_cramped || it.build != entry.build
    })
}

/// Goes on with a build; its end puts the new generation into its place.
fn build(
    indexes: &Indexes,
    slot: &Slot,
    work: &mut Work,
    rebuild: Rebuild,
    entry: &Arc<Entry>,
) -> Result<()> {
    let progress = rebuild.progress();
    match rebuild.step(&indexes.files, entry)? {
        Step::More(rebuild) => {
            slot.set_state(|it| it.building = Some(progress));
            work.rebuild = Some(rebuild);
        }
        Step::Done(mut generation) => {
            generation.writer.checkpoint()?;
            let is_on_disk = !generation.writer.folder.is_in_memory();
            work.generation = Some(generation);
            work.merging.clear();
            work.checkpoint = None;
            slot.set_state(|it| it.building = None);
            indexes.places.delete(slot.number, is_on_disk);
        }
        // The next turn begins another one.
        Step::Outdated => work.is_outdated = true,
    }
    Ok(())
}

/// Puts a merge that was given away into place.
fn take_merged(slot: &Slot, work: &mut Work) -> Result<()> {
    let Some(merged) = slot.lock_merged().take() else {
        return Ok(());
    };
    work.merging.clear();
    match (&mut work.generation, merged) {
        (Some(generation), Ok(merged)) => put(generation, &merged),
        (_, Err(error)) => {
            tracing::warn!("a merge failed: {error}");
            Err(error)
        }
        (None, Ok(_)) => Ok(()),
    }
}

fn put(generation: &mut Generation, merged: &Merged) -> Result<()> {
    let segments = &generation.writer.meta.segments;
    let has = |id| segments.iter().any(|it| it.id() == id);
    // The generation may be another one meanwhile.
    if merged.sources.iter().all(|(id, _)| has(*id)) {
        generation.writer.replace(merged)?;
    }
    Ok(())
}

/// Merges what is small, and gives away what is large.
fn merge(indexes: &Indexes, slot: &Arc<Slot>, work: &mut Work) -> Result<()> {
    let Some(generation) = &mut work.generation else {
        return Ok(());
    };
    while let Some(merge) = Merge::of(&generation.writer, &work.merging) {
        if merge.documents() <= MERGE_INLINE_DOCUMENTS_MAX {
            let merged = merge.run()?;
            put(generation, &merged)?;
            continue;
        }
        // One at a time: the next one may find larger segments.
        if work.merging.is_empty() {
            work.merging = merge.sources();
            let slot = slot.clone();
            if let Some(jobs) = &*lock(&indexes.merges) {
                let _ = jobs.send(MergeJob { slot, merge });
            }
        }
        break;
    }
    Ok(())
}

/// Makes the index durable now and then, and closes it when nobody uses it.
fn rest(slot: &Slot, work: &mut Work, checkpoint_interval: Duration) -> Result<Turn> {
    let is_outdated = std::mem::take(&mut work.is_outdated);
    let Some(generation) = &mut work.generation else {
        return Ok(Turn::Open(Some(Instant::now())));
    };
    if is_outdated {
        return Ok(Turn::Open(Some(Instant::now())));
    }
    let now = Instant::now();
    let idle_at = slot.used() + INDEX_IDLE;
    let is_over = slot.is_to_close.load(Ordering::Relaxed) || now >= idle_at;
    if is_over && work.merging.is_empty() {
        generation.writer.checkpoint()?;
        return Ok(Turn::Closed);
    }
    if !generation.writer.is_dirty {
        work.checkpoint = None;
        return Ok(Turn::Open(Some(idle_at.max(now + Duration::from_secs(1)))));
    }
    let checkpoint_at = *work.checkpoint.get_or_insert(now + checkpoint_interval);
    if now >= checkpoint_at {
        generation.writer.checkpoint()?;
        work.checkpoint = None;
        return Ok(Turn::Open(Some(idle_at.max(now + Duration::from_secs(1)))));
    }
    Ok(Turn::Open(Some(checkpoint_at)))
}

/// Has the index closed that was not used for longest, when too many are open.
fn close_excess(indexes: &Indexes) {
    let oldest = {
        let slots = indexes.slots();
        let open = slots.values();
        let is_staying = |it: &&Arc<Slot>| !it.is_to_close.load(Ordering::Relaxed);
        let staying: Vec<_> = open.filter(is_staying).collect();
        match staying.len() > INDEXES_OPEN_MAX {
            true => staying.into_iter().min_by_key(|it| it.used()).cloned(),
            false => None,
        }
    };
    if let Some(slot) = oldest {
        slot.is_to_close.store(true, Ordering::Relaxed);
        indexes.shared.backlog.ask(slot.number);
    }
}

/// Runs merges until the last sender is gone.
pub(super) fn run_merges(indexes: &Arc<Indexes>, jobs: &mpsc::Receiver<MergeJob>) {
    while let Ok(MergeJob { slot, merge }) = jobs.recv() {
        if indexes.is_closing.load(Ordering::SeqCst) {
            return;
        }
        let folder = merge.folder();
        let outcome = catch_unwind(AssertUnwindSafe(|| merge.run().map_err(StoreError::from)));
        let bug = |_| Err(StoreError::internal("a merge met a bug"));
        let outcome = outcome.unwrap_or_else(bug);
        if outcome.is_err() {
            folder.discard();
        }
        *slot.lock_merged() = Some(outcome);
        indexes.shared.backlog.ask(slot.number);
    }
}

/// After the start: deletes the indexes of collections that are gone, and has
/// those brought up to date that are behind.
pub(super) fn survey(indexes: &Arc<Indexes>) {
    let found = indexes.places.collections();
    let catalogue = indexes.shared.published.read();
    let mut entries: Vec<&Arc<Entry>> = catalogue.all_collections().collect();
    entries.sort_unstable_by_key(|it| it.number);
    for number in found {
        if entries
            .binary_search_by_key(&number, |it| it.number)
            .is_err()
        {
            indexes.places.delete(number, false);
        }
    }
    for entry in entries {
        if indexes.is_closing.load(Ordering::SeqCst) {
            return;
        }
        let state = |transaction: &ReadTransaction| {
            let size = log::size(transaction, entry.number)?;
            Ok((size, log::last_of(transaction, entry.number)?))
        };
        if let Ok((size, last)) = indexes.files.read(state)
            && !is_small(size)
            && !indexes.places.is_current(entry, last)
        {
            indexes.shared.backlog.ask(entry.number);
        }
    }
}

/// The last turn of all: no thread works any more.
pub(super) fn close_all(indexes: &Arc<Indexes>) {
    let slots: Vec<Arc<Slot>> = indexes.slots().values().cloned().collect();
    for slot in slots {
        let mut work = slot.lock_work();
        work.rebuild = None;
        if work.generation.is_none() {
            continue;
        }
        let written = indexes
            .files
            .read(|transaction| write(indexes, &slot, &mut work, transaction));
        let closed = written.and_then(|_| match &mut work.generation {
            Some(generation) => Ok(generation.writer.checkpoint()?),
            None => Ok(()),
        });
        if let Err(error) = closed {
            let at = &slot.at;
            tracing::warn!("[{}] [{}]: {error}", at.index, at.collection);
        }
        leave(indexes, &slot, &mut work);
    }
}
