//! All rooms: which connections wait on which filters, topic by topic.
//!
//! Each topic has its own engine, made with its first subscription and dropped
//! with its last. Two locks keep subscribers and documents out of each other's
//! way: the registry serialises whoever comes and goes, and a topic's lock is
//! held for reading while a document is tested and for writing only for the
//! moment in which a filter, already normalised, is put in or taken out. No lock
//! is ever held across an await.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, LockResult, Mutex, PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use koncorde::{Engine, FilterId, Options};
use serde_json::{Map, Value};
use sha2::Sha256;
use uuid::Uuid;

use super::channel::{Direction, Interest};
use super::event::{DocumentEvent, Topic};
use super::room::{Audience, Room};
use super::topic::{Concerned, TopicRooms};
use crate::clock;
use crate::connection::Connection;
use crate::error::{self, ApiError};

/// The key of room ids and filter ids: the same everywhere, so that a room has
/// the same id after a restart and on every node.
const SEED: [u8; 32] = *b"koncorde: the seed of room ids\0\0";

/// Rooms that a connection leaves under one lock: about a millisecond.
const LEFT_AT_ONCE: usize = 256;

/// Comings and goings that may wait to be told. It only fills up when a pipe of
/// an application is slower than they are for a long time.
const PRESENCES_MAX: usize = 50_000;

/// A wish to be told of documents.
#[derive(Clone, Debug)]
pub(crate) struct Subscribe<'a> {
    pub(crate) connection: &'a Arc<Connection>,
    pub(crate) topic: Topic,
    pub(crate) filter: &'a Value,
    /// The documents to be told of.
    pub(crate) scope: Interest,
    /// The subscribers to be told of.
    pub(crate) users: Interest,
    /// Shown to the others in the room.
    pub(crate) volatile: Option<Map<String, Value>>,
    pub(crate) user_id: &'a str,
    /// When it was asked for, milliseconds since 1970.
    pub(crate) timestamp: u64,
}

/// The answer to a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) room_id: Arc<str>,
    pub(crate) channel: Arc<str>,
}

/// What a subscription or a departure changed.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) room_id: Arc<str>,
    pub(super) topic: Topic,
    /// Whether the room appeared with the subscription or vanished with the departure.
    pub(super) of_room: bool,
    /// Whether the connection was not in the room before, or is not any more.
    pub(super) of_connection: bool,
}

/// A subscriber came or went: what the others are to be told.
#[derive(Debug)]
pub(super) struct Presence {
    pub(super) direction: Direction,
    pub(super) room_id: Arc<str>,
    pub(super) topic: Topic,
    /// Connections in the room after the change.
    pub(super) count: usize,
    pub(super) volatile: Option<Map<String, Value>>,
    /// `None` of those who leave.
    pub(super) protocol: Option<Arc<str>>,
    pub(super) timestamp: u64,
    pub(super) audiences: Vec<Audience>,
}

pub(super) struct Rooms {
    registry: Mutex<Registry>,
    /// Locked for writing only to add or drop a topic, by who holds the registry.
    topics: RwLock<HashMap<Topic, Arc<RwLock<TopicRooms>>>>,
    /// Holds no filter: it checks and normalises them before any lock is taken.
    blank: Engine,
    options: Options,
    /// Distinct rooms; 0 for no limit.
    max_rooms: usize,
}

#[derive(Default)]
struct Registry {
    /// Every room, by its id.
    rooms: HashMap<Arc<str>, (Topic, FilterId)>,
    /// The rooms of each connection that has any.
    connections: HashMap<Uuid, HashSet<Arc<str>>>,
    /// Not yet told, in the order in which it happened.
    presences: VecDeque<Presence>,
}

impl Rooms {
    pub(super) fn new(max_conditions: usize, max_rooms: usize) -> Self {
        let options = Options {
            max_conditions,
            seed: SEED,
        };
        Self {
            registry: Mutex::default(),
            topics: RwLock::default(),
            blank: Engine::with_options(options.clone()),
            options,
            max_rooms,
        }
    }

