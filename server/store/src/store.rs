//! The store: one folder, many readers, one committer; the face for tokio.

#[cfg(test)]
mod indexing;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use crate::catalogue::{Catalogue, Entry};
use crate::committer::{
    Applied, Committer, Defaults, Job, Operation, Outcomes, Shared, Work, closed, prepare,
};
use crate::document::{
    Collection, CollectionSize, Document, SearchQuery, SearchRequest, SearchResult, Write, Written,
};
use crate::error::{StoreError, StoreErrorKind};
use crate::files::tables::{DOCUMENTS, DocumentRow, SIZES, document_key};
use crate::files::{Disk, Files};
use crate::id::Ids;
use crate::index::{IndexState, Indexes, Reader};
use crate::limits::{
    ANSWER_BYTES_MAX, DIRECT_READS_MAX, DIRECT_WRITES_MAX, QUEUE_JOBS_MAX, QUEUE_KIB_MAX,
    SCANS_MAX, WRITE_RETRY,
};
use crate::log::{self, Changes};
use crate::search::{self, Scrolls};

type Result<T> = std::result::Result<T, StoreError>;

/// The folder of the search indexes, in that of the data; it may be deleted
/// while the store is closed.
const SEARCH: &str = "search";

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Memory for pages of the database; it fills as they are read.
    pub cache_bytes: usize,
    /// Merged over the mappings of every new collection; `dynamic` only where
    /// they have none.
    pub common_mappings: Value,
    /// Settings of new collections that do not set them.
    pub default_settings: Value,
    /// How often a search index that changes is made durable: what a crash takes
    /// from it is read again from the log.
    pub index_checkpoints: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            common_mappings: json!({"dynamic": "true"}),
            default_settings: json!({"number_of_shards": "1", "number_of_replicas": "1"}),
            index_checkpoints: Duration::from_secs(15),
        }
    }
}

