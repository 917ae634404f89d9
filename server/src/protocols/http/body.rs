//! The body of a request: size, type, charset, encodings, and what is in it. All
//! of it is checked before the path is looked at, in an order that clients see.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body as _, Bytes, Incoming};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::head::Head;
use super::{encoding, form};
use crate::app::App;
use crate::error::{
    ApiError, NETWORK_HTTP_BODY_PARSE_FAILED, NETWORK_HTTP_REQUEST_TOO_LARGE,
    NETWORK_HTTP_UNEXPECTED_ERROR, NETWORK_HTTP_UNSUPPORTED_CHARSET,
    NETWORK_HTTP_UNSUPPORTED_CONTENT,
};
use crate::events::Payload;
use crate::protocols::limits::{BODY_PATIENCE, REFUSED_BYTES_READ, REFUSED_PATIENCE};

/// How much of a body that is not JSON an error shows.
const EXCERPT_CHARS: usize = 50;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Urlencoded,
    Multipart,
}

/// The body as JSON; `None` when there is none.
pub(super) async fn receive(
    app: &App,
    head: &Head,
    mut incoming: Incoming,
) -> Result<Option<Value>, ApiError> {
    let content_type = head.header("content-type");
    let checked = check_head(app, content_type.as_deref(), &incoming);
    let waits_for_leave = checked.is_err() && head.headers.contains_key("expect");
    let received = match checked {
        Ok(kind) => read(app, &mut incoming).await.map(|it| (kind, it)),
        Err(error) => Err(error),
    };
    let (kind, mut bytes) = match received {
        Ok(received) => received,
        Err(error) => {
            if !waits_for_leave {
                drain(incoming);
            }
            return Err(error);
        }
    };
    if let Some(encodings) = head.header("content-encoding") {
        let layers_max = app.config.server.protocols.http.max_encoding_layers;
        let bytes_max = app.config.server.max_request_size.0;
        bytes = encoding::decode(bytes, &encodings, layers_max, bytes_max).await?;
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    let bytes = before_parsing(app, head, bytes).await?;
    let body = match kind {
        Kind::Urlencoded => form::pairs(&bytes).into(),
        Kind::Multipart => {
            let file_bytes_max = app.config.server.protocols.http.max_form_file_size.0;
            form::multipart(&content_type.unwrap_or_default(), bytes, file_bytes_max).await?
        }
        Kind::Json => {
            let body = serde_json::from_slice(&bytes).map_err(|_| not_json(&bytes))?;
            after_parsing(app, head, body).await?
        }
    };
    Ok(Some(body))
}

/// What can be refused before any byte of the body.
fn check_head(
    app: &App,
    content_type: Option<&str>,
    incoming: &Incoming,
) -> Result<Kind, ApiError> {
    let announced = incoming.size_hint().lower();
    if announced > app.config.server.max_request_size.0 as u64 {
        return Err(NETWORK_HTTP_REQUEST_TOO_LARGE.bare());
    }
    let Some(content_type) = content_type else {
        return Ok(Kind::Json);
    };
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let media_type = media_type.trim().to_ascii_lowercase();
    let others = &app.config.server.protocols.http.additional_content_types;
    let kind = match media_type.as_str() {
        "application/json" => Kind::Json,
        "application/x-www-form-urlencoded" => Kind::Urlencoded,
        "multipart/form-data" => Kind::Multipart,
        other if others.iter().any(|it| it.eq_ignore_ascii_case(other)) => Kind::Json,
        other => return Err(NETWORK_HTTP_UNSUPPORTED_CONTENT.with([other])),
    };
    let parameters = parameters.split(';').filter_map(|it| it.split_once('='));
    for (name, value) in parameters {
        let charset = value.trim().trim_matches('"').to_ascii_lowercase();
        if name.trim().eq_ignore_ascii_case("charset") && charset != "utf-8" {
            return Err(NETWORK_HTTP_UNSUPPORTED_CHARSET.with([charset]));
        }
    }
    Ok(kind)
}

/// All bytes, in time and no more than allowed.
async fn read(app: &App, incoming: &mut Incoming) -> Result<Bytes, ApiError> {
    let bytes_max = app.config.server.max_request_size.0;
    let patience = Duration::from_millis(app.config.server.protocols.http.receive_timeout_ms);
    let late = |_| NETWORK_HTTP_UNEXPECTED_ERROR.with(["the body did not arrive in time"]);
    let reading = async {
        let mut bytes = Bytes::new();
        let mut more = Vec::new(); // most bodies come in one piece and are not copied
        while let Some(frame) = timeout(patience, incoming.frame()).await.map_err(late)? {
            let broken = |it: hyper::Error| NETWORK_HTTP_UNEXPECTED_ERROR.with([it.to_string()]);
            let Ok(piece) = frame.map_err(broken)?.into_data() else {
                continue; // trailers
            };
            if bytes.len().max(more.len()) + piece.len() > bytes_max {
                return Err(NETWORK_HTTP_REQUEST_TOO_LARGE.bare());
            }
            match bytes.is_empty() && more.is_empty() {
                true => bytes = piece,
                false => {
                    let announced = incoming.size_hint().exact().unwrap_or(0) as usize;
                    if more.is_empty() {
                        more.reserve(bytes.len() + piece.len() + announced);
                        more.extend_from_slice(&bytes);
                    }
                    more.extend_from_slice(&piece);
                }
            }
        }
        Ok(if more.is_empty() { bytes } else { more.into() })
    };
    timeout(BODY_PATIENCE, reading).await.map_err(late)?
}

/// Reads on while the refusal is being sent: a connection closed on a client that
/// still sends would be reset, and the client might never see why.
fn drain(mut incoming: Incoming) {
    if incoming.is_end_stream() {
        return;
    }
    tokio::spawn(timeout(REFUSED_PATIENCE, async move {
        let mut left = REFUSED_BYTES_READ;
        while let Some(Ok(frame)) = incoming.frame().await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(read) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    }));
}

fn not_json(bytes: &[u8]) -> ApiError {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * EXCERPT_CHARS)]);
    let excerpt: String = text.chars().take(EXCERPT_CHARS).collect();
    NETWORK_HTTP_BODY_PARSE_FAILED.with([excerpt])
}

