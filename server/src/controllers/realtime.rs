//! Live queries: subscriptions, and messages that no storage keeps.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::document::origin;
use super::{names, specifications};
use crate::app::Place::{Body, Query, Root};
use crate::app::{Action, ActionResult, App, action, controller};
use crate::clock;
use crate::error::{
    API_ASSERT_INVALID_TYPE, API_ASSERT_UNSUPPORTED_PROTOCOL, ApiError,
    CORE_REALTIME_INVALID_SCOPE, CORE_REALTIME_INVALID_USERS, ErrorKind,
};
use crate::realtime::{DocumentAction, DocumentEvent, Interest, Subscribe, Topic};
use crate::request::Request;
use crate::security;
use crate::validation::Mode;

const INTERESTS: &str = "enum(all,in,out,none)";

pub(super) fn actions() -> Vec<Action> {
    controller(
        "realtime",
        [
            action("count", count)
                .about(
                    "How many connections are in a room; 0 for rooms that do not exist. \
                     `{count}`",
                )
                .required(Body, "roomId", "string"),
            action("list", list)
                .about(
                    "The rooms that the caller may join, with their connections. \
                     `{<index>: {<collection>: {<roomId>: count}}}`",
                )
                .get("/_listSubscriptions"),
            action("publish", publish)
                .about(
                    "Sends a message to those whose filter it matches; it is stored \
                     nowhere. `{published: true}`",
                )
                .post("/:index/:collection/_publish")
                .required(Body, "body", "object")
                .optional(Query, "_id", "string"),
            action("subscribe", subscribe)
                .about(
                    "Asks to be told of the documents that a filter matches: see \
                     [realtime.md](realtime.md). `{roomId, channel}`",
                )
                .required(Root, "index", "string")
                .required(Root, "collection", "string")
                .required(Body, "body", "Koncorde filter")
                .optional(Root, "scope", INTERESTS)
                .optional(Root, "users", INTERESTS)
                .optional(Root, "volatile", "object")
                .optional(Root, "propagate", "boolean, always true for clients"),
            action("unsubscribe", unsubscribe)
                .about("Leaves a room, with all its channels. `{roomId}`")
                .required(Body, "roomId", "string"),
            action("validate", validate)
                .about(
                    "Whether a document follows the specifications of its collection. \
                     `{valid, errorMessages}`",
                )
                .required(Root, "index", "string")
                .required(Root, "collection", "string")
                .required(Body, "body", "object"),
        ],
    )
}

async fn count(app: &App, request: &mut Request) -> ActionResult {
    let count = app.realtime.count(request.body_string("roomId")?);
    Ok(Some(json!({ "count": count })))
}

/// Rooms by index and collection, those that the caller could join.
async fn list(app: &App, request: &mut Request) -> ActionResult {
    let mut list = json!({});
    for (topic, room_id, count) in app.realtime.list() {
        let (index, collection) = (&*topic.index, &*topic.collection);
        let user = &request.context.user;
        let place = (Some(index), Some(collection));
        if security::may(user, "realtime", "subscribe", place.0, place.1) {
            list[index][collection][&*room_id] = count.into();
        }
    }
    Ok(Some(list))
}

/// Neither the index nor the collection has to exist.
async fn publish(app: &App, request: &mut Request) -> ActionResult {
    let topic = topic(request)?;
    let id = request.optional_id()?.map(str::to_owned);
    let mut content = request.body_object()?.clone();
    let at = names::place(request)?;
    specifications::check(app, &at, &mut content, Mode::Whole)?;
    let metadata = json!({
        "author": request.kuid(),
        "createdAt": clock::now_ms(),
    });
    content.insert("_kuzzle_info".into(), metadata);

    let content = Value::from(content);
    let mut result = Map::new();
    if let Some(id) = &id {
        result.insert("_id".into(), id.as_str().into());
    }
    result.insert("_source".into(), content.clone());
    let message = DocumentEvent {
        topic,
        action: DocumentAction::Publish,
        id,
        after: Some(Arc::new(content)),
        before: None,
        result: result.into(),
        origin: Arc::new(origin(request)),
    };
    app.realtime.publish(message).await;
    Ok(Some(json!({ "published": true })))
}

async fn subscribe(app: &App, request: &mut Request) -> ActionResult {
    let connection = &request.context.connection;
    if connection.outbox.is_none() {
        let action = format!("{}:{}", request.controller, request.action);
        return Err(API_ASSERT_UNSUPPORTED_PROTOCOL.with([&*connection.protocol, &action]));
    }
    let topic = topic(request)?;
    let filter = request.body()?;
    if !filter.is_object() {
        return Err(API_ASSERT_INVALID_TYPE.with(["body", "object"]));
    }
    let scope = interest(
        request,
        "scope",
        Interest::All,
        &CORE_REALTIME_INVALID_SCOPE,
    )?;
    let users = interest(
        request,
        "users",
        Interest::None,
        &CORE_REALTIME_INVALID_USERS,
    )?;
    let subscription = app
        .realtime
        .subscribe(Subscribe {
            connection,
            topic,
            filter,
            scope,
            users,
            volatile: request.volatile.clone(),
            user_id: &request.context.user.id,
            timestamp: request.timestamp,
        })
        .await?;
    Ok(Some(subscription.map_or(
        Value::Null,
        |it| json!({ "channel": *it.channel, "roomId": *it.room_id }),
    )))
}

async fn unsubscribe(app: &App, request: &mut Request) -> ActionResult {
    let room_id = request.body_string("roomId")?;
    let connection = request.context.connection.id;
    app.realtime.unsubscribe(connection, room_id).await?;
    Ok(Some(json!({ "roomId": room_id })))
}

async fn validate(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let document = request.body_object()?.clone();
    Ok(Some(specifications::verdict(app, &at, document)))
}

fn topic(request: &Request) -> Result<Topic, ApiError> {
    Ok(Topic::new(request.index()?, request.collection()?))
}

fn interest(
    request: &Request,
    name: &str,
    default: Interest,
    invalid: &'static ErrorKind,
) -> Result<Interest, ApiError> {
    match request.optional_string(name)? {
        None => Ok(default),
        Some(word) => Interest::parse(word).ok_or_else(|| invalid.bare()),
    }
}
