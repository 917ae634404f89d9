//! Signals: the events by which applications hear of subscriptions.
//!
//! Some stand in the way of a subscription and may refuse it; most only look on.
//! Nothing is built for nobody.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::rooms::{Change, Subscribe};
use crate::error::ApiError;
use crate::events::{Events, Payload};

pub(super) struct Signals {
    pub(super) events: Arc<Events>,
}

impl Signals {
    pub(super) async fn subscribed(
        &self,
        wish: &Subscribe<'_>,
        change: &Change,
    ) -> Result<(), ApiError> {
        let (index, collection) = (&*wish.topic.index, &*wish.topic.collection);
        let connection = wish.connection.id.to_string();
        if change.of_room {
            self.emit(
                "room:new",
                || json!({ "index": index, "collection": collection, "roomId": *change.room_id }),
            );
        }
        self.pipe("core:hotelClerk:addSubscription", || {
            json!({
                "changed": change.of_connection,
                "collection": collection,
                "connectionId": connection,
                "filters": wish.filter,
                "index": index,
                "roomId": *change.room_id,
            })
        })
        .await?;
        self.emit("core:realtime:user:subscribe:after", || {
            json!({
                "connectionId": connection,
                "roomId": *change.room_id,
                "index": index,
                "collection": collection,
                "filters": wish.filter,
                "kuid": wish.user_id,
            })
        });
        Ok(())
    }

    pub(super) async fn unsubscribed(
        &self,
        connection: Uuid,
        change: &Change,
    ) -> Result<(), ApiError> {
        let (index, collection) = (&*change.topic.index, &*change.topic.collection);
        let context = || json!({ "connection": { "id": connection.to_string() } });
        let room = || json!({ "id": *change.room_id, "index": index, "collection": collection });
        if change.of_room {
            self.pipe("room:remove", || (*change.room_id).into())
                .await?;
        }
        self.pipe(
            "core:hotelClerk:removeRoomForCustomer",
            || json!({ "requestContext": context(), "room": room() }),
        )
        .await?;
        self.emit("core:realtime:user:unsubscribe:after", || {
            json!({
                "requestContext": context(),
                "room": room(),
                "subscription": {
                    "connectionId": connection.to_string(),
                    "roomId": *change.room_id,
                    "index": index,
                    "collection": collection,
                },
            })
        });
        Ok(())
    }

    fn emit(&self, event: &str, payload: impl FnOnce() -> Value) {
        if self.events.has_listeners(event) {
            self.events.emit(event, Payload::Json(payload()));
        }
    }

    async fn pipe(&self, event: &str, payload: impl FnOnce() -> Value) -> Result<(), ApiError> {
        if self.events.has_listeners(event) {
            self.events.pipe(event, Payload::Json(payload())).await?;
        }
        Ok(())
    }
}
