//! Writes of many documents. Each may fail on its own: what can be written is
//! written, and the answer lists what could not be, with reasons.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::metadata::{self, Metadata};
use super::write::{created_or, drop_source, merge, read_retries, whole};
use super::writing::{Writing, updated_fields};
use super::{ID, METADATA, SOURCE};
use crate::app::{ActionResult, App};
use crate::error::{
    API_ASSERT_INVALID_TYPE, API_ASSERT_UNEXPECTED_ARGUMENT,
    API_PROCESS_INCOMPLETE_MULTIPLE_REQUEST, ApiError, SERVICES_STORAGE_WRITE_LIMIT_EXCEEDED,
};
use crate::realtime::DocumentAction;
use crate::request::Request;
use crate::storage::{StoreError, StoreErrorKind, Write, WriteKind, Written};

const ID_NOT_A_STRING: &str = "document _id must be a string";
const NOT_FOUND: &str = "document not found";

/// How each document is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    CreateOrReplace,
    Replace,
    Update,
    Upsert,
}

pub(super) async fn m_create(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::Create).await
}

pub(super) async fn m_create_or_replace(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::CreateOrReplace).await
}

pub(super) async fn m_replace(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::Replace).await
}

pub(super) async fn m_update(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::Update).await
}

pub(super) async fn m_upsert(app: &App, request: &mut Request) -> ActionResult {
    write_all(app, request, Kind::Upsert).await
}

/// An item of the request that can be written.
struct Item {
    id: Option<String>,
    /// As sent, without metadata.
    content: Map<String, Value>,
    /// What an upsert creates, likewise, before the changes.
    default: Map<String, Value>,
}

/// An item that was not written.
struct Failure {
    stage: Stage,
    document: Value,
    reason: String,
    status: u16,
}

/// When a failure is noticed; failures are listed in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// The item itself is wrong.
    Item,
    /// It does not fit what is stored.
    Existence,
    /// There is nothing to update.
    Update,
    /// The storage refuses it.
    Storage,
}

async fn write_all(app: &App, request: &mut Request, kind: Kind) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let is_strict = request.flag("strict")?;
    read_retries(request)?;
    let documents = request.body_array("documents")?;
    check_items(documents, kind)?;
    if documents.len() > app.config.limits.documents_write_count {
        return Err(SERVICES_STORAGE_WRITE_LIMIT_EXCEEDED.bare());
    }

    let mut failures = Vec::new();
    let mut items = Vec::new();
    for document in documents {
        match Item::read(document, kind) {
            Ok(item) => items.push(item),
            Err(failure) => failures.push(failure),
        }
    }
    let metadata = Metadata::of(request);
    let written = write_items(&mut writing, &items, kind, &metadata).await?;
    let mut successes = Vec::new();
    for (item, written) in items.into_iter().zip(written) {
        match written {
            Ok(written) => {
                let success = kind.success(&item, &written, writing.is_silent());
                let action = kind.action(&written);
                writing.note(request, action, &written, || success.clone());
                successes.push(success);
            }
            Err(error) => failures.push(item.failed(kind, error, &metadata)),
        }
    }
    failures.sort_by_key(|it| it.stage);
    let errors = failures.into_iter().map(Failure::into_json).collect();
    if kind == Kind::CreateOrReplace && !wants_source(request)? {
        successes.iter_mut().for_each(drop_source);
    }
    conclude(writing, is_strict, &request.action, successes, errors).await
}

/// The answer. A strict request that failed in part is told so, and nobody is
/// told of its writes.
async fn conclude(
    writing: Writing<'_>,
    is_strict: bool,
    name: &str,
    successes: Vec<Value>,
    errors: Vec<Value>,
) -> ActionResult {
    if is_strict && !errors.is_empty() {
        return Err(API_PROCESS_INCOMPLETE_MULTIPLE_REQUEST
            .with([name])
            .listing(errors));
    }
    writing.tell().await;
    Ok(Some(json!({ "successes": successes, "errors": errors })))
}

/// What makes the whole request wrong.
fn check_items(documents: &[Value], kind: Kind) -> Result<(), ApiError> {
    for (i, document) in documents.iter().enumerate() {
        if document.is_null() {
            let name = format!("body.documents[{i}]");
            return Err(API_ASSERT_INVALID_TYPE.with([name.as_str(), "object"]));
        }
        if document.get(SOURCE).is_some() {
            let name = format!("body.documents.{SOURCE}");
            let known = kind.keys().join(", ");
            return Err(API_ASSERT_UNEXPECTED_ARGUMENT.with([name, known]));
        }
    }
    Ok(())
}

