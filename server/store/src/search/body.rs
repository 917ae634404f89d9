//! The body of a search, read once.

use std::time::Duration;

use serde_json::Value;

use super::aggs;
use super::matching::Matching;
use super::sort::Sort;
use super::source::SourceFilter;
use crate::document::SearchRequest;
use crate::error::StoreError;
use crate::limits::SEARCH_WINDOW_MAX;

type Result<T> = std::result::Result<T, StoreError>;

/// A search, as asked for.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) query: Matching,
    /// Narrows the hits, not the aggregations.
    pub(crate) post_filter: Option<Matching>,
    pub(crate) sort: Sort,
    /// The values of `search_after`.
    pub(crate) after: Option<Vec<Value>>,
    pub(crate) source: SourceFilter,
    pub(crate) aggregations: Option<aggs::Level>,
    /// The page.
    pub(crate) from: usize,
    pub(crate) size: usize,
    /// The search fails when it takes longer.
    pub(crate) timeout: Option<Duration>,
}

impl Body {
    pub(crate) fn parse(request: &SearchRequest) -> Result<Self> {
        let body = &request.body;
        for (key, value) in body {
            check_key(key, value)?;
        }
        let aggregations = match (body.get("aggs"), body.get("aggregations")) {
            (Some(_), Some(_)) => {
                return Err(StoreError::invalid_query(
                    "a search has [aggs] or [aggregations], which are the same: give one of them",
                ));
            }
            (one, other) => one.or(other).filter(|it| !it.is_null()),
        };
        let after = match body.get("search_after") {
            None | Some(Value::Null) => None,
            Some(Value::Array(values)) => Some(values.clone()),
            Some(other) => {
                return Err(StoreError::invalid_query(format!(
                    "[search_after] takes a list with a value for each level of the sort, found \
                     {other}"
                )));
            }
        };
        let post_filter = body.get("post_filter").filter(|it| !it.is_null());
        let search = Self {
            query: Matching::of(&request.query)?,
            post_filter: post_filter.map(Matching::parse).transpose()?,
            sort: Sort::parse(body.get("sort"))?,
            after,
            source: SourceFilter::parse(body)?,
            aggregations: aggregations.map(aggs::Level::parse).transpose()?,
            from: request.from.try_into().unwrap_or(usize::MAX),
            size: request.size.try_into().unwrap_or(usize::MAX),
            timeout: body.get("search_timeout").and_then(timeout),
        };
        search.check_page(request)?;
        Ok(search)
    }

    fn check_page(&self, request: &SearchRequest) -> Result<()> {
        let end = request.from.saturating_add(request.size);
        let wrong = if end > SEARCH_WINDOW_MAX {
            format!(
                "Result window is too large, from + size must be less than or equal to: \
                 [{SEARCH_WINDOW_MAX}] but was [{end}]: read on with search_after or a scroll"
            )
        } else if self.after.is_some() && request.from > 0 {
            "[from] has to be 0 with [search_after], which says where the page begins".into()
        } else if request.scroll.is_none() {
            return Ok(());
        } else if request.from > 0 {
            "using [from] is not allowed in a scroll: it begins at the first hit".into()
        } else if request.size == 0 {
            "[size] cannot be [0] in a scroll: it is the size of its pages".into()
        } else if self.after.is_some() {
            "[search_after] cannot be used in a scroll, which goes on by itself".into()
        } else {
            return Ok(());
        };
        Err(StoreError::invalid_query(wrong))
    }

    /// How many hits have to be found to give the page.
    pub(crate) fn window(&self) -> usize {
        match self.size {
            0 => 0,
            size => self.from + size,
        }
    }
}

/// Keys that change what is found, and that are not there yet: to pass over
/// them would be a wrong answer.
fn check_key(key: &str, value: &Value) -> Result<()> {
    match key {
        "aggregations" | "aggs" | "post_filter" | "search_after" | "search_timeout" | "sort"
        | "_name" | "_source" | "_source_excludes" | "_source_includes" => Ok(()),
        "explain" if value == false => Ok(()),
        "collapse" | "explain" | "fields" | "highlight" | "suggest" => Err(
            StoreError::invalid_query(format!("the embedded store has no [{key}] in searches yet")),
        ),
        key => Err(StoreError::invalid_query(format!(
            "Unknown key for a value in [{key}]: a search has aggs, post_filter, search_after, \
             search_timeout, sort, _source"
        ))),
    }
}

/// `500ms`, `2s`…, or milliseconds; others are no bound.
fn timeout(value: &Value) -> Option<Duration> {
    let millis = match value {
        Value::String(text) => aggs::duration_ms(text)?,
        value => value.as_i64()?,
    };
    u64::try_from(millis).ok().map(Duration::from_millis)
}
