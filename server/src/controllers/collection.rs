//! Collections of documents: mappings, settings, life and death.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{acknowledged, names, specifications};
use crate::app::Place::{Body, Query};
use crate::app::{Action, ActionResult, App, Verb, action, controller};
use crate::error::{API_ASSERT_INVALID_ARGUMENT, ApiError};
use crate::events::Payload;
use crate::request::Request;
use crate::storage::Collection;

/// The metadata that every collection maps and that only those see who ask for it.
const METADATA: &str = "_kuzzle_info";

pub(super) fn actions() -> Vec<Action> {
    controller(
        "collection",
        [
            action("create", create)
                .about(
                    "Creates a collection, and its index when there is none; updates it when \
                     it is there. `{acknowledged: true}`",
                )
                .put("/:index/:collection")
                .optional(Body, "mappings", "object")
                .optional(Body, "settings", "object")
                .optional(Body, "properties", "object (deprecated: use mappings)")
                .optional(Body, "dynamic", "string (deprecated: use mappings)")
                .optional(Body, "_meta", "object (deprecated: use mappings)"),
            action("delete", delete)
                .about("Deletes a collection with its documents. `null`")
                .delete("/:index/:collection"),
            action("deleteSpecifications", specifications::delete)
                .about("Deletes the specifications of a collection. `{acknowledged: true}`")
                .delete("/:index/:collection/_specifications"),
            action("exists", exists)
                .about("Whether there is such a collection. `true` or `false`")
                .get("/:index/:collection/_exists"),
            action("getMapping", get_mapping)
                .about("The mappings of a collection. `{dynamic, _meta?, properties}`")
                .get("/:index/:collection/_mapping")
                .optional(Query, "includeKuzzleMeta", "flag"),
            action("getSettings", get_settings)
                .about("The settings of a collection. An object")
                .get("/:index/:collection/_settings"),
            action("getSpecifications", specifications::get)
                .about(
                    "What documents of a collection must look like. `{index, collection, \
                     validation}`",
                )
                .get("/:index/:collection/_specifications"),
            action("list", list)
                .about(
                    "The collections of an index by name, stored ones and those somebody \
                     subscribes to. `{type, collections: [{name, type}], from?, size?}`",
                )
                .get("/:index/_list")
                .optional(Query, "from", "integer")
                .optional(Query, "size", "integer")
                .optional(Query, "type", "enum(all,stored,realtime)"),
            action("refresh", refresh)
                .about("Lets search see all writes so far. `null`")
                .post("/:index/:collection/_refresh"),
            action("scrollSpecifications", specifications::scroll)
                .about(
                    "The next page of a searchSpecifications. `{hits, remaining, scrollId, total}`",
                )
                .get("/validations/_scroll/:scrollId")
                .optional(Query, "scroll", "string"),
            action("searchSpecifications", specifications::search)
                .about(
                    "Finds specifications of all collections. `{hits: [{_id, _score, \
                     _source}], total}`",
                )
                .post("/validations/_search")
                .optional(Query, "from", "integer")
                .optional(Query, "size", "integer")
                .optional(Query, "scroll", "string")
                .optional(Body, "body", "search body"),
            action("truncate", truncate)
                .about(
                    "Deletes all documents, keeps mappings and settings. `{acknowledged: \
                     true}`",
                )
                .delete("/:index/:collection/_truncate"),
            action("update", update)
                .about("Adds to the mappings of a collection, changes its settings. `null`")
                .post("/:index/:collection")
                .optional(Body, "mappings", "object")
                .optional(Body, "settings", "object")
                .optional(Body, "reindexCollection", "boolean"),
            action("updateMapping", update_mapping)
                .about(
                    "Adds to the mappings of a collection; the body is the mappings. The \
                     mappings as they are then",
                )
                .deprecated(Verb::Put, "/:index/:collection/_mapping", "2.1.0")
                .required(Body, "body", "mappings"),
            action("updateSpecifications", specifications::update)
                .about(
                    "Says what documents of a collection must look like from now on: see \
                     [specifications.md](specifications.md). The specifications",
                )
                .put("/:index/:collection/_specifications")
                .required(Body, "body", "specifications"),
            action("validateSpecifications", specifications::validate)
                .about("Whether specifications are well made. `{valid, description?, details?}`")
                .post("/:index/:collection/_validateSpecifications")
                .required(Body, "body", "specifications"),
        ],
    )
}

async fn create(app: &App, request: &mut Request) -> ActionResult {
    let at = names::new_place(request)?;
    let (mappings, settings) = definition(request)?;
    if is_old(request) {
        request.add_deprecation("2.1.0", "mappings belong into body.mappings");
    }
    app.storage
        .create_collection(&at, &mappings, &settings)
        .await?;
    tell(app, "create", &at);
    Ok(acknowledged())
}

/// Mappings and settings of the body. Mappings may also be the body itself, as
/// old clients send them.
fn definition(request: &Request) -> Result<(Value, Value), ApiError> {
    if !is_old(request) {
        return Ok((part(request, "mappings")?, part(request, "settings")?));
    }
    let mut mappings = request.body_object()?.clone();
    mappings.retain(|key, _| key != "mappings" && key != "settings");
    Ok((mappings.into(), part(request, "settings")?))
}

