//! Notifications: what subscribers are told, and the events it passes on its way.
//!
//! Written as JSON once per event and scope, and once more per channel with its
//! name; all listeners of a channel share those bytes. Without listeners on the
//! way, nothing is built for them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::channel::Direction;
use super::event::DocumentEvent;
use super::room::Audience;
use super::rooms::{Presence, Rooms};
use crate::connection::{Notification, Outgoing};
use crate::error::{self, ApiError};
use crate::events::{Events, Payload};

const DISPATCH: &str = "notify:dispatch";
const DISPATCH_BEFORE: &str = "core:realtime:notification:dispatch:before";

pub(super) struct Notifier {
    pub(super) rooms: Arc<Rooms>,
    events: Arc<Events>,
    node: Arc<str>,
}

/// The events that a kind of notification passes before the common ones.
struct Way {
    hook: &'static str,
    pipe: &'static str,
}

const DOCUMENT: Way = Way {
    hook: "core:notify:document",
    pipe: "notify:document",
};

const USER: Way = Way {
    hook: "core:notify:user",
    pipe: "notify:user",
};

impl Notifier {
    pub(super) fn new(rooms: Arc<Rooms>, events: Arc<Events>, node: Arc<str>) -> Self {
        Self {
            rooms,
            events,
            node,
        }
    }

    /// Whether telling somebody of a document involves waiting for others.
    pub(super) fn is_piped(&self) -> bool {
        [DOCUMENT.pipe, DISPATCH, DISPATCH_BEFORE]
            .iter()
            .any(|it| self.events.has_listeners(it))
    }

    /// Tells everyone whom the event concerns.
    pub(super) async fn document(&self, event: DocumentEvent) {
        let concerned = self.rooms.concerned(&event);
        if concerned.iter().all(|(_, it)| it.audiences.is_empty()) {
            return;
        }
        let mut content = self.document_content(event);
        for (direction, concerned) in concerned {
            if concerned.audiences.is_empty() {
                continue;
            }
            content["scope"] = direction.name().into();
            if self.events.has_listeners(DOCUMENT.hook) {
                let rooms: Vec<&str> = concerned.rooms.iter().map(|it| &**it).collect();
                let payload = json!({ "notification": content, "rooms": rooms });
                self.events.emit(DOCUMENT.hook, Payload::Json(payload));
            }
            self.send(&DOCUMENT, &content, concerned.audiences).await;
        }
    }

    /// Tells the others in a room that somebody came or went.
    pub(super) async fn presence(&self, presence: Presence) {
        let room_id = presence.room_id.clone();
        let (content, audiences) = self.presence_content(presence);
        if self.events.has_listeners(USER.hook) {
            let payload = json!({ "notification": content, "room": *room_id });
            self.events.emit(USER.hook, Payload::Json(payload));
        }
        self.send(&USER, &content, audiences).await;
    }

    fn document_content(&self, event: DocumentEvent) -> Value {
        let origin = &event.origin;
        let mut content = Map::new();
        content.insert("type".into(), "document".into());
        content.insert("status".into(), 200.into());
        content.insert("action".into(), event.action.name().into());
        content.insert("scope".into(), Direction::In.name().into());
        content.insert("result".into(), event.result);
        content.insert("node".into(), (*self.node).into());
        content.insert("event".into(), event.action.event().into());
        content.insert("requestId".into(), origin.request_id.as_str().into());
        content.insert("timestamp".into(), origin.timestamp.into());
        content.insert("volatile".into(), json!(origin.volatile));
        content.insert("index".into(), (*event.topic.index).into());
        content.insert("collection".into(), (*event.topic.collection).into());
        content.insert("controller".into(), origin.controller.as_str().into());
        content.insert("protocol".into(), (*origin.protocol).into());
        content.into()
    }

