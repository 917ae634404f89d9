//! One component of the settings: its options, read as what they should be.
//! Settings hold texts where JSON had numbers and booleans.

use serde_json::{Map, Value};

use crate::error::StoreError;

pub(super) type Result<T> = std::result::Result<T, StoreError>;

/// The options of an analyser, a tokenizer or a filter.
pub(super) struct Options<'s> {
    /// `analyzer [folded]`, for messages.
    pub(super) what: String,
    options: Option<&'s Map<String, Value>>,
}

impl<'s> Options<'s> {
    /// Those that the settings have for such a name.
    pub(super) fn of(what: &str, name: &str, options: Option<&'s Value>) -> Self {
        Self {
            what: format!("{what} [{name}]"),
            options: options.and_then(Value::as_object),
        }
    }

    pub(super) fn error(&self, message: impl std::fmt::Display) -> StoreError {
        StoreError::refused(format!("the {} is wrong: {message}", self.what))
    }

    pub(super) fn get(&self, key: &str) -> Option<&'s Value> {
        self.options?.get(key)
    }

    pub(super) fn text(&self, key: &str) -> Option<&'s str> {
        self.get(key)?.as_str()
    }

    pub(super) fn needed(&self, key: &str) -> Result<&'s str> {
        self.text(key)
            .ok_or_else(|| self.error(format!("it needs [{key}]")))
    }

    pub(super) fn number(&self, key: &str, default: usize) -> Result<usize> {
        let Some(value) = self.get(key) else {
            return Ok(default);
        };
        let number = match value {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64().and_then(|it| it.try_into().ok()),
        };
        number.ok_or_else(|| self.error(format!("[{key}] must be a number, not {value}")))
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(value) => Err(self.error(format!("[{key}] must be true or false, not {value}"))),
        }
    }

    /// An array of texts, or one text with commas; `None` when there is none.
    pub(super) fn list(&self, key: &str) -> Result<Option<Vec<String>>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => {
                let items = text.split(',').map(|it| it.trim().to_owned());
                Ok(Some(items.filter(|it| !it.is_empty()).collect()))
            }
            Some(_) => self.texts(key).map(Some),
        }
    }

    /// An array of texts, or one.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>> {
        let wrong = || self.error(format!("[{key}] must be texts"));
        let text = |it: &Value| it.as_str().map(str::to_owned).ok_or_else(wrong);
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(text).collect(),
            Some(single) => Ok(vec![text(single)?]),
        }
    }

    /// Files beside the server, which clients have no way to put there.
    pub(super) fn refuse_paths(&self) -> Result<()> {
        let is_path = |it: &&String| it.ends_with("_path");
        match self.options.and_then(|it| it.keys().find(is_path)) {
            None => Ok(()),
            Some(key) => {
                Err(self.error(format!("[{key}] is not supported: write the words inline")))
            }
        }
    }
}
