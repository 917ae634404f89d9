//! Writes of many documents. Each may fail on its own: what can be written is
//! written, and the answer lists what could not be, with reasons.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::item::{Failure, ID_NOT_A_STRING, Item, Kind, NOT_FOUND};
use super::metadata::Metadata;
use super::write::{drop_source, read_retries};
use super::writing::Writing;
use super::{ID, SOURCE};
use crate::app::{ActionResult, App};
use crate::error::{
    API_ASSERT_INVALID_TYPE, API_ASSERT_UNEXPECTED_ARGUMENT,
    API_PROCESS_INCOMPLETE_MULTIPLE_REQUEST, ApiError, SERVICES_STORAGE_WRITE_LIMIT_EXCEEDED,
};
use crate::realtime::DocumentAction;
use crate::request::Request;
use crate::storage::{StoreError, StoreErrorKind, Write, WriteKind, Written};

pub(super) async fn m_create(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::Create).await
}

pub(super) async fn m_create_or_replace(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::CreateOrReplace).await
}

pub(super) async fn m_replace(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::Replace).await
}

pub(super) async fn m_update(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::Update).await
}

pub(super) async fn m_upsert(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::Upsert).await
}

async fn write_all(app: &App, request: &mut Request, kind: Kind) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let is_strict = request.flag("strict")?;
    read_retries(request)?;
    let documents = request.body_array("documents")?;
    check_items(documents, kind)?;
    if documents.len() > app.config.limits.documents_write_count {
        return Err(SERVICES_STORAGE_WRITE_LIMIT_EXCEEDED.bare());
    }

    let mut failures = Vec::new();
    let mut items = Vec::new();
    for document in documents {
        match Item::read(document, kind) {
            Ok(item) => items.push(item),
            Err(failure) => failures.push(failure),
        }
    }
    let metadata = Metadata::of(request);
    let written = write_items(&mut writing, &items, kind, &metadata).await?;
    let mut successes = Vec::new();
    for (item, written) in items.into_iter().zip(written) {
        match written {
            Ok(written) => {
                let success = kind.success(&item, &written, writing.is_silent());
                let action = kind.action(&written);
                writing.note(request, action, &written, || success.clone());
                successes.push(success);
            }
            Err(error) => failures.push(item.failed(kind, error, &metadata)),
        }
    }
    let errors = sort_failures(failures);
    if kind == Kind::CreateOrReplace && !wants_source(request)? {
        successes.iter_mut().for_each(drop_source);
    }
    conclude(writing, is_strict, &request.action, successes, errors).await
}

/// Failures in the order in which they were noticed.
pub(in crate::controllers) fn sort_failures(mut failures: Vec<Failure>) -> Vec<Value> {
    failures.sort_by_key(|it| it.stage);
    failures.into_iter().map(Failure::into_json).collect()
}

/// The answer. A strict request that failed in part is told so, and nobody is
/// told of its writes.
pub(in crate::controllers) async fn conclude(
    writing: Writing<'_>,
    is_strict: bool,
    name: &str,
    successes: Vec<Value>,
    errors: Vec<Value>,
) -> ActionResult {
    if is_strict && !errors.is_empty() {
        return Err(API_PROCESS_INCOMPLETE_MULTIPLE_REQUEST
            .with([name])
            .listing(errors));
    }
    writing.tell().await;
    Ok(Some(json!({ "successes": successes, "errors": errors })))
}

/// What makes the whole request wrong.
pub(in crate::controllers) fn check_items(documents: &[Value], kind: Kind) -> Result<(), ApiError> {
    for (i, document) in documents.iter().enumerate() {
        if document.is_null() {
            let name = format!("body.documents[{i}]");
            return Err(API_ASSERT_INVALID_TYPE.with([name.as_str(), "object"]));
        }
        if document.get(SOURCE).is_some() {
            let name = format!("body.documents.{SOURCE}");
            let known = kind.keys().join(", ");
            return Err(API_ASSERT_UNEXPECTED_ARGUMENT.with([name, known]));
        }
    }
    Ok(())
}

