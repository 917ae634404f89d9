//! `boosting`: documents of one query, those of another one with a lower score.

use std::sync::Arc;

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, Term};

use super::Boxed;
use super::segment::explain;

pub(super) fn query(positive: Boxed, negative: Boxed, factor: f32) -> Boxed {
    Box::new(Boosting {
        positive: positive.into(),
        negative: negative.into(),
        factor,
    })
}

#[derive(Clone, Debug)]
struct Boosting {
    positive: Arc<dyn Query>,
    negative: Arc<dyn Query>,
    factor: f32,
}

impl Query for Boosting {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        if !scoring.is_scoring_enabled() {
            return self.positive.weight(scoring);
        }
        Ok(Box::new(BoostingWeight {
            positive: self.positive.weight(scoring)?,
            negative: self.negative.weight(scoring)?,
            factor: self.factor,
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.positive.query_terms(visitor);
    }
}

struct BoostingWeight {
    positive: Box<dyn Weight>,
    negative: Box<dyn Weight>,
    factor: f32,
}

impl Weight for BoostingWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(BoostingScorer {
            positive: self.positive.scorer(segment, boost)?,
            negative: self.negative.scorer(segment, 1.0)?,
            factor: self.factor,
        }))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        explain(self.scorer(segment, 1.0)?.as_mut(), document)
    }
}

struct BoostingScorer {
    positive: Box<dyn Scorer>,
    /// Follows the positive one.
    negative: Box<dyn Scorer>,
    factor: f32,
}

impl DocSet for BoostingScorer {
    fn advance(&mut self) -> DocId {
        self.positive.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.positive.seek(target)
    }

    fn doc(&self) -> DocId {
        self.positive.doc()
    }

    fn size_hint(&self) -> u32 {
        self.positive.size_hint()
    }
}

impl Scorer for BoostingScorer {
    fn score(&mut self) -> Score {
        let document = self.positive.doc();
        if self.negative.doc() < document {
            self.negative.seek(document);
        }
        let factor = match self.negative.doc() == document {
            true => self.factor,
            false => 1.0,
        };
        self.positive.score() * factor
    }
}
