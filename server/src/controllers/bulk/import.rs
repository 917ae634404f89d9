//! A list of mixed operations, in the format of Elasticsearch's bulk requests:
//! a line that says what to do, then, unless it deletes, the document.

use serde_json::{Map, Value, json};

use crate::app::{ActionResult, App};
use crate::controllers::document::{Metadata, put_metadata, query};
use crate::controllers::names;
use crate::error::{
    API_PROCESS_INCOMPLETE_MULTIPLE_REQUEST, ApiError, SERVICES_STORAGE_UNEXPECTED_BAD_REQUEST,
};
use crate::request::{Refresh, Request};
use crate::storage::{Collection, StoreError, StoreErrorKind, Write, WriteKind, Written};

const ID: &str = "_id";

/// What became of the operations, in their order.
pub(in crate::controllers) struct Imported {
    pub(in crate::controllers) successes: Vec<Value>,
    pub(in crate::controllers) errors: Vec<Value>,
}

/// What a line may ask for; the names are those of the lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Index,
    Create,
    Update,
    Delete,
}

struct Operation {
    kind: Kind,
    id: Option<String>,
    /// What failures show.
    source: Option<Value>,
    write: WriteKind,
}

pub(super) async fn handle(app: &App, request: &mut Request) -> ActionResult {
    let at = names::place(request)?;
    let is_strict = request.flag("strict")?;
    let refresh = request.refresh_lenient(Refresh::No);
    let lines = request.body_array("bulkData")?;
    let imported = import(app, &at, lines, &Metadata::of(request), refresh).await?;
    if is_strict && !imported.errors.is_empty() {
        return Err(API_PROCESS_INCOMPLETE_MULTIPLE_REQUEST
            .with(["import"])
            .listing(imported.errors));
    }
    Ok(Some(json!({
        "successes": imported.successes,
        "errors": imported.errors,
    })))
}

/// Nothing is written when the list itself is wrong.
pub(in crate::controllers) async fn import(
    app: &App,
    at: &Collection,
    lines: &[Value],
    metadata: &Metadata,
    refresh: Refresh,
) -> Result<Imported, ApiError> {
    let operations = read(lines, metadata)?;
    let writes = operations.iter().map(|it| Write {
        id: it.id.clone(),
        kind: it.write.clone(),
    });
    let written = app.storage.write(at, writes.collect(), refresh).await?;
    let mut imported = Imported {
        successes: Vec::new(),
        errors: Vec::new(),
    };
    for (operation, written) in operations.into_iter().zip(written) {
        match written {
            Ok(written) => imported.successes.push(operation.done(&written)),
            Err(error) => imported.errors.push(operation.failed(&error)),
        }
    }
    Ok(imported)
}

fn read(lines: &[Value], metadata: &Metadata) -> Result<Vec<Operation>, ApiError> {
    let mut operations = Vec::with_capacity(lines.len() / 2);
    let mut lines = lines.iter().enumerate();
    while let Some((i, line)) = lines.next() {
        let (kind, target) = action(line).ok_or_else(|| {
            wrong(format!(
                "bulkData[{i}] must be an action, {{index|create|update|delete: {{_id?}}}}"
            ))
        })?;
        let id = match target.get(ID) {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(Value::Number(id)) => Some(id.to_string()),
            Some(_) => return Err(wrong(format!("bulkData[{i}]: the _id must be a text"))),
        };
        if id.is_none() && matches!(kind, Kind::Update | Kind::Delete) {
            let name = kind.name();
            return Err(wrong(format!("bulkData[{i}]: {name} needs an _id")));
        }
        let payload = match kind {
            Kind::Delete => None,
            _ => {
                let payload = lines.next().and_then(|it| it.1.as_object());
                Some(payload.ok_or_else(|| {
                    let name = kind.name();
                    wrong(format!(
                        "bulkData[{}] must be the document of the {name}",
                        i + 1
                    ))
                })?)
            }
        };
        let (write, source) = write(kind, payload, metadata, i)?;
        operations.push(Operation {
            kind,
            id,
            source,
            write,
        });
    }
    Ok(operations)
}

/// The first key of a line, and where it points.
fn action(line: &Value) -> Option<(Kind, &Map<String, Value>)> {
    let (name, target) = line.as_object()?.iter().next()?;
    Some((Kind::parse(name)?, target.as_object()?))
}

fn write(
    kind: Kind,
    payload: Option<&Map<String, Value>>,
    metadata: &Metadata,
    line: usize,
) -> Result<(WriteKind, Option<Value>), ApiError> {
    let Some(payload) = payload else {
        return Ok((WriteKind::Delete, None));
    };
    query::check_scripts(payload)?;
    if kind != Kind::Update {
        let mut source = payload.clone();
        put_metadata(&mut source, metadata.created());
        let shown = Some(Value::from(source.clone()));
        let write = match kind {
            Kind::Create => WriteKind::Create { source },
            _ => WriteKind::CreateOrReplace { source },
        };
        return Ok((write, shown));
    }
    let part = |name: &str| match payload.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(part)) => {
            let mut part = part.clone();
            put_metadata(&mut part, metadata.updated());
            Ok(Some(part))
        }
        Some(_) => Err(wrong(format!(
            "bulkData[{}]: {name} must be an object",
            line + 1
        ))),
    };
    let changes = part("doc")?;
    let creation = match payload.get("doc_as_upsert") {
        Some(Value::Bool(true)) => changes.clone(),
        _ => part("upsert")?,
    };
    let Some(changes) = changes else {
        return Err(wrong(format!(
            "bulkData[{}]: an update needs [doc]",
            line + 1
        )));
    };
    let shown = Some(Value::from(changes.clone()));
    let write = match creation {
        Some(creation) => WriteKind::Upsert { changes, creation },
        None => WriteKind::Update { changes },
    };
    Ok((write, shown))
}

impl Kind {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "index" => Self::Index,
            "create" => Self::Create,
            "update" => Self::Update,
            "delete" => Self::Delete,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl Operation {
    fn done(&self, written: &Written) -> Value {
        let is_new = written.created && self.kind != Kind::Delete;
        let status = if is_new { 201 } else { 200 };
        json!({ self.kind.name(): { ID: written.document.id, "status": status } })
    }

    fn failed(self, error: &StoreError) -> Value {
        let (status, kind) = cause(&error.kind);
        let mut item = Map::new();
        if let Some(id) = self.id {
            item.insert(ID.into(), id.into());
        }
        item.insert("status".into(), status.into());
        if let Some(source) = self.source {
            item.insert("_source".into(), source);
        }
        if self.kind != Kind::Delete || status != 404 {
            item.insert(
                "error".into(),
                json!({ "type": kind, "reason": error.message }),
            );
        }
        json!({ self.kind.name(): item })
    }
}

/// Status and class as Elasticsearch reports them.
fn cause(kind: &StoreErrorKind) -> (u16, &'static str) {
    match kind {
        StoreErrorKind::DocumentExists { .. } => (409, "version_conflict_engine_exception"),
        StoreErrorKind::DocumentNotFound { .. } => (404, "document_missing_exception"),
        StoreErrorKind::StrictMapping { .. } => (400, "strict_dynamic_mapping_exception"),
        StoreErrorKind::Unavailable => (503, "unavailable_shards_exception"),
        StoreErrorKind::Internal => (500, "exception"),
        _ => (400, "mapper_parsing_exception"),
    }
}

fn wrong(reason: String) -> ApiError {
    SERVICES_STORAGE_UNEXPECTED_BAD_REQUEST.with([reason])
}
