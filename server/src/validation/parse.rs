//! JSON → Specification. Everything that is wrong is told, not only the first.

use std::collections::BTreeMap;
use std::sync::Arc;

use koncorde::Filter;
use serde_json::{Map, Value, json};

use super::types::FieldType;
use super::{Count, Field, Fields, Specification};
use crate::error::{
    ApiError, VALIDATION_ASSERT_INVALID_FILTERS, VALIDATION_ASSERT_INVALID_RANGE,
    VALIDATION_ASSERT_INVALID_TYPE, VALIDATION_ASSERT_MISSING_PARENT,
    VALIDATION_ASSERT_MISSING_TYPE, VALIDATION_ASSERT_MISSING_VALUE,
    VALIDATION_ASSERT_NOT_MULTIVALUED, VALIDATION_ASSERT_UNEXPECTED_CHILDREN,
    VALIDATION_ASSERT_UNEXPECTED_PROPERTIES, VALIDATION_ASSERT_UNKNOWN_TYPE,
};
use crate::storage::Collection;

const ROOT_KEYS: &[&str] = &["fields", "strict", "validators"];
const FIELD_KEYS: &[&str] = &[
    "defaultValue",
    "description",
    "mandatory",
    "multivalued",
    "type",
    "typeOptions",
];
const COUNT_KEYS: &[&str] = &["maxCount", "minCount", "value"];

/// The levels of one specification.
const DEPTH_MAX: usize = 50;

type Types = [Arc<dyn FieldType>];

pub(super) fn parse(
    types: &Types,
    at: &Collection,
    specification: &Value,
) -> Result<Specification, Vec<ApiError>> {
    let name = format!("{}.{}", at.index, at.collection);
    let Some(root) = specification.as_object() else {
        return Err(vec![
            VALIDATION_ASSERT_INVALID_TYPE.with([name.as_str(), "object"]),
        ]);
    };
    let mut reader = Reader {
        types,
        name,
        errors: Vec::new(),
    };
    reader.check_keys(&reader.name.clone(), root, ROOT_KEYS);
    let strict = reader.flag(root, "strict", "strict").unwrap_or(false);
    let fields = reader.fields(root.get("fields"), strict);
    let validators = reader.validators(root.get("validators"));
    match reader.errors.is_empty() {
        true => Ok(Specification {
            strict,
            fields,
            validators,
        }),
        false => Err(reader.errors),
    }
}

struct Reader<'a> {
    types: &'a Types,
    /// Of the collection.
    name: String,
    errors: Vec<ApiError>,
}

