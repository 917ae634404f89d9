//! The order of the steps as events tell it, and what each refusal leaves.

mod broken; // a disk that is gone
mod admission; // who may begin at all
mod identity; // who asks
mod about; // what the server says of itself

use std::sync::Mutex;

use serde_json::{Value, json};
use uuid::Uuid;

use broken::Broken;

use super::*;
use crate::app::{ActionResult, Identity, State, action, controller};
use crate::config::{Config, Settings};
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
    app_from(settings.check().unwrap())
}

fn app_from(config: Config) -> Arc<App> {
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
        request.action = "fine".into();
    });
    changing(&app, "test:afterFine", |request| {
        request.outcome.result = Some(Some(json!("changed")));
        request.outcome.headers.push(("x-a".into(), "1".into()));
    });
    let (status, content) = answer(&app, call("nothing")).await;
    assert_eq!((status, &content["result"]), (201, &json!("changed")));
    assert_eq!(content["headers"], json!({"x-a": "1"}));
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
