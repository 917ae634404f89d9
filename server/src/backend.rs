//! The face for people who embed the server: actions, pipes and hooks of an
//! application, then `start`.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::app::{Action, App, Identity, Route, State, Verb};
use crate::config::{Config, ConfigError, Settings};
use crate::connection::Connection;
use crate::controllers;
use crate::error::{ApiError, PLUGIN_ASSERT_INVALID_APPLICATION_NAME};
use crate::events::{EventPayload, Hook, OWNER_APPLICATION, Payload, Pipe, into_hook, into_pipe};
use crate::lifecycle;
use crate::protocols::Port;
use crate::request::{PROTOCOL_INTERNAL, Request, Response, Typing};
use crate::storage::{Embedded, Storage, StoreError};

/// A server to be, with what an application adds to it.
///
/// ```no_run
/// use koncorde_server::{ActionResult, App, Backend, Request, action};
/// use serde_json::json;
///
/// async fn say_hello(_: &App, request: &mut Request) -> ActionResult {
///     let name = request.string("name")?;
///     Ok(Some(json!({"greeting": format!("Hello, {name}")})))
/// }
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Backend::new("my-app")
///     .set("server.port", 7512)
///     .controller("greeting", [action("sayHello", say_hello)]) // GET /_/greeting/say-hello
///     .pipe("document:beforeCreate", async |mut request: Request| {
///         request.args.insert("refresh".into(), json!("wait_for"));
///         Ok(request)
///     })
///     .start()
///     .await?;
/// assert_ne!(server.address().port(), 0);
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Backend {
    identity: Identity,
    settings: Settings,
    /// Used instead of the settings.
    config: Option<Config>,
    storage: Option<Arc<dyn Storage>>,
    actions: Vec<Action>,
    pipes: Vec<(String, Pipe)>,
    hooks: Vec<(String, Hook)>,
}

/// A server that runs.
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    /// Set to true to end the serving task.
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// Why a server did not start.
#[derive(Debug)]
pub enum StartError {
    Config(ConfigError),
    /// Names, controllers and routes of the application.
    Application(ApiError),
    /// The data folder and why it cannot be used.
    Storage(PathBuf, Box<StoreError>),
    /// The address that was to be listened on.
    Listen(io::Error),
    /// A pipe on an event of the start refused it.
    Refused(ApiError),
}

impl Backend {
    /// An application of this name: lower case letters, digits and dashes.
    pub fn new(name: &str) -> Self {
        Self {
            identity: Identity {
                name: name.into(),
                version: None,
                commit: None,
            },
            settings: Settings::default(),
            config: None,
            storage: None,
            actions: Vec::new(),
            pipes: Vec::new(),
            hooks: Vec::new(),
        }
    }

    /// The server on its own, without an application around it.
    pub fn standalone() -> Self {
        Self {
            identity: Identity::own(),
            ..Self::new("")
        }
    }

    /// The application's version, shown by `server:info`.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.identity.version = Some(version.into());
        self
    }

    /// Takes these settings, read and checked already, instead of the defaults
    /// and whatever was `set`.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Keeps documents there instead of in the data folder.
    #[must_use]
    pub fn storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Sets one key, such as `limits.documentsWriteCount`.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings.set(key, value);
        self
    }

    /// Adds a controller. Paths of routes that start with a slash are used as
    /// they are, others come under `/_/`; an action without a route gets
    /// `GET /_/<controller>/<action>`, both in kebab case.
    #[must_use]
    pub fn controller(mut self, name: &str, actions: impl IntoIterator<Item = Action>) -> Self {
        let actions = actions.into_iter().map(|it| custom(name, it));
        self.actions.extend(actions);
        self
    }

    /// Puts a pipe in the way of an event. It takes and returns a [`Request`],
    /// JSON ([`Value`]) or any [`Payload`]; an error refuses the event.
    #[must_use]
    pub fn pipe<P, F, R>(mut self, event: &str, pipe: F) -> Self
    where
        P: EventPayload,
        F: Fn(P) -> R + Send + Sync + 'static,
        R: Future<Output = Result<P, ApiError>> + Send + 'static,
    {
        self.pipes.push((event.into(), into_pipe(event, pipe)));
        self
    }

    /// Lets a function look at an event once all pipes have passed it.
    #[must_use]
    pub fn hook<P, F, R>(mut self, event: &str, hook: F) -> Self
    where
        P: EventPayload,
        F: Fn(P) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), ApiError>> + Send + 'static,
    {
        self.hooks.push((event.into(), into_hook(event, hook)));
        self
    }

    /// Starts everything. What fails leaves nothing running.
    pub async fn start(self) -> Result<Server, StartError> {
        check_name(&self.identity.name)?;
        let config = Arc::new(match self.config {
            Some(config) => config,
            None => checked(&self.settings)?,
        });
        // Whoever comes from now on waits until the server answers.
        let port = Port::open(&config.server)
            .await
            .map_err(StartError::Listen)?;
        let storage = match self.storage {
            Some(storage) => storage,
            None => open_storage(&config).await?,
        };
        let app = Arc::new(App::new(config, storage, self.identity));
        let started = async {
            let actions = controllers::all().chain(self.actions);
            app.actions
                .extend(actions)
                .map_err(StartError::Application)?;
            for (event, pipe) in self.pipes {
                app.events.register_pipe(OWNER_APPLICATION, &event, pipe);
            }
            for (event, hook) in self.hooks {
                app.events.register_hook(OWNER_APPLICATION, &event, hook);
            }
            pass(&app, "kuzzle:state:start").await?;
            controllers::load_specifications(&app)
                .await
                .map_err(StartError::Application)?;
            pass(&app, "kuzzle:start").await?;
            pass(&app, "kuzzle:state:live").await
        };
        if let Err(error) = started.await {
            app.storage.close().await;
            return Err(error);
        }
        let server = Server::serve(app, port);
        if let Err(error) = pass(&server.app, "kuzzle:state:ready").await {
            server.shutdown().await;
            return Err(error);
        }
        server.app.set_state(State::Running);
        Ok(server)
    }
}

