//! JSON → Request, and a request as JSON for listeners in other processes.
//!
//! Only the envelope's types are checked here; what an action needs is read by
//! the action itself (see `args`).

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Context, HttpContext, Outcome, Request, Typing};
use crate::clock;
use crate::connection::Connection;
use crate::error::ApiError;
use crate::security::User;

/// A payload that is no request, with the client's id for it when it has one.
#[derive(Clone, Debug)]
pub struct BadPayload {
    pub error: Box<ApiError>,
    pub request_id: Option<String>,
}

impl Request {
    /// The request that a client's JSON object asks for. Anonymous and not yet
    /// processed; a missing controller or action is the lifecycle's matter.
    pub fn from_payload(
        mut payload: Map<String, Value>,
        typing: Typing,
        connection: Arc<Connection>,
        http: Option<Arc<HttpContext>>,
    ) -> Result<Self, BadPayload> {
        let given_id = match payload.get("requestId") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => {
                return Err(BadPayload {
                    error: Box::new(wrong_type("requestId", "a string")),
                    request_id: None,
                });
            }
        };
        Self::envelope(&mut payload)
            .map(|envelope| Self {
                id: given_id
                    .clone()
                    .unwrap_or_else(|| Uuid::new_v4().to_string()),
                timestamp: payload
                    .get("timestamp")
                    .and_then(Value::as_u64)
                    .unwrap_or_else(clock::now_ms),
                controller: envelope.controller,
                action: envelope.action,
                args: payload,
                body: envelope.body,
                volatile: envelope.volatile,
                jwt: envelope.jwt,
                typing,
                context: Context {
                    connection,
                    user: Arc::new(User::anonymous()),
                    token: None,
                    http,
                },
                outcome: Outcome::default(),
            })
            .map_err(|error| BadPayload {
                error: Box::new(error),
                request_id: given_id,
            })
    }

    /// Takes the reserved keys out of the payload; what stays are arguments.
    fn envelope(payload: &mut Map<String, Value>) -> Result<Envelope, ApiError> {
        Ok(Envelope {
            jwt: take_string(payload, "jwt")?,
            volatile: match payload.remove("volatile") {
                None | Some(Value::Null) => None,
                Some(Value::Object(volatile)) => Some(volatile),
                Some(_) => return Err(wrong_type("volatile", "an object")),
            },
            body: match payload.remove("body") {
                None | Some(Value::Null) => None,
                Some(body @ (Value::Object(_) | Value::Array(_))) => Some(body),
                Some(_) => return Err(wrong_type("body", "an object or an array")),
            },
            controller: take_string(payload, "controller")?.unwrap_or_default(),
            action: take_string(payload, "action")?.unwrap_or_default(),
        })
    }

    /// The request for a listener in another process.
    pub fn to_json(&self) -> Value {
        let connection = &self.context.connection;
        json!({
            "id": self.id,
            "timestamp": self.timestamp,
            "input": {
                "controller": self.controller,
                "action": self.action,
                "args": self.args,
                "body": self.body,
                "volatile": self.volatile,
                "jwt": self.jwt,
            },
            "context": {
                "connection": {
                    "id": connection.id.to_string(),
                    "protocol": &*connection.protocol,
                    "ips": connection.ips,
                    "headers": connection.headers,
                },
                "user": {
                    "_id": self.context.user.id,
                    "profileIds": self.context.user.profile_ids,
                },
            },
            "output": {
                "result": self.outcome.result.clone().flatten(),
                "error": self.outcome.error.as_ref().map(ApiError::to_json),
                "status": self.outcome.status,
                "headers": pairs_to_json(&self.outcome.headers),
                "raw": self.outcome.raw,
            },
        })
    }

    /// Takes over what such a listener may change: arguments, body, volatile
    /// data and the answer. Members that are absent stay as they are.
    pub fn update_from_json(&mut self, changed: &Value) -> Result<(), ApiError> {
        if let Some(input) = changed.get("input") {
            if let Some(args) = input.get("args") {
                self.args = as_object(args, "input.args")?.clone();
            }
            if let Some(body) = input.get("body") {
                self.body = match body {
                    Value::Null => None,
                    Value::Object(_) | Value::Array(_) => Some(body.clone()),
                    _ => return Err(wrong_type("input.body", "an object or an array")),
                };
            }
            if let Some(volatile) = input.get("volatile") {
                self.volatile = match volatile {
                    Value::Null => None,
                    other => Some(as_object(other, "input.volatile")?.clone()),
                };
            }
        }
        if let Some(output) = changed.get("output") {
            self.update_outcome(output)?;
        }
        Ok(())
    }

    fn update_outcome(&mut self, output: &Value) -> Result<(), ApiError> {
        if let Some(result) = output.get("result") {
            self.outcome.result = Some(Some(result.clone()));
        }
        if let Some(status) = output.get("status").and_then(Value::as_u64) {
            self.outcome.status = u16::try_from(status).ok();
        }
        if let Some(raw) = output.get("raw").and_then(Value::as_bool) {
            self.outcome.raw = raw;
        }
        if let Some(headers) = output.get("headers") {
            self.outcome.headers = as_object(headers, "output.headers")?
                .iter()
                .map(|(name, value)| (name.clone(), text_of(value)))
                .collect();
        }
        if let Some(Value::Null) = output.get("error") {
            self.outcome.error = None;
        }
        Ok(())
    }
}

/// The reserved root keys.
struct Envelope {
    jwt: Option<String>,
    volatile: Option<Map<String, Value>>,
    body: Option<Value>,
    controller: String,
    action: String,
}

fn take_string(payload: &mut Map<String, Value>, key: &str) -> Result<Option<String>, ApiError> {
    match payload.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong_type(key, "a string")),
    }
}

fn as_object<'a>(value: &'a Value, name: &str) -> Result<&'a Map<String, Value>, ApiError> {
    value
        .as_object()
        .ok_or_else(|| wrong_type(name, "an object"))
}

fn wrong_type(key: &str, wanted: &str) -> ApiError {
    ApiError::bad_envelope(format!("request attribute {key} must be {wanted}"))
}

fn pairs_to_json(pairs: &[(String, String)]) -> Value {
    pairs
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect::<Map<_, _>>()
        .into()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
