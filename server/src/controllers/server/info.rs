//! What runs here, on what.
//!
//! `kuzzle.version` is the version of the API, which clients check; the version
//! of this server stands with the application.

use serde_json::{Map, Value, json};

use super::{machine, public_api};
use crate::app::{API_VERSION, App, Route};
use crate::events::OWNER_APPLICATION;

pub(super) fn describe(app: &App) -> Value {
    json!({
        "kuzzle": {
            "api": {"routes": public_api::describe(&app.actions.list())},
            "application": application(app),
            "memoryUsed": machine::memory_used_bytes(),
            "nodeVersion": concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
            "plugins": {},
            "system": {"cpus": machine::processors(), "memory": machine::memory()},
            "uptime": format!("{:.2}s", app.started.elapsed().as_secs_f64()),
            "version": API_VERSION,
        },
        "services": {
            "internalCache": cache(),
            "internalStorage": storage(app),
            "memoryStorage": cache(),
            "publicStorage": storage(app),
        },
    })
}

/// There is no Lucene below: the key `lucene` stays away.
fn storage(app: &App) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let used = machine::folder_bytes(&app.config.server.data_path);
    json!({
        "type": "embedded",
        "version": version,
        "status": "green",
        "spaceUsed": machine::readable(used).to_lowercase() + "b",
        "nodes": {"count": {"total": 1, "master": 1, "data": 1}, "versions": [version]},
    })
}

/// What other servers keep in a cache beside them lives in this process: its
/// memory is the memory of the cache.
fn cache() -> Value {
    json!({
        "type": "embedded",
        "version": env!("CARGO_PKG_VERSION"),
        "mode": "standalone",
        "memoryUsed": machine::readable(machine::memory_used_bytes()),
        "memoryPeak": machine::readable(machine::memory_peak_bytes()),
    })
}

fn application(app: &App) -> Value {
    let (pipes, hooks) = app.events.names_of(OWNER_APPLICATION);
    let mut application = json!({
        "name": app.identity.name,
        "commit": app.identity.commit,
        "controllers": controllers(app),
        "pipes": pipes,
        "hooks": hooks,
    });
    if let Some(version) = &app.identity.version {
        application["version"] = version.as_str().into();
    }
    application
}

fn controllers(app: &App) -> Value {
    let mut controllers = Map::new();
    for action in app.actions.list().iter().filter(|it| it.is_custom) {
        let controller = controllers
            .entry(&*action.controller)
            .or_insert_with(|| json!({"actions": {}}));
        let routes = action.routes.iter().map(route_as_declared);
        controller["actions"][&*action.name] = json!({"http": routes.collect::<Value>()});
    }
    controllers.into()
}

/// Applications declare their routes without the prefix `/_/`.
fn route_as_declared(route: &Route) -> Value {
    let path = route.path.strip_prefix("/_/").unwrap_or(&route.path);
    json!({"path": path, "verb": route.verb.name().to_lowercase()})
}
