//! Metadata: who wrote a document and when, as the server keeps it in
//! `_kuzzle_info`. What a client sends there is never stored.
//!
//! | write | author | createdAt | updatedAt | updater |
//! |---|---|---|---|---|
//! | create, mCreate, mCreateOrReplace, mReplace | user | now | null | null |
//! | createOrReplace, replace | user | now | now | user |
//! | update, mUpdate, updateByQuery, deleteFields, upserts of what exists | kept | kept | now | user |
//! | mUpsert of what does not exist | user | now | absent | absent |
//! | upsert of what does not exist | absent | absent | now | user |
//!
//! The last line is what clients of this API have always seen: the metadata of
//! the change takes the place of that of the creation.

use serde_json::{Map, Value, json};

use super::METADATA;
use crate::app::App;
use crate::clock;
use crate::error::{ApiError, PLUGIN_RUNTIME_UNEXPECTED_ERROR};
use crate::events::Payload;
use crate::request::Request;

const INJECT: &str = "generic:document:injectMetadata";

/// What is written into documents by one request.
#[derive(Clone, Debug)]
pub(in crate::controllers) struct Metadata {
    /// `None` for the application itself.
    user: Option<String>,
    now: u64,
}

impl Metadata {
    pub(in crate::controllers) fn of(request: &Request) -> Self {
        Self {
            user: request.kuid().map(str::to_owned),
            now: clock::now_ms(),
        }
    }

    /// Of a document that is new, or written as if it were.
    pub(in crate::controllers) fn created(&self) -> Value {
        json!({
            "author": self.user,
            "createdAt": self.now,
            "updatedAt": null,
            "updater": null,
        })
    }

    /// Of a document that takes the place of another one.
    pub(super) fn replaced(&self) -> Value {
        json!({
            "author": self.user,
            "createdAt": self.now,
            "updatedAt": self.now,
            "updater": self.user,
        })
    }

    /// What a change adds to the metadata of a document.
    pub(in crate::controllers) fn updated(&self) -> Value {
        json!({ "updatedAt": self.now, "updater": self.user })
    }

    /// Of a document that an upsert creates.
    pub(in crate::controllers) fn upserted(&self) -> Value {
        json!({ "author": self.user, "createdAt": self.now })
    }
}

/// Puts metadata in the place of whatever the client sent there.
pub(in crate::controllers) fn put(content: &mut Map<String, Value>, metadata: Value) {
    content.insert(METADATA.into(), metadata);
}

/// The metadata as the pipes of applications want it.
pub(super) async fn inject(
    app: &App,
    request: &Request,
    metadata: Value,
) -> Result<Value, ApiError> {
    inject_with(app, request, metadata, None).await
}

/// The same for an upsert: pipes also see what they may expect of a creation.
pub(super) async fn inject_upsert(
    app: &App,
    request: &Request,
    metadata: &Metadata,
) -> Result<Value, ApiError> {
    let default = Some(metadata.upserted());
    inject_with(app, request, metadata.updated(), default).await
}

async fn inject_with(
    app: &App,
    request: &Request,
    metadata: Value,
    default: Option<Value>,
) -> Result<Value, ApiError> {
    if !app.events.has_listeners(INJECT) {
        return Ok(metadata);
    }
    let mut payload = json!({ "request": request.to_json(), "metadata": metadata });
    if let Some(default) = default {
        payload["defaultMetadata"] = default;
    }
    match app.events.pipe(INJECT, Payload::Json(payload)).await? {
        Payload::Json(mut payload) if payload["metadata"].is_object() => {
            Ok(payload["metadata"].take())
        }
        _ => Err(PLUGIN_RUNTIME_UNEXPECTED_ERROR
            .with([format!("a pipe on {INJECT} must return its payload")])),
    }
}
