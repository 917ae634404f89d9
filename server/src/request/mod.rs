//! Requests and responses, as every protocol brings and takes them.

mod args; // typed readers of arguments
mod payload; // JSON → Request
mod response; // Response → JSON
mod stream; // answers sent piece by piece
mod headers; // what an action sets on its answer
#[cfg(test)]
mod tests; // tables of payloads and arguments

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::connection::Connection;
use crate::error::ApiError;
use crate::security::{Token, User};

pub use args::Language;
pub(crate) use args::Refresh;
pub use payload::BadPayload;
pub use response::{Body, Envelope, Response};
pub(crate) use stream::Pieces;
pub use stream::{ByteSender, ByteStream};

/// The protocol of requests that the application itself makes.
pub(crate) const PROTOCOL_INTERNAL: &str = "funnel";

/// One call of an action.
#[derive(Clone, Debug)]
pub struct Request {
    /// The client's `requestId`, or a new uuid.
    pub id: String,
    /// Arrival, milliseconds since 1970.
    pub timestamp: u64,
    pub controller: String,
    pub action: String,
    /// Every root key but `jwt volatile body controller action`.
    pub args: Map<String, Value>,
    /// `None` for absent and null.
    pub body: Option<Value>,
    pub volatile: Option<Map<String, Value>>,
    pub jwt: Option<String>,
    pub typing: Typing,
    pub context: Context,
    pub outcome: Outcome,
}

/// How root arguments are read: over HTTP all of them are strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// The mere presence of a flag is true; arrays and objects may be JSON text.
    Http,
    Native,
}

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Context {
    pub connection: Arc<Connection>,
    pub user: Arc<User>,
    pub token: Option<Arc<Token>>,
    /// Verb, path and URL of an HTTP request.
    pub http: Option<Arc<HttpContext>>,
}

#[derive(Clone, Debug)]
pub struct HttpContext {
    pub verb: String,
    pub path: String,
    pub url: String,
}

/// What is to be answered, while the request is being processed.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Outer `None`: nothing computed yet (`null`); inner `None`: no `result` key.
    pub result: Option<Option<Value>>,
    pub error: Option<ApiError>,
    /// 102 while processing is written as `None`.
    pub status: Option<u16>,
    /// Shown in the envelope and sent as HTTP headers.
    pub headers: Vec<(String, String)>,
    /// Sent as HTTP headers only.
    pub hidden_headers: Vec<(String, String)>,
    /// Answer the bare result instead of the envelope.
    pub raw: bool,
    /// Answer this stream instead of the result; over HTTP only.
    pub stream: Option<ByteStream>,
    /// What the client should stop using; told in development only.
    pub deprecations: Vec<Deprecation>,
}

/// Something that clients should stop using.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// The version since which it is deprecated.
    pub version: String,
    pub message: String,
}

impl Request {
    /// Tells the client, in development, what it should stop using.
    pub fn add_deprecation(&mut self, version: &str, message: &str) {
        self.outcome.deprecations.push(Deprecation {
            version: version.into(),
            message: message.into(),
        });
    }

    /// Who is noted as the author of a change: `-1` is anybody, `None` the
    /// application itself.
    pub fn kuid(&self) -> Option<&str> {
        let Context {
            connection, user, ..
        } = &self.context;
        let is_internal = &*connection.protocol == PROTOCOL_INTERNAL;
        let is_nobody = is_internal && user.id == User::ANONYMOUS_ID;
        (!is_nobody).then_some(&*user.id)
    }
}
