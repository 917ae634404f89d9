//! A JSON value as a field of a type holds it: for the index, for the terms of
//! queries, for comparing. Writing and asking go through the same door, so that
//! what was written is found.
//!
//! Numbers, dates and booleans become integers or floats in their order; texts
//! and addresses become texts in theirs.

use core::net::{IpAddr, Ipv6Addr};
use std::borrow::Cow;

use serde_json::{Number, Value};

use super::value::{integer, number_text};
use super::{DataType, Leaf, date_ms};

/// What a field holds of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Exact<'v> {
    Text(Cow<'v, str>),
    Integer(i64),
    Float(f64),
}

/// How the values of a field are written beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As it is, after the normalizer of the field.
    Keyword,
    /// Integers: 0 and 1.
    Boolean,
    /// Integers as they are.
    Integer,
    /// Integers, the least one for 0: see `decode_unsigned`.
    Unsigned,
    /// Floats, as exact as the type is.
    Float,
    /// Integers: milliseconds since 1970.
    Date,
    /// Texts: 32 hexadecimal digits, see `decode_ip`.
    Ip,
}

impl DataType {
    /// How single values of the type are written; `None`: they are no single
    /// values, or nothing finds them.
    pub(crate) fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::Keyword
            | Self::ConstantKeyword
            | Self::Wildcard
            | Self::Version
            | Self::Flattened => Kind::Keyword,
            Self::Boolean => Kind::Boolean,
            Self::Long | Self::Integer | Self::Short | Self::Byte | Self::TokenCount => {
                Kind::Integer
            }
            Self::UnsignedLong => Kind::Unsigned,
            Self::Double | Self::Float | Self::HalfFloat | Self::ScaledFloat => Kind::Float,
            Self::RankFeature => Kind::Float,
            Self::Date | Self::DateNanos => Kind::Date,
            Self::Ip => Kind::Ip,
            _ => return None,
        })
    }
}

impl Leaf {
    /// The value as the field holds it, without its normalizer; `None` when it
    /// is none of the field's values.
    pub(crate) fn exact<'v>(&self, value: &'v Value) -> Option<Exact<'v>> {
        Some(match self.data_type.kind()? {
            Kind::Keyword => Exact::Text(scalar_text(value)?),
            Kind::Boolean => Exact::Integer(boolean(value)?.into()),
            Kind::Integer => Exact::Integer(integer(&number(value)?)?.try_into().ok()?),
            Kind::Unsigned => {
                let number: u64 = integer(&number(value)?)?.try_into().ok()?;
                Exact::Integer(encode_unsigned(number))
            }
            Kind::Float => Exact::Float(self.round(number(value)?.as_f64()?)),
            Kind::Date => Exact::Integer(date_ms(self.date_format.as_deref(), value)?),
            Kind::Ip => Exact::Text(encode_ip(value.as_str()?.parse().ok()?).into()),
        })
    }

    /// The nearest value that a field of this type can hold.
    pub(crate) fn round(&self, number: f64) -> f64 {
        // One zero: the terms of both are one.
        let number = if number == 0.0 { 0.0 } else { number };
        match self.data_type {
            DataType::Float => f64::from(number as f32),
            DataType::HalfFloat => half(number),
            DataType::ScaledFloat => {
                let factor = self.parameters.get("scaling_factor");
                let factor = factor.and_then(Value::as_f64).unwrap_or(1.0);
                (number * factor).round() / factor
            }
            _ => number,
        }
    }
}

/// A scalar as text, as Elasticsearch reads it for texts and keywords.
pub(crate) fn scalar_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.as_str() {
            "true" => Some(true),
            "false" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => number_text(text),
        _ => None,
    }
}

const SIGN: u64 = 1 << 63;

pub(crate) fn encode_unsigned(number: u64) -> i64 {
    (number ^ SIGN).cast_signed()
}

pub(crate) fn decode_unsigned(code: i64) -> u64 {
    code.cast_unsigned() ^ SIGN
}

/// IPv4 addresses stand among those of IPv6, as `::ffff:a.b.c.d`.
pub(crate) fn encode_ip(address: IpAddr) -> String {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    format!("{:032x}", u128::from(address))
}

/// The address as it is written usually.
pub(crate) fn decode_ip(code: &str) -> Option<String> {
    let address = Ipv6Addr::from(u128::from_str_radix(code, 16).ok()?);
    Some(match address.to_ipv4_mapped() {
        Some(address) => address.to_string(),
        None => address.to_string(),
    })
}

/// The nearest number of 16 bits: 11 bits of significand, exponents from -24.
fn half(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let exponent = number.abs().log2().floor().max(-14.0);
    let step = (exponent - 10.0).exp2();
    (number / step).round_ties_even() * step
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn exact(data_type: &str, value: &Value) -> Option<Exact<'static>> {
        let leaf = Leaf::new(DataType::parse(data_type).unwrap());
        Some(match leaf.exact(value)? {
            Exact::Text(text) => Exact::Text(text.into_owned().into()),
            Exact::Integer(number) => Exact::Integer(number),
            Exact::Float(number) => Exact::Float(number),
        })
    }

    #[test]
    fn values_become_what_their_field_holds() {
        let text = |it: &str| Exact::Text(it.to_owned().into());
        let cases = [
            ("keyword", json!("a"), Some(text("a"))),
            ("keyword", json!(1.5), Some(text("1.5"))),
            ("keyword", json!({}), None),
            ("boolean", json!("true"), Some(Exact::Integer(1))),
            ("boolean", json!(""), Some(Exact::Integer(0))),
            ("boolean", json!(1), None),
            ("long", json!("-7"), Some(Exact::Integer(-7))),
            ("integer", json!(7.9), Some(Exact::Integer(7))),
            ("unsigned_long", json!(0), Some(Exact::Integer(i64::MIN))),
            (
                "unsigned_long",
                json!(u64::MAX),
                Some(Exact::Integer(i64::MAX)),
            ),
            ("double", json!("0.1"), Some(Exact::Float(0.1))),
            ("float", json!(0.1), Some(Exact::Float(f64::from(0.1_f32)))),
            (
                "half_float",
                json!(0.1),
                Some(Exact::Float(0.099_975_585_937_5)),
            ),
            ("half_float", json!(65_504), Some(Exact::Float(65_504.0))),
            (
                "half_float",
                json!(6e-8),
                Some(Exact::Float((-24.0_f64).exp2())),
            ),
            ("double", json!(-0.0), Some(Exact::Float(0.0))),
            (
                "date",
                json!("1970-01-02"),
                Some(Exact::Integer(86_400_000)),
            ),
            ("date", json!("soon"), None),
            (
                "ip",
                json!("::1"),
                Some(text("00000000000000000000000000000001")),
            ),
            (
                "ip",
                json!("10.0.0.1"),
                Some(text("00000000000000000000ffff0a000001")),
            ),
            ("text", json!("a"), None),
        ];
        for (data_type, value, expected) in cases {
            assert_eq!(exact(data_type, &value), expected, "{value} as {data_type}");
        }
    }

    #[test]
    fn codes_are_read_again() {
        for number in [0, 1, u64::MAX] {
            assert_eq!(decode_unsigned(encode_unsigned(number)), number);
        }
        for address in ["10.0.0.1", "2001:db8::1"] {
            let code = encode_ip(address.parse().unwrap());
            assert_eq!(decode_ip(&code).as_deref(), Some(address));
        }
    }
}
