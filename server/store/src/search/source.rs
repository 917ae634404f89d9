//! `_source`: which parts of a document are given back.

use serde_json::{Map, Value};

use crate::error::StoreError;
use crate::limits::SOURCE_PATTERNS_MAX;

type Result<T> = std::result::Result<T, StoreError>;

/// Which fields of the source a hit carries.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SourceFilter {
    Everything,
    Nothing,
    /// Dotted paths with `*` for any text; no includes: all.
    Fields {
        includes: Vec<String>,
        excludes: Vec<String>,
    },
}

impl SourceFilter {
    /// Reads `_source`, `_source_includes` and `_source_excludes`.
    pub(super) fn parse(body: &Map<String, Value>) -> Result<Self> {
        let (mut includes, mut excludes) = (Vec::new(), Vec::new());
        match body.get("_source") {
            None | Some(Value::Null | Value::Bool(true)) => (),
            Some(Value::Bool(false)) => return Ok(Self::Nothing),
            Some(Value::Object(object)) => {
                for (key, value) in object {
                    match key.as_str() {
                        "includes" | "include" => includes.extend(patterns(value)?),
                        "excludes" | "exclude" => excludes.extend(patterns(value)?),
                        key => {
                            return Err(StoreError::invalid_query(format!(
                                "[_source] has no key [{key}]: it has includes and excludes"
                            )));
                        }
                    }
                }
            }
            Some(value) => includes.extend(patterns(value)?),
        }
        if let Some(value) = body.get("_source_includes") {
            includes.extend(patterns(value)?);
        }
        if let Some(value) = body.get("_source_excludes") {
            excludes.extend(patterns(value)?);
        }
        if includes.is_empty() && excludes.is_empty() {
            return Ok(Self::Everything);
        }
        if includes.len() + excludes.len() > SOURCE_PATTERNS_MAX {
            return Err(StoreError::invalid_query(format!(
                "[_source] takes {SOURCE_PATTERNS_MAX} fields at most"
            )));
        }
        Ok(Self::Fields { includes, excludes })
    }

    pub(super) fn apply(&self, source: Value) -> Value {
        match (self, source) {
            (Self::Everything, source) => source,
            (Self::Nothing, _) => Value::Null,
            (Self::Fields { includes, excludes }, Value::Object(object)) => {
                let is_included = includes.is_empty();
                part(object, "", is_included, includes, excludes).into()
            }
            (Self::Fields { .. }, source) => source,
        }
    }
}

fn patterns(value: &Value) -> Result<Vec<String>> {
    let wrong = || StoreError::invalid_query("the fields of [_source] must be texts");
    let text = |it: &Value| it.as_str().map(str::to_owned).ok_or_else(wrong);
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        single => text(single).map(|it| vec![it]),
    }
}

fn part(
    object: Map<String, Value>,
    path: &str,
    is_included: bool,
    includes: &[String],
    excludes: &[String],
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, value) in object {
        let path = match path {
            "" => key.clone(),
            parent => format!("{parent}.{key}"),
        };
        if excludes.iter().any(|it| matches(it, &path)) {
            continue;
        }
        let is_included = is_included || includes.iter().any(|it| matches(it, &path));
        if let Some(value) = member(value, &path, is_included, includes, excludes) {
            kept.insert(key, value);
        }
    }
    kept
}

/// What is left of a value; `None` when nothing of it was asked for.
fn member(
    value: Value,
    path: &str,
    is_included: bool,
    includes: &[String],
    excludes: &[String],
) -> Option<Value> {
    match value {
        Value::Object(object) => {
            let part = part(object, path, is_included, includes, excludes);
            (is_included || !part.is_empty()).then(|| part.into())
        }
        Value::Array(items) => {
            let items: Vec<Value> = items
                .into_iter()
                .filter_map(|it| member(it, path, is_included, includes, excludes))
                .collect();
            (is_included || !items.is_empty()).then(|| items.into())
        }
        scalar => is_included.then_some(scalar),
    }
}

/// `*` stands for any text; without going back over the text more than once
/// for each `*`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(start) => rest = &rest[start + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_of_a_source() {
        let source = json!({
            "a": {"b": 1, "c": {"d": 2}},
            "l": [{"x": 1, "y": 2}, {"x": 3}, 4],
            "name": "n",
        });
        let cases = [
            (json!({}), source.clone()),
            (json!({"_source": true}), source.clone()),
            (json!({"_source": false}), json!(null)),
            (json!({"_source": "name"}), json!({"name": "n"})),
            (json!({"_source": ["a.b", "q"]}), json!({"a": {"b": 1}})),
            (
                json!({"_source": "a"}),
                json!({"a": {"b": 1, "c": {"d": 2}}}),
            ),
            (
                json!({"_source": "a.*"}),
                json!({"a": {"b": 1, "c": {"d": 2}}}),
            ),
            (json!({"_source": "*.d"}), json!({"a": {"c": {"d": 2}}})),
            (
                json!({"_source": "l.x"}),
                json!({"l": [{"x": 1}, {"x": 3}]}),
            ),
            (
                json!({"_source": {"includes": ["a"], "excludes": "a.c"}}),
                json!({"a": {"b": 1}}),
            ),
            (json!({"_source_includes": ["name"]}), json!({"name": "n"})),
            (
                json!({"_source_excludes": ["a", "l"]}),
                json!({"name": "n"}),
            ),
            (json!({"_source": []}), source.clone()),
        ];
        for (body, expected) in cases {
            let filter = SourceFilter::parse(body.as_object().unwrap()).unwrap();
            assert_eq!(filter.apply(source.clone()), expected, "{body}");
        }
        for body in [
            json!({"_source": 5}),
            json!({"_source": [5]}),
            json!({"_source": {"a": []}}),
        ] {
            let parsed = SourceFilter::parse(body.as_object().unwrap());
            assert!(parsed.is_err(), "{body}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("ab*bc", "abc", false),
            ("a*b*c", "a.b.b.c", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
