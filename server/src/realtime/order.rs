//! Order: the events of a document reach the rooms in the order of its versions,
//! even when requests write it at the same time and learn the outcome in another
//! order than the storage's.
//!
//! A writer announces the documents it is about to write. The event of a
//! document then waits while an announced write of the *same* document could
//! still turn out to be an older one: every write knows, from its announcement
//! on, that its sequence number will be above the last one seen. So an event
//! waits for writes that overlap its own and for nothing else, and documents do
//! not wait for each other.
//!
//! What no longer has to wait stands in the topic's line and is delivered one by
//! one. The cost of a write nobody competes with: two short locks.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event::{DocumentEvent, Topic};

/// How many events of a topic may wait for their delivery. It only fills up when
/// a pipe of an application is slower than the writers for a long time.
const WAITING_MAX: usize = 50_000;

/// The lines of all topics that somebody is writing to.
#[derive(Default)]
pub(super) struct Order {
    lines: Mutex<HashMap<Topic, Arc<Line>>>,
}

/// A line, kept for as long as somebody holds it.
pub(super) struct Held {
    line: Arc<Line>,
    topic: Topic,
    order: Arc<Order>,
}

/// The events of one topic on their way to the rooms.
#[derive(Default)]
pub(super) struct Line {
    state: Mutex<State>,
    /// Held by whoever delivers, so that there is one at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Documents that are being written.
    documents: HashMap<Arc<str>, Writes>,
    waiting: VecDeque<DocumentEvent>,
}

/// The writes of one document that are under way, and what waits for them.
#[derive(Default)]
struct Writes {
    /// One for each announced write: its sequence number will be above.
    floors: Vec<u64>,
    /// The highest sequence number seen so far.
    last: u64,
    held: BTreeMap<u64, DocumentEvent>,
}

/// An announced write.
#[derive(Debug)]
pub(super) struct Announced {
    id: Arc<str>,
    floor: u64,
}

impl Order {
    pub(super) fn line(self: &Arc<Self>, topic: &Topic) -> Held {
        let lines = &mut *held(&self.lines);
        let line = match lines.entry(topic.clone()) {
            Entry::Occupied(entry) => entry.get().clone(),
            Entry::Vacant(entry) => entry.insert(Arc::default()).clone(),
        };
        Held {
            line,
            topic: topic.clone(),
            order: self.clone(),
        }
    }
}

impl Deref for Held {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let lines = &mut *held(&self.order.lines);
        // The map and this holder: others could only come through the map.
        if Arc::strong_count(&self.line) == 2 {
            lines.remove(&self.topic);
        }
    }
}

impl Line {
    /// Announces one write for each of these documents.
    pub(super) fn announce<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Vec<Announced> {
        let mut announced = Vec::new();
        let mut seen = HashSet::new();
        let state = &mut *held(&self.state);
        for id in ids {
            if !seen.insert(id) {
                continue;
            }
            let id: Arc<str> = id.into();
            let writes = state.documents.entry(id.clone()).or_default();
            let floor = writes.last;
            writes.floors.push(floor);
            announced.push(Announced { id, floor });
        }
        announced
    }

    /// Ends announced writes: with the events of those that took place.
    pub(super) fn complete(&self, announced: &[Announced], events: Vec<(u64, DocumentEvent)>) {
        let state = &mut *held(&self.state);
        for Announced { id, floor } in announced {
            if let Some(writes) = state.documents.get_mut(id) {
                writes.end(*floor);
            }
        }
        for (sequence, event) in events {
            let id = event.id.as_deref().unwrap_or_default();
            match state.documents.get_mut(id) {
                Some(writes) => {
                    writes.last = writes.last.max(sequence);
                    writes.held.insert(sequence, event);
                    writes.release(&mut state.waiting);
                }
                // Not announced: its id is new, or it is a message without versions.
                None => state.waiting.push_back(event),
            }
        }
        for Announced { id, .. } in announced {
            if let Some(writes) = state.documents.get_mut(id) {
                writes.release(&mut state.waiting);
                if writes.floors.is_empty() {
                    state.documents.remove(id);
                }
            }
        }
        state.forget_the_excess();
    }

    /// Whether there is something to deliver.
    pub(super) fn has_next(&self) -> bool {
        !held(&self.state).waiting.is_empty()
    }

    /// The next event to deliver, for whoever has the turn.
    pub(super) fn next(&self) -> Option<DocumentEvent> {
        let state = &mut *held(&self.state);
        state.waiting.pop_front()
    }
}

impl State {
    fn forget_the_excess(&mut self) {
        if let Some(excess) = self.waiting.len().checked_sub(WAITING_MAX)
            && excess > 0
        {
            self.waiting.truncate(WAITING_MAX);
            tracing::error!(
                excess,
                "dropped notifications: pipes on notifications are slower than the writes"
            );
        }
    }
}

impl Writes {
    fn end(&mut self, floor: u64) {
        if let Some(place) = self.floors.iter().position(|it| *it == floor) {
            self.floors.swap_remove(place);
        }
    }

