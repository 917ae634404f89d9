//! Reads by id.

use serde_json::{Value, json};

use super::write::whole;
use crate::app::{ActionResult, App};
use crate::controllers::{names, specifications};
use crate::error::{
    API_ASSERT_MISSING_ARGUMENT, API_PROCESS_INCOMPLETE_MULTIPLE_REQUEST, ApiError,
    SERVICES_STORAGE_GET_LIMIT_EXCEEDED, SERVICES_STORAGE_NOT_FOUND,
    SERVICES_STORAGE_SEARCH_AS_AN_ID,
};
use crate::request::Request;
use crate::storage::Document;

pub(super) async fn get(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let id = request.id()?;
    if id == "_search" {
        return Err(SERVICES_STORAGE_SEARCH_AS_AN_ID.bare());
    }
    let found = app.storage.get(&at, &[id.to_owned()]).await?.pop();
    match found.flatten() {
        Some(document) => Ok(Some(whole(&document))),
        None => Err(SERVICES_STORAGE_NOT_FOUND.with([id, &*at.index, &*at.collection])),
    }
}

pub(super) async fn exists(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let id = request.id()?.to_owned();
    let found = app.storage.get(&at, &[id]).await?.pop();
    Ok(Some(found.flatten().is_some().into()))
}

/// Whether a document would be accepted.
pub(super) async fn validate(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let document = request.body_object()?.clone();
    Ok(Some(specifications::verdict(app, &at, document)))
}

pub(super) async fn m_get(app: &App, request: &mut Request) -> ActionResult {
    let (successes, errors) = read_many(app, request, |document| whole(&document)).await?;
    // Who asks for nothing gets no list of successes either.
    if successes.is_empty() && errors.is_empty() {
        return Ok(Some(json!({ "errors": [] })));
    }
    Ok(Some(json!({ "successes": successes, "errors": errors })))
}

pub(super) async fn m_exists(app: &App, request: &mut Request) -> ActionResult {
    let (successes, errors) = read_many(app, request, |document| document.id.into()).await?;
    Ok(Some(json!({ "successes": successes, "errors": errors })))
}

/// In the order of the ids, those that exist apart from those that do not.
async fn read_many(
    app: &App,
    request: &Request,
    shown: impl Fn(Document) -> Value,
) -> Result<(Vec<Value>, Vec<Value>), ApiError> {
    let at = names::place(request)?;
    let is_strict = request.flag("strict")?;
    let ids = many_ids(request)?;
    if ids.len() > app.config.limits.documents_fetch_count {
        return Err(SERVICES_STORAGE_GET_LIMIT_EXCEEDED.bare());
    }
    // What is no text is the id of no document.
    let known: Vec<String> = ids
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let mut found = app.storage.get(&at, &known).await?.into_iter();
    let (mut successes, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        let document = if id.is_string() { found.next() } else { None };
        match document.flatten() {
            Some(document) => successes.push(shown(document)),
            None => errors.push(id),
        }
    }
    if is_strict && !errors.is_empty() {
        return Err(API_PROCESS_INCOMPLETE_MULTIPLE_REQUEST
            .with(["get"])
            .listing(errors));
    }
    Ok((successes, errors))
}

/// The list of the body unless it is empty, else the one beside it.
fn many_ids(request: &Request) -> Result<Vec<Value>, ApiError> {
    if let Some(ids) = request.optional_body_array("ids")?
        && !ids.is_empty()
    {
        return Ok(ids.to_vec());
    }
    let ids = request.list("ids")?;
    ids.ok_or_else(|| API_ASSERT_MISSING_ARGUMENT.with(["ids"]))
}
