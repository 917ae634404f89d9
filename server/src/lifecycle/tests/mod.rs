//! The order of the steps as events tell it, and what each refusal leaves.

mod broken; // a disk that is gone
mod about; // what the server says of itself

use std::sync::Mutex;

use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

use broken::Broken;

use super::*;
use crate::app::{ActionResult, Identity, State, action, controller};
use crate::config::Settings;
use crate::connection::Outbox;
use crate::controllers;
use crate::error::{API_PROCESS_ADMIN_EXISTS, API_PROCESS_OVERLOADED};
use crate::events::{OWNER_APPLICATION, Pipe};
use crate::request::Typing;

async fn fine(_: &App, request: &mut Request) -> ActionResult {
    request.outcome.status = Some(201);
    Ok(Some(json!("fine")))
}

async fn failing(_: &App, request: &mut Request) -> ActionResult {
    request.outcome.result = Some(Some(json!("half")));
    Err(API_PROCESS_ADMIN_EXISTS.bare())
}

async fn panicking(_: &App, request: &mut Request) -> ActionResult {
    panic!("index {} of {:?}", 7, request.action)
}

fn app_with(settings: &Settings) -> Arc<App> {
    let config = settings.check().unwrap();
    let app = App::new(Arc::new(config), Arc::new(Broken), Identity::own());
    app.actions.extend(controllers::all()).unwrap();
    let actions = [
        action("fine", fine),
        action("failing", failing),
        action("panicking", panicking),
    ];
    app.actions.extend(controller("test", actions)).unwrap();
    app.set_state(State::Running);
    Arc::new(app)
}

fn app() -> Arc<App> {
    app_with(&Settings::default())
}

fn request_from(protocol: &str, headers: Value, payload: Value) -> Request {
    let (Value::Object(headers), Value::Object(payload)) = (headers, payload) else {
        panic!("not objects");
    };
    let connection = Connection {
        id: Uuid::new_v4(),
        protocol: protocol.into(),
        ips: Vec::new(),
        headers,
        outbox: None,
    };
    Request::from_payload(payload, Typing::Native, Arc::new(connection), None).unwrap()
}

fn request(payload: Value) -> Request {
    request_from("websocket", json!({}), payload)
}

fn call(action: &str) -> Request {
    request(json!({"controller": "test", "action": action, "requestId": "r"}))
}

/// Every event of a request, in order; `afterExecution` with its success.
fn record(app: &App) -> Arc<Mutex<Vec<String>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    for event in [
        "request:beforeExecution",
        "request:onUnauthorized",
        "request:onAuthorized",
        "request:onExecution",
        "request:onSuccess",
        "request:onError",
        "request:afterExecution",
        "test:*",
    ] {
        let seen = Arc::clone(&seen);
        let pipe: Pipe = Arc::new(move |payload| {
            let note = match &payload {
                Payload::Request(it) if event == "test:*" => {
                    let stage = if it.outcome.error.is_some() {
                        "error"
                    } else if it.outcome.result.is_some() {
                        "after"
                    } else {
                        "before"
                    };
                    format!("test:{stage}")
                }
                Payload::Execution { success, .. } => format!("{event} {success}"),
                _ => event.to_owned(),
            };
            seen.lock().unwrap().push(note);
            Box::pin(async { Ok(payload) })
        });
        app.events.register_pipe(OWNER_APPLICATION, event, pipe);
    }
    seen
}

fn refusing(app: &App, event: &str) {
    let pipe: Pipe = Arc::new(|_| Box::pin(async { Err(API_PROCESS_OVERLOADED.bare()) }));
    app.events.register_pipe(OWNER_APPLICATION, event, pipe);
}

/// A pipe that changes the request.
fn changing(app: &App, event: &str, change: fn(&mut Request)) {
    let pipe: Pipe = Arc::new(move |mut payload| {
        match &mut payload {
            Payload::Request(request) | Payload::Execution { request, .. } => change(request),
            other => panic!("{other:?}"),
        }
        Box::pin(async { Ok(payload) })
    });
    app.events.register_pipe(OWNER_APPLICATION, event, pipe);
}

async fn answer(app: &Arc<App>, request: Request) -> (u16, Value) {
    let response = execute(app, request).await;
    let content = response.content();
    assert_eq!(content["status"], json!(response.status));
    (response.status, content)
}

const START: [&str; 3] = [
    "request:beforeExecution",
    "request:onAuthorized",
    "request:onExecution",
];

fn events(rest: &[&str]) -> Vec<String> {
    START
        .iter()
        .chain(rest)
        .map(|it| (*it).to_owned())
        .collect()
}

