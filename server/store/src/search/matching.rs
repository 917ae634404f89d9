//! A query, ready to be run wherever a search needs one: as the query, as the
//! filter of hits, as the filter of an aggregation.

use serde_json::Value;
use tantivy::query::{EnableScoring, Query as IndexQuery, Scorer, Weight};
use tantivy::{DocId, Score, SegmentReader, TERMINATED};

use super::columns::broken;
use crate::document::SearchQuery;
use crate::error::StoreError;
use crate::index::Reader;
use crate::query::tree::Clause;
use crate::query::{Query, compile, compile_nested, parse};

type Result<T> = std::result::Result<T, StoreError>;

/// What documents have to satisfy.
#[derive(Clone, Debug)]
pub(crate) struct Matching(Query);

impl Matching {
    pub(crate) fn parse(value: &Value) -> Result<Self> {
        parse(value).map(Self)
    }

    pub(crate) fn of(query: &SearchQuery) -> Result<Self> {
        match query {
            SearchQuery::All => Ok(Self::all()),
            SearchQuery::Elasticsearch(value) => Self::parse(value),
        }
    }

    pub(crate) fn all() -> Self {
        Self(Query {
            clause: Clause::All,
            boost: 1.0,
            name: None,
        })
    }

    /// The score of all its documents, where it is the same.
    pub(crate) fn constant_score(&self) -> Option<Score> {
        match &self.0.clause {
            Clause::All => Some(self.0.boost),
            _ => None,
        }
    }

    /// For the segments of a collection.
    pub(crate) fn weight(&self, reader: &Reader, scores: bool) -> Result<Box<dyn Weight>> {
        weight(compile(&self.0, reader)?.as_ref(), reader, scores)
    }

    /// The documents of a segment that satisfy it: whole ones, or the nested
    /// ones of a path.
    pub(crate) fn documents(
        &self,
        reader: &Reader,
        segment: &SegmentReader,
        path: Option<&str>,
    ) -> Result<Documents> {
        let query = match path {
            None => compile(&self.0, reader)?,
            Some(path) => compile_nested(&self.0, reader, path)?,
        };
        let weight = weight(query.as_ref(), reader, false)?;
        Documents::of(weight.as_ref(), segment)
    }
}

fn weight(query: &dyn IndexQuery, reader: &Reader, scores: bool) -> Result<Box<dyn Weight>> {
    let scoring = match scores {
        true => EnableScoring::enabled_from_searcher(&reader.searcher),
        false => EnableScoring::disabled_from_searcher(&reader.searcher),
    };
    query.weight(scoring).map_err(broken)
}

/// Documents in ascending order, asked for in that order.
pub(crate) struct Documents(Box<dyn Scorer>);

impl Documents {
    pub(crate) fn of(weight: &dyn Weight, segment: &SegmentReader) -> Result<Self> {
        weight.scorer(segment, 1.0).map(Self).map_err(broken)
    }

    pub(crate) fn each(&mut self, mut visit: impl FnMut(DocId)) {
        let mut doc = self.0.doc();
        while doc != TERMINATED {
            visit(doc);
            doc = self.0.advance();
        }
    }

    /// Never ask for a document before the one that was asked for last.
    #[inline]
    pub(crate) fn contains(&mut self, doc: DocId) -> bool {
        let mut current = self.0.doc();
        if current < doc {
            current = self.0.seek(doc);
        }
        current == doc && doc != TERMINATED
    }
}
