//! Tables: payloads and what becomes of them, arguments and what readers say.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;
use crate::error::{
    API_PROCESS_OVERLOADED, SERVICES_STORAGE_INCOMPLETE_DELETE, SERVICES_STORAGE_NOT_FOUND,
};

fn connection() -> Arc<Connection> {
    Arc::new(Connection {
        id: Uuid::nil(),
        protocol: "websocket".into(),
        ips: vec!["127.0.0.1".into()],
        headers: Map::new(),
        outbox: None,
    })
}

fn parse(payload: Value, typing: Typing) -> Result<Request, BadPayload> {
    let Value::Object(payload) = payload else {
        panic!("not an object: {payload}");
    };
    Request::from_payload(payload, typing, connection(), None)
}

fn request(payload: Value, typing: Typing) -> Request {
    parse(payload, typing).unwrap()
}

#[test]
fn reserved_keys_leave_the_arguments() {
    let request = request(
        json!({
            "controller": "document", "action": "create", "requestId": "r1", "timestamp": 5,
            "jwt": "t", "volatile": {"a": 1}, "body": {"b": 2}, "index": "i", "_id": "d",
        }),
        Typing::Native,
    );
    assert_eq!(
        (
            &*request.controller,
            &*request.action,
            &*request.id,
            request.timestamp
        ),
        ("document", "create", "r1", 5)
    );
    assert_eq!(request.jwt.as_deref(), Some("t"));
    assert_eq!(request.volatile.map(Value::from), Some(json!({"a": 1})));
    assert_eq!(request.body, Some(json!({"b": 2})));
    let args = json!({"requestId": "r1", "timestamp": 5, "index": "i", "_id": "d"});
    assert_eq!(Value::from(request.args), args);
}

#[test]
fn null_is_absent_and_ids_are_made() {
    let request = request(
        json!({"controller": null, "body": null, "volatile": null, "jwt": null, "requestId": null}),
        Typing::Native,
    );
    assert_eq!((&*request.controller, &*request.action), ("", ""));
    assert!(request.body.is_none() && request.volatile.is_none() && request.jwt.is_none());
    assert!(Uuid::parse_str(&request.id).is_ok());
}

#[test]
fn wrong_envelopes_have_no_error_id_but_the_clients_own() {
    let cases = [
        (
            json!({"requestId": "r", "controller": 1}),
            Some("r"),
            "controller",
        ),
        (json!({"requestId": "r", "action": {}}), Some("r"), "action"),
        (json!({"requestId": "r", "jwt": 1}), Some("r"), "jwt"),
        (json!({"requestId": "r", "body": "text"}), Some("r"), "body"),
        (json!({"requestId": "r", "body": 1}), Some("r"), "body"),
        (
            json!({"requestId": "r", "volatile": []}),
            Some("r"),
            "volatile",
        ),
        (json!({"volatile": "text"}), None, "volatile"),
        (json!({"requestId": 1, "controller": 1}), None, "requestId"),
    ];
    for (payload, request_id, attribute) in cases {
        let bad = parse(payload.clone(), Typing::Native).unwrap_err();
        assert_eq!(bad.request_id.as_deref(), request_id, "{payload}");
        assert_eq!((bad.error.id, bad.error.code), (None, None), "{payload}");
        assert!(
            bad.error.message.contains(attribute),
            "{payload}: {}",
            bad.error.message
        );
    }
}

/// `Ok` as JSON, or `id: props`.
fn outcome<T: Into<Value>>(result: Result<T, ApiError>) -> Value {
    match result {
        Ok(value) => value.into(),
        Err(error) => format!(
            "{}: {}",
            error.id.unwrap_or_default(),
            error.props.join(", ")
        )
        .into(),
    }
}

type Reader = fn(&Request) -> Value;

