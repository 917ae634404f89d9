//! Ranges of a column: documents with a value between two bounds.
//!
//! Values are read in blocks; a block after a jump is small, and grows while
//! documents are read one after the other.

use std::ops::{Bound, RangeInclusive};

use tantivy::columnar::{Column, ColumnType};
use tantivy::query::{ConstScorer, EmptyScorer, Scorer};
use tantivy::{
    DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, f64_to_u64, i64_to_u64,
};

use super::Boxed;
use super::points::nothing;
use super::segment::{Own, Segmented};
use super::tested::Near;

pub(super) fn integers(column: String, lower: Bound<i64>, upper: Bound<i64>) -> Boxed {
    let bounds = Bounds::Integers(lower, upper);
    Own::query(ColumnRange { column, bounds })
}

pub(super) fn floats(column: String, lower: Bound<f64>, upper: Bound<f64>) -> Boxed {
    let bounds = Bounds::Floats(lower, upper);
    Own::query(ColumnRange { column, bounds })
}

pub(super) fn texts(column: String, lower: Bound<String>, upper: Bound<String>) -> Boxed {
    let bounds = Bounds::Texts(lower, upper);
    Own::query(ColumnRange { column, bounds })
}

#[derive(Debug)]
struct ColumnRange {
    column: String,
    bounds: Bounds,
}

#[derive(Debug)]
enum Bounds {
    Integers(Bound<i64>, Bound<i64>),
    Floats(Bound<f64>, Bound<f64>),
    Texts(Bound<String>, Bound<String>),
}

/// Columns hold numbers as unsigned ones, in their order.
type Codes = RangeInclusive<u64>;

impl Segmented for ColumnRange {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.found(segment)? {
            Some(mut found) => {
                found.fill(0);
                Box::new(ConstScorer::new(found, boost))
            }
            None => Box::new(EmptyScorer),
        })
    }

    fn scorer_near(
        &self,
        segment: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<Near> {
        Ok(match self.found(segment)? {
            Some(mut found) => {
                let result = found.seek_danger(target);
                (result, Box::new(ConstScorer::new(found, boost)))
            }
            None => nothing(),
        })
    }
}

impl ColumnRange {
    /// `None`: nothing is in the range.
    fn found(&self, segment: &SegmentReader) -> tantivy::Result<Option<Found>> {
        let Some((column, codes)) = self.open(segment)? else {
            return Ok(None);
        };
        let is_outside = *codes.start() > column.max_value() || *codes.end() < column.min_value();
        Ok((!is_outside).then(|| Found {
            column,
            codes,
            documents: Vec::new(),
            at: 0,
            start: 0,
            read: 0,
            block: BLOCK_MIN,
        }))
    }

    /// The column of the segment, and which codes are in the range.
    fn open(&self, segment: &SegmentReader) -> tantivy::Result<Option<(Column<u64>, Codes)>> {
        if let Bounds::Texts(lower, upper) = &self.bounds {
            let Some(texts) = segment.fast_fields().str(&self.column)? else {
                return Ok(None);
            };
            let (lower, upper) = (lower.as_ref(), upper.as_ref());
            let bytes = |it: Bound<&String>| it.map(|it| it.as_bytes().to_vec());
            let ords = texts
                .dictionary()
                .term_bounds_to_ord(bytes(lower), bytes(upper))?;
            let codes = closed(ords.0, ords.1);
            return Ok(codes.map(|it| (texts.ords().clone(), it)));
        }
        // Floats without a fraction stand in a column of integers.
        let types = [ColumnType::I64, ColumnType::U64, ColumnType::F64];
        let columns = segment.fast_fields();
        let Some((column, of)) = columns.u64_lenient_for_type(Some(&types), &self.column)? else {
            return Ok(None);
        };
        let codes = match (&self.bounds, of) {
            (Bounds::Integers(lower, upper), ColumnType::F64) => {
                let code = |it: i64| f64_to_u64(it as f64);
                closed(lower.map(code), upper.map(code))
            }
            (Bounds::Integers(lower, upper), of) => closed(
                lower.map(|it| integer_code(it, of)),
                upper.map(|it| integer_code(it, of)),
            ),
            (Bounds::Floats(lower, upper), ColumnType::F64) => {
                closed(lower.map(f64_to_u64), upper.map(f64_to_u64))
            }
            (Bounds::Floats(lower, upper), of) => {
                let (Some(lower), Some(upper)) = (whole_from(*lower), whole_to(*upper)) else {
                    return Ok(None);
                };
                closed(
                    lower.map(|it| integer_code(it, of)),
                    upper.map(|it| integer_code(it, of)),
                )
            }
            (Bounds::Texts(..), _) => None,
        };
        Ok(codes.map(|it| (column, it)))
    }
}

