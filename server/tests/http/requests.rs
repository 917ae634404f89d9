//! What a verb, a path, a query, headers and a body mean.

use serde_json::{Value, json};

use crate::harness::Server;

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A request and what its answer holds: pointers into the JSON, with values.
struct Case {
    name: &'static str,
    verb: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
    expected: Value,
}

fn check(server: &Server, case: &Case) {
    let name = case.name;
    let answer = server.call(case.verb, case.path, case.headers, case.body.as_bytes());
    assert_eq!(answer.status, case.status, "{name}: {answer:?}");
    let json = answer.json();
    for (pointer, value) in case.expected.as_object().unwrap() {
        let found = json.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found, value, "{name}: {pointer} in {json}");
    }
}

#[test]
fn requests_come_from_paths_queries_headers_and_bodies() {
    let server = Server::start();
    let cases = [
        Case {
            name: "a route",
            verb: "GET",
            path: "/_now",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/controller": "server", "/action": "now", "/error": null, "/volatile": null }),
        },
        Case {
            name: "slashes too many",
            verb: "GET",
            path: "//_now///?x",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/action": "now" }),
        },
        Case {
            name: "an encoded segment",
            verb: "GET",
            path: "/%5Fnow",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/action": "now" }),
        },
        Case {
            name: "placeholders of the path win over the query",
            verb: "GET",
            path: "/a%2Db/_exists?index=other&collection=c",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/index": "a-b", "/collection": "c", "/result": false }),
        },
        Case {
            name: "a key twice is an array",
            verb: "GET",
            path: "/_now?index=a&index=b&collection=c+d%21",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/index": ["a", "b"], "/collection": "c d!" }),
        },
        Case {
            name: "the query may name another action",
            verb: "GET",
            path: "/_now?controller=auth&action=getCurrentUser",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/controller": "auth", "/result/_id": "-1" }),
        },
        Case {
            name: "a body in the query is no body",
            verb: "GET",
            path: "/_now?body=x",
            headers: &[],
            body: "",
            status: 400,
            expected: json!({ "/error/status": 400, "/error/id": null, "/error/code": null }),
        },
        Case {
            name: "volatile data in the query is no object",
            verb: "GET",
            path: "/_now?volatile=x",
            headers: &[("X-Kuzzle-Volatile", "{}")],
            body: "",
            status: 400,
            expected: json!({ "/error/status": 400, "/error/id": null }),
        },
        Case {
            name: "an id in the query",
            verb: "GET",
            path: "/_now?requestId=q1",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/requestId": "q1" }),
        },
        Case {
            name: "an id in the header wins",
            verb: "GET",
            path: "/_now?requestId=q1",
            headers: &[("x-kuzzle-request-id", "h1")],
            body: "",
            status: 200,
            expected: json!({ "/requestId": "h1" }),
        },
        Case {
            name: "volatile data",
            verb: "GET",
            path: "/_now",
            headers: &[("x-kuzzle-volatile", r#"{"from":"test"}"#)],
            body: "",
            status: 200,
            expected: json!({ "/volatile": { "from": "test" } }),
        },
        Case {
            name: "volatile data that is not JSON",
            verb: "GET",
            path: "/_now",
            headers: &[
                ("X-Kuzzle-Volatile", "{oops"),
                ("X-Kuzzle-Request-Id", "v1"),
            ],
            body: "",
            status: 400,
            expected: json!({ "/error/id": "network.http.volatile_parse_failed", "/requestId": "v1", "/result": null }),
        },
        Case {
            name: "volatile data that is no object",
            verb: "GET",
            path: "/_now",
            headers: &[("X-Kuzzle-Volatile", "[1]")],
            body: "",
            status: 400,
            expected: json!({ "/error/id": null, "/error/status": 400 }),
        },
        Case {
            name: "a whole request in the body",
            verb: "POST",
            path: "/_query",
            headers: &[JSON],
            body: r#"{"controller":"server","action":"now","requestId":"b1","volatile":{"a":1}}"#,
            status: 200,
            expected: json!({ "/action": "now", "/requestId": "b1", "/volatile": { "a": 1 } }),
        },
        Case {
            name: "the id in the header wins over the one in the body",
            verb: "POST",
            path: "/_query/",
            headers: &[
                JSON,
                ("X-Kuzzle-Request-Id", "h2"),
                ("X-Kuzzle-Volatile", r#"{"b":2}"#),
            ],
            body: r#"{"controller":"server","action":"now","requestId":"b1"}"#,
            status: 200,
            expected: json!({ "/requestId": "h2", "/volatile": null }),
        },
        Case {
            name: "a query without body",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: "",
            status: 400,
            expected: json!({ "/error/id": "network.http.unexpected_error", "/result": null }),
        },
        Case {
            name: "a query that is no object",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: "[]",
            status: 400,
            expected: json!({ "/error/id": "network.http.unexpected_error" }),
        },
        Case {
            name: "a query without action",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: "{}",
            status: 400,
            expected: json!({ "/error/id": "api.assert.missing_argument", "/error/props": ["controller"] }),
        },
        Case {
            name: "a query of a wrong type",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: r#"{"controller":"server","action":"now","requestId":"b3","body":5}"#,
            status: 400,
            expected: json!({ "/error/id": null, "/requestId": "b3" }),
        },
        Case {
            name: "an unknown action",
            verb: "POST",
            path: "/_query",
            headers: &[],
            body: r#"{"controller":"server","action":"dance"}"#,
            status: 404,
            expected: json!({ "/error/id": "api.process.action_not_found", "/action": "dance" }),
        },
        Case {
            name: "no route",
            verb: "GET",
            path: "/a/b/c/d/e/?x=1",
            headers: &[],
            body: "",
            status: 404,
            expected: json!({
                "/error/id": "network.http.url_not_found", "/error/props": ["/a/b/c/d/e"],
                "/controller": null, "/action": null, "/result": null,
            }),
        },
        Case {
            name: "nothing special about favicons",
            verb: "GET",
            path: "/favicon.ico/x/y/z",
            headers: &[],
            body: "",
            status: 404,
            expected: json!({ "/error/id": "network.http.url_not_found" }),
        },
        Case {
            name: "a verb without routes",
            verb: "TRACE",
            path: "/_now",
            headers: &[],
            body: "",
            status: 400,
            expected: json!({ "/error/id": "network.http.unsupported_verb", "/error/props": ["TRACE"], "/controller": null }),
        },
        Case {
            name: "any path has options",
            verb: "OPTIONS",
            path: "/any/where",
            headers: &[("Origin", "http://page")],
            body: "",
            status: 200,
            expected: json!({ "/result": {}, "/error": null, "/status": 200 }),
        },
        Case {
            name: "healthy",
            verb: "GET",
            path: "/_healthcheck",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/result": null, "/error": null, "/status": 200, "/controller": null, "/action": null }),
        },
        Case {
            name: "ready",
            verb: "GET",
            path: "/_ready?x=1",
            headers: &[],
            body: "",
            status: 200,
            expected: json!({ "/result": null, "/error": null, "/status": 200 }),
        },
    ];
    for case in &cases {
        check(&server, case);
    }
}
