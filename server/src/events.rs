//! Pipes and hooks: what applications and plugins hang on events.
//!
//! A pipe stands in the way of an event and may change its payload or refuse
//! it; a hook looks on afterwards and never delays anybody.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

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

pub type PipeFuture = Pin<Box<dyn Future<Output = Result<Payload, ApiError>> + Send>>;
pub type HookFuture = Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send>>;
pub type Pipe = Arc<dyn Fn(Payload) -> PipeFuture + Send + Sync>;
/// Gets the name it was registered under (a pattern, for a wildcard) and the
/// payload after all pipes.
pub type Hook = Arc<dyn Fn(Arc<str>, Payload) -> HookFuture + Send + Sync>;

/// The listeners of all events.
#[derive(Default)]
pub struct Events {}

impl Events {
    /// Whether a pipe or hook would see this event; lets callers skip building
    /// a payload for nobody.
    pub fn has_listeners(&self, _event: &str) -> bool {
        false
    }

    /// Runs the pipes of the event in order, then starts its hooks; the payload
    /// comes back as the last pipe left it.
    pub async fn pipe(&self, _event: &str, payload: Payload) -> Result<Payload, ApiError> {
        Ok(payload)
    }

    /// Starts the hooks of an event that has no pipes.
    pub fn emit(&self, _event: &str, _payload: Payload) {}
}
