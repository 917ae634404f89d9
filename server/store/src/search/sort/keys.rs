//! The order of documents inside one segment.
//!
//! A key is a number of 128 bits that compares as the value does: the column
//! gives 64 bits in order, one more says "between two values of the column", and
//! above them stand documents without a value, first or last. Downwards the bits
//! are turned over. So one comparison serves all types and directions.

use tantivy::{DocId, Score, SegmentReader, f64_to_u64, u64_to_f64};

use super::{After, By, Distance, Level, Missing, Mode, Result, Sort};
use crate::error::StoreError;
use crate::index::Reader;
use crate::mapping::Kind as Stored;
use crate::search::columns::{Code, Reading, Values, exact};
use crate::search::fields::{FieldInfo, FieldKind};
use crate::search::nested::Children;
use crate::search::top::{SortKey, SortValue, Tie};

/// Above all places of values.
const SPAN: u128 = 1 << 66;
const MISSING_FIRST: u128 = 0;
const MISSING_LAST: u128 = 2 * SPAN;

/// A sort in one segment of one collection.
pub(crate) struct SegmentSort<'s> {
    levels: Vec<SegmentLevel<'s>>,
    /// `_seq`: the last level of every order.
    sequences: Values,
    target: usize,
    after: Option<(Vec<u128>, Option<Tie>)>,
    reading: Reading,
    /// The keys of the first level, for the documents of a block.
    pub(crate) first: Vec<u128>,
    /// The order of writing of the documents of a block, once it was asked for.
    written: Reading,
    has_written: bool,
}

struct SegmentLevel<'s> {
    from: From<'s>,
    is_descending: bool,
    mode: Mode,
    /// The key of documents without a value.
    missing: u128,
    /// The value that stands for them.
    missing_value: Option<SortValue>,
}

/// Where the values of a level come from.
enum From<'s> {
    Score,
    Nothing,
    Field(Column),
    Nested(Column, Children<'s>),
    Distance {
        of: &'s Distance,
        values: Values,
        children: Option<Children<'s>>,
    },
}

struct Column {
    values: Values,
    /// What places mean: floats whose column holds whole numbers are floats.
    code: Code,
}

impl Column {
    fn new(values: Values, info: &FieldInfo) -> Self {
        let code = match info.kind {
            FieldKind::Exact(Stored::Float) => Code::Float,
            _ => values.code(),
        };
        Self { values, code }
    }

    #[inline]
    fn place(&self, raw: u64) -> u128 {
        match self.code == self.values.code() {
            true => exact(raw),
            false => exact(f64_to_u64(self.values.code().number(raw))),
        }
    }

    fn place_of(&self, value: &SortValue) -> Result<u128> {
        match self.code == self.values.code() {
            true => self.values.place(value),
            false => Ok(self.code.place(value)),
        }
    }

    fn value(&self, place: u128) -> Result<SortValue> {
        let raw = (place / 2) as u64;
        match self.code == self.values.code() {
            true => self.values.value(raw),
            false => Ok(SortValue::Float(u64_to_f64(raw))),
        }
    }

    /// The place of the one value that counts of several.
    fn pick(&self, mut raw: impl Iterator<Item = u64>, mode: Mode) -> Option<u128> {
        match mode {
            Mode::Min => raw.min().map(|it| self.place(it)),
            Mode::Max => raw.max().map(|it| self.place(it)),
            mode => {
                let first = raw.next()?;
                let mut values: Vec<u64> = raw.collect();
                if values.is_empty() {
                    return Some(self.place(first));
                }
                values.push(first);
                Some(self.code.place(&self.combine(values, mode)))
            }
        }
    }

