//! Queries of our own: found segment by segment, the same whether scores are
//! asked for or not.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, Score, SeekDangerResult, SegmentReader, TantivyError, Term};

use super::tested::Near;

/// How a clause finds its documents in one segment.
pub(super) trait Segmented: fmt::Debug + Send + Sync + 'static {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>>;

    /// For an intersection: asked for one document. Only `seek_danger` may follow
    /// until something is found.
    fn scorer_near(
        &self,
        segment: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<Near> {
        let mut scorer = self.scorer(segment, boost)?;
        let document = scorer.doc();
        let result = match document.cmp(&target) {
            Ordering::Less => scorer.seek_danger(target),
            Ordering::Equal => SeekDangerResult::Found,
            Ordering::Greater => SeekDangerResult::SeekLowerBound(document),
        };
        Ok((result, scorer))
    }

    /// The terms that are looked for.
    fn terms(&self) -> &[Term] {
        &[]
    }
}

/// Both the query and its weight.
#[derive(Debug)]
pub(super) struct Own<T>(Arc<T>);

impl<T: Segmented> Own<T> {
    pub(super) fn query(of: T) -> Box<dyn Query> {
        Box::new(Self(Arc::new(of)))
    }
}

impl<T> Clone for Own<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Segmented> Query for Own<T> {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.0.terms().iter().for_each(|it| visitor(it, false));
    }
}

impl<T: Segmented> Weight for Own<T> {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.0.scorer(segment, boost)
    }

    fn scorer_danger(
        &self,
        segment: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<Near> {
        self.0.scorer_near(segment, target, boost)
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        explain(self.scorer(segment, 1.0)?.as_mut(), document)
    }
}

/// Of scorers that cannot say more: the score.
pub(super) fn explain(scorer: &mut dyn Scorer, document: DocId) -> tantivy::Result<Explanation> {
    if scorer.doc() > document || scorer.seek(document) != document {
        let message = format!("the document {document} does not match");
        return Err(TantivyError::InvalidArgument(message));
    }
    Ok(Explanation::new("score", scorer.score()))
}
