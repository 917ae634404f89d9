//! Query, path and headers → the payload of a request.
//!
//! Parameters of the query count like root keys of a JSON request, even the
//! reserved ones; placeholders of the path win over them, and the token of the
//! `Authorization` header over `?jwt=`.

use serde_json::{Map, Value};

use super::form;
use super::head::Head;
use crate::app::Routed;
use crate::error::{ApiError, NETWORK_HTTP_VOLATILE_PARSE_FAILED};

/// The payload of a request whose action is told by its route.
pub(super) fn of_head(
    head: &Head,
    routed: Option<&Routed>,
    body: Option<Value>,
    id: &str,
) -> Result<Map<String, Value>, ApiError> {
    let mut payload = Map::new();
    payload.insert("requestId".into(), id.into());
    if let Some(routed) = routed {
        payload.insert("controller".into(), routed.controller.as_str().into());
        payload.insert("action".into(), routed.action.as_str().into());
    }
    if let Some(body) = body {
        payload.insert("body".into(), body);
    }
    if let Some(volatile) = volatile(head)? {
        payload.insert("volatile".into(), volatile);
    }
    for (name, value) in form::pairs(head.query.as_bytes()) {
        payload.insert(name, value);
    }
    let params = routed.map(|it| it.params.as_slice()).unwrap_or_default();
    for (name, value) in params {
        payload.insert(name.clone(), value.as_str().into());
    }
    if let Some(token) = head.bearer() {
        payload.insert("jwt".into(), token.into());
    }
    if head.request_id().is_some() {
        payload.insert("requestId".into(), id.into());
    }
    Ok(payload)
}

/// The payload of `/_query`, with what only HTTP brings.
pub(super) fn of_query(
    head: &Head,
    mut payload: Map<String, Value>,
    jwt: Option<String>,
) -> Map<String, Value> {
    let has_token = payload.get("jwt").is_some_and(|it| !it.is_null());
    if let Some(token) = jwt.filter(|_| !has_token) {
        payload.insert("jwt".into(), token.into());
    }
    if let Some(id) = head.request_id() {
        payload.insert("requestId".into(), id.into());
    }
    payload
}

fn volatile(head: &Head) -> Result<Option<Value>, ApiError> {
    let Some(text) = head.header("x-kuzzle-volatile") else {
        return Ok(None);
    };
    let parsed = serde_json::from_str(&text);
    let fail = |it: serde_json::Error| NETWORK_HTTP_VOLATILE_PARSE_FAILED.with([it.to_string()]);
    parsed.map(Some).map_err(fail)
}