impl Reader<'_> {
    /// Fields come flat, by path; they are put into each other from the top down.
    fn fields(&mut self, fields: Option<&Value>, strict: bool) -> Fields {
        let fields = match fields {
            None | Some(Value::Null) => return Fields::new(),
            Some(Value::Object(fields)) => fields,
            Some(_) => {
                self.refuse(VALIDATION_ASSERT_INVALID_TYPE.with(["fields", "object"]));
                return Fields::new();
            }
        };
        let mut by_path: BTreeMap<Vec<&str>, &Value> = BTreeMap::new();
        for (path, field) in fields {
            let path: Vec<&str> = path.split('/').collect();
            if path.len() > DEPTH_MAX || path.iter().any(|it| it.is_empty()) {
                self.refuse(VALIDATION_ASSERT_MISSING_PARENT.with([path.join("/")]));
                continue;
            }
            by_path.insert(path, field);
        }
        let mut root = Fields::new();
        // A path sorts behind those it begins with: parents come first.
        for (path, field) in by_path {
            self.put(&mut root, &path, field, strict);
        }
        root
    }

    fn put(&mut self, root: &mut Fields, path: &[&str], field: &Value, strict: bool) {
        let name = path.join("/");
        let Some((last, parents)) = path.split_last() else {
            return;
        };
        let (mut at, mut inherited) = (root, strict);
        for parent in parents {
            let Some(parent) = at.get_mut(*parent) else {
                return self.refuse(VALIDATION_ASSERT_MISSING_PARENT.with([name]));
            };
            if !parent.field_type.allows_children() {
                let of = parent.field_type.name();
                return self.refuse(VALIDATION_ASSERT_UNEXPECTED_CHILDREN.with([of]));
            }
            inherited = parent.strict;
            at = &mut parent.children;
        }
        match self.field(&name, field, inherited) {
            Ok(field) => {
                at.insert((*last).to_owned(), field);
            }
            Err(error) => self.refuse(error),
        }
    }

    fn field(&mut self, path: &str, field: &Value, strict: bool) -> Result<Field, ApiError> {
        let wrong_type = |what: &str, wanted: &str| {
            VALIDATION_ASSERT_INVALID_TYPE.with([format!("{path}.{what}"), wanted.into()])
        };
        let field = field
            .as_object()
            .ok_or_else(|| VALIDATION_ASSERT_INVALID_TYPE.with([path, "object"]))?;
        self.check_keys(&format!("{}.{path}", self.name), field, FIELD_KEYS);
        let type_name = match field.get("type") {
            Some(Value::String(name)) => name,
            None | Some(Value::Null) => return Err(VALIDATION_ASSERT_MISSING_TYPE.with([path])),
            Some(_) => return Err(wrong_type("type", "string")),
        };
        let field_type = self.types.iter().find(|it| it.name() == type_name);
        let field_type =
            field_type.ok_or_else(|| VALIDATION_ASSERT_UNKNOWN_TYPE.with([path, type_name]))?;
        let empty = Map::new();
        let options = match field.get("typeOptions") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(options)) => options,
            Some(_) => return Err(wrong_type("typeOptions", "object")),
        };
        let field_type = field_type.clone();
        self.check_keys(
            &format!("{path}.typeOptions"),
            options,
            field_type.options(),
        );
        let own_strict = match options.get("strict") {
            Some(Value::Bool(strict)) => Some(*strict),
            _ => None,
        };
        let is_mandatory = self.flag(field, "mandatory", &format!("{path}.mandatory"));
        Ok(Field {
            is_mandatory: is_mandatory.unwrap_or(false),
            default: field
                .get("defaultValue")
                .filter(|it| !it.is_null())
                .cloned(),
            multiple: self.multiple(path, field.get("multivalued"))?,
            rule: field_type.rule(options)?,
            strict: field_type.allows_children() && own_strict.unwrap_or(strict),
            field_type,
            children: Fields::new(),
        })
    }

    fn multiple(&mut self, path: &str, given: Option<&Value>) -> Result<Option<Count>, ApiError> {
        let name = format!("{path}.multivalued");
        let given = match given {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(given)) => given,
            Some(_) => return Err(VALIDATION_ASSERT_INVALID_TYPE.with([name.as_str(), "object"])),
        };
        self.check_keys(&name, given, COUNT_KEYS);
        let is_multiple = match given.get("value") {
            Some(Value::Bool(value)) => *value,
            None | Some(Value::Null) => return Err(VALIDATION_ASSERT_MISSING_VALUE.with([name])),
            Some(_) => {
                let name = format!("{name}.value");
                return Err(VALIDATION_ASSERT_INVALID_TYPE.with([name.as_str(), "boolean"]));
            }
        };
        let count = |key: &str| match given.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(_) if !is_multiple => Err(VALIDATION_ASSERT_NOT_MULTIVALUED.with([path, key])),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| {
                let name = format!("{name}.{key}");
                VALIDATION_ASSERT_INVALID_TYPE.with([name.as_str(), "integer"])
            }),
        };
        let (min, max) = (count("minCount")?, count("maxCount")?);
        if let (Some(least), Some(most)) = (min, max)
            && least > most
        {
            return Err(VALIDATION_ASSERT_INVALID_RANGE.with([
                name.as_str(),
                "minCount",
                "maxCount",
            ]));
        }
        Ok(is_multiple.then_some(Count { min, max }))
    }

    fn validators(&mut self, given: Option<&Value>) -> Option<Filter> {
        let validators = match given {
            None | Some(Value::Null) => return None,
            Some(Value::Array(validators)) => validators,
            Some(_) => {
                self.refuse(VALIDATION_ASSERT_INVALID_TYPE.with(["validators", "array"]));
                return None;
            }
        };
        if validators.is_empty() {
            return None;
        }
        match Filter::parse(&json!({ "bool": { "must": validators } })) {
            Ok(filter) => Some(filter),
            Err(error) => {
                self.refuse(VALIDATION_ASSERT_INVALID_FILTERS.with([error.to_string()]));
                None
            }
        }
    }

    fn flag(&mut self, object: &Map<String, Value>, key: &str, name: &str) -> Option<bool> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => {
                self.refuse(VALIDATION_ASSERT_INVALID_TYPE.with([name, "boolean"]));
                None
            }
        }
    }

    fn check_keys(&mut self, name: &str, object: &Map<String, Value>, known: &[&str]) {
        if object.keys().any(|it| !known.contains(&it.as_str())) {
            let known = known.join(", ");
            self.refuse(VALIDATION_ASSERT_UNEXPECTED_PROPERTIES.with([name, &known]));
        }
    }

    fn refuse(&mut self, error: ApiError) {
        self.errors.push(error);
    }
}
