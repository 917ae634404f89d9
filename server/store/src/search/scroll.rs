//! Scrolls: searches that are read page by page, all pages from one moment.
//!
//! A scroll holds the readers of its first page, so that no later write is seen,
//! and a store of hits found ahead: the search is run again from the last one
//! only when the store is empty. It is forgotten with its last page, and when
//! nobody asks for a page in time.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::body::Body;
use super::execute::find;
use super::fetch;
use super::sort::After;
use super::top::Candidate;
use crate::document::{Scroll, SearchRequest, SearchResult};
use crate::error::{StoreError, StoreErrorKind};
use crate::index::Reader;
use crate::limits::{SCROLL_AHEAD_HITS, SCROLLS_MAX};

type Result<T> = std::result::Result<T, StoreError>;

/// All scrolls that are open.
#[derive(Default)]
pub(crate) struct Scrolls(Mutex<HashMap<String, Open>>);

struct Open {
    place: Place,
    expires: Instant,
}

/// Where a scroll has come to.
struct Place {
    readers: Vec<Reader>,
    body: Body,
    /// Found and not given yet.
    ahead: VecDeque<Candidate>,
    /// The last hit that was found; `None`: there was none.
    last: Option<After>,
    total: u64,
    given: u64,
}

impl Scrolls {
    /// The first page, and where to ask for the next one.
    pub(crate) fn open(
        &self,
        readers: Vec<Reader>,
        request: &SearchRequest,
        keep: Duration,
        is_abandoned: &AtomicBool,
    ) -> Result<SearchResult> {
        self.make_room(Instant::now())?;
        let body = Body::parse(request)?;
        let patience = body.patience(is_abandoned);
        let window = body.size.max(SCROLL_AHEAD_HITS);
        let finding = find(&readers, &body, window, None, &patience)?;
        let mut place = Place {
            readers,
            body,
            ahead: VecDeque::new(),
            last: None,
            total: finding.total,
            given: 0,
        };
        place.take(finding.candidates);
        let mut result = place.page(is_abandoned)?;
        result.aggregations = finding.aggregations;
        // Nobody can guess it.
        let id = uuid::Uuid::new_v4().simple().to_string();
        let open = Open {
            place,
            expires: Instant::now() + keep,
        };
        result.scroll = Some(Scroll {
            remaining: open.place.total - open.place.given,
            id: id.clone(),
        });
        self.lock().insert(id, open);
        Ok(result)
    }

    /// The next page. Two requests for one scroll at the same time: the second
    /// one is told that it is unknown.
    pub(crate) fn next(
        &self,
        id: &str,
        keep: Duration,
        is_abandoned: &AtomicBool,
    ) -> Result<SearchResult> {
        let now = Instant::now();
        let open = self.lock().remove(id).filter(|it| it.expires > now);
        let Some(Open { mut place, expires }) = open else {
            return Err(StoreError::new(
                StoreErrorKind::UnknownScroll,
                format!("there is no scroll [{id}]: it has ended, or nobody asked for too long"),
            ));
        };
        let outcome = place.page(is_abandoned);
        let remaining = place.total.saturating_sub(place.given);
        let is_over = outcome.as_ref().is_ok_and(|it| it.hits.is_empty()) || remaining == 0;
        if outcome.is_err() || !is_over {
            let expires = if outcome.is_err() {
                expires
            } else {
                Instant::now() + keep
            };
            self.lock().insert(id.to_owned(), Open { place, expires });
        }
        let mut result = outcome?;
        result.scroll = Some(Scroll {
            id: id.to_owned(),
            remaining,
        });
        Ok(result)
    }

    /// Forgets the scrolls that nobody asked for in time. What they hold keeps
    /// files on the disk: to be called now and then.
    pub(crate) fn sweep(&self, now: Instant) {
        self.lock().retain(|_, it| it.expires > now);
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn make_room(&self, now: Instant) -> Result<()> {
        self.sweep(now);
        if self.len() < SCROLLS_MAX {
            return Ok(());
        }
        Err(StoreError::refused(format!(
            "Trying to create too many scroll contexts. Must be less than or equal to: \
             [{SCROLLS_MAX}]: read open scrolls to their end, or keep them for less time"
        )))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Open>> {
        // Each change of the map is one step: it is whole after a panic, too.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn page(&mut self, is_abandoned: &AtomicBool) -> Result<SearchResult> {
        let size = self.body.size;
        if self.ahead.len() < size && self.given + (self.ahead.len() as u64) < self.total {
            let patience = self.body.patience(is_abandoned);
            let window = size.max(SCROLL_AHEAD_HITS);
            let last = self.last.as_ref();
            let finding = find(&self.readers, &self.body, window, last, &patience)?;
            self.take(finding.candidates);
        }
        let page = self.ahead.iter().take(size);
        let hits = fetch::hits(&self.readers, page, &self.body)?;
        // Only what could be read was given.
        self.ahead.drain(..hits.len().min(self.ahead.len()));
        self.given += hits.len() as u64;
        Ok(SearchResult {
            hits,
            total: self.total,
            aggregations: None,
            scroll: None,
        })
    }

    fn take(&mut self, mut found: Vec<Candidate>) {
        if let Some(last) = found.last_mut() {
            self.last = Some(After {
                keys: std::mem::take(&mut last.keys),
                tie: Some(last.tie),
            });
        }
        // What decided the order is not needed any more.
        found.iter_mut().for_each(|it| it.keys = Vec::new());
        self.ahead.extend(found);
    }
}
