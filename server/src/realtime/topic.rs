//! The rooms of one topic, found by the documents that concern them.

use std::mem;
use std::sync::{Arc, Mutex};

use koncorde::{Engine, FilterHandle, FilterId, NormalizedFilter, Options, Scratch};
use serde_json::Value;

use super::channel::Direction;
use super::event::DocumentEvent;
use super::room::{Audience, Room};

/// The rooms of one topic.
pub(super) struct TopicRooms {
    /// Holds exactly the filters that have a room.
    engine: Engine,
    /// By the handle of the filter; none is empty.
    rooms: Vec<Option<Room>>,
    /// Documents of a topic come one after the other, so nobody waits for it.
    scratch: Mutex<Scratch>,
}

/// Whom a document concerns.
#[derive(Debug, Default)]
pub(super) struct Concerned {
    pub(super) rooms: Vec<Arc<str>>,
    pub(super) audiences: Vec<Audience>,
}

impl TopicRooms {
    pub(super) fn new(options: Options) -> Self {
        Self {
            engine: Engine::with_options(options),
            rooms: Vec::new(),
            scratch: Mutex::default(),
        }
    }

    /// The room of a filter, opened under this id if there is none.
    pub(super) fn open(&mut self, filter: NormalizedFilter, room_id: &Arc<str>) -> &mut Room {
        let filter_id = self.engine.store(filter);
        let place = self
            .engine
            .handle(&filter_id)
            .map_or(self.rooms.len(), FilterHandle::index);
        if place >= self.rooms.len() {
            self.rooms.resize_with(place + 1, || None);
        }
        self.rooms[place].get_or_insert_with(|| Room::new(room_id.clone()))
    }

    pub(super) fn room(&self, filter_id: &FilterId) -> Option<&Room> {
        let handle = self.engine.handle(filter_id)?;
        self.at(handle)
    }

    pub(super) fn room_mut(&mut self, filter_id: &FilterId) -> Option<&mut Room> {
        let handle = self.engine.handle(filter_id)?;
        self.rooms.get_mut(handle.index())?.as_mut()
    }

    /// Closes a room that everybody has left.
    pub(super) fn close(&mut self, filter_id: &FilterId) {
        if let Some(handle) = self.engine.handle(filter_id) {
            self.rooms[handle.index()] = None;
            self.engine.remove(filter_id);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.engine.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.rooms.iter().flatten()
    }

    /// As `in` the rooms whose filter the new version matches, as `out` those
    /// whose filter only the previous version matched.
    pub(super) fn concerned(&self, event: &DocumentEvent) -> [(Direction, Concerned); 2] {
        let after = self.matches(event.after.as_deref(), event.id.as_deref());
        let mut before = self.matches(event.before.as_deref(), event.id.as_deref());
        before.retain(|it| after.binary_search(it).is_err());
        [(Direction::In, after), (Direction::Out, before)]
            .map(|(direction, matched)| (direction, self.gather(&matched, direction)))
    }

    /// The filters that a document matches, sorted.
    fn matches(&self, source: Option<&Value>, id: Option<&str>) -> Vec<FilterHandle> {
        let Some(source) = source else {
            return Vec::new();
        };
        let mut matched = Vec::new();
        // A scratch that somebody panicked with is replaced by a new one.
        let mut scratch = self.scratch.lock().unwrap_or_else(|poisoned| {
            let mut scratch = poisoned.into_inner();
            mem::take(&mut *scratch);
            scratch
        });
        self.engine
            .visit(&with_id(source, id), &mut scratch, |it| matched.push(it));
        matched.sort_unstable();
        matched
    }

    fn gather(&self, matched: &[FilterHandle], direction: Direction) -> Concerned {
        let mut concerned = Concerned::default();
        for room in matched.iter().filter_map(|it| self.at(*it)) {
            let before = concerned.audiences.len();
            concerned.audiences.extend(room.audiences(direction));
            if concerned.audiences.len() > before {
                concerned.rooms.push(room.id.clone());
            }
        }
        concerned
    }

    fn at(&self, handle: FilterHandle) -> Option<&Room> {
        self.rooms.get(handle.index())?.as_ref()
    }
}

/// What filters are tested on: the content with its id.
fn with_id(source: &Value, id: Option<&str>) -> Value {
    let mut document = source.clone();
    if let (Some(fields), Some(id)) = (document.as_object_mut(), id) {
        fields.insert("_id".into(), id.into());
    }
    document
}
