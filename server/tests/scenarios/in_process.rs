//! The server in the process of the test, with a pipe on every event, to see which
//! events a request fires and what they carry.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use koncorde_server::{Backend, Payload, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::tables::Tables;

pub struct InProcess {
    server: Server,
    pub recorder: Recorder,
    /// Runs the server, and ends it.
    _runtime: Runtime,
    _folder: TempDir,
}

/// Events by the id of their request, in the order in which pipes saw them.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<HashMap<String, Vec<Event>>>>);

/// One event.
pub struct Event {
    pub name: String,
    /// What it carries besides the request: documents, metadata, success.
    pub payload: Value,
}

/// Events of every request, besides those of its action.
const COMMON: [&str; 23] = [
    "http:get",
    "http:post",
    "http:put",
    "http:patch",
    "http:delete",
    "http:head",
    "http:options",
    "request:beforeExecution",
    "request:onUnauthorized",
    "request:onAuthorized",
    "request:onExecution",
    "request:onSuccess",
    "request:onError",
    "request:afterExecution",
    "generic:document:beforeGet",
    "generic:document:afterGet",
    "generic:document:beforeWrite",
    "generic:document:afterWrite",
    "generic:document:beforeUpdate",
    "generic:document:afterUpdate",
    "generic:document:beforeDelete",
    "generic:document:afterDelete",
    "generic:document:injectMetadata",
];

impl InProcess {
    pub fn start(settings: &[String], tables: &Tables) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::default();
        let data = folder.path().join("data");
        let mut backend = Backend::new("scenarios")
            .set("server.port", 0)
            .set("server.dataPath", data.to_str().unwrap());
        for setting in settings {
            let (key, value) = setting.trim_start_matches('-').split_once('=').unwrap();
            backend = backend.set(key, value);
        }
        let names = COMMON.iter().map(|it| (*it).to_owned());
        for name in names.chain(tables.actions().flat_map(events_of)) {
            let recorder = recorder.clone();
            backend = backend.pipe(&name.clone(), move |payload: Payload| {
                recorder.record(&name, &payload);
                async { Ok(payload) }
            });
        }
        let runtime = Runtime::new().unwrap();
        let server = runtime
            .block_on(backend.start())
            .unwrap_or_else(|it| panic!("{it}"));
        Self {
            server,
            recorder,
            _runtime: runtime,
            _folder: folder,
        }
    }

    pub fn port(&self) -> u16 {
        self.server.address().port()
    }
}

/// `document:beforeCreate`, `document:afterCreate`, `document:errorCreate`.
fn events_of(action: &str) -> Vec<String> {
    let (controller, action) = action.split_once(':').unwrap();
    let (first, rest) = action.split_at(1);
    ["before", "after", "error"]
        .map(|it| format!("{controller}:{it}{}{rest}", first.to_uppercase()))
        .to_vec()
}

impl Recorder {
    fn record(&self, name: &str, payload: &Payload) {
        let (id, payload) = match payload {
            Payload::Request(request) => (request.id.clone(), Value::Null),
            Payload::Documents { documents, request } => (request.id.clone(), json!(documents)),
            Payload::Execution { success, request } => (request.id.clone(), json!(success)),
            Payload::Json(value) => {
                let id = value["request"]["id"].as_str().unwrap_or_default();
                (id.to_owned(), value.clone())
            }
            Payload::None => return,
        };
        let event = Event {
            name: name.to_owned(),
            payload,
        };
        self.0.lock().unwrap().entry(id).or_default().push(event);
    }

    /// The events of a request so far.
    pub fn take(&self, request_id: &str) -> Vec<Event> {
        let mut events = self.0.lock().unwrap();
        events.remove(request_id).unwrap_or_default()
    }
}
