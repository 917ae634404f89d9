//! `sort`: in which order hits come.
//!
//! As Elasticsearch does it: of several values the smallest counts upwards, the
//! largest downwards, unless `mode` says otherwise; documents without a value
//! come last, unless `missing` says otherwise. What is equal stays in the order
//! of writing, so that pages follow each other without a gap.
//!
//! `keys` has the order inside a segment, in numbers that compare quickly; the
//! best of each segment get values that compare everywhere.

mod distance;
mod keys;
mod parse;

use serde_json::Value;

use super::fields::FieldInfo;
use super::format::json_number;
use super::matching::Matching;
use super::top::{SortKey, SortValue, Tie};
use crate::error::StoreError;
use crate::index::Reader;
use crate::shape::Point;

pub(crate) use distance::arc_metres;
pub(crate) use keys::SegmentSort;

type Result<T> = std::result::Result<T, StoreError>;

/// The order of hits; without levels, that of the scores.
#[derive(Clone, Debug)]
pub(crate) struct Sort {
    levels: Vec<Level>,
    /// Whether a search asked for it; else it is by score.
    is_asked: bool,
}

/// One level of the order, as asked for.
#[derive(Clone, Debug)]
struct Level {
    by: By,
    is_descending: bool,
    missing: Missing,
    mode: Option<Mode>,
    /// Collections that do not know the field: all their documents lack it.
    may_be_unmapped: bool,
    nested: Option<Nested>,
}

#[derive(Clone, Debug)]
enum By {
    Score,
    /// The order of writing.
    Sequence,
    Field(String),
    Distance(Distance),
}

/// The distance from the nearest of some points.
#[derive(Clone, Debug)]
struct Distance {
    field: String,
    from: Vec<Point>,
    metres_per_unit: f64,
    is_plane: bool,
}

/// Only some nested documents count.
#[derive(Clone, Debug)]
struct Nested {
    path: String,
    filter: Option<Matching>,
}

#[derive(Clone, Debug, PartialEq)]
enum Missing {
    First,
    Last,
    Value(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Min,
    Max,
    Sum,
    Avg,
    Median,
}

/// Where a page begins: after such keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct After {
    pub(crate) keys: Vec<SortKey>,
    /// With equal keys after this one; `None`: not with equal keys.
    pub(crate) tie: Option<Tie>,
}

impl Sort {
    /// Whether scores have to be computed.
    pub(crate) fn needs_scores(&self) -> bool {
        self.levels.iter().any(|it| matches!(it.by, By::Score))
    }

    /// Whether hits keep their score: nothing but the score sorts them, or it
    /// is one of the levels.
    pub(crate) fn keeps_score(&self) -> bool {
        !self.is_asked || self.needs_scores()
    }

    /// Keys as JSON; `None`: the order is by score alone.
    pub(crate) fn shown(&self, reader: &Reader, keys: &[SortKey]) -> Result<Option<Value>> {
        if !self.is_asked {
            return Ok(None);
        }
        let mut values = Vec::with_capacity(keys.len());
        for (level, key) in self.levels.iter().zip(keys) {
            let (SortKey::Ascending(value) | SortKey::Descending(value)) = key else {
                values.push(Value::Null);
                continue;
            };
            let info = match &level.by {
                By::Field(_) => level.field(reader)?,
                _ => None,
            };
            values.push(match (info, value) {
                (Some(info), value) => info.to_json(value),
                (None, SortValue::Int(number)) => (*number as i64).into(),
                (None, SortValue::Float(number)) => json_number(*number),
                (None, SortValue::Text(text)) => text.as_ref().into(),
            });
        }
        Ok(Some(values.into()))
    }

    pub(crate) fn by_score() -> Self {
        Self {
            levels: vec![Level::by_score()],
            is_asked: false,
        }
    }

    /// Where the page after these values of `search_after` begins.
    pub(crate) fn after(&self, reader: &Reader, values: &[Value]) -> Result<After> {
        if values.len() != self.levels.len() || !self.is_asked {
            return Err(StoreError::invalid_query(format!(
                "[search_after] has {} values and the sort has {} levels: it takes one for each",
                values.len(),
                if self.is_asked { self.levels.len() } else { 0 },
            )));
        }
        let levels = self.levels.iter().zip(values);
        let keys = levels.map(|(level, value)| level.after(reader, value));
        Ok(After {
            keys: keys.collect::<Result<_>>()?,
            tie: None,
        })
    }
}

impl Level {
    fn by_score() -> Self {
        Self {
            by: By::Score,
            is_descending: true,
            missing: Missing::Last,
            mode: None,
            may_be_unmapped: false,
            nested: None,
        }
    }

    fn name(&self) -> &str {
        match &self.by {
            By::Score => "_score",
            By::Sequence => "_doc",
            By::Field(name) => name,
            By::Distance(distance) => &distance.field,
        }
    }

    /// The field; `None`: the collection does not map it, and that may be.
    fn field(&self, reader: &Reader) -> Result<Option<FieldInfo>> {
        let info = FieldInfo::of(reader, self.name())?;
        if info.is_none() && !self.may_be_unmapped {
            return Err(StoreError::invalid_query(format!(
                "No mapping found for [{}] in order to sort on: give it a type in the mappings, \
                 or [unmapped_type] in the sort",
                self.name()
            )));
        }
        Ok(info)
    }

    fn missing_key(&self) -> SortKey {
        match self.missing {
            Missing::First => SortKey::MissingFirst,
            _ => SortKey::MissingLast,
        }
    }

    fn after(&self, reader: &Reader, value: &Value) -> Result<SortKey> {
        let number = || {
            let number = match value {
                Value::String(text) => text.parse().ok(),
                value => value.as_f64(),
            };
            number.map(SortValue::Float)
        };
        let read = match (&self.by, value) {
            (By::Field(_), Value::Null) => return Ok(self.missing_key()),
            (By::Field(_), value) => match self.field(reader)? {
                Some(info) => info.read(reader, value),
                None => return Ok(self.missing_key()),
            },
            (By::Sequence, value) => value.as_i64().map(|it| SortValue::Int(it.into())),
            // Scores are shown with the digits that they have.
            (By::Score, _) => match number() {
                Some(SortValue::Float(score)) => Some(SortValue::Float((score as f32).into())),
                other => other,
            },
            (By::Distance(_), _) => number(),
        };
        let read = read.ok_or_else(|| {
            StoreError::invalid_query(format!(
                "[search_after] has the value {value} for [{}], which is none of its type",
                self.name()
            ))
        })?;
        Ok(SortKey::of(read, self.is_descending))
    }
}
