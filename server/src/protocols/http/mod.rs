//! One HTTP exchange, from top to bottom.

mod answer; // a response or error as bytes and headers
mod answer_body; // the body of an answer, whole or in pieces
mod body; // the body: size, type, charset, encodings, JSON
mod form; // multipart, urlencoded, query strings
mod encoding; // gzip and deflate, both ways
mod head; // verb, path, query, headers
mod payload; // query, path and headers → the payload of a request

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::{Request as HyperRequest, Response as HyperResponse};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{App, Routed, Verb};
use crate::connection::Connection;
use crate::error::{
    ApiError, CORE_FATAL_UNEXPECTED_ERROR, NETWORK_HTTP_UNEXPECTED_ERROR,
    NETWORK_HTTP_UNSUPPORTED_VERB, NETWORK_HTTP_URL_NOT_FOUND,
};
use crate::lifecycle;
use crate::request::{BadPayload, Body, Request, Response, Typing};

use head::Head;

pub(super) use answer_body::AnswerBody;
pub(super) use head::{headers_as_json, ips};

/// What a verb and path stand for.
enum Target {
    Options,
    Healthcheck,
    Ready,
    Query,
    Action(Routed),
}

/// Answers one request. A client that leaves does not stop what it asked for.
pub(super) async fn answer(
    app: &Arc<App>,
    peer: IpAddr,
    request: HyperRequest<Incoming>,
) -> HyperResponse<AnswerBody> {
    let (parts, incoming) = request.into_parts();
    let head = Arc::new(Head::new(parts, peer));
    if !app.config.server.protocols.http.enabled {
        let why = "only WebSocket is served here (server.protocols.http.enabled is false)";
        return answer::refusal(app, &head, &NETWORK_HTTP_UNEXPECTED_ERROR.with([why]));
    }
    let body = match body::receive(app, &head, incoming).await {
        Ok(body) => body,
        Err(error) => return answer::refusal(app, &head, &error),
    };
    let running = tokio::spawn(exchange(Arc::clone(app), Arc::clone(&head), body));
    let response = running.await.unwrap_or_else(|_| crashed(app, &head));
    answer::write(app, &head, response).await
}

/// A request's whole life, under the connection that HTTP makes for each.
async fn exchange(app: Arc<App>, head: Arc<Head>, body: Option<Value>) -> Response {
    let connection = Arc::new(Connection {
        id: Uuid::new_v4(),
        protocol: "http".into(),
        ips: head.ips(),
        headers: head.headers_as_json(),
        outbox: None,
    });
    lifecycle::connection_opened(&app, &connection);
    let responding = AssertUnwindSafe(respond(&app, &head, body, &connection));
    let responded = responding.catch_unwind().await;
    let response = responded.unwrap_or_else(|_| crashed(&app, &head));
    lifecycle::connection_closed(&app, &connection).await;
    response
}

async fn respond(
    app: &Arc<App>,
    head: &Head,
    body: Option<Value>,
    connection: &Arc<Connection>,
) -> Response {
    let id = head
        .request_id()
        .unwrap_or_else(|| connection.id.to_string());
    let fail = |error: &ApiError| Response::failure(&app.node, id.clone(), error);
    let target = match route(app, head) {
        Ok(target) => target,
        Err(error) => return fail(&error),
    };
    let mut request = match build(head, &target, body, &id, connection) {
        Ok(request) => request,
        Err(bad) => return fail(&bad.error),
    };
    let event = format!("http:{}", head.verb.as_str().to_lowercase());
    if let Err(error) = app.events.pipe_request(&event, &mut request).await {
        return fail(&error);
    }
    match target {
        Target::Options => {
            let mut response = Response::plain(&app.node, request.id, 200);
            if let Body::Envelope(envelope) = &mut response.body {
                envelope.result = Some(json!({}));
            }
            response
        }
        Target::Healthcheck => Response::plain(&app.node, request.id, 200),
        Target::Ready => {
            let status = if app.is_ready() { 200 } else { 503 };
            Response::plain(&app.node, request.id, status)
        }
        Target::Query => query(app, head, request).await,
        Target::Action(_) => lifecycle::execute(app, request).await,
    }
}

fn route(app: &App, head: &Head) -> Result<Target, ApiError> {
    let verb = match head.verb.as_str() {
        "OPTIONS" => return Ok(Target::Options),
        "GET" => Verb::Get,
        "POST" => Verb::Post,
        "PUT" => Verb::Put,
        "PATCH" => Verb::Patch,
        "DELETE" => Verb::Delete,
        "HEAD" => Verb::Head,
        other => return Err(NETWORK_HTTP_UNSUPPORTED_VERB.with([other])),
    };
    // Slashes too many count for nothing.
    let mut segments = head.path.split('/').filter(|it| !it.is_empty());
    match (verb, segments.next(), segments.next()) {
        (Verb::Get, Some("_healthcheck"), None) | (Verb::Head, None, None) => {
            return Ok(Target::Healthcheck);
        }
        (Verb::Get, Some("_ready"), None) => return Ok(Target::Ready),
        (Verb::Post, Some("_query"), None) => return Ok(Target::Query),
        _ => {}
    }
    let routed = app.actions.route(verb, &head.path);
    let not_found = || {
        let path = head.path.strip_suffix('/').filter(|it| !it.is_empty());
        NETWORK_HTTP_URL_NOT_FOUND.with([path.unwrap_or(&head.path)])
    };
    routed.map(Target::Action).ok_or_else(not_found)
}

fn build(
    head: &Head,
    target: &Target,
    body: Option<Value>,
    id: &str,
    connection: &Arc<Connection>,
) -> Result<Request, BadPayload> {
    let routed = match target {
        Target::Action(routed) => Some(routed),
        _ => None,
    };
    let payload = payload::of_head(head, routed, body, id).map_err(|error| BadPayload {
        error: Box::new(error),
        request_id: None,
    })?;
    let context = Some(Arc::new(head.context()));
    Request::from_payload(payload, Typing::Http, Arc::clone(connection), context)
}

/// `POST /_query`: the body is the whole request.
async fn query(app: &Arc<App>, head: &Head, outer: Request) -> Response {
    let fail = |id: String, error: &ApiError| Response::failure(&app.node, id, error);
    let payload = match outer.body {
        Some(Value::Object(payload)) => payload,
        found => {
            let found = if found.is_some() {
                "an array"
            } else {
                "nothing"
            };
            let message = format!("the body must be a request, as a JSON object; it is {found}");
            return fail(outer.id, &NETWORK_HTTP_UNEXPECTED_ERROR.with([message]));
        }
    };
    let payload = payload::of_query(head, payload, outer.jwt);
    let context = outer.context;
    match Request::from_payload(payload, Typing::Http, context.connection, context.http) {
        Ok(request) => lifecycle::execute(app, request).await,
        Err(bad) => fail(bad.request_id.unwrap_or(outer.id), &bad.error),
    }
}

/// A bug, or the end of the program.
fn crashed(app: &App, head: &Head) -> Response {
    tracing::error!(verb = %head.verb, path = head.path, "a request was broken off");
    let id = head
        .request_id()
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    Response::failure(
        &app.node,
        id,
        &CORE_FATAL_UNEXPECTED_ERROR.with(["see the log"]),
    )
}
