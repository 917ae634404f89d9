//! Pipes and hooks on notifications and subscriptions.

use std::sync::Mutex;

use super::*;
use crate::error::PLUGIN_RUNTIME_UNEXPECTED_ERROR;
use crate::events::{Events, Hook, Payload, Pipe};

type Seen = Arc<Mutex<Vec<(String, Value)>>>;

fn json_of(payload: Payload) -> Value {
    match payload {
        Payload::Json(value) => value,
        other => panic!("{other:?}"),
    }
}

/// Keeps what it sees and lets `change` change it.
fn pipe(seen: &Seen, name: &'static str, change: fn(&mut Value)) -> Pipe {
    let seen = seen.clone();
    Arc::new(move |payload| {
        let mut payload = json_of(payload);
        seen.lock().unwrap().push((name.into(), payload.clone()));
        change(&mut payload);
        Box::pin(async move { Ok(Payload::Json(payload)) })
    })
}

fn refusing() -> Pipe {
    Arc::new(|_| Box::pin(async { Err(PLUGIN_RUNTIME_UNEXPECTED_ERROR.with(["no"])) }))
}

fn hook(seen: &Seen) -> Hook {
    let seen = seen.clone();
    Arc::new(move |name, payload| {
        seen.lock()
            .unwrap()
            .push((name.to_string(), json_of(payload)));
        Box::pin(async { Ok(()) })
    })
}

fn names(seen: &Seen) -> Vec<String> {
    let names = seen.lock().unwrap().iter().map(|it| it.0.clone()).collect();
    seen.lock().unwrap().clear();
    names
}

fn with_events() -> (Realtime, Arc<Events>, Seen) {
    let events = Arc::new(Events::default());
    let realtime = Realtime::new(events.clone(), "node".into(), 50, 0);
    (realtime, events, Seen::default())
}

async fn publish(realtime: &Realtime, content: Value) {
    let action = DocumentAction::Publish;
    let result = json!({ "_source": content });
    let event = event(topic("c"), action, "m", None, Some(&content), result);
    realtime.publish(event).await;
    settle().await;
}

#[tokio::test]
async fn pipes_change_notifications_and_take_channels_out() {
    let (realtime, events, seen) = with_events();
    let (mut kept, mut dropped) = (Client::new(), Client::new());
    let filter = json!({});
    let all = subscribe(&realtime, &kept, &filter, Interest::All, Interest::None).await;
    subscribe(&realtime, &dropped, &filter, Interest::In, Interest::None).await;

    events.register_hook("app", "core:notify:document", hook(&seen));
    let first = pipe(&seen, "document", |it| it["result"]["a"] = 1.into());
    events.register_pipe("app", "notify:document", first);
    let second = pipe(&seen, "dispatch", |it| {
        it["result"]["b"] = it["result"]["a"].clone();
    });
    events.register_pipe("app", "notify:dispatch", second);
    let third = pipe(&seen, "before", |it| {
        let channels = it["channels"].as_array_mut().unwrap();
        channels.retain(|it| it.as_str().unwrap().ends_with("-311"));
        it["notification"]["c"] = 3.into();
    });
    events.register_pipe("app", "core:realtime:notification:dispatch:before", third);

    publish(&realtime, json!({})).await;
    let told = kept.read();
    assert_eq!(told[0]["result"], json!({ "_source": {}, "a": 1, "b": 1 }));
    assert_eq!((&told[0]["c"], told.len()), (&json!(3), 1));
    assert_eq!(dropped.read().len(), 0);

    let rooms = json!([*all.room_id]);
    assert!(
        seen.lock()
            .unwrap()
            .iter()
            .any(|(name, payload)| { name == "core:notify:document" && payload["rooms"] == rooms })
    );
    let mut names = names(&seen);
    names.retain(|it| it != "core:notify:document");
    assert_eq!(names, ["document", "dispatch", "before"]);
}

