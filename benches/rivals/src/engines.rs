//! What takes part, each in the way its own documentation recommends.
//!
//! Two engines take documents apart themselves. The others need the values of
//! fields: they get those that filters ask for, from a reader that skips the rest
//! without building it. That is kinder to them than a parsed value would be.

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
    fn test(&self, document: &Document, found: &mut Vec<u32>);

    /// How many filters a document matches, in the form that costs least.
    fn count(&self, document: &Document) -> u64;
}

/// A document as text and parsed.
pub struct Document {
    pub text: String,
    pub value: Value,
}

/// An empty engine by the name in the table.
pub fn engine(name: &str, filters: impl Iterator<Item = Value>) -> Option<Box<dyn Rival>> {
    Some(match name {
        "koncorde" => Box::new(koncorde::Test::default()),
        "koncorde-visit" => Box::new(koncorde::Visit::default()),
        "koncorde-parsed" => Box::new(koncorde::Test::parsed()),
        "koncorde-parsed-visit" => Box::new(koncorde::Visit::parsed()),
        "mokaccino" => Box::new(mokaccino::Mokaccino::new(false)),
        "mokaccino-optimized" => Box::new(mokaccino::Mokaccino::new(true)),
        "quamina" => Box::new(quamina::Quamina::new(false)),
        "quamina-speed" => Box::new(quamina::Quamina::new(true)),
        "a-tree" => Box::new(atree::Tree::new(filters)),
        _ => return None,
    })
}
