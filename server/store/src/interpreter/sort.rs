//! `sort`: in which order hits come.
//!
//! As Elasticsearch does it: values compare under the type that the mapping
//! gives their field; of several values the smallest counts upwards, the
//! largest downwards, unless `mode` says otherwise; documents without a value
//! come last, unless `missing` says otherwise; what is equal stays in the order
//! of writing.

use core::net::IpAddr;

use serde_json::{Map, Value};

use super::top::{SortKey, SortValue};
use crate::change::visit;
use crate::error::StoreError;
use crate::limits::SORT_FIELDS_MAX;
use crate::mapping::{DataType, DateFormat, Leaf, Mapping, date_ms, number_text};

type Result<T> = std::result::Result<T, StoreError>;

/// One level of the order, as asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SortField {
    name: String,
    is_descending: bool,
    missing: Missing,
    mode: Option<Mode>,
    /// Collections that do not know the field: all their documents lack it.
    may_be_unmapped: bool,
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

/// The order of hits; without fields, that of writing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sort(Vec<SortField>);

impl Sort {
    /// Reads a name, `{name: "desc"}`, `{name: {order, …}}`, or a list of them.
    pub(super) fn parse(value: Option<&Value>) -> Result<Self> {
        let mut fields = Vec::new();
        match value {
            None | Some(Value::Null) => (),
            Some(Value::Array(items)) => {
                for item in items {
                    level(item, &mut fields)?;
                }
            }
            Some(single) => level(single, &mut fields)?,
        }
        if fields.len() > SORT_FIELDS_MAX {
            return Err(StoreError::invalid_query(format!(
                "[sort] has {} levels, more than {SORT_FIELDS_MAX}",
                fields.len()
            )));
        }
        Ok(Self(fields))
    }

    pub(super) fn is_order_of_writing(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether hits keep their score: nothing but the score sorts them, or it
    /// is one of the fields.
    pub(super) fn keeps_score(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|it| it.name == "_score")
    }

    /// What reads the keys of the documents of a collection.
    pub(super) fn reader<'a>(&'a self, mapping: &'a Mapping) -> Result<Vec<KeyReader<'a>>> {
        self.0.iter().map(|it| it.reader(mapping)).collect()
    }
}

fn level(item: &Value, fields: &mut Vec<SortField>) -> Result<()> {
    match item {
        Value::String(name) => fields.push(SortField::parse(name, &Value::Null)?),
        Value::Object(object) => {
            for (name, options) in object {
                fields.push(SortField::parse(name, options)?);
            }
        }
        _ => {
            return Err(StoreError::invalid_query(
                "[sort] takes names of fields and objects such as {\"field\": \"desc\"}",
            ));
        }
    }
    Ok(())
}

impl SortField {
    fn parse(name: &str, options: &Value) -> Result<Self> {
        if matches!(name, "_geo_distance" | "_script") {
            return Err(StoreError::invalid_query(format!(
                "the embedded store cannot sort by [{name}] yet"
            )));
        }
        let mut field = Self {
            name: name.into(),
            is_descending: name == "_score",
            missing: Missing::Last,
            mode: None,
            may_be_unmapped: false,
        };
        match options {
            Value::Null => (),
            Value::String(_) => field.is_descending = is_descending(options)?,
            Value::Object(options) => field.set(options)?,
            _ => {
                return Err(StoreError::invalid_query(format!(
                    "[sort] of [{name}] takes \"asc\", \"desc\" or an object"
                )));
            }
        }
        Ok(field)
    }

    fn set(&mut self, options: &Map<String, Value>) -> Result<()> {
        for (key, value) in options {
            match key.as_str() {
                "order" => self.is_descending = is_descending(value)?,
                "missing" => self.missing = missing(value),
                "mode" => self.mode = Some(mode(value)?),
                "unmapped_type" => self.may_be_unmapped = true,
                // How sort values would be shown, or compared across types.
                "format" | "numeric_type" => (),
                key => {
                    return Err(StoreError::invalid_query(format!(
                        "[sort] of [{}] takes no [{key}] here: it takes order, missing, mode, \
                         unmapped_type",
                        self.name
                    )));
                }
            }
        }
        Ok(())
    }

    fn reader<'a>(&'a self, mapping: &'a Mapping) -> Result<KeyReader<'a>> {
        let values = match self.name.as_str() {
            "_id" => Values::Id,
            "_doc" => Values::Sequence,
            "_score" => Values::Score,
            name => match mapping.leaf(name) {
                Some((leaf, path)) => {
                    let kind = Kind::of(leaf, name)?;
                    Values::Field { path, leaf, kind }
                }
                None if self.may_be_unmapped => Values::None,
                None => {
                    return Err(StoreError::invalid_query(format!(
                        "no mapping for the field [{name}] to sort by: give it a type in the \
                         mappings, or `unmapped_type` in the sort"
                    )));
                }
            },
        };
        Ok(KeyReader {
            missing: self.missing_key(&values)?,
            mode: self.checked_mode(&values)?,
            is_descending: self.is_descending,
            values,
        })
    }

