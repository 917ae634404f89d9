//! Specifications of collections: kept among the private documents, checked on
//! writes. See `validation` for what they say.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::document::{query, to_json};
use super::{acknowledged, names};
use crate::app::{ActionResult, App};
use crate::error::{
    API_ASSERT_BODY_REQUIRED, API_ASSERT_INVALID_TYPE, ApiError,
    SERVICES_STORAGE_UNKNOWN_SCROLL_ID, VALIDATION_ASSERT_INVALID_SPECIFICATIONS,
    VALIDATION_ASSERT_NOT_FOUND,
};
use crate::request::Request;
use crate::storage::{
    Collection, Refresh, SearchRequest, StoreError, StoreErrorKind, Write, WriteKind,
};
use crate::validation::{Mode, Report};

const COLLECTION: &str = "validations";

/// So many are loaded at the start.
const LOADED_MAX: u64 = 1000;

/// Stored documents hold `{index, collection, validation}`.
const VALIDATION: &str = "validation";

pub(super) async fn get(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let not_found = || VALIDATION_ASSERT_NOT_FOUND.with([&*at.index, &*at.collection]);
    let found = app
        .storage
        .get(&names::private(COLLECTION), &[id(&at)])
        .await;
    let found = match found {
        Ok(found) => found.into_iter().next().flatten(),
        Err(error) if is_absent(&error) => None,
        Err(error) => return Err(error.into()),
    };
    let document = found.ok_or_else(not_found)?;
    let mut specification = document.source.as_object().cloned().unwrap_or_default();
    specification.retain(|key, _| ["index", "collection", VALIDATION].contains(&key.as_str()));
    Ok(Some(specification.into()))
}

pub(super) async fn update(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let body = body(request)?;
    let parsed = app.validation.parse(&at, &body).map_err(|errors| {
        VALIDATION_ASSERT_INVALID_SPECIFICATIONS.with([reasons(&errors).join("; ")])
    })?;
    let private = names::private(COLLECTION);
    if !app.storage.collection_exists(&private).await? {
        app.storage
            .create_collection(&private, &mappings(), &json!({}))
            .await?;
    }
    let source = json!({
        "index": &*at.index,
        "collection": &*at.collection,
        VALIDATION: body,
    });
    let Value::Object(source) = source else {
        return Ok(None);
    };
    let write = Write {
        id: Some(id(&at)),
        kind: WriteKind::CreateOrReplace { source },
    };
    for written in app
        .storage
        .write(&private, vec![write], Refresh::WaitFor)
        .await?
    {
        written?;
    }
    app.validation.put(at, Some(parsed));
    Ok(Some(body))
}

pub(super) async fn validate(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    Ok(Some(match app.validation.parse(&at, &body(request)?) {
        Ok(_) => json!({ "valid": true }),
        Err(errors) => json!({
            "valid": false,
            "description": "the specifications are wrong: see details",
            "details": reasons(&errors),
        }),
    }))
}

pub(super) async fn delete(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let write = Write {
        id: Some(id(&at)),
        kind: WriteKind::Delete,
    };
    let private = names::private(COLLECTION);
    match app
        .storage
        .write(&private, vec![write], Refresh::WaitFor)
        .await
    {
        Ok(written) => {
            for written in written {
                match written {
                    Err(error) if !is_absent(&error) => return Err(error.into()),
                    _ => (),
                }
            }
        }
        Err(error) if is_absent(&error) => (),
        Err(error) => return Err(error.into()),
    }
    configure(app, &at);
    Ok(acknowledged())
}

