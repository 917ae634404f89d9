//! The server inside another program: its actions, pipes and hooks, its life.

#![allow(clippy::unwrap_used, reason = "a test: one that cannot go on stops")]

mod harness;

use std::sync::{Arc, Mutex};

use harness::{Answer, Http};
use koncorde_server::{
    ActionResult, ApiError, App, Backend, Payload, Request, Server, StartError, Verb, action,
    errors,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

async fn say_hello(_: &App, request: &mut Request) -> ActionResult {
    let name = request.optional_string("name")?.unwrap_or("World");
    Ok(Some(json!({"greeting": format!("Hello, {name}")})))
}

async fn fail(_: &App, _: &mut Request) -> ActionResult {
    panic!("a bug of the application");
}

fn backend(folder: &TempDir) -> Backend {
    Backend::new("my-app")
        .version("1.2.3")
        .set("server.port", 0)
        .set("server.host", "127.0.0.1")
        .set("server.dataPath", folder.path().to_str().unwrap())
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn call(server: &Server, verb: &str, path: &str) -> Answer {
    Http::connect(server.address().port()).call(verb, path, &[], b"")
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_of_an_application() {
    let folder = folder();
    let actions = [
        action("sayHello", say_hello),
        action("greet", say_hello).post("hi").get("/hello/:name"),
        action("fail", fail),
    ];
    let server = backend(&folder)
        .controller("friendlyGreeting", actions)
        .start()
        .await
        .unwrap();
    let cases = [
        (
            "GET",
            "/_/friendly-greeting/say-hello?name=Ada",
            json!({"greeting": "Hello, Ada"}),
        ),
        ("POST", "/_/hi", json!({"greeting": "Hello, World"})),
        ("GET", "/hello/Tr%C3%AF", json!({"greeting": "Hello, Trï"})),
    ];
    for (verb, path, expected) in cases {
        assert_eq!(
            call(&server, verb, path).result(),
            expected,
            "{verb} {path}"
        );
    }
    let failed = call(&server, "GET", "/_/friendly-greeting/fail");
    assert_eq!(
        (failed.status, &*failed.error_id()),
        (500, "plugin.runtime.unexpected_error")
    );

    let info = call(&server, "GET", "/_serverInfo").result();
    let application = &info["serverInfo"]["kuzzle"]["application"];
    assert_eq!(
        (&application["name"], &application["version"]),
        (&json!("my-app"), &json!("1.2.3"))
    );
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pipes_and_hooks_of_an_application() {
    let folder = folder();
    let (sender, mut seen) = mpsc::unbounded_channel();
    let server = backend(&folder)
        .pipe("server:afterNow", async |mut request: Request| {
            request.outcome.result = Some(Some(json!({"now": "tea time"})));
            Ok(request)
        })
        .pipe("server:beforeInfo", async |_: Request| {
            Err(errors::API_PROCESS_ACTION_LOCKED.with(["info"]))
        })
        .pipe("custom:event", async |value: Value| {
            Ok(json!({"was": value}))
        })
        .hook("custom:event", move |value: Value| {
            let sender = sender.clone();
            async move {
                sender.send(value).unwrap();
                Ok(())
            }
        })
        .start()
        .await
        .unwrap();
    assert_eq!(
        call(&server, "GET", "/_now").result(),
        json!({"now": "tea time"})
    );
    let refused = call(&server, "GET", "/_serverInfo");
    assert_eq!(
        (refused.status, &*refused.error_id()),
        (412, "api.process.action_locked")
    );

    let piped = server
        .trigger("custom:event", Payload::Json(json!(5)))
        .await
        .unwrap();
    assert_eq!(piped.to_json(), json!({"was": 5}));
    assert_eq!(seen.recv().await, Some(json!({"was": 5})));
    // A pipe that expects something else is an error, not a crash.
    let error = server
        .trigger("custom:event", Payload::None)
        .await
        .unwrap_err();
    assert_eq!(error.id.as_deref(), Some("plugin.runtime.unexpected_error"));

    // At run time, too.
    let id = server.pipe("server:afterNow", async |mut request: Request| {
        request.outcome.status = Some(418);
        Ok(request)
    });
    assert_eq!(call(&server, "GET", "/_now").status, 418);
    server.unregister(&id).unwrap();
    assert_eq!(call(&server, "GET", "/_now").status, 200);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_calls_actions_without_a_detour() {
    let folder = folder();
    let server = backend(&folder)
        .pipe("server:afterNow", async |_: Request| {
            Err(errors::API_PROCESS_ACTION_LOCKED.with(["now"]))
        })
        .start()
        .await
        .unwrap();
    let now = json!({"controller": "server", "action": "now"});
    assert_eq!(server.execute(object(now)).await.status, 200);
    let with_events = json!({"controller": "server", "action": "now", "triggerEvents": true});
    assert_eq!(server.execute(object(with_events)).await.status, 412);
    // What the application itself writes has no author.
    let create =
        json!({"controller": "collection", "action": "create", "index": "i", "collection": "c"});
    assert_eq!(server.execute(object(create)).await.status, 200);
    let write = json!({
        "controller": "document", "action": "create", "index": "i", "collection": "c", "body": {},
    });
    let written = server.execute(object(write)).await.content();
    let metadata = &written["result"]["_source"]["_kuzzle_info"];
    assert_eq!(metadata["author"], json!(null), "{written}");
    let wrong = json!({"controller": 5, "requestId": "r"});
    let wrong = server.execute(object(wrong)).await;
    assert_eq!((wrong.status, &*wrong.request_id), (400, "r"));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn start_and_stop_pass_their_events_in_order() {
    let folder = folder();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut backend = backend(&folder);
    for event in [
        "kuzzle:state:start",
        "kuzzle:start",
        "kuzzle:state:live",
        "kuzzle:state:ready",
        "kuzzle:shutdown",
    ] {
        let seen = Arc::clone(&seen);
        backend = backend.pipe(event, move |payload: Payload| {
            seen.lock().unwrap().push(event);
            async { Ok(payload) }
        });
    }
    let server = backend.start().await.unwrap();
    let ready = call(&server, "GET", "/_ready");
    assert_eq!((ready.status, seen.lock().unwrap().len()), (200, 4));
    let address = server.address();
    server.shutdown().await;
    let expected = [
        "kuzzle:state:start",
        "kuzzle:start",
        "kuzzle:state:live",
        "kuzzle:state:ready",
        "kuzzle:shutdown",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert!(std::net::TcpStream::connect(address).is_err());
}

/// What cannot start says why, and leaves port and folder to the next one.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_start_leaves_nothing_running() {
    let folder = folder();
    let refuse = async |_: Payload| Err::<Payload, ApiError>(errors::API_PROCESS_OVERLOADED.bare());
    let twice = [
        action("a", say_hello).get("/same"),
        action("b", say_hello).get("/same"),
    ];
    let native = [action("now", say_hello).route(koncorde_server::Route::new(Verb::Get, "/x"))];
    let cases = [
        (
            Backend::new("My App"),
            "plugin.assert.invalid_application_name",
        ),
        (
            backend(&folder).set("limits.documentsFetchCount", -1),
            "limits.documentsFetchCount",
        ),
        (
            backend(&folder).controller("mine", twice),
            "network.http.duplicate_url",
        ),
        (
            backend(&folder).controller("server", native),
            "plugin.assert.invalid_controller_definition",
        ),
        (
            backend(&folder).pipe("kuzzle:state:live", refuse),
            "api.process.overloaded",
        ),
        (
            backend(&folder).pipe("kuzzle:state:ready", refuse),
            "api.process.overloaded",
        ),
    ];
    for (backend, expected) in cases {
        let error: StartError = match backend.start().await {
            Ok(_) => panic!("must not start: {expected}"),
            Err(error) => error,
        };
        assert!(error.to_string().contains(expected), "{error}");
    }
    backend(&folder).start().await.unwrap().shutdown().await;
}
