//! Writes of all documents that a query finds: page by page, silent, however many.

use serde_json::json;

use crate::app::{ActionResult, App};
use crate::controllers::document::{Pages, query};
use crate::controllers::names;
use crate::error::{ApiError, SERVICES_STORAGE_INCOMPLETE_UPDATE};
use crate::request::{Refresh, Request};
use crate::storage::{Hit, SearchQuery, StoreError, StoreErrorKind, Write, WriteKind, Written};

pub(super) async fn delete(app: &App, request: &mut Request) -> ActionResult {
    let query = asked(request)?;
    let done = write_all(app, request, query, |_| WriteKind::Delete).await?;
    match done.failure {
        Some(error) => Err(error.into()),
        None => Ok(Some(json!({ "deleted": done.count }))),
    }
}

pub(super) async fn update(app: &App, request: &mut Request) -> ActionResult {
    let query = asked(request)?;
    let changes = request.body_map("changes")?.clone();
    let change = |_: &Hit| WriteKind::Update {
        changes: changes.clone(),
    };
    let done = write_all(app, request, query, change).await?;
    match done.failure {
        None => Ok(Some(json!({ "updated": done.count }))),
        Some(error) => {
            let cause = json!({ "shardId": 0, "reason": error.message });
            let count = done.count.to_string();
            Err(SERVICES_STORAGE_INCOMPLETE_UPDATE
                .with([count])
                .listing(vec![cause]))
        }
    }
}

fn asked(request: &Request) -> Result<SearchQuery, ApiError> {
    let query = request.body_map("query")?;
    query::check_scripts(query)?;
    Ok(match query.is_empty() {
        true => SearchQuery::All,
        false => SearchQuery::Elasticsearch(query.clone().into()),
    })
}

struct Done {
    count: u64,
    /// The first one; nothing is written after the page of it.
    failure: Option<StoreError>,
}

async fn write_all(
    app: &App,
    request: &Request,
    query: SearchQuery,
    kind: impl Fn(&Hit) -> WriteKind,
) -> Result<Done, ApiError> {
    let at = names::place(request)?;
    let mut pages = Pages::of_ids(app, at.clone(), query).await?;
    let mut done = Done {
        count: 0,
        failure: None,
    };
    while let Some(hits) = pages.next().await? {
        let write = |hit: &Hit| Write {
            id: Some(hit.document.id.clone()),
            kind: kind(hit),
        };
        let writes = hits.iter().map(write).collect();
        for written in app.storage.write(&at, writes, Refresh::No).await? {
            done.note(written);
        }
        if done.failure.is_some() {
            break;
        }
    }
    if request.refresh_lenient(Refresh::No) == Refresh::WaitFor {
        app.storage.refresh(&at).await?;
    }
    Ok(done)
}

impl Done {
    fn note(&mut self, written: Result<Written, StoreError>) {
        match written {
            Ok(_) => self.count += 1,
            // Somebody deleted it meanwhile: there is nothing left to write.
            Err(error) if matches!(error.kind, StoreErrorKind::DocumentNotFound { .. }) => (),
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }
}
