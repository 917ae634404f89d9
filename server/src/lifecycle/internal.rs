//! Requests of the application itself: nobody has to admit or authorise them.

use std::sync::Arc;

use super::{act, conclude, find_action, perform, recover};
use crate::app::{Action, App};
use crate::error::{API_PROCESS_FORBIDDEN_EMBEDDED_SDK_ACTION, ApiError};
use crate::request::{Request, Response};

/// Actions of the controller `auth` about the user behind a request: the
/// application is none.
const REFUSED: &[&str] = &[
    "checkRights",
    "createApiKey",
    "createMyCredentials",
    "credentialsExist",
    "deleteApiKey",
    "getCurrentUser",
    "getMyCredentials",
    "getMyRights",
    "getStrategies",
    "logout",
    "refreshToken",
    "searchApiKeys",
    "updateMyCredentials",
    "updateSelf",
    "validateMyCredentials",
];

/// Runs an action for the application itself: no throttle, no rights, and no
/// events unless the request asks for them with `triggerEvents`.
pub(crate) async fn execute_internally(app: &Arc<App>, mut request: Request) -> Response {
    let outcome = run(app, &mut request).await;
    match wants_events(&request) {
        true => conclude(app, &mut request, outcome).await,
        false => request.outcome.error = outcome.err(),
    }
    Response::of(request, Arc::clone(&app.node))
}

async fn run(app: &App, request: &mut Request) -> Result<(), ApiError> {
    let action = find_action(app, request)?;
    if &*action.controller == "auth" && REFUSED.contains(&&*action.name) {
        return Err(refusal(&action));
    }
    if wants_events(request) {
        let outcome = perform(app, &action, request).await;
        return recover(app, &action, request, outcome).await;
    }
    act(app, &action, request).await
}

fn wants_events(request: &Request) -> bool {
    request.args.get("triggerEvents") == Some(&true.into())
}

fn refusal(action: &Action) -> ApiError {
    API_PROCESS_FORBIDDEN_EMBEDDED_SDK_ACTION.with([&*action.controller, &*action.name, ""])
}
