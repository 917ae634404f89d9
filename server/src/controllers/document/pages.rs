//! All documents that a query finds, page by page, as they were when the first
//! page was read.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::app::App;
use crate::storage::{Collection, Hit, Scroll, SearchQuery, SearchRequest, Storage, StoreError};

/// Documents of a page: many enough to be quick, few enough to be held in memory.
const SIZE: u64 = 1000;

/// How long a place is kept between two pages.
const KEEP: Duration = Duration::from_secs(60);

/// A walk over everything that a query finds.
pub(in crate::controllers) struct Pages {
    storage: Arc<dyn Storage>,
    keep: Duration,
    total: u64,
    next: Next,
}

enum Next {
    /// The page is here already.
    Read(Vec<Hit>, Option<Scroll>),
    At(String),
    End,
}

impl Pages {
    /// The ids alone; sources are `null`.
    pub(in crate::controllers) async fn of_ids(
        app: &App,
        at: Collection,
        query: SearchQuery,
    ) -> Result<Self, StoreError> {
        let body = Map::from_iter([("_source".to_owned(), Value::Bool(false))]);
        Self::open(app, at, query, body, (SIZE, KEEP)).await
    }

    pub(in crate::controllers) async fn open(
        app: &App,
        at: Collection,
        query: SearchQuery,
        body: Map<String, Value>,
        (size, keep): (u64, Duration),
    ) -> Result<Self, StoreError> {
        let search = SearchRequest {
            query,
            body,
            size,
            from: 0,
            scroll: Some(keep),
        };
        let found = app.storage.search(&[at], search).await?;
        Ok(Self {
            storage: Arc::clone(&app.storage),
            keep,
            total: found.total,
            next: Next::Read(found.hits, found.scroll),
        })
    }

    /// Of all pages.
    pub(in crate::controllers) fn total(&self) -> u64 {
        self.total
    }

    /// `None` after the last page.
    pub(in crate::controllers) async fn next(&mut self) -> Result<Option<Vec<Hit>>, StoreError> {
        let (hits, scroll) = match std::mem::replace(&mut self.next, Next::End) {
            Next::End => return Ok(None),
            Next::Read(hits, scroll) => (hits, scroll),
            Next::At(id) => {
                let found = self.storage.scroll(&id, self.keep).await?;
                (found.hits, found.scroll)
            }
        };
        if let Some(scroll) = scroll.filter(|it| it.remaining > 0) {
            self.next = Next::At(scroll.id);
        }
        Ok(Some(hits).filter(|it| !it.is_empty()))
    }
}
