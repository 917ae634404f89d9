//! What single subscribers see. Beside it: many of them, against a model, and
//! the events that notifications and subscriptions pass.

mod model; // random histories against a naive model
mod signals; // pipes and hooks on the way

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;
use crate::connection::{Connection, Inbox, Outbox, Outgoing};

struct Client {
    connection: Arc<Connection>,
    inbox: Inbox,
}

impl Client {
    fn new() -> Self {
        Self::with_capacity(10_000)
    }

    fn with_capacity(capacity: usize) -> Self {
        let (outbox, inbox) = Outbox::bounded(capacity);
        let connection = Arc::new(Connection {
            id: Uuid::new_v4(),
            protocol: "websocket".into(),
            ips: Vec::new(),
            headers: Map::new(),
            outbox: Some(outbox),
        });
        Self { connection, inbox }
    }

    fn id(&self) -> Uuid {
        self.connection.id
    }

    /// The notifications that arrived, with `room`.
    fn read(&mut self) -> Vec<Value> {
        let mut read = Vec::new();
        while let Some(message) = self.inbox.try_recv() {
            let Outgoing::Notification(it) = message else {
                panic!("{message:?}");
            };
            let mut full: Value = serde_json::from_slice(&it.content_with_room).unwrap();
            read.push(full.clone());
            assert_eq!(full["room"], *it.channel);
            full.as_object_mut().unwrap().remove("room");
            let bare: Value = serde_json::from_slice(&it.content).unwrap();
            assert_eq!(bare, full);
        }
        read
    }
}

fn realtime() -> Realtime {
    Realtime::new(Arc::default(), "node".into(), 50, 0)
}

fn topic(collection: &str) -> Topic {
    Topic::new("i", collection)
}

/// Everything that was spawned runs until it is done.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

async fn subscribe(
    realtime: &Realtime,
    client: &Client,
    filter: &Value,
    scope: Interest,
    users: Interest,
) -> Subscription {
    let wish = wish(client, topic("c"), filter, scope, users, None);
    realtime.subscribe(wish).await.unwrap().unwrap()
}

fn wish<'a>(
    client: &'a Client,
    topic: Topic,
    filter: &'a Value,
    scope: Interest,
    users: Interest,
    volatile: Option<Map<String, Value>>,
) -> Subscribe<'a> {
    Subscribe {
        connection: &client.connection,
        topic,
        filter,
        scope,
        users,
        volatile,
        user_id: "-1",
        timestamp: 7,
    }
}

fn event(
    topic: Topic,
    action: DocumentAction,
    id: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    result: Value,
) -> DocumentEvent {
    DocumentEvent {
        topic,
        action,
        id: Some(id.into()),
        after: after.cloned().map(Arc::new),
        before: before.cloned().map(Arc::new),
        result,
        origin: Arc::new(Origin {
            request_id: "r".into(),
            controller: "document".into(),
            protocol: "http".into(),
            timestamp: 42,
            volatile: None,
        }),
    }
}

#[tokio::test]
async fn equivalent_filters_share_a_room_and_collections_do_not() {
    let realtime = realtime();
    let client = Client::new();
    let one = json!({ "and": [{ "equals": { "a": 1 } }, { "exists": { "field": "b" } }] });
    let same = json!({ "and": [{ "exists": { "field": "b" } }, { "equals": { "a": 1 } }] });
    let (all, none) = (Interest::All, Interest::None);
    let first = subscribe(&realtime, &client, &one, all, none).await;
    let second = subscribe(&realtime, &client, &same, all, none).await;
    assert_eq!(first, second);
    assert_eq!(first.room_id.len(), 64);
    assert_eq!(*first.channel, format!("{}-311", first.room_id));

    let other = wish(&client, topic("other"), &one, all, none, None);
    let other = realtime.subscribe(other).await.unwrap().unwrap();
    assert_ne!(first.room_id, other.room_id);
    assert_eq!(realtime.count(&first.room_id), 1);
    assert_eq!(realtime.count("no such room"), 0);
}