    /// Of whole numbers the result is one too, rounded.
    fn combine(&self, mut values: Vec<u64>, mode: Mode) -> SortValue {
        values.sort_unstable();
        let own = self.values.code();
        let middle = values.len() / 2;
        let considered = match mode {
            Mode::Median if values.len() % 2 == 1 => &values[middle..=middle],
            Mode::Median => &values[middle - 1..=middle],
            _ => &values[..],
        };
        let count = if mode == Mode::Sum {
            1
        } else {
            considered.len()
        };
        if self.code == Code::Float {
            let sum: f64 = considered.iter().map(|it| own.number(*it)).sum();
            return SortValue::Float(sum / count as f64);
        }
        let sum: i128 = considered
            .iter()
            .map(|it| i128::from(own.integer(*it)))
            .sum();
        match count {
            1 => SortValue::Int(sum),
            // Halves go up.
            count => SortValue::Int((sum as f64 / count as f64 + 0.5).floor() as i128),
        }
    }
}

impl Sort {
    /// The order in a segment; `after` is where the page begins.
    pub(crate) fn in_segment<'s>(
        &'s self,
        reader: &'s Reader,
        target: usize,
        segment: &'s SegmentReader,
        after: Option<&After>,
    ) -> Result<SegmentSort<'s>> {
        let levels = self.levels.iter().map(|it| it.in_segment(reader, segment));
        let levels: Vec<SegmentLevel<'s>> = levels.collect::<Result<_>>()?;
        let after = match after {
            None => None,
            Some(after) => {
                let keys = levels.iter().zip(&after.keys);
                let keys = keys.map(|(level, key)| level.key_of(key));
                Some((keys.collect::<Result<_>>()?, after.tie))
            }
        };
        let sequences = FieldInfo::of(reader, "_doc")?;
        let sequences = sequences.map(|it| Values::open(segment, &it)).transpose()?;
        Ok(SegmentSort {
            levels,
            sequences: sequences
                .flatten()
                .ok_or_else(|| StoreError::internal("a segment has no order of writing"))?,
            target,
            after,
            reading: Reading::default(),
            first: Vec::new(),
            written: Reading::default(),
            has_written: false,
        })
    }
}

