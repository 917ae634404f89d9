//! A stored document, as the index takes it.
//!
//! One walk over the document beside its mapping. What the mapping does not know
//! is passed over. Nested objects become documents of their own, which stand
//! directly before the one around them.

mod block;
mod leaf;

use serde_json::{Map, Value};

use self::block::Block;
use super::document::IndexDocument;
use super::layout::{Layout, push};
use crate::error::StoreError;
use crate::mapping::{Field, ObjectField, Properties};

impl Layout {
    /// Nested documents first, the root last; they must be added in one batch.
    pub(crate) fn documents(
        &self,
        id: &str,
        version: u64,
        sequence: u64,
        json: Vec<u8>,
    ) -> Result<Vec<IndexDocument>, StoreError> {
        let source: Map<String, Value> = serde_json::from_slice(&json)
            .map_err(|it| StoreError::internal(format!("a stored document is no JSON: {it}")))?;
        let mut walk = Walk {
            layout: self,
            path: String::new(),
            block: Block::new(id),
        };
        walk.members(&self.mapping.root, &source);
        Ok(walk.block.finish(self, version, sequence, json))
    }
}

struct Walk<'l> {
    layout: &'l Layout,
    /// Of the field that the walk is at.
    path: String,
    block: Block<'l>,
}

impl<'l> Walk<'l> {
    fn members(&mut self, known: &'l ObjectField, object: &Map<String, Value>) {
        if known.is_disabled {
            return;
        }
        for (key, value) in object {
            self.member(&known.properties, key, value);
        }
    }

    /// One member of an object; a key `a.b` is `b` in the object `a`.
    fn member(&mut self, properties: &'l Properties, key: &str, value: &Value) {
        let (name, below) = match key.split_once('.') {
            Some((name, below)) => (name, Some(below)),
            None => (key, None),
        };
        let length = self.path.len();
        match (properties.get(name), below) {
            (None, _) => return,
            (Some(Field::Leaf(leaf)), None) => {
                push(&mut self.path, name);
                self.leaf(leaf, value);
            }
            (Some(Field::Leaf(_)), Some(_)) => (),
            (Some(Field::Object(field)), _) if field.is_disabled => (),
            (Some(Field::Object(field)), None) => {
                push(&mut self.path, name);
                self.objects(field, value);
            }
            (Some(Field::Object(field)), Some(below)) => {
                push(&mut self.path, name);
                self.within(field, |walk| walk.member(&field.properties, below, value));
            }
        }
        self.path.truncate(length);
    }

    /// An object, or an array of objects.
    fn objects(&mut self, field: &'l ObjectField, value: &Value) {
        match value {
            Value::Object(object) => self.within(field, |walk| walk.members(field, object)),
            Value::Array(items) => items.iter().for_each(|it| self.objects(field, it)),
            _ => (),
        }
    }

    /// Walks the inside of an object: of a nested one, as a document apart.
    fn within(&mut self, field: &'l ObjectField, walk: impl FnOnce(&mut Self)) {
        if field.is_nested {
            self.block.open(&self.path, field);
            walk(self);
            self.block.close(self.layout);
        } else {
            walk(self);
        }
    }
}
