//! Who listens to what, and in which order.
//!
//! For `<scope>:beforeX` the order is: exact name, `<scope>:before*`,
//! `<scope>:*`; under one name, order of registration.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ahash::RandomState;
use arc_swap::ArcSwap;
use uuid::Uuid;

use super::Payload;
use crate::error::ApiError;

pub type PipeFuture = Pin<Box<dyn Future<Output = Result<Payload, ApiError>> + Send>>;
pub type HookFuture = Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send>>;
pub type Pipe = Arc<dyn Fn(Payload) -> PipeFuture + Send + Sync>;
/// Gets the name it was registered under (a pattern, for a wildcard) and the
/// payload after all pipes.
pub type Hook = Arc<dyn Fn(Arc<str>, Payload) -> HookFuture + Send + Sync>;

/// One pipe or hook.
pub(super) struct Listener {
    pub(super) id: String,
    pub(super) owner: Arc<str>,
    /// As registered: a name or a pattern.
    pub(super) name: Arc<str>,
    pub(super) task: Task,
}

pub(super) enum Task {
    Pipe(Pipe),
    Hook(Hook),
}

/// Who hears one event, in order.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) pipes: Vec<Arc<Listener>>,
    pub(super) hooks: Vec<Arc<Listener>>,
}

/// All listeners, by scope and then by the last segment of the name they were
/// registered under: most events are settled by one look-up, the others by four.
#[derive(Default)]
pub(super) struct Registry(ArcSwap<Scopes>);

type Scopes = HashMap<Arc<str>, Scope, RandomState>;

/// Each list is in the order of registration; none is empty.
type Scope = HashMap<Arc<str>, Vec<Arc<Listener>>, RandomState>;

impl Registry {
    pub(super) fn add(&self, owner: &str, event: &str, task: Task) -> String {
        let id = Uuid::new_v4().to_string();
        let listener = Arc::new(Listener {
            id: id.clone(),
            owner: owner.into(),
            name: event.into(),
            task,
        });
        let (scope, last) = split(event);
        self.0.rcu(|scopes| {
            let mut scopes = Scopes::clone(scopes);
            let scope = scopes.entry(scope.into()).or_default();
            let listeners = scope.entry(last.into()).or_default();
            listeners.push(Arc::clone(&listener));
            scopes
        });
        id
    }

    /// Whether there was such a listener.
    pub(super) fn remove(&self, id: &str) -> bool {
        let mut found = false;
        self.0.rcu(|scopes| {
            let mut scopes = Scopes::clone(scopes);
            found = false;
            for scope in scopes.values_mut() {
                for listeners in scope.values_mut() {
                    let before = listeners.len();
                    listeners.retain(|it| it.id != id);
                    found |= listeners.len() < before;
                }
                scope.retain(|_, listeners| !listeners.is_empty());
            }
            scopes.retain(|_, scope| !scope.is_empty());
            scopes
        });
        found
    }

    pub(super) fn has_listeners(&self, event: &str) -> bool {
        let scopes = self.0.load();
        let (scope, last) = split(event);
        scopes
            .get(scope)
            .is_some_and(|scope| names_heard(last).any(|name| scope.contains_key(name)))
    }

    /// `None` when nobody listens.
    pub(super) fn chain(&self, event: &str) -> Option<Chain> {
        let scopes = self.0.load();
        let (scope, last) = split(event);
        let scope = scopes.get(scope)?;
        let mut chain = Chain::default();
        for listener in names_heard(last)
            .filter_map(|name| scope.get(name))
            .flatten()
        {
            match listener.task {
                Task::Pipe(_) => chain.pipes.push(Arc::clone(listener)),
                Task::Hook(_) => chain.hooks.push(Arc::clone(listener)),
            }
        }
        Some(chain).filter(|it| !it.pipes.is_empty() || !it.hooks.is_empty())
    }

    /// The names of an owner's pipes and of its hooks, each once.
    pub(super) fn names_of(&self, owner: &str) -> (Vec<String>, Vec<String>) {
        let (mut pipes, mut hooks) = (Vec::new(), Vec::new());
        let scopes = self.0.load();
        for listener in scopes.values().flat_map(HashMap::values).flatten() {
            let names: &mut Vec<String> = match listener.task {
                Task::Pipe(_) => &mut pipes,
                Task::Hook(_) => &mut hooks,
            };
            if &*listener.owner == owner && !names.iter().any(|it| **it == *listener.name) {
                names.push((*listener.name).into());
            }
        }
        pipes.sort();
        hooks.sort();
        (pipes, hooks)
    }
}

/// Everything before the last colon, and what follows it.
fn split(event: &str) -> (&str, &str) {
    event.rsplit_once(':').unwrap_or(("", event))
}

/// The names under which an event whose last segment is `last` is heard, in turn.
fn names_heard(last: &str) -> impl Iterator<Item = &str> {
    let half = ["before", "after"].into_iter().zip(["before*", "after*"]);
    let mut half = half.filter(|(prefix, _)| last.starts_with(prefix));
    let half = half.next().map(|(_, pattern)| pattern);
    [Some(last), half, Some("*")].into_iter().flatten()
}