/// Writes all items in order. An id that comes twice in a creation is created
/// and then replaced, unless it was taken before.
async fn write_items(
    writing: &mut Writing<'_>,
    items: &[Item],
    kind: Kind,
    metadata: &Metadata,
) -> Result<Vec<Result<Written, StoreError>>, ApiError> {
    let write = |item: &Item, kind: Kind| Write {
        id: item.id.clone(),
        kind: item.write(kind, metadata),
    };
    let mut seen = HashSet::new();
    let is_again = |item: &Item| match &item.id {
        Some(id) => kind == Kind::Create && !seen.insert(id.clone()),
        None => false,
    };
    let again: Vec<bool> = items.iter().map(is_again).collect();
    let first = items.iter().zip(&again).filter(|(_, again)| !**again);
    let first: Vec<Write> = first.map(|(item, _)| write(item, kind)).collect();
    let mut first = writing.write(first).await?.into_iter();
    if !again.contains(&true) {
        return Ok(first.collect());
    }

    let mut written: Vec<Option<Result<Written, StoreError>>> = again
        .iter()
        .map(|again| if *again { None } else { first.next() })
        .collect();
    let mut second = Vec::new();
    for (i, item) in items.iter().enumerate().filter(|(i, _)| again[*i]) {
        let first = items.iter().position(|it| it.id == item.id);
        match first.and_then(|it| written[it].as_ref()) {
            Some(Err(error)) => written[i] = Some(Err(error.clone())),
            _ => second.push(write(item, Kind::CreateOrReplace)),
        }
    }
    let second = match second.is_empty() {
        true => Vec::new(),
        false => writing.write(second).await?,
    };
    let mut second = second.into_iter();
    let written = written
        .into_iter()
        .filter_map(|it| it.or_else(|| second.next()));
    Ok(written.collect())
}

impl Kind {
    /// The keys of an item.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Upsert => &[ID, "changes", "default"],
            _ => &[ID, "body"],
        }
    }

    fn action(self, written: &Written) -> DocumentAction {
        match self {
            Self::Create => DocumentAction::Create,
            Self::Replace => DocumentAction::Replace,
            Self::Update => DocumentAction::Update,
            Self::CreateOrReplace => created_or(DocumentAction::Replace, written),
            Self::Upsert => created_or(DocumentAction::Update, written),
        }
    }

    /// What the answer, and the notification, say of a document.
    fn success(self, item: &Item, written: &Written, is_silent: bool) -> Value {
        let mut success = whole(&written.document);
        let status = if written.created { 201 } else { 200 };
        success["status"] = status.into();
        if self != Self::Update {
            success["created"] = written.created.into();
        }
        match self {
            Self::Update | Self::Upsert if !written.created && !is_silent => {
                success["_updatedFields"] = json!(updated_fields(&item.content));
            }
            Self::Update | Self::Upsert => (),
            Self::Create | Self::CreateOrReplace | Self::Replace => {
                let result = if written.created {
                    "created"
                } else {
                    "updated"
                };
                success["result"] = result.into();
            }
        }
        success
    }
}

