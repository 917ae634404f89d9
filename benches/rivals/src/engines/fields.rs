//! Reads the fields that are asked for out of a document and skips all others.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::filter::Condition;

/// The names of fields.
#[derive(Default)]
pub struct Fields(HashSet<String>);

/// The value of a field.
pub enum Scalar<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
}

impl Fields {
    pub fn ask(&mut self, conditions: &[Condition]) {
        for condition in conditions {
            if !self.0.contains(&condition.field) {
                self.0.insert(condition.field.clone());
            }
        }
    }

    /// Calls back for the texts and integers among the fields.
    pub fn read<'a>(&self, json: &'a str, found: impl FnMut(&str, Scalar<'a>)) {
        let mut reader = serde_json::Deserializer::from_str(json);
        let read = Read(self, found).deserialize(&mut reader);
        read.expect("the document is JSON");
    }
}

struct Read<'f, F>(&'f Fields, F);

impl<'a, F: FnMut(&str, Scalar<'a>)> DeserializeSeed<'a> for Read<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'a, F: FnMut(&str, Scalar<'a>)> Visitor<'a> for Read<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key_seed(Name)? {
            if !self.0.0.contains(name.as_ref()) {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            match members.next_value_seed(Any)? {
                Some(scalar) => (self.1)(&name, scalar),
                None => continue,
            }
        }
        Ok(())
    }
}

/// A name, borrowed where it holds no escapes.
struct Name;

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Self::Value, D::Error> {
        match Any.deserialize(reader)? {
            Some(Scalar::Text(name)) => Ok(name),
            _ => Ok(Cow::Borrowed("")),
        }
    }
}

/// A text or an integer, or nothing that matters here.
struct Any;

impl<'a> DeserializeSeed<'a> for Any {
    type Value = Option<Scalar<'a>>;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Any {
    type Value = Option<Scalar<'a>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a scalar")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Owned(text.into()))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Integer(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).ok().map(Scalar::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A value of a filter as text without quotes.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