    /// Moves into the line what no write under way can precede any more.
    fn release(&mut self, line: &mut VecDeque<DocumentEvent>) {
        let safe = self.floors.iter().min().copied().unwrap_or(u64::MAX);
        while let Some(first) = self.held.first_entry()
            && *first.key() <= safe
        {
            line.push_back(first.remove());
        }
    }
}

/// No call under these locks panics half way.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::clock;
    use crate::realtime::{DocumentAction, Origin};

    fn event(id: &str, sequence: u64) -> (u64, DocumentEvent) {
        let event = DocumentEvent {
            topic: Topic::new("i", "c"),
            action: DocumentAction::Update,
            id: Some(id.into()),
            after: None,
            before: None,
            result: sequence.into(),
            origin: Arc::new(Origin {
                request_id: String::new(),
                controller: String::new(),
                protocol: "".into(),
                timestamp: 0,
                volatile: None,
            }),
        };
        (sequence, event)
    }

    fn delivered(line: &Line) -> Vec<(String, u64)> {
        std::iter::from_fn(|| line.next())
            .map(|it| (it.id.unwrap(), it.result.as_u64().unwrap()))
            .collect()
    }

    fn pair(id: &str, sequence: u64) -> (String, u64) {
        (id.to_owned(), sequence)
    }

    #[test]
    fn a_newer_version_waits_for_an_older_one_and_for_nothing_else() {
        let line = Line::default();
        let (first, second) = (line.announce(["a"]), line.announce(["a"]));
        let other = line.announce(["b"]);
        line.complete(&second, vec![event("a", 2)]);
        assert_eq!(delivered(&line), []);
        line.complete(&other, vec![event("b", 3)]);
        assert_eq!(delivered(&line), [pair("b", 3)]);
        // Announced after version 2 was seen, so it cannot be older.
        let third = line.announce(["a"]);
        line.complete(&first, vec![event("a", 1)]);
        assert_eq!(delivered(&line), [pair("a", 1), pair("a", 2)]);
        line.complete(&third, vec![event("a", 4)]);
        assert_eq!(delivered(&line), [pair("a", 4)]);
    }

    #[test]
    fn a_write_that_failed_holds_nothing_up() {
        let line = Line::default();
        let (first, second) = (line.announce(["a", "b", "a"]), line.announce(["a"]));
        line.complete(&second, vec![event("a", 1)]);
        line.complete(&first, vec![event("b", 2), event("new", 3)]);
        assert_eq!(delivered(&line).len(), 3);
        assert!(line.state.lock().unwrap().documents.is_empty());
    }

    #[test]
    fn a_line_is_dropped_with_its_last_holder() {
        let order = Arc::new(Order::default());
        let topic = Topic::new("i", "c");
        let (one, two) = (order.line(&topic), order.line(&topic));
        assert!(Arc::ptr_eq(&one.line, &two.line));
        drop(one);
        assert_eq!(order.lines.lock().unwrap().len(), 1);
        drop(two);
        assert_eq!(order.lines.lock().unwrap().len(), 0);
    }

    #[test]
    fn any_interleaving_keeps_the_order_of_each_document() {
        let seed = clock::now_ms();
        println!("SEED={seed}");
        let mut state = seed | 1;
        let mut below = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % bound as u64) as usize
        };
        for _ in 0..300 {
            let line = Line::default();
            let (mut begun, mut committed) = (Vec::new(), Vec::new());
            let (mut sequence, mut written, mut told) = (0, 0, Vec::new());
            for step in 0..60 {
                match below(3) {
                    0 if step < 40 => {
                        let ids = ["a", "b", "c"].into_iter().filter(|_| below(2) == 0);
                        let ids: Vec<&str> = ids.collect();
                        begun.push((line.announce(ids.iter().copied()), ids));
                    }
                    1 if !begun.is_empty() => {
                        let (announced, ids) = begun.swap_remove(below(begun.len()));
                        let mut events = Vec::new();
                        for id in ids.into_iter().filter(|_| below(4) > 0) {
                            sequence += 1;
                            written += 1;
                            events.push(event(id, sequence));
                        }
                        committed.push((announced, events));
                    }
                    _ if !committed.is_empty() => {
                        let (announced, events) = committed.swap_remove(below(committed.len()));
                        line.complete(&announced, events);
                        told.extend(delivered(&line));
                    }
                    _ => (),
                }
            }
            for (announced, events) in committed {
                line.complete(&announced, events);
            }
            for (announced, _) in begun {
                line.complete(&announced, Vec::new());
            }
            told.extend(delivered(&line));
            assert_eq!(told.len(), written);
            let mut last: HashMap<String, u64> = HashMap::new();
            for (id, sequence) in told {
                let before = last.insert(id, sequence).unwrap_or(0);
                assert!(before < sequence);
            }
            assert!(line.state.lock().unwrap().documents.is_empty());
        }
    }
}
