//! Rooms against a naive model: every subscription is kept in a list, and every
//! document is compared with every filter.

use std::collections::HashMap;
use std::sync::Arc;

use koncorde::Filter;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::channel::Direction;
use super::*;
use crate::connection::{Connection, Inbox, Outbox, Outgoing};

/// What a connection is told, without the parts that other tests check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Document {
        channel: String,
        scope: String,
        result: String,
    },
    User {
        channel: String,
        user: String,
        count: u64,
        volatile: String,
    },
}

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

    fn told(&mut self) -> Vec<Told> {
        let mut told: Vec<Told> = self.read().iter().map(Told::of).collect();
        told.sort();
        told
    }
}

impl Told {
    fn of(notification: &Value) -> Self {
        let text = |key: &str| notification[key].as_str().unwrap().to_owned();
        match notification["type"].as_str().unwrap() {
            "document" => Self::Document {
                channel: text("room"),
                scope: text("scope"),
                result: notification["result"].to_string(),
            },
            _ => Self::User {
                channel: text("room"),
                user: text("user"),
                count: notification["result"]["count"].as_u64().unwrap(),
                volatile: notification["volatile"].to_string(),
            },
        }
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

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

fn filters() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "equals": { "city": "hue" } }),
        json!({ "equals": { "city": "rome" } }),
        json!({ "in": { "city": ["hue", "rome"] } }),
        json!({ "or": [{ "equals": { "city": "rome" } }, { "equals": { "city": "hue" } }] }),
        json!({ "range": { "age": { "gte": 2, "lt": 4 } } }),
        json!({ "not": { "range": { "age": { "gte": 2, "lt": 4 } } } }),
        json!({ "exists": { "field": "age" } }),
        json!({ "regexp": { "city": "^h" } }),
        json!({ "ids": { "values": ["d0", "d1"] } }),
        json!({ "and": [{ "exists": { "field": "city" } }, { "range": { "age": { "gt": 1 } } }] }),
        json!({ "and": [{ "range": { "age": { "gt": 1 } } }, { "exists": { "field": "city" } }] }),
        json!({ "geoDistance": { "at": { "lat": 0, "lon": 0 }, "distance": "150km" } }),
    ]
}

fn document(random: &mut Random) -> Value {
    let mut document = Map::new();
    if random.below(4) > 0 {
        document.insert("city".into(), random.pick(&["hue", "rome", "oslo"]).into());
    }
    if random.below(4) > 0 {
        document.insert("age".into(), random.below(6).into());
    }
    if random.below(3) == 0 {
        let lat = random.pick(&[0.5, 3.0]);
        document.insert("at".into(), json!({ "lat": lat, "lon": 0 }));
    }
    document.into()
}

const INTERESTS: [Interest; 4] = [Interest::All, Interest::In, Interest::Out, Interest::None];

/// One channel of one connection.
#[derive(Clone, Debug)]
struct Entry {
    connection: Uuid,
    room: String,
    channel: String,
    filter: Value,
    topic: Topic,
    scope: Interest,
    users: Interest,
}

#[derive(Default)]
struct Model {
    entries: Vec<Entry>,
    /// By connection and room.
    volatile: HashMap<(Uuid, String), String>,
    documents: HashMap<(Topic, String), Value>,
    expected: HashMap<Uuid, Vec<Told>>,
}

impl Model {
    fn count(&self, room: &str) -> u64 {
        self.volatile.keys().filter(|it| it.1 == room).count() as u64
    }

    fn expect(&mut self, connection: Uuid, told: Told) {
        self.expected.entry(connection).or_default().push(told);
    }

    fn subscribed(&mut self, entry: Entry, volatile: String) {
        let key = (entry.connection, entry.room.clone());
        let is_new = !self.volatile.contains_key(&key);
        let listened: Vec<Entry> = self.in_room(&entry.room);
        let is_mine =
            |it: &&mut Entry| (it.connection, &it.channel) == (entry.connection, &entry.channel);
        match self.entries.iter_mut().find(is_mine) {
            // Users `out` and `none` share a channel name; `out` says more.
            Some(same) if entry.users == Interest::Out => same.users = Interest::Out,
            Some(_) => (),
            None => self.entries.push(entry.clone()),
        }
        if !is_new {
            return;
        }
        self.volatile.insert(key, volatile.clone());
        let count = self.count(&entry.room);
        for other in self.in_room(&entry.room) {
            let was_there = listened
                .iter()
                .any(|it| (it.scope, it.users) == (other.scope, other.users));
            if other.users.includes(Direction::In) && was_there {
                self.expect(
                    other.connection,
                    Told::User {
                        channel: other.channel,
                        user: "in".into(),
                        count,
                        volatile: volatile.clone(),
                    },
                );
            }
        }
    }

    fn left(&mut self, connection: Uuid, room: &str) {
        let Some(volatile) = self.volatile.remove(&(connection, room.to_owned())) else {
            return;
        };
        self.entries
            .retain(|it| it.connection != connection || it.room != room);
        let count = self.count(room);
        for other in self.in_room(room) {
            if other.users.includes(Direction::Out) {
                self.expect(
                    other.connection,
                    Told::User {
                        channel: other.channel,
                        user: "out".into(),
                        count,
                        volatile: volatile.clone(),
                    },
                );
            }
        }
    }

