//! A line of the table of actions: name, routes, arguments, function.
//!
//! The table feeds HTTP routing, `server:publicApi`, OpenAPI and the docs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::App;
use crate::error::ApiError;
use crate::request::Request;

/// `Ok(None)`: the answer has no `result` key.
pub type ActionResult = Result<Option<Value>, ApiError>;
pub type ActionFuture<'a> = Pin<Box<dyn Future<Output = ActionResult> + Send + 'a>>;
pub type Handler = Arc<dyn for<'a> Fn(&'a App, &'a mut Request) -> ActionFuture<'a> + Send + Sync>;

pub struct Action {
    pub controller: String,
    pub name: String,
    /// In the order clients see them: some SDKs choose by position.
    pub routes: Vec<Route>,
    pub arguments: Vec<Argument>,
    pub handler: Handler,
}

pub struct Route {
    pub verb: Verb,
    /// With `:name` for placeholders.
    pub path: String,
    /// The version since which it is deprecated.
    pub deprecated: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Head,
}

pub struct Argument {
    pub name: &'static str,
    pub place: Place,
    pub required: bool,
    /// For documentation: `string`, `flag`, `integer`, `array<string>`…
    pub kind: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    /// A root key; there is no HTTP route.
    Root,
    Body,
}

/// All actions; plugins may add to it while the server runs.
#[derive(Default)]
pub struct Actions {}
