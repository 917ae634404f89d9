//! Administration: whole databases loaded and emptied.

use serde_json::{Map, Value, json};

use super::bulk::import;
use super::document::Metadata;
use super::names;
use crate::app::Place::{Body, Query};
use crate::app::{Action, ActionResult, App, action, controller};
use crate::error::{
    API_ASSERT_INVALID_TYPE, API_PROCESS_ACTION_LOCKED, ApiError, SERVICES_STORAGE_IMPORT_FAILED,
};
use crate::request::{Refresh, Request};
use crate::storage::Collection;

pub(super) fn actions() -> Vec<Action> {
    controller(
        "admin",
        [
            waiting(action("loadFixtures", load_fixtures))
                .about(
                    "Writes documents into collections that are there, in the format of \
                     bulk:import; the first collection with failures is the last one. There \
                     is no `result`.",
                )
                .post("/admin/_loadFixtures")
                .required(Body, "body", "object<index,object<collection,bulkArray>>"),
            waiting(action("loadMappings", load_mappings))
                .about(
                    "Creates indexes and collections with these mappings, or adds to those \
                     that are there. `{acknowledge: true}`",
                )
                .post("/admin/_loadMappings")
                .required(Body, "body", "object<index,object<collection,mappings>>"),
            action("refreshIndexCache", refresh_index_cache)
                .about(
                    "Has every node see which indexes and collections there are. There is no \
                     `result`.",
                )
                .post("/admin/_refreshIndexCache"),
            action("resetDatabase", reset_database)
                .about("Deletes every index with all that is in it. `{acknowledge: true}`")
                .post("/admin/_resetDatabase"),
        ],
    )
}

/// Both wait for the end of their work, whatever is asked.
fn waiting(action: Action) -> Action {
    action.optional(Query, "refresh", "enum(wait_for,false)")
}

async fn load_mappings(app: &App, request: &mut Request) -> ActionResult {
    let places = places(request, |it| it.is_object().then(|| it.clone()), "object")?;
    for (at, _) in &places {
        names::check_collection(at)?;
    }
    for (at, mappings) in places {
        app.storage
            .create_collection(&at, &mappings, &json!({}))
            .await?;
    }
    Ok(Some(json!({ "acknowledge": true })))
}

async fn load_fixtures(app: &App, request: &mut Request) -> ActionResult {
    let refresh = request.refresh_lenient(Refresh::WaitFor);
    let metadata = Metadata::of(request);
    let places = places(request, |it| it.as_array().cloned(), "array")?;
    for (at, _) in &places {
        names::check_public(&at.index)?;
        app.storage.mappings(at).await?;
    }
    for (at, lines) in places {
        let imported = import(app, &at, &lines, &metadata, refresh).await?;
        if !imported.errors.is_empty() {
            return Err(SERVICES_STORAGE_IMPORT_FAILED
                .bare()
                .listing(imported.errors));
        }
    }
    Ok(None)
}

/// What the body holds for each collection.
fn places<T>(
    request: &Request,
    read: impl Fn(&Value) -> Option<T>,
    wanted: &str,
) -> Result<Vec<(Collection, T)>, ApiError> {
    let wrong = |path: String, wanted: &str| API_ASSERT_INVALID_TYPE.with([path.as_str(), wanted]);
    let mut places = Vec::new();
    for (index, collections) in request.body_object()? {
        let collections: &Map<String, Value> = collections
            .as_object()
            .ok_or_else(|| wrong(format!("body.{index}"), "object"))?;
        for (collection, content) in collections {
            let content =
                read(content).ok_or_else(|| wrong(format!("body.{index}.{collection}"), wanted))?;
            let at = Collection {
                index: index.as_str().into(),
                collection: collection.as_str().into(),
            };
            places.push((at, content));
        }
    }
    Ok(places)
}

/// This node asks the storage itself each time: there is no cache to refresh.
async fn refresh_index_cache(_: &App, _: &mut Request) -> ActionResult {
    Ok(None)
}

async fn reset_database(app: &App, _: &mut Request) -> ActionResult {
    let Ok(_alone) = app.reset.try_lock() else {
        return Err(API_PROCESS_ACTION_LOCKED.with(["resetDatabase"]));
    };
    for index in app.storage.list_indexes().await? {
        if !names::is_private(&index) {
            app.storage.delete_index(&index).await?;
        }
    }
    Ok(Some(json!({ "acknowledge": true })))
}
