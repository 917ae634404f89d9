//! `nested`: documents that have nested ones which satisfy a query.
//!
//! Nested documents stand before the one around them, all of them neighbours:
//! from a nested one, the next document of the outer kind is the one around it.

use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::postings::SegmentPostings;
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

use super::segment::explain;
use super::{Boxed, Compiler, Result, nothing};
use crate::error::StoreError;
use crate::index::names;
use crate::query::tree::{Nested, ScoreMode};

impl Compiler<'_> {
    pub(super) fn nested(&self, nested: &Nested) -> Result<Boxed> {
        let path = nested.path.as_str();
        if !self.layout.mapping.is_nested(path) {
            return match nested.ignore_unmapped {
                true => Ok(nothing()),
                false => Err(StoreError::invalid_query(format!(
                    "[nested] finds no nested objects at [{path}]: the type of the field must be \
                     nested"
                ))),
            };
        }
        let inside = Compiler {
            scope: path,
            ..*self
        };
        let children = self.nested_at(path, inside.query(&nested.query)?);
        let around = match self.scope {
            "" => None,
            scope => Some(self.layout.name(&names::nested(scope))),
        };
        let sequence = self.layout.fields.sequence;
        Ok(Box::new(Join {
            children: children.into(),
            around,
            root_column: self.layout.schema().get_field_name(sequence).into(),
            mode: nested.score_mode,
        }))
    }
}

/// From nested documents to those around them.
#[derive(Clone, Debug)]
struct Join {
    children: Arc<dyn Query>,
    /// The mark of those around them; `None`: roots.
    around: Option<Term>,
    /// A column that roots have, and nothing else.
    root_column: Box<str>,
    mode: ScoreMode,
}

impl Query for Join {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let mode = match scoring.is_scoring_enabled() {
            true => self.mode,
            false => ScoreMode::None,
        };
        Ok(Box::new(JoinWeight {
            children: self.children.weight(scoring)?,
            join: self.clone(),
            mode,
        }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.children.query_terms(visitor);
    }
}

struct JoinWeight {
    children: Box<dyn Weight>,
    join: Join,
    mode: ScoreMode,
}

impl Weight for JoinWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let around = match &self.join.around {
            None => {
                let column = segment.fast_fields().u64(&self.join.root_column)?;
                Around::Roots(column, segment.max_doc())
            }
            Some(mark) => {
                let index = segment.inverted_index(mark.field())?;
                let postings = index.read_postings(mark, IndexRecordOption::Basic)?;
                Around::Marked(postings.unwrap_or_else(SegmentPostings::empty).into())
            }
        };
        let mut scorer = JoinScorer {
            children: self.children.scorer(segment, boost)?,
            around,
            mode: self.mode,
            document: 0,
            score: 0.0,
        };
        scorer.advance();
        Ok(Box::new(scorer))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        explain(self.scorer(segment, 1.0)?.as_mut(), document)
    }
}

/// The documents around nested ones.
enum Around {
    /// With the number of documents.
    Roots(Column<u64>, DocId),
    Marked(Box<SegmentPostings>),
}

impl Around {
    /// The one around a nested document. Asked in order.
    fn of(&mut self, child: DocId) -> DocId {
        match self {
            Self::Roots(column, end) => {
                let mut after = child + 1..*end;
                after
                    .find(|it| column.first(*it).is_some())
                    .unwrap_or(TERMINATED)
            }
            Self::Marked(postings) => match postings.doc() <= child {
                true => postings.seek(child + 1),
                false => postings.doc(),
            },
        }
    }

    /// The first document that may stand inside of one from `target` on; at
    /// least `from`.
    fn first_inside(&self, target: DocId, from: DocId) -> DocId {
        match self {
            Self::Roots(column, end) => {
                // `target` may be the end of all documents, billions away.
                let mut before = (from..target.min(*end)).rev();
                let root = before.find(|it| column.first(*it).is_some());
                root.map_or(from, |it| it + 1)
            }
            Self::Marked(_) => from,
        }
    }
}

struct JoinScorer {
    /// Beyond the current document.
    children: Box<dyn Scorer>,
    around: Around,
    mode: ScoreMode,
    document: DocId,
    score: Score,
}

impl DocSet for JoinScorer {
    fn advance(&mut self) -> DocId {
        let child = self.children.doc();
        if child == TERMINATED {
            self.document = TERMINATED;
            return TERMINATED;
        }
        self.document = self.around.of(child);
        let (mut count, mut total) = (0_u32, 0.0);
        while self.children.doc() < self.document {
            if self.mode != ScoreMode::None {
                let score = self.children.score();
                total = match self.mode {
                    ScoreMode::Max if count > 0 => score.max(total),
                    ScoreMode::Min if count > 0 => score.min(total),
                    ScoreMode::Max | ScoreMode::Min => score,
                    _ => total + score,
                };
            }
            count += 1;
            self.children.advance();
        }
        self.score = match self.mode {
            ScoreMode::Average if count > 0 => total / count as f32,
            ScoreMode::None => 0.0,
            _ => total,
        };
        self.document
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.document >= target {
            return self.document;
        }
        let child = self.children.doc();
        if child < target {
            let inside = self.around.first_inside(target, child);
            if inside > child {
                self.children.seek(inside);
            }
        }
        while self.document < target {
            self.advance();
        }
        self.document
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.children.size_hint()
    }
}

impl Scorer for JoinScorer {
    fn score(&mut self) -> Score {
        self.score
    }
}