#[test]
fn readers_of_arguments() {
    use Typing::{Http, Native};
    let missing = "api.assert.missing_argument: x";
    let not_boolean = "api.assert.invalid_type: x, boolean";
    let not_integer = "api.assert.invalid_type: x, integer";
    let string: Reader = |it| outcome(it.string("x"));
    let optional: Reader = |it| outcome(it.optional_string("x"));
    let flag: Reader = |it| outcome(it.flag("x"));
    let integer: Reader = |it| outcome(it.integer("x", 7));
    let array: Reader = |it| outcome(it.optional_array("x"));
    let object: Reader = |it| outcome(it.optional_object("x").map(|it| it.map(Value::from)));
    let list: Reader = |it| outcome(it.list("x"));
    let cases: Vec<(Reader, Typing, Value, Value)> = vec![
        (string, Native, json!({"x": "a"}), json!("a")),
        (string, Native, json!({"x": ""}), json!("")),
        (string, Native, json!({}), json!(missing)),
        (string, Native, json!({"x": null}), json!(missing)),
        (
            string,
            Native,
            json!({"x": 1}),
            json!("api.assert.invalid_type: x, string"),
        ),
        (optional, Native, json!({"x": null}), json!(null)),
        (flag, Http, json!({}), json!(false)),
        (flag, Http, json!({"x": "false"}), json!(true)),
        (flag, Http, json!({"x": ""}), json!(true)),
        (flag, Http, json!({"x": false}), json!(true)),
        (flag, Native, json!({}), json!(false)),
        (flag, Native, json!({"x": null}), json!(false)),
        (flag, Native, json!({"x": true}), json!(true)),
        (flag, Native, json!({"x": false}), json!(false)),
        (flag, Native, json!({"x": "true"}), json!(not_boolean)),
        (flag, Native, json!({"x": 1}), json!(not_boolean)),
        (integer, Native, json!({}), json!(7)),
        (integer, Native, json!({"x": 3}), json!(3)),
        (integer, Native, json!({"x": 3.0}), json!(3)),
        (integer, Native, json!({"x": -2}), json!(-2)),
        (integer, Http, json!({"x": "42"}), json!(42)),
        (integer, Native, json!({"x": "42"}), json!(42)),
        (integer, Native, json!({"x": "4e2"}), json!(400)),
        (integer, Native, json!({"x": 1.5}), json!(not_integer)),
        (integer, Native, json!({"x": "ten"}), json!(not_integer)),
        (integer, Native, json!({"x": "NaN"}), json!(not_integer)),
        (integer, Native, json!({"x": ""}), json!(not_integer)),
        (integer, Native, json!({"x": true}), json!(not_integer)),
        (
            integer,
            Native,
            json!({"x": 9_007_199_254_740_992_u64}),
            json!(not_integer),
        ),
        (array, Native, json!({"x": [1]}), json!([1])),
        (array, Native, json!({}), json!(null)),
        (
            array,
            Native,
            json!({"x": "[1]"}),
            json!("api.assert.invalid_type: x, array"),
        ),
        (array, Http, json!({"x": "[1]"}), json!([1])),
        (
            array,
            Http,
            json!({"x": "a,b"}),
            json!("api.assert.invalid_type: x, array"),
        ),
        (object, Http, json!({"x": "{\"a\":1}"}), json!({"a": 1})),
        (
            object,
            Native,
            json!({"x": []}),
            json!("api.assert.invalid_type: x, object"),
        ),
        (list, Native, json!({"x": ["a"]}), json!(["a"])),
        (list, Native, json!({"x": "a,b"}), json!(["a", "b"])),
        (list, Http, json!({"x": "[\"a\"]"}), json!(["a"])),
        (list, Http, json!({"x": "a"}), json!(["a"])),
        (list, Native, json!({}), json!(null)),
        (
            list,
            Native,
            json!({"x": 1}),
            json!("api.assert.invalid_type: x, array"),
        ),
    ];
    for (number, (read, typing, payload, expected)) in cases.into_iter().enumerate() {
        let found = read(&request(payload.clone(), typing));
        assert_eq!(found, expected, "case {number}: {payload}");
    }
}

