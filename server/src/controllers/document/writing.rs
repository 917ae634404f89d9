//! From a write to its notification: announce, write, tell.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::METADATA;
use crate::app::App;
use crate::controllers::names;
use crate::error::{ApiError, SERVICES_STORAGE_NO_ROUTING};
use crate::realtime::{Announcement, DocumentAction, DocumentEvent, Origin, Topic};
use crate::request::{Refresh, Request};
use crate::storage::{Collection, StoreError, Write, Written};

/// The writes of one request.
pub(in crate::controllers) struct Writing<'a> {
    app: &'a App,
    at: Collection,
    refresh: Refresh,
    /// Nobody is told of a silent write.
    is_silent: bool,
    announcement: Option<Announcement>,
    events: Vec<(u64, DocumentEvent)>,
    origin: Option<Arc<Origin>>,
}

impl<'a> Writing<'a> {
    /// Reads the arguments that all writes have.
    pub(super) fn new(app: &'a App, request: &Request, refresh: Refresh) -> Result<Self, ApiError> {
        let is_silent = request.flag("silent")?;
        Ok(Self::at(app, names::place(request)?, refresh, is_silent))
    }

    pub(in crate::controllers) fn at(
        app: &'a App,
        at: Collection,
        refresh: Refresh,
        is_silent: bool,
    ) -> Self {
        Self {
            app,
            at,
            refresh,
            is_silent,
            announcement: None,
            events: Vec::new(),
            origin: None,
        }
    }

    pub(super) fn place(&self) -> &Collection {
        &self.at
    }

    pub(in crate::controllers) fn is_silent(&self) -> bool {
        self.is_silent
    }

    pub(in crate::controllers) async fn write_one(
        &mut self,
        write: Write,
    ) -> Result<Written, ApiError> {
        let written = self.write(vec![write]).await?.pop();
        let written = written.expect("the storage answers each write");
        Ok(written?)
    }

    /// Each write succeeds or fails on its own, in the order given. Called again,
    /// it may only write documents that the first call announced.
    pub(in crate::controllers) async fn write(
        &mut self,
        writes: Vec<Write>,
    ) -> Result<Vec<Result<Written, StoreError>>, ApiError> {
        if !self.is_silent && self.announcement.is_none() {
            let topic = Topic::new(self.at.index.clone(), self.at.collection.clone());
            let ids = writes.iter().filter_map(|it| it.id.as_deref());
            self.announcement = Some(self.app.realtime.announce(&topic, ids));
        }
        let written = self.app.storage.write(&self.at, writes, self.refresh);
        Ok(written.await?)
    }

    /// Remembers what subscribers are to be told of a write, if any listen.
    pub(in crate::controllers) fn note(
        &mut self,
        request: &Request,
        action: DocumentAction,
        written: &Written,
        result: impl FnOnce() -> Value,
    ) {
        let topic = Topic::new(self.at.index.clone(), self.at.collection.clone());
        if self.announcement.is_none() || !self.app.realtime.is_heard(&topic) {
            return;
        }
        let origin = self
            .origin
            .get_or_insert_with(|| Arc::new(origin(request)))
            .clone();
        let before = written.previous.as_ref().map(|it| it.source.clone());
        let after = (action != DocumentAction::Delete).then(|| written.document.source.clone());
        let event = DocumentEvent {
            topic,
            action,
            id: Some(written.document.id.clone()),
            after,
            before,
            result: result(),
            origin,
        };
        self.events.push((written.sequence, event));
    }

    /// Tells subscribers of everything noted.
    pub(in crate::controllers) async fn tell(self) {
        if let Some(announcement) = self.announcement {
            announcement.tell(self.events).await;
        }
    }
}

/// The request as notifications show it.
pub(in crate::controllers) fn origin(request: &Request) -> Origin {
    Origin {
        request_id: request.id.clone(),
        controller: request.controller.clone(),
        protocol: request.context.connection.protocol.clone(),
        timestamp: request.timestamp,
        volatile: request.volatile.clone(),
    }
}

/// Refuses what no document may hold.
pub(in crate::controllers) fn check_content(content: &Map<String, Value>) -> Result<(), ApiError> {
    match content.contains_key("_routing") {
        true => Err(SERVICES_STORAGE_NO_ROUTING.bare()),
        false => Ok(()),
    }
}

/// The dotted paths of everything that changes assign, metadata apart.
pub(super) fn updated_fields(changes: &Map<String, Value>) -> Vec<String> {
    let mut fields = Vec::new();
    for (key, value) in changes.iter().filter(|(key, _)| *key != METADATA) {
        collect_leaves(key, value, &mut fields);
    }
    fields
}

fn collect_leaves(path: &str, value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                collect_leaves(&format!("{path}.{key}"), value, into);
            }
        }
        _ => into.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn updated_fields_are_the_leaves_of_the_changes() {
        let changes = json!({
            "a": 1,
            "b": { "c": [1, { "x": 2 }], "d": { "e": null, "f": {} } },
            "g.h": true,
            "_kuzzle_info": { "updater": "-1" },
        });
        assert_eq!(
            updated_fields(changes.as_object().unwrap()),
            ["a", "b.c", "b.d.e", "b.d.f", "g.h"]
        );
    }
}