#[tokio::test]
async fn a_success_passes_every_step_in_order() {
    let app = app();
    let seen = record(&app);
    let (status, content) = answer(&app, call("fine")).await;
    assert_eq!(
        (status, &content["result"], &content["error"]),
        (201, &json!("fine"), &Value::Null)
    );
    assert_eq!(
        (&content["requestId"], &content["node"]),
        (&json!("r"), &json!(&*app.node))
    );
    let rest = [
        "test:before",
        "test:after",
        "request:onSuccess",
        "request:afterExecution true",
    ];
    assert_eq!(*seen.lock().unwrap(), events(&rest));
}

#[tokio::test]
async fn a_failing_action_goes_through_the_events_of_errors() {
    let app = app();
    let seen = record(&app);
    let (status, content) = answer(&app, call("failing")).await;
    assert_eq!(
        (status, &content["error"]["id"]),
        (412, &json!("api.process.admin_exists"))
    );
    assert_eq!(
        content["result"],
        json!("half"),
        "what was computed stays beside the error"
    );
    let rest = [
        "test:before",
        "test:error",
        "request:onError",
        "request:afterExecution false",
    ];
    assert_eq!(*seen.lock().unwrap(), events(&rest));
}

#[tokio::test]
async fn a_panicking_action_is_an_error_of_ours() {
    let app = app();
    let (status, content) = answer(&app, call("panicking")).await;
    let error = &content["error"];
    assert_eq!(
        (status, &error["id"]),
        (500, &json!("core.fatal.unexpected_error"))
    );
    assert_eq!(
        error["message"],
        json!("unexpected failure: index 7 of \"panicking\"")
    );
    assert_eq!(content["action"], json!("panicking"));
    // The place it had is free again.
    assert_eq!(app.requests.running(), 0);
}

/// Which events follow when a pipe on one of them refuses.
#[tokio::test]
async fn a_refusing_pipe_decides_what_follows() {
    let start = |count: usize| START[..count].to_vec();
    let after = "request:afterExecution false";
    let errors = ["test:error", "request:onError", after];
    let cases: [(&str, Vec<&str>); 6] = [
        ("request:beforeExecution", [start(1), vec![after]].concat()),
        ("request:onAuthorized", [start(2), vec![after]].concat()),
        ("request:onExecution", [start(3), errors.to_vec()].concat()),
        ("test:beforeFine", [start(3), errors.to_vec()].concat()),
        (
            "test:afterFine",
            [start(3), vec!["test:before"], errors.to_vec()].concat(),
        ),
        (
            "request:onSuccess",
            [
                start(3),
                vec!["test:before", "test:after", "request:onSuccess"],
                errors.to_vec(),
            ]
            .concat(),
        ),
    ];
    for (event, expected) in cases {
        let app = app();
        let seen = record(&app);
        refusing(&app, event);
        let (status, content) = answer(&app, call("fine")).await;
        assert_eq!(
            (status, &content["error"]["id"]),
            (503, &json!("api.process.overloaded"))
        );
        let has_result = ["test:afterFine", "request:onSuccess"].contains(&event);
        assert_eq!(content["result"] == json!("fine"), has_result, "{event}");
        assert_eq!(*seen.lock().unwrap(), expected, "{event}");
    }
}

#[tokio::test]
async fn pipes_may_save_a_request() {
    for event in [
        "test:errorFailing",
        "request:onError",
        "request:afterExecution",
    ] {
        let app = app();
        changing(&app, event, |request| {
            request.outcome.error = None;
            request.outcome.result = Some(Some(json!("saved")));
        });
        let (status, content) = answer(&app, call("failing")).await;
        assert_eq!(
            (status, &content["result"]),
            (200, &json!("saved")),
            "{event}"
        );
    }
}

#[tokio::test]
async fn pipes_may_change_requests_and_answers() {
    let app = app();
    changing(&app, "request:beforeExecution", |request| {
        request.action = "fine".into()
    });
    changing(&app, "test:afterFine", |request| {
        request.outcome.result = Some(Some(json!("changed")));
        request.outcome.headers.push(("x-a".into(), "1".into()));
    });
    let (status, content) = answer(&app, call("nothing")).await;
    assert_eq!((status, &content["result"]), (201, &json!("changed")));
    assert_eq!(content["headers"], json!({"x-a": "1"}));
}

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

#[tokio::test]
async fn identity_comes_before_the_action() {
    let app = app();
    let seen = record(&app);
    let token = json!({"controller": "no", "action": "no", "jwt": "x"});
    let cookie = json!({"cookie": "a=b; authToken=x"});
    let plain = json!({"controller": "test", "action": "fine"});
    let cookie_auth = json!({"controller": "auth", "action": "checkToken", "cookieAuth": true});
    let cases = [
        (json!({}), token.clone(), "security.token.invalid"),
        (cookie.clone(), plain.clone(), "security.token.invalid"),
        (cookie.clone(), token, "security.token.verification_error"),
        (json!({"cookie": "authToken=null"}), plain.clone(), ""),
        (json!({"cookie": "authToken="}), plain, ""),
        // The action looks at the cookie's token itself.
        (cookie, cookie_auth, ""),
        (
            json!({}),
            json!({"controller": "no", "action": "no"}),
            "api.process.controller_not_found",
        ),
        (
            json!({}),
            json!({"controller": "test", "action": "no"}),
            "api.process.action_not_found",
        ),
    ];
    for (headers, payload, id) in cases {
        let request = request_from("http", headers.clone(), payload.clone());
        let (_, content) = answer(&app, request).await;
        let found = content["error"]["id"].as_str().unwrap_or_default();
        assert_eq!(found, id, "{headers} {payload}");
    }
    let seen = seen.lock().unwrap();
    let unauthorized = seen
        .iter()
        .filter(|it| *it == "request:onUnauthorized")
        .count();
    assert_eq!(unauthorized, 2, "for tokens, not for cookies");
    assert!(!seen.iter().any(|it| it == "request:onError"));
}

