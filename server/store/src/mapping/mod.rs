//! Mappings: which fields a collection has, and of which type.
//!
//! `parse` reads what a user sends, `merge` lets a mapping grow (a type never
//! changes), `fit` checks a document and finds the fields it adds, `value`
//! knows what each type accepts, `write` gives a mapping back as JSON.

mod date;
mod exact;
mod fit;
mod gain;
mod merge;
mod parse;
mod range;
mod sorted;
mod types;
mod value;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

pub use date::DateFormat;
pub(crate) use exact::{
    Exact, Kind, decode_ip, decode_unsigned, encode_ip, encode_unsigned, scalar_text,
};
pub(crate) use fit::{Fit, Misfit};
pub(crate) use parse::is_reserved;
pub(crate) use sorted::Sorted;
pub(crate) use types::{DataType, Dynamic};
pub(crate) use value::date_ms;

/// The mapping of a collection; or a part of one, which is to be merged in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mapping {
    pub(crate) root: ObjectField,
    /// `_meta`: whatever the user keeps there.
    pub(crate) meta: Option<Value>,
}

/// Fields by name, in the order in which mappings are shown.
pub(crate) type Properties = Sorted<Field>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Field {
    Object(Box<ObjectField>),
    Leaf(Leaf),
}

/// A field with fields below it; also the root of a mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ObjectField {
    /// `type: nested`: each element of an array is a document of its own.
    pub(crate) is_nested: bool,
    /// `None`: as the object around it.
    pub(crate) dynamic: Option<Dynamic>,
    /// `enabled: false`, as the user wrote it: nothing below is looked at.
    pub(crate) is_disabled: bool,
    /// Whatever else the user set.
    pub(crate) parameters: Sorted<Value>,
    pub(crate) properties: Properties,
}

/// A field with values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) data_type: DataType,
    /// `analyzer`, `ignore_above`…, as the user set them.
    pub(crate) parameters: Sorted<Value>,
    /// How to read dates; only for dates.
    pub(crate) date_format: Option<Arc<DateFormat>>,
    /// Multi-fields: the same values under other types.
    pub(crate) fields: Sorted<Leaf>,
}

impl Mapping {
    /// Whether the path is one of an object.
    pub(crate) fn is_object(&self, path: &str) -> bool {
        let mut properties = &self.root.properties;
        for name in path.split('.') {
            match properties.get(name) {
                Some(Field::Object(object)) => properties = &object.properties,
                _ => return false,
            }
        }
        true
    }

    /// The flattened field around a path, which stands for all that is below it.
    pub(crate) fn flattened_around(&self, path: &str) -> Option<&Leaf> {
        path.rmatch_indices('.').find_map(|(end, _)| {
            let (leaf, _) = self.leaf(&path[..end])?;
            (leaf.data_type == DataType::Flattened).then_some(leaf)
        })
    }

    /// The leaf at a dotted path, with the path of the document where its
    /// values stand: a multi-field has those of the field around it.
    pub(crate) fn leaf<'p>(&self, path: &'p str) -> Option<(&Leaf, &'p str)> {
        let mut properties = &self.root.properties;
        let mut rest = path;
        loop {
            let (name, below) = rest.split_once('.').unwrap_or((rest, ""));
            match properties.get(name)? {
                Field::Object(object) if !below.is_empty() => {
                    properties = &object.properties;
                    rest = below;
                }
                Field::Leaf(leaf) if below.is_empty() => return Some((leaf, path)),
                Field::Leaf(leaf) => {
                    let parent = path.len() - below.len() - 1;
                    return Some((leaf.fields.get(below)?, &path[..parent]));
                }
                Field::Object(_) => return None,
            }
        }
    }
}

impl Mapping {
    /// Whether some documents have documents inside of them.
    pub(crate) fn has_nested(&self) -> bool {
        fn below(properties: &Properties) -> bool {
            properties.values().any(|it| match it {
                Field::Object(object) => object.is_nested || below(&object.properties),
                Field::Leaf(_) => false,
            })
        }
        below(&self.root.properties)
    }

    /// Whether there are nested objects at this path.
    pub(crate) fn is_nested(&self, path: &str) -> bool {
        self.nested_around(path).last().is_some_and(|it| it == path)
    }

    /// The nested objects around a path, the outermost first.
    pub(crate) fn nested_around(&self, path: &str) -> Vec<String> {
        let mut nested = Vec::new();
        let mut properties = &self.root.properties;
        let mut start = 0;
        for (end, _) in path.match_indices('.').chain([(path.len(), "")]) {
            let Some(Field::Object(object)) = properties.get(&path[start..end]) else {
                break;
            };
            if object.is_nested {
                nested.push(path[..end].to_owned());
            }
            properties = &object.properties;
            start = end + 1;
        }
        nested
    }
}

impl Leaf {
    pub(crate) fn new(data_type: DataType) -> Self {
        Self {
            data_type,
            parameters: Sorted::default(),
            date_format: data_type.has_dates().then(DateFormat::usual),
            fields: Sorted::default(),
        }
    }

    /// A parameter that is a number, also when written as text.
    fn number(&self, parameter: &str) -> Option<u64> {
        match self.parameters.get(parameter)? {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64(),
        }
    }

    /// A parameter that is `true` or `false`, also when written as text.
    fn flag(&self, parameter: &str, default: bool) -> bool {
        match self.parameters.get(parameter) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text == "true",
            _ => default,
        }
    }

    /// Longer texts are kept, but not found by this field.
    pub(crate) fn ignore_above(&self) -> usize {
        let chars = self.number("ignore_above").map(usize::try_from);
        chars.and_then(Result::ok).unwrap_or(usize::MAX)
    }

    /// Whether the text is longer than `ignore_above`, which counts as Java does.
    pub(crate) fn is_ignored(&self, text: &str) -> bool {
        let most = self.ignore_above();
        // A text has no more units than bytes.
        text.len() > most && text.encode_utf16().nth(most).is_some()
    }

    /// Whether queries may ask for its values.
    pub(crate) fn is_indexed(&self) -> bool {
        self.flag("index", true)
    }

    /// Whether the index has anything of its values.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_indexed() || self.flag("doc_values", true)
    }

    /// The fields that get its values too.
    pub(crate) fn copy_to(&self) -> impl Iterator<Item = &str> {
        let parameter = self.parameters.get("copy_to");
        let several = parameter.and_then(Value::as_array).map(Vec::as_slice);
        let several = several.unwrap_or_default().iter();
        several.chain(parameter).filter_map(Value::as_str)
    }

    /// How far apart the values of a text are, for phrases.
    pub(crate) fn position_gap(&self) -> u32 {
        let gap = self.number("position_increment_gap");
        gap.and_then(|it| it.try_into().ok()).unwrap_or(100)
    }

    /// What stands for an explicit `null`.
    pub(crate) fn null_value(&self) -> Option<&Value> {
        self.parameters.get("null_value")
    }
}