fn integer_code(number: i64, of: ColumnType) -> u64 {
    match of {
        ColumnType::U64 => u64::try_from(number).unwrap_or(0),
        _ => i64_to_u64(number),
    }
}

/// The first integer of a range of floats; `None` when all are below.
fn whole_from(bound: Bound<f64>) -> Option<Bound<i64>> {
    let least = match bound {
        Bound::Unbounded => return Some(Bound::Unbounded),
        Bound::Included(it) => it.ceil(),
        Bound::Excluded(it) => it.floor() + 1.0,
    };
    match least > i64::MAX as f64 {
        true => None,
        // Saturates at the least one.
        false => Some(Bound::Included(least as i64)),
    }
}

/// The last integer of a range of floats; `None` when all are above.
fn whole_to(bound: Bound<f64>) -> Option<Bound<i64>> {
    let most = match bound {
        Bound::Unbounded => return Some(Bound::Unbounded),
        Bound::Included(it) => it.floor(),
        Bound::Excluded(it) => it.ceil() - 1.0,
    };
    match most < i64::MIN as f64 {
        true => None,
        false => Some(Bound::Included(most as i64)),
    }
}

fn closed(lower: Bound<u64>, upper: Bound<u64>) -> Option<Codes> {
    let first = match lower {
        Bound::Unbounded => 0,
        Bound::Included(it) => it,
        Bound::Excluded(it) => it.checked_add(1)?,
    };
    let last = match upper {
        Bound::Unbounded => u64::MAX,
        Bound::Included(it) => it,
        Bound::Excluded(it) => it.checked_sub(1)?,
    };
    (first <= last).then_some(first..=last)
}

const BLOCK_MIN: u32 = 128;
const BLOCK_MAX: u32 = 1 << 16;

struct Found {
    column: Column<u64>,
    codes: Codes,
    /// Those of the block that was read last.
    documents: Vec<DocId>,
    at: usize,
    /// Where the block begins.
    start: DocId,
    /// Up to this document everything was read.
    read: DocId,
    block: u32,
}

impl Found {
    /// Reads blocks from a document on until one has something.
    fn fill(&mut self, from: DocId) {
        self.documents.clear();
        self.at = 0;
        self.start = from;
        self.read = from;
        let end = self.column.num_docs();
        while self.documents.is_empty() && self.read < end {
            let to = self.read.saturating_add(self.block).min(end);
            let range = self.read..to;
            self.column
                .get_docids_for_value_range(self.codes.clone(), range, &mut self.documents);
            self.read = to;
            self.block = (2 * self.block).min(BLOCK_MAX);
        }
    }
}

