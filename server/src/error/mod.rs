//! Errors of the API: what failed, from one table of codes.
//!
//! `Err(error::API_ASSERT_MISSING_ARGUMENT.with(["body.roomId"]))`

pub mod table; // the one table
#[cfg(test)]
mod reference; // docs/errors.md, written from the table

use std::fmt;

use serde_json::{Map, Value, json};

pub(crate) use table::*;

/// What clients call the class of an error; it decides the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    BadRequest,
    ExternalService,
    Forbidden,
    GatewayTimeout,
    Internal,
    MultipleErrors,
    NotFound,
    Partial,
    PluginImplementation,
    Precondition,
    ServiceUnavailable,
    SizeLimit,
    TooManyRequests,
    Unauthorized,
}

impl Class {
    /// The HTTP-like status of the class.
    pub const fn status(self) -> u16 {
        match self {
            Self::Partial => 206,
            Self::BadRequest | Self::MultipleErrors => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Precondition => 412,
            Self::SizeLimit => 413,
            Self::TooManyRequests => 429,
            Self::ExternalService | Self::Internal | Self::PluginImplementation => 500,
            Self::ServiceUnavailable => 503,
            Self::GatewayTimeout => 504,
        }
    }
}

/// A line of the table.
#[derive(Debug)]
pub struct ErrorKind {
    pub id: &'static str,
    pub code: u32,
    pub class: Class,
    /// With `{0}`, `{1}`… where the props go.
    pub message: &'static str,
}

impl ErrorKind {
    /// The error with its props filled in.
    pub fn with<P: Into<String>>(&'static self, props: impl IntoIterator<Item = P>) -> ApiError {
        let props: Vec<String> = props.into_iter().map(Into::into).collect();
        let message = fill(self.message, &props);
        ApiError {
            id: Some(self.id.into()),
            code: Some(self.code),
            class: self.class,
            message,
            props,
            errors: None,
        }
    }

    /// The error without props.
    pub fn bare(&'static self) -> ApiError {
        self.with::<String>([])
    }
}

/// An error as a client sees it.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// `None` only for envelopes of a wrong type.
    pub id: Option<String>,
    pub code: Option<u32>,
    pub class: Class,
    pub message: String,
    pub props: Vec<String>,
    /// The single failures behind a partial or multiple error.
    pub errors: Option<Vec<Value>>,
}

impl ApiError {
    /// A bad envelope: no id, no code.
    pub fn bad_envelope(message: impl Into<String>) -> Self {
        Self {
            id: None,
            code: None,
            class: Class::BadRequest,
            message: message.into(),
            props: Vec::new(),
            errors: None,
        }
    }

    /// The same error with its list of single failures.
    #[must_use]
    pub fn listing(mut self, errors: Vec<Value>) -> Self {
        self.errors = Some(errors);
        self
    }

    pub fn status(&self) -> u16 {
        self.class.status()
    }

    /// The `error` member of the envelope.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        if let Some(code) = self.code {
            object.insert("code".into(), code.into());
        }
        if let Some(id) = &self.id {
            object.insert("id".into(), id.as_str().into());
        }
        object.insert("message".into(), self.message.as_str().into());
        object.insert("props".into(), json!(self.props));
        object.insert("status".into(), self.status().into());
        if let Some(errors) = &self.errors {
            object.insert("count".into(), errors.len().into());
            object.insert("errors".into(), errors.clone().into());
        }
        object.into()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "{id}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ApiError {}

/// A missing prop leaves a literal `%s`, props without a place are appended.
fn fill(template: &str, props: &[String]) -> String {
    let mut message = String::with_capacity(template.len() + 32);
    let mut used = vec![false; props.len()];
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let Some(len) = rest[start..].find('}') else {
            break;
        };
        message.push_str(&rest[..start]);
        let number = rest[start + 1..start + len].parse::<usize>();
        match number.ok().map(|it| (it, props.get(it))) {
            Some((number, Some(prop))) => {
                used[number] = true;
                message.push_str(prop);
            }
            Some((_, None)) => message.push_str("%s"),
            None => message.push_str(&rest[start..=start + len]),
        }
        rest = &rest[start + len + 1..];
    }
    message.push_str(rest);
    for (prop, _) in props.iter().zip(used).filter(|(_, used)| !used) {
        message.push(' ');
        message.push_str(prop);
    }
    message
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_and_codes_are_unique() {
        let ids: HashSet<_> = ALL.iter().map(|it| it.id).collect();
        let codes: HashSet<_> = ALL.iter().map(|it| it.code).collect();
        assert_eq!((ids.len(), codes.len()), (ALL.len(), ALL.len()));
    }

    #[test]
    fn props_are_filled_in() {
        let cases = [
            ("a {0} b {1}", vec!["x", "y"], "a x b y"),
            ("a {0}", vec![], "a %s"),
            ("a", vec!["x"], "a x"),
            ("{0}", vec!["{0}"], "{0}"),
        ];
        for (template, props, expected) in cases {
            let props: Vec<String> = props.into_iter().map(Into::into).collect();
            assert_eq!(fill(template, &props), expected);
        }
    }
}
