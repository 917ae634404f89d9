//! A response or a refusal as bytes and headers.

use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Response as HyperResponse, StatusCode};
use serde_json::Value;

use super::answer_body::AnswerBody;
use super::body::to_bytes;
use super::encoding::Encoding;
use super::head::Head;
use crate::app::App;
use crate::error::ApiError;
use crate::request::{Body, Response};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The answer to a request that was understood.
pub(super) async fn write(app: &App, head: &Head, response: Response) -> HyperResponse<AnswerBody> {
    let mut headers = HeaderMap::with_capacity(16);
    allow_origins(app, head, false, &mut headers);
    set(&mut headers, "x-kuzzle-request-id", &response.request_id);
    set(&mut headers, "x-kuzzle-node", &app.node);
    let accepted = match app.config.server.protocols.http.allow_compression {
        true => HeaderValue::from_static("gzip,deflate,identity"),
        false => HeaderValue::from_static("identity"),
    };
    headers.insert(header::ACCEPT_ENCODING, accepted);
    headers.insert(header::CONTENT_TYPE, JSON);
    add_own(&response.headers, &mut headers);

    let status = response.status;
    // Streams are sent as they come: compressing would hold them back.
    if let Body::Streamed(stream) = &response.body {
        headers.insert(
            header::CONTENT_ENCODING,
            HeaderValue::from_static("identity"),
        );
        let body = stream
            .take()
            .map_or_else(|| Bytes::new().into(), AnswerBody::Streamed);
        return finish(status, headers, body);
    }
    let mut bytes = content(response, head.asks_for("pretty"));
    let encoding = head.header("accept-encoding");
    let encoding = encoding.map_or(Encoding::Identity, |it| Encoding::chosen(&it));
    let compressed = encoding.compress(&bytes).await;
    let name = compressed.as_ref().map_or("identity", |_| encoding.name());
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    if let Some(compressed) = compressed {
        bytes = compressed.into();
    }
    finish(status, headers, bytes.into())
}

/// The answer to bytes that never became a request: the bare error.
pub(super) fn refusal(app: &App, head: &Head, error: &ApiError) -> HyperResponse<AnswerBody> {
    let mut headers = HeaderMap::new();
    allow_origins(app, head, true, &mut headers);
    headers.insert(header::CONTENT_TYPE, JSON);
    let json = error.to_json().to_string();
    finish(error.status(), headers, Bytes::from(json).into())
}

fn finish(status: u16, headers: HeaderMap, body: AnswerBody) -> HyperResponse<AnswerBody> {
    let mut answer = HyperResponse::new(body);
    // 1xx is no final answer, so it cannot be what an action means.
    let status = StatusCode::from_u16(status).ok();
    let status = status.filter(|it| !it.is_informational());
    *answer.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *answer.headers_mut() = headers;
    answer
}

/// What browsers want to know before they hand the answer to a page.
fn allow_origins(app: &App, head: &Head, is_refusal: bool, headers: &mut HeaderMap) {
    let settings = &app.config.http;
    let allowed = &settings.access_control_allow_headers;
    set(headers, "access-control-allow-headers", allowed);
    let allowed = &settings.access_control_allow_methods;
    set(headers, "access-control-allow-methods", allowed);
    if settings.cookie_authentication {
        set(headers, "access-control-allow-credentials", "true");
    }
    match head.origin() {
        None => {}
        Some(_) if is_refusal && settings.origins.are_any() => {
            set(headers, "access-control-allow-origin", "*");
        }
        Some(origin) => {
            set(headers, "access-control-allow-origin", &origin);
            set(headers, "vary", "Origin");
        }
    }
}

/// The headers that an action, a pipe or a plugin set; they replace ours.
fn add_own(own: &[(String, String)], headers: &mut HeaderMap) {
    for (name, value) in own {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(header::SET_COOKIE), Ok(value)) => {
                headers.append(header::SET_COOKIE, value);
            }
            (Ok(name), Ok(value)) => {
                headers.insert(name, value);
            }
            _ => tracing::warn!(name, "a header was left out: it is not allowed in HTTP"),
        }
    }
}

/// A text that cannot be a header's value is left out.
fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn content(response: Response, is_pretty: bool) -> Bytes {
    let bytes = match response.body {
        Body::Raw(value) if !is_pretty || !value.is_object() => to_bytes(value),
        Body::Envelope(_) if !is_pretty => response.to_json_bytes(false),
        _ => {
            let content: Value = response.content();
            serde_json::to_vec_pretty(&content).unwrap_or_default()
        }
    };
    bytes.into()
}
