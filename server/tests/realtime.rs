//! Live queries against the running server: the main job end to end, and what
//! only shows when many do it at once.

mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use serde_json::{Value, json};

use harness::{Server, WebSocket};

const PLACE: &str = "/city/taxis";

fn server() -> Server {
    let server = Server::start();
    let body = json!({});
    assert_eq!(server.put(PLACE, &body).status, 200);
    server
}

fn subscribe(client: &mut WebSocket, filter: Value, more: Value) -> String {
    let mut request = json!({
        "controller": "realtime",
        "action": "subscribe",
        "index": "city",
        "collection": "taxis",
        "body": filter,
    });
    for (key, value) in more.as_object().expect("an object") {
        request[key] = value.clone();
    }
    let result = client.result(request);
    let channel = result["channel"].as_str();
    channel.expect("subscribed").to_owned()
}

/// What a client was told up to the message that ends the test: the names of the
/// filters, by document and scope.
fn told_until_the_end(client: &mut WebSocket) -> Vec<Value> {
    let mut told = Vec::new();
    loop {
        let notification = client.notification();
        if notification["result"]["_source"]["end"] == true {
            return told;
        }
        told.push(notification);
    }
}

#[test]
fn each_filter_is_told_of_its_documents_and_of_no_others() {
    let server = server();
    let mut client = server.websocket();
    let filters = [
        ("everything", json!({})),
        ("lily", json!({ "equals": { "driver": "Lily" } })),
        (
            "large",
            json!({ "range": { "seats": { "gte": 4, "lt": 9 } } }),
        ),
        (
            "vowel",
            json!({ "regexp": { "driver": { "value": "^[aeiou]", "flags": "i" } } }),
        ),
        (
            "near",
            json!({ "geoDistance": { "at": { "lat": 48.8566, "lon": 2.3522 }, "distance": "2km" } }),
        ),
        (
            "free and near",
            json!({ "and": [
            { "equals": { "free": true } },
            { "geoBoundingBox": { "at": { "top": 49, "left": 2, "bottom": 48, "right": 3 } } },
        ] }),
        ),
        (
            "unknown",
            json!({ "not": { "exists": { "field": "driver" } } }),
        ),
        ("by id", json!({ "ids": { "values": ["t2", "t9"] } })),
    ];
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for (name, filter) in filters {
        names.insert(subscribe(&mut client, filter, json!({})), name);
    }

    let lily = json!({
        "driver": "Lily", "seats": 4, "free": true, "at": { "lat": 48.853, "lon": 2.349 },
    });
    let ann =
        json!({ "driver": "Ann", "seats": 9, "free": true, "at": { "lat": 43.29, "lon": 5.37 } });
    let steps = [
        (
            "POST",
            "/t1/_create",
            lily,
            "in everything, free and near, large, lily, near",
        ),
        ("POST", "/t2/_create", ann, "in by id, everything, vowel"),
        (
            "PATCH",
            "/t1/_update",
            json!({ "free": false }),
            "in everything, large, lily, near; out free and near",
        ),
        (
            "PATCH",
            "/t1/_update",
            json!({ "at": null, "seats": 3 }),
            "in everything, lily; out large, near",
        ),
        (
            "PUT",
            "/t2/_replace",
            json!({ "seats": 5 }),
            "in by id, everything, large, unknown; out vowel",
        ),
        (
            "POST",
            "/t3/_create",
            json!({ "seats": 99 }),
            "in everything, unknown",
        ),
        (
            "DELETE",
            "/t2",
            json!({}),
            "out by id, everything, large, unknown",
        ),
        ("DELETE", "/t1", json!({}), "out everything, lily"),
    ];
    for (verb, path, body, expected) in steps {
        let answer = server.send_json(verb, &format!("{PLACE}{path}"), &body);
        assert_eq!(answer.status, 200, "{verb} {path}: {}", answer.text());
        // A message goes to all, and comes after whatever the write told.
        server.post(&format!("{PLACE}/_publish"), &json!({ "end": true }));
        let told = told_until_the_end(&mut client);
        let names_of = |scope: &str| {
            let told = told.iter().filter(|it| it["scope"] == scope);
            let names: BTreeSet<&str> =
                told.map(|it| names[it["room"].as_str().unwrap()]).collect();
            let names: Vec<&str> = names.into_iter().collect();
            match names.is_empty() {
                true => String::new(),
                false => format!("{scope} {}", names.join(", ")),
            }
        };
        let both: Vec<String> = [names_of("in"), names_of("out")]
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect();
        assert_eq!(both.join("; "), expected, "{verb} {path}");
        // The end itself also came to the unknown.
        assert_eq!(client.notification()["result"]["_source"]["end"], true);
    }
}

#[test]
fn versions_of_a_document_arrive_in_order_whoever_writes_it() {
    const WRITERS: usize = 8;
    const WRITES: usize = 60;
    let server = server();
    let mut client = server.websocket();
    subscribe(&mut client, json!({}), json!({}));
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let server = &server;
            scope.spawn(move || {
                let mut http = server.http();
                for i in 0..WRITES {
                    let path = format!("{PLACE}/d{}", i % 3);
                    let body = json!({ "writer": writer, "i": i }).to_string();
                    let headers = [("Content-Type", "application/json")];
                    let answer = http.call("PUT", &path, &headers, body.as_bytes());
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
    });
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..WRITERS * WRITES {
        let told = client.notification();
        let id = told["result"]["_id"].as_str().unwrap().to_owned();
        let last = versions.entry(id).or_default();
        assert_eq!(told["result"]["_version"], *last + 1);
        *last += 1;
    }
    let total: u64 = versions.values().sum();
    assert_eq!(total, (WRITERS * WRITES) as u64);
}

#[test]
fn counts_of_subscribers_arrive_in_order() {
    const COMERS: u64 = 30;
    let server = server();
    let mut watcher = server.websocket();
    subscribe(&mut watcher, json!({}), json!({ "users": "all" }));
    thread::scope(|scope| {
        for _ in 0..COMERS {
            let server = &server;
            scope.spawn(move || {
                let mut client = server.websocket();
                subscribe(&mut client, json!({}), json!({}));
            });
        }
    });
    let (mut count, mut came, mut went) = (1, 0, 0);
    while came + went < 2 * COMERS {
        let told = watcher.notification();
        match told["user"].as_str().unwrap() {
            "in" => (count, came) = (count + 1, came + 1),
            _ => (count, went) = (count - 1, went + 1),
        }
        assert_eq!(told["result"]["count"], count);
    }
    assert_eq!((count, came, went), (1, COMERS, COMERS));
}

#[test]
fn thousands_of_subscriptions_come_and_go() {
    const SUBSCRIPTIONS: usize = 3000;
    let server = server();
    let mut client = server.websocket();
    let mut ids = Vec::new();
    for i in 0..SUBSCRIPTIONS {
        ids.push(client.send_query(json!({
            "controller": "realtime", "action": "subscribe", "index": "city",
            "collection": "taxis", "body": { "equals": { "number": i } },
        })));
    }
    let rooms: BTreeSet<String> = ids
        .iter()
        .map(|it| {
            client.reply(it)["result"]["roomId"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(rooms.len(), SUBSCRIPTIONS);
    for number in [0, 1234, SUBSCRIPTIONS - 1] {
        let path = format!("{PLACE}/_publish");
        server.post(&path, &json!({ "number": number }));
        let told = client.notification();
        assert_eq!(told["result"]["_source"]["number"], number);
    }
    drop(client);
    let mut other = server.websocket();
    let list = json!({ "controller": "realtime", "action": "list" });
    while other.result(list.clone()) != json!({}) {}
}
