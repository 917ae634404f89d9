//! Plays one scenario over one transport.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::Host;
use crate::call::{Call, HttpRequest, Message};
use crate::client::{Client, FENCE};
use crate::expected;
use crate::harness::{Http, PATIENCE};
use crate::in_process::Event;
use crate::notified;
use crate::pattern::{Bindings, check, fill};
use crate::received::Received;
use crate::report;
use crate::scenario::{Scenario, Step, Transport, verb_of};
use crate::tables::Tables;

pub struct Run<'a> {
    host: &'a Host,
    tables: &'a Tables,
    transport: Transport,
    bindings: Bindings,
    /// Of the transport under test, when it is HTTP, and of preparations.
    http: Http,
    /// By name; the one of the transport under test is `me`.
    clients: BTreeMap<String, Client>,
    /// Whether clients are there to be notified, so that every step must look.
    is_watched: bool,
    has_fence: bool,
    fence: u64,
}

/// Plays the scenario to its end or its first failure.
pub fn play(
    scenario: &Scenario,
    transport: Transport,
    host: &Host,
    tables: &Tables,
) -> Result<(), String> {
    let index = format!("{}-{}", scenario.slug, transport.name());
    let mut bindings = tables.patterns.clone();
    bindings.insert("index".to_owned(), json!(index));
    bindings.insert("collection".to_owned(), json!("things"));
    let is_watched = |it: &Step| {
        ["subscribe", "notified", "as", "connect"]
            .iter()
            .any(|key| it.contains_key(*key))
    };
    let mut run = Run {
        host,
        tables,
        transport,
        bindings,
        http: Http::connect(host.port()),
        clients: BTreeMap::new(),
        is_watched: scenario.steps.iter().any(is_watched),
        has_fence: scenario.has_fence,
        fence: 0,
    };
    for (number, step) in scenario.steps.iter().enumerate() {
        let over = Transport::among(step.get("over"));
        if over.contains(&transport) {
            run.step(step, number + 1)
                .map_err(|it| format!("step {}: {it}", number + 1))?;
        }
    }
    Ok(())
}

/// Whether the action of the step has a second route that could serve it.
pub fn has_alternative(step: &Step, tables: &Tables) -> bool {
    if !step.contains_key("call") || step.contains_key("as") {
        return false;
    }
    // Names that are not bound yet stand for themselves: they are texts all the same.
    let call = Call::new(step, tables, [json!("i"), json!("c")], String::new());
    call.has_alternative(tables)
}

/// Whether the step is done over the transport under test.
pub fn is_of_a_transport(step: &Step) -> bool {
    step.contains_key("call") && !step.contains_key("as")
}

