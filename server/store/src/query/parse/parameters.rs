//! The parameters of one clause, each read once and by its type.
//!
//! Whatever is asked for is remembered; a key that nobody asked for is an
//! error, so that no misspelt parameter goes unseen.

use std::cell::RefCell;
use std::str::FromStr;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::super::tree::{Clause, Query, Scalar};
use super::Result;
use crate::error::StoreError;

pub(super) struct Parameters<'q> {
    /// The name of the clause.
    pub(super) clause: &'q str,
    object: &'q Map<String, Value>,
    asked: RefCell<Vec<&'q str>>,
}

impl<'q> Parameters<'q> {
    pub(super) fn of(clause: &'q str, content: &'q Value) -> Result<Self> {
        let Value::Object(object) = content else {
            return Err(StoreError::invalid_query(format!(
                "[{clause}] expects an object with parameters, found {}",
                kind(content)
            )));
        };
        Ok(Self {
            clause,
            object,
            asked: RefCell::default(),
        })
    }

    /// Those of a clause in its short form.
    pub(super) fn none(clause: &'q str) -> Self {
        static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        Self {
            clause,
            object: &NONE,
            asked: RefCell::default(),
        }
    }

    /// A parameter, unless it is absent or `null`.
    pub(super) fn get(&self, name: &'q str) -> Option<&'q Value> {
        self.asked.borrow_mut().push(name);
        self.object.get(name).filter(|it| !it.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|it| !it.is_null())
    }

    /// Parameters that change nothing here.
    pub(super) fn ignore(&self, names: &[&'q str]) {
        self.asked.borrow_mut().extend(names);
    }

    /// What nobody has asked for, in its order.
    pub(super) fn rest(&self) -> impl Iterator<Item = (&'q str, &'q Value)> {
        let is_new = |it: &(&'q String, &'q Value)| !self.asked.borrow().contains(&it.0.as_str());
        let rest: Vec<_> = self.object.iter().filter(is_new).collect();
        rest.into_iter().map(|(key, value)| (key.as_str(), value))
    }

    pub(super) fn mark(&self, name: &'q str) {
        self.asked.borrow_mut().push(name);
    }

    pub(super) fn wrong(&self, name: &str, expected: &str, found: &Value) -> StoreError {
        let clause = self.clause;
        StoreError::invalid_query(format!(
            "[{clause}] expects [{name}] to be {expected}, found {}",
            preview(found)
        ))
    }

    pub(super) fn missing(&self, name: &str) -> StoreError {
        StoreError::invalid_query(format!("[{}] requires [{name}]", self.clause))
    }

    /// A text; a number or boolean is taken as one.
    pub(super) fn text(&self, name: &'q str) -> Result<Option<String>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match scalar(value) {
            Some(scalar) => Ok(Some(scalar.to_text())),
            None => Err(self.wrong(name, "a text", value)),
        }
    }

    pub(super) fn scalar(&self, name: &'q str) -> Result<Option<Scalar>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let scalar = scalar(value);
        scalar
            .map(Some)
            .ok_or_else(|| self.wrong(name, "a text, a number or a boolean", value))
    }

    pub(super) fn required(&self, name: &'q str) -> Result<Scalar> {
        self.scalar(name)?.ok_or_else(|| self.missing(name))
    }

    pub(super) fn number(&self, name: &'q str) -> Result<Option<f64>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|it: &f64| it.is_finite());
        number
            .map(Some)
            .ok_or_else(|| self.wrong(name, "a number", value))
    }

    /// A number that is neither negative nor a fraction.
    pub(super) fn count(&self, name: &'q str, default: usize) -> Result<usize> {
        match self.number(name)? {
            None => Ok(default),
            Some(number) if number >= 0.0 && number <= f64::from(u32::MAX) => Ok(number as usize),
            Some(_) => Err(self.wrong(name, "a count", &self.object[name])),
        }
    }

    pub(super) fn flag(&self, name: &'q str, default: bool) -> Result<bool> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(value) => Err(self.wrong(name, "true or false", value)),
        }
    }

    /// One of some words, in any case.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &'q str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let word = value.as_str().unwrap_or_default();
        let found = choices.iter().find(|it| it.0.eq_ignore_ascii_case(word));
        if let Some((_, choice)) = found {
            return Ok(Some(*choice));
        }
        let names: Vec<_> = choices.iter().map(|it| format!("`{}`", it.0)).collect();
        Err(self.wrong(name, &format!("one of {}", names.join(", ")), value))
    }

    /// A value with a syntax of its own.
    pub(super) fn parsed<T: FromStr<Err = String>>(&self, name: &'q str) -> Result<Option<T>> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let wrong = |it| StoreError::invalid_query(format!("[{}] {it}", self.clause));
        text.parse().map(Some).map_err(wrong)
    }

    /// How scores are made from many terms: only the usual way is known.
    pub(super) fn rewrite(&self, name: &'q str) -> Result<()> {
        let known = |text: &str| {
            let is_top = text.starts_with("top_terms_");
            is_top || text.starts_with("constant_score") || text == "scoring_boolean"
        };
        match self.get(name) {
            Some(Value::String(text)) if known(text) => Ok(()),
            None => Ok(()),
            Some(value) => Err(self.wrong(name, "a way to rewrite, as `constant_score`", value)),
        }
    }

    /// Refuses what nobody asked for.
    pub(super) fn done(&self) -> Result<()> {
        match self.rest().next() {
            None => Ok(()),
            Some((key, _)) => Err(StoreError::invalid_query(format!(
                "[{}] has no parameter [{key}]",
                self.clause
            ))),
        }
    }

    /// The clause with what every clause may carry.
    pub(super) fn finish(self, clause: Clause) -> Result<Query> {
        let boost = self.boost()?;
        let name = self.text("_name")?.map(Into::into);
        self.done()?;
        Ok(Query {
            clause,
            boost,
            name,
        })
    }

    pub(super) fn boost(&self) -> Result<f32> {
        match self.number("boost")? {
            None => Ok(1.0),
            Some(boost) if boost >= 0.0 => Ok(boost as f32),
            Some(_) => Err(self.wrong("boost", "a number not below 0", &self.object["boost"])),
        }
    }
}

/// A value that is neither an object, nor an array, nor `null`.
pub(super) fn scalar(value: &Value) -> Option<Scalar> {
    Some(match value {
        Value::Bool(it) => Scalar::Bool(*it),
        Value::String(it) => Scalar::Text(it.clone()),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(it), _) => Scalar::Integer(it),
            (None, Some(it)) => Scalar::Unsigned(it),
            (None, None) => Scalar::Float(number.as_f64()?),
        },
        _ => return None,
    })
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A value for a message, not longer than it helps.
pub(super) fn preview(value: &Value) -> String {
    const CHARS: usize = 64;
    let text = value.to_string();
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
