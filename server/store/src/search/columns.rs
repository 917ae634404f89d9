//! The values of a field in one segment, read in blocks.
//!
//! Every column is read as 64 bits that keep the order of its values: numbers
//! by an order-preserving code, texts by their place in the sorted dictionary.
//! So one loop serves all types, and a value becomes a number or a text only
//! where somebody looks at it. A block of a full column costs about a
//! nanosecond per document.

use tantivy::columnar::{Column, ColumnIndex, ColumnType, StrColumn, TermOrdHit};
use tantivy::{DocId, SegmentReader, f64_to_u64, i64_to_u64, u64_to_f64, u64_to_i64};

use super::fields::FieldInfo;
use super::top::SortValue;
use crate::error::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// The column of a field in one segment.
#[derive(Clone)]
pub(crate) struct Values {
    column: Column<u64>,
    code: Code,
    /// Of texts.
    dictionary: Option<StrColumn>,
}

/// What the 64 bits of a value mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Int,
    Unsigned,
    Float,
    /// The place in the dictionary.
    Text,
}

impl Code {
    #[inline]
    pub(crate) fn number(self, raw: u64) -> f64 {
        match self {
            Self::Int => u64_to_i64(raw) as f64,
            Self::Unsigned | Self::Text => raw as f64,
            Self::Float => u64_to_f64(raw),
        }
    }

    #[inline]
    pub(crate) fn integer(self, raw: u64) -> i64 {
        match self {
            Self::Int => u64_to_i64(raw),
            Self::Unsigned | Self::Text => raw.cast_signed(),
            Self::Float => u64_to_f64(raw).floor() as i64,
        }
    }

    /// Where a number stands among those of this code: see `Values::place`.
    pub(crate) fn place(self, value: &SortValue) -> u128 {
        match (self, value) {
            (Self::Float, SortValue::Float(number)) => exact(f64_to_u64(*number)),
            (Self::Float, SortValue::Int(number)) => exact(f64_to_u64(*number as f64)),
            (_, SortValue::Float(number)) if number.fract() != 0.0 => {
                self.place(&SortValue::Int(number.ceil() as i128)) - 1
            }
            (code, SortValue::Float(number)) => code.place(&SortValue::Int(*number as i128)),
            (Self::Int, SortValue::Int(number)) => match i64::try_from(*number) {
                Ok(number) => exact(i64_to_u64(number)),
                Err(_) if *number < 0 => 0,
                Err(_) => LAST,
            },
            (_, SortValue::Int(number)) => match u64::try_from(*number) {
                Ok(number) => exact(number),
                Err(_) if *number < 0 => 0,
                Err(_) => LAST,
            },
            (_, SortValue::Text(_)) => LAST,
        }
    }
}

/// After every place of a value.
const LAST: u128 = (u64::MAX as u128 + 1) * 2;

pub(crate) fn exact(raw: u64) -> u128 {
    u128::from(raw) * 2 + 1
}

impl Values {
    /// `None` when no document of the segment has a value.
    pub(crate) fn open(segment: &SegmentReader, field: &FieldInfo) -> Result<Option<Self>> {
        let (name, kind) = (field.column.as_str(), field.kind);
        let readers = segment.fast_fields();
        if kind.is_text() {
            let dictionary = readers.str(name).map_err(broken)?;
            return Ok(dictionary.map(|dictionary| Self {
                column: dictionary.ords().clone(),
                code: Code::Text,
                dictionary: Some(dictionary),
            }));
        }
        for handle in readers.dynamic_column_handles(name).map_err(broken)? {
            let code = match handle.column_type() {
                ColumnType::I64 => Code::Int,
                ColumnType::U64 => Code::Unsigned,
                ColumnType::F64 => Code::Float,
                _ => continue,
            };
            if let Some(column) = handle.open_u64_lenient().map_err(broken)? {
                return Ok(Some(Self {
                    column,
                    code,
                    dictionary: None,
                }));
            }
        }
        Ok(None)
    }

    /// Reads the values of documents, which come in ascending order.
    pub(crate) fn read(&self, docs: &[DocId], into: &mut Reading) {
        into.clear();
        match &self.column.index {
            ColumnIndex::Empty { .. } => return,
            ColumnIndex::Full => {
                into.is_one_each = true;
                into.raw.resize(docs.len(), 0);
                match contiguous(docs) {
                    Some(first) => self.column.values.get_range(first, &mut into.raw),
                    None => self.column.values.get_vals(docs, &mut into.raw),
                }
                return;
            }
            index => {
                for (position, doc) in (0..).zip(docs) {
                    for row in index.value_row_ids(*doc) {
                        into.positions.push(position);
                        into.rows.push(row);
                    }
                }
            }
        }
        into.raw.resize(into.rows.len(), 0);
        self.column.values.get_vals(&into.rows, &mut into.raw);
    }

