//! A call of an action, and its form in each transport.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::scenario::{Step, Transport};
use crate::tables::Tables;

pub struct Call {
    /// `controller:action`.
    pub name: String,
    /// Index and collection, as far as the call names them.
    pub at: Vec<Value>,
    /// Arguments, body and the other root keys.
    pub with: Map<String, Value>,
    pub request_id: Value,
}

/// What goes over the wire.
pub enum Message {
    WebSocket(Value),
    Http(HttpRequest),
}

pub struct HttpRequest {
    pub verb: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What RFC 3986 lets stand in a segment and in a query alike.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Root keys that travel in headers or in the body over HTTP.
const NOT_IN_QUERY: [&str; 4] = ["body", "jwt", "volatile", "requestId"];

impl Call {
    /// Reads a step whose names are filled in. `place` is where the call goes unless
    /// the step says otherwise.
    pub fn new(step: &Step, tables: &Tables, place: [Value; 2], request_id: String) -> Self {
        let name = step["call"].as_str().unwrap().to_owned();
        let with = step.get("with").map(|it| it.as_object().unwrap().clone());
        let with = with.unwrap_or_default();
        let places = tables.action(&name).map_or(0, |it| it.at.len());
        let at = match step.get("at") {
            Some(at) => at.as_array().unwrap().clone(),
            None => place[..places].to_vec(),
        };
        let request_id = with.get("requestId").cloned().unwrap_or(json!(request_id));
        Self {
            name,
            at,
            with,
            request_id,
        }
    }

    pub fn controller_and_action(&self) -> (&str, &str) {
        self.name.split_once(':').unwrap()
    }

    pub fn index(&self) -> Option<&Value> {
        self.at.first()
    }

    pub fn collection(&self) -> Option<&Value> {
        self.at.get(1)
    }

    /// The request as one object.
    pub fn native(&self) -> Value {
        let (controller, action) = self.controller_and_action();
        let mut request = json!({ "controller": controller, "action": action });
        if let Some(index) = self.index() {
            request["index"] = index.clone();
        }
        if let Some(collection) = self.collection() {
            request["collection"] = collection.clone();
        }
        request["requestId"] = self.request_id.clone();
        for (key, value) in &self.with {
            request[key] = value.clone();
        }
        request
    }

    pub fn message(&self, transport: Transport, tables: &Tables) -> Message {
        let routed = match transport {
            Transport::WebSocket => return Message::WebSocket(self.native()),
            Transport::Http => self.routed(0, tables),
            Transport::HttpAlternative => self.routed(1, tables),
            Transport::Query => None,
        };
        Message::Http(routed.unwrap_or_else(|| self.query()))
    }

    /// Whether the second route of the action would be another one than the first.
    pub fn has_alternative(&self, tables: &Tables) -> bool {
        self.routes(tables).len() > 1
    }

    /// `POST /_query`. A root flag that is there counts as true, so false ones stay away.
    fn query(&self) -> HttpRequest {
        let mut payload = self.native();
        let source_is_boolean = self.source_is_boolean();
        payload
            .as_object_mut()
            .unwrap()
            .retain(|key, value| *value != json!(false) || (key == "source" && source_is_boolean));
        HttpRequest {
            verb: "POST".to_owned(),
            path: "/_query".to_owned(),
            headers: vec![content_type()],
            body: payload.to_string().into_bytes(),
        }
    }

