//! The table of all actions. It may grow while the server runs: readers see one
//! snapshot or the next and never wait.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;
use arc_swap::ArcSwap;

use super::action::{Action, Verb};
use super::router::Router;
use crate::error::{ApiError, PLUGIN_ASSERT_INVALID_CONTROLLER_DEFINITION};

/// All actions; plugins may add to it while the server runs.
#[derive(Default)]
pub struct Actions(ArcSwap<Table>);

/// What an HTTP request asks for, by its verb and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    pub controller: String,
    pub action: String,
    /// The version since which the route is deprecated.
    pub deprecated: Option<&'static str>,
    /// The values of the placeholders, decoded.
    pub params: Vec<(String, String)>,
}

/// Why there is no such action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFound {
    Controller,
    Action,
}

type Names<T> = HashMap<Arc<str>, T, RandomState>;

#[derive(Clone, Default)]
struct Table {
    /// In the order of registration.
    list: Vec<Arc<Action>>,
    controllers: Names<Names<Arc<Action>>>,
    /// By `Verb as usize`.
    routers: [Router; Verb::ALL.len()],
}

impl Actions {
    /// Adds an action, or says why not and changes nothing.
    pub fn register(&self, action: Action) -> Result<(), ApiError> {
        self.extend([action])
    }

    /// Adds all of them or none.
    pub fn extend(&self, actions: impl IntoIterator<Item = Action>) -> Result<(), ApiError> {
        let actions: Vec<_> = actions.into_iter().map(Arc::new).collect();
        let mut outcome = Ok(());
        self.0.rcu(|table| {
            let mut grown = Table::clone(table);
            outcome = actions.iter().try_for_each(|it| grown.insert(it));
            match outcome {
                Ok(()) => Arc::new(grown),
                Err(_) => Arc::clone(table),
            }
        });
        outcome
    }

    /// The action that this verb and path stand for. Placeholders of the path
    /// come decoded; the query string must already be cut off.
    pub fn route(&self, verb: Verb, path: &str) -> Option<Routed> {
        self.0.load().routers[verb as usize].find(path)
    }

    pub fn find(&self, controller: &str, action: &str) -> Result<Arc<Action>, NotFound> {
        let table = self.0.load();
        let actions = table.controllers.get(controller);
        let found = actions.ok_or(NotFound::Controller)?.get(action);
        found.cloned().ok_or(NotFound::Action)
    }

    /// All actions, in the order of registration.
    pub fn list(&self) -> Vec<Arc<Action>> {
        self.0.load().list.clone()
    }
}

impl Table {
    fn insert(&mut self, action: &Arc<Action>) -> Result<(), ApiError> {
        let actions = self
            .controllers
            .entry(Arc::clone(&action.controller))
            .or_default();
        if action.is_custom && actions.values().any(|it| !it.is_custom) {
            let reason = "the server has a controller of this name".to_owned();
            let name = (*action.controller).to_owned();
            return Err(PLUGIN_ASSERT_INVALID_CONTROLLER_DEFINITION.with([name, reason]));
        }
        let former = actions.insert(Arc::clone(&action.name), Arc::clone(action));
        if former.is_some() {
            return Err(PLUGIN_ASSERT_INVALID_CONTROLLER_DEFINITION.with([
                (*action.controller).to_owned(),
                format!("action {} is already there", action.name),
            ]));
        }
        for route in &action.routes {
            self.routers[route.verb as usize].insert(route, action)?;
        }
        self.list.push(Arc::clone(action));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::action::{action, controller};
    use super::super::{ActionResult, App};
    use super::*;
    use crate::request::Request;

    async fn nothing(_: &App, _: &mut Request) -> ActionResult {
        Ok(None)
    }

    fn table() -> Actions {
        let actions = Actions::default();
        actions
            .extend(controller(
                "document",
                [
                    action("create", nothing)
                        .post("/:index/:collection/_create")
                        .post("/:index/:collection/:_id/_create"),
                    action("get", nothing).get("/:index/:collection/:_id"),
                    action("other", nothing).get("/:a/:b/_other"),
                    action("me", nothing).get("/users/_me"),
                    action("root", nothing).get("/"),
                ],
            ))
            .unwrap();
        actions
    }

    #[test]
    fn paths_lead_to_actions() {
        let actions = table();
        type Expected<'a> = Option<(&'a str, &'a [(&'a str, &'a str)])>;
        let cases: &[(Verb, &str, Expected<'_>)] = &[
            (
                Verb::Get,
                "/i/c/d",
                Some(("get", &[("index", "i"), ("collection", "c"), ("_id", "d")])),
            ),
            // Empty segments and a slash at the end count for nothing.
            (
                Verb::Get,
                "//i///c/d/",
                Some(("get", &[("index", "i"), ("collection", "c"), ("_id", "d")])),
            ),
            (
                Verb::Get,
                "/i%2F/%C3%A9/%5Fother",
                Some(("other", &[("a", "i/"), ("b", "é")])),
            ),
            (Verb::Get, "", Some(("root", &[]))),
            (Verb::Get, "/users/_me", Some(("me", &[]))),
            // No way back from `users` to `:index`.
            (Verb::Get, "/users/c/d", None),
            (
                Verb::Post,
                "/users/c/_create",
                Some(("create", &[("index", "users"), ("collection", "c")])),
            ),
            (
                Verb::Post,
                "/i/c/d/_create",
                Some((
                    "create",
                    &[("index", "i"), ("collection", "c"), ("_id", "d")],
                )),
            ),
            // `_create` is written out, so there is nothing below it.
            (Verb::Post, "/i/c/_create/_create", None),
            (Verb::Get, "/i/c", None),
            (Verb::Get, "/a/b/c/d/e", None),
            (Verb::Head, "/", None),
            (Verb::Get, "/i/c/%FF", None),
        ];
        for (verb, path, expected) in cases {
            let expected = expected.map(|(action, params)| Routed {
                controller: "document".into(),
                action: action.into(),
                deprecated: None,
                params: params
                    .iter()
                    .map(|(k, v)| ((*k).into(), (*v).into()))
                    .collect(),
            });
            assert_eq!(actions.route(*verb, path), expected, "{verb:?} {path}");
        }
    }

    #[test]
    fn what_is_taken_is_refused_and_changes_nothing() {
        let actions = table();
        let twice = controller(
            "new",
            [
                action("fine", nothing).get("/fine"),
                action("taken", nothing).get("/:x/:y/:z"),
            ],
        );
        let error = actions.extend(twice).unwrap_err();
        assert_eq!(error.id.as_deref(), Some("network.http.duplicate_url"));
        assert_eq!(actions.route(Verb::Get, "/fine"), None);
        assert_eq!(
            actions.find("new", "fine").err(),
            Some(NotFound::Controller)
        );

        let error = actions.extend(controller("document", [action("get", nothing)]));
        let id = error.unwrap_err().id;
        assert_eq!(
            id.as_deref(),
            Some("plugin.assert.invalid_controller_definition")
        );
        assert_eq!(actions.find("document", "no").err(), Some(NotFound::Action));
    }

    #[test]
    fn events_are_named_after_the_action() {
        let action = Arc::clone(&table().list()[1]);
        assert_eq!(&*action.events.before, "document:beforeGet");
        assert_eq!(&*action.events.error, "document:errorGet");
    }
}