    /// Puts the connection into the room of this filter. `None`: it is gone.
    pub(super) fn subscribe(
        &self,
        wish: &Subscribe<'_>,
    ) -> Result<Option<(Subscription, Change)>, ApiError> {
        let filter = self
            .blank
            .normalize(wish.filter)
            .map_err(|it| error::API_ASSERT_KONCORDE_DSL_ERROR.with([it.to_string()]))?;
        let filter_id = filter.id();
        let room_id = room_id(&wish.topic, filter_id);

        let registry = &mut *held(self.registry.lock());
        if !wish.connection.is_listening() {
            return Ok(None);
        }
        let of_room = !registry.rooms.contains_key(&room_id);
        if of_room {
            if self.max_rooms != 0 && registry.rooms.len() >= self.max_rooms {
                return Err(error::CORE_REALTIME_TOO_MANY_ROOMS.bare());
            }
            let place = (wish.topic.clone(), filter_id);
            registry.rooms.insert(room_id.clone(), place);
        }

        let here = self.topic_or_new(&wish.topic);
        let here = &mut *held(here.write());
        let room = here.open(filter, &room_id);
        // The newcomer is told of itself where others listened before it.
        let witnesses: Vec<_> = room.witnesses(Direction::In).map(|it| it.channel).collect();
        let (channel, of_connection) =
            room.join(wish.connection, wish.scope, wish.users, &wish.volatile);
        if of_connection {
            registry.remember(wish.connection.id, room_id.clone());
            registry.announce(Presence {
                direction: Direction::In,
                room_id: room_id.clone(),
                topic: wish.topic.clone(),
                count: room.len(),
                volatile: wish.volatile.clone(),
                protocol: Some(wish.connection.protocol.clone()),
                timestamp: wish.timestamp,
                audiences: room
                    .witnesses(Direction::In)
                    .filter(|it| witnesses.contains(&it.channel))
                    .collect(),
            });
        }
        let change = Change {
            room_id: room_id.clone(),
            topic: wish.topic.clone(),
            of_room,
            of_connection,
        };
        Ok(Some((Subscription { room_id, channel }, change)))
    }

    /// Takes the connection out of all channels of the room.
    pub(super) fn unsubscribe(&self, connection: Uuid, room_id: &str) -> Result<Change, ApiError> {
        let registry = &mut *held(self.registry.lock());
        let known = registry.forget(connection, room_id);
        known
            .and_then(|it| self.leave(registry, connection, it))
            .ok_or_else(|| {
                let connection = connection.to_string();
                error::CORE_REALTIME_NOT_SUBSCRIBED.with([&*connection, room_id])
            })
    }

    /// Takes the connection out of all rooms. Others come and go in between, so
    /// that one connection with many rooms keeps nobody waiting.
    pub(super) fn remove_connection(&self, connection: Uuid) -> Vec<Change> {
        let rooms = held(self.registry.lock()).connections.remove(&connection);
        let rooms: Vec<_> = rooms.into_iter().flatten().collect();
        let mut changes = Vec::with_capacity(rooms.len());
        for some in rooms.chunks(LEFT_AT_ONCE) {
            let registry = &mut *held(self.registry.lock());
            let left = some.iter().cloned();
            changes.extend(left.filter_map(|it| self.leave(registry, connection, it)));
        }
        changes
    }

    fn leave(
        &self,
        registry: &mut Registry,
        connection: Uuid,
        room_id: Arc<str>,
    ) -> Option<Change> {
        let (topic, filter_id) = registry.rooms.get(&room_id)?.clone();
        let here = self.topic(&topic)?;
        let here = &mut *held(here.write());
        let room = here.room_mut(&filter_id)?;
        let volatile = room.leave(connection)?;
        let of_room = room.is_empty();
        if of_room {
            here.close(&filter_id);
            registry.rooms.remove(&room_id);
            if here.is_empty() {
                held(self.topics.write()).remove(&topic);
            }
        } else {
            registry.announce(Presence {
                direction: Direction::Out,
                room_id: room_id.clone(),
                topic: topic.clone(),
                count: room.len(),
                volatile,
                protocol: None,
                timestamp: clock::now_ms(),
                audiences: room.witnesses(Direction::Out).collect(),
            });
        }
        Some(Change {
            room_id,
            topic,
            of_room,
            of_connection: true,
        })
    }

