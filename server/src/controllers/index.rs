//! Indexes: sets of collections.

use serde_json::{Map, Value, json};

use super::{acknowledged, names};
use crate::app::Place::{Body, Query};
use crate::app::{Action, ActionResult, App, Verb, action, controller};
use crate::error::API_ASSERT_INVALID_TYPE;
use crate::events::Payload;
use crate::request::Request;
use crate::security;
use crate::storage::{Collection, StoreError, StoreErrorKind};

pub(super) fn actions() -> Vec<Action> {
    controller(
        "index",
        [
            action("create", create)
                .about("Creates an index. There is no `result`.")
                .post("/:index/_create"),
            action("delete", delete)
                .about("Deletes an index with all its collections. `{acknowledged: true}`")
                .delete("/:index"),
            action("exists", exists)
                .about("Whether there is such an index. `true` or `false`")
                .get("/:index/_exists"),
            action("list", list)
                .about("All indexes. `{indexes: [name], collections?: {<index>: count}}`")
                .get("/_list")
                .optional(Query, "countCollection", "flag"),
            action("mDelete", m_delete)
                .about(
                    "Deletes those of the indexes that are there and that the user may \
                     delete. `{deleted: [name]}`",
                )
                .delete("/_mDelete")
                .deprecated(Verb::Delete, "/_mdelete", "2.4.0")
                .optional(Body, "indexes", "array<string>"),
            action("stats", stats)
                .about(
                    "How many documents and bytes of JSON each collection holds. `{size, \
                     indexes: [{name, size, collections: [{name, documentCount, size}]}]}`",
                )
                .get("/_storageStats"),
        ],
    )
}

async fn create(app: &App, request: &mut Request) -> ActionResult {
    let index = request.index()?;
    names::check_index(index)?;
    app.storage.create_index(index).await?;
    tell(app, "create", "index", index.into());
    Ok(None)
}

async fn delete(app: &App, request: &mut Request) -> ActionResult {
    let index = request.index()?;
    names::check_public(index)?;
    app.storage.delete_index(index).await?;
    tell(app, "delete", "index", index.into());
    Ok(acknowledged())
}

async fn exists(app: &App, request: &mut Request) -> ActionResult {
    let index = request.index()?;
    let exists = !names::is_private(index) && app.storage.index_exists(index).await?;
    Ok(Some(exists.into()))
}

async fn list(app: &App, request: &mut Request) -> ActionResult {
    let indexes = public_indexes(app).await?;
    if !request.flag("countCollection")? {
        return Ok(Some(json!({"indexes": indexes})));
    }
    let mut counts = Map::new();
    for index in indexes {
        match app.storage.list_collections(&index).await {
            Ok(collections) => counts.insert(index, collections.len().into()),
            Err(error) if is_gone(&error) => continue,
            Err(error) => return Err(error.into()),
        };
    }
    let indexes: Vec<_> = counts.keys().collect();
    Ok(Some(json!({"indexes": indexes, "collections": counts})))
}

async fn public_indexes(app: &App) -> Result<Vec<String>, StoreError> {
    let mut indexes = app.storage.list_indexes().await?;
    indexes.retain(|it| !names::is_private(it));
    Ok(indexes)
}

/// How much the public indexes hold; those without collection are left out.
async fn stats(app: &App, _: &mut Request) -> ActionResult {
    let mut indexes = Vec::new();
    let mut total = 0;
    for index in public_indexes(app).await? {
        let (mut collections, mut size) = (Vec::new(), 0);
        for collection in app
            .storage
            .list_collections(&index)
            .await
            .unwrap_or_default()
        {
            let at = Collection {
                index: index.as_str().into(),
                collection: collection.as_str().into(),
            };
            // Deleted meanwhile: it holds nothing any more.
            let Ok(found) = app.storage.size(&at).await else {
                continue;
            };
            size += found.bytes;
            collections.push(json!({
                "name": collection,
                "documentCount": found.documents,
                "size": found.bytes,
            }));
        }
        if !collections.is_empty() {
            indexes.push(json!({"name": index, "size": size, "collections": collections}));
        }
        total += size;
    }
    Ok(Some(json!({"indexes": indexes, "size": total})))
}

/// Deletes what is there and what the user may delete; the rest is left out of
/// the answer.
async fn m_delete(app: &App, request: &mut Request) -> ActionResult {
    let asked = request.optional_body_array("indexes")?.unwrap_or_default();
    let there = public_indexes(app).await?;
    let mut deleted: Vec<&str> = Vec::new();
    for index in asked {
        let wrong_type = || API_ASSERT_INVALID_TYPE.with(["body.indexes", "array of strings"]);
        let index = index.as_str().ok_or_else(wrong_type)?;
        let user = &request.context.user;
        let is_mine = security::may(user, "index", "delete", Some(index), None);
        if is_mine && there.iter().any(|it| it == index) && !deleted.contains(&index) {
            deleted.push(index);
        }
    }
    for index in deleted.clone() {
        match app.storage.delete_index(index).await {
            Ok(()) => {}
            Err(error) if is_gone(&error) => deleted.retain(|it| *it != index),
            Err(error) => return Err(error.into()),
        }
    }
    tell(app, "mDelete", "indexes", deleted.clone().into());
    Ok(Some(json!({"deleted": deleted})))
}

/// Somebody deleted the index meanwhile.
fn is_gone(error: &StoreError) -> bool {
    matches!(error.kind, StoreErrorKind::UnknownIndex { .. })
}

fn tell(app: &App, change: &str, key: &str, what: Value) {
    let payload = json!({key: what, "scope": "public"});
    let event = format!("core:storage:index:{change}:after");
    app.events.emit(&event, Payload::Json(payload));
}
