//! What takes part, each in the way its own documentation recommends.
//!
//! Two engines take documents apart themselves. The others want the values of
//! fields by name. What their users write is: parse the JSON, then hand over every
//! value. Kinder to them is a reader that knows which fields the filters ask for and
//! skips the rest without building it; this is half of what our own engine does,
//! so it is shown beside, as `lean`, and not what the ratios are about.

mod atree;
mod fields;
mod koncorde;
mod mokaccino;
mod quamina;

use serde_json::Value;

/// One engine.
pub trait Rival {
    /// Takes a filter, or says what it cannot express.
    fn add(&mut self, number: u32, filter: &Value) -> Result<(), String>;

    /// Called when all filters are there.
    fn finish(&mut self) {}

    /// The numbers of the filters that a document matches.
    fn test(&self, way: Way, document: &Document, found: &mut Vec<u32>);

    /// How many filters a document matches, in the form that costs least.
    fn count(&self, way: Way, document: &Document) -> u64;
}

/// How a document is handed over, and matches are handed out.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    /// A list of matches for bytes.
    Plain,
    /// A visitor with memory that is used again.
    Visit,
    /// A list of matches for a parsed document.
    Parsed,
    /// Both.
    ParsedVisit,
    /// With the reader that knows the fields.
    Lean,
}

impl Way {
    /// The name of an engine in the table, as that of its process and a way.
    pub fn of(name: &str) -> (&str, Self) {
        const SUFFIXES: [(&str, Way); 5] = [
            ("-parsed-visit", Way::ParsedVisit),
            ("-parsed", Way::Parsed),
            ("-visit", Way::Visit),
            ("-lean", Way::Lean),
            ("-bytes", Way::Plain),
        ];
        let mut ways = SUFFIXES.iter();
        let way = ways.find_map(|(suffix, way)| Some((name.strip_suffix(suffix)?, *way)));
        way.unwrap_or((name, Self::Plain))
    }
}

/// A document as text and parsed.
pub struct Document {
    pub text: String,
    pub value: Value,
}

/// An empty engine by the name of its process.
pub fn engine(name: &str, filters: impl Iterator<Item = Value>) -> Option<Box<dyn Rival>> {
    Some(match name {
        "koncorde" => Box::new(koncorde::Ours::default()),
        "mokaccino" => Box::new(mokaccino::Mokaccino::new(false)),
        "mokaccino-optimized" => Box::new(mokaccino::Mokaccino::new(true)),
        "quamina" => Box::new(quamina::Quamina::new(false)),
        "quamina-speed" => Box::new(quamina::Quamina::new(true)),
        "a-tree" => Box::new(atree::Tree::new(filters)),
        _ => return None,
    })
}
