//! What the server says of itself.

use serde_json::{Value, json};

use super::*;
use crate::app::{API_VERSION, Route, Verb};
use crate::request::HttpContext;

async fn result(app: &Arc<App>, payload: Value) -> Value {
    let (status, content) = answer(app, request(payload.clone())).await;
    assert_eq!(status, 200, "{payload}: {content}");
    content["result"].clone()
}

/// A server with an application's controller.
fn app_with_greeting() -> Arc<App> {
    let app = app();
    let mut hello = action("sayHello", fine)
        .get("/_/greeting/say-hello")
        .of("greeting");
    hello.is_custom = true;
    hello.routes.push(Route {
        openapi: Some(json!({"summary": "written by hand", "tags": ["mine"]})),
        ..Route::new(Verb::Post, "/hello/:name")
    });
    app.actions.register(hello).unwrap();
    app
}

#[tokio::test]
async fn the_time() {
    let before = crate::clock::now_ms();
    let result = result(&app(), json!({"controller": "server", "action": "now"})).await;
    let now = result["now"].as_u64().unwrap();
    assert!(before <= now && now <= crate::clock::now_ms());
}

#[tokio::test]
async fn who_i_am() {
    let app = app();
    let me = result(
        &app,
        json!({"controller": "auth", "action": "getCurrentUser"}),
    )
    .await;
    let source = json!({"name": "Anonymous", "profileIds": ["anonymous"]});
    assert_eq!(
        me,
        json!({"_id": "-1", "_source": source, "strategies": []})
    );
    let admin = result(
        &app,
        json!({"controller": "server", "action": "adminExists"}),
    )
    .await;
    assert_eq!(admin, json!({"exists": false}));
}

#[tokio::test]
async fn the_public_api() {
    let app = app_with_greeting();
    let api = result(&app, json!({"controller": "server", "action": "publicApi"})).await;
    let route = |verb: &str, path: &str| json!({"path": path, "url": path, "verb": verb});
    let m_delete = json!({
        "action": "mDelete", "controller": "index",
        "http": [route("DELETE", "/_mDelete"), route("DELETE", "/_mdelete")],
    });
    assert_eq!(api["index"]["mDelete"], m_delete);
    let hello = json!({
        "action": "sayHello", "controller": "greeting",
        "http": [route("GET", "/_/greeting/say-hello"), route("POST", "/hello/:name")],
    });
    assert_eq!(api["greeting"]["sayHello"], hello);
    // No route, no key.
    let fine = json!({"action": "fine", "controller": "test"});
    assert_eq!(api["test"]["fine"], fine);
    assert_eq!(
        api.as_object().unwrap().keys().next_back().unwrap(),
        "greeting"
    );
}

#[tokio::test]
async fn the_server_info() {
    let app = app_with_greeting();
    changing(&app, "document:beforeCreate", |_| ());
    let info = result(&app, json!({"controller": "server", "action": "info"})).await;
    let kuzzle = &info["serverInfo"]["kuzzle"];
    assert_eq!(kuzzle["version"], json!(API_VERSION));
    assert!(kuzzle["uptime"].as_str().unwrap().ends_with('s'));
    assert!(kuzzle["system"]["cpus"].is_array());
    let http = json!([
        {"path": "greeting/say-hello", "verb": "get"},
        {"path": "/hello/:name", "verb": "post"},
    ]);
    let application = &kuzzle["application"];
    assert_eq!(
        application["controllers"],
        json!({"greeting": {"actions": {"sayHello": {"http": http}}}})
    );
    assert_eq!(application["version"], json!(env!("CARGO_PKG_VERSION")));
    assert_eq!(application["pipes"], json!(["document:beforeCreate"]));
    let api = result(&app, json!({"controller": "server", "action": "publicApi"})).await;
    assert_eq!(kuzzle["api"]["routes"], api);
    for service in [
        "internalCache",
        "internalStorage",
        "memoryStorage",
        "publicStorage",
    ] {
        assert!(
            info["serverInfo"]["services"][service].is_object(),
            "{service}"
        );
    }
    if cfg!(target_os = "linux") {
        assert!(kuzzle["memoryUsed"].as_u64().unwrap() > 1 << 20);
        assert!(!kuzzle["system"]["cpus"].as_array().unwrap().is_empty());
        assert!(kuzzle["system"]["memory"]["total"].as_u64() > kuzzle["memoryUsed"].as_u64());
    }
}

async fn openapi(app: &Arc<App>, arguments: Value) -> Response {
    let mut payload = json!({"controller": "server", "action": "openapi"});
    payload
        .as_object_mut()
        .unwrap()
        .extend(arguments.as_object().unwrap().clone());
    execute(app, request(payload)).await
}

#[tokio::test]
async fn openapi_of_the_server_and_of_the_application() {
    let app = app_with_greeting();
    let server = openapi(&app, json!({})).await;
    assert_eq!(
        server.headers,
        [("content-type".into(), "application/json".into())]
    );
    let server = server.content();
    assert_eq!(
        (&server["swagger"], &server["info"]["version"]),
        (&json!("2.0"), &json!(API_VERSION))
    );
    for key in ["info", "externalDocs", "tags", "schemes", "paths"] {
        assert!(!server[key].is_null(), "{key}");
    }
    let get = &server["paths"]["/{index}/{collection}/_mapping"]["get"];
    assert_eq!(get["tags"], json!(["collection"]));
    assert_eq!(get["parameters"].as_array().unwrap().len(), 2);
    assert!(server["paths"]["/hello/{name}"].is_null());

    let application = openapi(&app, json!({"scope": "app"})).await.content();
    assert_eq!(application["openapi"], json!("3.1.0"));
    let written = &application["paths"]["/hello/{name}"]["post"];
    assert_eq!(
        written,
        &json!({"summary": "written by hand", "tags": ["mine", "greeting"]})
    );
    assert_eq!(application["paths"].as_object().unwrap().len(), 2);
    assert_eq!(application["tags"][0]["name"], json!("greeting"));
}

#[tokio::test]
async fn openapi_as_yaml_and_as_nothing() {
    let app = app();
    let yaml = openapi(&app, json!({"format": "yaml"})).await;
    assert_eq!(
        yaml.headers,
        [("content-type".into(), "application/yaml".into())]
    );
    let text = yaml.content();
    assert!(
        text.as_str()
            .unwrap()
            .starts_with("\"swagger\": \"2.0\"\n\"info\":\n"),
        "{text}"
    );

    for arguments in [json!({"format": "xml"}), json!({"scope": "all"})] {
        let refused = openapi(&app, arguments).await;
        let id = &refused.content()["error"]["id"];
        assert_eq!(
            (refused.status, id),
            (400, &json!("api.assert.unexpected_argument"))
        );
        assert!(refused.headers.is_empty());
    }
}

#[tokio::test]
async fn deprecations_are_told_in_development() {
    for development in [true, false] {
        let mut config = Settings::default().check().unwrap();
        config.development = development;
        let app = app_from(config);
        let mut old = request(json!({"controller": "server", "action": "publicApi"}));
        let http = HttpContext {
            verb: "GET".into(),
            path: "/_publicApi".into(),
            url: "/_publicApi".into(),
        };
        old.context.http = Some(Arc::new(http));
        let (_, content) = answer(&app, old).await;
        let message = "the route GET /_publicApi is deprecated";
        let expected = json!([{"message": message, "version": "2.5.0"}]);
        assert_eq!(
            content.get("deprecations"),
            development.then_some(&expected)
        );
    }
}
