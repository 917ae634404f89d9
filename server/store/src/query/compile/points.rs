//! Points in a column, tested one by one.
//!
//! In an intersection only the documents that the other clauses found are
//! tested; alone, a column of a million points takes some milliseconds.

use std::fmt;
use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::query::{ConstScorer, EmptyScorer, Scorer};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED};

use super::Boxed;
use super::segment::{Own, Segmented};
use crate::shape::{Bounds, Point, decode_cell};

type Test = Arc<dyn Fn(Point) -> bool + Send + Sync>;

/// Documents with a point in the boxes that passes the test.
pub(super) fn query(column: String, boxes: Vec<Bounds>, test: Test) -> Boxed {
    Own::query(Points {
        column,
        boxes,
        test,
    })
}

struct Points {
    column: String,
    boxes: Vec<Bounds>,
    test: Test,
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut points = f.debug_struct("Points");
        points
            .field("column", &self.column)
            .field("boxes", &self.boxes);
        points.finish_non_exhaustive()
    }
}

impl Segmented for Points {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let Some(column) = segment.fast_fields().column_opt::<i64>(&self.column)? else {
            return Ok(Box::new(EmptyScorer));
        };
        let mut found = Found {
            column,
            end: segment.max_doc(),
            boxes: self.boxes.clone(),
            test: self.test.clone(),
            document: 0,
        };
        found.find(0);
        Ok(Box::new(ConstScorer::new(found, boost)))
    }
}

struct Found {
    column: Column<i64>,
    end: DocId,
    boxes: Vec<Bounds>,
    test: Test,
    document: DocId,
}

impl Found {
    fn find(&mut self, from: DocId) -> DocId {
        let mut documents = from..self.end;
        let found = documents.find(|it| self.passes(*it));
        self.document = found.unwrap_or(TERMINATED);
        self.document
    }

    fn passes(&self, document: DocId) -> bool {
        let mut cells = self.column.values_for_doc(document);
        cells.any(|cell| {
            let point = decode_cell(cell);
            self.boxes.iter().any(|it| holds(it, point)) && (self.test)(point)
        })
    }
}

pub(super) fn holds(bounds: &Bounds, point: Point) -> bool {
    bounds.south <= point.lat
        && point.lat <= bounds.north
        && bounds.west <= point.lon
        && point.lon <= bounds.east
}

impl DocSet for Found {
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

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        // An eighth of the Earth's documents: more than most places have.
        self.end / 8
    }
}