#[test]
fn names_may_not_be_empty() {
    let readers: [(&str, Reader); 3] = [
        ("index", |it| outcome(it.index())),
        ("collection", |it| outcome(it.collection())),
        ("_id", |it| outcome(it.id())),
    ];
    for (name, read) in readers {
        let missing = json!(format!("api.assert.missing_argument: {name}"));
        let wrong = json!(format!("api.assert.invalid_type: {name}, string"));
        let cases = [
            (json!({}), &missing),
            (json!({name: ""}), &missing),
            (json!({name: 5}), &wrong),
            (json!({name: "a"}), &json!("a")),
        ];
        for (payload, expected) in cases {
            assert_eq!(
                &read(&request(payload.clone(), Typing::Native)),
                expected,
                "{payload}"
            );
        }
    }
}

#[test]
fn readers_of_the_body() {
    let body: Reader = |it| outcome(it.body_object().cloned());
    let string: Reader = |it| outcome(it.body_string("x"));
    let optional: Reader = |it| outcome(it.optional_body_string("x"));
    let flag: Reader = |it| outcome(it.body_flag("x"));
    let array: Reader = |it| outcome(it.body_array("x").map(<[Value]>::to_vec));
    let object: Reader = |it| outcome(it.body_map("x").cloned());
    let cases: Vec<(Reader, Value, Value)> = vec![
        (body, json!({}), json!("api.assert.body_required: ")),
        (
            body,
            json!({"body": []}),
            json!("api.assert.invalid_type: body, object"),
        ),
        (body, json!({"body": {"a": 1}}), json!({"a": 1})),
        (string, json!({}), json!("api.assert.body_required: ")),
        (
            string,
            json!({"body": {}}),
            json!("api.assert.missing_argument: body.x"),
        ),
        (
            string,
            json!({"body": {"x": 1}}),
            json!("api.assert.invalid_type: body.x, string"),
        ),
        (string, json!({"body": {"x": "a"}}), json!("a")),
        (optional, json!({}), json!(null)),
        (
            optional,
            json!({"body": {"x": 1}}),
            json!("api.assert.invalid_type: body.x, string"),
        ),
        (
            flag,
            json!({"body": {"x": "true"}}),
            json!("api.assert.invalid_type: body.x, boolean"),
        ),
        (flag, json!({"body": {"x": true}}), json!(true)),
        (flag, json!({}), json!(false)),
        (
            array,
            json!({"body": {"x": "[1]"}}),
            json!("api.assert.invalid_type: body.x, array"),
        ),
        (array, json!({"body": {"x": [1]}}), json!([1])),
        (
            object,
            json!({"body": {"x": []}}),
            json!("api.assert.invalid_type: body.x, object"),
        ),
        (object, json!({"body": {"x": {}}}), json!({})),
    ];
    // HTTP typing changes nothing for bodies.
    for typing in [Typing::Native, Typing::Http] {
        for (read, payload, expected) in &cases {
            assert_eq!(
                &read(&request(payload.clone(), typing)),
                expected,
                "{payload}"
            );
        }
    }
}

#[test]
fn refresh_has_two_parsers() {
    let invalid = "services.storage.invalid_argument: refresh, \"wait_for\", false";
    let not_text = "api.assert.invalid_type: refresh, string";
    let cases = [
        (json!({}), json!(false), false),
        (json!({"refresh": "wait_for"}), json!(true), true),
        (json!({"refresh": "false"}), json!(false), false),
        (json!({"refresh": null}), json!(false), false),
        (json!({"refresh": false}), json!(not_text), false),
        (json!({"refresh": true}), json!(not_text), true),
        (json!({"refresh": "yes"}), json!(invalid), true),
        (json!({"refresh": ""}), json!(invalid), true),
    ];
    for (payload, strict, lenient) in cases {
        let request = request(payload.clone(), Typing::Native);
        let waits = |it| it == Refresh::WaitFor;
        assert_eq!(outcome(request.refresh().map(waits)), strict, "{payload}");
        assert_eq!(
            waits(request.refresh_lenient(Refresh::No)),
            lenient,
            "{payload}"
        );
    }
    let absent = request(json!({}), Typing::Native);
    assert_eq!(absent.refresh_lenient(Refresh::WaitFor), Refresh::WaitFor);
}

