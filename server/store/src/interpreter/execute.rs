//! Finding: one walk over the searched collections, the page kept in a heap.
//!
//! Cost: documents are read one after the other. Without sort and filter only
//! the head of each row is looked at; with them the JSON is read, a few
//! microseconds per kilobyte. Ids are looked up one by one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::ReadTransaction;
use serde_json::{Map, Value};

use super::Query;
use super::parse::{Scored, parse};
use super::sort::{KeyReader, Sort};
use super::source::SourceFilter;
use super::top::{Candidate, Top};
use crate::catalogue::{CollectionNumber, Entry, Published};
use crate::document::{Collection, Document, Hit, SearchQuery, SearchRequest, SearchResult};
use crate::error::StoreError;
use crate::files::tables::{DOCUMENTS, DocumentRow, SIZES, document_key, id_of_key, keys_of};
use crate::limits::{ANSWER_BYTES_MAX, SEARCH_WINDOW_MAX};

type Result<T> = std::result::Result<T, StoreError>;
type Documents = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;

/// After so many documents a search looks whether somebody still waits for it.
const PATIENCE_DOCUMENTS: u64 = 256;

/// The state of the store that a search sees, and who waits for it.
pub(crate) struct Snapshot<'a> {
    pub(crate) transaction: &'a ReadTransaction,
    pub(crate) published: &'a Published,
    /// Nobody waits any more.
    pub(crate) is_abandoned: &'a AtomicBool,
}

impl Snapshot<'_> {
    /// The collections, each once, in the order of `at`.
    fn entries(&self, at: &[Collection]) -> Result<Vec<Arc<Entry>>> {
        let catalogue = self.published.read();
        let mut entries: Vec<Arc<Entry>> = Vec::with_capacity(at.len());
        for at in at {
            let entry = catalogue.get(at)?;
            if !entries.iter().any(|it| it.number == entry.number) {
                entries.push(entry.clone());
            }
        }
        Ok(entries)
    }

    fn size(&self, collection: CollectionNumber) -> Result<u64> {
        let sizes = self.transaction.open_table(SIZES)?;
        let size = sizes.get(collection.0)?;
        Ok(size.map_or(0, |it| it.value().0))
    }

    fn check_patience(&self, walked: u64) -> Result<()> {
        if walked.is_multiple_of(PATIENCE_DOCUMENTS) && self.is_abandoned.load(Ordering::Relaxed) {
            return Err(StoreError::internal("the search was given up"));
        }
        Ok(())
    }
}

/// How many documents of the collections satisfy the query.
pub(crate) fn count(
    snapshot: &Snapshot<'_>,
    at: &[Collection],
    query: &SearchQuery,
) -> Result<u64> {
    let Scored { query, .. } = parse(query)?;
    let entries = snapshot.entries(at)?;
    let mut top = Top::new(0);
    find(snapshot, &entries, &query, &Sort::default(), &mut top)
}

pub(crate) fn search(
    snapshot: &Snapshot<'_>,
    at: &[Collection],
    request: &SearchRequest,
) -> Result<SearchResult> {
    let Scored { query, score } = parse(&request.query)?;
    check_body(&request.body)?;
    let sort = Sort::parse(request.body.get("sort"))?;
    let source = SourceFilter::parse(&request.body)?;
    let end = request.from.saturating_add(request.size);
    if end > SEARCH_WINDOW_MAX {
        return Err(StoreError::invalid_query(format!(
            "from + size is {end}, more than {SEARCH_WINDOW_MAX}"
        )));
    }
    let entries = snapshot.entries(at)?;
    let window = if request.size == 0 { 0 } else { end };
    let mut top = Top::new(window as usize);
    let total = find(snapshot, &entries, &query, &sort, &mut top)?;
    let page = top.into_page(request.from as usize);
    let score = sort.keeps_score().then_some(score);
    Ok(SearchResult {
        hits: fetch(snapshot, &entries, page, &source, score)?,
        total,
        aggregations: None,
        scroll: None,
    })
}

/// Keys of a search body that need no answer here; others change what is found,
/// and to pass over them would be a wrong answer.
fn check_body(body: &Map<String, Value>) -> Result<()> {
    for (key, value) in body {
        match key.as_str() {
            "sort" | "_source" | "_source_includes" | "_source_excludes" => (),
            "search_timeout" | "_name" => (),
            "explain" if value == false => (),
            key => {
                return Err(StoreError::invalid_query(format!(
                    "the embedded store has no [{key}] in searches yet"
                )));
            }
        }
    }
    Ok(())
}

