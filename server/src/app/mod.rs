//! What every action can reach: built once, passed to all, no globals.

mod action; // a line of the table of actions

use std::sync::Arc;

use crate::config::Config;
use crate::events::Events;
use crate::realtime::Realtime;
use crate::storage::Storage;

pub use action::{
    Action, ActionFuture, ActionResult, Actions, Argument, Handler, Place, Route, Verb,
};

/// The running server.
pub struct App {
    pub config: Arc<Config>,
    /// `knode-<adjective>-<name>-<n>`.
    pub node: Arc<str>,
    pub storage: Arc<dyn Storage>,
    pub realtime: Realtime,
    pub events: Arc<Events>,
    pub actions: Actions,
}
