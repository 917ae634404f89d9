//! A mapping, read from what a user sends: checked key by key, each error with
//! its path.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::types::{COMMON_PARAMETERS, OBJECT_PARAMETERS};
use super::{DataType, DateFormat, Dynamic, Field, Leaf, Mapping, ObjectField, Properties, Sorted};
use crate::error::{StoreError, StoreErrorKind};
use crate::limits::MAPPING_DEPTH_MAX;

type Result<T> = std::result::Result<T, StoreError>;

const ROOT_KEYS: &[&str] = &["properties", "_meta", "dynamic", "dynamic_templates"];
const OBJECT_KEYS: &[&str] = &[
    "properties",
    "_meta",
    "dynamic",
    "dynamic_templates",
    "type",
];

impl Mapping {
    /// Reads `{properties?, dynamic?, _meta?}`; nothing (`null`) is an empty one.
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        let object = match value {
            Value::Null => return Ok(Self::default()),
            Value::Object(object) => object,
            _ => return Err(malformed("mappings", "mappings must be an object")),
        };
        check_keys(object, &mut Vec::new(), ROOT_KEYS)?;
        Ok(Self {
            root: ObjectField {
                dynamic: dynamic(object, "")?,
                properties: properties(object, &Place::root())?,
                ..ObjectField::default()
            },
            meta: object.get("_meta").cloned(),
        })
    }
}

/// Where a field stands: its name in documents, its path in the mapping.
struct Place {
    name: String,
    path: String,
    depth: usize,
}

impl Place {
    fn root() -> Self {
        Self {
            name: String::new(),
            path: String::new(),
            depth: 0,
        }
    }

    fn below(&self, key: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        let name = match self.name.as_str() {
            "" => key.to_owned(),
            parent => format!("{parent}.{key}"),
        };
        Self {
            name,
            path: format!("{}{dot}properties.{key}", self.path),
            depth: self.depth + key.split('.').count(),
        }
    }
}

/// Objects with `properties` take few keys; a typing error there would else be
/// taken for a parameter and lost.
fn check_keys(object: &Map<String, Value>, path: &mut Vec<String>, known: &[&str]) -> Result<()> {
    for key in object.keys() {
        if !known.contains(&key.as_str()) {
            path.push(key.clone());
            return Err(invalid(path.join("."), suggestion(key, known)));
        }
    }
    let Some(Value::Object(properties)) = object.get("properties") else {
        return Ok(());
    };
    if path.len() / 2 > MAPPING_DEPTH_MAX {
        return Err(too_deep());
    }
    path.push("properties".into());
    for (name, field) in properties {
        if let Value::Object(field) = field
            && field.get("properties").is_some_and(Value::is_object)
        {
            path.push(name.clone());
            check_keys(field, path, OBJECT_KEYS)?;
            path.pop();
        }
    }
    path.pop();
    Ok(())
}

fn is_nested(field: &Map<String, Value>) -> bool {
    field.get("type").is_some_and(|it| it == "nested")
}

fn properties(object: &Map<String, Value>, place: &Place) -> Result<Properties> {
    let fields = match object.get("properties") {
        None | Some(Value::Null) => return Ok(Properties::default()),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(malformed("properties", "properties must be an object")),
    };
    if place.depth > MAPPING_DEPTH_MAX {
        return Err(too_deep());
    }
    let mut properties = Properties::default();
    for (key, value) in fields {
        let place = place.below(key);
        let names = split_name(key).map_err(|reason| {
            StoreError::refused(format!("[mapper_parsing] the field [{key}]: {reason}"))
        })?;
        insert(&mut properties, &names, field(value, &place)?, &place)?;
    }
    Ok(properties)
}

/// `a.b` is `b` in the object `a`; what is wrong with the name otherwise.
pub(super) fn split_name(key: &str) -> std::result::Result<Vec<&str>, String> {
    let names: Vec<&str> = key.split('.').take(MAPPING_DEPTH_MAX + 1).collect();
    if names.len() > MAPPING_DEPTH_MAX {
        return Err(format!("its name has more than {MAPPING_DEPTH_MAX} parts"));
    }
    if names.iter().any(|it| it.trim().is_empty()) {
        return Err("its name has an empty part: write names such as a or a.b".into());
    }
    if names.iter().any(|it| is_reserved(it)) {
        return Err("its name has a control character".into());
    }
    Ok(names)
}

/// Characters that part names and values in the search index.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.contains(['\0', '\u{1}', '\u{2}', '\u{3}'])
}

fn insert(into: &mut Properties, names: &[&str], field: Field, place: &Place) -> Result<()> {
    let [name, below @ ..] = names else {
        return Ok(());
    };
    if below.is_empty() {
        return match (into.get_mut(name), field) {
            (None, field) => {
                into.insert(name, field);
                Ok(())
            }
            (Some(Field::Object(old)), Field::Object(new)) => old.merge(*new, &place.name),
            (Some(_), _) => {
                let hint = format!("The field [{}] is written twice.", place.name);
                Err(invalid(place.path.clone(), hint))
            }
        };
    }
    if into.get(name).is_none() {
        into.insert(name, Field::Object(Box::default()));
    }
    match into.get_mut(name) {
        Some(Field::Object(object)) => insert(&mut object.properties, below, field, place),
        _ => {
            let hint = format!("The field [{name}] has a type and cannot hold fields.");
            Err(invalid(place.path.clone(), hint))
        }
    }
}

