//! Sizes, durations and origins, as people write them.

use std::sync::Arc;
use std::time::Duration;

use regex_automata::meta::Regex;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// A number of bytes: `1048576`, `"1MB"`, `"1.5 kb"` (1 kb is 1024 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub usize);

impl Size {
    /// `None` for what is no size.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let bytes = match value {
            Value::String(text) => scaled(text, SIZES)?,
            other => other.as_f64()?,
        };
        // A fraction of a byte is dropped; what does not fit is no size.
        let fits = bytes.is_finite() && (0.0..9.0e15).contains(&bytes);
        fits.then_some(Self(bytes as usize))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).ok_or_else(|| de::Error::custom("not a size"))
    }
}

const SIZES: &[(&str, f64)] = &[
    ("", 1.0),
    ("b", 1.0),
    ("kb", 1024.0),
    ("mb", 1_048_576.0),
    ("gb", 1_073_741_824.0),
    ("tb", 1_099_511_627_776.0),
];

const DURATIONS: &[(&str, f64)] = &[
    ("", 1.0),
    ("ms", 1.0),
    ("msec", 1.0),
    ("msecs", 1.0),
    ("millisecond", 1.0),
    ("milliseconds", 1.0),
    ("s", 1e3),
    ("sec", 1e3),
    ("secs", 1e3),
    ("second", 1e3),
    ("seconds", 1e3),
    ("m", 60e3),
    ("min", 60e3),
    ("mins", 60e3),
    ("minute", 60e3),
    ("minutes", 60e3),
    ("h", 3_600e3),
    ("hr", 3_600e3),
    ("hrs", 3_600e3),
    ("hour", 3_600e3),
    ("hours", 3_600e3),
    ("d", 86_400e3),
    ("day", 86_400e3),
    ("days", 86_400e3),
    ("w", 604_800e3),
    ("week", 604_800e3),
    ("weeks", 604_800e3),
    ("y", 31_557_600e3),
    ("year", 31_557_600e3),
    ("years", 31_557_600e3),
];

/// Milliseconds of `"15s"`, `"1.5 hours"`, `"250"`; `None` for what is no
/// positive duration.
pub(super) fn parse_duration_ms(text: &str) -> Option<u64> {
    let ms = scaled(text, DURATIONS)?;
    let fits = ms.is_finite() && (0.0..9.0e15).contains(&ms);
    fits.then_some(ms as u64)
}

/// `"15s"`, `"1.5 hours"`, `"250"` (milliseconds); `None` for what is no duration.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    parse_duration_ms(text).map(Duration::from_millis)
}

pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).ok_or_else(|| de::Error::custom("not a duration"))
}

/// A number followed by one of the units.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim().to_ascii_lowercase();
    let (_, scale) = units.iter().find(|it| it.0 == unit)?;
    Some(number * scale)
}

/// Which web origins may use the API.
#[derive(Clone, Debug, Default)]
pub enum Origins {
    #[default]
    Any,
    Listed(Arc<[String]>),
    Matching(Arc<[Regex]>),
}

impl Origins {
    /// From `"*"`, a list with commas, or an array.
    pub(super) fn read(value: &Value, are_patterns: bool) -> Result<Self, String> {
        let origins: Vec<&str> = match value {
            Value::String(text) => text.split(',').map(str::trim).collect(),
            Value::Array(items) => items
                .iter()
                .map(|it| it.as_str().ok_or_else(|| it.to_string()))
                .collect::<Result<_, _>>()?,
            other => return Err(other.to_string()),
        };
        if origins.contains(&"*") {
            return Ok(Self::Any);
        }
        if !are_patterns {
            return Ok(Self::Listed(
                origins.into_iter().map(str::to_owned).collect(),
            ));
        }
        let patterns = origins.iter().map(|it| compile(it));
        Ok(Self::Matching(patterns.collect::<Result<_, _>>()?))
    }

    /// Whether a page of this origin may use the API.
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(origins) => origins.iter().any(|it| it == origin),
            Self::Matching(patterns) => patterns.iter().any(|it| it.is_match(origin)),
        }
    }

    pub fn are_any(&self) -> bool {
        matches!(self, Self::Any)
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|it| it.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (json!(5), Some(5)),
            (json!("1MB"), Some(1_048_576)),
            (json!("1.5 kb"), Some(1536)),
            (json!("12"), Some(12)),
            (json!("12b"), Some(12)),
            (json!("1 parsec"), None),
            (json!("-1kb"), None),
            (json!(-1), None),
            (json!(""), None),
            (json!("mb"), None),
            (json!(null), None),
            (json!(1e300), None),
        ];
        for (text, bytes) in cases {
            assert_eq!(Size::read(&text).map(|it| it.0), bytes, "{text}");
        }
    }

    #[test]
    fn durations() {
        let cases = [
            ("250", Some(250)),
            ("15s", Some(15_000)),
            ("1m", Some(60_000)),
            ("1.5 hours", Some(5_400_000)),
            ("2 d", Some(172_800_000)),
            ("soon", None),
            ("-1s", None),
            ("1.2.3s", None),
            ("", None),
        ];
        for (text, ms) in cases {
            assert_eq!(parse_duration_ms(text), ms, "{text}");
        }
    }

    #[test]
    fn origins() {
        let cases = [
            (json!("*"), false, "http://a", true),
            (json!("http://a, http://b"), false, "http://b", true),
            (json!("http://a, http://b"), false, "http://c", false),
            (json!(["http://a"]), false, "http://a", true),
            (json!(["http://a", "*"]), false, "http://c", true),
            (json!(["^https://.*[.]a$"]), true, "https://x.a", true),
            (json!(["^https://.*[.]a$"]), true, "https://x.a.b", false),
            (json!(["http://.*"]), false, "http://x", false),
        ];
        for (value, are_patterns, origin, allowed) in cases {
            let origins = Origins::read(&value, are_patterns).unwrap();
            assert_eq!(origins.allow(origin), allowed, "{value} {origin}");
        }
        assert!(Origins::read(&json!(5), false).is_err());
        assert!(Origins::read(&json!(["("]), true).is_err());
    }
}
