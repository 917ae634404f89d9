//! Typed readers of arguments, with the error a client can act on.
//!
//! Root arguments follow the protocol's typing: over HTTP everything is text, a
//! flag counts by being there, arrays and objects may be JSON text. Members of
//! the body are always native, and are called `body.<name>` in errors.
//! `null` counts as absent everywhere.

use serde_json::{Map, Value};

pub(crate) use koncorde_store::Refresh;

use super::{Request, Typing};
use crate::error::{
    API_ASSERT_BODY_REQUIRED, API_ASSERT_INVALID_ARGUMENT, API_ASSERT_INVALID_TYPE,
    API_ASSERT_MISSING_ARGUMENT, ApiError, SERVICES_STORAGE_INVALID_ARGUMENT,
};

/// The language of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Elasticsearch,
    Koncorde,
}

/// Integers beyond it lose digits in clients that count with doubles.
const SAFE_INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

impl Request {
    /// The name of the index; empty counts as missing.
    pub fn index(&self) -> Result<&str, ApiError> {
        self.name("index")
    }

    /// The name of the collection; empty counts as missing.
    pub fn collection(&self) -> Result<&str, ApiError> {
        self.name("collection")
    }

    /// The `_id`; empty counts as missing.
    pub fn id(&self) -> Result<&str, ApiError> {
        self.name("_id")
    }

    /// The `_id`, where it may be left out.
    pub fn optional_id(&self) -> Result<Option<&str>, ApiError> {
        let id = self.optional_string("_id")?;
        Ok(id.filter(|id| !id.is_empty()))
    }

    pub fn string(&self, name: &str) -> Result<&str, ApiError> {
        self.optional_string(name)?.ok_or_else(|| missing(name))
    }

    pub fn optional_string(&self, name: &str) -> Result<Option<&str>, ApiError> {
        self.root(name).map(|it| as_string(it, name)).transpose()
    }

