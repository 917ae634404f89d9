//! The table of actions as an OpenAPI document: Swagger 2.0 for the server's own
//! actions, OpenAPI 3.1 for those of the application.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::app::{API_VERSION, Action, App, Route};

const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The server's own actions.
pub(super) fn of_server(app: &App) -> Value {
    let mut document = json!({"swagger": "2.0"});
    let title = "Koncorde server API";
    let description = "Documents, live queries, users and rights. Compatible with version 2 \
                       of the Kuzzle API.";
    fill(
        &mut document,
        title,
        description,
        Some(API_VERSION),
        &actions(app, false),
    );
    document
}

/// What the application added.
pub(super) fn of_application(app: &App) -> Value {
    let mut document = json!({"openapi": "3.1.0"});
    let identity = &app.identity;
    let title = format!("{} API", identity.name);
    let description = format!("The actions of the application {}.", identity.name);
    let version = identity.version.as_deref();
    fill(
        &mut document,
        &title,
        &description,
        version,
        &actions(app, true),
    );
    document
}

fn actions(app: &App, custom: bool) -> Vec<Arc<Action>> {
    let mut actions = app.actions.list();
    actions.retain(|it| it.is_custom == custom && !it.routes.is_empty());
    actions
}

fn fill(
    document: &mut Value,
    title: &str,
    description: &str,
    version: Option<&str>,
    actions: &[Arc<Action>],
) {
    document["info"] = json!({
        "title": title,
        "description": description,
        "contact": {"name": "koncorde-server", "url": REPOSITORY, "email": ""},
        "license": {"name": env!("CARGO_PKG_LICENSE"), "url": REPOSITORY},
        "version": version.unwrap_or("0.0.0"),
    });
    document["externalDocs"] = json!({"description": "Documentation", "url": REPOSITORY});
    document["tags"] = tags(actions);
    document["schemes"] = json!(["https", "http"]);
    document["paths"] = paths(actions);
}

/// Each controller once.
fn tags(actions: &[Arc<Action>]) -> Value {
    let mut tags = Map::new();
    for action in actions {
        let name = &*action.controller;
        let description = format!("Actions of the controller {name}");
        tags.entry(name)
            .or_insert_with(|| json!({"name": name, "description": description}));
    }
    tags.into_iter().map(|(_, tag)| tag).collect()
}

/// The first route of each path and verb.
fn paths(actions: &[Arc<Action>]) -> Value {
    let mut paths = Map::new();
    for action in actions {
        for route in &action.routes {
            let verbs = paths
                .entry(template(&route.path))
                .or_insert_with(|| json!({}));
            let verb = route.verb.name().to_lowercase();
            if verbs.get(&verb).is_none() {
                verbs[verb] = operation(action, route);
            }
        }
    }
    paths.into()
}

/// `/:index/_list` → `/{index}/_list`
fn template(path: &str) -> String {
    let segments = path.split('/').map(|it| match it.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => it.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

fn operation(action: &Action, route: &Route) -> Value {
    let controller = &*action.controller;
    if let Some(mut written) = route.openapi.clone() {
        written["tags"] = with_tag(written.get("tags"), controller);
        return written;
    }
    let parameters = route.path.split('/').filter_map(|it| it.strip_prefix(':'));
    let parameters = parameters.map(|name| {
        json!({"in": "path", "name": name, "required": true, "schema": {"type": "string"}, "type": "string"})
    });
    let mut operation = json!({
        "description": format!("Controller: {controller}"),
        "summary": format!("Action: {}", action.name),
        "tags": [controller],
        "parameters": parameters.collect::<Value>(),
        "responses": {"200": {"description": "The standard answer, with the result of the action."}},
    });
    if route.deprecated.is_some() {
        operation["deprecated"] = true.into();
    }
    operation
}

/// The tags of the route's own description and the controller.
fn with_tag(tags: Option<&Value>, controller: &str) -> Value {
    let mut tags = tags.and_then(Value::as_array).cloned().unwrap_or_default();
    if !tags.iter().any(|it| it == controller) {
        tags.push(controller.into());
    }
    tags.into()
}