impl Run<'_> {
    fn step(&mut self, step: &Step, number: usize) -> Result<(), String> {
        let index = self.bindings["index"].as_str().unwrap();
        let request_id = format!("{index}-step-{number}");
        self.bindings
            .insert("requestId".to_owned(), json!(request_id));
        let mut origin = Map::new();
        match verb_of(step).unwrap() {
            "given" => self.given(step)?,
            "call" => origin = self.call(step, request_id)?,
            "subscribe" => origin = self.subscribe(step, request_id)?,
            "http" => self.raw_http(step)?,
            "send" => self.raw_websocket(step)?,
            "connect" => self.connect(step)?,
            "disconnect" => drop(self.clients.remove(step["disconnect"].as_str().unwrap())),
            _ => unreachable!(),
        }
        if self.is_watched {
            self.check_notifications(step, &origin)?;
        }
        Ok(())
    }

    fn index(&self) -> Value {
        self.bindings["index"].clone()
    }

    fn collection(&self) -> Value {
        self.bindings["collection"].clone()
    }

    // --- preparations ---

    /// `given: { id: content, … }`: the collection holds these documents.
    fn given(&mut self, step: &Step) -> Result<(), String> {
        let mappings = step.get("mappings").cloned().unwrap_or(json!({}));
        let mut place = json!({ "index": self.index(), "collection": self.collection() });
        if let Some(at) = step.get("at") {
            let at = fill(at, &self.bindings);
            place = json!({ "index": at[0], "collection": at[1] });
        }
        let body = json!({ "mappings": mappings });
        self.prepare("collection", "create", &place, json!({ "body": body }))?;
        let documents = fill(&step["given"], &self.bindings);
        for (id, body) in documents.as_object().unwrap() {
            let with = json!({ "_id": id, "body": body });
            self.prepare("document", "create", &place, with)?;
        }
        self.prepare("collection", "refresh", &place, json!({}))
    }

    fn prepare(
        &mut self,
        controller: &str,
        action: &str,
        place: &Value,
        with: Value,
    ) -> Result<(), String> {
        let mut request = json!({ "controller": controller, "action": action });
        for (key, value) in place
            .as_object()
            .unwrap()
            .iter()
            .chain(with.as_object().unwrap())
        {
            request[key] = value.clone();
        }
        let headers = [("Content-Type", "application/json")];
        let body = request.to_string();
        let answer = self.http.call("POST", "/_query", &headers, body.as_bytes());
        match answer.status {
            200 => Ok(()),
            _ => Err(format!("preparation failed: {request}\n{}", answer.text())),
        }
    }

    fn connect(&mut self, step: &Step) -> Result<(), String> {
        let headers = fill(step.get("headers").unwrap_or(&json!({})), &self.bindings);
        let headers: Vec<_> = headers
            .as_object()
            .unwrap()
            .iter()
            // Header names of a handshake must live for ever; there are few.
            .map(|(name, value)| (&*name.clone().leak(), value.as_str().unwrap()))
            .collect();
        self.client_with(step["connect"].as_str().unwrap(), &headers)
            .map(|_| ())
    }

    fn client(&mut self, name: &str) -> Result<&mut Client, String> {
        self.client_with(name, &[])
    }

    fn client_with(
        &mut self,
        name: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<&mut Client, String> {
        if !self.clients.contains_key(name) {
            let mut client = Client::connect(self.host.port(), headers);
            if self.has_fence && self.is_watched && name != "me" {
                let (index, collection) = (self.index(), self.collection());
                client
                    .subscribe_to_fences(index.as_str().unwrap(), collection.as_str().unwrap())?;
            }
            self.clients.insert(name.to_owned(), client);
        }
        Ok(self.clients.get_mut(name).unwrap())
    }

    // --- calls ---

    /// Calls an action and checks its answer; returns what notifications of it must
    /// say of their origin.
    fn call(&mut self, step: &Step, request_id: String) -> Result<Map<String, Value>, String> {
        let filled = self.fill_request(step);
        let place = [self.index(), self.collection()];
        let call = Call::new(&filled, self.tables, place, request_id);
        let transport = match step.get("as") {
            Some(_) => Transport::WebSocket,
            None => self.transport,
        };
        let message = call.message(transport, self.tables);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let checked = self.try_call(step, &call, &message);
            match checked {
                Err(_) if step.contains_key("eventually") && Instant::now() < deadline => {}
                _ => break checked.map_err(|it| format!("({}) {it}", call.name))?,
            }
        }
        self.check_events(step, &call, &message)?;
        let (controller, _) = call.controller_and_action();
        let protocol = match message {
            Message::WebSocket(_) => "websocket",
            Message::Http(_) => "http",
        };
        let mut origin = Map::new();
        origin.insert("requestId".to_owned(), call.request_id.clone());
        origin.insert("controller".to_owned(), json!(controller));
        origin.insert("protocol".to_owned(), json!(protocol));
        let volatile = call.with.get("volatile").cloned();
        origin.insert("volatile".to_owned(), volatile.unwrap_or(Value::Null));
        for (key, value) in [("index", call.index()), ("collection", call.collection())] {
            if let Some(value) = value {
                origin.insert(key.to_owned(), value.clone());
            }
        }
        Ok(origin)
    }

    /// What is sent is filled in before; what is expected, as late as possible.
    fn fill_request(&self, step: &Step) -> Step {
        let mut filled = step.clone();
        for key in ["with", "at"] {
            if let Some(value) = filled.get_mut(key) {
                *value = fill(value, &self.bindings);
            }
        }
        filled
    }

    fn try_call(&mut self, step: &Step, call: &Call, message: &Message) -> Result<(), String> {
        let received = match message {
            Message::WebSocket(request) => {
                let name = step.get("as").and_then(Value::as_str).unwrap_or("me");
                Received::message(self.client(name)?.call(request)?)
            }
            Message::Http(request) => self.send(request)?,
        };
        if let Some(raw) = step.get("raw") {
            let mut expected = fill(raw, &self.bindings);
            if matches!(message, Message::WebSocket(_)) && expected.is_object() {
                expected["room"] = call.request_id.clone();
            }
            return self.compare(&message.describe(), &expected, &received, step);
        }
        let mut expected = expected::envelope(step, call, self.tables, &self.bindings);
        if matches!(message, Message::WebSocket(_)) && expected.get("room").is_none() {
            expected["room"] = call.request_id.clone();
        }
        if received.status.is_some() {
            let status = received.status.map(Value::from);
            if status.as_ref() != Some(&received.body["status"]) {
                return Err(format!(
                    "the HTTP status is {:?}, the envelope says {}",
                    received.status, received.body
                ));
            }
            self.check_http_headers(call, message, &received)?;
        }
        self.compare(&message.describe(), &expected, &received, step)
    }

    fn check_http_headers(
        &self,
        call: &Call,
        message: &Message,
        received: &Received,
    ) -> Result<(), String> {
        let mut expected = json!({
            "content-type": "<starts application/json>",
            "x-kuzzle-node": "<node>",
            "x-kuzzle-request-id": "<text>",
        });
        if let Message::Http(request) = message
            && request.path != "/_query"
        {
            expected["x-kuzzle-request-id"] = call.request_id.clone();
        }
        received.check_headers(&message.describe(), &expected)
    }

    /// The events of the call, in their order.
    fn check_events(&mut self, step: &Step, call: &Call, message: &Message) -> Result<(), String> {
        let Some(expected) = expected::events(step, message, &self.bindings) else {
            return Ok(());
        };
        let recorder = self.host.recorder().expect("events are seen in process");
        let got = recorder.take(call.request_id.as_str().unwrap());
        let events = expected.as_array().unwrap().iter();
        let carries: Vec<_> = events.filter_map(Value::as_object).collect();
        // Payloads are compared only where the scenario wrote one down.
        let shown = |event: &Event| {
            let is_written = carries.iter().any(|it| it.contains_key(&event.name));
            match is_written {
                true => json!({ event.name.as_str(): event.payload }),
                false => json!(event.name),
            }
        };
        let got: Value = got.iter().map(shown).collect();
        self.check(&message.describe(), &expected, &got)
            .map_err(|it| format!("({}) events: {it}", call.name))
    }

    /// Subscribes a client and gives a name to the channel: `$room`, and `$room.id`
    /// for the room itself.
    fn subscribe(&mut self, step: &Step, request_id: String) -> Result<Map<String, Value>, String> {
        let room = step["room"].as_str().unwrap();
        let mut with = step.get("with").cloned().unwrap_or(json!({}));
        with["body"] = step["subscribe"].clone();
        let suffix = notified::channel_suffix(&with);
        let mut step = step.clone();
        step.insert("call".to_owned(), json!("realtime:subscribe"));
        step.insert("with".to_owned(), with);
        step.insert(
            "result".to_owned(),
            json!({
                "roomId": format!("<hex64 = {room}.id>"),
                "channel": format!("<text = {room}>"),
            }),
        );
        let origin = self.call(&step, request_id)?;
        let id = self.bindings[&format!("{room}.id")].as_str().unwrap();
        let channel = self.bindings[room].as_str().unwrap();
        if channel != format!("{id}-{suffix}") {
            return Err(format!("the channel is {channel}, not {id}-{suffix}"));
        }
        Ok(origin)
    }

    // --- HTTP ---

    fn send(&mut self, request: &HttpRequest) -> Result<Received, String> {
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let (verb, path) = (&request.verb, &request.path);
        let answer = self.http.call(verb, path, &headers, &request.body);
        if answer.header("connection") == Some("close") {
            self.http = Http::connect(self.host.port());
        }
        Ok(Received::from(answer))
    }

    /// `http: "VERB /path"` with `headers` and `body`, as they are.
    fn raw_http(&mut self, step: &Step) -> Result<(), String> {
        let filled = |key: &str| step.get(key).map(|it| fill(it, &self.bindings));
        let line = filled("http").unwrap();
        let (verb, path) = line.as_str().unwrap().split_once(' ').unwrap();
        let headers = filled("headers").unwrap_or(json!({}));
        let headers = headers.as_object().unwrap();
        let mut request = HttpRequest {
            verb: verb.to_owned(),
            path: path.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: Vec::new(),
        };
        match filled("body") {
            Some(Value::String(text)) => request.body = text.into_bytes(),
            Some(json) => request.body = json.to_string().into_bytes(),
            None => {}
        }
        // A connection of its own: some of these make the server close it.
        self.http = Http::connect(self.host.port());
        let received = self.send(&request)?;
        self.http = Http::connect(self.host.port());
        let described = request.describe();
        let status = step.get("status").cloned().unwrap_or(json!(200));
        let expected = json!({ "status": status });
        let mut wanted = expected;
        let mut got = json!({ "status": received.status });
        if let Some(answer) = step.get("answer") {
            wanted["body"] = expected::answer(answer, self.tables, &self.bindings);
            got["body"] = received.body.clone();
        }
        if let Some(text) = step.get("text") {
            wanted["text"] = text.clone();
            got["text"] = json!(received.text);
        }
        self.check(&described, &wanted, &got)?;
        match step.get("answer_headers") {
            Some(expected) => {
                let expected = fill(expected, &self.bindings);
                received.check_headers(&described, &expected)
            }
            None => Ok(()),
        }
    }

    // --- WebSocket ---

    /// `send: "text"` from a client, and the next message it gets.
    fn raw_websocket(&mut self, step: &Step) -> Result<(), String> {
        let text = match fill(&step["send"], &self.bindings) {
            Value::String(text) => text,
            json => json.to_string(),
        };
        let name = step.get("as").and_then(Value::as_str).unwrap_or("me");
        if step["answer"] == "<nothing>" {
            self.client(name)?.send(&text);
            return Ok(());
        }
        let got = self.client(name)?.exchange(&text)?;
        let expected = expected::answer(&step["answer"], self.tables, &self.bindings);
        self.check(&text, &expected, &got)
    }

    // --- comparisons ---

    fn compare(
        &mut self,
        described: &str,
        expected: &Value,
        received: &Received,
        step: &Step,
    ) -> Result<(), String> {
        self.check(described, expected, &received.body)?;
        match step.get("answer_headers") {
            Some(headers) if received.status.is_some() => {
                let headers = fill(headers, &self.bindings);
                received.check_headers(described, &headers)
            }
            _ => Ok(()),
        }
    }

    fn check(&mut self, described: &str, expected: &Value, got: &Value) -> Result<(), String> {
        check(expected, got, &mut self.bindings)
            .map_err(|it| report::mismatch(described, expected, got, &it))
    }

    /// Each client got what the step says, and nothing else.
    fn check_notifications(
        &mut self,
        step: &Step,
        origin: &Map<String, Value>,
    ) -> Result<(), String> {
        if self.has_fence {
            self.fence += 1;
            let place = json!({ "index": self.index(), "collection": self.collection() });
            let body = json!({ FENCE: self.fence });
            self.prepare("realtime", "publish", &place, json!({ "body": body }))?;
        }
        let written = step.get("notified").cloned().unwrap_or(json!({}));
        let written = written.as_object().unwrap();
        for name in written.keys() {
            self.client(name)?;
        }
        let place = [self.index(), self.collection()];
        let names: Vec<_> = self.clients.keys().cloned().collect();
        for name in names {
            let written = written.get(&name).cloned().unwrap_or(json!([]));
            let written = fill(&written, &self.bindings);
            let expected: Vec<_> = written
                .as_array()
                .unwrap()
                .iter()
                .map(|it| notified::pattern(it, origin, &place))
                .collect();
            let fence = Some(self.fence).filter(|_| self.has_fence && name != "me");
            let client = self.clients.get_mut(&name).unwrap();
            let got = client.notifications(expected.len(), fence)?;
            notified::compare(&expected, &got, &mut self.bindings)
                .map_err(|it| format!("{name} was notified otherwise: {it}"))?;
        }
        Ok(())
    }
}