impl Level {
    fn in_segment<'s>(
        &'s self,
        reader: &'s Reader,
        segment: &'s SegmentReader,
    ) -> Result<SegmentLevel<'s>> {
        let mode = self.mode.unwrap_or(match self.is_descending {
            true => Mode::Max,
            false => Mode::Min,
        });
        let from = match &self.by {
            By::Score => From::Score,
            By::Sequence => {
                let info = FieldInfo::of(reader, "_doc")?;
                self.column(info, segment)?
                    .map_or(From::Nothing, From::Field)
            }
            By::Field(_) => {
                let info = self.field(reader)?;
                self.check(info.as_ref(), mode)?;
                let children = self.children(reader, segment, info.as_ref())?;
                match (self.column(info, segment)?, children) {
                    (None, _) => From::Nothing,
                    (Some(column), None) => From::Field(column),
                    (Some(column), Some(children)) => From::Nested(column, children),
                }
            }
            By::Distance(of) => {
                let info = self.field(reader)?;
                if info.as_ref().is_some_and(|it| it.kind != FieldKind::Point) {
                    return Err(StoreError::invalid_query(format!(
                        "[_geo_distance] takes a field of points, and [{}] is none",
                        of.field
                    )));
                }
                let children = self.children(reader, segment, info.as_ref())?;
                let values = info.map(|it| Values::open(segment, &it)).transpose()?;
                match values.flatten() {
                    None => From::Nothing,
                    Some(values) => From::Distance {
                        of,
                        values,
                        children,
                    },
                }
            }
        };
        let mut level = SegmentLevel {
            from,
            is_descending: self.is_descending,
            mode,
            missing: match (&self.by, &self.missing) {
                // Nowhere is as far as can be.
                (By::Distance(_), _) => {
                    directed(exact(f64_to_u64(f64::INFINITY)), self.is_descending)
                }
                (_, Missing::First) => MISSING_FIRST,
                _ => MISSING_LAST,
            },
            missing_value: None,
        };
        if let (Missing::Value(value), By::Field(_)) = (&self.missing, &self.by)
            && let Some(info) = self.field(reader)?
        {
            let value = info.read(reader, value).ok_or_else(|| {
                StoreError::invalid_query(format!(
                    "[missing] of [{}] is {value}, no value of its type",
                    info.name
                ))
            })?;
            let place = match &level.from {
                From::Field(column) | From::Nested(column, _) => column.place_of(&value)?,
                // All documents are equal.
                _ => 1,
            };
            level.missing = directed(place, self.is_descending);
            level.missing_value = Some(value);
        }
        Ok(level)
    }

    fn column(&self, info: Option<FieldInfo>, segment: &SegmentReader) -> Result<Option<Column>> {
        let Some(info) = info else { return Ok(None) };
        let values = Values::open(segment, &info)?;
        Ok(values.map(|it| Column::new(it, &info)))
    }

    fn check(&self, info: Option<&FieldInfo>, mode: Mode) -> Result<()> {
        let Some(info) = info else { return Ok(()) };
        if info.kind == FieldKind::Point {
            return Err(StoreError::invalid_query(format!(
                "[{}] is a point, which has no order: sort by [_geo_distance]",
                info.name
            )));
        }
        if info.kind.is_text() && !matches!(mode, Mode::Min | Mode::Max) {
            return Err(StoreError::invalid_query(format!(
                "[mode] of the texts [{}] is min or max",
                info.name
            )));
        }
        Ok(())
    }

    /// The nested documents whose values count, if the field stands in some.
    fn children<'s>(
        &'s self,
        reader: &'s Reader,
        segment: &'s SegmentReader,
        info: Option<&FieldInfo>,
    ) -> Result<Option<Children<'s>>> {
        let Some(info) = info.filter(|it| !it.nested.is_empty()) else {
            return Ok(None);
        };
        let asked = self.nested.as_ref();
        let innermost = info.nested.last().map_or("", String::as_str);
        if let Some(asked) = asked.filter(|it| it.path != innermost) {
            return Err(StoreError::invalid_query(format!(
                "[nested] of the sort by [{}] has the path [{}]: the field stands in [{innermost}]",
                info.name, asked.path
            )));
        }
        let filter = asked.and_then(|it| it.filter.as_ref());
        let filter = match filter {
            None => None,
            Some(filter) => Some(filter.documents(reader, segment, Some(innermost))?),
        };
        Children::of(reader, segment, innermost, filter).map(Some)
    }
}

fn directed(place: u128, is_descending: bool) -> u128 {
    match is_descending {
        true => 2 * SPAN - 1 - place,
        false => SPAN + place,
    }
}

impl SegmentLevel<'_> {
    /// The key of a document.
    fn key(&mut self, doc: DocId, score: Score) -> u128 {
        let mode = self.mode;
        let place = match &mut self.from {
            From::Score => Some(exact(f64_to_u64(score.into()))),
            From::Nothing => None,
            From::Field(column) => column.pick(column.values.of(doc), mode),
            From::Nested(column, children) => {
                let docs = children.of_parent(doc).iter();
                column.pick(docs.flat_map(|it| column.values.of(*it)), mode)
            }
            From::Distance {
                of,
                values,
                children,
            } => {
                let code = values.code();
                let single = [doc];
                let docs = match children {
                    Some(children) => children.of_parent(doc),
                    None => &single[..],
                };
                let cells = docs.iter().flat_map(|it| values.of(*it));
                let distance = of.of(cells.map(|it| code.integer(it)), mode);
                distance.map(|it| exact(f64_to_u64(it)))
            }
        };
        place.map_or(self.missing, |it| directed(it, self.is_descending))
    }

    /// What a key of this segment is everywhere.
    fn value(&self, key: u128) -> Result<SortKey> {
        if key == self.missing {
            return Ok(match &self.missing_value {
                Some(value) => SortKey::of(value.clone(), self.is_descending),
                None if key == MISSING_FIRST => SortKey::MissingFirst,
                None if key == MISSING_LAST => SortKey::MissingLast,
                None => SortKey::of(SortValue::Float(f64::INFINITY), self.is_descending),
            });
        }
        let place = match self.is_descending {
            true => 2 * SPAN - 1 - key,
            false => key - SPAN,
        };
        let value = match &self.from {
            From::Field(column) | From::Nested(column, _) => column.value(place)?,
            _ => SortValue::Float(u64_to_f64((place / 2) as u64)),
        };
        Ok(SortKey::of(value, self.is_descending))
    }

    /// What a key from elsewhere would be in this segment.
    fn key_of(&self, key: &SortKey) -> Result<u128> {
        let value = match key {
            SortKey::MissingFirst => return Ok(MISSING_FIRST),
            SortKey::MissingLast => return Ok(MISSING_LAST),
            SortKey::Ascending(value) | SortKey::Descending(value) => value,
        };
        let place = match &self.from {
            From::Field(column) | From::Nested(column, _) => column.place_of(value)?,
            From::Score | From::Distance { .. } => Code::Float.place(value),
            From::Nothing => match &self.missing_value {
                None => 1,
                Some(missing) => match missing.cmp(value) {
                    std::cmp::Ordering::Less => 2,
                    std::cmp::Ordering::Equal => 1,
                    std::cmp::Ordering::Greater => 0,
                },
            },
        };
        Ok(directed(place, self.is_descending))
    }
}

