//! Response → JSON: the one shape that every protocol sends.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::{ByteStream, Deprecation, Request, headers};
use crate::error::ApiError;

/// The end of a request.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub request_id: String,
    /// HTTP headers that the action or a plugin set, hidden ones included; one of
    /// each name, but for cookies.
    pub headers: Vec<(String, String)>,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    /// The standard object: action, controller, error, result, status…
    Envelope(Box<Envelope>),
    /// The bare result of an action that asked for it.
    Raw(Value),
    /// What an action sends while it is still at work.
    Streamed(ByteStream),
}

/// The standard answer. Absent members are not written: no `index` when none
/// was given, no `result` when the action has none.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub controller: Option<String>,
    pub action: Option<String>,
    pub index: Option<Value>,
    pub collection: Option<Value>,
    pub deprecations: Vec<Deprecation>,
    pub error: Option<ApiError>,
    /// What the action set and may be shown: names in lower case, no cookies.
    pub headers: Vec<(String, String)>,
    pub node: Arc<str>,
    pub request_id: String,
    /// `None`: the action has no result, not even `null`.
    pub result: Option<Value>,
    pub status: u16,
    pub volatile: Option<Map<String, Value>>,
}

impl Response {
    /// The end of a processed request.
    pub fn of(request: Request, node: Arc<str>) -> Self {
        let outcome = request.outcome;
        let error_status = outcome.error.as_ref().map(ApiError::status);
        let status = error_status.or(outcome.status).unwrap_or(200);
        let shown = headers::shown(&outcome.headers);
        let all = [outcome.headers, outcome.hidden_headers].concat();
        let stream = outcome.stream.filter(|_| outcome.error.is_none());
        let body = if let Some(stream) = stream {
            Body::Streamed(stream)
        } else if outcome.raw && outcome.error.is_none() {
            Body::Raw(outcome.result.flatten().unwrap_or(Value::Null))
        } else {
            let mut args = request.args;
            Body::Envelope(Box::new(Envelope {
                controller: Some(request.controller).filter(|it| !it.is_empty()),
                action: Some(request.action).filter(|it| !it.is_empty()),
                index: args.remove("index"),
                collection: args.remove("collection"),
                deprecations: outcome.deprecations,
                error: outcome.error,
                headers: shown,
                node,
                request_id: request.id.clone(),
                result: outcome.result.unwrap_or(Some(Value::Null)),
                status,
                volatile: request.volatile,
            }))
        };
        Self {
            status,
            request_id: request.id,
            headers: headers::merge(&all),
            body,
        }
    }

    /// The answer to what never became a request.
    pub fn failure(node: &str, request_id: String, error: &ApiError) -> Self {
        Self {
            status: error.status(),
            headers: Vec::new(),
            body: Body::Envelope(Box::new(Envelope {
                error: Some(error.clone()),
                ..Envelope::empty(node, request_id.clone(), error.status())
            })),
            request_id,
        }
    }

    /// An answer without action and result, as `/_healthcheck` gives it.
    pub fn plain(node: &str, request_id: String, status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Envelope(Box::new(Envelope::empty(node, request_id.clone(), status))),
            request_id,
        }
    }

    /// What goes on the wire (WebSocket adds `room`).
    pub fn content(&self) -> Value {
        match &self.body {
            Body::Envelope(envelope) => serde_json::to_value(Content {
                envelope,
                with_room: false,
            })
            .unwrap_or(Value::Null),
            Body::Raw(value) => value.clone(),
            Body::Streamed(_) => Value::Null,
        }
    }

    /// The content as JSON text, without a tree in between; `with_room` as a
    /// WebSocket sends it.
    pub fn to_json_bytes(&self, with_room: bool) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        let written = match &self.body {
            Body::Envelope(envelope) => serde_json::to_writer(
                &mut bytes,
                &Content {
                    envelope,
                    with_room,
                },
            ),
            Body::Raw(Value::Object(object)) if with_room => {
                let mut object = object.clone();
                object.insert("room".into(), self.request_id.as_str().into());
                serde_json::to_writer(&mut bytes, &object)
            }
            Body::Raw(value) => serde_json::to_writer(&mut bytes, value),
            Body::Streamed(_) => serde_json::to_writer(&mut bytes, &Value::Null),
        };
        // Memory takes every byte, and all our keys are text.
        debug_assert!(written.is_ok(), "{written:?}");
        bytes
    }
}

impl Envelope {
    fn empty(node: &str, request_id: String, status: u16) -> Self {
        Self {
            controller: None,
            action: None,
            index: None,
            collection: None,
            deprecations: Vec::new(),
            error: None,
            headers: Vec::new(),
            node: node.into(),
            request_id,
            result: Some(Value::Null),
            status,
            volatile: None,
        }
    }
}

/// How an envelope is written.
struct Content<'a> {
    envelope: &'a Envelope,
    with_room: bool,
}

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.envelope;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("action", &it.action)?;
        if let Some(collection) = &it.collection {
            map.serialize_entry("collection", collection)?;
        }
        map.serialize_entry("controller", &it.controller)?;
        if !it.deprecations.is_empty() {
            map.serialize_entry("deprecations", &it.deprecations)?;
        }
        map.serialize_entry("error", &it.error.as_ref().map(ApiError::to_json))?;
        map.serialize_entry("headers", &Pairs(&it.headers))?;
        if let Some(index) = &it.index {
            map.serialize_entry("index", index)?;
        }
        map.serialize_entry("node", &*it.node)?;
        map.serialize_entry("requestId", &it.request_id)?;
        if let Some(result) = &it.result {
            map.serialize_entry("result", result)?;
        }
        map.serialize_entry("status", &it.status)?;
        map.serialize_entry("volatile", &it.volatile)?;
        if self.with_room {
            map.serialize_entry("room", &it.request_id)?;
        }
        map.end()
    }
}

impl Serialize for Deprecation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("version", &self.version)?;
        map.end()
    }
}

struct Pairs<'a>(&'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