    fn wrote(
        &mut self,
        topic: &Topic,
        id: &str,
        after: Option<Value>,
        result: &str,
    ) -> Option<Value> {
        let key = (topic.clone(), id.to_owned());
        let before = match after.clone() {
            Some(after) => self.documents.insert(key, after),
            None => self.documents.remove(&key),
        };
        let matches = |entry: &Entry, document: &Option<Value>| {
            let Some(mut document) = document.clone() else {
                return false;
            };
            document["_id"] = id.into();
            koncorde::matches(&Filter::parse(&entry.filter).unwrap(), &document)
        };
        for entry in self.entries.clone() {
            let direction = match (matches(&entry, &before), matches(&entry, &after)) {
                (_, true) => Direction::In,
                (true, false) => Direction::Out,
                (false, false) => continue,
            };
            if entry.topic == *topic && entry.scope.includes(direction) {
                self.expect(
                    entry.connection,
                    Told::Document {
                        channel: entry.channel,
                        scope: direction.name().into(),
                        result: result.into(),
                    },
                );
            }
        }
        before
    }

    fn in_room(&self, room: &str) -> Vec<Entry> {
        let entries = self.entries.iter().filter(|it| it.room == room);
        entries.cloned().collect()
    }
}

#[tokio::test]
async fn rooms_tell_exactly_whom_a_list_of_subscriptions_would() {
    let seed = std::env::var("SEED").ok().and_then(|it| it.parse().ok());
    let seed: u64 = seed.unwrap_or_else(crate::clock::now_ms);
    println!("SEED={seed}");
    let mut random = Random(seed);
    for _ in 0..20 {
        one_random_history(&mut random).await;
    }
}

async fn one_random_history(random: &mut Random) {
    let realtime = realtime();
    let mut model = Model::default();
    let mut clients: Vec<Client> = (0..5).map(|_| Client::new()).collect();
    let topics = [topic("a"), topic("b"), Topic::new("j", "a")];
    for step in 0..150 {
        let who = random.below(clients.len());
        let id = clients[who].id();
        match random.below(20) {
            0..6 => {
                let filter = random.pick(&filters());
                let (scope, users) = (random.pick(&INTERESTS), random.pick(&INTERESTS));
                let volatile = json!({ "step": step });
                let wish = wish(
                    &clients[who],
                    random.pick(&topics),
                    &filter,
                    scope,
                    users,
                    volatile.as_object().cloned(),
                );
                let topic = wish.topic.clone();
                let joined = realtime.subscribe(wish).await.unwrap().unwrap();
                let entry = Entry {
                    connection: id,
                    room: joined.room_id.to_string(),
                    channel: joined.channel.to_string(),
                    filter,
                    topic,
                    scope,
                    users,
                };
                model.subscribed(entry, volatile.to_string());
            }
            6..9 => {
                let rooms: Vec<String> = model.entries.iter().map(|it| it.room.clone()).collect();
                if !rooms.is_empty() {
                    let room = random.pick(&rooms);
                    let was_in = model.volatile.contains_key(&(id, room.clone()));
                    assert_eq!(realtime.unsubscribe(id, &room).await.is_ok(), was_in);
                    model.left(id, &room);
                }
            }
            9 => {
                // Its last messages are still to be compared.
                let gone = std::mem::replace(&mut clients[who], Client::new());
                realtime.remove_connection(id).await;
                let rooms: Vec<String> = model
                    .volatile
                    .keys()
                    .filter(|it| it.0 == id)
                    .map(|it| it.1.clone())
                    .collect();
                rooms.iter().for_each(|it| model.left(id, it));
                model.expected.remove(&id);
                drop(gone);
            }
            _ => {
                let topic = random.pick(&topics);
                let document_id = format!("d{}", random.below(4));
                let after = (random.below(5) > 0).then(|| document(random));
                let result = json!({ "step": step }).to_string();
                let before = model.wrote(&topic, &document_id, after.clone(), &result);
                let action = match after {
                    Some(_) => DocumentAction::Update,
                    None => DocumentAction::Delete,
                };
                let event = event(
                    topic,
                    action,
                    &document_id,
                    before.as_ref(),
                    after.as_ref(),
                    json!({ "step": step }),
                );
                realtime.publish(event).await;
            }
        }
        settle().await;
        for client in &mut clients {
            let mut expected = model.expected.remove(&client.id()).unwrap_or_default();
            expected.sort();
            // A room's leavers are told in no promised order, all else is exact.
            assert_eq!(client.told(), expected, "step {step}");
        }
    }
    check_lists(&realtime, &model);
}

fn check_lists(realtime: &Realtime, model: &Model) {
    let rooms: HashMap<String, u64> = realtime
        .list()
        .into_iter()
        .map(|(_, room, count)| (room.to_string(), count as u64))
        .collect();
    let expected = model.entries.iter();
    let expected = expected.map(|it| (it.room.clone(), model.count(&it.room)));
    assert_eq!(rooms, expected.collect());
    for (room, count) in rooms {
        assert_eq!(realtime.count(&room) as u64, count);
    }
    for name in ["a", "b"] {
        let heard = model.entries.iter().any(|it| it.topic == topic(name));
        assert_eq!(realtime.shared.rooms.has_topic(&topic(name)), heard);
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
    let mut slow = Client::with_capacity(2);
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
