//! Export: all that a query finds, as a stream of lines.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::pages::Pages;
use super::{METADATA, SOURCE, query};
use crate::app::{ActionResult, App};
use crate::config::parse_duration;
use crate::controllers::names;
use crate::error::{
    API_ASSERT_INVALID_ARGUMENT, API_ASSERT_INVALID_TYPE, API_ASSERT_UNSUPPORTED_PROTOCOL, ApiError,
};
use crate::request::{ByteSender, ByteStream, Request};
use crate::storage::{Collection, Hit, StoreError};

const SIZE_DEFAULT: i64 = 10;
const KEEP_DEFAULT: Duration = Duration::from_secs(5);

/// Of a member that is an object or an array.
const OBJECT: &str = "[OBJECT]";

pub(super) async fn export(app: &App, request: &mut Request) -> ActionResult {
    if request.context.http.is_none() {
        let protocol = &*request.context.connection.protocol;
        return Err(API_ASSERT_UNSUPPORTED_PROTOCOL.with([protocol, "document:export"]));
    }
    let at = names::place(request)?;
    let lines = Lines::read(app, request, &at).await?;
    let pages = pages(app, request, &at, &lines).await?;

    let (sender, stream) = ByteStream::new();
    let extension = lines.extension();
    let file = format!("{}-{}.{extension}", at.index, at.collection);
    let header = lines.header(&at);
    tokio::spawn(send(sender, header, lines, pages));
    let outcome = &mut request.outcome;
    let content_type = match extension {
        "csv" => "text/csv",
        _ => "html/text",
    };
    outcome
        .headers
        .push(("Content-Type".into(), content_type.into()));
    let disposition = format!("attachment; filename=\"{file}\"");
    outcome
        .headers
        .push(("Content-Disposition".into(), disposition));
    outcome.stream = Some(stream);
    Ok(None)
}

/// The walk over the documents; what is wrong with the query is told before the
/// first line.
async fn pages(
    app: &App,
    request: &Request,
    at: &Collection,
    lines: &Lines,
) -> Result<Pages, ApiError> {
    let size = request.integer("size", SIZE_DEFAULT)?;
    let size = u64::try_from(size).ok().filter(|it| *it > 0);
    let size = size.ok_or_else(|| API_ASSERT_INVALID_ARGUMENT.with(["size", "1 or more"]))?;
    let keep = match request.optional_string("scroll")? {
        None => KEEP_DEFAULT,
        Some(text) => parse_duration(text)
            .ok_or_else(|| API_ASSERT_INVALID_ARGUMENT.with(["scroll", "a duration"]))?,
    };
    let query = object(request, "query")?;
    query::check_scripts(&query)?;
    let mut body = Map::new();
    if let Some(collapse) = Some(object(request, "collapse")?).filter(|it| !it.is_empty()) {
        body.insert("collapse".into(), collapse.into());
    }
    if let Lines::Json { fields } = lines
        && !fields.is_empty()
    {
        body.insert(SOURCE.into(), json!(fields));
    }
    let query = query::query(request, Some(query.into()))?;
    Ok(Pages::open(app, at.clone(), query, body, (size, keep)).await?)
}

/// How documents are written.
enum Lines {
    Json {
        fields: Vec<String>,
    },
    Csv {
        separator: String,
        fields: Vec<String>,
        names: Map<String, Value>,
    },
}

impl Lines {
    async fn read(app: &App, request: &Request, at: &Collection) -> Result<Self, ApiError> {
        let fields = list(request, "fields")?;
        match request.optional_string("format")?.unwrap_or("jsonl") {
            "jsonl" => Ok(Self::Json { fields }),
            "csv" => {
                let mut fields = fields;
                if fields.is_empty() {
                    leaves(&app.storage.mappings(at).await?, "", &mut fields);
                }
                fields.retain(|it| it != "_id");
                Ok(Self::Csv {
                    separator: request.optional_string("separator")?.unwrap_or(",").into(),
                    fields,
                    names: object(request, "fieldsName")?,
                })
            }
            _ => Err(API_ASSERT_INVALID_ARGUMENT.with(["format", "\"jsonl\", \"csv\""])),
        }
    }

