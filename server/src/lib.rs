//! # koncorde-server
//!
//! A complete real-time backend around the engine `koncorde`.
//!
//! The modules below stand in reading order: a module uses only modules that
//! stand under it. A request enters through `protocols`, lives in `lifecycle`,
//! acts in `controllers`, and what it changed reaches subscribers through
//! `realtime`.

mod backend; // Backend: the face for people who embed the server
mod protocols; // bytes ⇄ requests and responses
mod lifecycle; // the life of a request, one line per step
mod controllers; // tables: a line is an action
mod app; // what every action can reach, built once and passed
mod validation; // what documents of a collection must look like
mod realtime; // rooms: filters and the connections that wait on them
mod storage; // where documents live
mod events; // pipes and hooks
mod request; // requests and responses, whatever the protocol
mod security; // users, tokens, rights
mod connection; // who talks to us
mod throttle; // so many at once, so many waiting, no more
mod config; // settings and where they come from
mod clock; // the time
mod error; // the one table of errors
#[cfg(test)]
mod reference; // pages of docs/ that tests write

pub use app::{
    API_VERSION, Action, ActionEvents, ActionFn, ActionFuture, ActionResult, Actions, App,
    Argument, Handler, Identity, NotFound, Place, Route, Routed, State, Verb, action,
};
pub use backend::{Backend, Server, StartError};
pub use config::{Config, ConfigError, LogFormat, Settings, Sources};
pub use error::{ApiError, Class, ErrorKind, table as errors};
pub use events::{
    EventPayload, Events, Hook, HookFuture, Payload, Pipe, PipeFuture, into_hook, into_pipe,
};
pub use request::{
    BadPayload, Body, ByteSender, ByteStream, Context, Deprecation, Envelope, HttpContext,
    Language, Outcome, Request, Response, Typing,
};
pub use storage::{
    Collection, CollectionSize, Document, Embedded, Hit, Refresh, Scroll, SearchQuery,
    SearchRequest, SearchResult, Storage, StoreError, StoreErrorKind, Write, WriteKind, Written,
};