#[tokio::test]
async fn a_pipe_that_fails_silences_its_notification_only() {
    let (realtime, events, _) = with_events();
    let mut client = Client::new();
    subscribe(&realtime, &client, &json!({}), Interest::All, Interest::All).await;
    let id = events.register_pipe("app", "notify:document", refusing());
    publish(&realtime, json!({})).await;
    assert_eq!(client.read().len(), 0);
    events.unregister(&id).unwrap();
    publish(&realtime, json!({})).await;
    assert_eq!(client.read().len(), 1);

    events.register_pipe("app", "notify:user", refusing());
    let other = Client::new();
    subscribe(&realtime, &other, &json!({}), Interest::All, Interest::None).await;
    settle().await;
    assert_eq!(client.read().len(), 0);
}

/// It would wait for itself for ever if telling waited for pipes.
#[tokio::test]
async fn a_pipe_on_notifications_may_publish_itself() {
    let (realtime, events, _) = with_events();
    let realtime = Arc::new(realtime);
    let mut client = Client::new();
    subscribe(
        &realtime,
        &client,
        &json!({}),
        Interest::All,
        Interest::None,
    )
    .await;
    let weak = Arc::downgrade(&realtime);
    let echo: Pipe = Arc::new(move |payload| {
        let realtime = weak.upgrade().unwrap();
        Box::pin(async move {
            let notification = json_of(payload);
            if notification["result"]["_source"]["n"] == 1 {
                let content = json!({ "n": 2 });
                let action = DocumentAction::Publish;
                let result = json!({ "_source": content });
                let event = event(topic("c"), action, "m", None, Some(&content), result);
                realtime.publish(event).await;
            }
            Ok(Payload::Json(notification))
        })
    });
    events.register_pipe("app", "notify:document", echo);
    publish(&realtime, json!({ "n": 1 })).await;
    let numbers = client.read().into_iter();
    let numbers: Vec<Value> = numbers
        .map(|it| it["result"]["_source"]["n"].clone())
        .collect();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn subscriptions_are_told_and_may_be_refused() {
    let (realtime, events, seen) = with_events();
    for name in [
        "room:new",
        "room:remove",
        "core:hotelClerk:addSubscription",
        "core:hotelClerk:removeRoomForCustomer",
        "core:realtime:user:subscribe:after",
        "core:realtime:user:unsubscribe:after",
    ] {
        events.register_hook("app", name, hook(&seen));
    }
    let (one, two) = (Client::new(), Client::new());
    let filter = json!({ "exists": "a" });
    let (all, none) = (Interest::All, Interest::None);
    let joined = subscribe(&realtime, &one, &filter, all, none).await;
    settle().await;
    let told = seen.lock().unwrap().clone();
    let subscription = json!({
        "connectionId": one.id().to_string(),
        "roomId": *joined.room_id,
        "index": "i",
        "collection": "c",
        "filters": filter,
        "kuid": "-1",
    });
    assert_eq!(told.last().unwrap().1, subscription);
    let coming = [
        "core:hotelClerk:addSubscription",
        "core:realtime:user:subscribe:after",
    ];
    let going = [
        "core:hotelClerk:removeRoomForCustomer",
        "core:realtime:user:unsubscribe:after",
    ];
    assert_eq!(names(&seen), [&["room:new"], &coming[..]].concat());

    subscribe(&realtime, &two, &filter, all, none).await;
    settle().await;
    assert_eq!(names(&seen), coming);
    realtime.remove_connection(one.id()).await;
    settle().await;
    assert_eq!(names(&seen), going);
    realtime
        .unsubscribe(two.id(), &joined.room_id)
        .await
        .unwrap();
    settle().await;
    assert_eq!(names(&seen), [&["room:remove"], &going[..]].concat());

    events.register_pipe("app", "core:hotelClerk:addSubscription", refusing());
    let wish = wish(&one, topic("c"), &filter, all, none, None);
    assert!(realtime.subscribe(wish).await.is_err());
    assert_eq!(realtime.list().len(), 0);
}
