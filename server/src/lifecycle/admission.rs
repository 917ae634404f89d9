//! May this request begin at all? Steps 1 to 6: nothing here depends on who asks.

use crate::app::{App, State};
use crate::error::{
    API_ASSERT_MISSING_ARGUMENT, API_ASSERT_MUTUALLY_EXCLUSIVE, API_PROCESS_CONNECTION_DROPPED,
    API_PROCESS_OVERLOADED, API_PROCESS_SHUTTING_DOWN, API_PROCESS_UNAUTHORIZED_ORIGIN, ApiError,
    NETWORK_ENTRYPOINT_SHUTTING_DOWN,
};
use crate::request::Request;
use crate::throttle::Place;

/// The place that the request keeps until it is answered.
pub(super) async fn admit<'a>(app: &'a App, request: &Request) -> Result<Place<'a>, ApiError> {
    entry_is_open(app, request)?; // 1
    action_is_named(request)?; // 2
    targets_stand_alone(request)?; // 3
    origin_is_allowed(app, request)?; // 4
    let place = find_place(app).await?; // 5
    client_is_there(request)?; // 6
    Ok(place)
}

fn entry_is_open(app: &App, request: &Request) -> Result<(), ApiError> {
    let is_http = &*request.context.connection.protocol == "http";
    match app.state() {
        State::ShuttingDown if !is_http => Err(NETWORK_ENTRYPOINT_SHUTTING_DOWN.bare()),
        _ => Ok(()),
    }
}

fn action_is_named(request: &Request) -> Result<(), ApiError> {
    let names = [
        ("controller", &request.controller),
        ("action", &request.action),
    ];
    match names.into_iter().find(|(_, it)| it.is_empty()) {
        Some((name, _)) => Err(API_ASSERT_MISSING_ARGUMENT.with([name])),
        None => Ok(()),
    }
}

fn targets_stand_alone(request: &Request) -> Result<(), ApiError> {
    if !request.args.contains_key("targets") {
        return Ok(());
    }
    let targets = request.optional_array("targets")?.unwrap_or_default();
    let is_given = |name: &&str| request.args.get(*name).is_some_and(|it| !it.is_null());
    match ["index", "collection"].into_iter().find(is_given) {
        Some(name) if !targets.is_empty() => {
            Err(API_ASSERT_MUTUALLY_EXCLUSIVE.with([name, "targets"]))
        }
        _ => Ok(()),
    }
}

fn origin_is_allowed(app: &App, request: &Request) -> Result<(), ApiError> {
    let headers = &request.context.connection.headers;
    let origin = headers.get("origin").and_then(serde_json::Value::as_str);
    match origin.filter(|it| !app.config.http.origins.allow(it)) {
        Some(origin) => Err(API_PROCESS_UNAUTHORIZED_ORIGIN.with([origin])),
        None => Ok(()),
    }
}

async fn find_place(app: &App) -> Result<Place<'_>, ApiError> {
    if app.state() == State::ShuttingDown {
        return Err(API_PROCESS_SHUTTING_DOWN.bare());
    }
    let place = app.requests.enter(|waiting| app.notice_waiting(waiting));
    place.await.map_err(|_| API_PROCESS_OVERLOADED.bare())
}

fn client_is_there(request: &Request) -> Result<(), ApiError> {
    let outbox = request.context.connection.outbox.as_ref();
    match outbox.is_some_and(|it| it.is_closed()) {
        true => Err(API_PROCESS_CONNECTION_DROPPED.bare()),
        false => Ok(()),
    }
}
