//! What every action can reach: built once, passed to all, no globals.

mod action; // a line of the table of actions
mod table; // the table of all actions
mod router; // path → action
mod names; // names for nodes

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::config::{Config, PluginsCommon};
use crate::events::{EventLimits, Events, Payload};
use crate::realtime::Realtime;
use crate::storage::Storage;
use crate::throttle::Throttle;
use crate::validation::Validation;

pub(crate) use action::controller;
pub use action::{
    Action, ActionEvents, ActionFn, ActionFuture, ActionResult, Argument, Handler, Place, Route,
    Verb, action,
};
pub use table::{Actions, NotFound, Routed};

/// The version of the API that clients meet: they check its major number.
pub const API_VERSION: &str = "2.56.0";

/// `core:overload` is told at most this often.
const OVERLOAD_INTERVAL_MS: u64 = 500;

/// The running server.
pub struct App {
    /// The application that embeds the server, or the server itself.
    pub identity: Identity,
    pub config: Arc<Config>,
    /// `knode-<adjective>-<name>-<n>`.
    pub node: Arc<str>,
    pub storage: Arc<dyn Storage>,
    pub(crate) realtime: Realtime,
    /// The specifications of collections.
    pub(crate) validation: Validation,
    pub events: Arc<Events>,
    pub actions: Actions,
    /// Held by whoever empties the database: one at a time.
    pub(crate) reset: tokio::sync::Mutex<()>,
    /// Requests that run, and those that wait for them.
    pub requests: Throttle,
    pub started: Instant,
    state: AtomicU8,
    /// Milliseconds from `started` to the last `core:overload`.
    overload_told_ms: AtomicU64,
}

/// Name and version of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    pub version: Option<String>,
    pub commit: Option<String>,
}

/// Where the server is in its life; the numbers are those of the event
/// `kuzzle:state:change`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    Starting = 1,
    Running = 2,
    ShuttingDown = 3,
}

impl App {
    /// The parts put together, in the state `Starting`, without any action.
    pub fn new(config: Arc<Config>, storage: Arc<dyn Storage>, identity: Identity) -> Self {
        let events = Arc::new(Events::new(event_limits(&config.plugins.common)));
        let node: Arc<str> = names::node().into();
        let limits = &config.limits;
        Self {
            identity,
            realtime: Realtime::new(
                Arc::clone(&events),
                Arc::clone(&node),
                limits.subscription_conditions_count,
                limits.subscription_rooms,
            ),
            requests: Throttle::new(limits.concurrent_requests, limits.requests_buffer_size),
            validation: Validation::default(),
            reset: tokio::sync::Mutex::default(),
            config,
            node,
            storage,
            events,
            actions: Actions::default(),
            started: Instant::now(),
            state: AtomicU8::new(State::Starting as u8),
            overload_told_ms: AtomicU64::new(0),
        }
    }

    pub fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            1 => State::Starting,
            2 => State::Running,
            _ => State::ShuttingDown,
        }
    }

    /// Moves on and tells so (`kuzzle:state:change`).
    pub fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
        let payload = Payload::Json((state as u8).into());
        self.events.emit("kuzzle:state:change", payload);
    }

    /// Whether a load balancer may send requests: running, and none waits.
    pub fn is_ready(&self) -> bool {
        self.state() == State::Running && !self.is_overloaded()
    }

    /// From the first request that waits until none does.
    pub fn is_overloaded(&self) -> bool {
        self.requests.waiting() > 0
    }

    /// Hears how many requests wait, and tells when they are many.
    pub fn notice_waiting(&self, waiting: usize) {
        if waiting <= self.config.limits.requests_buffer_warning_threshold {
            return;
        }
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let told = self.overload_told_ms.load(Ordering::Relaxed);
        let is_due = told == 0 || elapsed >= told + OVERLOAD_INTERVAL_MS;
        let is_mine = is_due
            && self
                .overload_told_ms
                .compare_exchange(told, elapsed.max(1), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_mine {
            let percent = percentage(waiting, self.requests.waiting_max());
            tracing::warn!(waiting, percent, "overloaded: requests are waiting");
            self.events
                .emit("core:overload", Payload::Json(percent.into()));
        }
    }
}

impl Identity {
    /// The server on its own, without an application around it.
    pub fn own() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").into(),
            version: Some(env!("CARGO_PKG_VERSION").into()),
            commit: None,
        }
    }
}

fn event_limits(config: &PluginsCommon) -> EventLimits {
    EventLimits {
        chains_max: config.max_concurrent_pipes,
        chains_waiting_max: config.pipes_buffer_size,
        warn_after: Duration::from_millis(config.pipe_warn_ms),
    }
}

/// With two decimals.
fn percentage(part: usize, whole: usize) -> f64 {
    let percent = 100.0 * part as f64 / whole.max(1) as f64;
    (percent * 100.0).round() / 100.0
}
