//! The life of a request, one function, one line per step.
//!
//! The numbers are those of the documented order of steps (`docs/api.md`), which
//! clients and plugins can observe: what is checked first decides which error
//! they see, and each event sees what the steps before it made.

mod admission; // may this request begin at all?
mod identity; // who asks, and may they?
mod sdk_version; // is the client made for this API?
mod internal; // requests of the application itself
mod documents; // generic events of the document controller
#[cfg(test)]
mod tests; // the order of steps, and what each refusal leaves

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::json;

use crate::app::{Action, App, NotFound, Verb};
use crate::connection::Connection;
use crate::error::{
    API_PROCESS_ACTION_NOT_FOUND, API_PROCESS_CONTROLLER_NOT_FOUND, ApiError,
    CORE_FATAL_UNEXPECTED_ERROR, PLUGIN_RUNTIME_UNEXPECTED_ERROR,
};
use crate::events::{Payload, panic_message};
use crate::request::{Request, Response};

pub(crate) use internal::execute_internally;

/// Runs a request from admission to answer. Never fails and never panics: every
/// request gets a response, also on a bug.
pub(crate) fn execute(app: &Arc<App>, request: Request) -> impl Future<Output = Response> + use<> {
    let app = Arc::clone(app);
    let id = request.id.clone();
    // On the heap: it is large, and its callers would move it about.
    let life = Box::pin(live(Arc::clone(&app), request));
    async move {
        let lived = AssertUnwindSafe(life).catch_unwind().await;
        lived.unwrap_or_else(|panic| {
            let message = panic_message(panic.as_ref());
            tracing::error!(
                request = id,
                message,
                "a request panicked outside its action"
            );
            let error = CORE_FATAL_UNEXPECTED_ERROR.with([message]);
            Response::failure(&app.node, id, &error)
        })
    }
}

async fn live(app: Arc<App>, mut request: Request) -> Response {
    match admission::admit(&app, &request).await {
        Err(error) => request.outcome.error = Some(error), // 1–6
        Ok(_place) => {
            let outcome = run(&app, &mut request).await; // 7–24
            conclude(&app, &mut request, outcome).await; // 25
        }
    }
    if !app.config.development {
        request.outcome.deprecations.clear();
    }
    log_access(&request); // 26
    Response::of(request, Arc::clone(&app.node))
}

async fn run(app: &App, request: &mut Request) -> Result<(), ApiError> {
    pass(app, "request:beforeExecution", request).await?; // 7
    identity::authenticate(app, request).await?; // 8, 9
    identity::authorise(app, request).await?; // 10, 11
    pass(app, "request:onAuthorized", request).await?; // 12
    // 13: limits of rates belong to profiles, and there are none yet.
    let action = find_action(app, request)?; // 14
    note_deprecated_route(app, request);
    let outcome = perform(app, &action, request).await; // 15–24
    recover(app, &action, request, outcome).await
}

async fn perform(app: &App, action: &Action, request: &mut Request) -> Result<(), ApiError> {
    sdk_version::check(app, request)?; // 16
    pass(app, "request:onExecution", request).await?; // 17
    documents::before(app, request).await?; // 18
    pass(app, &action.events.before, request).await?; // 19
    act(app, action, request).await?; // 20, 21
    pass(app, &action.events.after, request).await?; // 22
    documents::after(app, request).await?; // 23
    pass(app, "request:onSuccess", request).await // 24
}

/// Lets the request pass the pipes of an event.
async fn pass(app: &App, event: &str, request: &mut Request) -> Result<(), ApiError> {
    app.events.pipe_request(event, request).await
}

fn find_action(app: &App, request: &Request) -> Result<Arc<Action>, ApiError> {
    let (controller, action) = (&*request.controller, &*request.action);
    app.actions.find(controller, action).map_err(|it| match it {
        NotFound::Controller => API_PROCESS_CONTROLLER_NOT_FOUND.with([controller]),
        NotFound::Action => API_PROCESS_ACTION_NOT_FOUND.with([controller, action]),
    })
}

