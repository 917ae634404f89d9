//! Writes of one document.

use serde_json::{Map, Value, json};

use super::metadata::{self, Metadata};
use super::writing::{Writing, check_content, updated_fields};
use super::{ID, METADATA, SOURCE};
use crate::app::{ActionResult, App};
use crate::controllers::specifications;
use crate::error::{API_ASSERT_INVALID_TYPE, ApiError};
use crate::realtime::DocumentAction;
use crate::request::{Refresh, Request};
use crate::storage::{Collection, Document, Write, WriteKind, Written};
use crate::validation::Mode;

pub(super) async fn create(app: &App, request: &mut Request) -> ActionResult {
    let refresh = request.refresh_lenient(Refresh::No);
    let mut writing = Writing::new(app, request, refresh)?;
    let id = request.optional_id()?.map(str::to_owned);
    let mut source = content(request)?;
    specifications::check(app, writing.place(), &mut source, Mode::Whole)?;
    let metadata = Metadata::of(request).created();
    let metadata = metadata::inject(app, request, metadata).await?;
    metadata::put(&mut source, metadata);

    let kind = WriteKind::Create { source };
    let written = writing.write_one(Write { id, kind }).await?;
    let result = whole(&written.document);
    writing.note(request, DocumentAction::Create, &written, || result.clone());
    writing.tell().await;
    Ok(Some(result))
}

pub(super) async fn create_or_replace(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let id = Some(request.id()?.to_owned());
    let mut source = content(request)?;
    specifications::check(app, writing.place(), &mut source, Mode::Whole)?;
    let metadata = Metadata::of(request).replaced();
    let metadata = metadata::inject(app, request, metadata).await?;
    metadata::put(&mut source, metadata);

    let kind = WriteKind::CreateOrReplace { source };
    let written = writing.write_one(Write { id, kind }).await?;
    let mut result = whole(&written.document);
    result["created"] = written.created.into();
    let action = created_or(DocumentAction::Replace, &written);
    writing.note(request, action, &written, || result.clone());
    writing.tell().await;
    Ok(Some(result))
}

pub(super) async fn replace(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let id = Some(request.id()?.to_owned());
    let mut sent = content(request)?;
    specifications::check(app, writing.place(), &mut sent, Mode::Whole)?;
    let metadata = Metadata::of(request).replaced();
    let metadata = metadata::inject(app, request, metadata).await?;
    let mut source = sent.clone();
    metadata::put(&mut source, metadata);

    let kind = WriteKind::Replace { source };
    let written = writing.write_one(Write { id, kind }).await?;
    writing.note(
        request,
        DocumentAction::Replace,
        &written,
        || json!({ ID: written.document.id, SOURCE: sent }),
    );
    writing.tell().await;
    Ok(Some(whole(&written.document)))
}

pub(super) async fn update(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let id = Some(request.id()?.to_owned());
    let with_source = request.flag("source")?;
    read_retries(request)?;
    let mut sent = content(request)?;
    check_changes(app, writing.place(), request.id()?, &mut sent).await?;
    let metadata = Metadata::of(request).updated();
    let metadata = metadata::inject(app, request, metadata).await?;
    let mut changes = sent.clone();
    metadata::put(&mut changes, metadata);

    let kind = WriteKind::Update { changes };
    let written = writing.write_one(Write { id, kind }).await?;
    writing.note(request, DocumentAction::Update, &written, || {
        told_update(&written, &sent)
    });
    writing.tell().await;
    let mut result = whole(&written.document);
    if !with_source {
        let mut shown = sent;
        metadata::put(&mut shown, written.document.source[METADATA].clone());
        result[SOURCE] = shown.into();
    }
    Ok(Some(result))
}

pub(super) async fn upsert(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let id = Some(request.id()?.to_owned());
    let with_source = request.flag("source")?;
    read_retries(request)?;
    let mut changes = request.body_map("changes")?.clone();
    let mut creation = request
        .optional_body_map("default")?
        .cloned()
        .unwrap_or_default();
    for part in [&mut changes, &mut creation] {
        check_content(part)?;
        part.shift_remove(METADATA);
    }
    merge(&mut creation, &changes);
    let sent = changes.clone();
    let metadata = metadata::inject_upsert(app, request, &Metadata::of(request)).await?;
    metadata::put(&mut creation, metadata.clone());
    metadata::put(&mut changes, metadata);

    let kind = WriteKind::Upsert { changes, creation };
    let written = writing.write_one(Write { id, kind }).await?;
    let mut result = whole(&written.document);
    result["created"] = written.created.into();
    let action = created_or(DocumentAction::Update, &written);
    writing.note(request, action, &written, || match written.created {
        true => (*written.document.source).clone(),
        false => told_update(&written, &sent),
    });
    writing.tell().await;
    if !with_source {
        drop_source(&mut result);
    }
    Ok(Some(result))
}