#[tokio::test]
async fn a_room_id_is_the_same_after_a_restart() {
    let filter = json!({ "equals": { "a": 1 } });
    let mut ids = Vec::new();
    for _ in 0..2 {
        let client = Client::new();
        let joined = subscribe(&realtime(), &client, &filter, Interest::All, Interest::None).await;
        ids.push(joined.room_id);
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn wrong_filters_too_many_rooms_and_the_dead_are_refused() {
    let realtime = Realtime::new(Arc::default(), "node".into(), 2, 1);
    let client = Client::new();
    let ask = async |client: &Client, filter: Value| {
        let wish = wish(
            client,
            topic("c"),
            &filter,
            Interest::All,
            Interest::None,
            None,
        );
        realtime.subscribe(wish).await
    };
    let id = |error: ApiError| error.id.unwrap();

    let error = ask(&client, json!({ "equal": { "a": 1 } }))
        .await
        .unwrap_err();
    assert_eq!(error.message, error.props[0]);
    assert_eq!(id(error), "api.assert.koncorde_dsl_error");
    let many = json!({ "and": [
        { "equals": { "a": 1 } }, { "equals": { "b": 1 } }, { "equals": { "c": 1 } }
    ] });
    let error = ask(&client, many).await.unwrap_err();
    assert_eq!(id(error), "api.assert.koncorde_dsl_error");

    ask(&client, json!({})).await.unwrap().unwrap();
    ask(&client, json!({})).await.unwrap().unwrap();
    let error = ask(&client, json!({ "exists": { "field": "a" } }))
        .await
        .unwrap_err();
    assert_eq!(id(error), "core.realtime.too_many_rooms");
    assert_eq!(realtime.list().len(), 1);

    let error = realtime.unsubscribe(client.id(), "r").await.unwrap_err();
    assert_eq!(error.props, [client.id().to_string(), "r".into()]);
    assert_eq!(id(error), "core.realtime.not_subscribed");

    let Client { connection, inbox } = Client::new();
    drop(inbox);
    let filter = json!({});
    let dead = Subscribe {
        connection: &connection,
        ..wish(
            &client,
            topic("c"),
            &filter,
            Interest::All,
            Interest::None,
            None,
        )
    };
    assert_eq!(realtime.subscribe(dead).await.unwrap(), None);
}

#[tokio::test]
async fn a_slow_client_is_dropped_and_nobody_else_notices() {
    let realtime = realtime();
    let slow = Client::with_capacity(2);
    let mut quick = Client::new();
    let filter = json!({});
    for client in [&slow, &quick] {
        subscribe(&realtime, client, &filter, Interest::All, Interest::None).await;
    }
    for i in 0..3 {
        let document = json!({ "n": i });
        let action = DocumentAction::Publish;
        let event = event(topic("c"), action, "d", None, Some(&document), json!(i));
        realtime.publish(event).await;
    }
    assert_eq!(quick.read().len(), 3);
    let last = slow.inbox.try_recv();
    assert!(matches!(last, Some(Outgoing::Close { .. })), "{last:?}");
}

/// Who subscribes while a write is under way and then reads the document may find
/// it as it was: it must be told of that write.
#[tokio::test]
async fn a_subscriber_is_told_of_a_write_that_began_before_it_came() {
    let realtime = realtime();
    let mut client = Client::new();
    let announcement = realtime.announce(&topic("c"), ["d"]);
    assert!(!realtime.is_heard(&topic("c")));
    let (all, none) = (Interest::All, Interest::None);
    subscribe(&realtime, &client, &json!({}), all, none).await;
    assert!(realtime.is_heard(&topic("c")));
    let (action, after) = (DocumentAction::Create, json!({ "a": 1 }));
    let created = event(topic("c"), action, "d", None, Some(&after), json!({}));
    announcement.tell(vec![(1, created)]).await;
    assert_eq!(client.read().len(), 1);
}

#[tokio::test]
async fn document_notifications_have_all_their_keys() {
    let realtime = realtime();
    let mut client = Client::new();
    let filter = json!({ "equals": { "a": 1 } });
    let joined = subscribe(&realtime, &client, &filter, Interest::All, Interest::None).await;
    let (old, new) = (json!({ "a": 1 }), json!({ "a": 2 }));
    let cases = [
        (
            DocumentAction::Create,
            None,
            Some(&old),
            "create",
            "write",
            "in",
        ),
        (
            DocumentAction::Replace,
            Some(&new),
            Some(&old),
            "replace",
            "write",
            "in",
        ),
        (
            DocumentAction::Update,
            Some(&old),
            Some(&new),
            "update",
            "write",
            "out",
        ),
        (
            DocumentAction::Delete,
            Some(&old),
            None,
            "delete",
            "delete",
            "out",
        ),
        (
            DocumentAction::Publish,
            None,
            Some(&old),
            "publish",
            "publish",
            "in",
        ),
    ];
    for (action, before, after, name, kind, scope) in cases {
        let mut event = event(
            topic("c"),
            action,
            "d",
            before,
            after,
            json!({ "_id": "d" }),
        );
        Arc::make_mut(&mut event.origin).volatile = json!({ "v": 1 }).as_object().cloned();
        realtime.publish(event).await;
        let expected = json!({
            "type": "document",
            "status": 200,
            "action": name,
            "scope": scope,
            "result": { "_id": "d" },
            "node": "node",
            "event": kind,
            "requestId": "r",
            "timestamp": 42,
            "volatile": { "v": 1 },
            "index": "i",
            "collection": "c",
            "controller": "document",
            "protocol": "http",
            "room": *joined.channel,
        });
        assert_eq!(client.read(), [expected]);
    }
}

#[tokio::test]
async fn user_notifications_have_all_their_keys() {
    let realtime = realtime();
    let mut first = Client::new();
    let second = Client::new();
    let filter = json!({});
    let joined = subscribe(&realtime, &first, &filter, Interest::None, Interest::All).await;
    let volatile = json!({ "name": "ann" });
    let wish = wish(
        &second,
        topic("c"),
        &filter,
        Interest::All,
        Interest::None,
        volatile.as_object().cloned(),
    );
    realtime.subscribe(wish).await.unwrap();
    settle().await;
    let mut expected = json!({
        "type": "user",
        "status": 200,
        "user": "in",
        "result": { "count": 2 },
        "node": "node",
        "timestamp": 7,
        "volatile": volatile,
        "index": "i",
        "collection": "c",
        "controller": "realtime",
        "action": "subscribe",
        "protocol": "websocket",
        "room": *joined.channel,
    });
    assert_eq!(first.read(), [expected.clone()]);

    realtime.remove_connection(second.id()).await;
    settle().await;
    let told = first.read();
    expected["user"] = "out".into();
    expected["action"] = "unsubscribe".into();
    expected["result"]["count"] = 1.into();
    expected["protocol"] = Value::Null;
    expected["timestamp"] = told[0]["timestamp"].clone();
    assert!(expected["timestamp"].as_u64().unwrap() > 7);
    assert_eq!(told, [expected]);

    // The last to leave tells nobody.
    realtime
        .unsubscribe(first.id(), &joined.room_id)
        .await
        .unwrap();
    settle().await;
    assert_eq!(first.read(), [] as [Value; 0]);
}
