//! Ranges: of numbers, dates, texts and addresses.
//!
//! Columns are asked, for a document matches when any of its values lies
//! between the bounds; analysed texts are ranges of terms.

use std::ops::Bound;

use jiff::tz::TimeZone;
use tantivy::Term;
use tantivy::query::InvertedIndexRangeQuery;
use tantivy::schema::Field;

use super::date::{Reading, time_zone};
use super::exact::{Number, json, no_value, number};
use super::fields::refused;
use super::{Boxed, Compiler, Result, column, constant, nothing};
use crate::error::StoreError;
use crate::index::{Layout, Place};
use crate::mapping::{DataType, DateFormat, Exact, Kind, encode_unsigned};
use crate::query::tree::{Range, Scalar};

type Bounds<T> = (Bound<T>, Bound<T>);

impl Compiler<'_> {
    pub(super) fn exact_range(
        &self,
        place: &Place<'_>,
        kind: Kind,
        range: &Range,
    ) -> Result<Boxed> {
        if range.lower == Bound::Unbounded && range.upper == Bound::Unbounded {
            return Ok(self.named(&place.path));
        }
        match kind {
            Kind::Date => self.integers(place, self.dates(place, range)?),
            Kind::Integer => self.integers(place, integers(place, range, (i64::MIN, i64::MAX))?),
            Kind::Unsigned => {
                let (lower, upper) = integers(place, range, (0, u64::MAX))?;
                let code = |it: Bound<u64>| it.map(encode_unsigned);
                self.integers(place, (code(lower), code(upper)))
            }
            Kind::Float => {
                let (lower, upper) = (float(place, &range.lower)?, float(place, &range.upper)?);
                Ok(column::floats(column_of(place), lower, upper))
            }
            Kind::Boolean => {
                let of = |it: &Scalar| match place.leaf.exact(&json(it)) {
                    Some(Exact::Integer(it)) => Ok(it),
                    _ => Err(no_value(place, it)),
                };
                let (lower, upper) = (tried(&range.lower, of)?, tried(&range.upper, of)?);
                Ok(column::integers(column_of(place), lower, upper))
            }
            Kind::Ip => {
                let of = |it: &Scalar| match place.leaf.exact(&json(it)) {
                    Some(Exact::Text(it)) => Ok(it.into_owned()),
                    _ => Err(no_value(place, it)),
                };
                let (lower, upper) = (tried(&range.lower, of)?, tried(&range.upper, of)?);
                Ok(column::texts(column_of(place), lower, upper))
            }
            Kind::Keyword => {
                let of = |it: &Scalar| {
                    let text = it.to_text().into();
                    Ok(self
                        .layout
                        .analysis
                        .normalize(place.leaf, text)
                        .into_owned())
                };
                let (lower, upper) = (tried(&range.lower, of)?, tried(&range.upper, of)?);
                Ok(column::texts(column_of(place), lower, upper))
            }
        }
    }

    pub(super) fn ip_range(&self, place: &Place<'_>, first: String, last: String) -> Result<Boxed> {
        let (first, last) = (Bound::Included(first), Bound::Included(last));
        Ok(column::texts(column_of(place), first, last))
    }

    /// Terms of an analysed text.
    pub(super) fn text_range(&self, place: &Place<'_>, field: Field, range: &Range) -> Boxed {
        if range.lower == Bound::Unbounded && range.upper == Bound::Unbounded {
            return self.named(&place.path);
        }
        let term = |it: &Bound<Scalar>| {
            let text = it.as_ref().map(Scalar::to_text);
            text.map(|it| Term::from_field_text(field, &it))
        };
        let query = InvertedIndexRangeQuery::new(term(&range.lower), term(&range.upper));
        constant(Box::new(query))
    }

    fn integers(&self, place: &Place<'_>, (lower, upper): Bounds<i64>) -> Result<Boxed> {
        if let (Bound::Included(lower), Bound::Included(upper)) = (lower, upper)
            && lower > upper
        {
            return Ok(nothing());
        }
        if lower == Bound::Unbounded && upper == Bound::Unbounded {
            return Ok(self.named(&place.path));
        }
        Ok(column::integers(column_of(place), lower, upper))
    }

    /// In milliseconds, both ends included.
    pub(super) fn dates(&self, place: &Place<'_>, range: &Range) -> Result<Bounds<i64>> {
        let own = place.leaf.date_format.as_deref();
        let given = range.format.as_deref().map(DateFormat::parse);
        let usual = DateFormat::usual();
        let zone = range.time_zone.as_deref().map(time_zone).transpose();
        let zone = zone.map_err(|it| StoreError::invalid_query(format!("[range] {it}")))?;
        let reading = Reading {
            format: given.as_ref().or(own).unwrap_or(&usual),
            zone: &zone.unwrap_or(TimeZone::UTC),
            now_ms: self.now_ms,
        };
        let read = |value: &Scalar, round_up| {
            let read = reading.read(&value.to_text(), round_up);
            read.map_err(|it| refused(place, &it))
        };
        let lower = match &range.lower {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(value) => Bound::Included(read(value, false)?),
            Bound::Excluded(value) => Bound::Included(read(value, true)?.saturating_add(1)),
        };
        let upper = match &range.upper {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(value) => Bound::Included(read(value, true)?),
            Bound::Excluded(value) => Bound::Included(read(value, false)?.saturating_sub(1)),
        };
        Ok((lower, upper))
    }
}