pub(super) async fn delete_fields(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let id = Some(request.id()?.to_owned());
    let with_source = request.flag("source")?;
    let paths = request.body_array("fields")?.iter().enumerate();
    let paths = paths
        .map(|(i, it)| it.as_str().map(str::to_owned).ok_or(i))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|i| {
            API_ASSERT_INVALID_TYPE.with([format!("body.fields[{i}]"), "string".into()])
        })?;
    let mut changes = Map::new();
    metadata::put(&mut changes, Metadata::of(request).updated());

    let kind = WriteKind::DeleteFields { paths, changes };
    let written = writing.write_one(Write { id, kind }).await?;
    writing.note(
        request,
        DocumentAction::Update,
        &written,
        || json!({ ID: written.document.id, SOURCE: *written.document.source }),
    );
    writing.tell().await;
    let mut result = whole(&written.document);
    if !with_source {
        drop_source(&mut result);
    }
    Ok(Some(result))
}

pub(super) async fn delete(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let id = Some(request.id()?.to_owned());
    let with_source = request.flag("source")?;

    let kind = WriteKind::Delete;
    let written = writing.write_one(Write { id, kind }).await?;
    writing.note(request, DocumentAction::Delete, &written, || {
        whole(&written.document)
    });
    writing.tell().await;
    Ok(Some(match with_source {
        true => whole(&written.document),
        false => json!({ ID: written.document.id }),
    }))
}

/// The document that the client sent, without metadata.
fn content(request: &Request) -> Result<Map<String, Value>, ApiError> {
    let mut content = request.body_object()?.clone();
    check_content(&content)?;
    content.shift_remove(METADATA);
    Ok(content)
}

/// Checks a document as it will be with the changes. Defaults for what the
/// changes set to null become part of them.
async fn check_changes(
    app: &App,
    at: &Collection,
    id: &str,
    changes: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let Some(specification) = app.validation.find(at) else {
        return Ok(());
    };
    let found = app.storage.get(at, &[id.to_owned()]).await?.pop().flatten();
    // The write itself says that there is no such document.
    let Some(document) = found else {
        return Ok(());
    };
    let mut whole = document.source.as_object().cloned().unwrap_or_default();
    whole.shift_remove(METADATA);
    merge(&mut whole, changes);
    specification
        .check(&mut whole, Mode::Changed)
        .into_result()?;
    for (key, value) in changes.iter_mut().filter(|it| it.1.is_null()) {
        if let Some(default) = whole.get(key) {
            *value = default.clone();
        }
    }
    Ok(())
}

/// Writers of one document never conflict here: they wait for each other. So the
/// number of retries is only checked to be one.
pub(super) fn read_retries(request: &Request) -> Result<(), ApiError> {
    request.integer("retryOnConflict", 0).map(|_| ())
}

pub(in crate::controllers) fn whole(document: &Document) -> Value {
    json!({ ID: document.id, SOURCE: *document.source, "_version": document.version })
}

pub(super) fn told_update(written: &Written, sent: &Map<String, Value>) -> Value {
    json!({
        ID: written.document.id,
        SOURCE: *written.document.source,
        "_updatedFields": updated_fields(sent),
    })
}

pub(in crate::controllers) fn created_or(
    otherwise: DocumentAction,
    written: &Written,
) -> DocumentAction {
    match written.created {
        true => DocumentAction::Create,
        false => otherwise,
    }
}

pub(super) fn drop_source(result: &mut Value) {
    if let Some(result) = result.as_object_mut() {
        result.shift_remove(SOURCE);
    }
}

/// Merges objects deeply and replaces everything else, as updates do.
pub(super) fn merge(into: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (key, value) in changes {
        match (into.get_mut(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}
