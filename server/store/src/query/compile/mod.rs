//! The tree, with the mapping and the layout of an index, becomes a query of
//! tantivy.
//!
//! Here are the clauses made of clauses and those that need no field; `fields`
//! finds the fields that are asked, one file each knows terms, ranges, texts,
//! phrases, patterns, nested objects and places. Where tantivy has no query,
//! one of ours finds the documents segment by segment.

mod boosting;
mod column;
mod date;
mod exact;
mod fields;
mod fuzzy;
mod geo;
mod nested;
mod pattern;
mod phrase;
mod points;
mod range;
mod ranges;
mod segment;
mod shapes;
mod statistics;
mod tested;
mod text;

#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, Occur,
    Query as IndexQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::IndexRecordOption;

use super::tree::{Bool, Clause, Query};
use crate::error::StoreError;
use crate::index::{Layout, Reader, names};

type Result<T> = std::result::Result<T, StoreError>;
type Boxed = Box<dyn IndexQuery>;

/// A query that finds the documents of a collection, nested ones left out.
pub(crate) fn compile(query: &Query, reader: &Reader) -> Result<Boxed> {
    compile_at(query, reader, now_ms())
}

/// `now` of date math is this.
pub(crate) fn compile_at(query: &Query, reader: &Reader, now_ms: i64) -> Result<Boxed> {
    let compiler = Compiler::new(reader, now_ms, "");
    let compiled = compiler.query(query)?;
    match reader.layout.mapping.has_nested() {
        false => Ok(compiled),
        true => Ok(compiler.roots(compiled)),
    }
}

/// A query that finds nested documents: those at this path.
pub(crate) fn compile_nested(query: &Query, reader: &Reader, path: &str) -> Result<Boxed> {
    let compiler = Compiler::new(reader, now_ms(), path);
    let compiled = compiler.query(query)?;
    Ok(compiler.nested_at(path, compiled))
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX))
}

#[derive(Clone, Copy)]
struct Compiler<'r> {
    reader: &'r Reader,
    layout: &'r Layout,
    now_ms: i64,
    /// The path of the nested objects that are asked; empty for roots.
    scope: &'r str,
}

impl<'r> Compiler<'r> {
    fn new(reader: &'r Reader, now_ms: i64, scope: &'r str) -> Self {
        Self {
            reader,
            layout: &reader.layout,
            now_ms,
            scope,
        }
    }
}

