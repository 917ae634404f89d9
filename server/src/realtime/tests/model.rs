//! Rooms against a naive model: every subscription is kept in a list, and every
//! document is compared with every filter.

use std::collections::HashMap;

use koncorde::Filter;

use super::super::channel::Direction;
use super::*;

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

impl Client {
    fn told(&mut self) -> Vec<Told> {
        let mut told: Vec<Told> = self.read().iter().map(Told::of).collect();
        told.sort();
        told
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
