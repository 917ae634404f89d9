//! An application around the server: an action with a route, a pipe that adds a
//! field to every document, a hook that tells of new clients.
//!
//! ```text
//! cargo run --example greeting
//! curl 'localhost:7512/hello/Ada'
//! curl -X POST 'localhost:7512/nyc/taxis/_create' -d '{"city": "Hue"}'   # stored with "seen": true
//! ```

use koncorde_server::{ActionResult, App, Backend, Request, action};
use serde_json::{Value, json};

/// `GET /hello/:name`
async fn say_hello(_: &App, request: &mut Request) -> ActionResult {
    let name = request.string("name")?;
    Ok(Some(json!({"greeting": format!("Hello, {name}")})))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Backend::new("greeting-app")
        .version("1.0.0")
        .set("server.dataPath", "./greeting-data")
        .controller(
            "greeting",
            [action("sayHello", say_hello).get("/hello/:name")],
        )
        .pipe("document:beforeCreate", async |mut request: Request| {
            if let Some(Value::Object(document)) = &mut request.body {
                document.insert("seen".into(), true.into());
            }
            Ok(request)
        })
        .hook("connection:new", async |connection: Value| {
            eprintln!("a client over {}", connection["protocol"]);
            Ok(())
        })
        .start()
        .await?;
    eprintln!("listening on {}; Ctrl-C stops", server.address());
    tokio::signal::ctrl_c().await?;
    server.shutdown().await;
    Ok(())
}