fn is_old(request: &Request) -> bool {
    let keys = ["properties", "dynamic", "_meta"];
    let body = request.body.as_ref().and_then(Value::as_object);
    body.is_some_and(|it| keys.iter().any(|key| it.contains_key(*key)))
}

/// An object of the body; empty when absent.
fn part(request: &Request, name: &str) -> Result<Value, ApiError> {
    let part = request.optional_body_map(name)?;
    Ok(part.cloned().unwrap_or_default().into())
}

async fn delete(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    app.storage.delete_collection(&at).await?;
    tell(app, "delete", &at);
    Ok(Some(Value::Null))
}

async fn exists(app: &App, request: &mut Request) -> ActionResult {
    let exists = app
        .storage
        .collection_exists(&names::place(request)?)
        .await?;
    Ok(Some(exists.into()))
}

async fn get_mapping(app: &App, request: &mut Request) -> ActionResult {
    let with_metadata = request.flag("includeKuzzleMeta")?;
    let mut mappings = app.storage.mappings(&names::place(request)?).await?;
    if !with_metadata {
        hide_metadata(&mut mappings);
    }
    Ok(Some(mappings))
}

fn hide_metadata(mappings: &mut Value) {
    if let Some(properties) = mappings
        .pointer_mut("/properties")
        .and_then(Value::as_object_mut)
    {
        properties.shift_remove(METADATA);
    }
}

async fn get_settings(app: &App, request: &mut Request) -> ActionResult {
    Ok(Some(app.storage.settings(&names::place(request)?).await?))
}

async fn list(app: &App, request: &mut Request) -> ActionResult {
    if request.args.contains_key("type") {
        request.add_deprecation("2.10.2", "the argument type is deprecated");
    }
    let index = request.index()?;
    let kind = request.optional_string("type")?.unwrap_or("all");
    if !["all", "stored", "realtime"].contains(&kind) {
        let expected = "\"all\", \"stored\", \"realtime\"";
        return Err(API_ASSERT_INVALID_ARGUMENT.with(["type", expected]));
    }
    let from = count(request, "from")?;
    let size = count(request, "size")?;

    let mut result = json!({"type": kind});
    if from > 0 || size > 0 {
        result["from"] = from.into();
    }
    if size > 0 {
        result["size"] = size.into();
    }
    let limit = if size > 0 { size } else { usize::MAX };
    let found = collections(app, index, kind).await?;
    let page = found.into_iter().skip(from).take(limit);
    result["collections"] = page
        .map(|(name, kind)| json!({"name": name, "type": kind}))
        .collect();
    Ok(Some(result))
}

/// Types by name; a collection that is stored and listened to is `stored`.
async fn collections(
    app: &App,
    index: &str,
    kind: &str,
) -> Result<BTreeMap<String, &'static str>, ApiError> {
    let mut found = BTreeMap::new();
    if kind != "stored" {
        found.extend(
            app.realtime
                .collections(index)
                .into_iter()
                .map(|it| (it, "realtime")),
        );
    }
    if kind != "realtime" {
        names::check_public(index)?;
        let stored = app.storage.list_collections(index).await?;
        found.extend(stored.into_iter().map(|it| (it, "stored")));
    }
    Ok(found)
}

/// An integer that is not negative; 0 when absent.
fn count(request: &Request, name: &str) -> Result<usize, ApiError> {
    let number = request.integer(name, 0)?;
    usize::try_from(number).map_err(|_| API_ASSERT_INVALID_ARGUMENT.with([name, "0 or more"]))
}

async fn refresh(app: &App, request: &mut Request) -> ActionResult {
    app.storage.refresh(&names::place(request)?).await?;
    Ok(Some(Value::Null))
}

async fn truncate(app: &App, request: &mut Request) -> ActionResult {
    app.storage.truncate(&names::place(request)?).await?;
    Ok(acknowledged())
}

async fn update(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let must_reindex = request.body_flag("reindexCollection")?;
    let (mappings, settings) = (part(request, "mappings")?, part(request, "settings")?);
    app.storage
        .update_collection(&at, &mappings, &settings)
        .await?;
    if must_reindex {
        app.storage.reindex(&at).await?;
    }
    Ok(Some(Value::Null))
}

async fn update_mapping(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let mappings = Value::from(request.body_object()?.clone());
    request.add_deprecation("2.1.0", "use collection:update");
    app.storage
        .update_collection(&at, &mappings, &json!({}))
        .await?;
    let mut mappings = app.storage.mappings(&at).await?;
    hide_metadata(&mut mappings);
    Ok(Some(mappings))
}

fn tell(app: &App, change: &str, at: &Collection) {
    let payload = json!({"index": &*at.index, "collection": &*at.collection, "scope": "public"});
    let event = format!("core:storage:collection:{change}:after");
    app.events.emit(&event, Payload::Json(payload));
}
