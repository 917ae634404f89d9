//! quamina, the Rust port, in both of its modes: comfort, the default, and
//! speed. The budget of its automata, ten megabytes per field by default, is
//! lifted, since most workloads do not fit it.

use quamina::{MatcherBuildMode, QuaminaBuilder};
use serde_json::{Map, Value, json};

use super::{Document, Rival, Way};
use crate::filter::{self, Condition, Test};

pub struct Quamina(quamina::Quamina<u32>);

impl Quamina {
    pub fn new(is_fast: bool) -> Self {
        let builder = QuaminaBuilder::new().with_arena_byte_budget(usize::MAX / 2);
        let mut quamina = builder.build().expect("the settings are valid");
        if is_fast {
            quamina.set_matcher_build_mode(MatcherBuildMode::BuiltForSpeed);
        }
        Self(quamina)
    }
}

impl Rival for Quamina {
    fn add(&mut self, number: u32, filter: &Value) -> Result<(), String> {
        let mut pattern = Map::new();
        for condition in filter::parse(filter)? {
            let known = pattern.insert(condition.field.clone(), values(&condition)?);
            if known.is_some() {
                return Err("two conditions on one field".into());
            }
        }
        let pattern = Value::Object(pattern).to_string();
        let added = self.0.add_pattern(number, &pattern);
        added.map_err(|it| it.to_string())
    }

    /// Its first match freezes the automata.
    fn finish(&mut self) {
        self.0.matches_for_event(b"{}").expect("it is JSON");
    }

    fn test(&self, _: Way, document: &Document, found: &mut Vec<u32>) {
        let ids = self.0.matches_for_event(document.text.as_bytes());
        found.extend(ids.expect("the document is JSON"));
    }

    fn count(&self, _: Way, document: &Document) -> u64 {
        let ids = self.0.matches_for_event(document.text.as_bytes());
        ids.expect("the document is JSON").len() as u64
    }
}

fn values(condition: &Condition) -> Result<Value, String> {
    Ok(match (&condition.test, condition.is_negated) {
        (Test::Equals(value), false) => json!([value]),
        (Test::In(values), false) => json!(values),
        (Test::Equals(value), true) => json!([{"anything-but": [value]}]),
        (Test::Range(Some(low), Some(high)), false) => {
            json!([{"numeric": [">=", low, "<", high]}])
        }
        (Test::Range(Some(low), None), false) => json!([{"numeric": [">=", low]}]),
        (Test::Range(None, Some(high)), false) => json!([{"numeric": ["<", high]}]),
        (Test::Prefix(head), false) => json!([{"prefix": head}]),
        (Test::Wildcard(pieces), false) => json!([{"wildcard": pieces.join("*")}]),
        (Test::Regexp(pattern), false) => json!([{"regexp": dialect(pattern)}]),
        _ => return Err("this negation".into()),
    })
}

/// Its escape is the tilde, and it wants one before a hyphen outside of a class.
fn dialect(pattern: &str) -> String {
    let mut is_class = false;
    let mut text = String::new();
    for character in pattern.chars() {
        match character {
            '\\' => text.push('~'),
            '-' if !is_class => text.push_str("~-"),
            _ => text.push(character),
        }
        is_class = (is_class || character == '[') && character != ']';
    }
    text
}