    fn extension(&self) -> &'static str {
        match self {
            Self::Json { .. } => "jsonl",
            Self::Csv { .. } => "csv",
        }
    }

    fn header(&self, at: &Collection) -> String {
        match self {
            Self::Json { .. } => {
                let (index, collection) = (&*at.index, &*at.collection);
                let header =
                    json!({"collection": collection, "index": index, "type": "collection"});
                format!("{header}\n")
            }
            Self::Csv {
                separator,
                fields,
                names,
            } => {
                let name = |field: &str| names.get(field).map_or(field.to_owned(), text);
                let columns = std::iter::once("_id").chain(fields.iter().map(String::as_str));
                let columns: Vec<String> = columns.map(name).collect();
                columns.join(separator) + "\n"
            }
        }
    }

    fn line(&self, hit: &Hit) -> String {
        let (id, source) = (&hit.document.id, &*hit.document.source);
        match self {
            Self::Json { .. } => format!("{}\n", json!({"_id": id, "body": source})),
            Self::Csv {
                separator, fields, ..
            } => {
                let values = fields
                    .iter()
                    .map(|path| member(source, path).map_or(String::new(), text));
                let values: Vec<String> = std::iter::once(id.clone()).chain(values).collect();
                values.join(separator) + "\n"
            }
        }
    }
}

/// One piece a page. A failure cannot change the status any more: it is told in
/// the stream itself.
async fn send(sender: ByteSender, header: String, lines: Lines, mut pages: Pages) {
    if !sender.send(header).await {
        return;
    }
    loop {
        match pages.next().await {
            Ok(None) => return,
            Ok(Some(hits)) => {
                let piece: String = hits.iter().map(|it| lines.line(it)).collect();
                if !sender.send(piece).await {
                    return;
                }
            }
            Err(StoreError { message, .. }) => {
                sender.send(format!("{message}\n")).await;
                return;
            }
        }
    }
}

/// The value at a dotted path; a key that has dots itself is found too.
fn member<'a>(source: &'a Value, path: &str) -> Option<&'a Value> {
    let object = source.as_object()?;
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    member(object.get(first)?, rest)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) => OBJECT.into(),
        scalar => scalar.to_string(),
    }
}

/// The paths of all leaves of a mapping, metadata of the server aside.
fn leaves(mapping: &Value, path: &str, into: &mut Vec<String>) {
    let properties = mapping.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let path = match path {
            "" if name == METADATA => continue,
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        match field.get("properties") {
            Some(_) => leaves(field, &path, into),
            None => into.push(path),
        }
    }
}

/// A part of the body; over GET a part of the query string.
fn part(request: &Request, name: &str) -> Option<Value> {
    let in_body = request.body.as_ref().and_then(|it| it.get(name)).cloned();
    let beside = || match request.args.get(name)? {
        Value::String(text) => serde_json::from_str(text)
            .ok()
            .or_else(|| Some(text.as_str().into())),
        value => Some(value.clone()),
    };
    in_body.or_else(beside).filter(|it| !it.is_null())
}

fn object(request: &Request, name: &str) -> Result<Map<String, Value>, ApiError> {
    match part(request, name) {
        None => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(API_ASSERT_INVALID_TYPE.with([&format!("body.{name}"), "object"])),
    }
}

fn list(request: &Request, name: &str) -> Result<Vec<String>, ApiError> {
    let wrong = || API_ASSERT_INVALID_TYPE.with([&format!("body.{name}"), "array of strings"]);
    match part(request, name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            let texts = items.iter().map(|it| it.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or_else(wrong)
        }
        Some(_) => Err(wrong()),
    }
}