pub(super) async fn search(app: &App, request: &mut Request) -> ActionResult {
    let mut body = query::search_body(request)?;
    let (from, size) = query::page(app, request, &mut body)?;
    let scroll = query::scroll(app, request, body.shift_remove("scroll"))?;
    let query = query::query(request, body.shift_remove("query"))?;
    let search = SearchRequest {
        query,
        body,
        from,
        size,
        scroll,
    };
    match app
        .storage
        .search(&[names::private(COLLECTION)], search)
        .await
    {
        Ok(found) => Ok(Some(to_json(found))),
        Err(error) if is_absent(&error) => Ok(Some(json!({ "hits": [], "total": 0 }))),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn scroll(app: &App, request: &mut Request) -> ActionResult {
    let id = request.string("scrollId")?;
    let keep: Duration = match request.optional_string("scroll")? {
        Some(text) => query::kept(app, text)?,
        None => app.config.services.storage_engine.defaults.scroll_ttl,
    };
    let found = app.storage.scroll(id, keep).await?;
    // Scrolls of other collections are not to be read from here.
    if found
        .hits
        .iter()
        .any(|it| it.at != names::private(COLLECTION))
    {
        return Err(SERVICES_STORAGE_UNKNOWN_SCROLL_ID.bare());
    }
    Ok(Some(to_json(found)))
}

/// Reads all specifications when the server starts. What cannot be read is told
/// in the log, and its collection goes without.
pub(crate) async fn load(app: &App) -> Result<(), ApiError> {
    for (index, collections) in &app.config.validation {
        for collection in collections.as_object().into_iter().flat_map(Map::keys) {
            configure(app, &place(index, collection));
        }
    }
    let private = names::private(COLLECTION);
    if !app.storage.collection_exists(&private).await? {
        return Ok(());
    }
    let search = SearchRequest {
        size: LOADED_MAX,
        ..SearchRequest::default()
    };
    for hit in app.storage.search(&[private], search).await?.hits {
        let source = &hit.document.source;
        match (source["index"].as_str(), source["collection"].as_str()) {
            (Some(index), Some(collection)) => {
                put(app, place(index, collection), &source[VALIDATION]);
            }
            _ => tracing::warn!(
                id = hit.document.id,
                "a stored specification names no collection"
            ),
        }
    }
    Ok(())
}

/// What the configuration says of a collection stands where nothing is stored.
fn configure(app: &App, at: &Collection) {
    let by_index = app.config.validation.get(&*at.index);
    match by_index.and_then(|it| it.get(&*at.collection)) {
        Some(specification) => put(app, at.clone(), specification),
        None => app.validation.put(at.clone(), None),
    }
}

fn put(app: &App, at: Collection, specification: &Value) {
    match app.validation.parse(&at, specification) {
        Ok(parsed) => app.validation.put(at, Some(parsed)),
        Err(errors) => {
            let reasons = reasons(&errors).join("; ");
            tracing::warn!(
                index = &*at.index,
                collection = &*at.collection,
                reasons,
                "a specification is wrong: it is not applied"
            );
        }
    }
}

/// Checks a document against the specification of its collection, if there is
/// one, and fills in defaults.
pub(super) fn check(
    app: &App,
    at: &Collection,
    document: &mut Map<String, Value>,
    mode: Mode,
) -> Result<(), ApiError> {
    match app.validation.find(at) {
        Some(specification) => specification.check(document, mode).into_result(),
        None => Ok(()),
    }
}

/// `{valid, errorMessages}` of a document that is not written.
pub(super) fn verdict(app: &App, at: &Collection, mut document: Map<String, Value>) -> Value {
    let report = match app.validation.find(at) {
        Some(specification) => specification.check(&mut document, Mode::Whole),
        None => Report::default(),
    };
    json!({ "valid": report.is_valid(), "errorMessages": report.to_json() })
}

fn body(request: &Request) -> Result<Value, ApiError> {
    match &request.body {
        None => Err(API_ASSERT_BODY_REQUIRED.bare()),
        Some(body @ Value::Object(_)) => Ok(body.clone()),
        Some(_) => Err(API_ASSERT_INVALID_TYPE.with(["body", "object"])),
    }
}

fn mappings() -> Value {
    json!({
        "dynamic": "false",
        "properties": {
            "index": { "type": "keyword" },
            "collection": { "type": "keyword" },
            VALIDATION: { "enabled": false },
        },
    })
}

fn id(at: &Collection) -> String {
    format!("{}#{}", at.index, at.collection)
}

fn place(index: &str, collection: &str) -> Collection {
    Collection {
        index: index.into(),
        collection: collection.into(),
    }
}

fn reasons(errors: &[ApiError]) -> Vec<String> {
    errors.iter().map(|it| it.message.clone()).collect()
}

/// Nothing was ever stored.
fn is_absent(error: &StoreError) -> bool {
    matches!(
        error.kind,
        StoreErrorKind::UnknownIndex { .. }
            | StoreErrorKind::UnknownCollection { .. }
            | StoreErrorKind::DocumentNotFound { .. }
    )
}
