//! Forms: multipart, urlencoded, and query strings, as JSON.

use std::convert::Infallible;

use data_encoding::BASE64;
use futures_util::stream;
use hyper::body::Bytes;
use multer::Multipart;
use serde_json::map::Entry;
use serde_json::{Map, Value, json};

use crate::error::{ApiError, NETWORK_HTTP_FILE_TOO_LARGE, NETWORK_HTTP_UNEXPECTED_ERROR};

/// `a=1&b&a=2` → `{"a": ["1", "2"], "b": ""}`.
pub(super) fn pairs(bytes: &[u8]) -> Map<String, Value> {
    let mut pairs = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        match pairs.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(value.into());
            }
            Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(values) => values.push(value.into()),
                first => *first = json!([first.take(), value]),
            },
        }
    }
    pairs
}

/// Fields are texts, files are `{filename, encoding: <media type>, file: <base64>}`.
pub(super) async fn multipart(
    content_type: &str,
    bytes: Bytes,
    file_bytes_max: usize,
) -> Result<Value, ApiError> {
    let fail = |it: multer::Error| NETWORK_HTTP_UNEXPECTED_ERROR.with([it.to_string()]);
    let boundary = multer::parse_boundary(content_type).map_err(fail)?;
    let whole = stream::iter([Ok::<_, Infallible>(bytes)]);
    let mut form = Multipart::new(whole, boundary);
    let mut fields = Map::new();
    while let Some(field) = form.next_field().await.map_err(fail)? {
        let name = field.name().unwrap_or_default().to_owned();
        let filename = field.file_name().map(str::to_owned);
        let media_type = field.content_type().map(ToString::to_string);
        let content = field.bytes().await.map_err(fail)?;
        let value = match filename {
            None => String::from_utf8_lossy(&content).into(),
            Some(_) if content.len() > file_bytes_max => {
                return Err(NETWORK_HTTP_FILE_TOO_LARGE.bare());
            }
            Some(filename) => json!({
                "filename": filename,
                "encoding": media_type.as_deref().unwrap_or("application/octet-stream"),
                "file": BASE64.encode(&content),
            }),
        };
        fields.insert(name, value);
    }
    Ok(fields.into())
}
