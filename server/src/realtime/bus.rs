//! The bus: the one way of document events to the rooms.
//!
//! Several nodes share one: each event is told once to every node, and each node
//! tests it against its own subscribers only. No subscription is ever replicated.

use std::sync::Arc;

use async_trait::async_trait;

use super::event::{DocumentEvent, Topic};
use super::notifier::Notifier;

/// Brings document events to the rooms of every node.
#[async_trait]
pub(super) trait Bus: Send + Sync {
    /// Whether events of this topic can reach anybody; lets writers skip making
    /// them.
    fn is_heard(&self, topic: &Topic) -> bool;

    /// Returns when this node's subscribers have been told. Events published one
    /// after the other arrive everywhere in this order.
    async fn publish(&self, event: DocumentEvent);
}

/// The bus of a single node.
pub(super) struct LocalBus {
    pub(super) notifier: Arc<Notifier>,
}

#[async_trait]
impl Bus for LocalBus {
    fn is_heard(&self, topic: &Topic) -> bool {
        self.notifier.rooms.has_topic(topic)
    }

    async fn publish(&self, event: DocumentEvent) {
        self.notifier.document(event).await;
    }
}