/// In development, clients are told that a route will go.
fn note_deprecated_route(app: &App, request: &mut Request) {
    let Some(http) = request.context.http.clone() else {
        return;
    };
    let verb = Verb::from_name(&http.verb).filter(|_| app.config.development);
    let routed = verb.and_then(|verb| app.actions.route(verb, &http.path));
    if let Some(version) = routed.and_then(|it| it.deprecated) {
        let message = format!("the route {} {} is deprecated", http.verb, http.path);
        request.add_deprecation(version, &message);
    }
}

/// Runs the action itself. What it leaves in the outcome stays there when it fails.
async fn act(app: &App, action: &Action, request: &mut Request) -> Result<(), ApiError> {
    let running = AssertUnwindSafe(async { (action.handler)(app, request).await });
    let result = running.catch_unwind().await.unwrap_or_else(|panic| {
        let message = panic_message(panic.as_ref());
        let (controller, name) = (&*action.controller, &*action.name);
        tracing::error!(controller, action = name, message, "an action panicked");
        Err(match action.is_custom {
            true => PLUGIN_RUNTIME_UNEXPECTED_ERROR.with([message]),
            false => CORE_FATAL_UNEXPECTED_ERROR.with([message]),
        })
    })?;
    request.outcome.result = Some(result);
    Ok(())
}

/// The events of a failure. A pipe that clears the error saves the request.
async fn recover(
    app: &App,
    action: &Action,
    request: &mut Request,
    outcome: Result<(), ApiError>,
) -> Result<(), ApiError> {
    let Err(error) = outcome else {
        return Ok(());
    };
    request.outcome.error = Some(error);
    for event in [&action.events.error, "request:onError"] {
        pass(app, event, request).await?;
        if request.outcome.error.is_none() {
            return Ok(());
        }
    }
    request.outcome.error.take().map_or(Ok(()), Err)
}

/// `request:afterExecution`: what its pipes make of the request is the answer.
async fn conclude(app: &App, request: &mut Request, outcome: Result<(), ApiError>) {
    const EVENT: &str = "request:afterExecution";
    let success = outcome.is_ok();
    request.outcome.error = outcome.err();
    if !app.events.has_listeners(EVENT) {
        return;
    }
    let payload = Payload::Execution {
        success,
        request: Box::new(request.clone()),
    };
    match app.events.pipe(EVENT, payload).await {
        Ok(Payload::Execution { request: piped, .. }) => *request = *piped,
        Ok(_) => {
            let message = format!("a pipe on {EVENT} must return the execution");
            request.outcome.error = Some(PLUGIN_RUNTIME_UNEXPECTED_ERROR.with([message]));
        }
        Err(error) => request.outcome.error = Some(error),
    }
}

fn log_access(request: &Request) {
    let status = match &request.outcome.error {
        Some(error) => error.status(),
        None => request.outcome.status.unwrap_or(200),
    };
    tracing::debug!(
        target: "koncorde_server::access",
        protocol = &*request.context.connection.protocol,
        ip = request.context.connection.ips.first(),
        user = request.context.user.id,
        controller = request.controller,
        action = request.action,
        status,
    );
}

/// A client has come.
pub(crate) fn connection_opened(app: &App, connection: &Arc<Connection>) {
    tell_connection(app, "connection:new", connection);
}

/// A client has gone: its subscriptions end.
pub(crate) async fn connection_closed(app: &App, connection: &Arc<Connection>) {
    app.realtime.remove_connection(connection.id).await;
    tell_connection(app, "connection:remove", connection);
}

fn tell_connection(app: &App, event: &str, connection: &Connection) {
    if app.events.has_listeners(event) {
        let payload = json!({
            "id": connection.id.to_string(),
            "protocol": &*connection.protocol,
            "ips": connection.ips,
            "headers": connection.headers,
            "internal": false,
        });
        app.events.emit(event, Payload::Json(payload));
    }
}
