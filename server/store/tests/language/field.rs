//! Fields: their types, and the values that a document has in them.

use serde_json::Value;

use super::text::words;

/// A mapped field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) of: String,
    pub(crate) parameters: Value,
    /// Where the values stand.
    pub(crate) source: String,
    /// The path of the innermost nested object around; empty for none.
    pub(crate) scope: String,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held {
    Text(String),
    Number(f64),
    Point(f64, f64),
}

impl Field {
    pub(crate) fn find(mapping: &Value, path: &str) -> Option<Self> {
        let mut at = mapping;
        let mut scope = String::new();
        let mut walked = String::new();
        let mut names = path.split('.');
        while let Some(name) = names.next() {
            at = at.get("properties")?.get(name)?;
            if !walked.is_empty() {
                walked.push('.');
            }
            walked.push_str(name);
            let of = at.get("type").and_then(Value::as_str);
            if of == Some("nested") {
                scope.clone_from(&walked);
            }
            if at.get("properties").is_none() {
                let source = walked;
                if let Some(name) = names.next() {
                    at = at.get("fields")?.get(name)?;
                }
                let of = at.get("type")?.as_str()?.to_owned();
                let parameters = at.clone();
                return Some(Self {
                    of,
                    parameters,
                    source,
                    scope,
                });
            }
        }
        None
    }

    pub(crate) fn is_text(&self) -> bool {
        self.of == "text"
    }

    pub(crate) fn is_keyword(&self) -> bool {
        self.of == "keyword"
    }

    /// A value as the field holds it.
    pub(crate) fn hold(&self, value: &Value) -> Option<Held> {
        let text = || match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let number = || match value {
            Value::String(text) => text.parse().ok(),
            value => value.as_f64(),
        };
        Some(match self.of.as_str() {
            "keyword" => {
                let most = self.parameters["ignore_above"].as_u64().unwrap_or(u64::MAX);
                let text = text();
                (text.len() as u64 <= most).then_some(Held::Text(text))?
            }
            "text" => Held::Text(text()),
            "long" | "integer" => Held::Number(number()?.trunc()),
            "double" => Held::Number(number()?),
            "float" => Held::Number(f64::from(number()? as f32)),
            "boolean" => Held::Number(f64::from(u8::from(text() == "true"))),
            "date" => Held::Number(match value {
                Value::String(text) => date_ms(text)?.0 as f64,
                value => value.as_f64()?,
            }),
            "ip" => {
                let parts: Vec<String> = text().split('.').map(|it| format!("{it:0>3}")).collect();
                Held::Text(parts.join("."))
            }
            "geo_point" => Held::Point(value["lat"].as_f64()?, value["lon"].as_f64()?),
            of => panic!("the model knows no {of}"),
        })
    }

    /// All values in an element of the field's scope.
    pub(crate) fn held(&self, element: &Value) -> Vec<Held> {
        let path = match self.scope.as_str() {
            "" => &self.source,
            scope => &self.source[scope.len() + 1..],
        };
        let null = self.parameters.get("null_value");
        let mut held = Vec::new();
        for value in values(element, path) {
            let value = if value.is_null() { null } else { Some(value) };
            held.extend(value.and_then(|it| self.hold(it)));
        }
        held
    }

    /// The values as numbers, for sorting and aggregating.
    pub(crate) fn numbers(&self, element: &Value) -> Vec<f64> {
        let held = self.held(element).into_iter();
        held.filter_map(|it| match it {
            Held::Number(number) => Some(number),
            _ => None,
        })
        .collect()
    }

    /// Words with their positions; the values of an array are 100 apart.
    pub(crate) fn terms(&self, element: &Value) -> Vec<(String, usize)> {
        let mut terms = Vec::new();
        let mut next = 0;
        for held in self.held(element) {
            let Held::Text(text) = held else {
                continue;
            };
            if !self.is_text() {
                terms.push((text, 0));
                continue;
            }
            for word in words(&text) {
                terms.push((word, next));
                next += 1;
            }
            next += 100;
        }
        terms
    }
}

/// The values at a path, arrays opened.
pub(crate) fn values<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(|it| values(it, path)).collect(),
        value if path.is_empty() => vec![value],
        Value::Object(object) => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            let below = object.get(name).into_iter();
            below.flat_map(|it| values(it, rest)).collect()
        }
        _ => Vec::new(),
    }
}

/// `2024`, `2024-02`, `2024-02-29`, `2024-02-29T12:30:15Z`: the first millisecond
/// and the last. A month or a year alone is its first day, as documented.
pub(crate) fn date_ms(text: &str) -> Option<(i64, i64)> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time.trim_end_matches('Z'))),
        None => (text, None),
    };
    let parts: Vec<i64> = date
        .split('-')
        .map(|it| it.parse().ok())
        .collect::<Option<_>>()?;
    let first = match parts[..] {
        [year] => days(year, 1),
        [year, month] => days(year, month),
        [year, month, day] => days(year, month) + day - 1,
        _ => return None,
    };
    let Some(time) = time else {
        return Some((first * DAY, (first + 1) * DAY - 1));
    };
    let parts: Vec<i64> = time
        .split(':')
        .map(|it| it.parse().ok())
        .collect::<Option<_>>()?;
    let [hour, minute, second] = parts[..] else {
        return None;
    };
    let start = first * DAY + ((hour * 60 + minute) * 60 + second) * 1000;
    Some((start, start + 999))
}

pub(crate) const DAY: i64 = 86_400_000;

/// Days from 1970 to the first of a month; the month 13 is the next January.
pub(crate) fn days(year: i64, month: i64) -> i64 {
    let (year, month) = (year + (month - 1) / 12, (month - 1) % 12);
    let is_leap = |it: i64| it % 4 == 0 && (it % 100 != 0 || it % 400 == 0);
    let lengths = [
        31,
        28 + i64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let years: i64 = (1970..year).map(|it| 365 + i64::from(is_leap(it))).sum();
    years + lengths[..month as usize].iter().sum::<i64>()
}