/// Pipes may make JSON of any other format.
async fn before_parsing(app: &App, head: &Head, bytes: Bytes) -> Result<Bytes, ApiError> {
    const EVENT: &str = "protocol:http:beforeParsingPayload";
    if !app.events.has_listeners(EVENT) {
        return Ok(bytes);
    }
    // Text as text, anything else as Node.js writes a buffer in JSON.
    let payload = match std::str::from_utf8(&bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({ "type": "Buffer", "data": &*bytes }),
    };
    let piped = pipe(app, head, EVENT, payload).await?;
    Ok(to_bytes(piped).into())
}

async fn after_parsing(app: &App, head: &Head, body: Value) -> Result<Value, ApiError> {
    const EVENT: &str = "protocol:http:afterParsingPayload";
    match app.events.has_listeners(EVENT) {
        true => pipe(app, head, EVENT, body).await,
        false => Ok(body),
    }
}

/// The `payload` that the pipes of a protocol event leave.
async fn pipe(app: &App, head: &Head, event: &str, payload: Value) -> Result<Value, ApiError> {
    let message = json!({
        "method": head.verb.as_str(),
        "path": head.path,
        "query": head.query,
        "url": head.url(),
        "headers": head.headers_as_json(),
        "ips": head.ips(),
    });
    let payload = Payload::Json(json!({ "message": message, "payload": payload }));
    match app.events.pipe(event, payload).await? {
        Payload::Json(mut piped) => Ok(piped["payload"].take()),
        _ => {
            let message = format!("a pipe on {event} must return an object with a payload");
            Err(NETWORK_HTTP_UNEXPECTED_ERROR.with([message]))
        }
    }
}

/// The bytes that a value stands for: a text, a buffer, or JSON.
pub(super) fn to_bytes(value: Value) -> Vec<u8> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.into_bytes(),
        other => buffer(&other).unwrap_or_else(|| other.to_string().into_bytes()),
    }
}

/// `{"type": "Buffer", "data": [1, 2, 3]}`
fn buffer(value: &Value) -> Option<Vec<u8>> {
    let is_buffer = value.get("type")? == "Buffer";
    let data = value.get("data")?.as_array().filter(|_| is_buffer)?;
    let byte = |it: &Value| it.as_u64().and_then(|it| u8::try_from(it).ok());
    data.iter().map(byte).collect()
}