impl SegmentSort<'_> {
    /// Reads the first key of each document of a block.
    pub(crate) fn read(&mut self, docs: &[DocId], scores: &[Score]) {
        self.first.clear();
        self.has_written = false;
        let Some(level) = self.levels.first_mut() else {
            return;
        };
        match &level.from {
            From::Score if scores.len() == docs.len() => {
                let keys = scores
                    .iter()
                    .map(|score| directed(exact(f64_to_u64((*score).into())), level.is_descending));
                self.first.extend(keys);
            }
            From::Field(column) if column.values.is_full() => {
                column.values.read(docs, &mut self.reading);
                let keys = self.reading.raw.iter();
                let keys = keys.map(|it| directed(column.place(*it), level.is_descending));
                self.first.extend(keys);
            }
            _ => {
                for (place, doc) in docs.iter().enumerate() {
                    let score = scores.get(place).copied().unwrap_or_default();
                    self.first.push(level.key(*doc, score));
                }
            }
        }
    }

    /// The keys of a document after the first one.
    pub(crate) fn rest(&mut self, first: u128, doc: DocId, score: Score) -> Vec<u128> {
        let rest = self.levels.iter_mut().skip(1).map(|it| it.key(doc, score));
        std::iter::once(first).chain(rest).collect()
    }

    /// When the document of a block was written; quicker for many of them.
    pub(crate) fn sequence(&mut self, docs: &[DocId], place: usize) -> u64 {
        if !self.has_written {
            self.has_written = true;
            self.sequences.read(docs, &mut self.written);
        }
        // Each root has one.
        self.written.raw.get(place).copied().unwrap_or_default()
    }

    /// Whether nothing but the first key and the order of writing decides.
    pub(crate) fn has_one_level(&self) -> bool {
        self.levels.len() == 1
    }

    /// Whether the document comes before the page.
    pub(crate) fn is_before_page(&mut self, first: u128, doc: DocId, score: Score) -> bool {
        let Some((after, tie)) = &self.after else {
            return false;
        };
        let Some(bound) = after.first() else {
            return false;
        };
        if first != *bound {
            return first < *bound;
        }
        for (level, bound) in self.levels.iter_mut().zip(after).skip(1) {
            let key = level.key(doc, score);
            if key != *bound {
                return key < *bound;
            }
        }
        let Some(tie) = tie else { return true };
        let own = Tie {
            target: self.target,
            sequence: self.sequences.of(doc).next().unwrap_or_default(),
        };
        own <= *tie
    }

    /// What keys of this segment are everywhere.
    pub(crate) fn keys(&self, keys: &[u128]) -> Result<Vec<SortKey>> {
        let levels = self.levels.iter().zip(keys);
        levels.map(|(level, key)| level.value(*key)).collect()
    }
}
