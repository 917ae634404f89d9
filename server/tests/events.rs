//! An application in the way of its own server: what pipes change is what happens,
//! what they refuse does not happen, and hooks look on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::sync::mpsc::{self, Receiver};

use koncorde_server::{ApiError, Backend, EventPayload, Payload, Request, Server, errors};
use serde_json::{Value, json};
use tempfile::TempDir;

mod harness;

use harness::{Http, WebSocket};

/// A server with pipes, a collection `i/c`, and a client.
struct Application {
    server: Server,
    client: Http,
    _folder: TempDir,
}

impl Application {
    async fn start(pipes: impl FnOnce(Backend) -> Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = Backend::new("tested")
            .set("server.port", 0)
            .set("server.dataPath", folder.path().to_str().unwrap());
        let server = pipes(backend).start().await.unwrap();
        let client = Http::connect(server.address().port());
        let mut application = Self {
            server,
            client,
            _folder: folder,
        };
        application.result(
            "collection:create",
            json!({ "index": "i", "collection": "c" }),
        );
        application
    }

    /// The envelope that answers this action on `i/c`.
    fn call(&mut self, action: &str, with: Value) -> Value {
        let (controller, action) = action.split_once(':').unwrap();
        let mut request = json!({
            "controller": controller, "action": action, "index": "i", "collection": "c",
        });
        for (key, value) in with.as_object().unwrap() {
            request[key] = value.clone();
        }
        let headers = [("Content-Type", "application/json")];
        let body = request.to_string();
        let answer = self
            .client
            .call("POST", "/_query", &headers, body.as_bytes());
        answer.json()
    }

    fn result(&mut self, action: &str, with: Value) -> Value {
        let mut envelope = self.call(action, with);
        assert!(envelope["error"].is_null(), "{envelope}");
        envelope["result"].take()
    }

