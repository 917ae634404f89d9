//! What happened: a document changed, or a message was published.

use std::sync::Arc;

use serde_json::{Map, Value};

/// Where events happen: one index and collection. Neither needs to exist in the
/// storage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Topic {
    pub(crate) index: Arc<str>,
    pub(crate) collection: Arc<str>,
}

impl Topic {
    pub(crate) fn new(index: impl Into<Arc<str>>, collection: impl Into<Arc<str>>) -> Self {
        Self {
            index: index.into(),
            collection: collection.into(),
        }
    }
}

/// A change of a document (or a published message), told once to every node.
#[derive(Clone, Debug)]
pub(crate) struct DocumentEvent {
    pub(crate) topic: Topic,
    pub(crate) action: DocumentAction,
    pub(crate) id: Option<String>,
    /// Content after the change, what filters are tested on; `None` after a deletion.
    pub(crate) after: Option<Arc<Value>>,
    /// Content before it; `None` when there was none.
    pub(crate) before: Option<Arc<Value>>,
    /// The `result` of the notification.
    pub(crate) result: Value,
    pub(crate) origin: Arc<Origin>,
}

/// The kind of change, as notifications name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentAction {
    Create,
    Replace,
    Update,
    Delete,
    Publish,
}

impl DocumentAction {
    /// The `action` of a notification.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Publish => "publish",
        }
    }

    /// The `event` of a notification.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Create | Self::Replace | Self::Update => "write",
            Self::Delete => "delete",
            Self::Publish => "publish",
        }
    }
}

/// The request behind an event.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) request_id: String,
    pub(crate) controller: String,
    pub(crate) protocol: Arc<str>,
    /// When the request arrived, milliseconds since 1970.
    pub(crate) timestamp: u64,
    pub(crate) volatile: Option<Map<String, Value>>,
}
