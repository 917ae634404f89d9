//! Tests on fields of exact values: keywords, numbers, dates, booleans,
//! addresses.

use std::ops::Bound;

use serde_json::Value;
use tantivy::Term;
use tantivy::query::TermSetQuery;

use super::fields::refused;
use super::pattern::{self, Terms};
use super::statistics::ScoredTerm;
use super::{Boxed, Compiler, Result, any_of, constant, nothing, unscored};
use crate::error::StoreError;
use crate::index::Place;
use crate::mapping::{DataType, Exact, Kind, encode_ip};
use crate::query::tree::{Case, Match, Range, Relation, Scalar, Test};

impl Compiler<'_> {
    pub(super) fn exact(&self, place: &Place<'_>, kind: Kind, test: &Test) -> Result<Boxed> {
        if kind == Kind::Keyword
            && pattern::is_pattern(test)
            && let Some(query) = self.patterns(&self.keyword_terms(place)?, test)?
        {
            return Ok(query);
        }
        match test {
            Test::Term { value, .. } => self.exact_term(place, kind, value),
            Test::Terms(values) => self.exact_terms(place, kind, values),
            Test::Range(range) => self.exact_range(place, kind, range),
            Test::Match(it) => self.exact_match(place, kind, it),
            Test::MatchBoolPrefix(it) if kind == Kind::Keyword => {
                let value = self.normalized(place, &it.text);
                let test = Test::Prefix {
                    value,
                    case: Case::AsTyped,
                };
                self.exact(place, kind, &test)
            }
            Test::Phrase(it) if it.prefix_expansions.is_some() && kind == Kind::Keyword => {
                let value = self.normalized(place, &it.text);
                let test = Test::Prefix {
                    value,
                    case: Case::AsTyped,
                };
                self.exact(place, kind, &test)
            }
            Test::MatchBoolPrefix(it) => self.exact_term(place, kind, &it.text),
            Test::Phrase(it) => self.exact_term(place, kind, &it.text),
            _ => Err(refused(
                place,
                "prefix, wildcard, regexp and fuzzy need a keyword or a text",
            )),
        }
    }

    fn normalized(&self, place: &Place<'_>, value: &Scalar) -> String {
        let text = value.to_text();
        let normalized = self.layout.analysis.normalize(place.leaf, text.into());
        normalized.into_owned()
    }

    /// A term; that of keywords and booleans is scored.
    fn exact_term(&self, place: &Place<'_>, kind: Kind, value: &Scalar) -> Result<Boxed> {
        match kind {
            Kind::Date => {
                let range = Range {
                    lower: Bound::Included(value.clone()),
                    upper: Bound::Included(value.clone()),
                    format: None,
                    time_zone: None,
                    relation: Relation::Intersects,
                };
                return self.exact_range(place, kind, &range);
            }
            Kind::Ip => {
                if let Some((first, last)) = network(&value.to_text()) {
                    return self.ip_range(place, first, last);
                }
            }
            _ => (),
        }
        let Some(term) = self.term_of(place, kind, value)? else {
            return Ok(nothing());
        };
        match kind {
            Kind::Keyword | Kind::Boolean => {
                let found = self.found(&term)?;
                let statistics = self.exact_statistics(place)?;
                Ok(Box::new(ScoredTerm::new(term, statistics, found)))
            }
            _ => Ok(unscored(term)),
        }
    }

    /// Any of the values; each document scores the same.
    fn exact_terms(&self, place: &Place<'_>, kind: Kind, values: &[Scalar]) -> Result<Boxed> {
        let mut terms = Vec::new();
        let mut others = Vec::new();
        for value in values {
            let is_range =
                kind == Kind::Date || kind == Kind::Ip && network(&value.to_text()).is_some();
            match is_range {
                true => others.push(self.exact_term(place, kind, value)?),
                false => terms.extend(self.term_of(place, kind, value)?),
            }
        }
        if !terms.is_empty() {
            others.push(Box::new(TermSetQuery::new(terms)));
        }
        Ok(match others.is_empty() {
            true => nothing(),
            false => constant(any_of(others, 1)),
        })
    }

    fn exact_match(&self, place: &Place<'_>, kind: Kind, search: &Match) -> Result<Boxed> {
        match (&search.fuzzy, kind) {
            (Some(fuzzy), Kind::Keyword) => {
                let value = Scalar::Text(self.normalized(place, &search.text));
                let (fuzzy, case) = (*fuzzy, Case::AsTyped);
                self.exact(place, kind, &Test::Fuzzy { value, fuzzy, case })
            }
            _ => self.exact_term(place, kind, &search.text),
        }
    }

    /// `None`: no value of the field is like that.
    fn term_of(&self, place: &Place<'_>, kind: Kind, value: &Scalar) -> Result<Option<Term>> {
        let exact = match kind {
            Kind::Keyword => Exact::Text(self.normalized(place, value).into()),
            Kind::Integer | Kind::Unsigned | Kind::Float => {
                match number(place, value)? {
                    // Fractions and numbers beyond the bounds are in no field.
                    number if kind != Kind::Float && number.has_fraction() => return Ok(None),
                    number => match place.leaf.exact(&number.to_json()) {
                        Some(exact) => return Ok(Some(self.layout.term(&place.path, &exact))),
                        None => return Ok(None),
                    },
                }
            }
            _ => {
                let json = json(value);
                let exact = place.leaf.exact(&json);
                return match exact {
                    Some(exact) => Ok(Some(self.layout.term(&place.path, &exact))),
                    None => Err(no_value(place, value)),
                };
            }
        };
        Ok(Some(self.layout.term(&place.path, &exact)))
    }

    /// The terms of a keyword, to be looked through with a pattern.
    fn keyword_terms<'p>(&'p self, place: &'p Place<'p>) -> Result<Terms<'p>> {
        let normalize = |text: &str| {
            let text = text.to_owned().into();
            self.layout
                .analysis
                .normalize(place.leaf, text)
                .into_owned()
        };
        Ok(Terms {
            base: self.layout.term(&place.path, &Exact::Text("".into())),
            statistics: self.exact_statistics(place)?,
            normalize: Box::new(normalize),
        })
    }
}

