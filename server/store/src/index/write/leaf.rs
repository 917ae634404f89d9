//! The values of one field, as its type and its parameters say.

use std::sync::Arc;

use serde_json::Value;

use super::super::document::PathValue;
use super::super::layout::{columns, is_analysed};
use super::Walk;
use crate::limits::KEYWORD_BYTES_MAX;
use crate::mapping::{DataType, Exact, Leaf, is_reserved, scalar_text};
use crate::shape::{encode_cell, read_points, read_shape};

impl<'l> Walk<'l> {
    /// A value of a field: one, or an array of them.
    pub(super) fn leaf(&mut self, leaf: &'l Leaf, value: &Value) {
        let path: Arc<str> = self.path.as_str().into();
        self.values(leaf, &path, value);
        for (name, of) in leaf.fields.iter() {
            let path = format!("{}.{name}", self.path).into();
            self.values(of, &path, value);
        }
        for target in leaf.copy_to() {
            if let Some((target_leaf, _)) = self.layout.mapping.leaf(target) {
                let path = target.into();
                self.values(target_leaf, &path, value);
                for (name, of) in target_leaf.fields.iter() {
                    let path = format!("{target}.{name}").into();
                    self.values(of, &path, value);
                }
            }
        }
    }

    fn values(&mut self, leaf: &Leaf, path: &Arc<str>, value: &Value) {
        match value {
            _ if leaf.data_type == DataType::GeoPoint => self.points(leaf, path, value),
            Value::Null => {
                if let Some(value) = leaf.null_value().filter(|it| !it.is_null()) {
                    self.value(leaf, path, value);
                }
            }
            Value::Array(items) => items.iter().for_each(|it| self.values(leaf, path, it)),
            value => self.value(leaf, path, value),
        }
    }

    fn value(&mut self, leaf: &Leaf, path: &Arc<str>, value: &Value) {
        match leaf.data_type {
            _ if !leaf.is_kept() => return,
            _ if is_analysed(leaf) => return self.text(leaf, path, value),
            DataType::GeoShape => return self.shape(path, value),
            DataType::Flattened => return self.flattened(leaf, path, path, value),
            DataType::TokenCount if value.is_string() => {
                return self.token_count(leaf, path, value);
            }
            of if of.range_kind().is_some() => return self.range(leaf, path, value),
            _ => (),
        }
        match leaf.exact(value) {
            Some(Exact::Text(text)) if leaf.is_ignored(&text) => (),
            Some(Exact::Text(text)) => {
                let text = self.layout.analysis.normalize(leaf, text);
                self.write(path, || PathValue::Text(text.as_ref().to_owned()));
            }
            Some(Exact::Integer(number)) => self.write(path, || PathValue::Integer(number)),
            Some(Exact::Float(number)) => self.write(path, || PathValue::Float(number)),
            None => (),
        }
    }

    fn points(&mut self, leaf: &Leaf, path: &Arc<str>, value: &Value) {
        let value = match (value, leaf.null_value()) {
            (Value::Null, Some(default)) => default,
            (value, _) => value,
        };
        let cells: Arc<str> = columns::point(path).into();
        read_points(value, &mut |point| {
            let cell = encode_cell(point);
            self.block.exact(&cells, || PathValue::Integer(cell));
            self.block.name(path);
        });
    }

    fn shape(&mut self, path: &Arc<str>, value: &Value) {
        let bounds = read_shape(value).ok().and_then(|it| it.bounds());
        if let Some(bounds) = bounds {
            self.block.shape(path, bounds);
            self.block.name(path);
        }
    }

    /// All values at the field itself, and each at its own path.
    fn flattened(&mut self, leaf: &Leaf, root: &Arc<str>, path: &str, value: &Value) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    self.flattened(leaf, root, &format!("{path}.{key}"), value);
                }
            }
            Value::Array(items) => {
                items
                    .iter()
                    .for_each(|it| self.flattened(leaf, root, path, it));
            }
            value => {
                let text = scalar_text(value).filter(|it| !leaf.is_ignored(it));
                let Some(text) = text.filter(|it| it.len() <= KEYWORD_BYTES_MAX) else {
                    return;
                };
                self.write(root, || PathValue::Text(text.as_ref().to_owned()));
                if *path != **root && !is_reserved(path) {
                    self.write(&path.into(), || PathValue::Text(text.as_ref().to_owned()));
                }
            }
        }
    }

    fn token_count(&mut self, leaf: &Leaf, path: &Arc<str>, value: &Value) {
        let text = value.as_str().unwrap_or_default();
        let tokens = self.layout.analysis.of_values(leaf).analyse(text);
        let increments = leaf.parameters.get("enable_position_increments");
        let count = match increments.is_some_and(|it| it == false) {
            true => tokens.tokens.len() as i64,
            false => tokens.positions.into(),
        };
        self.write(path, || PathValue::Integer(count));
    }

    fn range(&mut self, leaf: &Leaf, path: &Arc<str>, value: &Value) {
        let Some((least, most)) = leaf.range(value) else {
            return;
        };
        let sides = columns::range(path).map(Arc::from);
        for (side, bound) in sides.iter().zip([least, most]) {
            self.block.exact(side, || match &bound {
                Exact::Text(text) => PathValue::Text(text.as_ref().to_owned()),
                Exact::Integer(number) => PathValue::Integer(*number),
                Exact::Float(number) => PathValue::Float(*number),
            });
        }
        self.block.name(path);
    }

    fn write(&mut self, path: &Arc<str>, value: impl Fn() -> PathValue) {
        self.block.exact(path, value);
        self.block.name(path);
    }

    fn text(&mut self, leaf: &Leaf, path: &Arc<str>, value: &Value) {
        let (Some(text), Some(place)) = (scalar_text(value), self.layout.text(path)) else {
            return;
        };
        let tokens = place.analyser.analyse(&text);
        self.block.text(path, &tokens, leaf.position_gap());
        self.block.name(path);
    }
}
