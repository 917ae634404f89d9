//! Writes of all documents that a query finds. They are selected first, so that
//! too many are refused before anything is written, and then written one by one,
//! each with its notification.

use serde_json::{Map, Value, json};

use super::item::{Failure, Item, Kind};
use super::metadata::Metadata;
use super::pages::Pages;
use super::write::told_update;
use super::writing::Writing;
use super::{ID, SOURCE, query};
use crate::app::{ActionResult, App};
use crate::controllers::names;
use crate::error::{
    ApiError, SERVICES_STORAGE_INVALID_SEARCH_QUERY, SERVICES_STORAGE_WRITE_LIMIT_EXCEEDED,
};
use crate::realtime::DocumentAction;
use crate::request::Request;
use crate::storage::{StoreErrorKind, Write, WriteKind};

pub(super) async fn delete_by_query(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let with_source = request.flag("source")?;
    check_keys(request)?;
    let ids = select(app, request).await?;
    let deletions = ids.iter().map(|id| Write {
        id: Some(id.clone()),
        kind: WriteKind::Delete,
    });
    let written = writing.write(deletions.collect()).await?;

    let (mut documents, mut deleted) = (Vec::new(), Vec::new());
    for written in written {
        let written = match written {
            Ok(written) => written,
            // Somebody was faster.
            Err(error) if matches!(error.kind, StoreErrorKind::DocumentNotFound { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let document = json!({
            ID: written.document.id,
            SOURCE: *written.document.source,
            "body": {},
        });
        writing.note(request, DocumentAction::Delete, &written, || {
            document.clone()
        });
        let shown = match with_source {
            true => document,
            false => json!({ ID: written.document.id, "body": {} }),
        };
        documents.push(shown);
        deleted.push(written.document.id);
    }
    writing.tell().await;
    Ok(Some(json!({ "documents": documents, "ids": deleted })))
}

pub(super) async fn update_by_query(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let with_source = request.flag("source")?;
    request.body_map("query")?;
    let changes = request.body_map("changes")?.clone();
    let ids = select(app, request).await?;
    let metadata = Metadata::of(request);
    let items = ids.into_iter().map(|id| Item::change(id, changes.clone()));
    let items: Vec<Item> = items.collect();
    let writes = items.iter().map(|item| Write {
        id: item.id.clone(),
        kind: item.write(Kind::Update, &metadata),
    });
    let written = writing.write(writes.collect()).await?;

    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    for (item, written) in items.into_iter().zip(written) {
        match written {
            Ok(written) => {
                writing.note(request, DocumentAction::Update, &written, || {
                    told_update(&written, item.content())
                });
                let mut success = Map::new();
                let document = written.document;
                success.insert(ID.into(), document.id.into());
                if with_source {
                    success.insert(SOURCE.into(), (*document.source).clone());
                }
                success.insert("_version".into(), document.version.into());
                success.insert("status".into(), 200.into());
                successes.push(Value::from(success));
            }
            Err(error) => failures.push(item.failed(Kind::Update, error, &metadata)),
        }
    }
    writing.tell().await;
    let errors: Vec<Value> = failures.into_iter().map(Failure::into_json).collect();
    Ok(Some(json!({ "successes": successes, "errors": errors })))
}

/// No query is a query for everything: who forgot to wrap one would lose all.
fn check_keys(request: &Request) -> Result<(), ApiError> {
    let body = request.body.as_ref().and_then(Value::as_object);
    let stray = body.and_then(|it| it.keys().find(|key| *key != "query"));
    match stray {
        Some(key) => Err(SERVICES_STORAGE_INVALID_SEARCH_QUERY.with([key])),
        None => Ok(()),
    }
}

/// The ids of what the query finds, unless they are too many to be written.
async fn select(app: &App, request: &Request) -> Result<Vec<String>, ApiError> {
    let limit = app.config.limits.documents_write_count;
    let query = request
        .optional_body_map("query")?
        .cloned()
        .unwrap_or_default();
    query::check_scripts(&query)?;
    let query = query::query(request, Some(query.into()))?;
    let mut pages = Pages::of_ids(app, names::place(request)?, query).await?;
    if pages.total() > limit as u64 {
        return Err(SERVICES_STORAGE_WRITE_LIMIT_EXCEEDED.bare());
    }
    let mut ids = Vec::new();
    while let Some(hits) = pages.next().await? {
        ids.extend(hits.into_iter().map(|it| it.document.id));
    }
    Ok(ids)
}