    fn missing_key(&self, values: &Values<'_>) -> Result<SortKey> {
        match (&self.missing, values) {
            (Missing::First, _) => Ok(SortKey::MissingFirst),
            (Missing::Value(value), Values::Field { leaf, kind, .. }) => {
                let value = kind.read(leaf, value).ok_or_else(|| {
                    StoreError::invalid_query(format!(
                        "[missing] of [{}] is no value of the type [{}]",
                        self.name,
                        leaf.data_type.name()
                    ))
                })?;
                Ok(key(value, self.is_descending))
            }
            _ => Ok(SortKey::MissingLast),
        }
    }

    fn checked_mode(&self, values: &Values<'_>) -> Result<Mode> {
        let is_text = matches!(
            values,
            Values::Field {
                kind: Kind::Text | Kind::Ip,
                ..
            }
        );
        match self.mode {
            Some(Mode::Sum | Mode::Avg | Mode::Median) if is_text => {
                Err(StoreError::invalid_query(format!(
                    "[mode] of the texts [{}] is min or max",
                    self.name
                )))
            }
            Some(mode) => Ok(mode),
            None if self.is_descending => Ok(Mode::Max),
            None => Ok(Mode::Min),
        }
    }
}

fn is_descending(value: &Value) -> Result<bool> {
    let order = value.as_str().map(str::to_ascii_lowercase);
    match order.as_deref() {
        Some("asc") => Ok(false),
        Some("desc") => Ok(true),
        _ => Err(StoreError::invalid_query(format!(
            "the order of [sort] is asc or desc, found {value}"
        ))),
    }
}

fn missing(value: &Value) -> Missing {
    match value.as_str() {
        Some("_first") => Missing::First,
        Some("_last") => Missing::Last,
        _ => Missing::Value(value.clone()),
    }
}

fn mode(value: &Value) -> Result<Mode> {
    match value.as_str() {
        Some("min") => Ok(Mode::Min),
        Some("max") => Ok(Mode::Max),
        Some("sum") => Ok(Mode::Sum),
        Some("avg") => Ok(Mode::Avg),
        Some("median") => Ok(Mode::Median),
        _ => Err(StoreError::invalid_query(format!(
            "the mode of [sort] is min, max, sum, avg or median, found {value}"
        ))),
    }
}

fn key(value: SortValue, is_descending: bool) -> SortKey {
    if is_descending {
        SortKey::Descending(value)
    } else {
        SortKey::Ascending(value)
    }
}

/// Reads the key of a document under one sort field.
pub(super) struct KeyReader<'a> {
    values: Values<'a>,
    is_descending: bool,
    missing: SortKey,
    mode: Mode,
}

/// Where the values come from.
enum Values<'a> {
    Id,
    Sequence,
    /// The same for all documents.
    Score,
    None,
    Field {
        path: &'a str,
        leaf: &'a Leaf,
        kind: Kind,
    },
}

/// How the values of a type compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    Float,
    Text,
    Boolean,
    Date,
    Ip,
}

impl KeyReader<'_> {
    /// Whether the key needs the content of the document.
    pub(super) fn reads_source(&self) -> bool {
        matches!(self.values, Values::Field { .. })
    }

    pub(super) fn key(&self, id: &str, sequence: u64, source: &Map<String, Value>) -> SortKey {
        let value = match &self.values {
            Values::Id => Some(SortValue::Text(id.into())),
            Values::Sequence => Some(SortValue::Int(sequence.into())),
            Values::Score => Some(SortValue::Int(0)),
            Values::None => None,
            Values::Field { path, leaf, kind } => self.mode.pick(leaf, *kind, source, path),
        };
        match value {
            Some(value) => key(value, self.is_descending),
            None => self.missing.clone(),
        }
    }
}

