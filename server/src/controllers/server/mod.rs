//! The server about itself.

mod info; // what runs here, on what
mod machine; // memory and processors, as the system tells them
mod openapi; // the table of actions as an OpenAPI document
mod public_api; // the table of actions as SDKs read it
mod yaml; // JSON as YAML text

use serde_json::{Map, Value, json};

use crate::app::Place::Query;
use crate::app::{Action, ActionResult, App, Verb, action, controller};
use crate::clock;
use crate::error::{API_ASSERT_UNEXPECTED_ARGUMENT, CORE_FATAL_SERVICE_UNAVAILABLE};
use crate::request::Request;

/// What `healthCheck` looks at. The first two live in the process itself: they
/// are there whenever somebody can ask.
const SERVICES: &[&str] = &["internalCache", "memoryStorage", "storageEngine"];

const SERVICES_KIND: &str = "csv(internalCache,memoryStorage,storageEngine)";

pub(super) fn actions() -> Vec<Action> {
    controller(
        "server",
        [
            action("adminExists", admin_exists)
                .about("Whether a user has the profile `admin`. `{exists}`")
                .get("/_adminExists"),
            action("healthCheck", health_check)
                .about(
                    "Whether the parts of the server work; status 500 with an error when one \
                     does not. `{status, services: {<name>: \"green\"|\"red\"}}`",
                )
                .get("/_healthCheck")
                .optional(Query, "services", SERVICES_KIND),
            action("info", server_info)
                .about("What runs here, on what. `{serverInfo: {kuzzle, services}}`")
                .get("/")
                .get("/_serverInfo"),
            action("now", now)
                .about("The server's clock, in milliseconds since 1970. `{now}`")
                .get("/_now"),
            action("publicApi", public_api)
                .about(
                    "All actions and their routes. `{<controller>: {<action>: {action, \
                     controller, http?: [{path, url, verb}]}}}`",
                )
                .deprecated(Verb::Get, "/_publicApi", "2.5.0"),
            action("openapi", openapi)
                .about(
                    "The API as an OpenAPI document, bare: Swagger 2.0 of the server's own \
                     actions, OpenAPI 3.1 of the application's",
                )
                .get("/_openapi")
                .optional(Query, "format", "enum(json,yaml)")
                .optional(Query, "scope", "enum(kuzzle,app)"),
        ],
    )
}

/// There are no accounts, and so no administrator among them.
async fn admin_exists(_: &App, _: &mut Request) -> ActionResult {
    Ok(Some(json!({"exists": false})))
}

async fn health_check(app: &App, request: &mut Request) -> ActionResult {
    let asked = request.list("services")?;
    let is_asked = |name: &str| {
        asked
            .as_ref()
            .is_none_or(|it| it.iter().any(|it| it == name))
    };
    let mut services = Map::new();
    let mut failure = None;
    for name in SERVICES.iter().filter(|it| is_asked(it)) {
        let outcome = match *name {
            "storageEngine" => app.storage.list_indexes().await.map(|_| ()),
            _ => Ok(()),
        };
        services.insert((*name).into(), color(outcome.is_ok()));
        failure = failure.or(outcome.err());
    }
    let result = json!({"status": color(failure.is_none()), "services": services});
    match failure {
        None => Ok(Some(result)),
        Some(cause) => {
            request.outcome.result = Some(Some(result));
            Err(CORE_FATAL_SERVICE_UNAVAILABLE.with([cause.to_string()]))
        }
    }
}

fn color(is_fine: bool) -> Value {
    if is_fine { "green" } else { "red" }.into()
}

async fn server_info(app: &App, _: &mut Request) -> ActionResult {
    Ok(Some(json!({"serverInfo": info::describe(app)})))
}

async fn now(_: &App, _: &mut Request) -> ActionResult {
    Ok(Some(json!({"now": clock::now_ms()})))
}

async fn public_api(app: &App, _: &mut Request) -> ActionResult {
    Ok(Some(public_api::describe(&app.actions.list())))
}

async fn openapi(app: &App, request: &mut Request) -> ActionResult {
    let format = request.optional_string("format")?.unwrap_or("json");
    let scope = request.optional_string("scope")?.unwrap_or("kuzzle");
    let document = match scope {
        "kuzzle" => openapi::of_server(app),
        "app" => openapi::of_application(app),
        _ => return Err(API_ASSERT_UNEXPECTED_ARGUMENT.with([scope, "kuzzle, app"])),
    };
    let document = match format {
        "json" => document,
        "yaml" => yaml::write(&document).into(),
        _ => return Err(API_ASSERT_UNEXPECTED_ARGUMENT.with([format, "json, yaml"])),
    };
    let content_type = ("content-type".into(), format!("application/{format}"));
    request.outcome.hidden_headers.push(content_type);
    request.outcome.raw = true;
    Ok(Some(document))
}