/// A number of a query, as exact as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    pub(super) fn has_fraction(self) -> bool {
        matches!(self, Self::Float(it) if it.fract() != 0.0)
    }

    pub(super) fn to_f64(self) -> f64 {
        match self {
            Self::Integer(it) => it as f64,
            Self::Float(it) => it,
        }
    }

    fn to_json(self) -> Value {
        match self {
            Self::Integer(it) => match (i64::try_from(it), u64::try_from(it)) {
                (Ok(it), _) => it.into(),
                (_, Ok(it)) => it.into(),
                _ => (it as f64).into(),
            },
            Self::Float(it) => it.into(),
        }
    }
}

pub(super) fn number(place: &Place<'_>, value: &Scalar) -> Result<Number> {
    let number = match value {
        Scalar::Integer(it) => Some(Number::Integer((*it).into())),
        Scalar::Unsigned(it) => Some(Number::Integer((*it).into())),
        Scalar::Float(it) => Some(Number::Float(*it)),
        Scalar::Text(text) => {
            let text = text.trim();
            let float = || text.parse().ok().filter(|it: &f64| it.is_finite());
            let integer = text.parse().ok().map(Number::Integer);
            integer.or_else(|| float().map(Number::Float))
        }
        Scalar::Bool(_) => None,
    };
    number.ok_or_else(|| no_value(place, value))
}

pub(super) fn no_value(place: &Place<'_>, value: &Scalar) -> StoreError {
    let text: String = value.to_text().chars().take(64).collect();
    let expected = match place.leaf.data_type {
        DataType::Boolean => "expected true or false",
        DataType::Ip => "expected an address or a network, as `10.0.0.0/8`",
        DataType::Date | DataType::DateNanos => "expected a date in the format of the field",
        _ => "expected a number",
    };
    refused(place, &format!("it has no value `{text}`, {expected}"))
}

pub(super) fn json(value: &Scalar) -> Value {
    match value {
        Scalar::Bool(it) => (*it).into(),
        Scalar::Integer(it) => (*it).into(),
        Scalar::Unsigned(it) => (*it).into(),
        Scalar::Float(it) => (*it).into(),
        Scalar::Text(it) => it.as_str().into(),
    }
}

/// The first and the last address of `10.0.0.0/8`, as they are indexed.
pub(super) fn network(text: &str) -> Option<(String, String)> {
    let (address, bits) = text.split_once('/')?;
    let address: core::net::IpAddr = address.trim().parse().ok()?;
    let bits: u32 = bits.trim().parse().ok()?;
    let (code, width): (u128, u32) = match address {
        core::net::IpAddr::V4(it) => (u128::from(it.to_ipv6_mapped()), 32),
        core::net::IpAddr::V6(it) => (u128::from(it), 128),
    };
    let free = width.checked_sub(bits)?;
    let hosts = match free {
        128 => u128::MAX,
        free => (1 << free) - 1,
    };
    let of = |code: u128| encode_ip(core::net::Ipv6Addr::from(code).into());
    Some((of(code & !hosts), of(code | hosts)))
}
