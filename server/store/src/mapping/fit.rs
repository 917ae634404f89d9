//! Does a document fit a mapping, and which fields does it add?
//!
//! One walk over the document. Fields that the mapping does not know are
//! inferred as Elasticsearch does and gathered in a mapping of their own, which
//! stays empty for nearly every document.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::parse::{is_reserved, split_name};
use super::types::METADATA_FIELDS;
use super::value::SLASHED_DATES;
use super::value::{self, accepts};
use super::{DataType, DateFormat, Dynamic, Field, Leaf, Mapping, ObjectField};
use crate::limits::{MAPPING_DEPTH_MAX, NESTED_OBJECTS_MAX};

/// What a document that fits asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Fit {
    /// Nothing: the mapping knows all its fields.
    AsItIs,
    /// New fields, to be merged in.
    Growing(Mapping),
}

/// Why a document does not fit.
#[derive(Debug, PartialEq)]
pub(crate) enum Misfit {
    /// A strict mapping does not know the field; its own name, as Elasticsearch
    /// reports it.
    Unknown { field: String },
    /// The field, with its path, cannot take its value.
    Refused { field: String, reason: String },
}

type Result<T> = std::result::Result<T, Misfit>;

impl Misfit {
    fn refused(field: &str, reason: impl Into<String>) -> Self {
        Self::Refused {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// The same, seen from the object around `parent`.
    fn below(self, parent: &str) -> Self {
        match self {
            Self::Unknown { .. } => self,
            Self::Refused { field, reason } => Self::Refused {
                field: format!("{parent}.{field}"),
                reason,
            },
        }
    }
}

impl Mapping {
    pub(crate) fn fit(&self, document: &Map<String, Value>) -> Result<Fit> {
        let is_metadata =
            |it: &&String| it.starts_with('_') && METADATA_FIELDS.contains(&it.as_str());
        if let Some(name) = document.keys().find(is_metadata) {
            let reason = "it is metadata, not a part of a document's content";
            return Err(Misfit::refused(name, reason));
        }
        let mut growth = ObjectField::default();
        let dynamic = self.root.dynamic.unwrap_or_default();
        object(Some(&self.root), &mut growth, dynamic, document, 0)?;
        let count = nested_objects(&self.root, document);
        if count > NESTED_OBJECTS_MAX {
            let reason =
                format!("there are {count} nested objects, more than {NESTED_OBJECTS_MAX}");
            return Err(Misfit::refused(ROOT, reason));
        }
        if growth.is_empty() {
            return Ok(Fit::AsItIs);
        }
        Ok(Fit::Growing(Self {
            root: growth,
            meta: None,
        }))
    }
}

/// What a refusal of the whole document calls it.
const ROOT: &str = "_doc";

/// Elements of nested arrays, however deep.
fn nested_objects(known: &ObjectField, document: &Map<String, Value>) -> usize {
    fn of(field: &ObjectField, value: &Value) -> usize {
        match value {
            Value::Object(object) => usize::from(field.is_nested) + nested_objects(field, object),
            Value::Array(items) => items.iter().map(|it| of(field, it)).sum(),
            _ => 0,
        }
    }
    let objects = known
        .properties
        .iter()
        .filter_map(|(name, field)| match field {
            Field::Object(field) => Some((field, document.get(name)?)),
            Field::Leaf(_) => None,
        });
    objects.map(|(field, value)| of(field, value)).sum()
}

/// Walks one object. `known` is the field that the mapping has for it; `growth`
/// what this document added to it so far.
fn object(
    known: Option<&ObjectField>,
    growth: &mut ObjectField,
    dynamic: Dynamic,
    document: &Map<String, Value>,
    depth: usize,
) -> Result<()> {
    if known.is_some_and(|it| it.is_disabled) {
        return Ok(());
    }
    let dynamic = known.and_then(|it| it.dynamic).unwrap_or(dynamic);
    for (key, value) in document {
        if !key.contains('.') && !key.trim().is_empty() {
            member(known, growth, dynamic, (key, value), depth)?;
            continue;
        }
        let names = split_name(key).map_err(|reason| Misfit::refused(key, reason))?;
        let mut wrapped = value.clone();
        for name in names.iter().skip(1).rev() {
            wrapped = Map::from_iter([((*name).to_owned(), wrapped)]).into();
        }
        member(known, growth, dynamic, (names[0], &wrapped), depth)?;
    }
    Ok(())
}

/// One member of an object.
fn member(
    known: Option<&ObjectField>,
    growth: &mut ObjectField,
    dynamic: Dynamic,
    (name, value): (&str, &Value),
    depth: usize,
) -> Result<()> {
    match known.and_then(|it| it.properties.get(name)) {
        Some(Field::Leaf(leaf)) => check(name, leaf, value),
        Some(Field::Object(field)) => {
            let new = growth.properties.remove(name);
            let mut new = match new {
                Some(Field::Object(new)) => new,
                _ => Box::default(),
            };
            objects(Some(field), &mut new, dynamic, (name, value), depth + 1)?;
            if !new.is_empty() {
                growth.properties.insert(name, Field::Object(new));
            }
            Ok(())
        }
        None => match dynamic {
            Dynamic::False => Ok(()),
            Dynamic::Strict => Err(Misfit::Unknown { field: name.into() }),
            Dynamic::True => infer(growth, (name, value), depth),
        },
    }
}

/// An object, or an array of objects.
fn objects(
    known: Option<&ObjectField>,
    growth: &mut ObjectField,
    dynamic: Dynamic,
    (name, value): (&str, &Value),
    depth: usize,
) -> Result<()> {
    if depth > MAPPING_DEPTH_MAX {
        let reason = format!("it nests deeper than {MAPPING_DEPTH_MAX} levels");
        return Err(Misfit::refused(name, reason));
    }
    match value {
        Value::Null => Ok(()),
        _ if known.is_some_and(|it| it.is_disabled) => Ok(()),
        Value::Object(document) => {
            object(known, growth, dynamic, document, depth).map_err(|it| it.below(name))
        }
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| objects(known, growth, dynamic, (name, item), depth)),
        concrete => {
            let preview = value::preview(concrete);
            let reason = format!("it is mapped as an object and cannot take the value {preview}");
            Err(Misfit::refused(name, reason))
        }
    }
}

/// A field that is new: its type follows from its first value that is not
/// `null`, the others must fit that.
fn infer(growth: &mut ObjectField, (name, value): (&str, &Value), depth: usize) -> Result<()> {
    if is_reserved(name) {
        return Err(Misfit::refused(name, "its name has a control character"));
    }
    match growth.properties.get_mut(name) {
        Some(Field::Leaf(leaf)) => return check(name, leaf, value),
        Some(Field::Object(new)) => {
            return objects(None, new, Dynamic::True, (name, value), depth + 1);
        }
        None => (),
    }
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| infer(growth, (name, item), depth)),
        Value::Object(_) => {
            let mut new = Box::<ObjectField>::default();
            objects(None, &mut new, Dynamic::True, (name, value), depth + 1)?;
            growth.properties.insert(name, Field::Object(new));
            Ok(())
        }
        scalar => {
            let leaf = infer_leaf(scalar);
            check(name, &leaf, scalar)?;
            growth.properties.insert(name, Field::Leaf(leaf));
            Ok(())
        }
    }
}

