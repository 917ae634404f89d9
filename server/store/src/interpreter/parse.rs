//! The query of a request, read into the tree.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Query;
use crate::document::SearchQuery;
use crate::error::{StoreError, StoreErrorKind};

type Result<T> = std::result::Result<T, StoreError>;

/// A query and the score of every document that it finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scored {
    pub(super) query: Query,
    pub(super) score: f64,
}

/// Clauses of the Elasticsearch query language that this interpreter does not
/// have: to call them unknown would send their users after a typing error.
const NOT_BUILT: &[&str] = &[
    "bool",
    "boosting",
    "combined_fields",
    "constant_score",
    "dis_max",
    "distance_feature",
    "exists",
    "function_score",
    "fuzzy",
    "geo_bounding_box",
    "geo_distance",
    "geo_polygon",
    "geo_shape",
    "has_child",
    "has_parent",
    "intervals",
    "match",
    "match_bool_prefix",
    "match_phrase",
    "match_phrase_prefix",
    "more_like_this",
    "multi_match",
    "nested",
    "parent_id",
    "percolate",
    "pinned",
    "prefix",
    "query_string",
    "range",
    "rank_feature",
    "regexp",
    "script",
    "script_score",
    "shape",
    "simple_query_string",
    "span_containing",
    "span_first",
    "span_multi",
    "span_near",
    "span_not",
    "span_or",
    "span_term",
    "span_within",
    "term",
    "terms",
    "terms_set",
    "wildcard",
    "wrapper",
];

pub(super) fn parse(query: &SearchQuery) -> Result<Scored> {
    match query {
        SearchQuery::All => Ok(plain(Query::Everything)),
        SearchQuery::Koncorde(filter) => Ok(plain(Query::Filter(filter.clone()))),
        SearchQuery::Elasticsearch(value) => clause(value),
    }
}

fn plain(query: Query) -> Scored {
    Scored { query, score: 1.0 }
}

fn clause(value: &Value) -> Result<Scored> {
    let object = match value {
        Value::Null => return Ok(plain(Query::Everything)),
        Value::Object(object) => object,
        _ => return Err(StoreError::invalid_query("the query must be an object")),
    };
    let mut clauses = object.iter();
    let Some((name, content)) = clauses.next() else {
        return Ok(plain(Query::Everything));
    };
    if let Some((second, _)) = clauses.next() {
        return Err(StoreError::invalid_query(format!(
            "a query has one clause, found [{name}] and [{second}]"
        )));
    }
    match name.as_str() {
        "match_all" => {
            let score = boost(parameters(name, content, &["boost", "_name"])?)?;
            let query = Query::Everything;
            Ok(Scored { query, score })
        }
        "match_none" => {
            parameters(name, content, &["boost", "_name"])?;
            Ok(plain(Query::Nothing))
        }
        "ids" => {
            let parameters = parameters(name, content, &["values", "type", "boost", "_name"])?;
            let score = boost(parameters)?;
            let query = Query::Ids(ids(parameters)?);
            Ok(Scored { query, score })
        }
        name if NOT_BUILT.contains(&name) => Err(StoreError::invalid_query(format!(
            "the embedded store has no clause [{name}] yet: use match_all, ids, or a filter with \
             lang \"koncorde\""
        ))),
        name => Err(StoreError::new(
            StoreErrorKind::UnknownQueryKeyword {
                keyword: name.into(),
            },
            format!("no query has a clause [{name}]"),
        )),
    }
}

fn parameters<'a>(
    clause: &str,
    content: &'a Value,
    known: &[&str],
) -> Result<&'a Map<String, Value>> {
    let Value::Object(parameters) = content else {
        return Err(StoreError::invalid_query(format!(
            "[{clause}] must hold an object"
        )));
    };
    match parameters.keys().find(|it| !known.contains(&it.as_str())) {
        None => Ok(parameters),
        Some(key) => Err(StoreError::invalid_query(format!(
            "[{clause}] has no parameter [{key}]"
        ))),
    }
}

fn boost(parameters: &Map<String, Value>) -> Result<f64> {
    let Some(boost) = parameters.get("boost") else {
        return Ok(1.0);
    };
    let number = boost.as_f64().filter(|it| *it >= 0.0);
    number.ok_or_else(|| StoreError::invalid_query("[boost] must be a number that is not negative"))
}

fn ids(parameters: &Map<String, Value>) -> Result<BTreeSet<String>> {
    let id = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(StoreError::invalid_query(
            "the [values] of [ids] must be texts",
        )),
    };
    match parameters.get("values") {
        Some(Value::Array(values)) => values.iter().map(id).collect(),
        Some(single) => id(single).map(|it| BTreeSet::from([it])),
        None => Err(StoreError::invalid_query("[ids] needs [values]")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(query: Value) -> Result<Scored> {
        parse(&SearchQuery::Elasticsearch(query))
    }

    #[test]
    fn queries_are_read() {
        let some_ids = |ids: &[&str]| Query::Ids(ids.iter().map(|it| (*it).to_owned()).collect());
        let cases = [
            (json!(null), Query::Everything, 1.0),
            (json!({}), Query::Everything, 1.0),
            (json!({"match_all": {}}), Query::Everything, 1.0),
            (json!({"match_all": {"boost": 2}}), Query::Everything, 2.0),
            (json!({"match_none": {}}), Query::Nothing, 1.0),
            (json!({"ids": {"values": []}}), some_ids(&[]), 1.0),
            (json!({"ids": {"values": "a"}}), some_ids(&["a"]), 1.0),
            (
                json!({"ids": {"values": ["b", "a", "b", 1]}}),
                some_ids(&["1", "a", "b"]),
                1.0,
            ),
        ];
        for (query, expected, score) in cases {
            let expected = Scored {
                query: expected,
                score,
            };
            assert_eq!(of(query.clone()), Ok(expected), "{query}");
        }
    }

    #[test]
    fn wrong_queries_are_named() {
        let unknown = |keyword: &str| StoreErrorKind::UnknownQueryKeyword {
            keyword: keyword.into(),
        };
        let cases = [
            (json!({"equals": {"a": 1}}), unknown("equals")),
            (json!({"term": {"a": 1}}), StoreErrorKind::InvalidQuery),
            (
                json!({"ids": {"values": []}, "term": {}}),
                StoreErrorKind::InvalidQuery,
            ),
            (json!({"ids": {}}), StoreErrorKind::InvalidQuery),
            (
                json!({"ids": {"values": [null]}}),
                StoreErrorKind::InvalidQuery,
            ),
            (
                json!({"ids": {"values": [], "other": 1}}),
                StoreErrorKind::InvalidQuery,
            ),
            (json!({"match_all": []}), StoreErrorKind::InvalidQuery),
            (
                json!({"match_all": {"boost": "a"}}),
                StoreErrorKind::InvalidQuery,
            ),
            (json!([]), StoreErrorKind::InvalidQuery),
            (json!("text"), StoreErrorKind::InvalidQuery),
        ];
        for (query, kind) in cases {
            assert_eq!(of(query.clone()).unwrap_err().kind, kind, "{query}");
        }
    }
}