fn field(value: &Value, place: &Place) -> Result<Field> {
    let Value::Object(object) = value else {
        let message = format!("the field [{}] must be an object", place.name);
        return Err(malformed(&place.name, message));
    };
    let is_object = |name: &str| matches!(name, "object" | "nested");
    match object.get("type") {
        Some(Value::String(name)) if is_object(name) => object_field(object, place),
        Some(Value::String(name)) => {
            let data_type = DataType::parse(name).ok_or_else(|| unknown_type(name, place))?;
            leaf(data_type, object, place).map(Field::Leaf)
        }
        Some(other) => Err(unknown_type(&other.to_string(), place)),
        None if object.contains_key("properties") => object_field(object, place),
        None if object.len() == 1 && object.contains_key("enabled") => object_field(object, place),
        None => Err(StoreError::refused(format!(
            "[mapper_parsing] the field [{}] has no type: give it `type`, or `properties`",
            place.name
        ))),
    }
}

fn object_field(object: &Map<String, Value>, place: &Place) -> Result<Field> {
    if let Some(unknown) = object
        .keys()
        .find(|it| !OBJECT_PARAMETERS.contains(&it.as_str()) && !OBJECT_KEYS.contains(&it.as_str()))
    {
        return Err(unknown_parameter(unknown, place));
    }
    let is_parameter = |key: &str| !OBJECT_KEYS.contains(&key) && key != "enabled";
    let enabled = object.get("enabled");
    Ok(Field::Object(Box::new(ObjectField {
        is_nested: is_nested(object),
        dynamic: dynamic(object, &place.path)?,
        is_disabled: enabled.is_some_and(|it| it == false || it == "false"),
        parameters: parameters(object, is_parameter),
        properties: properties(object, place)?,
    })))
}

fn leaf(data_type: DataType, object: &Map<String, Value>, place: &Place) -> Result<Leaf> {
    let known = data_type.parameters();
    let is_known = |key: &str| {
        COMMON_PARAMETERS.contains(&key) || known.is_none_or(|known| known.contains(&key))
    };
    if let Some(unknown) = object.keys().find(|it| !is_known(it)) {
        return Err(unknown_parameter(unknown, place));
    }
    let is_parameter = |key: &str| key != "type" && key != "fields";
    let parameters = parameters(object, is_parameter);
    Ok(Leaf {
        date_format: date_format(data_type, &parameters),
        fields: multi_fields(object, place)?,
        data_type,
        parameters,
    })
}

fn parameters(object: &Map<String, Value>, is_kept: impl Fn(&str) -> bool) -> Sorted<Value> {
    let kept = object.iter().filter(|it| is_kept(it.0));
    kept.map(|(key, value)| (key.as_str(), value.clone()))
        .collect()
}

fn date_format(data_type: DataType, parameters: &Sorted<Value>) -> Option<Arc<DateFormat>> {
    if !data_type.has_dates() {
        return None;
    }
    let format = parameters.get("format").and_then(Value::as_str);
    Some(format.map_or_else(DateFormat::usual, |it| Arc::new(DateFormat::parse(it))))
}

fn multi_fields(object: &Map<String, Value>, place: &Place) -> Result<Sorted<Leaf>> {
    let fields = match object.get("fields") {
        None | Some(Value::Null) => return Ok(Sorted::default()),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(malformed("fields", "fields must be an object")),
    };
    let mut leaves = Sorted::default();
    for (key, value) in fields {
        let place = Place {
            name: format!("{}.{key}", place.name),
            path: format!("{}.fields.{key}", place.path),
            depth: place.depth + 1,
        };
        match field(value, &place)? {
            Field::Leaf(leaf) if leaf.fields.is_empty() => {
                leaves.insert(key, leaf);
            }
            _ => {
                return Err(invalid(
                    place.path,
                    "A multi-field has a type of its own and no fields.".into(),
                ));
            }
        }
    }
    Ok(leaves)
}

fn dynamic(object: &Map<String, Value>, path: &str) -> Result<Option<Dynamic>> {
    let Some(value) = object.get("dynamic") else {
        return Ok(None);
    };
    Dynamic::parse(value).map(Some).ok_or_else(|| {
        let path = match path {
            "" => "dynamic".to_owned(),
            path => format!("{path}.dynamic"),
        };
        let hint = match value.as_str() {
            Some(text) => suggestion(text, &Dynamic::NAMES),
            None => "The value of dynamic is one of the texts true, false, strict.".into(),
        };
        invalid(path, hint)
    })
}

fn invalid(path: String, hint: String) -> StoreError {
    let message = format!("the mapping is wrong at {path}. {hint}");
    StoreError::new(StoreErrorKind::InvalidMapping { path, hint }, message)
}

fn malformed(property: &str, message: impl Into<String>) -> StoreError {
    let property = property.to_owned();
    StoreError::new(StoreErrorKind::MalformedMapping { property }, message)
}

fn too_deep() -> StoreError {
    StoreError::refused(format!(
        "the mapping nests deeper than {MAPPING_DEPTH_MAX} levels"
    ))
}

fn unknown_type(name: &str, place: &Place) -> StoreError {
    StoreError::new(
        StoreErrorKind::UnknownFieldType {
            field: place.name.clone(),
            data_type: name.into(),
        },
        format!("the field [{}] has the unknown type [{name}]", place.name),
    )
}

fn unknown_parameter(parameter: &str, place: &Place) -> StoreError {
    StoreError::new(
        StoreErrorKind::UnknownFieldParameter {
            parameter: parameter.into(),
            field: place.name.clone(),
        },
        format!(
            "the field [{}] takes no parameter [{parameter}]",
            place.name
        ),
    )
}

/// The nearest of the known words, or all of them.
fn suggestion(word: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|it| (distance(word, it), it))
        .min()
        .filter(|(distance, it)| *distance <= it.len() / 2);
    match near {
        Some((_, it)) => format!("Did you mean \"{it}\"?"),
        None => format!("Known here: {}.", known.join(", ")),
    }
}

/// How many letters to add, drop or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
