//! The items of a write of many documents: what each asks for, what is answered
//! when it was done, and when it could not be.

use serde_json::{Map, Value, json};

use super::metadata::{self, Metadata};
use super::write::{created_or, merge, whole};
use super::writing::updated_fields;
use super::{ID, METADATA, SOURCE};
use crate::error::ApiError;
use crate::realtime::DocumentAction;
use crate::storage::{StoreError, StoreErrorKind, WriteKind, Written};

pub(super) const ID_NOT_A_STRING: &str = "document _id must be a string";
pub(super) const NOT_FOUND: &str = "document not found";

/// How each document is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::controllers) enum Kind {
    Create,
    CreateOrReplace,
    Replace,
    Update,
    Upsert,
}

/// An item of the request that can be written.
pub(in crate::controllers) struct Item {
    pub(in crate::controllers) id: Option<String>,
    /// As sent, without metadata.
    content: Map<String, Value>,
    /// What an upsert creates, likewise, before the changes.
    default: Map<String, Value>,
}

/// An item that was not written.
pub(in crate::controllers) struct Failure {
    pub(super) stage: Stage,
    document: Value,
    reason: String,
    status: u16,
}

/// When a failure is noticed; failures are listed in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The item itself is wrong.
    Item,
    /// It does not fit what is stored.
    Existence,
    /// There is nothing to update.
    Update,
    /// The storage refuses it.
    Storage,
}

impl Kind {
    /// The keys of an item.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Upsert => &[ID, "changes", "default"],
            _ => &[ID, "body"],
        }
    }

    pub(in crate::controllers) fn action(self, written: &Written) -> DocumentAction {
        match self {
            Self::Create => DocumentAction::Create,
            Self::Replace => DocumentAction::Replace,
            Self::Update => DocumentAction::Update,
            Self::CreateOrReplace => created_or(DocumentAction::Replace, written),
            Self::Upsert => created_or(DocumentAction::Update, written),
        }
    }

    /// What the answer, and the notification, say of a document.
    pub(in crate::controllers) fn success(
        self,
        item: &Item,
        written: &Written,
        is_silent: bool,
    ) -> Value {
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
    /// A change of a document that is there.
    pub(super) fn change(id: String, mut changes: Map<String, Value>) -> Self {
        changes.shift_remove(METADATA);
        Self {
            id: Some(id),
            content: changes,
            default: Map::new(),
        }
    }

    pub(in crate::controllers) fn content(&self) -> &Map<String, Value> {
        &self.content
    }

    /// Without what only the server writes.
    pub(super) fn read(document: &Value, kind: Kind) -> Result<Self, Failure> {
        let mut item = Self::read_bare(document, kind)?;
        item.content.shift_remove(METADATA);
        item.default.shift_remove(METADATA);
        Ok(item)
    }

    /// Just as it was sent.
    pub(in crate::controllers) fn read_bare(document: &Value, kind: Kind) -> Result<Self, Failure> {
        let refuse =
            |stage, reason: &str| Failure::new(stage, reduced(document, kind), reason, 400);
        let (content, name) = match kind {
            Kind::Upsert => (document.get("changes"), "changes"),
            _ => (document.get("body"), "body"),
        };
        let content = content
            .and_then(Value::as_object)
            .cloned()
            .ok_or_else(|| refuse(Stage::Item, &format!("document {name} must be an object")))?;
        let default = match document.get("default").filter(|_| kind == Kind::Upsert) {
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
        Ok(Self {
            id,
            content,
            default,
        })
    }

    pub(super) fn write(&self, kind: Kind, metadata: &Metadata) -> WriteKind {
        match kind {
            Kind::Create => WriteKind::Create {
                source: self.with(metadata.created()),
            },
            Kind::CreateOrReplace => WriteKind::CreateOrReplace {
                source: self.with(metadata.created()),
            },
            Kind::Replace => WriteKind::Replace {
                source: self.with(metadata.created()),
            },
            Kind::Update => WriteKind::Update {
                changes: self.with(metadata.updated()),
            },
            Kind::Upsert => WriteKind::Upsert {
                changes: self.with(metadata.updated()),
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

    fn with(&self, metadata: Value) -> Map<String, Value> {
        let mut content = self.content.clone();
        metadata::put(&mut content, metadata);
        content
    }

    pub(super) fn failed(self, kind: Kind, error: StoreError, metadata: &Metadata) -> Failure {
        let as_sent = || self.named("body", self.content.clone());
        match &error.kind {
            StoreErrorKind::DocumentExists { .. } => {
                Failure::new(Stage::Existence, as_sent(), "document already exists", 400)
            }
            StoreErrorKind::DocumentNotFound { .. } if kind == Kind::Update => {
                let document = self.named("body", self.with(metadata.updated()));
                Failure::new(Stage::Update, document, NOT_FOUND, 404)
            }
            StoreErrorKind::DocumentNotFound { .. } => {
                Failure::new(Stage::Existence, as_sent(), NOT_FOUND, 404)
            }
            _ => {
                let source = match kind {
                    Kind::Upsert => Map::from_iter([
                        ("changes".into(), self.with(metadata.updated()).into()),
                        ("default".into(), self.creation(metadata).into()),
                    ]),
                    Kind::Update => self.with(metadata.updated()),
                    Kind::Create | Kind::CreateOrReplace | Kind::Replace => {
                        self.with(metadata.created())
                    }
                };
                let reason = error.message.clone();
                let status = ApiError::from(error).status();
                Failure::new(Stage::Storage, self.named(SOURCE, source), &reason, status)
            }
        }
    }

    /// What the storage refused, of an item that was written as it is.
    pub(in crate::controllers) fn refused(self, error: StoreError) -> Failure {
        let reason = error.message.clone();
        let status = ApiError::from(error).status();
        let document = self.named(SOURCE, self.content.clone());
        Failure::new(Stage::Storage, document, &reason, status)
    }

    /// The item with its content under this key.
    fn named(&self, key: &str, content: Map<String, Value>) -> Value {
        let mut document = Map::new();
        if let Some(id) = &self.id {
            document.insert(ID.into(), id.as_str().into());
        }
        document.insert(key.into(), content.into());
        document.into()
    }
}

impl Failure {
    fn new(stage: Stage, document: Value, reason: &str, status: u16) -> Self {
        Self {
            stage,
            document,
            reason: reason.into(),
            status,
        }
    }

    pub(super) fn into_json(self) -> Value {
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
