//! From a document to the values that conditions ask for.
//!
//! Both kinds of documents, parsed values and bytes, are walked side by side with
//! the trie of fields. Where two places of a document are the same field
//! (`{"a.b": 1, "a": {"b": 2}}`, or a key twice in the bytes), which is rare, the
//! walk only notes the fact, and the values are looked up again by the rule of
//! `document`.

use serde_json::{Map, Value};

use super::datum::{Datum, FieldValue};
use super::field::{Fields, ROOT, Step};
use super::predict::Prediction;
use crate::document::View;

/// Marks which nodes of the trie a document has, by the number of the test.
pub(super) struct Seen<'s> {
    pub(super) epoch: u32,
    /// By node: the test that saw it and the place of its value.
    pub(super) slots: &'s mut [(u32, u32)],
    /// A node was seen twice.
    pub(super) is_ambiguous: bool,
    pub(super) prediction: &'s mut Prediction,
}

/// The place of nodes that are no fields.
const NO_PLACE: u32 = u32::MAX;

impl Seen<'_> {
    /// Notes that a node is there, its value at `place`; `false` if it was there
    /// before.
    #[inline]
    pub(super) fn note(&mut self, step: Step, place: usize) -> bool {
        let slot = &mut self.slots[step.node as usize];
        if slot.0 == self.epoch {
            self.is_ambiguous = true;
            return false;
        }
        let place = if step.is_field {
            u32::try_from(place).unwrap_or(NO_PLACE)
        } else {
            NO_PLACE
        };
        *slot = (self.epoch, place);
        true
    }
}

/// Collects the values of a parsed document, by field.
pub(super) fn walk<'d>(
    fields: &Fields,
    document: &'d Map<String, Value>,
    seen: &mut Seen<'_>,
    values: &mut Vec<FieldValue<'d>>,
) {
    walk_object(fields, ROOT, document, seen, values);
    if seen.is_ambiguous {
        for value in values {
            let path = fields.path(value.field);
            if let Some(found) = View::Document(document).get(path.as_str()) {
                value.datum = Datum::new(found);
            }
        }
    }
}

fn walk_object<'d>(
    fields: &Fields,
    parent: u32,
    object: &'d Map<String, Value>,
    seen: &mut Seen<'_>,
    values: &mut Vec<FieldValue<'d>>,
) {
    for (key, value) in object {
        let Some(step) = seen.prediction.step(fields, parent, key) else {
            continue;
        };
        if step.is_field && seen.note(step, values.len()) {
            values.push(FieldValue::new(step.node, Datum::new(value)));
        }
        if let (true, Value::Object(inner)) = (step.is_path, value) {
            walk_object(fields, step.node, inner, seen, values);
        }
    }
}
