//! The table of actions as SDKs read it: controllers and routes in order, since
//! they choose a route by its position.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::app::{Action, Route};

/// `{<controller>: {<action>: {action, controller, http?}}}`
pub(super) fn describe(actions: &[Arc<Action>]) -> Value {
    let mut controllers = Map::new();
    for action in actions {
        let mut entry = json!({"action": &*action.name, "controller": &*action.controller});
        if !action.routes.is_empty() {
            entry["http"] = action.routes.iter().map(describe_route).collect();
        }
        let controller = controllers
            .entry(&*action.controller)
            .or_insert_with(|| json!({}));
        controller[&*action.name] = entry;
    }
    controllers.into()
}

fn describe_route(route: &Route) -> Value {
    json!({"path": route.path, "url": route.path, "verb": route.verb.name()})
}
