//! Order, refusals, panics, limits.

use std::sync::Mutex;

use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use super::*;
use crate::error::API_PROCESS_OVERLOADED;

/// Appends its name to a JSON array.
fn appending(name: &'static str) -> Pipe {
    Arc::new(move |payload| {
        Box::pin(async move {
            let Payload::Json(Value::Array(mut names)) = payload else {
                panic!("not an array: {payload:?}");
            };
            names.push(name.into());
            Ok(Payload::Json(names.into()))
        })
    })
}

/// Sends its pattern and what it got.
fn sending(sender: &mpsc::UnboundedSender<(String, Value)>) -> Hook {
    let sender = sender.clone();
    Arc::new(move |name, payload| {
        let sender = sender.clone();
        Box::pin(async move {
            sender.send(((*name).into(), payload.to_json())).unwrap();
            Ok(())
        })
    })
}

async fn names(events: &Events, event: &str) -> Value {
    let payload = Payload::Json(Value::Array(Vec::new()));
    events.pipe(event, payload).await.unwrap().to_json()
}

#[tokio::test]
async fn pipes_run_in_the_promised_order() {
    let events = Events::default();
    for (event, name) in [
        ("a:b:*", "any"),
        ("a:b:before*", "half"),
        ("a:b:beforeX", "first"),
        ("a:b:beforeX", "second"),
        ("a:b:after*", "other half"),
        ("a:*", "another scope"),
        ("alone", "alone"),
    ] {
        events.register_pipe("test", event, appending(name));
    }
    let cases = [
        ("a:b:beforeX", json!(["first", "second", "half", "any"])),
        ("a:b:beforeY", json!(["half", "any"])),
        ("a:b:afterX", json!(["other half", "any"])),
        ("a:b:errorX", json!(["any"])),
        ("a:x", json!(["another scope"])),
        ("alone", json!(["alone"])),
        ("b:beforeX", json!([])),
    ];
    for (event, expected) in cases {
        assert_eq!(names(&events, event).await, expected, "{event}");
        assert_eq!(
            events.has_listeners(event),
            expected != json!([]),
            "{event}"
        );
    }
}

#[tokio::test]
async fn listeners_come_and_go() {
    let events = Events::default();
    let id = events.register_pipe("test", "e:x", appending("one"));
    events.register_pipe("test", "e:x", appending("two"));
    events.unregister(&id).unwrap();
    assert_eq!(names(&events, "e:x").await, json!(["two"]));
    let error = events.unregister(&id).unwrap_err();
    assert_eq!(error.id.as_deref(), Some("plugin.runtime.unknown_pipe"));
    assert_eq!(events.names_of("test"), (vec!["e:x".to_owned()], vec![]));
    assert_eq!(events.names_of("other"), (vec![], vec![]));
}

#[tokio::test]
async fn an_error_or_a_panic_ends_the_chain() {
    let refuse: Pipe = Arc::new(|_| Box::pin(async { Err(API_PROCESS_OVERLOADED.bare()) }));
    let panic: Pipe = Arc::new(|_| panic!("in the pipe"));
    let panic_later: Pipe = Arc::new(|_| Box::pin(async { panic!("in the {}", "future") }));
    let cases = [
        (
            refuse,
            "api.process.overloaded",
            "request dropped, server saturated",
        ),
        (
            panic,
            "plugin.runtime.unexpected_error",
            "plugin failure: in the pipe",
        ),
        (
            panic_later,
            "plugin.runtime.unexpected_error",
            "plugin failure: in the future",
        ),
    ];
    for (pipe, id, message) in cases {
        let events = Events::default();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        events.register_pipe("test", "e:x", pipe);
        events.register_pipe("test", "e:x", Arc::new(|_| panic!("must not run")));
        events.register_hook("test", "e:x", sending(&sender));
        let error = events.pipe("e:x", Payload::None).await.unwrap_err();
        assert_eq!((error.id.as_deref(), &*error.message), (Some(id), message));
        drop((events, sender));
        assert!(receiver.recv().await.is_none(), "no hook after a refusal");
    }
}

#[tokio::test]
async fn hooks_see_what_the_pipes_left_and_their_own_pattern() {
    let events = Events::default();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    events.register_pipe("test", "e:afterX", appending("one"));
    events.register_hook("test", "e:*", sending(&sender));
    events.register_hook("test", "e:afterX", sending(&sender));
    names(&events, "e:afterX").await;
    let mut seen = [
        receiver.recv().await.unwrap(),
        receiver.recv().await.unwrap(),
    ];
    seen.sort_by_key(|it| it.0.clone());
    let expected = [
        ("e:*".to_owned(), json!(["one"])),
        ("e:afterX".to_owned(), json!(["one"])),
    ];
    assert_eq!(seen, expected);

    // Without pipes, too.
    events.emit("e:y", Payload::Json(json!(5)));
    assert_eq!(receiver.recv().await.unwrap(), ("e:*".to_owned(), json!(5)));
}

