//! Tables: a line is an action.
//!
//! Each controller is a file with its table on top. Functions read arguments,
//! call what lies below, and answer; they hold no logic of their own.

mod admin; // whole databases
mod auth; // who am I?
mod bulk; // documents as they are, in bulk
mod collection; // collections of documents
mod document; // documents: read, written, searched
mod index; // indexes: sets of collections
mod realtime; // live queries
mod server; // the server about itself
mod specifications; // what documents of a collection must look like
mod names; // which names indexes and collections may have
#[cfg(test)]
mod reference; // docs/api.md, written from the tables

pub(crate) use specifications::load as load_specifications;

use serde_json::{Value, json};

use crate::app::Action;

/// Every action of the server, in the order in which clients are told of them.
pub(crate) fn all() -> impl Iterator<Item = Action> {
    [
        auth::actions(),
        bulk::actions(),
        collection::actions(),
        document::actions(),
        index::actions(),
        realtime::actions(),
        server::actions(),
        admin::actions(),
    ]
    .into_iter()
    .flatten()
}

/// What actions answer that have nothing to tell but success.
fn acknowledged() -> Option<Value> {
    Some(json!({"acknowledged": true}))
}
