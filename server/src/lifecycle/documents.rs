//! The generic events of the document controller: one event for all actions that
//! read, write, update or delete, whatever their shape.
//!
//! Before the action its documents are taken out of the request, piped, and put
//! back; after it those of the result. Two things happen even when nobody
//! listens, since clients see them: items of many-fold writes lose the keys that
//! mean nothing, and ids beside the body are brought into one form. What is
//! missing or misshapen stays as it is, for the action to refuse.

use std::mem;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::error::{ApiError, PLUGIN_RUNTIME_UNEXPECTED_ERROR};
use crate::events::Payload;
use crate::request::Request;

const ID: &str = "_id";
const SOURCE: &str = "_source";

/// The documents of an action: the name of their events, where they are in the
/// request, where in the result.
struct Documents {
    before: Option<&'static str>,
    given: Given,
    after: &'static str,
    found: Found,
}

/// Documents in a request.
#[derive(Clone, Copy)]
enum Given {
    /// None that could be told before.
    Nothing,
    /// `_id`.
    Id,
    /// `_id` and the body.
    Body,
    /// `_id` and this part of the body.
    Part(&'static str),
    /// Ids in the body.
    Ids,
    /// Ids in the body or beside it.
    IdsAnywhere,
    /// Items of the body, with their content under this key.
    Items(&'static str),
}

/// Documents in a result.
#[derive(Clone, Copy)]
enum Found {
    /// The result is one.
    Result,
    /// The result says whether it exists.
    Existence,
    /// `successes` are documents.
    Successes,
    /// `successes` are ids.
    SuccessIds,
    /// A list under this key.
    Listed(&'static str),
}

const GET: (&str, &str) = ("generic:document:beforeGet", "generic:document:afterGet");
const WRITE: (&str, &str) = (
    "generic:document:beforeWrite",
    "generic:document:afterWrite",
);
const UPDATE: (&str, &str) = (
    "generic:document:beforeUpdate",
    "generic:document:afterUpdate",
);
const DELETE: (&str, &str) = (
    "generic:document:beforeDelete",
    "generic:document:afterDelete",
);

fn documents_of(request: &Request) -> Option<Documents> {
    if request.controller != "document" {
        return None;
    }
    let (events, given, found) = match request.action.as_str() {
        "get" => (GET, Given::Id, Found::Result),
        "exists" => (GET, Given::Id, Found::Existence),
        "mGet" => (GET, Given::IdsAnywhere, Found::Successes),
        "mExists" => (GET, Given::IdsAnywhere, Found::SuccessIds),
        "search" => (GET, Given::Nothing, Found::Listed("hits")),
        "create" | "createOrReplace" | "replace" => (WRITE, Given::Body, Found::Result),
        "mCreate" | "mCreateOrReplace" | "mReplace" => {
            (WRITE, Given::Items("body"), Found::Successes)
        }
        "update" => (UPDATE, Given::Body, Found::Result),
        "upsert" => (UPDATE, Given::Part("changes"), Found::Result),
        "deleteFields" => (UPDATE, Given::Part("fields"), Found::Result),
        "mUpdate" => (UPDATE, Given::Items("body"), Found::Successes),
        "mUpsert" => (UPDATE, Given::Items("changes"), Found::Successes),
        "updateByQuery" => (UPDATE, Given::Nothing, Found::Successes),
        "delete" => (DELETE, Given::Id, Found::Result),
        "deleteByQuery" => (DELETE, Given::Nothing, Found::Listed("documents")),
        "mDelete" => (DELETE, Given::Ids, Found::SuccessIds),
        _ => return None,
    };
    Some(Documents {
        before: (!matches!(given, Given::Nothing)).then_some(events.0),
        given,
        after: events.1,
        found,
    })
}

/// `generic:document:before*`. Other controllers pass untouched.
pub(super) async fn before(app: &App, request: &mut Request) -> Result<(), ApiError> {
    let Some(documents) = documents_of(request) else {
        return Ok(());
    };
    bring_into_form(request, documents.given)?;
    let Some(event) = documents.before.filter(|it| app.events.has_listeners(it)) else {
        return Ok(());
    };
    if let Some(given) = extract(request, documents.given) {
        let piped = pipe(app, request, event, given).await?;
        put_back(request, documents.given, piped);
    }
    Ok(())
}

/// `generic:document:after*`. Other controllers pass untouched.
pub(super) async fn after(app: &App, request: &mut Request) -> Result<(), ApiError> {
    let Some(documents) = documents_of(request) else {
        return Ok(());
    };
    if !app.events.has_listeners(documents.after) {
        return Ok(());
    }
    if let Some(found) = extract_found(request, documents.found) {
        let piped = pipe(app, request, documents.after, found).await?;
        put_found_back(request, documents.found, piped);
    }
    Ok(())
}

async fn pipe(
    app: &App,
    request: &Request,
    event: &str,
    documents: Vec<Value>,
) -> Result<Vec<Value>, ApiError> {
    let payload = Payload::Documents {
        documents,
        request: Arc::new(request.clone()),
    };
    match app.events.pipe(event, payload).await? {
        Payload::Documents { documents, .. } => Ok(documents),
        _ => Err(PLUGIN_RUNTIME_UNEXPECTED_ERROR
            .with([format!("a pipe on {event} must return the documents")])),
    }
}

/// What clients see of the way through these events, with listeners or without.
fn bring_into_form(request: &mut Request, given: Given) -> Result<(), ApiError> {
    match given {
        Given::Items(content) => {
            let documents = body_mut(request).and_then(|it| it.get_mut("documents"));
            match documents {
                Some(Value::Array(items)) => {
                    for item in items.iter_mut().filter_map(Value::as_object_mut) {
                        let is_upsert = content == "changes";
                        item.retain(|key, _| {
                            key == ID || key == content || (is_upsert && key == "default")
                        });
                    }
                }
                Some(documents @ Value::Object(_)) => *documents = json!([]),
                _ => (),
            }
        }
        Given::IdsAnywhere => {
            let body = request.body.as_ref().and_then(|it| it.get("ids"));
            let is_listed = matches!(body, Some(Value::Array(ids)) if !ids.is_empty());
            let is_unreadable = body.is_some_and(|it| !it.is_array() && !it.is_null());
            if is_listed || is_unreadable {
                return Ok(());
            }
            let ids = request.list("ids")?;
            match (ids, body.is_some()) {
                (Some(ids), true) => set_body(request, "ids", ids.into()),
                (Some(ids), false) => {
                    request.args.insert("ids".into(), ids.into());
                }
                (None, true) => (),
                (None, false) => {
                    request.args.insert("ids".into(), json!([]));
                }
            }
        }
        _ => (),
    }
    Ok(())
}

fn extract(request: &mut Request, given: Given) -> Option<Vec<Value>> {
    let id = request.args.get(ID).cloned();
    let with_id = |source: Option<Value>| {
        let mut document = Map::new();
        document.extend(id.clone().map(|it| (ID.to_owned(), it)));
        document.extend(source.map(|it| (SOURCE.to_owned(), it)));
        Some(vec![document.into()])
    };
    match given {
        Given::Nothing => None,
        Given::Id => with_id(None),
        Given::Body => with_id(request.body.clone()),
        Given::Part(part) => with_id(request.body.as_ref()?.get(part).cloned()),
        Given::Ids => as_documents(request.body.as_ref()?.get("ids")?),
        Given::IdsAnywhere => {
            let in_body = request.body.as_ref().and_then(|it| it.get("ids"));
            as_documents(in_body.or_else(|| request.args.get("ids"))?)
        }
        Given::Items(content) => {
            let items = request.body.as_ref()?.get("documents")?.as_array()?;
            let document = |item: &Value| {
                let mut document = item.as_object().cloned()?;
                rename(&mut document, content, SOURCE);
                Some(document.into())
            };
            items.iter().map(document).collect()
        }
    }
}

fn put_back(request: &mut Request, given: Given, documents: Vec<Value>) {
    let first = documents.first().and_then(Value::as_object);
    match given {
        Given::Nothing => (),
        Given::Id | Given::Body | Given::Part(_) => {
            let Some(document) = first else {
                return;
            };
            if let Some(id) = document.get(ID) {
                request.args.insert(ID.into(), id.clone());
            }
            match (given, document.get(SOURCE)) {
                (Given::Body, Some(source)) => request.body = Some(source.clone()),
                (Given::Part(part), Some(source)) => set_body(request, part, source.clone()),
                _ => (),
            }
        }
        Given::Ids => set_body(request, "ids", ids_of(documents)),
        Given::IdsAnywhere => {
            let in_body = request.body.as_ref().and_then(|it| it.get("ids"));
            match in_body {
                Some(_) => set_body(request, "ids", ids_of(documents)),
                None => {
                    request.args.insert("ids".into(), ids_of(documents));
                }
            }
        }
        Given::Items(content) => {
            let item = |mut document: Value| {
                if let Some(document) = document.as_object_mut() {
                    rename(document, SOURCE, content);
                }
                document
            };
            let items: Vec<Value> = documents.into_iter().map(item).collect();
            set_body(request, "documents", items.into());
        }
    }
}

fn extract_found(request: &mut Request, found: Found) -> Option<Vec<Value>> {
    let id = request.args.get(ID).cloned();
    let result = request.outcome.result.as_ref()?.as_ref()?;
    match found {
        Found::Result => Some(vec![result.clone()]),
        Found::Existence if *result == Value::Bool(true) => Some(vec![true.into()]),
        Found::Existence => Some(vec![json!({ ID: id })]),
        Found::Successes => result.get("successes")?.as_array().cloned(),
        Found::SuccessIds => as_documents(result.get("successes")?),
        Found::Listed(key) => result.get(key)?.as_array().cloned(),
    }
}

fn put_found_back(request: &mut Request, found: Found, mut documents: Vec<Value>) {
    let Some(Some(result)) = &mut request.outcome.result else {
        return;
    };
    match found {
        Found::Result => {
            if let Some(document) = documents.first_mut() {
                *result = mem::take(document);
            }
        }
        // Whether a document exists is not for pipes to say.
        Found::Existence => (),
        Found::Successes => result["successes"] = documents.into(),
        Found::SuccessIds => result["successes"] = ids_of(documents),
        Found::Listed(key) => result[key] = documents.into(),
    }
}

fn as_documents(ids: &Value) -> Option<Vec<Value>> {
    let ids = ids.as_array()?.iter();
    Some(ids.map(|id| json!({ ID: id })).collect())
}

fn ids_of(documents: Vec<Value>) -> Value {
    let id = |mut document: Value| document[ID].take();
    documents
        .into_iter()
        .filter(Value::is_object)
        .map(id)
        .collect()
}

fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = object.shift_remove(from) {
        object.insert(to.into(), value);
    }
}

fn body_mut(request: &mut Request) -> Option<&mut Map<String, Value>> {
    request.body.as_mut()?.as_object_mut()
}

fn set_body(request: &mut Request, key: &str, value: Value) {
    let body = request.body.get_or_insert_with(|| json!({}));
    if let Some(body) = body.as_object_mut() {
        body.insert(key.into(), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;
    use uuid::Uuid;

    use super::*;
    use crate::connection::Connection;
    use crate::request::Typing;

    fn request(action: &str, rest: Value) -> Request {
        let Value::Object(mut payload) = rest else {
            panic!("{rest}");
        };
        payload.insert("controller".into(), "document".into());
        payload.insert("action".into(), action.into());
        let connection = Connection {
            id: Uuid::new_v4(),
            protocol: "websocket".into(),
            ips: Vec::new(),
            headers: Map::new(),
            outbox: None,
        };
        Request::from_payload(payload, Typing::Native, Arc::new(connection), None).unwrap()
    }

    fn formed(action: &str, rest: Value) -> Request {
        let mut request = request(action, rest);
        let given = documents_of(&request).unwrap().given;
        bring_into_form(&mut request, given).unwrap();
        request
    }

    #[test]
    fn items_are_reduced_and_ids_take_one_form() {
        let cases = [
            (
                "mCreate",
                json!({ "body": { "documents": [{ "_id": "a", "body": 1, "x": 2 }, 3, null] } }),
                json!({ "documents": [{ "_id": "a", "body": 1 }, 3, null] }),
                Value::Null,
            ),
            (
                "mUpsert",
                json!({ "body": { "documents": [{ "changes": 1, "default": 2, "body": 3 }] } }),
                json!({ "documents": [{ "changes": 1, "default": 2 }] }),
                Value::Null,
            ),
            (
                "mUpdate",
                json!({ "body": { "documents": {} } }),
                json!({ "documents": [] }),
                Value::Null,
            ),
            ("mCreate", json!({ "body": {} }), json!({}), Value::Null),
            ("mCreate", json!({}), Value::Null, Value::Null),
            ("mGet", json!({}), Value::Null, json!([])),
            ("mGet", json!({ "body": {} }), json!({}), json!([])),
            (
                "mGet",
                json!({ "body": { "ids": [] } }),
                json!({ "ids": [] }),
                Value::Null,
            ),
            (
                "mGet",
                json!({ "body": { "ids": [] }, "ids": "a,b" }),
                json!({ "ids": ["a", "b"] }),
                json!("a,b"),
            ),
            (
                "mExists",
                json!({ "ids": "a,b" }),
                Value::Null,
                json!(["a", "b"]),
            ),
            (
                "mExists",
                json!({ "ids": ["a"], "body": { "ids": ["b"] } }),
                json!({ "ids": ["b"] }),
                json!(["a"]),
            ),
            (
                "mExists",
                json!({ "body": { "ids": "b" } }),
                json!({ "ids": "b" }),
                Value::Null,
            ),
        ];
        for (action, given, body, ids) in cases {
            let request = formed(action, given.clone());
            assert_eq!(request.body.unwrap_or_default(), body, "{action} {given}");
            let found = request.args.get("ids").cloned().unwrap_or_default();
            assert_eq!(found, ids, "{action} {given}");
        }
    }

    /// What pipes see of a request, and what becomes of it when they return
    /// other documents.
    #[test]
    fn documents_come_out_of_requests_and_go_back() {
        let changed = |mut document: Value| {
            document["_id"] = "new".into();
            if document.get(SOURCE).is_some() {
                document[SOURCE] = json!({ "new": true });
            }
            document
        };
        let new = json!({ "new": true });
        let cases = [
            (
                "get",
                json!({ "_id": "a" }),
                json!([{ "_id": "a" }]),
                json!({ "_id": "new" }),
                Value::Null,
            ),
            (
                "create",
                json!({ "body": { "n": 1 } }),
                json!([{ "_source": { "n": 1 } }]),
                json!({ "_id": "new" }),
                new.clone(),
            ),
            (
                "update",
                json!({ "_id": "a", "body": { "n": 1 } }),
                json!([{ "_id": "a", "_source": { "n": 1 } }]),
                json!({ "_id": "new" }),
                new.clone(),
            ),
            (
                "upsert",
                json!({ "_id": "a", "body": { "changes": { "n": 1 }, "default": {} } }),
                json!([{ "_id": "a", "_source": { "n": 1 } }]),
                json!({ "_id": "new" }),
                json!({ "changes": new, "default": {} }),
            ),
            (
                "mDelete",
                json!({ "body": { "ids": ["a"] } }),
                json!([{ "_id": "a" }]),
                json!({}),
                json!({ "ids": ["new"] }),
            ),
            (
                "mGet",
                json!({ "ids": ["a"] }),
                json!([{ "_id": "a" }]),
                json!({ "ids": ["new"] }),
                Value::Null,
            ),
            (
                "mReplace",
                json!({ "body": { "documents": [{ "_id": "a", "body": { "n": 1 } }] } }),
                json!([{ "_id": "a", "_source": { "n": 1 } }]),
                json!({}),
                json!({ "documents": [{ "_id": "new", "body": new }] }),
            ),
            (
                "mUpsert",
                json!({ "body": { "documents": [{ "_id": "a", "changes": {}, "default": 1 }] } }),
                json!([{ "_id": "a", "_source": {}, "default": 1 }]),
                json!({}),
                json!({ "documents": [{ "_id": "new", "changes": new, "default": 1 }] }),
            ),
        ];
        for (action, given, documents, args, body) in cases {
            let mut request = request(action, given);
            let given = documents_of(&request).unwrap().given;
            let extracted = extract(&mut request, given).unwrap();
            assert_eq!(json!(extracted), documents, "{action}");
            put_back(
                &mut request,
                given,
                extracted.into_iter().map(changed).collect(),
            );
            assert_eq!(json!(request.args), args, "{action}");
            assert_eq!(request.body.unwrap_or_default(), body, "{action}");
        }
    }

    #[test]
    fn documents_come_out_of_results_and_go_back() {
        let cases = [
            (
                "get",
                json!({ "_id": "a" }),
                json!([{ "_id": "a" }]),
                json!(0),
            ),
            ("exists", json!(true), json!([true]), json!(true)),
            (
                "exists",
                json!(false),
                json!([{ "_id": "a" }]),
                json!(false),
            ),
            (
                "mCreate",
                json!({ "successes": [1], "errors": [2] }),
                json!([1]),
                json!({ "successes": [0], "errors": [2] }),
            ),
            (
                "mDelete",
                json!({ "successes": ["a"], "errors": [] }),
                json!([{ "_id": "a" }]),
                json!({ "successes": [], "errors": [] }),
            ),
            (
                "search",
                json!({ "hits": [1], "total": 1 }),
                json!([1]),
                json!({ "hits": [0], "total": 1 }),
            ),
        ];
        for (action, result, documents, expected) in cases {
            let mut request = request(action, json!({ "_id": "a" }));
            request.outcome.result = Some(Some(result));
            let found = documents_of(&request).unwrap().found;
            let extracted = extract_found(&mut request, found).unwrap();
            assert_eq!(json!(extracted), documents, "{action}");
            put_found_back(&mut request, found, vec![json!(0)]);
            assert_eq!(request.outcome.result, Some(Some(expected)), "{action}");
        }
    }
}
