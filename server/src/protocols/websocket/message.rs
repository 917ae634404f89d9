//! One message: request in, reply out.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::connection::{Connection, Outgoing};
use crate::error::{
    ApiError, CORE_FATAL_UNEXPECTED_ERROR, NETWORK_WEBSOCKET_RATELIMIT_EXCEEDED,
    NETWORK_WEBSOCKET_UNEXPECTED_ERROR,
};
use crate::events::Payload;
use crate::lifecycle;
use crate::request::{Request, Response, Typing};

/// The usual heartbeat, recognised without parsing.
const PING: &[u8] = br#"{"p":1}"#;
const PONG: &[u8] = br#"{"p":2}"#;

pub(super) fn is_ping(payload: &[u8]) -> bool {
    payload == PING
}

pub(super) fn pong(connection: &Connection) {
    push(connection, Bytes::from_static(PONG));
}

/// The message was dropped: its socket sends too many.
pub(super) fn refuse_rate(app: &App, connection: &Connection) {
    let error = NETWORK_WEBSOCKET_RATELIMIT_EXCEEDED.bare();
    push(connection, refusal(app, None, &error));
}

/// Runs what the message asks for and queues the reply. A client that leaves does
/// not stop what it asked for.
pub(super) async fn answer(app: &Arc<App>, connection: &Arc<Connection>, payload: Bytes) {
    let replying = AssertUnwindSafe(reply(app, connection, payload));
    let reply = replying.catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(connection = %connection.id, "a message was broken off");
        let error = CORE_FATAL_UNEXPECTED_ERROR.with(["see the log"]);
        refusal(app, None, &error)
    });
    push(connection, reply);
}

async fn reply(app: &Arc<App>, connection: &Arc<Connection>, payload: Bytes) -> Bytes {
    let object = match parse(app, connection, payload).await {
        Ok(object) => object,
        Err(error) => return refusal(app, None, &error),
    };
    if is_heartbeat(&object) {
        return Bytes::from_static(PONG);
    }
    match Request::from_payload(object, Typing::Native, Arc::clone(connection), None) {
        Ok(request) => {
            let response = lifecycle::execute(app, request).await;
            response.to_json_bytes(true).into()
        }
        Err(bad) => refusal(app, bad.request_id, &bad.error),
    }
}

/// The object that a message holds, as pipes leave it.
async fn parse(
    app: &App,
    connection: &Connection,
    payload: Bytes,
) -> Result<Map<String, Value>, ApiError> {
    const BEFORE: &str = "protocol:websocket:beforeParsingPayload";
    const AFTER: &str = "protocol:websocket:afterParsingPayload";
    let mut payload = payload;
    if app.events.has_listeners(BEFORE) {
        let text = std::str::from_utf8(&payload).map_err(unreadable)?;
        let piped = pipe(app, connection, BEFORE, text.into()).await?;
        payload = match piped {
            Value::String(text) => text.into(),
            other => other.to_string().into(),
        };
    }
    let mut parsed = serde_json::from_slice(&payload).map_err(unreadable)?;
    if app.events.has_listeners(AFTER) {
        parsed = pipe(app, connection, AFTER, parsed).await?;
    }
    match parsed {
        Value::Object(object) => Ok(object),
        _ => Err(unreadable("a request must be a JSON object")),
    }
}

fn unreadable(why: impl ToString) -> ApiError {
    NETWORK_WEBSOCKET_UNEXPECTED_ERROR.with([why.to_string()])
}

fn is_heartbeat(object: &Map<String, Value>) -> bool {
    object.len() == 1 && object.get("p").and_then(Value::as_u64) == Some(1)
}

/// The `payload` that the pipes of a protocol event leave.
async fn pipe(
    app: &App,
    connection: &Connection,
    event: &str,
    payload: Value,
) -> Result<Value, ApiError> {
    let told = json!({
        "id": connection.id.to_string(),
        "protocol": &*connection.protocol,
        "ips": connection.ips,
        "headers": connection.headers,
    });
    let payload = Payload::Json(json!({ "connection": told, "payload": payload }));
    match app.events.pipe(event, payload).await? {
        Payload::Json(mut piped) => Ok(piped["payload"].take()),
        _ => Err(unreadable(format!(
            "a pipe on {event} must return an object with a payload"
        ))),
    }
}

/// The answer to what never became a request. It has no `room`: nobody waits for
/// it under an id.
fn refusal(app: &App, request_id: Option<String>, error: &ApiError) -> Bytes {
    let id = request_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let response = Response::failure(&app.node, id, error);
    response.to_json_bytes(false).into()
}

fn push(connection: &Connection, text: Bytes) {
    if let Some(outbox) = &connection.outbox {
        // If it is too slow, its socket notices.
        outbox.push(Outgoing::Message(text));
    }
}