/// Writes all items in order. An id that comes twice in a creation is created
/// and then replaced, unless it was taken before.
async fn write_items(
    writing: &mut Writing<'_>,
    items: &[Item],
    kind: Kind,
    metadata: &Metadata,
) -> Result<Vec<Result<Written, StoreError>>, ApiError> {
    let write = |item: &Item, kind: Kind| Write {
        id: item.id.clone(),
        kind: item.write(kind, metadata),
    };
    let mut seen = HashSet::new();
    let is_again = |item: &Item| match &item.id {
        Some(id) => kind == Kind::Create && !seen.insert(id.clone()),
        None => false,
    };
    let again: Vec<bool> = items.iter().map(is_again).collect();
    let first = items.iter().zip(&again).filter(|(_, again)| !**again);
    let first: Vec<Write> = first.map(|(item, _)| write(item, kind)).collect();
    let mut first = writing.write(first).await?.into_iter();
    if !again.contains(&true) {
        return Ok(first.collect());
    }

    let mut written: Vec<Option<Result<Written, StoreError>>> = again
        .iter()
        .map(|again| if *again { None } else { first.next() })
        .collect();
    let mut second = Vec::new();
    for (i, item) in items.iter().enumerate().filter(|(i, _)| again[*i]) {
        let first = items.iter().position(|it| it.id == item.id);
        match first.and_then(|it| written[it].as_ref()) {
            Some(Err(error)) => written[i] = Some(Err(error.clone())),
            _ => second.push(write(item, Kind::CreateOrReplace)),
        }
    }
    let second = match second.is_empty() {
        true => Vec::new(),
        false => writing.write(second).await?,
    };
    let mut second = second.into_iter();
    let written = written
        .into_iter()
        .filter_map(|it| it.or_else(|| second.next()));
    Ok(written.collect())
}

/// The one flag that takes its value into account over HTTP.
fn wants_source(request: &Request) -> Result<bool, ApiError> {
    match request.args.get("source") {
        None | Some(Value::Null) => Ok(true),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) => Ok(text != "false"),
        Some(_) => Err(API_ASSERT_INVALID_TYPE.with(["source", "boolean"])),
    }
}

pub(super) async fn m_delete(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let is_strict = request.flag("strict")?;
    let given = request.body_array("ids")?;
    if given.len() > app.config.limits.documents_write_count {
        return Err(SERVICES_STORAGE_WRITE_LIMIT_EXCEEDED.bare());
    }
    let failure = |id: &Value, reason: &str, status: u16| json!({ ID: id, "reason": reason, "status": status });
    let (ids, wrong): (Vec<&Value>, Vec<&Value>) = given.iter().partition(|it| it.is_string());
    let mut errors: Vec<Value> = wrong
        .into_iter()
        .map(|it| failure(it, ID_NOT_A_STRING, 400))
        .collect();
    // An id that comes twice is deleted, and reported, once.
    let mut seen = HashSet::new();
    let ids: Vec<&str> = ids
        .into_iter()
        .filter_map(Value::as_str)
        .filter(|it| seen.insert(*it))
        .collect();
    let deletions = ids.iter().map(|id| Write {
        id: Some((*id).to_owned()),
        kind: WriteKind::Delete,
    });
    let written = writing.write(deletions.collect()).await?;

    let mut successes = Vec::new();
    for (id, written) in ids.into_iter().zip(written) {
        match written {
            Ok(written) => {
                writing.note(
                    request,
                    DocumentAction::Delete,
                    &written,
                    || json!({ ID: id, SOURCE: *written.document.source, "body": {} }),
                );
                successes.push(id.into());
            }
            Err(error) => errors.push(match error.kind {
                StoreErrorKind::DocumentNotFound { .. } => failure(&id.into(), NOT_FOUND, 404),
                _ => {
                    let message = error.message.clone();
                    failure(&id.into(), &message, ApiError::from(error).status())
                }
            }),
        }
    }
    conclude(writing, is_strict, "delete", successes, errors).await
}
