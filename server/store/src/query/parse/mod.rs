//! JSON, read into the tree: the names, the short and long forms and the
//! defaults of Elasticsearch 7.
//!
//! One file for each family of clauses. A reader goes through the query once;
//! it counts clauses and depth, so that a query costs what it may cost.

mod compound;
mod exact;
mod full_text;
mod geo;
mod parameters;
mod pattern;

mod strings;

#[cfg(test)]
mod tests;

use serde_json::Value;

use self::parameters::{Parameters, kind, scalar};
use super::tree::{Clause, Query, Scalar};
use crate::error::{StoreError, StoreErrorKind};
use crate::limits::{QUERY_CLAUSES_MAX, QUERY_DEPTH_MAX};

type Result<T> = std::result::Result<T, StoreError>;

/// Reads the `query` of a search body; none, or an empty one, finds everything.
pub(crate) fn parse(query: &Value) -> Result<Query> {
    match query {
        Value::Null => Ok(Query::all()),
        Value::Object(object) if object.is_empty() => Ok(Query::all()),
        query => Reader::default().query(query),
    }
}

/// Reads clauses inside of clauses.
#[derive(Default)]
struct Reader {
    depth: usize,
    clauses: usize,
}

impl Reader {
    fn query(&mut self, value: &Value) -> Result<Query> {
        let Value::Object(object) = value else {
            let found = kind(value);
            return Err(StoreError::invalid_query(format!(
                "a query is an object with the name of a clause, found {found}"
            )));
        };
        let mut entries = object.iter();
        let Some((name, content)) = entries.next() else {
            return Err(StoreError::invalid_query(
                "a query is an object with the name of a clause, found an empty one",
            ));
        };
        if let Some((second, _)) = entries.next() {
            return Err(StoreError::invalid_query(format!(
                "a query has one clause, found [{name}] and [{second}]: combine them with [bool]"
            )));
        }
        self.count(1)?;
        self.depth += 1;
        if self.depth > QUERY_DEPTH_MAX {
            return Err(StoreError::invalid_query(format!(
                "the query is deeper than {QUERY_DEPTH_MAX} clauses"
            )));
        }
        let query = self.clause(name, content)?;
        self.depth -= 1;
        Ok(query)
    }

    /// So many clauses more.
    fn count(&mut self, clauses: usize) -> Result<()> {
        self.clauses += clauses;
        match self.clauses > QUERY_CLAUSES_MAX {
            false => Ok(()),
            true => Err(StoreError::invalid_query(format!(
                "the query has more than {QUERY_CLAUSES_MAX} clauses: look for many values with \
                 [terms]"
            ))),
        }
    }

    fn clause(&mut self, name: &str, content: &Value) -> Result<Query> {
        match name {
            "match_all" => Parameters::of(name, content)?.finish(Clause::All),
            "match_none" => Parameters::of(name, content)?.finish(Clause::None),
            "ids" => exact::ids(name, content),
            "exists" => exact::exists(name, content),
            "term" => exact::term(name, content),
            "terms" => exact::terms(name, content),
            "range" => exact::range(name, content),
            "prefix" => pattern::prefix(name, content),
            "wildcard" => pattern::wildcard(name, content),
            "regexp" => pattern::regexp(name, content),
            "fuzzy" => pattern::fuzzy(name, content),
            "match" => full_text::matches(name, content),
            "match_bool_prefix" => full_text::bool_prefix(name, content),
            "match_phrase" => full_text::phrase(name, content),
            "match_phrase_prefix" => full_text::phrase_prefix(name, content),
            "multi_match" => full_text::multi_match(name, content),
            "query_string" => strings::query_string(self, name, content),
            "simple_query_string" => strings::simple_query_string(self, name, content),
            "bool" => compound::bool(self, name, content),
            "boosting" => compound::boosting(self, name, content),
            "constant_score" => compound::constant_score(self, name, content),
            "dis_max" => compound::dis_max(self, name, content),
            "nested" => compound::nested(self, name, content),
            "geo_distance" => geo::distance(name, content),
            "geo_distance_range" => geo::distance_range(name, content),
            "geo_bounding_box" => geo::bounding_box(name, content),
            "geo_polygon" => geo::polygon(name, content),
            "geo_shape" => geo::shape(name, content),
            name if NOT_BUILT.contains(&name) => Err(StoreError::invalid_query(format!(
                "the embedded store has no clause [{name}]"
            ))),
            name => Err(StoreError::new(
                StoreErrorKind::UnknownQueryKeyword {
                    keyword: name.into(),
                },
                format!("no query has a clause [{name}]"),
            )),
        }
    }
}

/// The clauses that are read.
#[cfg(test)]
pub(super) const CLAUSES: &[&str] = &[
    "bool",
    "boosting",
    "constant_score",
    "dis_max",
    "exists",
    "fuzzy",
    "geo_bounding_box",
    "geo_distance",
    "geo_distance_range",
    "geo_polygon",
    "geo_shape",
    "ids",
    "match",
    "match_all",
    "match_bool_prefix",
    "match_none",
    "match_phrase",
    "match_phrase_prefix",
    "multi_match",
    "nested",
    "prefix",
    "query_string",
    "range",
    "regexp",
    "simple_query_string",
    "term",
    "terms",
    "wildcard",
];

/// Clauses of Elasticsearch that are not here: to call them unknown would send
/// their users after a typing error.
const NOT_BUILT: &[&str] = &[
    "combined_fields",
    "distance_feature",
    "field_masking_span",
    "function_score",
    "has_child",
    "has_parent",
    "intervals",
    "more_like_this",
    "parent_id",
    "percolate",
    "pinned",
    "rank_feature",
    "script",
    "script_score",
    "shape",
    "span_containing",
    "span_first",
    "span_multi",
    "span_near",
    "span_not",
    "span_or",
    "span_term",
    "span_within",
    "terms_set",
    "wrapper",
];

/// The one field of a clause like `{"term": {<field>: …}}`, and what stands
/// there.
fn single_field<'q>(parameters: &Parameters<'q>) -> Result<(&'q str, &'q Value)> {
    let clause = parameters.clause;
    let mut fields = parameters.rest();
    let Some((field, content)) = fields.next() else {
        return Err(StoreError::invalid_query(format!(
            "[{clause}] expects the name of a field"
        )));
    };
    if let Some((second, _)) = fields.next() {
        return Err(StoreError::invalid_query(format!(
            "[{clause}] is for one field, found [{field}] and [{second}]"
        )));
    }
    if field.is_empty() {
        return Err(StoreError::invalid_query(format!(
            "[{clause}] expects the name of a field, found an empty one"
        )));
    }
    parameters.mark(field);
    Ok((field, content))
}

/// A clause on one field, `{<field>: value}` or `{<field>: {"value": value, …}}`:
/// the field, the value under the first of these names, and the parameters.
fn field_and_value<'q>(
    clause: &'q str,
    content: &'q Value,
    names: &[&'q str],
) -> Result<(String, Scalar, Parameters<'q>)> {
    let outer = Parameters::of(clause, content)?;
    let (field, content) = single_field(&outer)?;
    if let Some(value) = scalar(content) {
        return Ok((field.to_owned(), value, Parameters::none(clause)));
    }
    let parameters = Parameters::of(clause, content)?;
    let given = names.iter().find(|it| parameters.has(it));
    let value = parameters.required(given.unwrap_or(&names[0]))?;
    Ok((field.to_owned(), value, parameters))
}
