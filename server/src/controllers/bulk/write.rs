//! Documents written as they are.

use serde_json::Value;

use crate::app::{ActionResult, App};
use crate::controllers::document::{
    Item, ItemKind, Writing, check_content, check_items, conclude, created_or, sort_failures, whole,
};
use crate::controllers::names;
use crate::realtime::DocumentAction;
use crate::request::{Refresh, Request};
use crate::storage::{Write, WriteKind};

pub(super) async fn write(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = writing(app, request)?;
    let id = request.optional_id()?.map(str::to_owned);
    let source = request.body_object()?.clone();
    check_content(&source)?;

    let kind = WriteKind::CreateOrReplace { source };
    let written = writing.write_one(Write { id, kind }).await?;
    let mut result = whole(&written.document);
    result["created"] = written.created.into();
    let action = created_or(DocumentAction::Replace, &written);
    writing.note(request, action, &written, || result.clone());
    writing.tell().await;
    Ok(Some(result))
}

pub(super) async fn write_many(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = writing(app, request)?;
    let is_strict = request.flag("strict")?;
    let kind = ItemKind::CreateOrReplace;
    let documents = request.body_array("documents")?;
    check_items(documents, kind)?;
    let (mut items, mut failures) = (Vec::new(), Vec::new());
    for document in documents {
        match Item::read_bare(document, kind) {
            Ok(item) => items.push(item),
            Err(failure) => failures.push(failure),
        }
    }
    let writes = items.iter().map(|item| Write {
        id: item.id.clone(),
        kind: WriteKind::CreateOrReplace {
            source: item.content().clone(),
        },
    });
    let written = writing.write(writes.collect()).await?;
    let mut successes: Vec<Value> = Vec::new();
    for (item, written) in items.into_iter().zip(written) {
        match written {
            Ok(written) => {
                let success = kind.success(&item, &written, false);
                writing.note(request, kind.action(&written), &written, || success.clone());
                successes.push(success);
            }
            Err(error) => failures.push(item.refused(error)),
        }
    }
    let errors = sort_failures(failures);
    conclude(writing, is_strict, &request.action, successes, errors).await
}

fn writing<'a>(app: &'a App, request: &Request) -> Result<Writing<'a>, crate::error::ApiError> {
    let refresh = request.refresh_lenient(Refresh::No);
    let is_silent = !request.flag("notify")?;
    Ok(Writing::at(app, names::place(request)?, refresh, is_silent))
}
