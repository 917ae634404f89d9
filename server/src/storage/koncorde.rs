//! `lang: koncorde`: a filter as people write it for subscriptions, as a query
//! of the Elasticsearch query language.
//!
//! Each keyword becomes the clause that means the same; what is no keyword of
//! Koncorde is a clause already and stays as it is (`match`, `wildcard`…). Only
//! the first key of a filter is read.

use serde_json::{Map, Value, json};

use crate::error::{
    API_ASSERT_INVALID_TYPE, API_ASSERT_KONCORDE_RESTRICTED_KEYWORD, ApiError,
    SERVICES_KONCORDE_ELASTIC_TRANSLATION_ERROR,
};

/// How deep filters may nest: deeper ones are refused rather than followed.
const DEPTH_MAX: usize = 100;

/// The query that finds what the filter matches.
pub(crate) fn to_elasticsearch(filter: &Value) -> Result<Value, ApiError> {
    translate(filter, 0)
}

fn translate(filter: &Value, depth: usize) -> Result<Value, ApiError> {
    if depth > DEPTH_MAX {
        return Err(untranslatable(format!("it nests deeper than {DEPTH_MAX}")));
    }
    let filter = filter
        .as_object()
        .ok_or_else(|| API_ASSERT_INVALID_TYPE.with(["body.query", "object"]))?;
    let Some((keyword, operand)) = filter.iter().next() else {
        return Ok(json!({ "match_all": {} }));
    };
    let all = |operand| each(keyword, operand, depth);
    Ok(match keyword.as_str() {
        "equals" => json!({ "term": operand }),
        "in" => json!({ "terms": operand }),
        "geoBoundingBox" => json!({ "geo_bounding_box": operand }),
        "geoDistance" => json!({ "geo_distance": operand }),
        "geoDistanceRange" => json!({ "geo_distance_range": operand }),
        "geoPolygon" => json!({ "geo_polygon": operand }),
        "exists" => exists(operand)?,
        "missing" => json!({ "bool": { "must_not": [exists(operand)?] } }),
        "and" => json!({ "bool": { "filter": all(operand)? } }),
        "or" => json!({ "bool": { "should": all(operand)? } }),
        "not" => json!({ "bool": { "must_not": [translate(operand, depth + 1)?] } }),
        "bool" => {
            return Err(API_ASSERT_KONCORDE_RESTRICTED_KEYWORD.with(["operator", "bool"]));
        }
        clause => Map::from_iter([(clause.to_owned(), operand.clone())]).into(),
    })
}

fn each(keyword: &str, operands: &Value, depth: usize) -> Result<Vec<Value>, ApiError> {
    let Value::Array(operands) = operands else {
        return Err(untranslatable(format!(
            "[{keyword}] takes an array of filters"
        )));
    };
    operands.iter().map(|it| translate(it, depth + 1)).collect()
}

/// `"path"`, `"path[value]"`, and the older `{"field": "path"}`.
fn exists(operand: &Value) -> Result<Value, ApiError> {
    let path = match operand {
        Value::Object(operand) => operand.get("field"),
        operand => Some(operand),
    };
    let path = path
        .and_then(Value::as_str)
        .ok_or_else(|| untranslatable("[exists] and [missing] take the path of a field"))?;
    let Some((field, rest)) = path.split_once('[') else {
        return Ok(json!({ "exists": { "field": path } }));
    };
    let wrong = || untranslatable(format!("[{path}] is no path[value] with a JSON value"));
    let value = rest.strip_suffix(']').ok_or_else(wrong)?;
    let value: Value = serde_json::from_str(value).map_err(|_| wrong())?;
    let bounds = json!({ "gte": value, "lte": value });
    let range = json!({ "range": { field: bounds } });
    Ok(json!({ "bool": { "filter": [{ "exists": { "field": field } }, range] } }))
}

fn untranslatable(reason: impl Into<String>) -> ApiError {
    SERVICES_KONCORDE_ELASTIC_TRANSLATION_ERROR.with([reason.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_queries() {
        let cases = [
            (json!({}), json!({"match_all": {}})),
            (json!({"equals": {"a": 1}}), json!({"term": {"a": 1}})),
            (
                json!({"in": {"a": [1, 2]}}),
                json!({"terms": {"a": [1, 2]}}),
            ),
            (
                json!({"range": {"a": {"gt": 1}}}),
                json!({"range": {"a": {"gt": 1}}}),
            ),
            (
                json!({"ids": {"values": ["a"]}}),
                json!({"ids": {"values": ["a"]}}),
            ),
            (
                json!({"exists": "a.b"}),
                json!({"exists": {"field": "a.b"}}),
            ),
            (
                json!({"exists": {"field": "a"}}),
                json!({"exists": {"field": "a"}}),
            ),
            (
                json!({"exists": "tags[\"x\"]"}),
                json!({"bool": {"filter": [
                    {"exists": {"field": "tags"}},
                    {"range": {"tags": {"gte": "x", "lte": "x"}}},
                ]}}),
            ),
            (
                json!({"missing": "a"}),
                json!({"bool": {"must_not": [{"exists": {"field": "a"}}]}}),
            ),
            (
                json!({"and": [{"equals": {"a": 1}}, {}]}),
                json!({"bool": {"filter": [{"term": {"a": 1}}, {"match_all": {}}]}}),
            ),
            (
                json!({"or": [{"not": {"exists": "a"}}, {"match": {"t": "x"}}]}),
                json!({"bool": {"should": [
                    {"bool": {"must_not": [{"exists": {"field": "a"}}]}},
                    {"match": {"t": "x"}},
                ]}}),
            ),
            (
                json!({"geoDistance": {"at": [2.0, 48.0], "distance": "1km"}}),
                json!({"geo_distance": {"at": [2.0, 48.0], "distance": "1km"}}),
            ),
            // Only the first key counts.
            (
                json!({"equals": {"a": 1}, "bool": {}}),
                json!({"term": {"a": 1}}),
            ),
        ];
        for (filter, query) in cases {
            assert_eq!(to_elasticsearch(&filter).unwrap(), query, "{filter}");
        }
    }

    #[test]
    fn what_has_no_translation_is_refused() {
        const TRANSLATION: &str = "services.koncorde.elastic_translation_error";
        let mut deep = json!({});
        for _ in 0..200 {
            deep = json!({ "not": deep });
        }
        let cases = [
            (
                json!({"bool": {"must": []}}),
                "api.assert.koncorde_restricted_keyword",
            ),
            (
                json!({"and": [{"bool": {}}]}),
                "api.assert.koncorde_restricted_keyword",
            ),
            (json!({"exists": "a[1"}), TRANSLATION),
            (json!({"exists": "a[x]"}), TRANSLATION),
            (json!({"exists": 1}), TRANSLATION),
            (json!({"and": {}}), TRANSLATION),
            (json!({"not": []}), "api.assert.invalid_type"),
            (json!([]), "api.assert.invalid_type"),
            (deep, TRANSLATION),
        ];
        for (filter, expected) in cases {
            let id = to_elasticsearch(&filter).unwrap_err().id;
            assert_eq!(id.as_deref(), Some(expected), "{filter}");
        }
    }
}