/// Offers what satisfies the query to `top`, and counts it.
fn find(
    snapshot: &Snapshot<'_>,
    entries: &[Arc<Entry>],
    query: &Query,
    sort: &Sort,
    top: &mut Top,
) -> Result<u64> {
    let documents = snapshot.transaction.open_table(DOCUMENTS)?;
    let mut total = 0;
    for (target, entry) in entries.iter().enumerate() {
        let mut walk = Walk {
            snapshot,
            documents: &documents,
            query,
            keys: sort.reader(&entry.mapping)?,
            has_order: !sort.is_order_of_writing(),
            target,
            top,
        };
        total += match query {
            Query::Nothing => 0,
            Query::Everything if walk.top.wants_nothing() => snapshot.size(entry.number)?,
            Query::Ids(ids) => walk.look_up(entry.number, ids)?,
            Query::Everything | Query::Filter(_) => walk.scan(entry.number)?,
        };
    }
    Ok(total)
}

/// The search of one collection.
struct Walk<'a, 's> {
    snapshot: &'a Snapshot<'s>,
    documents: &'a Documents,
    query: &'a Query,
    keys: Vec<KeyReader<'a>>,
    has_order: bool,
    target: usize,
    top: &'a mut Top,
}

impl Walk<'_, '_> {
    fn look_up<'i>(
        &mut self,
        collection: CollectionNumber,
        ids: impl IntoIterator<Item = &'i String>,
    ) -> Result<u64> {
        let mut found = 0;
        for id in ids {
            let key = document_key(collection, id);
            if let Some(row) = self.documents.get(key.as_slice())? {
                found += u64::from(self.visit(id, row.value())?);
            }
        }
        Ok(found)
    }

    fn scan(&mut self, collection: CollectionNumber) -> Result<u64> {
        let (first, after) = keys_of(collection);
        let (mut walked, mut found) = (0, 0);
        for row in self.documents.range(first.as_slice()..after.as_slice())? {
            let (key, row) = row?;
            let id = id_of_key(key.value()).ok_or_else(|| corrupt("?"))?;
            found += u64::from(self.visit(id, row.value())?);
            walked += 1;
            self.snapshot.check_patience(walked)?;
        }
        Ok(found)
    }

    /// Whether the document satisfies the query; if so, it is offered.
    fn visit(&mut self, id: &str, row: &[u8]) -> Result<bool> {
        let row = DocumentRow::decode(row).ok_or_else(|| corrupt(id))?;
        let is_filter = matches!(self.query, Query::Filter(_));
        let reads_source = is_filter || self.keys.iter().any(KeyReader::reads_source);
        let mut source = Map::new();
        if reads_source {
            source = serde_json::from_slice(row.source).map_err(|_| corrupt(id))?;
        }
        if let Query::Filter(filter) = self.query {
            source.insert("_id".into(), id.into());
            let document = Value::Object(source);
            if !koncorde::matches(filter, &document) {
                return Ok(false);
            }
            let Value::Object(object) = document else {
                return Ok(false);
            };
            source = object;
        }
        let keys = if self.has_order {
            let keys = self.keys.iter();
            keys.map(|it| it.key(id, row.sequence, &source)).collect()
        } else {
            Vec::new()
        };
        self.top
            .offer(keys, self.target, row.sequence, || id.to_owned());
        Ok(true)
    }
}

/// The documents of a page.
fn fetch(
    snapshot: &Snapshot<'_>,
    entries: &[Arc<Entry>],
    page: Vec<Candidate>,
    filter: &SourceFilter,
    score: Option<f64>,
) -> Result<Vec<Hit>> {
    let documents = snapshot.transaction.open_table(DOCUMENTS)?;
    let mut bytes = 0;
    let mut hits = Vec::with_capacity(page.len());
    for (walked, candidate) in (1..).zip(page) {
        snapshot.check_patience(walked)?;
        let Candidate { target, id, .. } = candidate;
        let Some(entry) = entries.get(target) else {
            continue;
        };
        let row = documents.get(document_key(entry.number, &id).as_slice())?;
        let row = row.ok_or_else(|| corrupt(&id))?;
        let row = DocumentRow::decode(row.value()).ok_or_else(|| corrupt(&id))?;
        bytes += row.source.len();
        if bytes > ANSWER_BYTES_MAX {
            return Err(StoreError::invalid_query(format!(
                "the hits would take more than {ANSWER_BYTES_MAX} bytes: ask for fewer of them"
            )));
        }
        let source = match filter {
            SourceFilter::Nothing => Value::Null,
            filter => {
                let source = serde_json::from_slice(row.source).map_err(|_| corrupt(&id))?;
                filter.apply(source)
            }
        };
        hits.push(Hit {
            at: entry.at.clone(),
            document: Document {
                id,
                source: Arc::new(source),
                version: row.version,
            },
            score,
        });
    }
    Ok(hits)
}

fn corrupt(id: &str) -> StoreError {
    StoreError::internal(format!("the stored document [{id}] cannot be read"))
}