#[tokio::test]
async fn cookies_can_be_turned_off() {
    let mut settings = Settings::default();
    settings.set("http.cookieAuthentication", false);
    let app = app_with(&settings);
    let payload = json!({"controller": "test", "action": "fine"});
    let request = request_from("http", json!({"cookie": "authToken=x"}), payload);
    let (status, content) = answer(&app, request).await;
    assert_eq!(
        (status, &content["error"]["id"]),
        (500, &json!("security.cookie.unsupported"))
    );
}

#[tokio::test]
async fn tokens_are_checked_without_failing() {
    let app = app();
    let anonymous = json!({"valid": true, "kuid": "-1", "expiresAt": null});
    let invalid = json!({"valid": false, "state": "token refused"});
    let cases = [
        (json!(null), &anonymous),
        (json!({}), &anonymous),
        (json!({"token": ""}), &anonymous),
        (json!({"token": "x"}), &invalid),
    ];
    for (body, expected) in cases {
        let payload = json!({"controller": "auth", "action": "checkToken", "body": body});
        assert_eq!(
            &answer(&app, request(payload)).await.1["result"],
            expected,
            "{body}"
        );
    }
}

#[tokio::test]
async fn old_sdks_are_refused_after_the_lookup() {
    let app = app();
    let payload =
        json!({"controller": "test", "action": "fine", "volatile": {"sdkName": "js@6.2.0"}});
    let (status, content) = answer(&app, request(payload)).await;
    let error = &content["error"];
    assert_eq!(
        (status, &error["id"]),
        (400, &json!("api.process.incompatible_sdk_version"))
    );
    assert_eq!(error["props"], json!(["js@6.2.0", "js >= 7"]));
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

#[tokio::test]
async fn a_broken_disk_is_told_as_such() {
    let app = app();
    let (status, content) = answer(
        &app,
        request(json!({"controller": "server", "action": "healthCheck"})),
    )
    .await;
    assert_eq!(
        (status, &content["error"]["id"]),
        (500, &json!("core.fatal.service_unavailable"))
    );
    let services =
        json!({"internalCache": "green", "memoryStorage": "green", "storageEngine": "red"});
    assert_eq!(
        content["result"],
        json!({"status": "red", "services": services})
    );

    let payload =
        json!({"controller": "server", "action": "healthCheck", "services": "internalCache"});
    let (status, content) = answer(&app, request(payload)).await;
    let green = json!({"status": "green", "services": {"internalCache": "green"}});
    assert_eq!((status, &content["result"]), (200, &green));

    let (status, content) = answer(
        &app,
        request(json!({"controller": "index", "action": "list"})),
    )
    .await;
    assert_eq!(
        (status, &content["error"]["id"]),
        (500, &json!("services.storage.unexpected_error"))
    );
}

#[tokio::test]
async fn the_application_itself_is_not_held_up() {
    let app = app();
    let seen = record(&app);
    app.set_state(State::ShuttingDown);
    let response = execute_internally(&app, call("fine")).await;
    assert_eq!((response.status, seen.lock().unwrap().len()), (201, 0));

    let mut with_events = call("failing");
    with_events.args.insert("triggerEvents".into(), json!(true));
    let response = execute_internally(&app, with_events).await;
    assert_eq!(response.status, 412);
    let expected = [
        "request:onExecution",
        "test:before",
        "test:error",
        "request:onError",
        "request:afterExecution false",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[tokio::test]
async fn some_actions_are_not_for_the_application() {
    let payload = json!({"controller": "auth", "action": "getCurrentUser"});
    let content = execute_internally(&app(), request(payload)).await.content();
    let expected = json!("api.process.forbidden_embedded_sdk_action");
    assert_eq!(content["error"]["id"], expected);
}

#[tokio::test]
async fn applications_bring_their_own_controllers() {
    let mut intruder = action("now2", fine).of("server");
    intruder.is_custom = true;
    let error = app().actions.register(intruder).unwrap_err();
    assert_eq!(
        error.id.as_deref(),
        Some("plugin.assert.invalid_controller_definition")
    );
}
