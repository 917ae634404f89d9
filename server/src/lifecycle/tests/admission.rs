//! Who may begin at all: what is refused before anybody is asked.

use serde_json::{Map, json};
use tokio::sync::Notify;
use uuid::Uuid;

use super::*;
use crate::app::State;
use crate::connection::Outbox;

/// What is refused before anybody is asked, in the order of the checks.
#[tokio::test]
async fn admission() {
    let mut settings = Settings::default();
    settings.set("http.accessControlAllowOrigin", "http://good");
    let app = app_with(&settings);
    let seen = record(&app);
    let cases = [
        (
            json!({}),
            json!({}),
            "api.assert.missing_argument",
            json!(["controller"]),
        ),
        (
            json!({}),
            json!({"controller": "test"}),
            "api.assert.missing_argument",
            json!(["action"]),
        ),
        (
            json!({}),
            json!({"controller": "a", "action": "b", "index": "i", "targets": [{}]}),
            "api.assert.mutually_exclusive",
            json!(["index", "targets"]),
        ),
        (
            json!({}),
            json!({"controller": "a", "action": "b", "targets": "i"}),
            "api.assert.invalid_type",
            json!(["targets", "array"]),
        ),
        (
            json!({"origin": "http://evil"}),
            json!({"controller": "test", "action": "fine"}),
            "api.process.unauthorized_origin",
            json!(["http://evil"]),
        ),
    ];
    for (headers, payload, id, props) in cases {
        let request = request_from("http", headers, payload.clone());
        let (_, content) = answer(&app, request).await;
        assert_eq!(
            (&content["error"]["id"], &content["error"]["props"]),
            (&json!(id), &props),
            "{payload}"
        );
    }
    assert!(seen.lock().unwrap().is_empty(), "no event before step 7");

    let payload = json!({"controller": "test", "action": "fine", "index": "i", "targets": []});
    let request = request_from("http", json!({"origin": "http://good"}), payload);
    assert_eq!(answer(&app, request).await.0, 201);
}

#[tokio::test]
async fn a_client_that_left_is_not_worked_for() {
    let app = app();
    let (outbox, receiver) = Outbox::bounded(1);
    drop(receiver);
    let mut request = call("fine");
    let connection = Connection {
        id: Uuid::new_v4(),
        protocol: "websocket".into(),
        ips: Vec::new(),
        headers: Map::new(),
        outbox: Some(outbox),
    };
    request.context.connection = Arc::new(connection);
    let (_, content) = answer(&app, request).await;
    assert_eq!(
        content["error"]["id"],
        json!("api.process.connection_dropped")
    );
}

/// One request runs, one waits, one is refused; then there is room again.
#[tokio::test]
async fn the_throttle() {
    let mut settings = Settings::default();
    settings.set("limits.concurrentRequests", 1);
    settings.set("limits.requestsBufferSize", 2);
    settings.set("limits.requestsBufferWarningThreshold", 1);
    let app = app_with(&settings);
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, mut overload) = tokio::sync::mpsc::unbounded_channel();
    let gate: Pipe = {
        let (entered, leave) = (Arc::clone(&entered), Arc::clone(&leave));
        Arc::new(move |payload| {
            let (entered, leave) = (Arc::clone(&entered), Arc::clone(&leave));
            Box::pin(async move {
                entered.notify_one();
                leave.notified().await;
                Ok(payload)
            })
        })
    };
    app.events
        .register_pipe(OWNER_APPLICATION, "test:beforeFine", gate);
    let hook = move |_: Arc<str>, payload: Payload| -> crate::events::HookFuture {
        told.send(payload.to_json()).unwrap();
        Box::pin(async { Ok(()) })
    };
    app.events
        .register_hook(OWNER_APPLICATION, "core:overload", Arc::new(hook));

    assert!(app.is_ready());
    let first = tokio::spawn({
        let app = Arc::clone(&app);
        async move { execute(&app, call("fine")).await }
    });
    entered.notified().await;
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let mut request = Box::pin(execute(&app, call("failing")));
        assert!((&mut request).now_or_never().is_none());
        waiting.push(request);
    }
    assert!(!app.is_ready() && app.is_overloaded());
    let (status, content) = answer(&app, call("failing")).await;
    assert_eq!(
        (status, &content["error"]["id"]),
        (503, &json!("api.process.overloaded"))
    );
    assert_eq!(overload.recv().await, Some(json!(100.0)));

    leave.notify_one();
    assert_eq!(first.await.unwrap().status, 201);
    for request in waiting {
        assert_eq!(request.await.status, 412);
    }
    assert!(app.is_ready());
}

#[tokio::test]
async fn nothing_new_while_shutting_down() {
    let app = app();
    app.set_state(State::ShuttingDown);
    for (protocol, id) in [
        ("http", "api.process.shutting_down"),
        ("websocket", "network.entrypoint.shutting_down"),
    ] {
        let payload = json!({"controller": "test", "action": "fine"});
        let (status, content) = answer(&app, request_from(protocol, json!({}), payload)).await;
        assert_eq!((status, &content["error"]["id"]), (503, &json!(id)));
    }
    assert!(!app.is_ready());
}
