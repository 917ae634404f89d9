//! Which fields a clause asks, and what kind of field each is.

use tantivy::Term;

use super::statistics::FieldStatistics;
use super::{Boxed, Compiler, Result, any_of, best, boosted, constant, failed, nothing};
use crate::error::StoreError;
use crate::index::{Place, Values, names};
use crate::limits::QUERY_FIELDS_MAX;
use crate::mapping::{DataType, Field, Leaf, Properties};
use crate::query::tree::{Combine, Scalar, Test, WeightedField};

/// Fields that stand for the document.
const ID: &str = "_id";
const INDEX: &str = "_index";

impl Compiler<'_> {
    /// The test, on one field; nothing when there is no such field.
    pub(super) fn field(&self, field: &str, test: &Test, lenient: bool) -> Result<Boxed> {
        match field {
            ID => return self.id_field(test),
            INDEX => return self.index_field(test),
            _ => (),
        }
        let Some(place) = self.layout.place(field) else {
            return Ok(nothing());
        };
        if !place.leaf.is_indexed() {
            return match lenient {
                true => Ok(nothing()),
                false => Err(StoreError::invalid_query(format!(
                    "the field [{field}] is not indexed: it cannot be searched"
                ))),
            };
        }
        let lenient = lenient || is_lenient(test);
        let query = match place.values {
            Values::Exact(kind) => self.exact(&place, kind, test),
            Values::Text(text) => self.text(&place, text, test),
            Values::Range(kind) => self.ranges(&place, kind, test),
            Values::Point | Values::Shape => Err(refused(&place, "only geo clauses search it")),
            Values::Nothing => Err(refused(&place, "it cannot be searched")),
        };
        match query {
            Err(_) if lenient => Ok(nothing()),
            query => query,
        }
    }

    pub(super) fn fields(
        &self,
        fields: &[WeightedField],
        test: &Test,
        combine: Combine,
        lenient: bool,
    ) -> Result<Boxed> {
        let mut queries = Vec::new();
        for (path, boost) in self.expanded(fields)? {
            queries.push(boosted(self.field(&path, test, lenient)?, boost));
        }
        Ok(match combine {
            Combine::Best { tie_breaker } => best(queries, tie_breaker),
            Combine::Sum => any_of(queries, 1),
        })
    }

    /// The fields that the patterns name, each once.
    pub(super) fn expanded(&self, fields: &[WeightedField]) -> Result<Vec<(String, f32)>> {
        let mut found: Vec<(String, f32)> = Vec::new();
        for field in fields {
            let paths = match field.pattern.contains('*') {
                true => self.fields_like(&field.pattern),
                false => vec![field.pattern.clone()],
            };
            for path in paths {
                match found.iter_mut().find(|it| it.0 == path) {
                    Some((_, boost)) => *boost *= field.boost,
                    None => found.push((path, field.boost)),
                }
            }
        }
        match found.len() > QUERY_FIELDS_MAX {
            false => Ok(found),
            true => Err(StoreError::invalid_query(format!(
                "the query asks {} fields, at most {QUERY_FIELDS_MAX} can be asked at once: name \
                 those that matter in [fields]",
                found.len()
            ))),
        }
    }

    /// The fields that a pattern names and that terms can be looked for in.
    fn fields_like(&self, pattern: &str) -> Vec<String> {
        let mut found = Vec::new();
        walk(
            &self.layout.mapping.root.properties,
            "",
            &mut |path, leaf| {
                let leaf = match leaf.data_type {
                    DataType::Alias => self.layout.place(path).map(|it| it.leaf),
                    _ => Some(leaf),
                };
                let is_searchable = leaf.is_some_and(|it| {
                    it.is_indexed() && (it.data_type.kind().is_some() || is_text(it.data_type))
                });
                if is_searchable && is_like(path, pattern) {
                    found.push(path.to_owned());
                }
            },
        );
        found
    }

    /// Documents with a value in the field, or in one below it.
    pub(super) fn exists(&self, field: &str) -> Boxed {
        if matches!(field, ID | INDEX | "_source" | "_version" | "_seq_no") {
            return Box::new(tantivy::query::AllQuery);
        }
        if !field.contains('*') {
            let path = self.layout.place(field).map(|it| it.path);
            return self.named(path.as_deref().unwrap_or(field));
        }
        let mut paths = Vec::new();
        walk(&self.layout.mapping.root.properties, "", &mut |path, _| {
            if is_like(path, field) {
                paths.push(path.to_owned());
            }
        });
        let queries = paths.iter().map(|it| self.named(it)).collect();
        constant(any_of(queries, 1))
    }

    fn id_field(&self, test: &Test) -> Result<Boxed> {
        match test {
            Test::Term { value, .. } => Ok(self.ids([&*value.to_text()].into_iter())),
            Test::Terms(values) => {
                let ids: Vec<String> = values.iter().map(Scalar::to_text).collect();
                Ok(self.ids(ids.iter().map(String::as_str)))
            }
            Test::Match(it) | Test::MatchBoolPrefix(it) => {
                Ok(self.ids([&*it.text.to_text()].into_iter()))
            }
            Test::Phrase(it) => Ok(self.ids([&*it.text.to_text()].into_iter())),
            test => {
                let field = self.layout.fields.id;
                let place = super::pattern::Terms::of_field(field);
                self.patterns(&place, test)?.ok_or_else(|| {
                    StoreError::invalid_query("the field [_id] takes no ranges: sort by it")
                })
            }
        }
    }

    /// The collection, by the name that its index has in Elasticsearch.
    fn index_field(&self, test: &Test) -> Result<Boxed> {
        let at = &self.reader.entry.at;
        let name = format!("&{}.{}", at.index, at.collection);
        let is_it = |it: &Scalar| it.to_text() == name;
        let matches = match test {
            Test::Term { value, .. } => is_it(value),
            Test::Terms(values) => values.iter().any(is_it),
            Test::Match(it) => is_it(&it.text),
            Test::Prefix { value, .. } => name.starts_with(value.as_str()),
            Test::Wildcard { pattern, .. } => is_like(&name, pattern),
            _ => {
                return Err(StoreError::invalid_query(
                    "the field [_index] takes term, terms, match, prefix and wildcard only",
                ));
            }
        };
        Ok(match matches {
            true => Box::new(tantivy::query::AllQuery),
            false => nothing(),
        })
    }

    /// How many documents have the term, deleted ones included until their
    /// segment is merged: as in Lucene.
    pub(super) fn found(&self, term: &Term) -> Result<u64> {
        self.reader.searcher.doc_freq(term).map_err(failed)
    }

    pub(super) fn exact_statistics(&self, place: &Place<'_>) -> Result<FieldStatistics> {
        let documents = self.found(&self.layout.name(&place.path))?;
        Ok(FieldStatistics::without_lengths(documents))
    }

    pub(super) fn text_statistics(
        &self,
        place: &Place<'_>,
        field: tantivy::schema::Field,
    ) -> Result<FieldStatistics> {
        let documents = self.found(&self.layout.name(&place.path))?;
        let mark = names::without_terms(&place.path);
        let empty = self.found(&self.layout.name(&mark))?;
        let mut tokens = 0;
        for segment in self.reader.searcher.segment_readers() {
            let terms = segment.inverted_index(field).map_err(failed)?;
            tokens += terms.total_num_tokens();
        }
        Ok(FieldStatistics {
            documents: documents.saturating_sub(empty),
            tokens,
        })
    }
}

