//! Fields whose values are ranges: `{"gte": 10, "lt": 20}`, of addresses also
//! `10.0.0.0/8`.

use core::net::{IpAddr, Ipv6Addr};

use serde_json::{Map, Value};

use super::exact::{Exact, Kind, encode_ip};
use super::{DataType, Leaf, date_ms};

impl DataType {
    /// What the bounds of a field of ranges are.
    pub(crate) fn range_kind(self) -> Option<Kind> {
        Some(match self {
            Self::IntegerRange | Self::LongRange => Kind::Integer,
            Self::FloatRange | Self::DoubleRange => Kind::Float,
            Self::DateRange => Kind::Date,
            Self::IpRange => Kind::Ip,
            _ => return None,
        })
    }
}

impl Leaf {
    /// The least and the greatest value of a range; `None` when it is no range,
    /// or an empty one.
    pub(crate) fn range(&self, value: &Value) -> Option<(Exact<'static>, Exact<'static>)> {
        let kind = self.data_type.range_kind()?;
        match value {
            Value::Object(object) => {
                let least = self.bound(kind, object, ("gte", "gt"))?;
                let most = self.bound(kind, object, ("lte", "lt"))?;
                is_in_order(&least, &most).then_some((least, most))
            }
            Value::String(text) if kind == Kind::Ip => block(text),
            _ => None,
        }
    }

    /// One value as the bounds are, for asking which ranges hold it.
    pub(crate) fn range_value(&self, value: &Value) -> Option<Exact<'static>> {
        Some(match self.data_type.range_kind()? {
            Kind::Ip => Exact::Text(encode_ip(value.as_str()?.parse().ok()?).into()),
            Kind::Date => Exact::Integer(date_ms(self.date_format.as_deref(), value)?),
            Kind::Float => Exact::Float(number(value)?),
            _ => Exact::Integer(whole(value)?),
        })
    }

    /// One side of the range: the key that includes its value, the one that does
    /// not. Without any the range has no end there.
    fn bound(
        &self,
        kind: Kind,
        object: &Map<String, Value>,
        (including, excluding): (&str, &str),
    ) -> Option<Exact<'static>> {
        let given = |key: &str| object.get(key).filter(|it| !it.is_null());
        let is_least = including == "gte";
        match (given(including), given(excluding)) {
            (Some(value), _) => self.range_value(value),
            (None, Some(value)) => next(self.range_value(value)?, is_least),
            (None, None) => Some(endless(kind, is_least)),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| Some(number(value)? as i64))
}

fn is_in_order(least: &Exact<'_>, most: &Exact<'_>) -> bool {
    match (least, most) {
        (Exact::Text(least), Exact::Text(most)) => least <= most,
        (Exact::Integer(least), Exact::Integer(most)) => least <= most,
        (Exact::Float(least), Exact::Float(most)) => least <= most,
        _ => false,
    }
}

/// The next value inside of the range.
fn next(bound: Exact<'static>, is_least: bool) -> Option<Exact<'static>> {
    Some(match bound {
        Exact::Integer(number) if is_least => Exact::Integer(number.checked_add(1)?),
        Exact::Integer(number) => Exact::Integer(number.checked_sub(1)?),
        Exact::Float(number) if is_least => Exact::Float(number.next_up()),
        Exact::Float(number) => Exact::Float(number.next_down()),
        Exact::Text(code) => {
            let code = u128::from_str_radix(&code, 16).ok()?;
            let next = if is_least {
                code.checked_add(1)?
            } else {
                code.checked_sub(1)?
            };
            Exact::Text(format!("{next:032x}").into())
        }
    })
}

fn endless(kind: Kind, is_least: bool) -> Exact<'static> {
    match (kind, is_least) {
        (Kind::Float, true) => Exact::Float(f64::NEG_INFINITY),
        (Kind::Float, false) => Exact::Float(f64::INFINITY),
        (Kind::Ip, true) => Exact::Text("0".repeat(32).into()),
        (Kind::Ip, false) => Exact::Text("f".repeat(32).into()),
        (_, true) => Exact::Integer(i64::MIN),
        (_, false) => Exact::Integer(i64::MAX),
    }
}

/// All addresses of `10.0.0.0/8`.
fn block(text: &str) -> Option<(Exact<'static>, Exact<'static>)> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.trim().parse().ok()?;
    let bits: u32 = bits.trim().parse().ok()?;
    let (address, bits): (Ipv6Addr, u32) = match address {
        IpAddr::V4(address) if bits <= 32 => (address.to_ipv6_mapped(), bits + 96),
        IpAddr::V6(address) if bits <= 128 => (address, bits),
        _ => return None,
    };
    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
    let least = u128::from(address) & mask;
    let text = |code: u128| Exact::Text(format!("{code:032x}").into());
    Some((text(least), text(least | !mask)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ranges_have_two_ends() {
        let integer = Exact::Integer;
        let ip = |it: &str| Exact::Text(encode_ip(it.parse().unwrap()).into());
        let cases = [
            (
                "integer_range",
                json!({"gte": 1, "lt": 5}),
                Some((integer(1), integer(4))),
            ),
            (
                "long_range",
                json!({"gt": "1"}),
                Some((integer(2), integer(i64::MAX))),
            ),
            ("integer_range", json!({"gte": 5, "lt": 5}), None),
            ("integer_range", json!(5), None),
            (
                "double_range",
                json!({"lte": 0.5}),
                Some((Exact::Float(f64::NEG_INFINITY), Exact::Float(0.5))),
            ),
            (
                "date_range",
                json!({"gte": "1970-01-02", "lte": null}),
                Some((integer(86_400_000), integer(i64::MAX))),
            ),
            (
                "ip_range",
                json!("10.1.2.3/8"),
                Some((ip("10.0.0.0"), ip("10.255.255.255"))),
            ),
            (
                "ip_range",
                json!({"gt": "10.0.0.1", "lte": "10.0.0.9"}),
                Some((ip("10.0.0.2"), ip("10.0.0.9"))),
            ),
            (
                "ip_range",
                json!("::/0"),
                Some((
                    Exact::Text("0".repeat(32).into()),
                    Exact::Text("f".repeat(32).into()),
                )),
            ),
            ("ip_range", json!("10.0.0.0/33"), None),
        ];
        for (data_type, value, expected) in cases {
            let leaf = Leaf::new(DataType::parse(data_type).unwrap());
            assert_eq!(leaf.range(&value), expected, "{value} as {data_type}");
        }
    }
}