#[test]
fn answers_have_one_shape() {
    let mut request = request(
        json!({"controller": "document", "action": "get", "index": "i", "requestId": "r",
               "volatile": {"v": 1}}),
        Typing::Native,
    );
    request.outcome.headers.push(("x-shown".into(), "1".into()));
    request
        .outcome
        .hidden_headers
        .push(("x-hidden".into(), "2".into()));
    let expected = json!({
        "action": "get", "controller": "document", "error": null, "headers": {"x-shown": "1"},
        "index": "i", "node": "n", "requestId": "r", "result": null, "status": 200,
        "volatile": {"v": 1},
    });
    let response = Response::of(request.clone(), "n".into());
    assert_eq!(response.content(), expected);
    assert_eq!(response.headers.len(), 2);
    let mut with_room = expected.clone();
    with_room["room"] = "r".into();
    for (room, expected) in [(false, &expected), (true, &with_room)] {
        let bytes = response.to_json_bytes(room);
        assert_eq!(&serde_json::from_slice::<Value>(&bytes).unwrap(), expected);
    }

    request.outcome.result = Some(None);
    let content = Response::of(request.clone(), "n".into()).content();
    assert!(content.get("result").is_none(), "{content}");

    request.outcome.result = Some(Some(json!(["a"])));
    request.outcome.status = Some(201);
    let response = Response::of(request.clone(), "n".into());
    assert_eq!(
        (response.status, &response.content()["result"]),
        (201, &json!(["a"]))
    );

    // An error may stand beside a result, and decides on the status.
    let failed = SERVICES_STORAGE_INCOMPLETE_DELETE
        .bare()
        .listing(vec![json!({"id": "x"})]);
    request.outcome.error = Some(failed);
    let response = Response::of(request.clone(), "n".into());
    let content = response.content();
    assert_eq!((response.status, &content["status"]), (206, &json!(206)));
    assert_eq!(content["result"], json!(["a"]));
    assert_eq!(content["error"]["count"], json!(1));
    assert_eq!(
        content["error"]["message"],
        json!("some deletions failed: %s")
    );

    request.outcome.error = None;
    request.outcome.raw = true;
    let response = Response::of(request, "n".into());
    assert_eq!(response.content(), json!(["a"]));
    assert_eq!(response.to_json_bytes(true), b"[\"a\"]");
}

#[test]
fn what_is_no_request_is_answered_too() {
    let response = Response::failure("n", "r".into(), &API_PROCESS_OVERLOADED.bare());
    let content = response.content();
    assert_eq!(response.status, 503);
    assert_eq!(
        (&content["controller"], &content["action"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(content["error"]["id"], json!("api.process.overloaded"));
    assert_eq!(content["error"]["code"], json!(33_685_506));
    assert!(content.get("index").is_none());
}

#[test]
fn requests_travel_as_json() {
    let mut here = request(
        json!({"controller": "c", "action": "a", "x": 1, "body": {"b": 1}}),
        Typing::Native,
    );
    here.outcome.result = Some(Some(json!("old")));
    here.outcome.error = Some(SERVICES_STORAGE_NOT_FOUND.with(["d", "i", "c"]));
    let mut there = here.to_json();
    assert_eq!(there["input"]["body"], json!({"b": 1}));
    assert_eq!(
        there["output"]["error"]["id"],
        json!("services.storage.not_found")
    );
    assert_eq!(there["context"]["user"]["_id"], json!("-1"));

    there["input"]["args"]["x"] = json!(2);
    there["input"]["body"] = json!(null);
    there["output"]["result"] = json!({"new": true});
    there["output"]["error"] = json!(null);
    there["output"]["headers"] = json!({"x-a": "1"});
    here.update_from_json(&there).unwrap();
    assert_eq!(
        (here.args["x"].clone(), here.body.clone()),
        (json!(2), None)
    );
    assert_eq!(here.outcome.result, Some(Some(json!({"new": true}))));
    assert!(here.outcome.error.is_none());
    assert_eq!(here.outcome.headers, [("x-a".into(), "1".into())]);

    let before = here.args.clone();
    assert!(
        here.update_from_json(&json!({"input": {"args": 5}}))
            .is_err()
    );
    assert_eq!(here.args, before);
}
