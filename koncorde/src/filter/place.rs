//! Where in the JSON of a filter, and how to say so.
//!
//! Places are a list on the stack, from the value being read up to the root. The
//! two texts that name a place are only made when there is an error.

use serde_json::{Map, Value};

use crate::error::FilterError;

/// A value in the JSON of a filter.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    /// What dotted paths show of this place; `None` where they show nothing.
    label: Option<&'a str>,
    step: Step<'a>,
    /// Levels of JSON above.
    pub(super) depth: usize,
    /// The keyword that errors here are about; `None` above the first one.
    keyword: Option<&'a str>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    /// No step: the same value.
    Here,
    Key(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    pub(super) const ROOT: Place<'static> = Place {
        above: None,
        label: None,
        step: Step::Here,
        depth: 0,
        keyword: None,
    };

    fn below<'b>(&'b self, label: Option<&'b str>, step: Step<'b>) -> Place<'b> {
        Place {
            above: Some(self),
            label,
            step,
            depth: self.depth + 1,
            keyword: self.keyword,
        }
    }

    /// The operand of a keyword.
    pub(super) fn keyword<'b>(&'b self, keyword: &'b str) -> Place<'b> {
        self.below(Some(keyword), Step::Key(keyword)).about(keyword)
    }

    /// The value of a key.
    pub(super) fn key<'b>(&'b self, key: &'b str) -> Place<'b> {
        self.below(Some(key), Step::Key(key))
    }

    /// A key that is not there: the place is that of its object.
    pub(super) fn missing_key<'b>(&'b self, key: &'b str) -> Place<'b> {
        self.below(Some(key), Step::Here)
    }

    /// The value of a key that paths show under other names.
    pub(super) fn key_shown_as<'b>(&'b self, key: &'b str, label: &'b str) -> Place<'b> {
        self.below(Some(label), Step::Key(key))
    }

    /// An element of an array, which paths do not show.
    pub(super) fn index(&self, index: usize) -> Place<'_> {
        self.below(None, Step::Index(index))
    }

    /// The same place, with errors about another keyword.
    pub(super) fn about(self, keyword: &'a str) -> Self {
        Self {
            keyword: Some(keyword),
            ..self
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> FilterError {
        let (mut labels, mut pointer) = (Vec::new(), Vec::new());
        let mut at = Some(self);
        while let Some(place) = at {
            labels.extend(place.label);
            pointer.push(place.step.pointer());
            at = place.above;
        }
        labels.reverse();
        pointer.reverse();
        let mut error = FilterError::new(message).with_pointer(pointer.concat());
        if !labels.is_empty() {
            error = error.with_path(labels.join("."));
        }
        if let Some(keyword) = self.keyword {
            error = error.with_keyword(keyword);
        }
        error
    }

    /// What was expected, then what is there instead.
    pub(super) fn mismatch(&self, expected: &str, found: &Value) -> FilterError {
        self.error(format!("{expected}, found {}", describe(found)))
    }

    pub(super) fn object<'v>(
        &self,
        value: &'v Value,
    ) -> Result<&'v Map<String, Value>, FilterError> {
        value
            .as_object()
            .ok_or_else(|| self.mismatch("must be an object", value))
    }

    /// An object with a number of properties.
    pub(super) fn object_with<'v>(
        &self,
        value: &'v Value,
        count: usize,
    ) -> Result<&'v Map<String, Value>, FilterError> {
        let object = self.object(value)?;
        if object.len() == count {
            return Ok(object);
        }
        let noun = if count == 1 { "property" } else { "properties" };
        let found = object.len();
        Err(self.error(format!(
            "expected object to have exactly {count} {noun}, got {found}"
        )))
    }

    /// An object with one property, mostly a field and what is asked of it.
    pub(super) fn only_entry<'v>(
        &self,
        value: &'v Value,
    ) -> Result<(&'v str, &'v Value), FilterError> {
        let object = self.object_with(value, 1)?;
        object
            .iter()
            .next()
            .map(|(key, value)| (key.as_str(), value))
            .ok_or_else(|| self.mismatch("must be a non-empty object", value))
    }

    pub(super) fn required<'v>(
        &self,
        object: &'v Map<String, Value>,
        key: &str,
    ) -> Result<&'v Value, FilterError> {
        object
            .get(key)
            .ok_or_else(|| self.error(format!("the property \"{key}\" is missing")))
    }

    /// Refuses keys that are not in a list.
    pub(super) fn allow(
        &self,
        object: &Map<String, Value>,
        allowed: &[&str],
    ) -> Result<(), FilterError> {
        match object.keys().find(|key| !allowed.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(self.error(format!(
                "\"{}\" is not an allowed attribute (allowed: {})",
                excerpt(key),
                allowed.join(",")
            ))),
        }
    }

    pub(super) fn non_empty_object<'v>(
        &self,
        value: &'v Value,
    ) -> Result<&'v Map<String, Value>, FilterError> {
        let object = self.object(value)?;
        if object.is_empty() {
            return Err(self.error("must be a non-empty object"));
        }
        Ok(object)
    }

    pub(super) fn non_empty_array<'v>(&self, value: &'v Value) -> Result<&'v [Value], FilterError> {
        match value.as_array() {
            None => Err(self.mismatch("must be an array", value)),
            Some(items) if items.is_empty() => Err(self.error("cannot be empty")),
            Some(items) => Ok(items),
        }
    }

    pub(super) fn non_empty_string<'v>(&self, value: &'v Value) -> Result<&'v str, FilterError> {
        match value.as_str() {
            None => Err(self.mismatch("must be a string", value)),
            Some("") => Err(self.error("cannot be empty")),
            Some(text) => Ok(text),
        }
    }
}

impl Step<'_> {
    fn pointer(self) -> String {
        match self {
            Step::Here => String::new(),
            Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => format!("/{index}"),
        }
    }
}

/// A value in a few words.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("the string \"{}\"", excerpt(text)),
        Value::Array(items) if items.is_empty() => "an empty array".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(object) if object.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// The beginning of a text that a user wrote.
pub(super) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 60;
    match text.char_indices().nth(LENGTH) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
