//! Pipes and hooks: what applications and plugins hang on events.
//!
//! A pipe stands in the way of an event and may change its payload or refuse
//! it; a hook looks on afterwards and never delays anybody.
//!
//! Listeners live in an immutable snapshot that is swapped when one comes or
//! goes: an event without listeners costs one look-up, and readers never wait.

mod listeners; // who listens to what, in which order
mod payload; // what an event carries
mod typed; // pipes and hooks that expect one payload
#[cfg(test)]
mod tests; // order, refusals, panics

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::error::{
    ApiError, PLUGIN_RUNTIME_TOO_MANY_PIPES, PLUGIN_RUNTIME_UNEXPECTED_ERROR,
    PLUGIN_RUNTIME_UNKNOWN_PIPE,
};
use crate::request::Request;
use crate::throttle::Throttle;

use listeners::{Chain, Listener, Registry, Task};

pub use listeners::{Hook, HookFuture, Pipe, PipeFuture};
pub use payload::{EventPayload, Payload};
pub use typed::{into_hook, into_pipe};

/// Hooks that may be under way at once. Beyond it new ones are dropped and
/// logged: a hook that never ends must not eat the memory.
const HOOKS_MAX: usize = 10_000;

/// The owner of what the application itself hangs on events.
pub(crate) const OWNER_APPLICATION: &str = "application";

tokio::task_local! {
    /// Set while a chain of pipes runs: a chain inside it must not wait for a
    /// place of its own, or chains could wait for each other for ever.
    static INSIDE_A_CHAIN: ();
}

/// Bounds on pipes.
#[derive(Clone, Copy, Debug)]
pub struct EventLimits {
    /// Chains of pipes that run at once (`plugins.common.maxConcurrentPipes`).
    pub chains_max: usize,
    /// Chains that wait for them (`plugins.common.pipesBufferSize`).
    pub chains_waiting_max: usize,
    /// A slower pipe is logged (`plugins.common.pipeWarnTime`); zero: never.
    pub warn_after: Duration,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            chains_max: 50,
            chains_waiting_max: 50_000,
            warn_after: Duration::from_millis(500),
        }
    }
}

/// The listeners of all events. A clone is another handle to the same ones.
#[derive(Clone, Default)]
pub struct Events(Arc<Inner>);

struct Inner {
    registry: Registry,
    chains: Throttle,
    hooks: Semaphore,
    warn_after: Duration,
}

impl Default for Inner {
    fn default() -> Self {
        Self::new(EventLimits::default())
    }
}

impl Inner {
    fn new(limits: EventLimits) -> Self {
        Self {
            registry: Registry::default(),
            chains: Throttle::new(limits.chains_max, limits.chains_waiting_max),
            hooks: Semaphore::new(HOOKS_MAX),
            warn_after: limits.warn_after,
        }
    }
}

impl Events {
    /// No listeners yet.
    pub fn new(limits: EventLimits) -> Self {
        Self(Arc::new(Inner::new(limits)))
    }

    /// Adds a pipe of `owner` (a plugin's name, or `application`) to an event
    /// or to a pattern: `<scope>:before*`, `<scope>:after*`, `<scope>:*`. The
    /// answer is what `unregister` takes.
    pub fn register_pipe(&self, owner: &str, event: &str, pipe: Pipe) -> String {
        self.0.registry.add(owner, event, Task::Pipe(pipe))
    }

    /// Adds a hook, likewise.
    pub fn register_hook(&self, owner: &str, event: &str, hook: Hook) -> String {
        self.0.registry.add(owner, event, Task::Hook(hook))
    }

    /// Takes a listener away. Chains under way still finish with it.
    pub fn unregister(&self, id: &str) -> Result<(), ApiError> {
        if self.0.registry.remove(id) {
            Ok(())
        } else {
            Err(PLUGIN_RUNTIME_UNKNOWN_PIPE.with([id]))
        }
    }

    /// The names that pipes and hooks of `owner` are registered under.
    pub fn names_of(&self, owner: &str) -> (Vec<String>, Vec<String>) {
        self.0.registry.names_of(owner)
    }

    /// Whether a pipe or hook would see this event; lets callers skip building
    /// a payload for nobody.
    pub fn has_listeners(&self, event: &str) -> bool {
        self.0.registry.has_listeners(event)
    }

    /// Runs the pipes of the event in order, then starts its hooks; the payload
    /// comes back as the last pipe left it. The first error ends the chain.
    pub async fn pipe(&self, event: &str, payload: Payload) -> Result<Payload, ApiError> {
        match self.0.registry.chain(event) {
            // On the heap: most events have no listeners, and their callers
            // should not carry the room for a chain.
            Some(chain) => Box::pin(self.pass(event, &chain, payload, None)).await,
            None => Ok(payload),
        }
    }

