//! What a request looks for: the body of a search, checked, with its page, its
//! query and the collections to look in.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::app::App;
use crate::config::parse_duration;
use crate::controllers::names;
use crate::error::{
    API_ASSERT_EMPTY_ARGUMENT, API_ASSERT_INVALID_ARGUMENT, API_ASSERT_INVALID_TYPE,
    API_ASSERT_MISSING_ARGUMENT, ApiError, SERVICES_STORAGE_GET_LIMIT_EXCEEDED,
    SERVICES_STORAGE_INVALID_MULTI_INDEX_COLLECTION_USAGE, SERVICES_STORAGE_INVALID_QUERY_KEYWORD,
    SERVICES_STORAGE_INVALID_SEARCH_QUERY, SERVICES_STORAGE_INVALID_TARGET_FORMAT,
    SERVICES_STORAGE_NO_ROUTING, SERVICES_STORAGE_SCROLL_DURATION_TOO_GREAT,
    SERVICES_STORAGE_UNEXPECTED_BAD_REQUEST,
};
use crate::request::{Language, Request};
use crate::storage::{self, Collection, SearchQuery};

/// What a search body may hold at its root.
const KEYS: &[&str] = &[
    "aggregations",
    "aggs",
    "collapse",
    "explain",
    "fields",
    "from",
    "highlight",
    "post_filter",
    "query",
    "search_after",
    "search_timeout",
    "size",
    "sort",
    "suggest",
    "_name",
    "_source",
    "_source_excludes",
    "_source_includes",
];

/// `from` + `size` must not exceed it: a page is found by ranking all before it.
const WINDOW_MAX: u64 = 10_000;

const SIZE_DEFAULT: u64 = 10;

/// Over HTTP GET the body comes as JSON text in the query string.
pub(in crate::controllers) fn search_body(
    request: &Request,
) -> Result<Map<String, Value>, ApiError> {
    let http = request.context.http.as_ref();
    if http.is_some_and(|it| it.verb == "GET") {
        let body = request.optional_object("searchBody")?;
        return checked(body.map(Value::from).as_ref());
    }
    checked(request.body.as_ref())
}

pub(in crate::controllers) fn checked(
    body: Option<&Value>,
) -> Result<Map<String, Value>, ApiError> {
    let body = match body {
        None => return Ok(Map::new()),
        Some(Value::Object(body)) => body,
        Some(_) => return Err(API_ASSERT_INVALID_TYPE.with(["body", "object"])),
    };
    if body.contains_key("_routing") {
        return Err(SERVICES_STORAGE_NO_ROUTING.bare());
    }
    if let Some(key) = body.keys().find(|it| !KEYS.contains(&it.as_str())) {
        return Err(SERVICES_STORAGE_INVALID_SEARCH_QUERY.with([key]));
    }
    check_scripts(body)?;
    Ok(body.clone())
}

/// Anywhere in the body, scripts may only be named, never brought along.
pub(in crate::controllers) fn check_scripts(object: &Map<String, Value>) -> Result<(), ApiError> {
    for (key, value) in object {
        if key == "script" || key == "_script" {
            let Value::Object(script) = value else {
                return Err(SERVICES_STORAGE_INVALID_QUERY_KEYWORD.with([key]));
            };
            if let Some(other) = script.keys().find(|it| *it != "id" && *it != "params") {
                let name = format!("{key}.{other}");
                return Err(SERVICES_STORAGE_INVALID_QUERY_KEYWORD.with([name]));
            }
        }
        check_scripts_in(value)?;
    }
    Ok(())
}

fn check_scripts_in(value: &Value) -> Result<(), ApiError> {
    match value {
        Value::Object(object) => check_scripts(object),
        Value::Array(array) => array.iter().try_for_each(check_scripts_in),
        _ => Ok(()),
    }
}

/// The arguments beside the body win over those inside it.
pub(in crate::controllers) fn page(
    app: &App,
    request: &Request,
    body: &mut Map<String, Value>,
) -> Result<(u64, u64), ApiError> {
    let mut number = |name: &str, default: u64| {
        let in_body = body.shift_remove(name).filter(|it| !it.is_null());
        let given = match (request.args.get(name), &in_body) {
            (None | Some(Value::Null), None) => return Ok(default),
            (None | Some(Value::Null), Some(_)) => {
                in_body.as_ref().and_then(Value::as_u64).ok_or(name)
            }
            _ => u64::try_from(request.integer(name, 0)?).map_err(|_| name),
        };
        given.map_err(|name| API_ASSERT_INVALID_ARGUMENT.with([name, "an integer, 0 or more"]))
    };
    let from = number("from", 0)?;
    let size = number("size", SIZE_DEFAULT)?;
    if size.saturating_sub(from) > app.config.limits.documents_fetch_count as u64 {
        return Err(SERVICES_STORAGE_GET_LIMIT_EXCEEDED.bare());
    }
    if from.saturating_add(size) > WINDOW_MAX {
        return Err(SERVICES_STORAGE_UNEXPECTED_BAD_REQUEST.with([format!(
            "from + size must be at most {WINDOW_MAX}, got {from} + {size}"
        )]));
    }
    Ok((from, size))
}

