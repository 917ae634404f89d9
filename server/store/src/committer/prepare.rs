//! What can be done before the committer's turn comes is done here, on the
//! writer's own thread: ids, JSON, and a first look at the mapping.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::catalogue::Entry;
use crate::change::{nests_within, weight};
use crate::document::{Write, WriteKind};
use crate::error::StoreError;
use crate::id::Ids;
use crate::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, ID_BYTES_MAX};
use crate::mapping::Fit;

type Result<T> = std::result::Result<T, StoreError>;

/// A write, ready for the committer.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) change: Change,
    /// The revision of the mapping that knows all fields of the new document;
    /// under any other the committer looks itself.
    pub(crate) fits: Option<u64>,
    /// About the memory that it takes.
    pub(crate) bytes: usize,
}

pub(crate) enum Change {
    /// The whole document, also as JSON.
    Put {
        source: Arc<Value>,
        json: Vec<u8>,
        condition: Condition,
    },
    /// Merged into the document; where there is none, `creation` becomes it.
    Merge {
        changes: Map<String, Value>,
        creation: Option<Map<String, Value>>,
    },
    /// Without these paths, then with these changes.
    Unset {
        paths: Vec<String>,
        changes: Map<String, Value>,
    },
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always,
    IfAbsent,
    IfPresent,
}

pub(crate) fn prepare(write: Write, entry: &Entry, ids: &Ids) -> Result<Operation> {
    let id = match (write.id, &write.kind) {
        (Some(id), _) => id,
        (
            None,
            WriteKind::Create { .. } | WriteKind::CreateOrReplace { .. } | WriteKind::Upsert { .. },
        ) => ids.next(),
        (None, _) => return Err(StoreError::refused("the document needs an _id")),
    };
    check_id(&id)?;
    let mut fits = None;
    let mut put = |source: Map<String, Value>, condition| -> Result<Change> {
        check_depth(&source)?;
        let json = to_json(&source)?;
        if entry.mapping.fit(&source) == Ok(Fit::AsItIs) {
            fits = Some(entry.mapping_revision);
        }
        let source = Arc::new(Value::Object(source));
        Ok(Change::Put {
            source,
            json,
            condition,
        })
    };
    let change = match write.kind {
        WriteKind::Create { source } => put(source, Condition::IfAbsent)?,
        WriteKind::CreateOrReplace { source } => put(source, Condition::Always)?,
        WriteKind::Replace { source } => put(source, Condition::IfPresent)?,
        WriteKind::Update { changes } => merge(changes, None)?,
        WriteKind::Upsert { changes, creation } => merge(changes, Some(creation))?,
        WriteKind::DeleteFields { paths, changes } => {
            check_depth(&changes)?;
            Change::Unset { paths, changes }
        }
        WriteKind::Delete => Change::Delete,
    };
    Ok(Operation {
        bytes: id.len() + change.bytes(),
        id,
        change,
        fits,
    })
}

fn merge(changes: Map<String, Value>, creation: Option<Map<String, Value>>) -> Result<Change> {
    check_depth(&changes)?;
    creation.iter().try_for_each(check_depth)?;
    Ok(Change::Merge { changes, creation })
}

impl Change {
    fn bytes(&self) -> usize {
        match self {
            // As JSON and as a value.
            Self::Put { json, .. } => 4 * json.len(),
            Self::Merge { changes, creation } => {
                weight(changes) + creation.as_ref().map_or(0, weight)
            }
            Self::Unset { paths, changes } => {
                weight(changes) + paths.iter().map(|it| 32 + it.len()).sum::<usize>()
            }
            Self::Delete => 0,
        }
    }
}

fn check_id(id: &str) -> Result<()> {
    match id.len() {
        0 => Err(StoreError::refused("the _id is empty")),
        length if length > ID_BYTES_MAX => Err(StoreError::refused(format!(
            "the _id has {length} bytes, more than {ID_BYTES_MAX}"
        ))),
        _ => Ok(()),
    }
}

fn check_depth(source: &Map<String, Value>) -> Result<()> {
    let fits = source
        .values()
        .all(|it| nests_within(it, DOCUMENT_DEPTH_MAX));
    fits.then_some(()).ok_or_else(|| {
        StoreError::refused(format!(
            "the document nests deeper than {DOCUMENT_DEPTH_MAX} levels"
        ))
    })
}

/// The stored form of a source.
pub(super) fn to_json(source: &Map<String, Value>) -> Result<Vec<u8>> {
    let failed = |it| StoreError::internal(format!("a document cannot be written: {it}"));
    let json = serde_json::to_vec(source).map_err(failed)?;
    if json.len() > DOCUMENT_BYTES_MAX {
        return Err(StoreError::refused(format!(
            "the document has {} bytes, more than {DOCUMENT_BYTES_MAX}",
            json.len()
        )));
    }
    Ok(json)
}