impl Item {
    fn read(document: &Value, kind: Kind) -> Result<Self, Failure> {
        let refuse = |stage, reason: &str| Failure {
            stage,
            document: reduced(document, kind),
            reason: reason.into(),
            status: 400,
        };
        let (content, name) = match kind {
            Kind::Upsert => (document.get("changes"), "changes"),
            _ => (document.get("body"), "body"),
        };
        let mut content = content
            .and_then(Value::as_object)
            .cloned()
            .ok_or_else(|| refuse(Stage::Item, &format!("document {name} must be an object")))?;
        let mut default = match document.get("default").filter(|_| kind == Kind::Upsert) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(default)) => default.clone(),
            Some(_) => return Err(refuse(Stage::Item, "document default must be an object")),
        };
        let id = match (document.get(ID), kind) {
            (Some(Value::String(id)), _) if !id.is_empty() => Some(id.clone()),
            (None | Some(Value::Null | Value::String(_)), Kind::Create | Kind::CreateOrReplace) => {
                None
            }
            (_, Kind::Update) => return Err(refuse(Stage::Existence, ID_NOT_A_STRING)),
            _ => return Err(refuse(Stage::Item, ID_NOT_A_STRING)),
        };
        content.shift_remove(METADATA);
        default.shift_remove(METADATA);
        Ok(Self {
            id,
            content,
            default,
        })
    }

    fn write(&self, kind: Kind, metadata: &Metadata) -> WriteKind {
        let with = |metadata| {
            let mut content = self.content.clone();
            metadata::put(&mut content, metadata);
            content
        };
        match kind {
            Kind::Create => WriteKind::Create {
                source: with(metadata.created()),
            },
            Kind::CreateOrReplace => WriteKind::CreateOrReplace {
                source: with(metadata.created()),
            },
            Kind::Replace => WriteKind::Replace {
                source: with(metadata.created()),
            },
            Kind::Update => WriteKind::Update {
                changes: with(metadata.updated()),
            },
            Kind::Upsert => WriteKind::Upsert {
                changes: with(metadata.updated()),
                creation: self.creation(metadata),
            },
        }
    }

    fn creation(&self, metadata: &Metadata) -> Map<String, Value> {
        let mut creation = self.default.clone();
        merge(&mut creation, &self.content);
        metadata::put(&mut creation, metadata.upserted());
        creation
    }

    fn failed(self, kind: Kind, error: StoreError, metadata: &Metadata) -> Failure {
        let with = |metadata| {
            let mut content = self.content.clone();
            metadata::put(&mut content, metadata);
            content
        };
        let (stage, document, reason, status) = match error.kind {
            StoreErrorKind::DocumentExists { .. } => (
                Stage::Existence,
                self.named("body", self.content.clone().into()),
                "document already exists".into(),
                400,
            ),
            StoreErrorKind::DocumentNotFound { .. } if kind == Kind::Update => (
                Stage::Update,
                self.named("body", with(metadata.updated()).into()),
                NOT_FOUND.into(),
                404,
            ),
            StoreErrorKind::DocumentNotFound { .. } => (
                Stage::Existence,
                self.named("body", self.content.clone().into()),
                NOT_FOUND.into(),
                404,
            ),
            _ => {
                let source = match kind {
                    Kind::Upsert => json!({
                        "changes": with(metadata.updated()),
                        "default": self.creation(metadata),
                    }),
                    Kind::Update => with(metadata.updated()).into(),
                    _ => with(metadata.created()).into(),
                };
                let status = ApiError::from(error.clone()).status();
                (
                    Stage::Storage,
                    self.named(SOURCE, source),
                    error.message,
                    status,
                )
            }
        };
        Failure {
            stage,
            document,
            reason,
            status,
        }
    }

    /// The item with its content under this key.
    fn named(&self, key: &str, content: Value) -> Value {
        let mut document = Map::new();
        if let Some(id) = &self.id {
            document.insert(ID.into(), id.as_str().into());
        }
        document.insert(key.into(), content);
        document.into()
    }
}

impl Failure {
    fn into_json(self) -> Value {
        json!({ "document": self.document, "reason": self.reason, "status": self.status })
    }
}

/// The item as received, without keys that mean nothing.
fn reduced(document: &Value, kind: Kind) -> Value {
    let keys = kind.keys().iter();
    keys.filter_map(|key| Some(((*key).to_owned(), document.get(key)?.clone())))
        .collect::<Map<_, _>>()
        .into()
}

/// The one flag that takes its value into account over HTTP.
fn wants_source(request: &Request) -> Result<bool, ApiError> {
    match request.args.get("source") {
        None | Some(Value::Null) => Ok(true),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) => Ok(text != "false"),
        Some(_) => Err(API_ASSERT_INVALID_TYPE.with(["source", "boolean"])),
    }
}

pub(super) async fn m_delete(app: &App, request: &mut Request) -> ActionResult {
    let mut writing = Writing::new(app, request, request.refresh()?)?;
    let is_strict = request.flag("strict")?;
    let given = request.body_array("ids")?;
    if given.len() > app.config.limits.documents_write_count {
        return Err(SERVICES_STORAGE_WRITE_LIMIT_EXCEEDED.bare());
    }
    let failure = |id: &Value, reason: &str, status: u16| json!({ ID: id, "reason": reason, "status": status });
    let (ids, wrong): (Vec<&Value>, Vec<&Value>) = given.iter().partition(|it| it.is_string());
    let mut errors: Vec<Value> = wrong
        .into_iter()
        .map(|it| failure(it, ID_NOT_A_STRING, 400))
        .collect();
    // An id that comes twice is deleted, and reported, once.
    let mut seen = HashSet::new();
    let ids: Vec<&str> = ids
        .into_iter()
        .filter_map(Value::as_str)
        .filter(|it| seen.insert(*it))
        .collect();
    let deletions = ids.iter().map(|id| Write {
        id: Some((*id).to_owned()),
        kind: WriteKind::Delete,
    });
    let written = writing.write(deletions.collect()).await?;

    let mut successes = Vec::new();
    for (id, written) in ids.into_iter().zip(written) {
        match written {
            Ok(written) => {
                writing.note(
                    request,
                    DocumentAction::Delete,
                    &written,
                    || json!({ ID: id, SOURCE: *written.document.source, "body": {} }),
                );
                successes.push(id.into());
            }
            Err(error) => errors.push(match error.kind {
                StoreErrorKind::DocumentNotFound { .. } => failure(&id.into(), NOT_FOUND, 404),
                _ => {
                    let message = error.message.clone();
                    failure(&id.into(), &message, ApiError::from(error).status())
                }
            }),
        }
    }
    conclude(writing, is_strict, "delete", successes, errors).await
}