fn checked(settings: &Settings) -> Result<Config, StartError> {
    let config = settings.check().map_err(StartError::Config)?;
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(config)
}

/// May take a while: after a crash the data is checked first.
async fn open_storage(config: &Config) -> Result<Arc<dyn Storage>, StartError> {
    let folder = config.server.data_path.clone();
    let failure = |it| StartError::Storage(config.server.data_path.clone(), Box::new(it));
    let settings = config.services.storage_engine.default_settings.clone();
    let opening = tokio::task::spawn_blocking(move || Embedded::open(&folder, settings));
    match opening.await {
        Ok(opened) => Ok(Arc::new(opened.map_err(failure)?)),
        Err(bug) => std::panic::resume_unwind(bug.into_panic()),
    }
}

async fn pass(app: &App, event: &str) -> Result<(), StartError> {
    let passed = app.events.pipe(event, Payload::None).await;
    passed.map(drop).map_err(StartError::Refused)
}

impl Server {
    fn serve(app: Arc<App>, port: Port) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self {
            address: port.address(),
            serving: tokio::spawn(port.serve(Arc::clone(&app), stopped)),
            app,
            stop,
        }
    }

    /// Where it listens: the port is known also when any free one was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What actions see.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Runs an action for the application itself, with all rights; the payload is
    /// that of any request. There are no events unless it says `triggerEvents`.
    pub async fn execute(&self, payload: Map<String, Value>) -> Response {
        let connection = Connection {
            id: Uuid::new_v4(),
            protocol: PROTOCOL_INTERNAL.into(),
            ips: Vec::new(),
            headers: Map::new(),
            outbox: None,
        };
        let request = Request::from_payload(payload, Typing::Native, Arc::new(connection), None);
        match request {
            Ok(request) => lifecycle::execute_internally(&self.app, request).await,
            Err(bad) => {
                let id = bad.request_id.unwrap_or_else(|| Uuid::new_v4().to_string());
                Response::failure(&self.app.node, id, &bad.error)
            }
        }
    }

    /// Fires an event and answers what its pipes make of the payload.
    pub async fn trigger(&self, event: &str, payload: Payload) -> Result<Payload, ApiError> {
        self.app.events.pipe(event, payload).await
    }

    /// Adds a pipe while the server runs; the answer is what `unregister` takes.
    pub fn pipe<P, F, R>(&self, event: &str, pipe: F) -> String
    where
        P: EventPayload,
        F: Fn(P) -> R + Send + Sync + 'static,
        R: Future<Output = Result<P, ApiError>> + Send + 'static,
    {
        let pipe = into_pipe(event, pipe);
        self.app
            .events
            .register_pipe(OWNER_APPLICATION, event, pipe)
    }

    /// Adds a hook while the server runs.
    pub fn hook<P, F, R>(&self, event: &str, hook: F) -> String
    where
        P: EventPayload,
        F: Fn(P) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), ApiError>> + Send + 'static,
    {
        let hook = into_hook(event, hook);
        self.app
            .events
            .register_hook(OWNER_APPLICATION, event, hook)
    }

    /// Takes a pipe or hook away.
    pub fn unregister(&self, id: &str) -> Result<(), ApiError> {
        self.app.events.unregister(id)
    }

    /// Stops: nothing new is accepted, what runs is finished and answered, and
    /// everything acknowledged is on disk.
    pub async fn shutdown(self) {
        let app = self.app;
        app.set_state(State::ShuttingDown);
        if let Err(error) = app.events.pipe("kuzzle:shutdown", Payload::None).await {
            tracing::warn!(%error, "a pipe on kuzzle:shutdown failed");
        }
        app.events.emit("core:shutdown", Payload::None);
        app.requests.drained().await;
        // Nobody listens any more when the task has ended on its own.
        let _ = self.stop.send(true);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "serving ended badly");
        }
        app.storage.close().await;
    }
}

/// An action of an application: its routes get their prefix, or a route at all.
fn custom(controller: &str, action: Action) -> Action {
    let mut action = action.of(controller);
    action.is_custom = true;
    for route in &mut action.routes {
        if !route.path.starts_with('/') {
            route.path.insert_str(0, "/_/");
        }
    }
    if action.routes.is_empty() {
        let path = format!("/_/{}/{}", kebab(controller), kebab(&action.name));
        action = action.route(Route::new(Verb::Get, &path));
    }
    action
}

/// `sayHello` → `say-hello`; blanks and underscores become dashes.
fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && was_lower {
            kebab.push('-');
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        match c {
            '_' => kebab.push('-'),
            c if c.is_whitespace() => kebab.push('-'),
            c => kebab.extend(c.to_lowercase()),
        }
    }
    kebab
}

fn check_name(name: &str) -> Result<(), StartError> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(is_allowed) {
        let error = PLUGIN_ASSERT_INVALID_APPLICATION_NAME.with([name]);
        return Err(StartError::Application(error));
    }
    Ok(())
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Application(error) => write!(f, "the application cannot be used: {error}"),
            Self::Storage(folder, error) => write!(
                f,
                "cannot use the data folder {}: {error} (--data, or server.dataPath, names it)",
                folder.display()
            ),
            Self::Listen(error) => error.fmt(f),
            Self::Refused(error) => write!(f, "a pipe refused the start: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