    /// Over HTTP `true` for being there, whatever its value.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match (self.typing, self.args.get(name)) {
            (_, None) => Ok(false),
            (Typing::Http, Some(_)) => Ok(true),
            (Typing::Native, Some(Value::Null)) => Ok(false),
            (Typing::Native, Some(Value::Bool(flag))) => Ok(*flag),
            (Typing::Native, Some(_)) => Err(wrong_type(name, "boolean")),
        }
    }

    /// Numbers may come as text. Beyond ±(2⁵³ − 1) they are refused.
    pub fn integer(&self, name: &str, default: i64) -> Result<i64, ApiError> {
        let given = self.root(name).map(|it| as_integer(it, name)).transpose()?;
        Ok(given.unwrap_or(default))
    }

    /// `None` when absent.
    pub fn optional_array(&self, name: &str) -> Result<Option<Vec<Value>>, ApiError> {
        let given = self.root(name).map(|it| self.native(it));
        match given {
            None => Ok(None),
            Some(Value::Array(array)) => Ok(Some(array)),
            Some(_) => Err(wrong_type(name, "array")),
        }
    }

    /// `None` when absent.
    pub fn optional_object(&self, name: &str) -> Result<Option<Map<String, Value>>, ApiError> {
        let given = self.root(name).map(|it| self.native(it));
        match given {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(wrong_type(name, "object")),
        }
    }

    /// A list as a native array, JSON array text (HTTP) or comma separated text.
    pub fn list(&self, name: &str) -> Result<Option<Vec<Value>>, ApiError> {
        match self.root(name).map(|it| self.native(it)) {
            None => Ok(None),
            Some(Value::Array(array)) => Ok(Some(array)),
            Some(Value::String(text)) => Ok(Some(text.split(',').map(Value::from).collect())),
            Some(_) => Err(wrong_type(name, "array")),
        }
    }

    /// How fast the write must be searchable: only `wait_for` and `false` pass.
    pub fn refresh(&self) -> Result<Refresh, ApiError> {
        match self.optional_string("refresh")? {
            None | Some("false") => Ok(Refresh::No),
            Some("wait_for") => Ok(Refresh::WaitFor),
            Some(_) => {
                Err(SERVICES_STORAGE_INVALID_ARGUMENT.with(["refresh", "\"wait_for\", false"]))
            }
        }
    }

    /// The other parser of `refresh`: everything but `false` waits.
    pub fn refresh_lenient(&self, default: Refresh) -> Refresh {
        match self.args.get("refresh") {
            None => default,
            Some(Value::Null | Value::Bool(false)) => Refresh::No,
            Some(Value::String(text)) if text == "false" => Refresh::No,
            Some(_) => Refresh::WaitFor,
        }
    }

    /// The language of the query in the body.
    pub fn language(&self) -> Result<Language, ApiError> {
        match self.optional_string("lang")? {
            None | Some("elasticsearch") => Ok(Language::Elasticsearch),
            Some("koncorde") => Ok(Language::Koncorde),
            Some(_) => {
                Err(API_ASSERT_INVALID_ARGUMENT.with(["lang", "\"elasticsearch\", \"koncorde\""]))
            }
        }
    }

    pub fn body(&self) -> Result<&Value, ApiError> {
        self.body
            .as_ref()
            .ok_or_else(|| API_ASSERT_BODY_REQUIRED.bare())
    }

    pub fn body_object(&self) -> Result<&Map<String, Value>, ApiError> {
        self.body()?
            .as_object()
            .ok_or_else(|| wrong_type("body", "object"))
    }

    pub fn body_string(&self, name: &str) -> Result<&str, ApiError> {
        let value = self.body_member(name)?;
        as_string(value, &in_body(name))
    }

    /// `None` without body, too.
    pub fn optional_body_string(&self, name: &str) -> Result<Option<&str>, ApiError> {
        self.optional_body_member(name)
            .map(|it| as_string(it, &in_body(name)))
            .transpose()
    }

    /// Absent means false; text is refused.
    pub fn body_flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.optional_body_member(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wrong_type(&in_body(name), "boolean")),
        }
    }

    pub fn body_integer(&self, name: &str, default: i64) -> Result<i64, ApiError> {
        let given = self
            .optional_body_member(name)
            .map(|it| as_integer(it, &in_body(name)))
            .transpose()?;
        Ok(given.unwrap_or(default))
    }

    pub fn body_array(&self, name: &str) -> Result<&[Value], ApiError> {
        let value = self.body_member(name)?;
        let array = value.as_array().map(Vec::as_slice);
        array.ok_or_else(|| wrong_type(&in_body(name), "array"))
    }

    /// `None` without body, too.
    pub fn optional_body_array(&self, name: &str) -> Result<Option<&[Value]>, ApiError> {
        match self.optional_body_member(name) {
            None => Ok(None),
            Some(Value::Array(array)) => Ok(Some(array)),
            Some(_) => Err(wrong_type(&in_body(name), "array")),
        }
    }

    /// A member of the body that is an object.
    pub fn body_map(&self, name: &str) -> Result<&Map<String, Value>, ApiError> {
        let value = self.body_member(name)?;
        let object = value.as_object();
        object.ok_or_else(|| wrong_type(&in_body(name), "object"))
    }

    /// `None` without body, too.
    pub fn optional_body_map(&self, name: &str) -> Result<Option<&Map<String, Value>>, ApiError> {
        match self.optional_body_member(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(wrong_type(&in_body(name), "object")),
        }
    }

    /// A root argument that is there and not null.
    fn root(&self, name: &str) -> Option<&Value> {
        self.args.get(name).filter(|it| !it.is_null())
    }

    fn name(&self, name: &str) -> Result<&str, ApiError> {
        let text = self.string(name)?;
        Some(text)
            .filter(|it| !it.is_empty())
            .ok_or_else(|| missing(name))
    }

    /// Over HTTP, the array or object that a text stands for.
    fn native(&self, value: &Value) -> Value {
        let parsed = match (self.typing, value) {
            (Typing::Http, Value::String(text)) => serde_json::from_str::<Value>(text).ok(),
            _ => None,
        };
        parsed
            .filter(|it| it.is_array() || it.is_object())
            .unwrap_or_else(|| value.clone())
    }

    fn optional_body_member(&self, name: &str) -> Option<&Value> {
        let member = self.body.as_ref()?.get(name);
        member.filter(|it| !it.is_null())
    }

    fn body_member(&self, name: &str) -> Result<&Value, ApiError> {
        self.body()?;
        self.optional_body_member(name)
            .ok_or_else(|| missing(&in_body(name)))
    }
}

fn in_body(name: &str) -> String {
    format!("body.{name}")
}

fn missing(name: &str) -> ApiError {
    API_ASSERT_MISSING_ARGUMENT.with([name])
}

fn wrong_type(name: &str, wanted: &str) -> ApiError {
    API_ASSERT_INVALID_TYPE.with([name, wanted])
}

fn as_string<'a>(value: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    value.as_str().ok_or_else(|| wrong_type(name, "string"))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be an integer in range"
)]
fn as_integer(value: &Value, name: &str) -> Result<i64, ApiError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|it: &f64| it.fract() == 0.0 && it.abs() <= SAFE_INTEGER_MAX)
        .map(|it| it as i64)
        .ok_or_else(|| wrong_type(name, "integer"))
}