fn column_of(place: &Place<'_>) -> String {
    Layout::column(&place.path)
}

pub(super) fn tried<T>(
    bound: &Bound<Scalar>,
    of: impl Fn(&Scalar) -> Result<T>,
) -> Result<Bound<T>> {
    Ok(match bound {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(it) => Bound::Included(of(it)?),
        Bound::Excluded(it) => Bound::Excluded(of(it)?),
    })
}

/// The integers between the bounds, both ends included.
pub(super) fn integers<T>(place: &Place<'_>, range: &Range, limits: (T, T)) -> Result<Bounds<T>>
where
    T: Copy + TryFrom<i128> + Into<i128>,
{
    let (least, most): (i128, i128) = (limits.0.into(), limits.1.into());
    let lower = match &range.lower {
        Bound::Unbounded => None,
        Bound::Included(it) => Some(match number(place, it)? {
            Number::Integer(it) => it,
            Number::Float(it) => it.ceil() as i128,
        }),
        Bound::Excluded(it) => Some(match number(place, it)? {
            Number::Integer(it) => it.saturating_add(1),
            Number::Float(it) => (it.floor() as i128).saturating_add(1),
        }),
    };
    let upper = match &range.upper {
        Bound::Unbounded => None,
        Bound::Included(it) => Some(match number(place, it)? {
            Number::Integer(it) => it,
            Number::Float(it) => it.floor() as i128,
        }),
        Bound::Excluded(it) => Some(match number(place, it)? {
            Number::Integer(it) => it.saturating_sub(1),
            Number::Float(it) => (it.ceil() as i128).saturating_sub(1),
        }),
    };
    // Beyond the type there is nothing: the wrong way round.
    if lower.is_some_and(|it| it > most) || upper.is_some_and(|it| it < least) {
        return Ok((Bound::Included(limits.1), Bound::Included(limits.0)));
    }
    let fit = |it: Option<i128>| match it {
        Some(it) if it > least && it < most => T::try_from(it).ok(),
        Some(it) if it == least => Some(limits.0),
        Some(it) if it == most => Some(limits.1),
        _ => None,
    };
    let bound = |it: Option<T>| it.map_or(Bound::Unbounded, Bound::Included);
    Ok((bound(fit(lower)), bound(fit(upper))))
}

/// As exact as the values of the field are.
pub(super) fn float(place: &Place<'_>, bound: &Bound<Scalar>) -> Result<Bound<f64>> {
    let round = |it: f64| match place.leaf.data_type {
        // Elasticsearch compares the scaled values with the bound as it is.
        DataType::ScaledFloat => it,
        _ => place.leaf.round(it),
    };
    tried(bound, |it| Ok(round(number(place, it)?.to_f64())))
}
