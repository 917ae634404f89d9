//! Search, scroll and count: the storage answers.

use serde_json::{Map, Value, json};

use super::{ID, SOURCE, query};
use crate::app::{ActionResult, App};
use crate::controllers::names;
use crate::error::SERVICES_STORAGE_UNKNOWN_SCROLL_ID;
use crate::request::Request;
use crate::storage::{Hit, SearchRequest, SearchResult};

pub(super) async fn search(app: &App, request: &mut Request) -> ActionResult {
    let at = query::targets(request)?;
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
    let found = app.storage.search(&at, search).await?;
    Ok(Some(to_json(found)))
}

/// The next page of a search.
pub(super) async fn scroll(app: &App, request: &mut Request) -> ActionResult {
    let id = request.string("scrollId")?;
    let keep = match request.optional_string("scroll")? {
        Some(text) => query::kept(app, text)?,
        None => app.config.services.storage_engine.defaults.scroll_ttl,
    };
    let found = app.storage.scroll(id, keep).await?;
    // Private collections have scrolls of their own.
    if found.hits.iter().any(|it| names::is_private(&it.at.index)) {
        return Err(SERVICES_STORAGE_UNKNOWN_SCROLL_ID.bare());
    }
    Ok(Some(to_json(found)))
}

pub(super) async fn count(app: &App, request: &mut Request) -> ActionResult {
    let at = [names::place(request)?];
    let mut body = query::checked(request.body.as_ref())?;
    let query = query::query(request, body.shift_remove("query"))?;
    let count = app.storage.count(&at, &query).await?;
    Ok(Some(json!({ "count": count })))
}

/// A page of hits, as every search answers it.
pub(in crate::controllers) fn to_json(found: SearchResult) -> Value {
    let mut result = Map::new();
    if let Some(aggregations) = found.aggregations {
        result.insert("aggregations".into(), aggregations);
    }
    let hits: Vec<Value> = found.hits.into_iter().map(hit_to_json).collect();
    result.insert("hits".into(), hits.into());
    if let Some(scroll) = found.scroll {
        result.insert("remaining".into(), scroll.remaining.into());
        result.insert("scrollId".into(), scroll.id.into());
    }
    result.insert("total".into(), found.total.into());
    result.into()
}

fn hit_to_json(hit: Hit) -> Value {
    let mut result = Map::new();
    result.insert(ID.into(), hit.document.id.into());
    result.insert("_score".into(), json!(hit.score));
    if !hit.document.source.is_null() {
        result.insert(SOURCE.into(), (*hit.document.source).clone());
    }
    result.insert("collection".into(), (*hit.at.collection).into());
    let index = names::public(&hit.at.index);
    result.insert("index".into(), index.into());
    result.into()
}
