//! A chat where a room is a filter.
//!
//! ```sh
//! cargo run --example chat_rooms -p koncorde
//! ```
//!
//! Nobody stores who receives what: each member says what they want to read, and
//! every message finds its readers. Members who ask for the same thing, in
//! whatever words, share one filter; the last one to leave takes it away.

#![expect(clippy::print_stdout, reason = "an example talks")]

use std::collections::{BTreeMap, BTreeSet};

use koncorde::{FilterError, FilterId, Koncorde};
use serde_json::{Value, json};

/// Filters, and the members behind each.
#[derive(Default)]
struct Chat {
    koncorde: Koncorde,
    members: BTreeMap<FilterId, BTreeSet<&'static str>>,
}

impl Chat {
    fn join(&mut self, member: &'static str, wants: &Value) -> Result<FilterId, FilterError> {
        let room = self.koncorde.register(wants, None)?;
        self.members.entry(room).or_default().insert(member);
        Ok(room)
    }

    fn leave(&mut self, member: &str, room: FilterId) {
        let Some(members) = self.members.get_mut(&room) else {
            return;
        };
        members.remove(member);
        if members.is_empty() {
            self.members.remove(&room);
            self.koncorde.remove(&room, None);
        }
    }

    /// Everyone who wants this message, once each, and never its author.
    fn readers(&self, message: &Value) -> BTreeSet<&str> {
        let rooms = self.koncorde.test(message, None);
        let readers = rooms.iter().flat_map(|room| &self.members[room]);
        readers
            .copied()
            .filter(|reader| message["from"] != *reader)
            .collect()
    }

    fn say(&self, message: &Value) {
        let readers: Vec<_> = self.readers(message).into_iter().collect();
        let from = message["from"].as_str().unwrap_or("?");
        let text = message["text"].as_str().unwrap_or("");
        let to = if readers.is_empty() {
            "nobody".to_owned()
        } else {
            readers.join(", ")
        };
        println!("{from}: {text}\n    → {to}");
    }
}

fn main() -> Result<(), FilterError> {
    let mut chat = Chat::default();

    // The simplest room: a name. Two members, one filter.
    let rust = json!({ "equals": { "room": "rust" } });
    let ann_in_rust = chat.join("ann", &rust)?;
    chat.join("bao", &rust)?;

    // Several rooms, but not the bot's chatter.
    chat.join(
        "lily",
        &json!({ "and": [
            { "in": { "room": ["rust", "random"] } },
            { "not": { "equals": { "from": "bot" } } }
        ] }),
    )?;

    // Wherever someone speaks of me, and what is sent to me alone.
    for (member, mention) in [("ann", r"@ann\b"), ("lily", r"@lily\b")] {
        chat.join(
            member,
            &json!({ "or": [
                { "regexp": { "text": { "value": mention, "flags": "i" } } },
                { "equals": { "to": member } }
            ] }),
        )?;
    }

    // A moderator reads what was reported often, or holds a link to elsewhere.
    chat.join(
        "mod",
        &json!({ "bool": {
            "should": [
                { "range": { "reports": { "gte": 3 } } },
                { "regexp": { "text": "https?://" } }
            ],
            "must_not": [{ "exists": "tags[\"approved\"]" }]
        } }),
    )?;

    // Someone is new in town.
    chat.join(
        "bao",
        &json!({ "geoDistance": { "place": "16.4637,107.5909", "distance": "10km" } }),
    )?;

    println!("{} filters\n", chat.members.len());
    for message in [
        json!({ "room": "rust", "from": "ann", "text": "who owns this value?" }),
        json!({ "room": "rust", "from": "bot", "text": "build #7 passed" }),
        json!({ "room": "random", "from": "bao", "text": "coffee, @Ann?" }),
        json!({ "room": "random", "from": "bao", "text": "@annabel is somebody else" }),
        json!({ "to": "lily", "from": "ann", "text": "between us" }),
        json!({ "room": "ads", "from": "eve", "text": "win at http://example.com" }),
        json!({ "room": "ads", "from": "eve", "text": "http://example.com", "tags": ["approved"] }),
        json!({ "room": "food", "from": "minh", "text": "bún bò here",
                "place": { "lat": 16.47, "lon": 107.58 } }),
    ] {
        chat.say(&message);
    }

    println!("\nann leaves the room; bao still holds it\n");
    chat.leave("ann", ann_in_rust);
    chat.say(&json!({ "room": "rust", "from": "lily", "text": "anyone?" }));
    Ok(())
}