impl Mode {
    /// The one value that counts of those at a path.
    fn pick(
        self,
        leaf: &Leaf,
        kind: Kind,
        source: &Map<String, Value>,
        path: &str,
    ) -> Option<SortValue> {
        let mut values = Vec::new();
        visit(source, path, &mut |it| values.extend(kind.read(leaf, it)));
        match self {
            Self::Min => values.into_iter().min(),
            Self::Max => values.into_iter().max(),
            Self::Sum => sum(&values),
            Self::Avg => {
                let number = match sum(&values)? {
                    SortValue::Int(sum) => sum as f64,
                    SortValue::Float(sum) => sum,
                    SortValue::Text(_) => return None,
                };
                average(number, values.len(), kind)
            }
            Self::Median => {
                values.sort();
                let middle = values.len() / 2;
                if values.len() % 2 == 1 {
                    return values.into_iter().nth(middle);
                }
                let pair = values.get(middle.checked_sub(1)?..=middle)?;
                match sum(pair)? {
                    SortValue::Int(sum) => average(sum as f64, 2, kind),
                    SortValue::Float(sum) => average(sum, 2, kind),
                    SortValue::Text(_) => None,
                }
            }
        }
    }
}

fn sum(values: &[SortValue]) -> Option<SortValue> {
    let mut values = values.iter().cloned();
    let first = values.next()?;
    values.try_fold(first, |sum, it| match (sum, it) {
        (SortValue::Int(sum), SortValue::Int(it)) => Some(SortValue::Int(sum.saturating_add(it))),
        (SortValue::Float(sum), SortValue::Float(it)) => Some(SortValue::Float(sum + it)),
        _ => None,
    })
}

/// Of integers it is one too, rounded.
fn average(sum: f64, count: usize, kind: Kind) -> Option<SortValue> {
    let average = sum / count as f64;
    Some(match kind {
        Kind::Float => SortValue::Float(average),
        _ => SortValue::Int(average.round() as i128),
    })
}

impl Kind {
    fn of(leaf: &Leaf, name: &str) -> Result<Self> {
        let of = leaf.data_type;
        let has_field_data = leaf.parameters.get("fielddata");
        match of {
            DataType::Boolean => Ok(Self::Boolean),
            DataType::Date | DataType::DateNanos => Ok(Self::Date),
            DataType::Ip => Ok(Self::Ip),
            DataType::Keyword
            | DataType::ConstantKeyword
            | DataType::Wildcard
            | DataType::Version => Ok(Self::Text),
            DataType::Text if has_field_data.is_some_and(|it| it == true || it == "true") => {
                Ok(Self::Text)
            }
            DataType::Text => Err(StoreError::invalid_query(format!(
                "the field [{name}] is a text, which has no order: sort by a keyword (a dynamic \
                 mapping has one at [{name}.keyword])"
            ))),
            _ if of.integer_bounds().is_some() => Ok(Self::Integer),
            _ if of.float_bound().is_some() => Ok(Self::Float),
            _ => Err(StoreError::invalid_query(format!(
                "fields of the type [{}] such as [{name}] cannot be sorted by",
                of.name()
            ))),
        }
    }

    fn read(self, leaf: &Leaf, value: &Value) -> Option<SortValue> {
        let value = match value {
            Value::Null => leaf.null_value()?,
            value => value,
        };
        match self {
            Self::Integer => integer(value).map(SortValue::Int),
            Self::Float => float(value).map(SortValue::Float),
            Self::Boolean => match value {
                Value::Bool(flag) => Some(SortValue::Int((*flag).into())),
                Value::String(text) => Some(SortValue::Int((text == "true").into())),
                _ => None,
            },
            Self::Date => date(leaf.date_format.as_deref(), value).map(SortValue::Int),
            Self::Text => text(leaf, value).map(SortValue::Text),
            Self::Ip => address(value).map(SortValue::Text),
        }
    }
}

fn integer(value: &Value) -> Option<i128> {
    let number = match value {
        Value::Number(number) => number.clone(),
        Value::String(text) => number_text(text)?,
        _ => return None,
    };
    let whole = number.as_i64().map(i128::from);
    whole
        .or_else(|| number.as_u64().map(i128::from))
        .or_else(|| number.as_f64().map(|it| it as i128))
}

fn float(value: &Value) -> Option<f64> {
    let float = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => number_text(text)?.as_f64()?,
        _ => return None,
    };
    // -0 and 0 are equal.
    Some(float + 0.0)
}

fn date(format: Option<&DateFormat>, value: &Value) -> Option<i128> {
    date_ms(format, value).map(i128::from)
}

/// Texts longer than `ignore_above` are not there for the field.
fn text(leaf: &Leaf, value: &Value) -> Option<Box<str>> {
    let text: Box<str> = match value {
        Value::String(text) => text.as_str().into(),
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        _ => return None,
    };
    let is_ignored = text.chars().nth(leaf.ignore_above()).is_some();
    (!is_ignored).then_some(text)
}

/// Digits of equal length, so that addresses compare as numbers.
fn address(value: &Value) -> Option<Box<str>> {
    let address: IpAddr = value.as_str()?.parse().ok()?;
    let bits = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    };
    Some(format!("{bits:032x}").into())
}
