//! Response → JSON.

use serde_json::Value;

/// The end of a request.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub request_id: String,
    /// HTTP headers that the action or a plugin set, hidden ones included.
    pub headers: Vec<(String, String)>,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    /// The standard object: action, controller, error, result, status…
    Envelope(Value),
    /// The bare result of an action that asked for it.
    Raw(Value),
}
