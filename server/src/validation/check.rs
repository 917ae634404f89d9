//! A document against its specification. All that is wrong is gathered; the
//! first of it is what a refused write is told.

use serde_json::{Map, Value, json};

use super::{Count, Field, Fields, Specification};
use crate::error::{ApiError, VALIDATION_CHECK_FAILED_DOCUMENT, VALIDATION_CHECK_FAILED_FIELD};

/// Whether a document is whole, or stands with changes applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Fields that are absent get their default.
    Whole,
    /// Only those that are null do.
    Changed,
}

/// What is wrong with a document.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Report {
    document: Vec<String>,
    fields: Failures,
    /// In the order of discovery: path and reason; no path for the document.
    first: Option<(Option<String>, String)>,
}

/// What is wrong with fields, as a tree.
#[derive(Debug, Default, PartialEq)]
struct Failures {
    messages: Vec<String>,
    children: Vec<(String, Failures)>,
}

impl Specification {
    /// Checks a document, and fills in defaults.
    pub(crate) fn check(&self, document: &mut Map<String, Value>, mode: Mode) -> Report {
        let mut report = Report::default();
        if self.strict {
            for name in unknown(&self.fields, document) {
                report.refuse_document(format!("the field {name} is not specified"));
            }
        }
        fields(&self.fields, document, &mut Vec::new(), mode, &mut report);
        if let Some(validators) = &self.validators
            && !koncorde::matches(validators, &Value::Object(document.clone()))
        {
            report.refuse_document("it does not satisfy the validators".into());
        }
        report
    }
}

fn unknown<'a>(
    fields: &'a Fields,
    document: &'a Map<String, Value>,
) -> impl Iterator<Item = &'a String> {
    document.keys().filter(|it| !fields.contains_key(*it))
}

fn fields(
    fields: &Fields,
    document: &mut Map<String, Value>,
    path: &mut Vec<String>,
    mode: Mode,
    report: &mut Report,
) {
    for (name, field) in fields {
        path.push(name.clone());
        member(field, name, document, path, mode, report);
        path.pop();
    }
}

fn member(
    field: &Field,
    name: &str,
    document: &mut Map<String, Value>,
    path: &mut Vec<String>,
    mode: Mode,
    report: &mut Report,
) {
    let is_null = document.get(name).is_some_and(Value::is_null);
    let is_absent = !document.contains_key(name);
    if let Some(default) = field.default.as_ref().filter(|it| is_truthy(it))
        && (is_null || (is_absent && mode == Mode::Whole))
    {
        document.insert(name.to_owned(), default.clone());
    }
    match document.get_mut(name) {
        None | Some(Value::Null) => {
            if field.is_mandatory && field.default.is_none() {
                report.refuse(path, "it is mandatory".into());
            }
        }
        Some(value) => values(field, value, path, mode, report),
    }
}

/// One value, or each of an array.
fn values(
    field: &Field,
    value: &mut Value,
    path: &mut Vec<String>,
    mode: Mode,
    report: &mut Report,
) {
    let Some(count) = field.multiple else {
        match value {
            Value::Array(_) => {
                report.refuse(path, "it is not multivalued: an array is refused".into());
            }
            value => single(field, value, path, mode, report),
        }
        return;
    };
    let Value::Array(items) = value else {
        return report.refuse(path, "it is multivalued: it must be an array".into());
    };
    if let Some(reason) = count.refusal(items.len() as u64) {
        report.refuse(path, reason);
    }
    for item in items {
        single(field, item, path, mode, report);
    }
}

fn single(
    field: &Field,
    value: &mut Value,
    path: &mut Vec<String>,
    mode: Mode,
    report: &mut Report,
) {
    if let Err(reason) = (field.rule)(value) {
        return report.refuse(path, reason);
    }
    let Value::Object(object) = value else {
        return;
    };
    if field.strict {
        for name in unknown(&field.children, object) {
            report.refuse(path, format!("its field {name} is not specified"));
        }
    }
    fields(&field.children, object, path, mode, report);
}

impl Count {
    fn refusal(self, found: u64) -> Option<String> {
        match (self.min, self.max) {
            (Some(min), _) if found < min => {
                Some(format!("it needs {min} values or more, not {found}"))
            }
            (_, Some(max)) if found > max => {
                Some(format!("it takes {max} values at most, not {found}"))
            }
            _ => None,
        }
    }
}

/// Other defaults are never put into documents.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

impl Report {
    pub(crate) fn is_valid(&self) -> bool {
        self.first.is_none()
    }

    /// What a refused write is told.
    pub(crate) fn into_result(self) -> Result<(), ApiError> {
        Err(match self.first {
            None => return Ok(()),
            Some((None, reason)) => VALIDATION_CHECK_FAILED_DOCUMENT.with([reason]),
            Some((Some(path), reason)) => VALIDATION_CHECK_FAILED_FIELD.with([path, reason]),
        })
    }

    /// `{documentScope, fieldScope}`, either of them only where something is wrong.
    pub(crate) fn to_json(&self) -> Value {
        let mut messages = Map::new();
        if !self.document.is_empty() {
            messages.insert("documentScope".into(), json!(self.document));
        }
        if !self.fields.children.is_empty() {
            messages.insert("fieldScope".into(), self.fields.to_json());
        }
        messages.into()
    }

    fn refuse_document(&mut self, reason: String) {
        self.first.get_or_insert_with(|| (None, reason.clone()));
        self.document.push(reason);
    }

    fn refuse(&mut self, path: &[String], reason: String) {
        self.first
            .get_or_insert_with(|| (Some(path.join(".")), reason.clone()));
        let mut at = &mut self.fields;
        for name in path {
            let place = at.children.iter().position(|it| it.0 == *name);
            let place = place.unwrap_or_else(|| {
                at.children.push((name.clone(), Failures::default()));
                at.children.len() - 1
            });
            at = &mut at.children[place].1;
        }
        at.messages.push(reason);
    }
}

impl Failures {
    fn to_json(&self) -> Value {
        let mut failures = Map::new();
        if !self.messages.is_empty() {
            failures.insert("messages".into(), json!(self.messages));
        }
        if !self.children.is_empty() {
            let children = self.children.iter();
            let children: Map<_, _> = children
                .map(|(name, it)| (name.clone(), it.to_json()))
                .collect();
            failures.insert("children".into(), children.into());
        }
        failures.into()
    }
}