    /// Whether somebody came or went and nobody was told.
    pub(super) fn has_presence(&self) -> bool {
        !held(self.registry.lock()).presences.is_empty()
    }

    /// The next coming or going that nobody was told of.
    pub(super) fn next_presence(&self) -> Option<Presence> {
        held(self.registry.lock()).presences.pop_front()
    }

    /// The number of connections in the room; 0 when there is no such room.
    pub(super) fn count(&self, room_id: &str) -> usize {
        let place = held(self.registry.lock()).rooms.get(room_id).cloned();
        place
            .and_then(|(topic, filter_id)| {
                let here = self.topic(&topic)?;
                let here = held(here.read());
                here.room(&filter_id).map(Room::len)
            })
            .unwrap_or(0)
    }

    /// Every room with the number of its connections.
    pub(super) fn list(&self) -> Vec<(Topic, Arc<str>, usize)> {
        let topics = held(self.topics.read()).clone();
        let mut list = Vec::new();
        for (topic, here) in topics {
            for room in held(here.read()).iter() {
                list.push((topic.clone(), room.id.clone(), room.len()));
            }
        }
        list
    }

    /// The collections of an index that somebody waits on.
    pub(super) fn collections(&self, index: &str) -> Vec<String> {
        held(self.topics.read())
            .keys()
            .filter(|it| *it.index == *index)
            .map(|it| it.collection.to_string())
            .collect()
    }

    /// Whether anybody waits on documents of this topic.
    pub(super) fn has_topic(&self, topic: &Topic) -> bool {
        held(self.topics.read()).contains_key(topic)
    }

    /// Whom the event concerns.
    pub(super) fn concerned(&self, event: &DocumentEvent) -> [(Direction, Concerned); 2] {
        match self.topic(&event.topic) {
            Some(here) => held(here.read()).concerned(event),
            None => [Direction::In, Direction::Out].map(|it| (it, Concerned::default())),
        }
    }

    fn topic(&self, topic: &Topic) -> Option<Arc<RwLock<TopicRooms>>> {
        held(self.topics.read()).get(topic).cloned()
    }

    fn topic_or_new(&self, topic: &Topic) -> Arc<RwLock<TopicRooms>> {
        self.topic(topic).unwrap_or_else(|| {
            let here = Arc::new(RwLock::new(TopicRooms::new(self.options.clone())));
            held(self.topics.write()).insert(topic.clone(), here.clone());
            here
        })
    }
}

impl Registry {
    fn remember(&mut self, connection: Uuid, room_id: Arc<str>) {
        let rooms = self.connections.entry(connection).or_default();
        rooms.insert(room_id);
    }

    fn forget(&mut self, connection: Uuid, room_id: &str) -> Option<Arc<str>> {
        let rooms = self.connections.get_mut(&connection)?;
        let room_id = rooms.take(room_id)?;
        if rooms.is_empty() {
            self.connections.remove(&connection);
        }
        Some(room_id)
    }

    fn announce(&mut self, presence: Presence) {
        if presence.audiences.is_empty() {
            return;
        }
        if self.presences.len() < PRESENCES_MAX {
            self.presences.push_back(presence);
        } else {
            tracing::error!("dropped a notification of users: pipes on them are too slow");
        }
    }
}

/// 64 hexadecimal digits, the same for equivalent filters of one topic.
fn room_id(topic: &Topic, filter: FilterId) -> Arc<str> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&SEED).expect("any length of key will do");
    for name in [&topic.index, &topic.collection] {
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name.as_bytes());
    }
    mac.update(&filter.as_u128().to_be_bytes());
    let mut hex = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        for digit in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(digit.into(), 16));
        }
    }
    hex.into()
}

/// A lock that somebody panicked under is as good as any: each change below is
/// made by calls that do not panic half way.
fn held<T>(lock: LockResult<T>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}
