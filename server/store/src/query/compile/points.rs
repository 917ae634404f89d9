//! Points in a column, tested one by one.
//!
//! In an intersection only the documents that the other clauses found are
//! tested; alone, a column of a million points takes some milliseconds.

use std::fmt;
use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::query::{EmptyScorer, Scorer};
use tantivy::{DocId, Score, SeekDangerResult, SegmentReader, TERMINATED};

use super::Boxed;
use super::segment::{Own, Segmented};
use super::tested::{Near, Tested, Tests};
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

impl Points {
    fn open(&self, segment: &SegmentReader) -> tantivy::Result<Option<Cells>> {
        let column = segment.fast_fields().column_opt::<i64>(&self.column)?;
        Ok(column.map(|column| Cells {
            column,
            boxes: self.boxes.clone(),
            test: self.test.clone(),
        }))
    }
}

impl Segmented for Points {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.open(segment)? {
            Some(cells) => Tested::scorer(cells, segment.max_doc(), boost),
            None => Box::new(EmptyScorer),
        })
    }

    fn scorer_near(
        &self,
        segment: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<Near> {
        Ok(match self.open(segment)? {
            Some(cells) => Tested::near(cells, segment.max_doc(), target, boost),
            None => nothing(),
        })
    }
}

/// Of a segment without the column.
pub(super) fn nothing() -> Near {
    let result = SeekDangerResult::SeekLowerBound(TERMINATED);
    (result, Box::new(EmptyScorer))
}

struct Cells {
    column: Column<i64>,
    boxes: Vec<Bounds>,
    test: Test,
}

impl Tests for Cells {
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
