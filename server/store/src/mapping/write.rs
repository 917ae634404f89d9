//! A mapping as JSON, as clients are shown it.

use serde_json::{Map, Value, json};

use super::{Field, Leaf, Mapping, ObjectField, Properties};

impl Mapping {
    /// `{dynamic, _meta?, properties}`.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = Map::new();
        let dynamic = self.root.dynamic.unwrap_or_default();
        object.insert("dynamic".into(), dynamic.name().into());
        if let Some(meta) = &self.meta {
            object.insert("_meta".into(), meta.clone());
        }
        object.insert("properties".into(), properties(&self.root.properties));
        object.into()
    }
}

fn properties(fields: &Properties) -> Value {
    fields
        .iter()
        .map(|(name, it)| match it {
            Field::Object(object) => (name.to_string(), of_object(object)),
            Field::Leaf(leaf) => (name.to_string(), of_leaf(leaf)),
        })
        .collect::<Map<_, _>>()
        .into()
}

/// `type` only where `properties` would not say enough.
fn of_object(field: &ObjectField) -> Value {
    let mut object = Map::new();
    if field.is_nested {
        object.insert("type".into(), "nested".into());
    } else if field.properties.is_empty() {
        object.insert("type".into(), "object".into());
    }
    if let Some(dynamic) = field.dynamic {
        object.insert("dynamic".into(), dynamic.name().into());
    }
    if field.is_disabled {
        object.insert("enabled".into(), json!(false));
    }
    object.extend(field.parameters.clone());
    if !field.properties.is_empty() {
        object.insert("properties".into(), properties(&field.properties));
    }
    object.into()
}

fn of_leaf(leaf: &Leaf) -> Value {
    let mut object = Map::new();
    object.insert("type".into(), leaf.data_type.name().into());
    object.extend(leaf.parameters.clone());
    if !leaf.fields.is_empty() {
        let fields = leaf.fields.iter();
        let fields: Map<_, _> = fields
            .map(|(name, it)| (name.to_string(), of_leaf(it)))
            .collect();
        object.insert("fields".into(), fields.into());
    }
    object.into()
}
