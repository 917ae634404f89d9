//! What an event carries.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::request::Request;

/// What an event carries. Each form can be written as JSON, for listeners in
/// other processes.
#[derive(Clone, Debug)]
pub enum Payload {
    None,
    Request(Box<Request>),
    /// `generic:document:*`.
    Documents {
        documents: Vec<Value>,
        request: Arc<Request>,
    },
    /// `request:afterExecution`.
    Execution {
        success: bool,
        request: Box<Request>,
    },
    Json(Value),
}

impl Payload {
    /// The payload for a listener in another process.
    pub fn to_json(&self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Request(request) => request.to_json(),
            Self::Documents { documents, request } => {
                json!({"documents": documents, "request": request.to_json()})
            }
            Self::Execution { success, request } => json!({
                "success": success,
                "error": request.outcome.error.as_ref().map(ApiError::to_json),
                "request": request.to_json(),
            }),
            Self::Json(value) => value.clone(),
        }
    }
}

/// The types that a pipe may take and return instead of a `Payload`.
pub trait EventPayload: Sized + Send + 'static {
    /// What it is called in errors.
    const NAME: &'static str;
    fn from_payload(payload: Payload) -> Option<Self>;
    fn into_payload(self) -> Payload;
}

impl EventPayload for Payload {
    const NAME: &'static str = "any payload";

    fn from_payload(payload: Payload) -> Option<Self> {
        Some(payload)
    }

    fn into_payload(self) -> Payload {
        self
    }
}

impl EventPayload for Request {
    const NAME: &'static str = "a request";

    fn from_payload(payload: Payload) -> Option<Self> {
        match payload {
            Payload::Request(request) => Some(*request),
            _ => None,
        }
    }

    fn into_payload(self) -> Payload {
        Payload::Request(Box::new(self))
    }
}

impl EventPayload for Value {
    const NAME: &'static str = "JSON";

    fn from_payload(payload: Payload) -> Option<Self> {
        match payload {
            Payload::Json(value) => Some(value),
            _ => None,
        }
    }

    fn into_payload(self) -> Payload {
        Payload::Json(self)
    }
}
