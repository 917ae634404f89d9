//! a-tree: expressions in its own language, over attributes that must be known
//! before the first one; so it gets the values of those alone.

use std::collections::BTreeMap;

use a_tree::{ATree, AttributeDefinition, Event};
use serde_json::Value;

use super::fields::{Fields, Scalar};
use super::{Document, Rival, Way};
use crate::filter::{self, Condition, Test};

pub struct Tree {
    tree: ATree<u32>,
    fields: Fields,
}

impl Tree {
    pub fn new(filters: impl Iterator<Item = Value>) -> Self {
        let mut fields = Fields::default();
        let mut attributes = BTreeMap::new();
        for conditions in filters.filter_map(|it| filter::parse(&it).ok()) {
            fields.ask(&conditions);
            for condition in conditions {
                attributes.insert(condition.field, is_text(&condition.test));
            }
        }
        let definitions = attributes.iter().map(|(name, is_text)| match is_text {
            true => AttributeDefinition::string(name),
            false => AttributeDefinition::integer(name),
        });
        let definitions: Vec<_> = definitions.collect();
        let tree = ATree::new(&definitions).expect("names are distinct");
        Self { tree, fields }
    }

    fn event(&self, document: &Document) -> Event {
        let mut event = self.tree.make_event();
        self.fields.read(&document.text, |field, scalar| {
            // A value of another type than the attribute's is refused, and so
            // stays undefined, which is what such a value means to a filter.
            let _ = match scalar {
                Scalar::Text(text) => event.with_string(field, &text),
                Scalar::Integer(number) => event.with_integer(field, number),
            };
        });
        event.build().expect("all attributes are set or undefined")
    }
}

impl Rival for Tree {
    fn add(&mut self, number: u32, filter: &Value) -> Result<(), String> {
        let conditions = filter::parse(filter)?;
        let expressions = conditions.iter().map(expression);
        let expressions = expressions.collect::<Result<Vec<_>, _>>()?;
        let expression = expressions.join(" and ");
        let added = self.tree.insert(&number, &expression);
        added.map_err(|it| it.to_string())
    }

    fn test(&self, _: Way, document: &Document, found: &mut Vec<u32>) {
        let event = self.event(document);
        let report = self.tree.search(&event).expect("the event is complete");
        found.extend(report.matches().iter().map(|it| **it));
    }

    fn count(&self, _: Way, document: &Document) -> u64 {
        let event = self.event(document);
        let report = self.tree.search(&event).expect("the event is complete");
        report.matches().len() as u64
    }
}

fn is_text(test: &Test) -> bool {
    match test {
        Test::Equals(value) => value.is_string(),
        Test::In(values) => values.iter().all(Value::is_string),
        Test::Range(..) => false,
        Test::Wildcard(_) | Test::Prefix(_) | Test::Regexp(_) => true,
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

fn expression(condition: &Condition) -> Result<String, String> {
    let field = &condition.field;
    let expression = match &condition.test {
        Test::Equals(value) => format!("{field} = {}", literal(value)),
        Test::In(values) => {
            let values: Vec<_> = values.iter().map(literal).collect();
            format!("{field} in ({})", values.join(", "))
        }
        Test::Range(low, high) => {
            let low = low.map(|it| format!("{field} >= {it}"));
            let high = high.map(|it| format!("{field} < {it}"));
            let bounds: Vec<_> = low.into_iter().chain(high).collect();
            bounds.join(" and ")
        }
        _ => return Err("patterns".into()),
    };
    Ok(match condition.is_negated {
        true => format!("not ({expression})"),
        false => expression,
    })
}