impl DocSet for Found {
    fn advance(&mut self) -> DocId {
        self.at += 1;
        if self.at >= self.documents.len() {
            self.fill(self.read);
        }
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc() >= target {
            return self.doc();
        }
        let rest = &self.documents[self.at..];
        self.at += rest.partition_point(|it| *it < target);
        if self.at >= self.documents.len() {
            if target > self.read {
                self.block = BLOCK_MIN;
            }
            self.fill(target.max(self.read));
        }
        self.doc()
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= self.column.num_docs() {
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        if (self.start..self.read).contains(&target) {
            let at = self.documents.partition_point(|it| *it < target);
            self.at = at;
            return match self.documents.get(at) {
                Some(document) if *document == target => SeekDangerResult::Found,
                Some(document) => SeekDangerResult::SeekLowerBound(*document),
                None => SeekDangerResult::SeekLowerBound(self.read),
            };
        }
        let mut values = self.column.values_for_doc(target);
        if !values.any(|it| self.codes.contains(&it)) {
            return SeekDangerResult::SeekLowerBound(target + 1);
        }
        self.documents.clear();
        self.documents.push(target);
        (self.at, self.start, self.read) = (0, target, target + 1);
        self.block = BLOCK_MIN;
        SeekDangerResult::Found
    }

    fn doc(&self) -> DocId {
        self.documents.get(self.at).copied().unwrap_or(TERMINATED)
    }

    fn size_hint(&self) -> u32 {
        // Nothing is known of it: a third of the documents.
        self.column.num_docs() / 3
    }
}

#[cfg(test)]
mod tests {
    use tantivy::query::{EnableScoring, Query};
    use tantivy::schema::{FAST, Schema};
    use tantivy::{Index, IndexWriter, TantivyDocument};

    use super::*;

    /// Steps of a linear congruence: enough for a test, the same on each run.
    fn random(state: &mut u64, below: u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (*state >> 33) % below
    }

    #[test]
    fn each_way_to_read_a_column_finds_the_same() {
        let mut schema = Schema::builder();
        let field = schema.add_i64_field("n", FAST);
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
        let mut state = 42;
        let mut documents: Vec<Vec<i64>> = Vec::new();
        for _ in 0..3000 {
            let count = random(&mut state, 3);
            let values = (0..count).map(|_| random(&mut state, 1000) as i64 - 500);
            documents.push(values.collect());
            let mut document = TantivyDocument::new();
            for value in documents.last().unwrap() {
                document.add_i64(field, *value);
            }
            writer.add_document(document).unwrap();
        }
        writer.commit().unwrap();
        let searcher = index.reader().unwrap().searcher();
        let segment = searcher.segment_reader(0);
        for (lower, upper) in [(-10, 10), (-500, 400), (499, 499), (0, 0), (-600, -501)] {
            let query = integers(
                "n".into(),
                Bound::Included(lower),
                Bound::Excluded(upper + 1),
            );
            let scoring = EnableScoring::disabled_from_searcher(&searcher);
            let weight = query.weight(scoring).unwrap();
            let passes = |it: &u32| {
                let values = documents.get(*it as usize);
                values.is_some_and(|all| all.iter().any(|it| (lower..=upper).contains(it)))
            };
            let expected: Vec<u32> = (0..3000).filter(passes).collect();

            let mut scorer = weight.scorer(segment, 1.0).unwrap();
            let mut found = Vec::new();
            while scorer.doc() != TERMINATED {
                found.push(scorer.doc());
                scorer.advance();
            }
            assert_eq!(found, expected, "{lower}..={upper}, one after the other");

            let mut scorer = weight.scorer(segment, 1.0).unwrap();
            let mut target = scorer.doc();
            while target < 3000 {
                target += random(&mut state, 400) as u32;
                let next = expected.iter().find(|it| **it >= target);
                assert_eq!(
                    scorer.seek(target),
                    *next.unwrap_or(&TERMINATED),
                    "{target}"
                );
                target = scorer.doc().max(target) + 1;
            }

            let mut target = random(&mut state, 100) as u32;
            let (mut result, mut scorer) = weight.scorer_danger(segment, target, 1.0).unwrap();
            loop {
                match result {
                    SeekDangerResult::Found => {
                        assert!(passes(&target) && scorer.doc() == target, "{target}");
                        let next = expected.iter().find(|it| **it > target);
                        if random(&mut state, 4) == 0 {
                            assert_eq!(scorer.advance(), *next.unwrap_or(&TERMINATED));
                            target = scorer.doc();
                        }
                    }
                    SeekDangerResult::SeekLowerBound(bound) => {
                        assert!(!passes(&target), "{target} passes");
                        assert!(!(target..bound.min(3000)).any(|it| passes(&it)), "{target}");
                    }
                }
                target = target.saturating_add(1 + random(&mut state, 150) as u32);
                if target >= 3000 {
                    break;
                }
                result = scorer.seek_danger(target);
            }
        }
    }
}