fn infer_leaf(scalar: &Value) -> Leaf {
    match scalar {
        Value::Bool(_) => Leaf::new(DataType::Boolean),
        Value::Number(number) if number.is_f64() => Leaf::new(DataType::Float),
        Value::Number(_) => Leaf::new(DataType::Long),
        Value::String(text) if value::looks_like_date(text) => Leaf::new(DataType::Date),
        Value::String(text) if value::looks_like_slashed_date(text) => slashed_date(),
        _ => text_with_keyword(),
    }
}

fn slashed_date() -> Leaf {
    let mut leaf = Leaf::new(DataType::Date);
    leaf.parameters.insert("format", SLASHED_DATES.into());
    leaf.date_format = Some(Arc::new(DateFormat::parse(SLASHED_DATES)));
    leaf
}

/// Text for full-text search, and the first 256 characters of it as they are
/// for sorting and exact search.
fn text_with_keyword() -> Leaf {
    let mut keyword = Leaf::new(DataType::Keyword);
    keyword.parameters.insert("ignore_above", 256.into());
    let mut text = Leaf::new(DataType::Text);
    text.fields.insert("keyword", keyword);
    text
}

/// The value, or each element of it, is one that the field takes; the
/// multi-fields have to take it too.
fn check(name: &str, leaf: &Leaf, value: &Value) -> Result<()> {
    accepts(leaf, value)
        .and_then(|()| leaf.fields.values().try_for_each(|it| accepts(it, value)))
        .map_err(|reason| {
            let (of, preview) = (leaf.data_type.name(), value::preview(value));
            Misfit::refused(
                name,
                format!("its type [{of}] cannot take the value {preview}: {reason}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mapping::Exact;

    #[test]
    fn slashed_dates_are_dates() {
        let document = json!({"d": "2024/02/29", "t": "1/2"});
        let fit = Mapping::default().fit(document.as_object().unwrap());
        let Ok(Fit::Growing(grown)) = fit else {
            panic!("{fit:?}");
        };
        let (leaf, _) = grown.leaf("d").unwrap();
        assert_eq!(leaf.data_type, DataType::Date);
        let march = json!("2024/03/01 00:00:01");
        assert_eq!(leaf.exact(&march), Some(Exact::Integer(1_709_251_201_000)));
        assert_eq!(grown.leaf("t").unwrap().0.data_type, DataType::Text);
    }

    #[test]
    fn nested_objects_are_counted() {
        let mapping = json!({"properties": {"o": {"properties": {"n": {"type": "nested"}}}}});
        let mapping = Mapping::parse(&mapping).unwrap();
        let document = |count: usize| json!({"o": [{"n": vec![json!({}); count]}, {"n": {}}]});
        let fit = |count| mapping.fit(document(count).as_object().unwrap());
        assert_eq!(fit(NESTED_OBJECTS_MAX - 1), Ok(Fit::AsItIs));
        assert!(matches!(
            fit(NESTED_OBJECTS_MAX),
            Err(Misfit::Refused { .. })
        ));
    }
}
