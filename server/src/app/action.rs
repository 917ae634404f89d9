//! A line of the table of actions: name, routes, arguments, function.
//!
//! The table feeds HTTP routing, `server:publicApi`, OpenAPI and the docs.
//!
//! ```ignore
//! action("mDelete", m_delete)
//!     .delete("/_mDelete")
//!     .deprecated(Verb::Delete, "/_mdelete", "2.4.0")
//!     .optional(Body, "indexes", "array<string>")
//! ```

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

/// `async fn(&App, &mut Request) -> ActionResult`, as functions of actions are.
pub trait ActionFn<'a>: Fn(&'a App, &'a mut Request) -> Self::Future {
    type Future: Future<Output = ActionResult> + Send + 'a;
}

impl<'a, F, R> ActionFn<'a> for F
where
    F: Fn(&'a App, &'a mut Request) -> R,
    R: Future<Output = ActionResult> + Send + 'a,
{
    type Future = R;
}

pub struct Action {
    pub controller: Arc<str>,
    pub name: Arc<str>,
    /// In the order clients see them: some SDKs choose by position.
    pub routes: Vec<Route>,
    pub arguments: Vec<Argument>,
    pub handler: Handler,
    /// What it does and answers, in a sentence for the docs.
    pub about: &'static str,
    /// Whether an application or a plugin brought it.
    pub is_custom: bool,
    pub events: ActionEvents,
}

/// The names of an action's own events.
#[derive(Clone, Debug)]
pub struct ActionEvents {
    pub before: Arc<str>,
    pub after: Arc<str>,
    pub error: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct Route {
    pub verb: Verb,
    /// With `:name` for placeholders.
    pub path: String,
    /// The version since which it is deprecated.
    pub deprecated: Option<&'static str>,
    /// An OpenAPI operation to show instead of the generated one.
    pub openapi: Option<Value>,
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

impl Verb {
    pub const ALL: [Self; 6] = [
        Self::Get,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Head,
    ];

    /// In capitals, as on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
        }
    }

    /// The verb of an HTTP request; `None` for verbs that no action answers.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

#[derive(Clone, Debug)]
pub struct Argument {
    pub name: String,
    pub place: Place,
    pub required: bool,
    /// For documentation: `string`, `flag`, `integer`, `array<string>`…
    pub kind: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    /// In the path of some routes, in the query of the others.
    PathOrQuery,
    /// A root key; there is no HTTP route.
    Root,
    Body,
}

/// A line of a controller's table, to be completed by the methods below.
pub fn action<F>(name: &str, function: F) -> Action
where
    F: for<'a> ActionFn<'a> + Send + Sync + 'static,
{
    Action::new(
        name,
        Arc::new(move |app, request| Box::pin(function(app, request))),
    )
}

/// The actions of one controller of the server itself.
pub(crate) fn controller(name: &str, actions: impl IntoIterator<Item = Action>) -> Vec<Action> {
    actions.into_iter().map(|it| it.of(name)).collect()
}

impl Action {
    /// An action of no controller yet.
    pub fn new(name: &str, handler: Handler) -> Self {
        Self {
            controller: "".into(),
            name: name.into(),
            routes: Vec::new(),
            arguments: Vec::new(),
            handler,
            about: "",
            is_custom: false,
            events: ActionEvents::of("", name),
        }
    }

    /// The same action, in this controller.
    #[must_use]
    pub fn of(mut self, controller: &str) -> Self {
        self.events = ActionEvents::of(controller, &self.name);
        self.controller = controller.into();
        self
    }

    /// Says what it does and answers, in a sentence for the docs.
    #[must_use]
    pub fn about(mut self, sentence: &'static str) -> Self {
        self.about = sentence;
        self
    }

    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        for name in placeholders(&route.path) {
            let is_known = self.arguments.iter().any(|it| it.name == name);
            if !is_known {
                self.arguments.push(Argument {
                    name: name.into(),
                    place: Place::Path,
                    required: true,
                    kind: "string",
                });
            }
        }
        self.routes.push(route);
        self
    }

    #[must_use]
    pub fn get(self, path: &str) -> Self {
        self.route(Route::new(Verb::Get, path))
    }

    #[must_use]
    pub fn post(self, path: &str) -> Self {
        self.route(Route::new(Verb::Post, path))
    }

    #[must_use]
    pub fn put(self, path: &str) -> Self {
        self.route(Route::new(Verb::Put, path))
    }

    #[must_use]
    pub fn patch(self, path: &str) -> Self {
        self.route(Route::new(Verb::Patch, path))
    }

    #[must_use]
    pub fn delete(self, path: &str) -> Self {
        self.route(Route::new(Verb::Delete, path))
    }

    /// A route that clients should leave, since this version.
    #[must_use]
    pub fn deprecated(self, verb: Verb, path: &str, since: &'static str) -> Self {
        self.route(Route {
            deprecated: Some(since),
            ..Route::new(verb, path)
        })
    }

    /// An argument the action cannot do without.
    #[must_use]
    pub fn required(self, place: Place, name: &str, kind: &'static str) -> Self {
        self.argument(place, name, kind, true)
    }

    #[must_use]
    pub fn optional(self, place: Place, name: &str, kind: &'static str) -> Self {
        self.argument(place, name, kind, false)
    }

    fn argument(mut self, place: Place, name: &str, kind: &'static str, required: bool) -> Self {
        self.arguments
            .retain(|it| it.name != name || it.place != Place::Path);
        self.arguments.push(Argument {
            name: name.into(),
            place,
            required,
            kind,
        });
        self
    }
}

impl Route {
    pub fn new(verb: Verb, path: &str) -> Self {
        Self {
            verb,
            path: path.into(),
            deprecated: None,
            openapi: None,
        }
    }
}

impl ActionEvents {
    /// `<controller>:before<Action>` and so on, with a capital.
    fn of(controller: &str, action: &str) -> Self {
        let mut rest = action.chars();
        let first: String = rest
            .next()
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default();
        let rest = rest.as_str();
        let name = |stage: &str| format!("{controller}:{stage}{first}{rest}").into();
        Self {
            before: name("before"),
            after: name("after"),
            error: name("error"),
        }
    }
}

/// The names after the colons of a path.
pub(super) fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|it| it.strip_prefix(':'))
}
