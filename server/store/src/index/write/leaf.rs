//! The values of one field, as its type and its parameters say.

use std::sync::Arc;

use serde_json::Value;

use super::super::document::PathValue;
use super::super::layout::{columns, is_analysed};
use super::Walk;
use crate::mapping::{DataType, Exact, Leaf, scalar_text};
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
            _ if is_analysed(leaf) => return self.text(leaf, path, value),
            DataType::GeoShape => return self.shape(path, value),
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
