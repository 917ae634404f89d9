//! A mapping as JSON, as clients are shown it.

use serde_json::{Map, Value, json};

use super::{Field, Leaf, Mapping, ObjectField, Properties, Sorted};

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
    object_of(fields, |it| match it {
        Field::Object(object) => of_object(object),
        Field::Leaf(leaf) => of_leaf(leaf),
    })
}

fn object_of<T>(sorted: &Sorted<T>, to_json: impl Fn(&T) -> Value) -> Value {
    let pairs = sorted.iter();
    let object: Map<_, _> = pairs
        .map(|(name, it)| (name.to_owned(), to_json(it)))
        .collect();
    object.into()
}

fn extend(object: &mut Map<String, Value>, parameters: &Sorted<Value>) {
    for (name, value) in parameters.iter() {
        object.insert(name.into(), value.clone());
    }
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
    extend(&mut object, &field.parameters);
    if !field.properties.is_empty() {
        object.insert("properties".into(), properties(&field.properties));
    }
    object.into()
}

fn of_leaf(leaf: &Leaf) -> Value {
    let mut object = Map::new();
    object.insert("type".into(), leaf.data_type.name().into());
    extend(&mut object, &leaf.parameters);
    if !leaf.fields.is_empty() {
        object.insert("fields".into(), object_of(&leaf.fields, of_leaf));
    }
    object.into()
}
