//! The values of a block of documents as floating point numbers.

use tantivy::DocId;

use super::Result;
use super::collect::Segment;
use super::source::{Opened, Source};
use crate::mapping::{Kind as Stored, decode_unsigned};
use crate::search::columns::{Code, Reading, Values};
use crate::search::fields::FieldKind;

/// Unsigned numbers are written as integers of the same order.
fn unsigned(code: Code, raw: u64) -> f64 {
    decode_unsigned(code.integer(raw)) as f64
}

/// Reads a field as numbers.
pub(super) struct Numbers {
    values: Option<Values>,
    missing: Option<f64>,
    is_unsigned: bool,
    reading: Reading,
    /// The numbers of the block and the positions of their documents.
    pub(super) numbers: Vec<f64>,
    pub(super) positions: Vec<u32>,
}

impl Numbers {
    pub(super) fn open(source: &Source, segment: &Segment<'_>) -> Result<Self> {
        let opened = source.open_numbers(segment)?;
        let missing = opened.missing_number();
        let Opened { info, values, .. } = opened;
        let kind = info.map(|it| it.kind);
        Ok(Self {
            values,
            missing,
            is_unsigned: kind == Some(FieldKind::Exact(Stored::Unsigned)),
            reading: Reading::default(),
            numbers: Vec::new(),
            positions: Vec::new(),
        })
    }

    /// The least and the largest number of the segment; `None`: it has none.
    pub(super) fn bounds(&self) -> Option<(f64, f64)> {
        let of_values = self.values.as_ref().map(|it| {
            let (least, largest) = it.bounds();
            (self.decode(it, least), self.decode(it, largest))
        });
        match (of_values, self.missing) {
            (Some((least, largest)), Some(missing)) => {
                Some((least.min(missing), largest.max(missing)))
            }
            (Some(bounds), None) => Some(bounds),
            (None, Some(missing)) => Some((missing, missing)),
            (None, None) => None,
        }
    }

    pub(super) fn is_multivalued(&self) -> bool {
        self.values.as_ref().is_some_and(Values::is_multivalued)
    }

    fn decode(&self, values: &Values, raw: u64) -> f64 {
        match self.is_unsigned {
            true => unsigned(values.code(), raw),
            false => values.code().number(raw),
        }
    }

    /// Reads a block: fills `numbers` and `positions`.
    pub(super) fn read(&mut self, docs: &[DocId]) {
        self.numbers.clear();
        self.positions.clear();
        let Some(values) = &self.values else {
            if let Some(missing) = self.missing {
                self.positions.extend(0..docs.len() as u32);
                self.numbers.resize(docs.len(), missing);
            }
            return;
        };
        values.read(docs, &mut self.reading);
        let code = values.code();
        self.positions.extend(self.reading.positions(docs.len()));
        if self.is_unsigned {
            let decoded = self.reading.raw.iter().map(|it| unsigned(code, *it));
            self.numbers.extend(decoded);
        } else {
            let decoded = self.reading.raw.iter().map(|it| code.number(*it));
            self.numbers.extend(decoded);
        }
        if let Some(missing) = self.missing {
            self.fill(docs.len(), missing);
        }
    }

    fn fill(&mut self, docs: usize, missing: f64) {
        let (mut positions, mut numbers) = (Vec::new(), Vec::new());
        let mut next = 0;
        for position in 0..docs as u32 {
            let start = next;
            while self.positions.get(next) == Some(&position) {
                positions.push(position);
                numbers.push(self.numbers[next]);
                next += 1;
            }
            if start == next {
                positions.push(position);
                numbers.push(missing);
            }
        }
        self.positions = positions;
        self.numbers = numbers;
    }

    /// Each number with the position of its document.
    #[inline]
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let positions = self.positions.iter().map(|it| *it as usize);
        positions.zip(self.numbers.iter().copied())
    }
}