    fn error_id(&mut self, action: &str, with: Value) -> String {
        let envelope = self.call(action, with);
        envelope["error"]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// A pipe on a generic event, as a function on its documents.
fn on_documents(
    backend: Backend,
    event: &str,
    change: impl Fn(&mut Value) + Clone + Send + Sync + 'static,
) -> Backend {
    backend.pipe(event, move |payload: Payload| {
        let change = change.clone();
        async move {
            let Payload::Documents {
                mut documents,
                request,
            } = payload
            else {
                panic!("not documents: {payload:?}");
            };
            documents.iter_mut().for_each(change);
            Ok(Payload::Documents { documents, request })
        }
    })
}

fn refusal() -> ApiError {
    errors::API_ASSERT_FORBIDDEN_ARGUMENT.with(["body.secret"])
}

async fn refuse<P>(_: P) -> Result<P, ApiError> {
    Err(refusal())
}

fn stamp(document: &mut Value) {
    // The source of deleteFields is a list of fields.
    if let Some(source) = document["_source"].as_object_mut() {
        source.insert("stamp".to_owned(), json!(true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_written_as_pipes_left_them() {
    let mut it = Application::start(|it| {
        let it = on_documents(it, "generic:document:beforeWrite", stamp);
        on_documents(it, "generic:document:beforeUpdate", stamp)
    })
    .await;
    let calls = [
        ("document:create", json!({ "_id": "d", "body": { "n": 1 } })),
        (
            "document:createOrReplace",
            json!({ "_id": "d", "body": { "n": 2 } }),
        ),
        (
            "document:replace",
            json!({ "_id": "d", "body": { "n": 3 } }),
        ),
        (
            "document:mCreateOrReplace",
            json!({ "body": { "documents": [{ "_id": "d", "body": { "n": 4 } }] } }),
        ),
        (
            "document:mReplace",
            json!({ "body": { "documents": [{ "_id": "d", "body": { "n": 5 } }] } }),
        ),
        (
            "document:mCreate",
            json!({ "body": { "documents": [{ "_id": "e", "body": { "n": 6 } }] } }),
        ),
    ];
    for (action, with) in calls {
        it.result(action, with);
        let id = if action == "document:mCreate" {
            "e"
        } else {
            "d"
        };
        let source = it.result("document:get", json!({ "_id": id }))["_source"].take();
        assert_eq!(source["stamp"], json!(true), "{action}");
    }
    // Updates only add: start from a document without the stamp.
    let updates = [
        ("document:update", json!({ "_id": "f", "body": { "n": 7 } })),
        (
            "document:upsert",
            json!({ "_id": "f", "body": { "changes": { "n": 8 } } }),
        ),
        (
            "document:mUpdate",
            json!({ "body": { "documents": [{ "_id": "f", "body": { "n": 9 } }] } }),
        ),
        (
            "document:mUpsert",
            json!({ "body": { "documents": [{ "_id": "f", "changes": { "n": 10 } }] } }),
        ),
    ];
    it.result("document:create", json!({ "_id": "f", "body": {} }));
    for (action, with) in updates {
        it.result(
            "document:deleteFields",
            json!({ "_id": "f", "body": { "fields": ["stamp"] } }),
        );
        it.result(action, with);
        let source = it.result("document:get", json!({ "_id": "f" }))["_source"].take();
        assert_eq!(source["stamp"], json!(true), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_answered_as_pipes_left_them() {
    let hide = |document: &mut Value| {
        if let Some(source) = document["_source"].as_object_mut() {
            source.remove("secret");
        }
    };
    let mut it = Application::start(|it| on_documents(it, "generic:document:afterGet", hide)).await;
    let body = json!({ "secret": 1, "open": 1 });
    it.result(
        "document:create",
        json!({ "_id": "d", "body": body, "refresh": "wait_for" }),
    );
    let got = it.result("document:get", json!({ "_id": "d" }));
    let many = it.result("document:mGet", json!({ "body": { "ids": ["d"] } }));
    let found = it.result("document:search", json!({ "body": {} }));
    for source in [
        &got["_source"],
        &many["successes"][0]["_source"],
        &found["hits"][0]["_source"],
    ] {
        assert_eq!(source["open"], json!(1));
        assert_eq!(source.get("secret"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pipe_refuses_did_not_happen() {
    let events = [
        "generic:document:beforeWrite",
        "document:beforeCreate",
        "generic:document:injectMetadata",
        "request:onExecution",
        "request:beforeExecution",
    ];
    for event in events {
        // Only creations: the collection and the reads must work.
        let refuses = move |payload: Payload| async move {
            let is_creation = payload.to_json().to_string().contains("\"create\"")
                && payload.to_json().to_string().contains("forbidden fruit");
            if is_creation {
                refuse(payload).await
            } else {
                Ok(payload)
            }
        };
        let mut it = Application::start(|it| it.pipe(event, refuses)).await;
        let mut listener = WebSocket::connect(it.server.address().port(), &[]);
        listener.result(json!({
            "controller": "realtime", "action": "subscribe", "index": "i", "collection": "c", "body": {},
        }));
        let create = json!({ "_id": "d", "body": { "fruit": "forbidden fruit" } });
        assert_eq!(
            it.error_id("document:create", create),
            "api.assert.forbidden_argument",
            "{event}"
        );
        assert_eq!(
            it.result("document:exists", json!({ "_id": "d" })),
            json!(false),
            "{event}"
        );
        // What is told first is what comes next, not the refused creation.
        it.result("document:create", json!({ "_id": "e", "body": {} }));
        assert_eq!(listener.notification()["result"]["_id"], "e", "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_after_the_action_refuses_the_answer_only() {
    let mut it = Application::start(|it| it.pipe("document:afterCreate", refuse::<Request>)).await;
    let envelope = it.call("document:create", json!({ "_id": "d", "body": { "n": 1 } }));
    assert_eq!(envelope["error"]["id"], "api.assert.forbidden_argument");
    assert_eq!(envelope["status"], 400);
    // The result was there already and stays beside the error.
    assert_eq!(envelope["result"]["_id"], "d");
    assert_eq!(
        it.result("document:exists", json!({ "_id": "d" })),
        json!(true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_saves_a_failed_request() {
    let mut it = Application::start(|it| {
        it.pipe("document:errorGet", async |mut request: Request| {
            request.outcome.error = None;
            request.outcome.result = Some(Some(json!({ "_id": "fallback" })));
            Ok(request)
        })
    })
    .await;
    let envelope = it.call("document:get", json!({ "_id": "ghost" }));
    assert_eq!(envelope["error"], Value::Null);
    assert_eq!(envelope["status"], 200);
    assert_eq!(envelope["result"], json!({ "_id": "fallback" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_are_those_of_the_pipe() {
    let mut it = Application::start(|it| {
        it.pipe(
            "generic:document:injectMetadata",
            async |mut payload: Value| {
                payload["metadata"]["tenant"] = json!("acme");
                Ok(payload)
            },
        )
    })
    .await;
    let calls = [
        ("document:create", json!({ "_id": "d", "body": {} })),
        (
            "document:createOrReplace",
            json!({ "_id": "d", "body": {} }),
        ),
        ("document:replace", json!({ "_id": "d", "body": {} })),
        ("document:update", json!({ "_id": "d", "body": {} })),
        (
            "document:upsert",
            json!({ "_id": "e", "body": { "changes": {} } }),
        ),
    ];
    for (action, with) in calls {
        let id = with["_id"].clone();
        it.result(action, with);
        let document = it.result("document:get", json!({ "_id": id }));
        assert_eq!(
            document["_source"]["_kuzzle_info"]["tenant"], "acme",
            "{action}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_pass_pipes_too() {
    let mut it = Application::start(|it| {
        it.pipe("notify:document", async |mut notification: Value| {
            notification["result"]["_source"]["seen"] = json!(true);
            Ok(notification)
        })
    })
    .await;
    let mut listener = WebSocket::connect(it.server.address().port(), &[]);
    listener.result(json!({
        "controller": "realtime", "action": "subscribe", "index": "i", "collection": "c", "body": {},
    }));
    it.result("document:create", json!({ "_id": "d", "body": {} }));
    assert_eq!(
        listener.notification()["result"]["_source"]["seen"],
        json!(true)
    );
    let stored = it.result("document:get", json!({ "_id": "d" }));
    assert_eq!(stored["_source"].get("seen"), None);
}

/// What a hook on the event sees, as it comes.
fn watch<P: EventPayload>(
    backend: Backend,
    event: &str,
    see: impl Fn(P) -> Value + Send + Sync + 'static,
) -> (Backend, Receiver<Value>) {
    let (seen, receiver) = mpsc::channel();
    let backend = backend.hook(event, move |payload: P| {
        seen.send(see(payload)).unwrap();
        async { Ok(()) }
    });
    (backend, receiver)
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_see_what_pipes_left() {
    let mut seen = None;
    let mut it = Application::start(|it| {
        let it = it.pipe("document:beforeCreate", async |mut request: Request| {
            request.body = Some(json!({ "changed": true }));
            Ok(request)
        });
        let (it, receiver) = watch(it, "document:beforeCreate", |request: Request| {
            request.body.unwrap_or_default()
        });
        seen = Some(receiver);
        it
    })
    .await;
    let created = it.result("document:create", json!({ "_id": "d", "body": { "n": 1 } }));
    assert_eq!(created["_source"]["changed"], json!(true));
    let seen = seen.unwrap().recv_timeout(harness::PATIENCE).unwrap();
    assert_eq!(seen, json!({ "changed": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn wildcards_come_after_exact_names() {
    let mut it = Application::start(|it| {
        ["document:*", "document:before*", "document:beforeCreate"]
            .into_iter()
            .fold(it, |it, pattern| {
                it.pipe(pattern, move |mut request: Request| async move {
                    if let Some(body) = request.body.as_mut().filter(|it| it.get("path").is_some())
                    {
                        let path = format!("{} {pattern}", body["path"].as_str().unwrap());
                        body["path"] = json!(path);
                    }
                    Ok(request)
                })
            })
    })
    .await;
    let body = json!({ "path": "" });
    let created = it.result("document:create", json!({ "_id": "d", "body": body }));
    assert_eq!(
        created["_source"]["path"],
        " document:beforeCreate document:before* document:*"
    );
}