    fn presence_content(&self, presence: Presence) -> (Value, Vec<Audience>) {
        let action = match presence.direction {
            Direction::In => "subscribe",
            Direction::Out => "unsubscribe",
        };
        let content = json!({
            "type": "user",
            "status": 200,
            "user": presence.direction.name(),
            "result": { "count": presence.count },
            "node": *self.node,
            "timestamp": presence.timestamp,
            "volatile": presence.volatile,
            "index": *presence.topic.index,
            "collection": *presence.topic.collection,
            "controller": "realtime",
            "action": action,
            "protocol": presence.protocol.as_deref(),
        });
        (content, presence.audiences)
    }

    async fn send(&self, way: &Way, content: &Value, audiences: Vec<Audience>) {
        if self.is_untouched(way) {
            push(content, audiences);
        } else if let Err(error) = self.send_piped(way, content.clone(), audiences).await {
            tracing::error!(%error, "a notification was not sent");
        }
    }

    fn is_untouched(&self, way: &Way) -> bool {
        ![way.pipe, DISPATCH, DISPATCH_BEFORE]
            .iter()
            .any(|it| self.events.has_listeners(it))
    }

    /// Pipes may change what is told, and take channels out, but add none.
    async fn send_piped(
        &self,
        way: &Way,
        mut content: Value,
        mut audiences: Vec<Audience>,
    ) -> Result<(), ApiError> {
        for event in [way.pipe, DISPATCH] {
            content = self.pipe(event, content).await?;
        }
        if self.events.has_listeners(DISPATCH_BEFORE) {
            let channels: Vec<&str> = audiences.iter().map(|it| &*it.channel).collect();
            let message = json!({
                "channels": channels,
                "connectionId": null,
                "notification": content,
            });
            let mut message = self.pipe(DISPATCH_BEFORE, message).await?;
            content = message["notification"].take();
            if let Some(kept) = message["channels"].as_array() {
                audiences.retain(|it| kept.iter().any(|kept| *kept == *it.channel));
            }
        }
        if !content.is_object() {
            return Err(unusable(way.pipe, &content));
        }
        push(&content, audiences);
        Ok(())
    }

    async fn pipe(&self, event: &str, payload: Value) -> Result<Value, ApiError> {
        if !self.events.has_listeners(event) {
            return Ok(payload);
        }
        match self.events.pipe(event, Payload::Json(payload)).await? {
            Payload::Json(payload) => Ok(payload),
            other => Err(unusable(event, &other)),
        }
    }
}

fn unusable(event: &str, got: &dyn fmt::Debug) -> ApiError {
    error::PLUGIN_RUNTIME_UNEXPECTED_ERROR.with([format!(
        "{event} must resolve to a notification, got {got:?}"
    )])
}

/// Puts the notification into the queue of every listener. Whoever is too slow
/// to take it is dropped by its own protocol, and nobody else notices.
fn push(content: &Value, audiences: Vec<Audience>) {
    // Writing JSON into memory does not fail.
    let content = Bytes::from(serde_json::to_vec(content).unwrap_or_default());
    for audience in audiences {
        let notification = Arc::new(Notification {
            content_with_room: with_room(&content, &audience.channel),
            content: content.clone(),
            channel: audience.channel,
        });
        for connection in audience.listeners.iter() {
            if let Some(outbox) = &connection.outbox {
                outbox.push(Outgoing::Notification(notification.clone()));
            }
        }
    }
}

/// The JSON object with one more key; channel names need no escaping.
fn with_room(object: &[u8], channel: &str) -> Bytes {
    let open = object.strip_suffix(b"}").unwrap_or(object);
    let mut text = Vec::with_capacity(object.len() + channel.len() + 10);
    text.extend_from_slice(open);
    if open.len() > 1 {
        text.push(b',');
    }
    text.extend_from_slice(b"\"room\":\"");
    text.extend_from_slice(channel.as_bytes());
    text.extend_from_slice(b"\"}");
    text.into()
}
