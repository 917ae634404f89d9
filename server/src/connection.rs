//! Who talks to us: a client's connection and the queue of what it is to be sent.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use uuid::Uuid;

/// One client's connection, whatever its protocol. HTTP makes one per request.
#[derive(Debug)]
pub struct Connection {
    pub id: Uuid,
    /// `http`, `websocket`, `mqtt`, `funnel` or the name of a custom protocol.
    pub protocol: Arc<str>,
    /// The socket's address first, then what `X-Forwarded-For` adds.
    pub ips: Vec<String>,
    /// Header names in lower case.
    pub headers: Map<String, Value>,
    /// `None` where nothing can be pushed (HTTP).
    pub outbox: Option<Outbox>,
}

/// The sending end of a connection's queue.
///
/// The queue is bounded; a client too slow to empty it is dropped with a reason,
/// so that it never slows down another one.
#[derive(Clone, Debug)]
pub struct Outbox(mpsc::Sender<Outgoing>);

/// What a connection's task is asked to send.
#[derive(Clone, Debug)]
pub enum Outgoing {
    Notification(Arc<Notification>),
    Close { reason: Arc<str> },
}

/// A notification on its way to the subscribers of one channel; built once per
/// event and channel, shared by all receivers.
#[derive(Debug)]
pub struct Notification {
    pub channel: Arc<str>,
    /// The JSON object without `room`.
    pub content: Bytes,
    /// The same with `room`: what a WebSocket sends.
    pub content_with_room: Bytes,
}

impl Outbox {
    /// Both ends of a queue that holds at most `capacity` messages.
    pub fn bounded(capacity: usize) -> (Self, mpsc::Receiver<Outgoing>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self(sender), receiver)
    }

    /// Whether the message was queued. `false` means that the client is gone or
    /// too slow; its protocol notices on its own and drops it.
    pub fn push(&self, message: Outgoing) -> bool {
        self.0.try_send(message).is_ok()
    }

    /// Whether nobody will read what is pushed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}
