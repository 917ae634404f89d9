//! Hits: the documents of a page, read from the searched state of the index.

use std::sync::Arc;

use serde_json::Value;
use tantivy::DocAddress;

use super::body::Body;
use super::columns::broken;
use super::source::SourceFilter;
use super::top::Candidate;
use crate::document::{Document, Hit};
use crate::error::StoreError;
use crate::index::Reader;
use crate::limits::ANSWER_BYTES_MAX;

type Result<T> = std::result::Result<T, StoreError>;

pub(crate) fn hits<'c>(
    readers: &[Reader],
    page: impl Iterator<Item = &'c Candidate>,
    body: &Body,
) -> Result<Vec<Hit>> {
    let mut hits = Vec::new();
    let mut bytes = 0;
    for candidate in page {
        let Some(reader) = readers.get(candidate.tie.target) else {
            continue;
        };
        hits.push(Hit {
            at: reader.entry.at.clone(),
            document: document(reader, candidate.address, &body.source, &mut bytes)?,
            score: body.sort.keeps_score().then(|| shown(candidate.score)),
        });
    }
    Ok(hits)
}

/// A document; `bytes` is how much the answer has so far.
pub(crate) fn document(
    reader: &Reader,
    address: DocAddress,
    filter: &SourceFilter,
    bytes: &mut usize,
) -> Result<Document> {
    let segment = reader.searcher.segment_reader(address.segment_ord);
    let columns = segment.fast_fields();
    let mut id = String::new();
    if let Some(ids) = columns.str("_id").map_err(broken)?
        && let Some(place) = ids.term_ords(address.doc_id).next()
    {
        ids.ord_to_str(place, &mut id).map_err(broken)?;
    }
    let versions = columns.u64("_version").map_err(broken)?;
    let source = match filter {
        SourceFilter::Nothing => Value::Null,
        filter => {
            let json = reader.source(address)?;
            *bytes += json.len();
            if *bytes > ANSWER_BYTES_MAX {
                return Err(StoreError::invalid_query(format!(
                    "the hits would take more than {ANSWER_BYTES_MAX} bytes: ask for fewer of them"
                )));
            }
            let source = serde_json::from_slice(&json);
            filter.apply(source.map_err(|_| {
                StoreError::internal(format!("the indexed document [{id}] cannot be read"))
            })?)
        }
    };
    Ok(Document {
        id,
        source: Arc::new(source),
        version: versions.first(address.doc_id).unwrap_or_default(),
    })
}

/// A score with the digits that it has, and not those of a wider number.
pub(crate) fn shown(score: f32) -> f64 {
    score.to_string().parse().unwrap_or_else(|_| score.into())
}
