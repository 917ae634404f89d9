//! The options of one clause of a search body, read by name.
//!
//! Whoever reads asks for the options it knows; what nobody asked for is an
//! error at the end. So a misspelt option is never passed over.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::error::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// The options of the clause `of`.
pub(crate) struct Options<'a> {
    of: &'a str,
    object: &'a Map<String, Value>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Options<'a> {
    pub(crate) fn new(of: &'a str, value: &'a Value) -> Result<Self> {
        let object = value.as_object().ok_or_else(|| {
            StoreError::invalid_query(format!("[{of}] takes an object, found {value}"))
        })?;
        Ok(Self {
            of,
            object,
            known: RefCell::default(),
        })
    }

    /// Whatever stands there; `null` is as if it were absent.
    pub(crate) fn value(&self, key: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().push(key);
        self.object.get(key).filter(|it| !it.is_null())
    }

    pub(crate) fn text(&self, key: &'static str) -> Result<Option<&'a str>> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let text = value.as_str();
        text.map(Some).ok_or_else(|| self.wrong(key, "a text"))
    }

    pub(crate) fn needed_text(&self, key: &'static str) -> Result<&'a str> {
        self.text(key)?.ok_or_else(|| self.lacks(key))
    }

    /// A number, also when written as text.
    pub(crate) fn number(&self, key: &'static str) -> Result<Option<f64>> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_f64(),
        };
        let number = number.filter(|it: &f64| it.is_finite());
        number
            .map(Some)
            .ok_or_else(|| self.wrong(key, "a finite number"))
    }

    /// A whole number from 0 on, also when written as text.
    pub(crate) fn count(&self, key: &'static str) -> Result<Option<u64>> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let count = match value {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_u64(),
        };
        count
            .map(Some)
            .ok_or_else(|| self.wrong(key, "a whole number from 0 on"))
    }

    pub(crate) fn flag(&self, key: &'static str) -> Result<Option<bool>> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(self.wrong(key, "true or false")),
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let found = words
            .iter()
            .find(|(word, _)| text.eq_ignore_ascii_case(word));
        found.map(|(_, it)| Some(*it)).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(key, &format!("one of {}", words.join(", ")))
        })
    }

    pub(crate) fn list(&self, key: &'static str) -> Result<Option<&'a [Value]>> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(self.wrong(key, "a list")),
        }
    }

    /// What steers how a cluster computes and never what it answers.
    pub(crate) fn ignore(&self, keys: &[&'static str]) {
        self.known.borrow_mut().extend(keys);
    }

    pub(crate) fn lacks(&self, key: &str) -> StoreError {
        StoreError::invalid_query(format!("[{}] needs [{key}]", self.of))
    }

    pub(crate) fn wrong(&self, key: &str, expected: &str) -> StoreError {
        let found = self.object.get(key).unwrap_or(&Value::Null);
        StoreError::invalid_query(format!(
            "[{key}] of [{}] takes {expected}, found {found}",
            self.of
        ))
    }

    /// The options of other names than these: fields, where options stand beside
    /// a field.
    pub(crate) fn others(&self, names: &[&'static str]) -> Vec<(&'a str, &'a Value)> {
        let others = self
            .object
            .iter()
            .filter(|it| !names.contains(&it.0.as_str()));
        others.map(|(name, value)| (name.as_str(), value)).collect()
    }

    /// Everything that was written was asked for.
    pub(crate) fn finish(self) -> Result<()> {
        self.finish_ref()
    }

    pub(crate) fn finish_ref(&self) -> Result<()> {
        let known = self.known.borrow();
        for key in self.object.keys() {
            if key == "script" {
                return Err(StoreError::invalid_query(format!(
                    "[{}] has a [script], and the embedded store runs no scripts",
                    self.of
                )));
            }
            if !known.contains(&key.as_str()) {
                return Err(StoreError::invalid_query(format!(
                    "[{}] unknown field [{key}]: it has {}",
                    self.of,
                    known.join(", ")
                )));
            }
        }
        Ok(())
    }
}
