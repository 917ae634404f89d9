//! Documents that are tested one by one.
//!
//! In an intersection only those that the other clauses have found are tested,
//! the first one included: nothing looks for a first match of its own.

use tantivy::query::{ConstScorer, Scorer};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, TERMINATED};

/// What a document has to pass.
pub(super) trait Tests: Send + 'static {
    fn passes(&self, document: DocId) -> bool;
}

/// Those below `end` that pass.
pub(super) struct Tested<T> {
    tests: T,
    end: DocId,
    document: DocId,
}

pub(super) type Near = (SeekDangerResult, Box<dyn Scorer>);

impl<T: Tests> Tested<T> {
    /// From the first one on.
    pub(super) fn scorer(tests: T, end: DocId, boost: Score) -> Box<dyn Scorer> {
        let mut tested = Self::new(tests, end);
        tested.find(0);
        Box::new(ConstScorer::new(tested, boost))
    }

    /// Asked for this one.
    pub(super) fn near(tests: T, end: DocId, target: DocId, boost: Score) -> Near {
        let mut tested = Self::new(tests, end);
        let result = tested.seek_danger(target);
        (result, Box::new(ConstScorer::new(tested, boost)))
    }

    fn new(tests: T, end: DocId) -> Self {
        Self {
            tests,
            end,
            document: 0,
        }
    }

    fn find(&mut self, from: DocId) -> DocId {
        let mut documents = from..self.end;
        let found = documents.find(|it| self.tests.passes(*it));
        self.document = found.unwrap_or(TERMINATED);
        self.document
    }
}

impl<T: Tests> DocSet for Tested<T> {
    fn advance(&mut self) -> DocId {
        match self.document {
            TERMINATED => TERMINATED,
            document => self.find(document + 1),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        match self.document < target {
            true => self.find(target),
            false => self.document,
        }
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= self.end {
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        if !self.tests.passes(target) {
            return SeekDangerResult::SeekLowerBound(target + 1);
        }
        self.document = target;
        SeekDangerResult::Found
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        // More than most places have: other clauses lead.
        self.end / 2
    }
}
