//! Who talks to us: a client's connection and the queue of what it is to be sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use uuid::Uuid;

/// Messages that may wait while a client takes next to nothing.
pub(crate) const STALLED_MESSAGES_MAX: usize = 50;

/// The code of a disconnection that the client did not ask for.
const DISCONNECTED: u16 = 1011;

/// What a client is told that lets too many messages wait.
const TOO_SLOW: &str = "too much backpressure: client is too slow";

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

/// The sending end of a connection's queue; it never waits.
///
/// The queue is bounded, and strictly so while the client takes nothing: a
/// client too slow to empty it is dropped with a reason, so that it never slows
/// down another one. A burst does not make a client slow: many messages may wait
/// for the moment until its task runs.
#[derive(Clone, Debug)]
pub struct Outbox(Arc<Queue>);

/// The end that a connection's task empties. Once it is gone, pushes fail.
#[derive(Debug)]
pub struct Inbox(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    capacity: usize,
    /// Wakes the task that waits for a message.
    arrival: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Outgoing>,
    is_stalled: bool,
    is_closed: bool,
}

/// What a connection's task is asked to send.
#[derive(Clone, Debug)]
pub enum Outgoing {
    Notification(Arc<Notification>),
    /// A complete text, such as the reply to a request.
    Message(Bytes),
    /// A sign of life is wanted, in the protocol's own way.
    Ping,
    /// The last one: the client is to be disconnected.
    Close {
        /// As WebSocket numbers them.
        code: u16,
        reason: Arc<str>,
    },
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

impl Connection {
    /// Whether notifications can reach the client.
    pub fn is_listening(&self) -> bool {
        self.outbox.as_ref().is_some_and(|it| !it.is_closed())
    }
}

impl Outbox {
    /// Both ends of a queue that holds at most `capacity` messages, and no more
    /// than a few while the client is stalled.
    pub fn bounded(capacity: usize) -> (Self, Inbox) {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            capacity,
            arrival: Notify::new(),
        });
        (Self(Arc::clone(&queue)), Inbox(queue))
    }

    /// Whether the message was queued. `false` means that the client is gone or
    /// too slow; its protocol notices on its own and drops it.
    pub fn push(&self, message: Outgoing) -> bool {
        let mut state = self.0.lock();
        if state.is_closed {
            return false;
        }
        state.is_closed = matches!(message, Outgoing::Close { .. });
        state.waiting.push_back(message);
        let has_room = self.0.has_room(&mut state);
        drop(state);
        self.0.arrival.notify_one();
        has_room
    }

    /// Whether nobody will read what is pushed.
    pub fn is_closed(&self) -> bool {
        self.0.lock().is_closed
    }
}

impl Inbox {
    /// The next message; after `Close` there is none, for ever.
    pub async fn recv(&self) -> Option<Outgoing> {
        loop {
            let arrival = self.0.arrival.notified();
            {
                let mut state = self.0.lock();
                match state.waiting.pop_front() {
                    Some(message) => return Some(message),
                    None if state.is_closed => return None,
                    None => {}
                }
            }
            arrival.await;
        }
    }

    /// The next message, if there is one now.
    pub fn try_recv(&self) -> Option<Outgoing> {
        self.0.lock().waiting.pop_front()
    }

    /// Says whether the client has stopped taking messages.
    pub fn set_stalled(&self, is_stalled: bool) {
        let mut state = self.0.lock();
        state.is_stalled = is_stalled;
        self.0.has_room(&mut state);
    }

    /// Waits until the client is to be disconnected.
    pub async fn closed(&self) {
        loop {
            let arrival = self.0.arrival.notified();
            if self.0.lock().is_closed {
                return;
            }
            arrival.await;
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        state.waiting = VecDeque::new();
    }
}

impl Queue {
    /// A thread that panicked left the queue as it was: no step is half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks the bound; beyond it the queue holds nothing but the end.
    fn has_room(&self, state: &mut State) -> bool {
        let bound = match state.is_stalled {
            true => STALLED_MESSAGES_MAX.min(self.capacity),
            false => self.capacity,
        };
        if state.waiting.len() <= bound {
            return true;
        }
        let (code, reason) = (DISCONNECTED, TOO_SLOW.into());
        state.waiting = VecDeque::from([Outgoing::Close { code, reason }]);
        state.is_closed = true;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(n: usize) -> Outgoing {
        Outgoing::Message(Bytes::from(n.to_string()))
    }

    fn text(outgoing: Option<Outgoing>) -> String {
        match outgoing {
            Some(Outgoing::Message(bytes)) => String::from_utf8(bytes.to_vec()).unwrap(),
            Some(Outgoing::Close { reason, .. }) => format!("close: {reason}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn beyond_its_capacity_a_queue_holds_only_the_end() {
        let (outbox, inbox) = Outbox::bounded(3);
        assert!((0..3).all(|it| outbox.push(message(it))));
        assert!(!outbox.push(message(3)));
        assert!(outbox.is_closed());
        assert!(!outbox.push(message(4)));
        assert_eq!(text(inbox.try_recv()), format!("close: {TOO_SLOW}"));
        assert!(inbox.try_recv().is_none());
    }

    #[test]
    fn a_burst_is_fine_but_a_stalled_client_gets_fifty() {
        let (outbox, inbox) = Outbox::bounded(1000);
        assert!((0..500).all(|it| outbox.push(message(it))));
        while inbox.try_recv().is_some() {}
        inbox.set_stalled(true);
        assert!((0..50).all(|it| outbox.push(message(it))));
        inbox.set_stalled(false);
        assert!(outbox.push(message(50)));
        assert_eq!(text(inbox.try_recv()), "0");
        inbox.set_stalled(true);
        assert!(!outbox.push(message(51)));
        assert_eq!(text(inbox.try_recv()), format!("close: {TOO_SLOW}"));
    }

    #[tokio::test]
    async fn the_end_is_the_last_message() {
        let (outbox, inbox) = Outbox::bounded(10);
        outbox.push(message(1));
        outbox.push(Outgoing::Close {
            code: 1000,
            reason: "done".into(),
        });
        assert!(!outbox.push(message(2)));
        assert_eq!(text(inbox.recv().await), "1");
        assert_eq!(text(inbox.recv().await), "close: done");
        assert!(inbox.recv().await.is_none());
    }

    #[test]
    fn a_client_that_is_gone_gets_nothing() {
        let (outbox, inbox) = Outbox::bounded(10);
        drop(inbox);
        assert!(outbox.is_closed());
        assert!(!outbox.push(message(1)));
    }
}
