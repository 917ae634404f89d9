//! Realtime: connections wait on filters, and are told of the documents that
//! come to match them or cease to.
//!
//! A subscription puts a connection into a room, the meeting place of everyone
//! whose filter means the same. A document event is tested once against the
//! engine of its topic, whatever the number of subscribers: rooms whose filter
//! the new version matches are told `in`, rooms whose filter only the previous
//! version matched are told `out`.
//!
//! The way of an event: a writer's `Announcement` → `order` (versions of a document stay
//! in order) → `bus` (every node) → `rooms` (whom does it concern?) → `notifier`
//! (pipes, JSON) → the outboxes of the listeners.

mod order; // the events of a document keep the order of its versions
mod bus; // the way of events to the rooms of every node
mod notifier; // what subscribers are told
mod signals; // what applications hear of subscriptions
mod rooms; // which connections wait on which filters
mod topic; // the rooms of one topic, found by documents
mod room; // the connections that wait on one filter, by channel
mod channel; // what a subscriber wants to be told of
mod event; // a document changed, a message was published

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::runtime::Handle;
use uuid::Uuid;

use self::bus::{Bus, LocalBus};
use self::notifier::Notifier;
use self::order::{Announced, Held, Order};
use self::rooms::Rooms;
use self::signals::Signals;
use crate::error::ApiError;
use crate::events::Events;

pub(crate) use channel::Interest;
pub(crate) use event::{DocumentAction, DocumentEvent, Origin, Topic};
pub(crate) use rooms::{Subscribe, Subscription};

/// Live queries: who waits for which documents.
pub(crate) struct Realtime {
    shared: Arc<Shared>,
}

struct Shared {
    rooms: Arc<Rooms>,
    notifier: Arc<Notifier>,
    signals: Signals,
    bus: Box<dyn Bus>,
    order: Arc<Order>,
    /// Held by whoever tells of comings and goings, so that counts stay in order.
    presence_turn: tokio::sync::Mutex<()>,
}

impl Realtime {
    /// No rooms yet. `max_conditions` bounds a filter, `max_rooms` (0: none) the
    /// number of distinct rooms.
    pub(crate) fn new(
        events: Arc<Events>,
        node: Arc<str>,
        max_conditions: usize,
        max_rooms: usize,
    ) -> Self {
        let rooms = Arc::new(Rooms::new(max_conditions, max_rooms));
        let notifier = Arc::new(Notifier::new(rooms.clone(), events.clone(), node));
        let bus = Box::new(LocalBus {
            notifier: notifier.clone(),
        });
        Self {
            shared: Arc::new(Shared {
                rooms,
                notifier,
                signals: Signals { events },
                bus,
                order: Arc::default(),
                presence_turn: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// Puts the connection into the room of this filter. `None`: it is gone.
    pub(crate) async fn subscribe(
        &self,
        wish: Subscribe<'_>,
    ) -> Result<Option<Subscription>, ApiError> {
        let Some((subscription, change)) = self.shared.rooms.subscribe(&wish)? else {
            return Ok(None);
        };
        if let Err(error) = self.shared.signals.subscribed(&wish, &change).await {
            if change.of_connection {
                self.unsubscribe(wish.connection.id, &change.room_id)
                    .await?;
            }
            return Err(error);
        }
        self.shared.tell_presences();
        Ok(Some(subscription))
    }

    /// Takes the connection out of all channels of the room.
    pub(crate) async fn unsubscribe(
        &self,
        connection: Uuid,
        room_id: &str,
    ) -> Result<(), ApiError> {
        let change = self.shared.rooms.unsubscribe(connection, room_id)?;
        self.shared.tell_presences();
        self.shared.signals.unsubscribed(connection, &change).await
    }

    /// Ends all subscriptions of a connection that is gone. Its outbox must be
    /// closed before, so that no subscription can come after.
    pub(crate) async fn remove_connection(&self, connection: Uuid) {
        let changes = self.shared.rooms.remove_connection(connection);
        self.shared.tell_presences();
        for change in changes {
            if let Err(error) = self.shared.signals.unsubscribed(connection, &change).await {
                tracing::warn!(%error, "a pipe on a departure failed");
            }
        }
    }

    /// The number of connections in the room; 0 when there is no such room.
    pub(crate) fn count(&self, room_id: &str) -> usize {
        self.shared.rooms.count(room_id)
    }

    /// Every room with the number of its connections.
    pub(crate) fn list(&self) -> Vec<(Topic, Arc<str>, usize)> {
        self.shared.rooms.list()
    }

    /// The collections of an index that somebody listens to, stored or not.
    pub(crate) fn collections(&self, index: &str) -> Vec<String> {
        self.shared.rooms.collections(index)
    }

    /// Whether events of this topic reach anybody now. Lets writers skip making
    /// them, once they have written: a client that subscribes while a write is
    /// under way, and then reads what is there, must be told of that write.
    pub(crate) fn is_heard(&self, topic: &Topic) -> bool {
        self.shared.bus.is_heard(topic)
    }

    /// Announces writes of these documents, whether or not anybody listens yet.
    ///
    /// To be called before the storage is. Documents whose id is still to be
    /// generated need no announcement, nobody else can be writing them.
    pub(crate) fn announce<'a>(
        &self,
        topic: &Topic,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Announcement {
        let line = self.shared.order.line(topic);
        Announcement {
            documents: line.announce(ids),
            line: Some(line),
            shared: self.shared.clone(),
        }
    }

    /// Tells of a message that no storage knows.
    pub(crate) async fn publish(&self, message: DocumentEvent) {
        if self.is_heard(&message.topic) {
            let announcement = self.announce(&message.topic, []);
            announcement.tell(vec![(0, message)]).await;
        }
    }
}

/// Writes that are under way. Dropped without having told anything, it says that
/// none of them took place.
pub(crate) struct Announcement {
    documents: Vec<Announced>,
    /// Taken by whoever delivers.
    line: Option<Held>,
    shared: Arc<Shared>,
}

impl Announcement {
    /// Tells of the writes that took place, each with its sequence number.
    ///
    /// Returns when the notifications are in the queues of all listeners, so that
    /// whoever writes one document after the other is heard in this order. Pipes
    /// on notifications are not waited for: they may write, too.
    pub(crate) async fn tell(mut self, events: Vec<(u64, DocumentEvent)>) {
        let Some(line) = self.complete(events) else {
            return;
        };
        let delivery = deliver(self.shared.clone(), line);
        match self.shared.notifier.is_piped() {
            true => drop(tokio::spawn(delivery)),
            false => delivery.await,
        }
    }

    /// The line, if there is something to deliver in it.
    fn complete(&mut self, events: Vec<(u64, DocumentEvent)>) -> Option<Held> {
        let line = self.line.take()?;
        line.complete(&self.documents, events);
        line.has_next().then_some(line)
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Some(line) = self.complete(Vec::new())
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(deliver(self.shared.clone(), line));
        }
    }
}

/// Delivers what stands in the line, also what others put there meanwhile.
async fn deliver(shared: Arc<Shared>, line: Held) {
    let _turn = line.turn.lock().await;
    while let Some(event) = line.next() {
        shared.bus.publish(event).await;
    }
}

impl Shared {
    /// In a task of its own: subscribers do not wait for each other.
    fn tell_presences(self: &Arc<Self>) {
        if !self.rooms.has_presence() {
            return;
        }
        let shared = self.clone();
        tokio::spawn(async move {
            let _turn = shared.presence_turn.lock().await;
            while let Some(presence) = shared.rooms.next_presence() {
                shared.notifier.presence(presence).await;
            }
        });
    }
}