    /// The values of one document.
    #[inline]
    pub(crate) fn of(&self, doc: DocId) -> impl Iterator<Item = u64> + '_ {
        self.column.values_for_doc(doc)
    }

    /// Whether a document may have more than one value.
    pub(crate) fn is_multivalued(&self) -> bool {
        matches!(self.column.index, ColumnIndex::Multivalued(_))
    }

    /// Whether every document has exactly one value.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self.column.index, ColumnIndex::Full)
    }

    pub(crate) fn has_value(&self, doc: DocId) -> bool {
        self.column.index.has_value(doc)
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// Bounds of all values: the least and the largest bits.
    pub(crate) fn bounds(&self) -> (u64, u64) {
        (self.column.min_value(), self.column.max_value())
    }

    /// How many different texts there are.
    pub(crate) fn terms_count(&self) -> u64 {
        self.dictionary
            .as_ref()
            .map_or(0, |it| it.num_terms() as u64)
    }

    pub(crate) fn text(&self, raw: u64) -> Result<Box<str>> {
        let mut text = String::new();
        if let Some(dictionary) = &self.dictionary {
            dictionary.ord_to_str(raw, &mut text).map_err(broken)?;
        }
        Ok(text.into())
    }

    /// The texts of places in ascending order; quicker than one by one.
    pub(crate) fn texts(&self, places: &[u64], mut found: impl FnMut(&str)) -> Result<()> {
        let Some(dictionary) = &self.dictionary else {
            return Ok(());
        };
        let each = |bytes: &[u8]| found(&String::from_utf8_lossy(bytes));
        dictionary
            .dictionary()
            .sorted_ords_to_term_cb(places, each)
            .map_err(broken)?;
        Ok(())
    }

    /// The place of a text in the dictionary.
    pub(crate) fn place_of_text(&self, text: &str) -> Result<Option<u64>> {
        match &self.dictionary {
            Some(dictionary) => dictionary.dictionary().term_ord(text).map_err(broken),
            None => Ok(None),
        }
    }

    /// As a value to compare across segments.
    pub(crate) fn value(&self, raw: u64) -> Result<SortValue> {
        Ok(match self.code {
            Code::Int => SortValue::Int(u64_to_i64(raw).into()),
            Code::Unsigned => SortValue::Int(raw.into()),
            Code::Float => SortValue::Float(u64_to_f64(raw)),
            Code::Text => SortValue::Text(self.text(raw)?),
        })
    }

    /// Where a value stands among those of the column: `2 × bits + 1` when the
    /// column can hold it, an even number between its neighbours when not.
    pub(crate) fn place(&self, value: &SortValue) -> Result<u128> {
        let (Some(column), SortValue::Text(text)) = (&self.dictionary, value) else {
            return Ok(self.code.place(value));
        };
        let terms = column.num_terms() as u64;
        if terms == 0 {
            return Ok(0);
        }
        let hit = column.dictionary().term_ord_or_next(text.as_bytes());
        Ok(match hit.map_err(broken)? {
            TermOrdHit::Exact(place) => exact(place),
            TermOrdHit::Next(place) => u128::from(place.min(terms)) * 2,
        })
    }
}

fn contiguous(docs: &[DocId]) -> Option<u64> {
    let (first, last) = (docs.first()?, docs.last()?);
    let is_contiguous = (last - first) as usize + 1 == docs.len();
    // A list with repetitions may look so, too: it has a gap or ends too early.
    (is_contiguous && docs.is_sorted_by(|a, b| a < b)).then_some((*first).into())
}

/// The values of a block of documents.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) raw: Vec<u64>,
    /// Whether value `i` is that of document `i`; else `positions` tells.
    is_one_each: bool,
    positions: Vec<u32>,
    rows: Vec<u32>,
}

impl Reading {
    pub(crate) fn clear(&mut self) {
        self.raw.clear();
        self.positions.clear();
        self.rows.clear();
        self.is_one_each = false;
    }

    /// Visits each value with the position of its document in the block.
    #[inline]
    pub(crate) fn each(&self, mut visit: impl FnMut(usize, u64)) {
        if self.is_one_each {
            for (position, raw) in self.raw.iter().enumerate() {
                visit(position, *raw);
            }
        } else {
            for (position, raw) in self.positions.iter().zip(&self.raw) {
                visit(*position as usize, *raw);
            }
        }
    }

    /// Gives documents without a value this one.
    pub(crate) fn fill_missing(&mut self, docs: usize, raw: u64) {
        if self.is_one_each {
            return;
        }
        let (mut positions, mut values) = (Vec::new(), Vec::new());
        let mut next = 0;
        for position in 0..docs as u32 {
            let start = next;
            while self.positions.get(next) == Some(&position) {
                positions.push(position);
                values.push(self.raw[next]);
                next += 1;
            }
            if start == next {
                positions.push(position);
                values.push(raw);
            }
        }
        self.positions = positions;
        self.raw = values;
    }

    /// Every document has this value.
    pub(crate) fn all(&mut self, docs: usize, raw: u64) {
        self.clear();
        self.is_one_each = true;
        self.raw.resize(docs, raw);
    }

    /// For each value the position of its document in a block of so many.
    pub(crate) fn positions(&self, docs: usize) -> impl Iterator<Item = u32> + '_ {
        let all = if self.is_one_each { docs as u32 } else { 0 };
        (0..all).chain(self.positions.iter().copied())
    }

    /// Each value of a document once, in ascending order.
    pub(crate) fn deduplicate(&mut self) {
        if self.is_one_each {
            return;
        }
        let mut pairs: Vec<(u32, u64)> = self
            .positions
            .iter()
            .copied()
            .zip(self.raw.drain(..))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        self.positions.clear();
        for (position, raw) in pairs {
            self.positions.push(position);
            self.raw.push(raw);
        }
    }
}

/// What tantivy could not read.
pub(crate) fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::internal(format!("the search index cannot be read: {error}"))
}
