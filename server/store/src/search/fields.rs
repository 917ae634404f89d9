//! A field as sorts and aggregations see it: the type of its values, where they
//! stand, how they are shown.

use serde_json::Value;

use super::format::ValueFormat;
use super::top::SortValue;
use crate::error::StoreError;
use crate::index::{Layout, Place, Reader, Values as Stored};
use crate::mapping::{DataType, Exact, Kind, decode_ip, decode_unsigned};

type Result<T> = std::result::Result<T, StoreError>;

/// A field of one collection.
#[derive(Clone, Debug)]
pub(crate) struct FieldInfo {
    pub(crate) name: String,
    pub(crate) kind: FieldKind,
    /// The name of its column.
    pub(crate) column: String,
    /// The nested objects around, the outermost first.
    pub(crate) nested: Vec<String>,
    /// How its dates are written when nobody asks for a format.
    date_format: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Exact(Kind),
    Point,
}

impl FieldKind {
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Exact(Kind::Keyword | Kind::Ip))
    }

    /// Whether its values are numbers for metrics; dates and booleans are.
    pub(crate) fn is_number(self) -> bool {
        !self.is_text() && self != Self::Point
    }

    pub(crate) fn is_date(self) -> bool {
        self == Self::Exact(Kind::Date)
    }
}

impl FieldInfo {
    /// `None`: the collection does not map the field. An error when the values
    /// of its type are in no order.
    pub(crate) fn of(reader: &Reader, name: &str) -> Result<Option<Self>> {
        if name == "_id" {
            return Ok(Some(Self::meta("_id", Kind::Keyword)));
        }
        if matches!(name, "_seq_no" | "_doc") {
            return Ok(Some(Self::meta("_seq", Kind::Integer)));
        }
        if name == "_version" {
            return Ok(Some(Self::meta("_version", Kind::Integer)));
        }
        let Some(place) = reader.layout.place(name) else {
            return Ok(None);
        };
        let (kind, column) = match place.values {
            Stored::Exact(kind) => (FieldKind::Exact(kind), Layout::column(&place.path)),
            Stored::Point => {
                let path = crate::index::columns::point(&place.path);
                (FieldKind::Point, Layout::column(&path))
            }
            _ => return Err(has_no_column(name, &place)),
        };
        let format = place.leaf.parameters.get("format").and_then(Value::as_str);
        Ok(Some(Self {
            name: name.to_owned(),
            kind,
            column,
            date_format: format.map(str::to_owned),
            nested: place.nested,
        }))
    }

    fn meta(column: &str, kind: Kind) -> Self {
        Self {
            name: column.to_owned(),
            kind: FieldKind::Exact(kind),
            column: column.to_owned(),
            nested: Vec::new(),
            date_format: None,
        }
    }

    /// A value that a user writes, as the column would hold it.
    pub(crate) fn read(&self, reader: &Reader, value: &Value) -> Option<SortValue> {
        let Some(place) = reader.layout.place(&self.name) else {
            return match value {
                Value::String(text) => Some(SortValue::Text(text.as_str().into())),
                value => value.as_i64().map(|it| SortValue::Int(it.into())),
            };
        };
        if self.kind == FieldKind::Exact(Kind::Boolean)
            && let Some(number @ (0 | 1)) = value.as_i64()
        {
            return Some(SortValue::Int(number.into()));
        }
        // Fractions stand between the values of integer fields.
        if self.kind == FieldKind::Exact(Kind::Integer)
            && let Some(number) = value.as_f64().filter(|it| it.fract() != 0.0)
        {
            return Some(SortValue::Float(number));
        }
        if self.kind.is_date()
            && let Some(number) = value.as_i64()
        {
            return Some(SortValue::Int(number.into()));
        }
        Some(match place.leaf.exact(value)? {
            Exact::Text(text) => SortValue::Text(text.as_ref().into()),
            Exact::Integer(number) => SortValue::Int(number.into()),
            Exact::Float(number) => SortValue::Float(number),
        })
    }

    /// How values are shown: as asked for, or as the field writes them.
    pub(crate) fn format(
        &self,
        format: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<ValueFormat> {
        match self.kind {
            FieldKind::Exact(Kind::Date) => {
                let format = format.or(self.date_format.as_deref());
                ValueFormat::date(format, time_zone)
            }
            FieldKind::Exact(Kind::Boolean) => Ok(ValueFormat::Boolean),
            _ => format.map_or(Ok(ValueFormat::Plain), ValueFormat::decimal),
        }
    }

    /// The number that a number of the column stands for.
    pub(crate) fn decode(&self, number: f64) -> f64 {
        match self.kind {
            FieldKind::Exact(Kind::Unsigned) => decode_unsigned(number as i64) as f64,
            _ => number,
        }
    }

    /// A value of the column as JSON.
    pub(crate) fn to_json(&self, value: &SortValue) -> Value {
        match (value, self.kind) {
            (SortValue::Int(code), FieldKind::Exact(Kind::Unsigned)) => {
                i64::try_from(*code).map_or(Value::Null, |it| decode_unsigned(it).into())
            }
            (SortValue::Int(number), FieldKind::Exact(Kind::Float)) => (*number as f64).into(),
            (SortValue::Int(number), _) => i64::try_from(*number).map_or(Value::Null, Value::from),
            (SortValue::Float(number), _) => super::format::json_number(*number),
            (SortValue::Text(text), FieldKind::Exact(Kind::Ip)) => {
                decode_ip(text).unwrap_or_default().into()
            }
            (SortValue::Text(text), _) => text.as_ref().into(),
        }
    }
}

fn has_no_column(name: &str, place: &Place<'_>) -> StoreError {
    let data_type = place.leaf.data_type;
    let is_text = matches!(
        data_type,
        DataType::Text | DataType::MatchOnlyText | DataType::SearchAsYouType
    );
    let message = match is_text {
        true => format!(
            "the field [{name}] is a text: its words cannot be sorted or aggregated. Take a \
             keyword (a dynamic mapping has one at [{name}.keyword])"
        ),
        false => format!(
            "fields of the type [{}] such as [{name}] cannot be sorted or aggregated",
            data_type.name()
        ),
    };
    StoreError::invalid_query(message)
}