    /// Over a route of its own; `None` if this call cannot be written that way.
    fn routed(&self, choice: usize, tables: &Tables) -> Option<HttpRequest> {
        let routes = self.routes(tables);
        let (verb, path) = routes.get(choice).or(routes.first())?;
        let mut query: Vec<(String, Value)> = Vec::new();
        let in_path = |key: &str| path.split('/').any(|it| it.strip_prefix(':') == Some(key));
        for (key, value) in &self.with {
            if !NOT_IN_QUERY.contains(&key.as_str()) && !in_path(key) {
                query.push((key.clone(), value.clone()));
            }
        }
        let mut body = Vec::new();
        match self.with.get("body") {
            Some(searched) if *verb == "GET" && self.name == "document:search" => {
                query.push(("searchBody".to_owned(), searched.clone()));
            }
            Some(Value::Object(merged)) if *verb == "GET" => query.extend(merged.clone()),
            Some(_) if *verb == "GET" => return None,
            Some(sent) => body = sent.to_string().into_bytes(),
            None => {}
        }
        let mut path = self.path(path);
        let query: Vec<_> = query
            .iter()
            .filter_map(|(key, value)| self.query_parameter(key, value))
            .collect();
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        Some(HttpRequest {
            verb: verb.clone(),
            path,
            headers: self.headers()?,
            body,
        })
    }

    /// Those whose placeholders are all given.
    fn routes<'a>(&self, tables: &'a Tables) -> Vec<&'a (String, String)> {
        let mut routes: Vec<_> = match tables.action(&self.name) {
            Some(action) => action.routes.iter().collect(),
            None => Vec::new(),
        };
        routes.retain(|(_, path)| {
            let names = path.split('/').filter_map(|it| it.strip_prefix(':'));
            names.map(|it| self.argument(it)).all(|it| {
                it.and_then(Value::as_str)
                    .is_some_and(|text| !text.is_empty())
            })
        });
        routes
    }

    fn argument(&self, name: &str) -> Option<&Value> {
        match name {
            "index" => self.index(),
            "collection" => self.collection(),
            _ => self.with.get(name),
        }
    }

    fn path(&self, route: &str) -> String {
        let segments = route.split('/').map(|it| match it.strip_prefix(':') {
            Some(name) => encode(self.argument(name).unwrap().as_str().unwrap()),
            None => it.to_owned(),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// As the JavaScript SDK writes them.
    fn query_parameter(&self, key: &str, value: &Value) -> Option<String> {
        match value {
            Value::Null => None,
            Value::Bool(true) => Some(encode(key)),
            Value::Bool(false) if key == "source" && self.source_is_boolean() => {
                Some("source=false".to_owned())
            }
            Value::Bool(false) => None,
            Value::String(text) => Some(format!("{}={}", encode(key), encode(text))),
            other => Some(format!("{}={}", encode(key), encode(&other.to_string()))),
        }
    }

    /// The only root boolean over HTTP that is read by its value.
    fn source_is_boolean(&self) -> bool {
        self.name == "document:mCreateOrReplace"
    }

    fn headers(&self) -> Option<Vec<(String, String)>> {
        let mut headers = vec![
            content_type(),
            (
                "X-Kuzzle-Request-Id".to_owned(),
                self.request_id.as_str()?.to_owned(),
            ),
        ];
        if let Some(volatile) = self.with.get("volatile").filter(|it| !it.is_null()) {
            headers.push(("X-Kuzzle-Volatile".to_owned(), volatile.to_string()));
        }
        if let Some(jwt) = self.with.get("jwt").filter(|it| !it.is_null()) {
            let bearer = format!("Bearer {}", jwt.as_str()?);
            headers.push(("Authorization".to_owned(), bearer));
        }
        Some(headers)
    }
}

fn content_type() -> (String, String) {
    ("Content-Type".to_owned(), "application/json".to_owned())
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

impl Message {
    /// For reports.
    pub fn describe(&self) -> String {
        match self {
            Self::WebSocket(request) => request.to_string(),
            Self::Http(request) => request.describe(),
        }
    }
}

impl HttpRequest {
    pub fn describe(&self) -> String {
        let mut text = format!("{} {}", self.verb, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!(" [{name}: {value}]"));
        }
        let body = String::from_utf8_lossy(&self.body);
        match body.char_indices().nth(2000) {
            Some((end, _)) => text + " " + &body[..end] + "…",
            None => text + " " + &body,
        }
    }
}
