//! BM25 as Elasticsearch computes it: with the statistics of the field, that
//! is, of the documents which have it.
//!
//! tantivy averages over all documents of the index, and so would score a field
//! that few documents have as if it were empty in the others.

use tantivy::query::{Bm25StatisticsProvider, EnableScoring, Query, TermQuery, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

/// What BM25 knows about a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FieldStatistics {
    /// Documents that have the field.
    pub(super) documents: u64,
    /// Terms in all of them.
    pub(super) tokens: u64,
}

const K1: f32 = 1.2;
const B: f32 = 0.75;

impl FieldStatistics {
    /// Of a field without lengths: as if each value had one term.
    pub(super) fn without_lengths(documents: u64) -> Self {
        Self {
            documents,
            tokens: documents,
        }
    }

    pub(super) fn idf(&self, found: u64) -> f32 {
        let documents = self.documents.max(found) as f32;
        let found = found as f32;
        (1.0 + (documents - found + 0.5) / (found + 0.5)).ln()
    }

    /// What `k1` is multiplied with, by the length of a value.
    fn length_factor(&self, length: u32) -> f32 {
        let average = self.tokens as f32 / self.documents.max(1) as f32;
        1.0 - B + B * length as f32 / average
    }

    /// The score of a term, without its idf; the frequency of a sloppy phrase
    /// is no whole number.
    pub(super) fn term_score(&self, frequency: f32, length: u32) -> f32 {
        (K1 + 1.0) * frequency / (frequency + K1 * self.length_factor(length))
    }
}

/// A term, scored with the statistics of its field.
#[derive(Clone, Debug)]
pub(super) struct ScoredTerm {
    query: TermQuery,
    statistics: FieldStatistics,
    /// Documents that have the term; of terms scored together, the most.
    found: u64,
}

impl ScoredTerm {
    pub(super) fn new(term: Term, statistics: FieldStatistics, found: u64) -> Self {
        Self {
            query: TermQuery::new(term, IndexRecordOption::WithFreqs),
            statistics,
            found,
        }
    }
}

impl Query for ScoredTerm {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        match scoring {
            EnableScoring::Enabled { searcher, .. } => {
                let scoring = EnableScoring::enabled_from_statistics_provider(self, searcher);
                self.query.weight(scoring)
            }
            disabled => self.query.weight(disabled),
        }
    }

    fn count(&self, searcher: &Searcher) -> tantivy::Result<usize> {
        self.query.count(searcher)
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.query.query_terms(visitor);
    }
}

impl Bm25StatisticsProvider for ScoredTerm {
    fn total_num_tokens(&self, _: Field) -> tantivy::Result<u64> {
        Ok(self.statistics.tokens.max(1))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.statistics.documents.max(self.found).max(1))
    }

    fn doc_freq(&self, _: &Term) -> tantivy::Result<u64> {
        Ok(self.found)
    }
}