#[tokio::test]
async fn failing_hooks_are_events() {
    let events = Events::default();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let failing: Hook = Arc::new(|_, _| Box::pin(async { Err(API_PROCESS_OVERLOADED.bare()) }));
    events.register_hook("mine", "e:x", Arc::clone(&failing));
    events.register_hook("test", "hook:onError", sending(&sender));
    events.register_hook("bad reporter", "hook:onError", Arc::clone(&failing));
    events.register_hook("test", "plugin:hook:loop-error", sending(&sender));
    events.register_hook("worst", "plugin:hook:loop-error", failing);
    events.emit("e:x", Payload::None);
    let mut seen = [
        receiver.recv().await.unwrap(),
        receiver.recv().await.unwrap(),
    ];
    seen.sort_by_key(|it| it.0.clone());
    let error = API_PROCESS_OVERLOADED.bare().to_json();
    assert_eq!(seen[0].0, "hook:onError");
    assert_eq!(
        seen[0].1,
        json!({"error": error, "event": "e:x", "pluginName": "mine"})
    );
    assert_eq!(seen[1].0, "plugin:hook:loop-error");
    assert_eq!(
        seen[1].1,
        json!({"error": error, "pluginName": "bad reporter"})
    );
}

/// Tells that it runs, then waits for leave.
fn waiting(started: &Arc<Notify>, leave: &Arc<Notify>) -> Pipe {
    let (started, leave) = (Arc::clone(started), Arc::clone(leave));
    Arc::new(move |payload| {
        let (started, leave) = (Arc::clone(&started), Arc::clone(&leave));
        Box::pin(async move {
            started.notify_one();
            leave.notified().await;
            Ok(payload)
        })
    })
}

#[tokio::test]
async fn too_many_chains_are_refused() {
    let events = Events::new(EventLimits {
        chains_max: 1,
        chains_waiting_max: 1,
        ..EventLimits::default()
    });
    let (started, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    events.register_pipe("test", "e:x", waiting(&started, &leave));
    let mut first = Box::pin(events.pipe("e:x", Payload::None));
    let mut second = Box::pin(events.pipe("e:x", Payload::None));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    let error = events.pipe("e:x", Payload::None).await.unwrap_err();
    assert_eq!(error.id.as_deref(), Some("plugin.runtime.too_many_pipes"));
    leave.notify_one();
    assert!(first.await.is_ok());
    assert!((&mut second).now_or_never().is_none());
    leave.notify_one();
    assert!(second.await.is_ok());
}

#[tokio::test]
async fn a_chain_inside_a_chain_waits_for_no_place() {
    let events = Events::new(EventLimits {
        chains_max: 1,
        ..EventLimits::default()
    });
    let inner = events.clone();
    let outer: Pipe = Arc::new(move |_| {
        let inner = inner.clone();
        Box::pin(async move { Ok(Payload::Json(names(&inner, "inner:x").await)) })
    });
    events.register_pipe("test", "outer:x", outer);
    events.register_pipe("test", "inner:x", appending("inner"));
    let piped = events.pipe("outer:x", Payload::None).await.unwrap();
    assert_eq!(piped.to_json(), json!(["inner"]));
}

#[tokio::test]
async fn a_refused_request_keeps_what_earlier_pipes_made_of_it() {
    use crate::connection::Connection;
    use crate::request::Typing;

    let connection = Connection {
        id: uuid::Uuid::nil(),
        protocol: "http".into(),
        ips: Vec::new(),
        headers: serde_json::Map::new(),
        outbox: None,
    };
    let payload = serde_json::Map::from_iter([("x".to_owned(), json!(1))]);
    let mut request =
        Request::from_payload(payload, Typing::Native, Arc::new(connection), None).unwrap();

    let events = Events::default();
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    let change: Pipe = Arc::new(move |mut payload| {
        *count.lock().unwrap() += 1;
        if let Payload::Request(request) = &mut payload {
            request.args.insert("x".into(), json!(2));
        }
        Box::pin(async { Ok(payload) })
    });
    events.register_pipe("test", "e:x", change);
    events.pipe_request("e:x", &mut request).await.unwrap();
    assert_eq!(request.args["x"], json!(2));

    request.args.insert("x".into(), json!(1));
    let swap: Pipe = Arc::new(|_| Box::pin(async { Ok(Payload::None) }));
    events.register_pipe("test", "e:x", swap);
    let error = events.pipe_request("e:x", &mut request).await.unwrap_err();
    assert_eq!(error.id.as_deref(), Some("plugin.runtime.unexpected_error"));
    assert_eq!(
        (request.args["x"].clone(), *seen.lock().unwrap()),
        (json!(2), 2)
    );
}
