//! A mapping grows: fields are added, types never change.

use serde_json::Value;

use super::types::CHANGEABLE_PARAMETERS;
use super::{Field, Leaf, Mapping, ObjectField, Properties, Sorted};
use crate::error::{StoreError, StoreErrorKind};
use crate::limits::MAPPED_FIELDS_MAX;

type Result<T> = std::result::Result<T, StoreError>;

impl Mapping {
    /// This mapping with a part merged in: its fields added, `dynamic` and
    /// `_meta` replaced where it has them.
    pub(crate) fn merged(&self, part: Self) -> Result<Self> {
        let mut mapping = self.clone();
        mapping.root.merge(part.root, "")?;
        if part.meta.is_some() {
            mapping.meta = part.meta;
        }
        let count = count(&mapping.root.properties);
        if count > MAPPED_FIELDS_MAX {
            return Err(StoreError::refused(format!(
                "the collection would have {count} fields, more than {MAPPED_FIELDS_MAX}: \
                 set `dynamic` to \"false\" where documents have keys without end"
            )));
        }
        Ok(mapping)
    }
}

fn count(properties: &Properties) -> usize {
    let of = |it: &Field| match it {
        Field::Object(object) => 1 + count(&object.properties),
        Field::Leaf(leaf) => 1 + leaf.fields.len(),
    };
    properties.values().map(of).sum()
}

impl ObjectField {
    /// Whether there is nothing in it to merge.
    pub(super) fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.dynamic.is_none() && self.parameters.is_empty()
    }

    /// `path` is the name of this field in documents, empty for the root.
    pub(super) fn merge(&mut self, part: Self, path: &str) -> Result<()> {
        self.dynamic = part.dynamic.or(self.dynamic);
        for (name, value) in part.parameters {
            self.parameters.insert(&name, value);
        }
        for (name, new) in part.properties {
            let path = match path {
                "" => name.to_string(),
                parent => format!("{parent}.{name}"),
            };
            match (self.properties.get_mut(&name), new) {
                (None, new) => self.properties.insert(&name, new),
                (Some(Field::Object(old)), Field::Object(new)) => {
                    old.check_kind(&new, &path)?;
                    old.merge(*new, &path)?;
                }
                (Some(Field::Leaf(old)), Field::Leaf(new)) => old.merge(new, &path)?,
                (Some(Field::Object(_)), Field::Leaf(leaf)) => {
                    return Err(changed(&path, "object", leaf.data_type.name()));
                }
                (Some(Field::Leaf(leaf)), Field::Object(_)) => {
                    return Err(changed(&path, leaf.data_type.name(), "object"));
                }
            }
        }
        Ok(())
    }

    /// Below a field that comes with new fields only (`{properties}`, as dynamic
    /// mappings and clients write them) the kind stays what it is.
    fn check_kind(&self, new: &Self, path: &str) -> Result<()> {
        match (self.is_nested, new.is_nested) {
            (false, true) => Err(changed(path, "object", "nested")),
            _ if new.is_disabled && !self.is_disabled => Err(StoreError::refused(format!(
                "the field [{path}] exists and cannot be disabled any more"
            ))),
            _ => Ok(()),
        }
    }
}

impl Leaf {
    fn merge(&mut self, new: Self, path: &str) -> Result<()> {
        if self.data_type != new.data_type {
            let (old, new) = (self.data_type.name(), new.data_type.name());
            return Err(changed(path, old, new));
        }
        check_parameters(&self.parameters, &new.parameters, path)?;
        for (name, value) in new.parameters {
            self.parameters.insert(&name, value);
        }
        for (name, new) in new.fields {
            match self.fields.get_mut(&name) {
                None => self.fields.insert(&name, new),
                Some(old) => old.merge(new, &format!("{path}.{name}"))?,
            }
        }
        Ok(())
    }
}

/// A parameter that decided how values were written stays as it was; one that
/// is not sent again stays too.
fn check_parameters(old: &Sorted<Value>, new: &Sorted<Value>, path: &str) -> Result<()> {
    let is_fixed = |key: &str| !CHANGEABLE_PARAMETERS.contains(&key);
    let different = new
        .iter()
        .find(|(key, value)| is_fixed(key) && old.get(key) != Some(*value));
    match different {
        None => Ok(()),
        Some((key, value)) => {
            let before = old.get(key).map_or("its default".into(), Value::to_string);
            Err(StoreError::refused(format!(
                "the field [{path}] exists: its parameter [{key}] cannot change from {before} \
                 to {value}"
            )))
        }
    }
}

fn changed(field: &str, old: &str, new: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::CannotChangeMapping {
            field: field.into(),
        },
        format!("the field [{field}] has the type {old} already, it cannot become {new}"),
    )
}
