//! What clients are told without having asked, from the short form that scenarios use.

use serde_json::{Map, Value, json};

use crate::pattern::{Bindings, check};
use crate::report;

/// The whole notification. `origin` is what the request behind it implies.
///
/// `{document: "create", result: …, room: …}` stands for a notification of a document,
/// `{user: "in", count: 2, room: …}` for one of a user; other keys change the rest.
/// An object with neither is the notification itself.
pub fn pattern(written: &Value, origin: &Map<String, Value>, place: &[Value; 2]) -> Value {
    let Some(written) = written.as_object() else {
        return written.clone();
    };
    let mut pattern = match (written.get("document"), written.get("user")) {
        (Some(action), _) => document(action.as_str().unwrap()),
        (_, Some(user)) => presence(user.as_str().unwrap(), &written["count"]),
        _ => return json!(written),
    };
    pattern["index"] = place[0].clone();
    pattern["collection"] = place[1].clone();
    let is_document = written.contains_key("document");
    for (key, value) in origin {
        let is_told = is_document || matches!(key.as_str(), "index" | "collection" | "volatile");
        if is_told {
            pattern[key] = value.clone();
        }
    }
    for (key, value) in written {
        if !matches!(key.as_str(), "document" | "count") {
            pattern[key] = value.clone();
        }
    }
    pattern
}

fn document(action: &str) -> Value {
    let event = match action {
        "delete" | "publish" => action,
        _ => "write",
    };
    json!({
        "type": "document",
        "status": 200,
        "action": action,
        "scope": "in",
        "result": "<object>",
        "node": "<node>",
        "event": event,
        "requestId": "<text>",
        "timestamp": "<now>",
        "volatile": null,
        "controller": "document",
        "protocol": "websocket",
    })
}

fn presence(user: &str, count: &Value) -> Value {
    let (action, protocol) = match user {
        "in" => ("subscribe", json!("websocket")),
        _ => ("unsubscribe", Value::Null),
    };
    json!({
        "type": "user",
        "status": 200,
        "user": user,
        "result": { "count": count },
        "node": "<node>",
        "timestamp": "<now>",
        "volatile": null,
        "controller": "realtime",
        "action": action,
        "protocol": protocol,
    })
}

/// `<users><propagate><scope>`, as a subscription with these arguments gets it.
pub fn channel_suffix(with: &Value) -> String {
    let option = |key: &str, default| with.get(key).and_then(Value::as_str).unwrap_or(default);
    let users = match option("users", "none") {
        "all" => "1",
        "in" => "2",
        _ => "3",
    };
    let scope = match option("scope", "all") {
        "all" => "1",
        "in" => "2",
        "out" => "3",
        _ => "",
    };
    format!("{users}1{scope}")
}

/// Each expected notification came once, in any order, and nothing else.
pub fn compare(expected: &[Value], got: &[Value], bindings: &mut Bindings) -> Result<(), String> {
    // In order, so that a difference can be told with its path.
    if expected.len() == 1 && got.len() == 1 {
        return check(&expected[0], &got[0], bindings)
            .map_err(|it| report::mismatch("", &expected[0], &got[0], &it));
    }
    let pattern = json!({ "<unordered>": expected });
    check(&pattern, &json!(got), bindings).map_err(|_| {
        let list = |items: &[Value]| match items {
            [] => "\n    nothing".to_owned(),
            items => items.iter().map(|it| format!("\n    {it}")).collect(),
        };
        format!("expected{}\n  got{}", list(expected), list(got))
    })
}
