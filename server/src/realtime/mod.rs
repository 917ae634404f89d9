//! Rooms: filters and the connections that wait on them.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::connection::Connection;
use crate::error::ApiError;
use crate::events::Events;

/// Live queries: who waits for which documents.
pub struct Realtime {}

/// Which documents a channel is told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    #[default]
    All,
    In,
    Out,
    None,
}

/// Which comings and goings of other subscribers a channel is told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Users {
    All,
    In,
    Out,
    #[default]
    None,
}

/// The answer to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub room_id: String,
    pub channel: String,
}

/// A change of a document (or a published message), told once to all nodes.
#[derive(Clone, Debug)]
pub struct DocumentEvent {
    pub index: Arc<str>,
    pub collection: Arc<str>,
    pub action: DocumentAction,
    pub id: Option<String>,
    /// Content after the change, what filters are tested on; `None` after a deletion.
    pub after: Option<Arc<Value>>,
    /// Content before it; `None` when there was none.
    pub before: Option<Arc<Value>>,
    /// The `result` of the notification.
    pub result: Value,
    pub origin: Origin,
}

/// The kind of change, as notifications name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentAction {
    Create,
    Replace,
    Update,
    Delete,
    Publish,
}

/// The request behind an event.
#[derive(Clone, Debug)]
pub struct Origin {
    pub request_id: String,
    pub controller: String,
    pub protocol: Arc<str>,
    pub timestamp: u64,
    pub volatile: Option<Map<String, Value>>,
}

/// The way of document events to the rooms; several nodes will share one.
#[async_trait::async_trait]
pub trait Bus: Send + Sync {
    async fn publish(&self, event: DocumentEvent);
}

impl Realtime {
    /// No rooms yet. `max_conditions` bounds a filter, `max_rooms` (0: none) the
    /// number of distinct rooms.
    pub fn new(
        _events: Arc<Events>,
        _node: Arc<str>,
        _max_conditions: usize,
        _max_rooms: usize,
    ) -> Self {
        Self {}
    }

    /// Puts the connection into the room of this filter. `None`: it is gone.
    #[expect(clippy::too_many_arguments, reason = "skeleton")]
    pub async fn subscribe(
        &self,
        _connection: &Arc<Connection>,
        _index: &str,
        _collection: &str,
        _filter: &Value,
        _scope: Scope,
        _users: Users,
        _volatile: Option<Map<String, Value>>,
    ) -> Result<Option<Subscription>, ApiError> {
        Ok(None)
    }

    /// Takes the connection out of all channels of the room.
    pub async fn unsubscribe(&self, _connection: Uuid, _room_id: &str) -> Result<(), ApiError> {
        Ok(())
    }

    /// Ends all subscriptions of a connection that is gone.
    pub async fn remove_connection(&self, _connection: Uuid) {}

    /// The number of connections in the room; 0 when there is no such room.
    pub fn count(&self, _room_id: &str) -> usize {
        0
    }

    /// Tells the rooms whose filter matches.
    pub async fn document(&self, _event: DocumentEvent) {}
}