pub(in crate::controllers) fn query(
    request: &Request,
    query: Option<Value>,
) -> Result<SearchQuery, ApiError> {
    let language = request.language()?;
    let query = match query {
        None | Some(Value::Null) => return Ok(SearchQuery::All),
        Some(Value::Object(query)) if query.is_empty() => return Ok(SearchQuery::All),
        Some(query @ Value::Object(_)) => query,
        Some(_) => return Err(API_ASSERT_INVALID_TYPE.with(["body.query", "object"])),
    };
    match language {
        Language::Elasticsearch => Ok(SearchQuery::Elasticsearch(query)),
        Language::Koncorde => {
            let query = storage::to_elasticsearch(&query)?;
            Ok(SearchQuery::Elasticsearch(query))
        }
    }
}

/// How long the place of a scroll is kept, when one is asked for.
pub(in crate::controllers) fn scroll(
    app: &App,
    request: &Request,
    in_body: Option<Value>,
) -> Result<Option<Duration>, ApiError> {
    let given = match request.optional_string("scroll")? {
        Some(text) => Some(text.to_owned()),
        None => in_body.and_then(|it| it.as_str().map(str::to_owned)),
    };
    given.map(|it| kept(app, &it)).transpose()
}

/// The time that a text asks for, within what is allowed.
pub(in crate::controllers) fn kept(app: &App, text: &str) -> Result<Duration, ApiError> {
    let duration = parse_duration(text)
        .filter(|it| !it.is_zero())
        .ok_or_else(|| {
            let reason = format!("[{text}] is no duration: scroll takes texts such as 30s or 1m");
            SERVICES_STORAGE_UNEXPECTED_BAD_REQUEST.with([reason])
        })?;
    match duration > app.config.services.storage_engine.max_scroll_duration {
        true => Err(SERVICES_STORAGE_SCROLL_DURATION_TOO_GREAT.with([text])),
        false => Ok(duration),
    }
}

/// Where to search: one collection, or all those of `targets`.
pub(super) fn targets(request: &Request) -> Result<Vec<Collection>, ApiError> {
    let targets = request.optional_array("targets")?.unwrap_or_default();
    if targets.is_empty() {
        let at = names::place(request)?;
        if is_multiple(&at.index) || is_multiple(&at.collection) {
            return Err(SERVICES_STORAGE_INVALID_MULTI_INDEX_COLLECTION_USAGE.bare());
        }
        return Ok(vec![at]);
    }
    let mut at = Vec::new();
    for (i, target) in targets.iter().enumerate() {
        let path = format!("targets[{i}]");
        if !target.is_object() {
            return Err(API_ASSERT_INVALID_TYPE.with([path.as_str(), "object"]));
        }
        let index = target_name(&target["index"], &format!("{path}.index"))?;
        let path = format!("{path}.collections");
        let collections = match &target["collections"] {
            Value::Null => return Err(API_ASSERT_MISSING_ARGUMENT.with([path])),
            Value::Array(collections) if collections.is_empty() => {
                return Err(API_ASSERT_EMPTY_ARGUMENT.with([path]));
            }
            Value::Array(collections) => collections,
            _ => return Err(API_ASSERT_INVALID_TYPE.with([path.as_str(), "array"])),
        };
        for (i, collection) in collections.iter().enumerate() {
            let collection = target_name(collection, &format!("{path}[{i}]"))?;
            at.push(Collection {
                index: index.into(),
                collection: collection.into(),
            });
        }
    }
    Ok(at)
}

fn target_name<'a>(name: &'a Value, path: &str) -> Result<&'a str, ApiError> {
    match name {
        Value::Null => Err(API_ASSERT_MISSING_ARGUMENT.with([path])),
        Value::String(name) if name.is_empty() => Err(API_ASSERT_EMPTY_ARGUMENT.with([path])),
        Value::String(name) if is_multiple(name) => {
            Err(SERVICES_STORAGE_INVALID_TARGET_FORMAT.with([path, name]))
        }
        Value::String(name) => Ok(name),
        _ => Err(API_ASSERT_INVALID_TYPE.with([path, "string"])),
    }
}

/// Whether the name stands for several ones.
fn is_multiple(name: &str) -> bool {
    name == "_all" || name.contains([',', '*', '+'])
}