/// An open store. Clones are the same store; the last one to go closes it.
///
/// Its methods are called inside a tokio runtime.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    files: Arc<Files>,
    shared: Arc<Shared>,
    ids: Ids,
    /// `None` only while the store is dropped.
    queue: Option<mpsc::Sender<Job>>,
    /// The room for waiting writes, in KiB.
    room: Arc<Semaphore>,
    scans: Arc<Semaphore>,
    scrolls: Scrolls,
    indexes: Arc<Indexes>,
    committed: watch::Receiver<u64>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Opens the store in a folder, made when it does not exist. Only one
    /// process can have it open.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self> {
        Self::open_on(Disk::default(), WRITE_RETRY, folder.as_ref(), options)
    }

    /// On a disk that may fail; tests do not wait as long until it may work again.
    pub(crate) fn open_on(
        disk: Disk,
        write_retry: Duration,
        folder: &Path,
        options: Options,
    ) -> Result<Self> {
        let files = Arc::new(Files::open(folder, options.cache_bytes, disk.clone())?);
        let (queue, jobs) = mpsc::channel(QUEUE_JOBS_MAX);
        let defaults = Defaults {
            mappings: options.common_mappings,
            settings: options.default_settings,
        };
        let committer = Committer::new(files.clone(), defaults, jobs, write_retry)?;
        let (shared, committed) = (committer.shared(), committer.committed());
        let root = folder.join(SEARCH);
        let every = options.index_checkpoints;
        let indexes = Indexes::start(files.clone(), shared.clone(), root, disk, every)?;
        let thread = thread::Builder::new()
            .name("store-committer".into())
            .spawn(move || committer.run())
            .map_err(|it| StoreError::unavailable(format!("cannot start the committer: {it}")))?;
        Ok(Self(Arc::new(Inner {
            files,
            shared,
            ids: Ids::new(),
            queue: Some(queue),
            room: Arc::new(Semaphore::new(QUEUE_KIB_MAX)),
            scans: Arc::new(Semaphore::new(SCANS_MAX)),
            scrolls: Scrolls::default(),
            indexes,
            committed,
            committer: Mutex::new(Some(thread)),
        })))
    }

    /// Finishes what was accepted and refuses the rest. The folder is free then,
    /// and opens again at once.
    pub async fn close(&self) {
        let _ = self.0.ask(Work::Stop, None).await;
        let inner = self.0.clone();
        let _ = tokio::task::spawn_blocking(move || inner.join()).await;
    }

    pub fn list_indexes(&self) -> Vec<String> {
        let catalogue = self.0.catalogue();
        catalogue.indexes().map(|it| it.to_string()).collect()
    }

    pub fn index_exists(&self, index: &str) -> bool {
        self.0.catalogue().has_index(index)
    }

    pub async fn create_index(&self, index: &str) -> Result<()> {
        let index = index.into();
        self.0.change(Work::CreateIndex { index }).await
    }

    pub async fn delete_index(&self, index: &str) -> Result<()> {
        let index = index.into();
        self.0.change(Work::DeleteIndex { index }).await
    }

    pub fn list_collections(&self, index: &str) -> Result<Vec<String>> {
        let catalogue = self.0.catalogue();
        let collections = catalogue.collections(index)?;
        Ok(collections.map(|it| it.at.collection.to_string()).collect())
    }

    pub fn collection_exists(&self, at: &Collection) -> bool {
        self.0.catalogue().find(at).is_some()
    }

    /// Creates the collection, and its index when there is none; changes a
    /// collection that exists.
    pub async fn create_collection(
        &self,
        at: &Collection,
        mappings: &Value,
        settings: &Value,
    ) -> Result<()> {
        self.put_collection(at, mappings, settings, false).await
    }

    pub async fn update_collection(
        &self,
        at: &Collection,
        mappings: &Value,
        settings: &Value,
    ) -> Result<()> {
        self.put_collection(at, mappings, settings, true).await
    }

    async fn put_collection(
        &self,
        at: &Collection,
        mappings: &Value,
        settings: &Value,
        must_exist: bool,
    ) -> Result<()> {
        let work = Work::PutCollection {
            at: at.clone(),
            mappings: mappings.clone(),
            settings: settings.clone(),
            must_exist,
        };
        self.0.change(work).await
    }

    pub async fn delete_collection(&self, at: &Collection) -> Result<()> {
        let at = at.clone();
        self.0.change(Work::DeleteCollection { at }).await
    }

    /// Removes the documents; mappings and settings stay.
    pub async fn truncate(&self, at: &Collection) -> Result<()> {
        let at = at.clone();
        self.0.change(Work::Truncate { at }).await
    }

    /// `{dynamic, _meta?, properties}`.
    pub fn mappings(&self, at: &Collection) -> Result<Value> {
        Ok(self.0.entry(at)?.mapping.to_json())
    }

    /// As Elasticsearch shows the settings of an index: all values are texts.
    pub fn settings(&self, at: &Collection) -> Result<Value> {
        Ok(self.0.entry(at)?.settings.to_json())
    }

    /// The documents in the order of `ids`, as the last answered write left them.
    pub async fn get(&self, at: &Collection, ids: &[String]) -> Result<Vec<Option<Document>>> {
        if ids.len() <= DIRECT_READS_MAX {
            return self.0.get(at, ids);
        }
        let (at, ids) = (at.clone(), ids.to_vec());
        self.0.blocking(move |inner| inner.get(&at, &ids)).await
    }

    /// Each write succeeds or fails on its own; what is `Ok` is durable. Searches
    /// see it within a second, or after `refresh`. Who writes faster than that
    /// can be kept up is slowed.
    pub async fn write(&self, at: &Collection, writes: Vec<Write>) -> Result<Vec<Result<Written>>> {
        self.0.shared.check_writable()?;
        let entry = self.0.entry(at)?;
        let number = entry.number;
        let is_direct = writes.len() <= DIRECT_WRITES_MAX;
        let prepare_all = move |inner: &Inner| -> Vec<Result<Operation>> {
            let writes = writes.into_iter();
            writes.map(|it| prepare(it, &entry, &inner.ids)).collect()
        };
        let prepared = match is_direct {
            true => prepare_all(&self.0),
            false => self.0.blocking(|inner| Ok(prepare_all(inner))).await?,
        };
        let (operations, refused): (Vec<_>, Vec<_>) = split(prepared);
        let backlog = &self.0.shared.backlog;
        let _room = backlog.admit(number, operations.len()).await;
        let outcomes = match operations.is_empty() {
            true => Vec::new(),
            false => self.0.commit(at, operations).await?,
        };
        let finish = move || join(refused, outcomes);
        match is_direct {
            true => Ok(finish()),
            false => self.0.blocking(|_| Ok(finish())).await,
        }
    }

    pub async fn search(&self, at: &[Collection], request: SearchRequest) -> Result<SearchResult> {
        let readers = self.0.readers(at).await?;
        let search = move |inner: &Inner, is_abandoned: &AtomicBool| {
            inner.scrolls.sweep(Instant::now());
            match request.scroll {
                Some(keep) => inner.scrolls.open(readers, &request, keep, is_abandoned),
                None => search::search(&readers, &request, is_abandoned),
            }
        };
        self.0.scan(search).await
    }

    pub async fn count(&self, at: &[Collection], query: &SearchQuery) -> Result<u64> {
        let (readers, query) = (self.0.readers(at).await?, query.clone());
        let count = move |_: &Inner, is_abandoned: &AtomicBool| {
            search::count(&readers, &query, is_abandoned)
        };
        self.0.scan(count).await
    }

    /// The next page of a search with `scroll`, as the first one saw the
    /// documents; the place is kept for `keep` from now on.
    pub async fn scroll(&self, id: &str, keep: Duration) -> Result<SearchResult> {
        let id = id.to_owned();
        let next = move |inner: &Inner, is_abandoned: &AtomicBool| {
            inner.scrolls.next(&id, keep, is_abandoned)
        };
        self.0.scan(next).await
    }

    /// Has search see all that was written before.
    pub async fn refresh(&self, at: &Collection) -> Result<()> {
        let sequence = *self.0.committed.borrow();
        self.wait_searchable(at, sequence).await
    }

    /// Waits until search sees the write with this sequence number.
    pub async fn wait_searchable(&self, at: &Collection, sequence: u64) -> Result<()> {
        let entry = self.0.entry(at)?;
        self.0.indexes.refresh(&entry, sequence).await
    }

    /// How far the search index of a collection is.
    pub fn index_state(&self, at: &Collection) -> Result<IndexState> {
        let entry = self.0.entry(at)?;
        Ok(self.0.indexes.state(&entry))
    }

    /// Has the search index built again from the documents, in the background:
    /// what the mapping says now then holds for all of them. The index of before
    /// answers meanwhile.
    pub async fn reindex(&self, at: &Collection) -> Result<()> {
        let at = at.clone();
        self.0.change(Work::Reindex { at }).await
    }

    /// How many documents a collection has, and how large they are.
    pub async fn size(&self, at: &Collection) -> Result<CollectionSize> {
        let at = at.clone();
        let size = move |inner: &Inner| {
            let number = inner.entry(&at)?.number;
            inner.read(|transaction| {
                let sizes = transaction.open_table(SIZES)?;
                let size = sizes.get(number.0)?.map(|it| it.value());
                let (documents, bytes) = size.unwrap_or_default();
                Ok(CollectionSize { documents, bytes })
            })
        };
        self.0.blocking(size).await
    }

    /// At most `limit` writes after the one numbered `after`, in their order.
    pub async fn changes(&self, after: u64, limit: usize) -> Result<Changes> {
        let changes = move |inner: &Inner| {
            let read = |transaction: &_| {
                let catalogue = inner.shared.published.read();
                log::changes(transaction, &catalogue, after, limit)
            };
            inner.read(read)
        };
        self.0.blocking(changes).await
    }

    /// The sequence number of the last durable write; whoever reads `changes`
    /// waits here for the next ones.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.0.committed.clone()
    }
}

