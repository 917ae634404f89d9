//! Where an aggregation takes its values from: a field, and what stands for a
//! missing value.

use serde_json::Value;

use super::collect::Segment;
use super::{Answering, Result};
use crate::error::StoreError;
use crate::search::columns::Values;
use crate::search::fields::FieldInfo;
use crate::search::format::ValueFormat;
use crate::search::options::Options;
use crate::search::top::SortValue;

/// A field, as the request names it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The aggregation, for messages.
    of: &'static str,
    pub(super) field: String,
    missing: Option<Value>,
    pub(super) format: Option<String>,
    pub(super) time_zone: Option<String>,
}

/// The values of the field in a segment.
pub(super) struct Opened {
    pub(super) info: Option<FieldInfo>,
    /// `None`: no document of the segment has one.
    pub(super) values: Option<Values>,
    pub(super) missing: Option<SortValue>,
}

impl Source {
    pub(super) fn parse(of: &'static str, options: &Options<'_>) -> Result<Self> {
        options.ignore(&["value_type"]);
        Ok(Self {
            of,
            field: options.needed_text("field")?.to_owned(),
            missing: options.value("missing").cloned(),
            format: options.text("format")?.map(str::to_owned),
            time_zone: None,
        })
    }

    /// The field's values, whatever their type.
    pub(super) fn open(&self, segment: &Segment<'_>) -> Result<Opened> {
        let info = FieldInfo::of(segment.reader, &self.field)?;
        let Some(info) = info else {
            let missing = self.missing.as_ref().and_then(unmapped);
            return Ok(Opened {
                info: None,
                values: None,
                missing,
            });
        };
        let missing = match &self.missing {
            None => None,
            Some(value) => Some(info.read(segment.reader, value).ok_or_else(|| {
                StoreError::invalid_query(format!(
                    "[missing] of [{}] is {value}, no value of the field [{}]",
                    self.of, self.field
                ))
            })?),
        };
        let values = Values::open(segment.segment, &info)?;
        Ok(Opened {
            info: Some(info),
            values,
            missing,
        })
    }

    /// The field's values, which must be numbers, dates or booleans.
    pub(super) fn open_numbers(&self, segment: &Segment<'_>) -> Result<Opened> {
        let opened = self.open(segment)?;
        match &opened.info {
            Some(info) if !info.kind.is_number() => {
                Err(self.wrong_type("numbers, dates and booleans"))
            }
            _ => Ok(opened),
        }
    }

    pub(super) fn wrong_type(&self, expected: &str) -> StoreError {
        StoreError::invalid_query(format!(
            "[{}] takes {expected}: the field [{}] has others",
            self.of, self.field
        ))
    }

    /// The field in the first collection that maps it.
    pub(super) fn info(&self, at: &Answering<'_>) -> Result<Option<FieldInfo>> {
        for reader in at.readers {
            if let Some(info) = FieldInfo::of(reader, &self.field)? {
                return Ok(Some(info));
            }
        }
        Ok(None)
    }

    pub(super) fn value_format(&self, at: &Answering<'_>) -> Result<ValueFormat> {
        let (format, zone) = (self.format.as_deref(), self.time_zone.as_deref());
        match self.info(at)? {
            Some(info) => info.format(format, zone),
            None => Ok(ValueFormat::Plain),
        }
    }
}

fn unmapped(value: &Value) -> Option<SortValue> {
    Some(match value {
        Value::String(text) => SortValue::Text(text.as_str().into()),
        value => match value.as_i64() {
            Some(number) => SortValue::Int(number.into()),
            None => SortValue::Float(value.as_f64()?),
        },
    })
}

impl Opened {
    pub(super) fn is_text(&self) -> bool {
        self.info.as_ref().is_some_and(|it| it.kind.is_text())
    }

    /// What stands for a missing value, as a number.
    pub(super) fn missing_number(&self) -> Option<f64> {
        match self.missing.as_ref()? {
            SortValue::Int(number) => Some(*number as f64),
            SortValue::Float(number) => Some(*number),
            SortValue::Text(text) => text.parse().ok(),
        }
    }
}