pub(super) fn refused(place: &Place<'_>, why: &str) -> StoreError {
    let (path, data_type) = (&place.path, place.leaf.data_type.name());
    StoreError::invalid_query(format!("the field [{path}] of type [{data_type}]: {why}"))
}

pub(super) fn is_text(data_type: DataType) -> bool {
    matches!(
        data_type,
        DataType::Text | DataType::MatchOnlyText | DataType::SearchAsYouType
    )
}

fn is_lenient(test: &Test) -> bool {
    match test {
        Test::Match(it) | Test::MatchBoolPrefix(it) => it.lenient,
        Test::Phrase(it) => it.lenient,
        _ => false,
    }
}

/// All leaves with their paths, multi-fields too.
fn walk<'m>(properties: &'m Properties, above: &str, visit: &mut impl FnMut(&str, &'m Leaf)) {
    for (name, field) in properties.iter() {
        let path = match above {
            "" => name.to_owned(),
            above => format!("{above}.{name}"),
        };
        match field {
            Field::Object(object) => walk(&object.properties, &path, visit),
            Field::Leaf(leaf) => {
                visit(&path, leaf);
                for (name, leaf) in leaf.fields.iter() {
                    visit(&format!("{path}.{name}"), leaf);
                }
            }
        }
    }
}

/// Patterns with `*` only; each piece is looked for once, from left to right.
pub(super) fn is_like(name: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return name == pattern;
    };
    let Some(mut name) = name.strip_prefix(head) else {
        return false;
    };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return name.ends_with(piece);
        }
        let Some(place) = name.find(piece) else {
            return false;
        };
        name = &name[place + piece.len()..];
    }
    true
}