/// What the committer gets, and in the place of each refused write its error.
fn split(prepared: Vec<Result<Operation>>) -> (Vec<Operation>, Vec<Option<StoreError>>) {
    let mut operations = Vec::with_capacity(prepared.len());
    let mut refused = Vec::with_capacity(prepared.len());
    for item in prepared {
        match item {
            Ok(operation) => {
                operations.push(operation);
                refused.push(None);
            }
            Err(error) => refused.push(Some(error)),
        }
    }
    (operations, refused)
}

/// Puts outcomes and refusals back into the order of the writes.
fn join(refused: Vec<Option<StoreError>>, outcomes: Outcomes) -> Vec<Result<Written>> {
    let mut outcomes = outcomes.into_iter();
    let mut next = || {
        let missing = || Err(StoreError::internal("a write without an outcome"));
        outcomes.next().unwrap_or_else(missing)
    };
    let items = refused.into_iter();
    items
        .map(|it| match it {
            Some(error) => Err(error),
            None => next().and_then(written),
        })
        .collect()
}

fn written(applied: Applied) -> Result<Written> {
    let Applied {
        id,
        version,
        sequence,
        source,
        previous,
    } = applied;
    let previous = match previous {
        Some(row) => Some(document(&id, &row)?),
        None => None,
    };
    let document = match (source, &previous) {
        (Some(source), _) => Document {
            id,
            source,
            version,
        },
        (None, Some(before)) => before.clone(),
        (None, None) => return Err(StoreError::internal("deleted what was not there")),
    };
    Ok(Written {
        created: previous.is_none(),
        document,
        previous,
        sequence,
    })
}