    /// The same for an event that carries a request. On an error the request is
    /// what the last pipe that succeeded made of it.
    pub async fn pipe_request(&self, event: &str, request: &mut Request) -> Result<(), ApiError> {
        let Some(chain) = self.0.registry.chain(event) else {
            return Ok(());
        };
        let payload = Payload::Request(Box::new(request.clone()));
        let passed = Box::pin(self.pass(event, &chain, payload, Some(request)));
        passed.await.map(drop)
    }

    /// Starts the hooks of an event that has no pipes.
    pub fn emit(&self, event: &str, payload: Payload) {
        if let Some(chain) = self.0.registry.chain(event) {
            self.start_hooks(&chain.hooks, &payload);
        }
    }

    /// All pipes of a chain, then its hooks. `kept` follows the request that
    /// pipes pass on.
    async fn pass(
        &self,
        event: &str,
        chain: &Chain,
        payload: Payload,
        kept: Option<&mut Request>,
    ) -> Result<Payload, ApiError> {
        let piped = match chain.pipes.is_empty() {
            true => payload,
            false => self.run_chain(event, &chain.pipes, payload, kept).await?,
        };
        self.start_hooks(&chain.hooks, &piped);
        Ok(piped)
    }

    async fn run_chain(
        &self,
        event: &str,
        pipes: &[Arc<Listener>],
        payload: Payload,
        kept: Option<&mut Request>,
    ) -> Result<Payload, ApiError> {
        let is_nested = INSIDE_A_CHAIN.try_with(|()| ()).is_ok();
        let _place = match is_nested {
            true => None,
            false => {
                let place = self.0.chains.enter(|_| ()).await;
                Some(place.map_err(|_| PLUGIN_RUNTIME_TOO_MANY_PIPES.bare())?)
            }
        };
        INSIDE_A_CHAIN
            .scope((), self.run_pipes(event, pipes, payload, kept))
            .await
    }

    async fn run_pipes(
        &self,
        event: &str,
        pipes: &[Arc<Listener>],
        mut payload: Payload,
        mut kept: Option<&mut Request>,
    ) -> Result<Payload, ApiError> {
        for listener in pipes {
            let Task::Pipe(pipe) = &listener.task else {
                continue;
            };
            let started = Instant::now();
            let piped = AssertUnwindSafe(async { pipe(payload).await })
                .catch_unwind()
                .await
                .unwrap_or_else(|panic| Err(unexpected(panic.as_ref())));
            let elapsed = started.elapsed();
            if !self.0.warn_after.is_zero() && elapsed > self.0.warn_after {
                tracing::warn!(event, owner = &*listener.owner, ?elapsed, "slow pipe");
            }
            payload = piped?;
            match (&payload, kept.as_deref_mut()) {
                (_, None) => (),
                (Payload::Request(request), Some(kept)) => kept.clone_from(request),
                (_, Some(_)) => {
                    let message = format!("a pipe on {event} must return the request");
                    return Err(PLUGIN_RUNTIME_UNEXPECTED_ERROR.with([message]));
                }
            }
        }
        Ok(payload)
    }

    fn start_hooks(&self, hooks: &[Arc<Listener>], payload: &Payload) {
        for listener in hooks {
            let events = self.clone();
            let listener = Arc::clone(listener);
            let payload = payload.clone();
            tokio::spawn(async move { events.run_hook(&listener, payload).await });
        }
    }

    async fn run_hook(&self, listener: &Listener, payload: Payload) {
        let Task::Hook(hook) = &listener.task else {
            return;
        };
        let Ok(_place) = self.0.hooks.try_acquire() else {
            tracing::error!(
                event = &*listener.name,
                "too many hooks under way: one dropped"
            );
            return;
        };
        let name = Arc::clone(&listener.name);
        let outcome = AssertUnwindSafe(async { hook(name, payload).await })
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(unexpected(panic.as_ref())));
        if let Err(error) = outcome {
            self.report_hook(listener, &error);
        }
    }

    /// A failing hook is an event of its own, and so is a failing reporter; the
    /// third failure in a row is only logged.
    fn report_hook(&self, listener: &Listener, error: &ApiError) {
        let (event, owner) = (&*listener.name, &*listener.owner);
        tracing::error!(event, owner, %error, "a hook failed");
        let error = error.to_json();
        match event {
            "plugin:hook:loop-error" => (),
            "hook:onError" => self.emit(
                "plugin:hook:loop-error",
                Payload::Json(json!({"error": error, "pluginName": owner})),
            ),
            _ => self.emit(
                "hook:onError",
                Payload::Json(json!({"error": error, "event": event, "pluginName": owner})),
            ),
        }
    }
}

fn unexpected(panic: &(dyn Any + Send)) -> ApiError {
    PLUGIN_RUNTIME_UNEXPECTED_ERROR.with([panic_message(panic)])
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("panic").to_owned()
}
