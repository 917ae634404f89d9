//! What a step expects, written out from the short forms that scenarios use.

use serde_json::{Map, Value, json};

use crate::call::{Call, Message};
use crate::pattern::{Bindings, fill};
use crate::scenario::Step;
use crate::tables::Tables;

/// The envelope that answers this call.
pub fn envelope(step: &Step, call: &Call, tables: &Tables, bindings: &Bindings) -> Value {
    let (controller, action) = call.controller_and_action();
    let mut envelope = json!({
        "action": action,
        "controller": controller,
        "error": null,
        "headers": {},
        "node": "<node>",
        "requestId": call.request_id,
        "result": "<absent>",
        "status": 200,
        "volatile": call.with.get("volatile").cloned().unwrap_or(Value::Null),
    });
    if let Some(index) = call.index() {
        envelope["index"] = index.clone();
    }
    if let Some(collection) = call.collection() {
        envelope["collection"] = collection.clone();
    }
    if let Some(error) = step.get("error") {
        let error = error_of(&fill(error, bindings), tables);
        envelope["status"] = error["status"].clone();
        envelope["error"] = error;
        envelope["result"] = Value::Null;
    }
    for key in ["result", "status"] {
        if let Some(value) = step.get(key) {
            envelope[key] = fill(value, bindings);
        }
    }
    let others = fill(step.get("envelope").unwrap_or(&json!({})), bindings);
    for (key, value) in others.as_object().unwrap() {
        envelope[key] = value.clone();
    }
    envelope
}

/// `"id"`, `["id", prop, …]` or the object, with what its id implies.
fn error_of(written: &Value, tables: &Tables) -> Value {
    let mut error = match written {
        Value::String(id) => json!({ "id": id, "props": [] }),
        Value::Array(items) => json!({ "id": items[0], "props": items[1..] }),
        other => other.clone(),
    };
    let is_directive = |it: &Map<String, Value>| it.keys().any(|key| key.starts_with('<'));
    if error.as_object().is_some_and(is_directive) {
        return error;
    }
    // An id may be a pattern too; then the step says what it needs of the rest.
    let id = error.get("id").and_then(Value::as_str);
    if let Some(id) = id.filter(|it| !it.starts_with('<')) {
        let (code, status) = tables.error(id);
        error["code"] = json!(code);
        error["status"] = json!(status);
    }
    for (key, default) in [("message", json!("<text>")), ("props", json!("<optional>"))] {
        if error.get(key).is_none() {
            error[key] = default;
        }
    }
    error
}

/// An answer written out. `{error: …}` alone is short for the bare error,
/// `{envelope: {…}}` for an envelope without controller and action in which these keys
/// differ.
pub fn answer(written: &Value, tables: &Tables, bindings: &Bindings) -> Value {
    let filled = fill(written, bindings);
    let Some(written) = filled.as_object().filter(|it| it.len() == 1) else {
        return filled;
    };
    if let Some(error) = written.get("error") {
        return error_of(error, tables);
    }
    let Some(changes) = written.get("envelope").and_then(Value::as_object) else {
        return filled;
    };
    let mut envelope = json!({
        "action": null,
        "controller": null,
        "error": null,
        "headers": {},
        "node": "<node>",
        "requestId": "<uuid>",
        "result": null,
        "status": 200,
        "volatile": null,
    });
    for (key, value) in changes {
        envelope[key] = match key.as_str() {
            "error" => error_of(value, tables),
            _ => value.clone(),
        };
    }
    if let Some(status) = envelope["error"].get("status") {
        envelope["status"] = status.clone();
    }
    envelope
}

/// The events of a call, in their order; `None` when the step does not speak of them.
pub fn events(step: &Step, message: &Message, bindings: &Bindings) -> Option<Value> {
    let (written, is_whole) = match (step.get("events"), step.get("all_events")) {
        (Some(events), _) => (fill(events, bindings), false),
        (None, events) => (fill(events?, bindings), true),
    };
    let mut events = written.as_array().unwrap().clone();
    if !is_whole {
        let outcome = match step.contains_key("error") {
            true => "request:onError",
            false => "request:onSuccess",
        };
        let begin = [
            "request:beforeExecution",
            "request:onAuthorized",
            "request:onExecution",
        ];
        events.splice(0..0, begin.map(Value::from));
        events.extend([outcome, "request:afterExecution"].map(Value::from));
    }
    // A request within `/_query` is not the one that the event of the verb carries.
    if let Message::Http(request) = message
        && request.path != "/_query"
    {
        events.insert(0, json!(format!("http:{}", request.verb.to_lowercase())));
    }
    Some(json!(events))
}