fn document(id: &str, row: &[u8]) -> Result<Document> {
    let corrupt = || StoreError::internal(format!("the stored document [{id}] cannot be read"));
    let row = DocumentRow::decode(row).ok_or_else(corrupt)?;
    let source: Value = serde_json::from_slice(row.source).map_err(|_| corrupt())?;
    Ok(Document {
        id: id.into(),
        source: Arc::new(source),
        version: row.version,
    })
}

impl Inner {
    fn catalogue(&self) -> Arc<Catalogue> {
        self.shared.published.read()
    }

    fn entry(&self, at: &Collection) -> Result<Arc<Entry>> {
        self.catalogue().get(at).cloned()
    }

    /// Reads a snapshot; an error of the disk has the committer open the
    /// database again.
    fn read<T>(&self, body: impl FnOnce(&redb::ReadTransaction) -> Result<T>) -> Result<T> {
        let outcome = self.files.read(body);
        if let Err(error) = &outcome
            && error.kind == StoreErrorKind::Unavailable
            && self.shared.check_writable().is_ok()
            && let Some(queue) = &self.queue
        {
            let (answer, _) = oneshot::channel();
            let _ = queue.try_send(Job {
                work: Work::Recover,
                answer,
                permit: None,
            });
        }
        outcome
    }

    fn get(&self, at: &Collection, ids: &[String]) -> Result<Vec<Option<Document>>> {
        self.read(|transaction| {
            let collection = self.entry(at)?.number;
            let documents = transaction.open_table(DOCUMENTS)?;
            let mut bytes = 0;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let row = documents.get(document_key(collection, id).as_slice())?;
                bytes += row.as_ref().map_or(0, |it| it.value().len());
                if bytes > ANSWER_BYTES_MAX {
                    return Err(StoreError::refused(format!(
                        "the documents take more than {ANSWER_BYTES_MAX} bytes: ask for fewer"
                    )));
                }
                found.push(match row {
                    Some(row) => Some(document(id, row.value())?),
                    None => None,
                });
            }
            Ok(found)
        })
    }

    /// Runs what may take long on a thread that may wait.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        body: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.clone();
        let task = tokio::task::spawn_blocking(move || body(&inner));
        let failed = |_| Err(StoreError::internal("the store met a bug while reading"));
        task.await.unwrap_or_else(failed)
    }

    /// What search sees of these collections now.
    async fn readers(&self, at: &[Collection]) -> Result<Vec<Reader>> {
        let mut readers: Vec<Reader> = Vec::with_capacity(at.len());
        for at in at {
            let entry = self.entry(at)?;
            // A collection that is named twice is searched once.
            if readers.iter().all(|it| it.entry.number != entry.number) {
                readers.push(self.indexes.reader(&entry).await?);
            }
        }
        Ok(readers)
    }

    /// Searches, a bounded number of searches at a time; one ends early when
    /// nobody waits for it any more.
    async fn scan<T: Send + 'static>(
        self: &Arc<Self>,
        body: impl FnOnce(&Self, &AtomicBool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.scans.clone().acquire_owned().await;
        let is_abandoned = Arc::new(AtomicBool::new(false));
        let waiting = Waiting(is_abandoned.clone());
        let outcome = self
            .blocking(move |inner| {
                let _permit = permit;
                body(inner, &is_abandoned)
            })
            .await;
        drop(waiting);
        outcome
    }

    async fn change(&self, work: Work) -> Result<()> {
        self.shared.check_writable()?;
        self.ask(work, None).await.map(drop)
    }

    async fn commit(&self, at: &Collection, operations: Vec<Operation>) -> Result<Outcomes> {
        let bytes: usize = operations.iter().map(|it| it.bytes).sum();
        // A request larger than the room takes all of it: then it is alone.
        let room = (bytes >> 10).clamp(1, QUEUE_KIB_MAX) as u32;
        let permit = self.room.clone().acquire_many_owned(room).await;
        let permit = permit.map_err(|_| closed())?;
        let work = Work::Write {
            at: at.clone(),
            operations,
            bytes,
        };
        self.ask(work, Some(permit)).await
    }

    /// Waits for a place in the queue, then for the answer.
    async fn ask(&self, work: Work, permit: Option<OwnedSemaphorePermit>) -> Result<Outcomes> {
        let (answer, outcome) = oneshot::channel();
        let job = Job {
            work,
            answer,
            permit,
        };
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.send(job).await.map_err(|_| closed())?;
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Waits for the committer to end, then for the search indexes.
    fn join(&self) {
        let mut committer = self
            .committer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = committer.take() {
            let _ = thread.join();
        }
        drop(committer);
        self.indexes.close();
        self.files.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue = None;
        self.join();
    }
}

/// Somebody waits for a search.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