impl Compiler<'_> {
    fn query(&self, query: &Query) -> Result<Boxed> {
        let compiled = self.clause(&query.clause)?;
        Ok(boosted(compiled, query.boost))
    }

    fn clause(&self, clause: &Clause) -> Result<Boxed> {
        match clause {
            Clause::All => Ok(Box::new(AllQuery)),
            Clause::None => Ok(nothing()),
            Clause::Ids(ids) => Ok(self.ids(ids.iter().map(String::as_str))),
            Clause::Exists(field) => Ok(self.exists(field)),
            Clause::Field { field, test } => self.field(field, test, false),
            Clause::Fields {
                fields,
                test,
                combine,
                lenient,
            } => self.fields(fields, test, *combine, *lenient),
            Clause::CrossFields {
                fields,
                search,
                tie_breaker,
            } => self.cross_fields(fields, search, *tie_breaker),
            Clause::Bool(parts) => self.bool(parts),
            Clause::Boosting {
                positive,
                negative,
                negative_boost,
            } => Ok(boosting::query(
                self.query(positive)?,
                self.query(negative)?,
                *negative_boost,
            )),
            Clause::Constant(query) => Ok(constant(self.query(query)?)),
            Clause::DisMax {
                queries,
                tie_breaker,
            } => {
                let queries = queries.iter().map(|it| self.query(it));
                Ok(best(queries.collect::<Result<_>>()?, *tie_breaker))
            }
            Clause::Nested(nested) => self.nested(nested),
            Clause::GeoDistance(distance) => self.geo_distance(distance),
            Clause::GeoBox(sides) => self.geo_box(sides),
            Clause::GeoPolygon {
                field,
                points,
                ignore_unmapped,
            } => self.geo_polygon(field, points, *ignore_unmapped),
            Clause::GeoShape {
                field,
                shape,
                relation,
                ignore_unmapped,
            } => self.geo_shape(field, shape, *relation, *ignore_unmapped),
        }
    }

    fn bool(&self, parts: &Bool) -> Result<Boxed> {
        let optional = parts.should.len();
        let is_optional_only = parts.must.is_empty() && parts.filter.is_empty();
        let usual = usize::from(is_optional_only && optional > 0);
        let minimum = parts.minimum_should_match.as_ref();
        let minimum = minimum.map_or(usual, |it| it.of(optional).max(usual));
        if minimum > optional {
            return Ok(nothing());
        }
        let mut clauses: Vec<(Occur, Boxed)> = Vec::new();
        for query in &parts.must {
            clauses.push((Occur::Must, self.query(query)?));
        }
        for query in &parts.filter {
            clauses.push((Occur::Must, without_score(self.query(query)?)));
        }
        for query in &parts.should {
            clauses.push((Occur::Should, self.query(query)?));
        }
        for query in &parts.must_not {
            clauses.push((Occur::MustNot, self.query(query)?));
        }
        if clauses.is_empty() {
            return Ok(Box::new(AllQuery));
        }
        if is_optional_only && minimum == 0 {
            // Whatever is not excluded matches.
            clauses.push((Occur::Must, without_score(Box::new(AllQuery))));
        }
        if let [(Occur::Must | Occur::Should, _)] = clauses[..]
            && let Some((_, only)) = clauses.pop()
        {
            return Ok(only);
        }
        let query = BooleanQuery::with_minimum_required_clauses(clauses, minimum);
        Ok(Box::new(query))
    }

    fn ids<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Boxed {
        let field = self.layout.fields.id;
        let terms: Vec<Term> = ids.map(|it| Term::from_field_text(field, it)).collect();
        constant(Box::new(TermSetQuery::new(terms)))
    }

    /// Documents with this mark or path.
    fn named(&self, name: &str) -> Boxed {
        unscored(self.layout.name(name))
    }

    /// Those of the nested objects at the path.
    fn nested_at(&self, path: &str, query: Boxed) -> Boxed {
        let marked = without_score(self.named(&names::nested(path)));
        let clauses = vec![(Occur::Must, query), (Occur::Must, marked)];
        Box::new(BooleanQuery::new(clauses))
    }

    /// Those that are no nested objects.
    fn roots(&self, query: Boxed) -> Boxed {
        let children = self.named(names::CHILD);
        let clauses = vec![(Occur::Must, query), (Occur::MustNot, children)];
        Box::new(BooleanQuery::new(clauses))
    }
}

fn unscored(term: Term) -> Boxed {
    constant(Box::new(TermQuery::new(term, IndexRecordOption::Basic)))
}

fn nothing() -> Boxed {
    Box::new(EmptyQuery)
}

fn constant(query: Boxed) -> Boxed {
    Box::new(ConstScoreQuery::new(query, 1.0))
}

fn without_score(query: Boxed) -> Boxed {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn boosted(query: Boxed, boost: f32) -> Boxed {
    if boost == 1.0 {
        return query;
    }
    Box::new(BoostQuery::new(query, boost))
}

/// The best score, and a part of the others.
fn best(mut queries: Vec<Boxed>, tie_breaker: f32) -> Boxed {
    match queries.len() {
        0 => nothing(),
        1 => queries.remove(0),
        _ => Box::new(DisjunctionMaxQuery::with_tie_breaker(queries, tie_breaker)),
    }
}

/// At least `minimum` of the queries; scores are added.
fn any_of(mut queries: Vec<Boxed>, minimum: usize) -> Boxed {
    if minimum > queries.len() || queries.is_empty() {
        return nothing();
    }
    if queries.len() == 1 {
        return queries.remove(0);
    }
    let clauses = queries.into_iter().map(|it| (Occur::Should, it)).collect();
    let query = BooleanQuery::with_minimum_required_clauses(clauses, minimum.max(1));
    Box::new(query)
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::internal(format!("the search index cannot be read: {error}"))
}
