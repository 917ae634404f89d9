//! One room: the connections that wait on the same filter, by channel.
//!
//! A channel keeps its listeners in a shared list: telling them takes a snapshot
//! in O(1) and holds no lock while it sends. Whoever joins or leaves meanwhile
//! pays for a copy of that list, once per event.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::channel::{Direction, Interest, channel_name};
use crate::connection::Connection;

/// The connections that wait on one filter.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: Arc<str>,
    members: HashMap<Uuid, Member>,
    /// At most one per scope and users; never removed, so that places stay valid.
    channels: Vec<Channel>,
}

#[derive(Debug)]
struct Channel {
    name: Arc<str>,
    scope: Interest,
    users: Interest,
    /// In no order; each is a member that has a seat here.
    listeners: Arc<Vec<Arc<Connection>>>,
}

#[derive(Debug)]
struct Member {
    /// As given with its first subscription.
    volatile: Option<Map<String, Value>>,
    /// No two of them in channels of the same name.
    seats: Vec<Seat>,
}

/// Where a member sits: `channels[channel].listeners[place]`.
#[derive(Clone, Copy, Debug)]
struct Seat {
    channel: usize,
    place: usize,
}

/// The listeners of one channel at one moment.
#[derive(Clone, Debug)]
pub(super) struct Audience {
    pub(super) channel: Arc<str>,
    pub(super) listeners: Arc<Vec<Arc<Connection>>>,
}

impl Room {
    pub(super) fn new(id: Arc<str>) -> Self {
        Self {
            id,
            members: HashMap::new(),
            channels: Vec::new(),
        }
    }

    /// The number of connections.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Gives the connection a seat in a channel and says the channel's name and
    /// whether the connection is new in the room.
    pub(super) fn join(
        &mut self,
        connection: &Arc<Connection>,
        scope: Interest,
        users: Interest,
        volatile: &Option<Map<String, Value>>,
    ) -> (Arc<str>, bool) {
        let channel = self.channel(scope, users);
        let name = self.channels[channel].name.clone();
        let (member, is_new) = match self.members.entry(connection.id) {
            Entry::Occupied(entry) => (entry.into_mut(), false),
            Entry::Vacant(entry) => {
                let member = Member {
                    volatile: volatile.clone(),
                    seats: Vec::with_capacity(1),
                };
                (entry.insert(member), true)
            }
        };
        // Users `out` and `none` share a name, and who asked for both wants `out`.
        let twin = member
            .seats
            .iter()
            .position(|it| self.channels[it.channel].name == name);
        if let Some(twin) = twin {
            if member.seats[twin].channel == channel || users != Interest::Out {
                return (name, is_new);
            }
            let seat = member.seats.swap_remove(twin);
            self.clear(seat);
        }
        self.seat(connection, channel);
        (name, is_new)
    }

    /// Takes the connection out of all channels; its volatile data comes back.
    /// `None` when it was not here.
    pub(super) fn leave(&mut self, connection: Uuid) -> Option<Option<Map<String, Value>>> {
        let member = self.members.remove(&connection)?;
        for seat in member.seats {
            self.clear(seat);
        }
        Some(member.volatile)
    }

    /// Who is to be told that a document came in or went out.
    pub(super) fn audiences(&self, direction: Direction) -> impl Iterator<Item = Audience> {
        self.channels
            .iter()
            .filter(move |it| it.scope.includes(direction))
            .filter_map(Channel::audience)
    }

    /// Who is to be told that a subscriber came in or went out.
    pub(super) fn witnesses(&self, direction: Direction) -> impl Iterator<Item = Audience> {
        self.channels
            .iter()
            .filter(move |it| it.users.includes(direction))
            .filter_map(Channel::audience)
    }

    fn channel(&mut self, scope: Interest, users: Interest) -> usize {
        let known = self
            .channels
            .iter()
            .position(|it| (it.scope, it.users) == (scope, users));
        known.unwrap_or_else(|| {
            self.channels.push(Channel {
                name: channel_name(&self.id, scope, users).into(),
                scope,
                users,
                listeners: Arc::default(),
            });
            self.channels.len() - 1
        })
    }

    fn seat(&mut self, connection: &Arc<Connection>, channel: usize) {
        let listeners = Arc::make_mut(&mut self.channels[channel].listeners);
        let place = listeners.len();
        listeners.push(connection.clone());
        if let Some(member) = self.members.get_mut(&connection.id) {
            member.seats.push(Seat { channel, place });
        }
    }

    /// Frees a seat that no member holds any more; the last listener moves there.
    fn clear(&mut self, seat: Seat) {
        let listeners = Arc::make_mut(&mut self.channels[seat.channel].listeners);
        listeners.swap_remove(seat.place);
        let moved = listeners.get(seat.place).map(|it| it.id);
        if let Some(member) = moved.and_then(|it| self.members.get_mut(&it)) {
            for other in &mut member.seats {
                if other.channel == seat.channel {
                    other.place = seat.place;
                }
            }
        }
    }
}

impl Channel {
    fn audience(&self) -> Option<Audience> {
        (!self.listeners.is_empty()).then(|| Audience {
            channel: self.name.clone(),
            listeners: self.listeners.clone(),
        })
    }
}
