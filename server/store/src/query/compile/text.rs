//! Tests on analysed texts: what is asked goes through the analyser of the
//! field, and its terms are looked for.

use std::sync::Arc;

use tantivy::Term;
use tantivy::query::{BooleanQuery, Occur, TermSetQuery};
use tantivy::schema::Field;

use super::fields::refused;
use super::pattern::{Terms, is_pattern};
use super::phrase::{self, Place as PhrasePlace};
use super::statistics::{FieldStatistics, ScoredTerm};
use super::{Boxed, Compiler, Result, any_of, best, boosted, constant, nothing};
use crate::analysis::Analyser;
use crate::error::StoreError;
use crate::index::{Place, Values};
use crate::query::tree::{Case, Fuzzy, Match, Operator, Phrase, Test, WeightedField, ZeroTerms};

/// Paths, and what multiplies their scores.
type Weighted = Vec<(String, f32)>;

/// A text field that is asked.
struct TextField<'p> {
    place: &'p Place<'p>,
    field: Field,
    statistics: FieldStatistics,
}

impl Compiler<'_> {
    pub(super) fn text(&self, place: &Place<'_>, field: Field, test: &Test) -> Result<Boxed> {
        let text = TextField {
            place,
            field,
            statistics: self.text_statistics(place, field)?,
        };
        if is_pattern(test)
            && let Some(query) = self.patterns(&self.text_terms(&text, test), test)?
        {
            return Ok(query);
        }
        match test {
            Test::Term { value, .. } => self.text_term(&text, &value.to_text()),
            Test::Terms(values) => {
                let term = |text: String| Term::from_field_text(field, &text);
                let terms = values.iter().map(|it| term(it.to_text()));
                Ok(constant(Box::new(TermSetQuery::new(terms))))
            }
            Test::Range(range) => Ok(self.text_range(place, field, range)),
            Test::Match(search) => self.matched(&text, search, false),
            Test::MatchBoolPrefix(search) => self.matched(&text, search, true),
            Test::Phrase(phrase) => self.phrase(&text, phrase),
            _ => Err(refused(place, "it does not take this clause")),
        }
    }

    fn text_terms<'p>(&self, text: &TextField<'p>, test: &Test) -> Terms<'p> {
        let normalizes = matches!(
            test,
            Test::Prefix {
                case: Case::Normalized,
                ..
            } | Test::Wildcard {
                case: Case::Normalized,
                ..
            } | Test::Fuzzy {
                case: Case::Normalized,
                ..
            }
        );
        let analyser = self.layout.analysis.of_queries(text.place.leaf);
        Terms {
            base: Term::from_field_text(text.field, ""),
            statistics: text.statistics,
            normalize: Box::new(move |text| match normalizes {
                true => analyser.normalize(text).into_owned(),
                false => text.to_owned(),
            }),
        }
    }

    fn text_term(&self, text: &TextField<'_>, term: &str) -> Result<Boxed> {
        let term = Term::from_field_text(text.field, term);
        let found = self.found(&term)?;
        Ok(Box::new(ScoredTerm::new(term, text.statistics, found)))
    }

    pub(super) fn analyser(
        &self,
        name: Option<&str>,
        usual: Arc<Analyser>,
    ) -> Result<Arc<Analyser>> {
        let Some(name) = name else {
            return Ok(usual);
        };
        let found = self.layout.analysis.analyser(name);
        found.ok_or_else(|| StoreError::invalid_query(format!("there is no analyser [{name}]")))
    }

    /// `last_is_prefix`: of the terms, the last one is a beginning.
    fn matched(&self, text: &TextField<'_>, search: &Match, last_is_prefix: bool) -> Result<Boxed> {
        let usual = self.layout.analysis.of_queries(text.place.leaf);
        let analyser = self.analyser(search.analyzer.as_deref(), usual)?;
        let places = terms_by_place(&analyser, &search.text.to_text());
        let Some(last) = places.len().checked_sub(1) else {
            return Ok(without_terms(search.zero_terms));
        };
        let mut queries = Vec::new();
        for (number, (_, terms)) in places.iter().enumerate() {
            let is_prefix = last_is_prefix && number == last;
            let each = terms.iter().map(|it| match (is_prefix, search.fuzzy) {
                (true, _) => self.prefix_of(text, it),
                (false, Some(fuzzy)) => self.fuzzy_term(text, it, fuzzy),
                (false, None) => self.text_term(text, it),
            });
            queries.push(best(each.collect::<Result<_>>()?, 0.0));
        }
        Ok(joined(queries, search))
    }

    fn prefix_of(&self, text: &TextField<'_>, prefix: &str) -> Result<Boxed> {
        let test = Test::Prefix {
            value: prefix.to_owned(),
            case: Case::AsTyped,
        };
        let query = self.patterns(&self.text_terms(text, &test), &test)?;
        Ok(query.unwrap_or_else(nothing))
    }

    fn fuzzy_term(&self, text: &TextField<'_>, term: &str, fuzzy: Fuzzy) -> Result<Boxed> {
        let terms = Terms {
            statistics: text.statistics,
            ..Terms::of_field(text.field)
        };
        self.fuzzy(&terms, term, fuzzy)
    }

    fn phrase(&self, text: &TextField<'_>, search: &Phrase) -> Result<Boxed> {
        let usual = self.layout.analysis.of_phrases(text.place.leaf);
        let analyser = self.analyser(search.analyzer.as_deref(), usual)?;
        let places = terms_by_place(&analyser, &search.text.to_text());
        let Some(last) = places.len().checked_sub(1) else {
            return Ok(without_terms(search.zero_terms));
        };
        if let ([(_, terms)], None) = (&places[..], search.prefix_expansions) {
            let each = terms.iter().map(|it| self.text_term(text, it));
            return Ok(best(each.collect::<Result<_>>()?, 0.0));
        }
        if let ([(_, terms)], Some(_)) = (&places[..], search.prefix_expansions) {
            let each = terms.iter().map(|it| self.prefix_of(text, it));
            return Ok(best(each.collect::<Result<_>>()?, 0.0));
        }
        let mut phrase = Vec::new();
        for (number, (position, terms)) in places.into_iter().enumerate() {
            let terms = match search.prefix_expansions {
                Some(most) if number == last => self.expansions(text.field, &terms, most)?,
                _ => terms,
            };
            let term = |it: &String| Term::from_field_text(text.field, it);
            phrase.push(PhrasePlace {
                position,
                terms: terms.iter().map(term).collect(),
            });
        }
        let mut idf = 0.0;
        for term in phrase.iter().flat_map(|it| &it.terms) {
            idf += text.statistics.idf(self.found(term)?);
        }
        Ok(phrase::query(phrase, search.slop, idf, text.statistics))
    }

    /// The first terms, in their order, that begin so.
    fn expansions(&self, field: Field, prefixes: &[String], most: usize) -> Result<Vec<String>> {
        let mut found = std::collections::BTreeSet::new();
        for segment in self.reader.searcher.segment_readers() {
            let index = segment.inverted_index(field).map_err(super::failed)?;
            for prefix in prefixes {
                let stream = index.terms().range().ge(prefix.as_bytes());
                let mut stream = stream.into_stream().map_err(super::failed)?;
                let mut count = 0;
                while count < most
                    && let Some((key, _)) = stream.next()
                    && key.starts_with(prefix.as_bytes())
                {
                    count += 1;
                    found.extend(String::from_utf8(key.to_vec()));
                }
            }
        }
        Ok(found.into_iter().take(most).collect())
    }

    /// The terms of a text, each in any of the fields. Fields with the same
    /// analyser are one: a term is as frequent in each as where it is most.
    pub(super) fn cross_fields(
        &self,
        fields: &[WeightedField],
        search: &Match,
        tie_breaker: f32,
    ) -> Result<Boxed> {
        let mut groups: Vec<(Arc<Analyser>, Weighted)> = Vec::new();
        let mut others = Vec::new();
        for (path, boost) in self.expanded(fields)? {
            let Some(place) = self.layout.place(&path) else {
                continue;
            };
            if !matches!(place.values, Values::Text(_)) {
                let test = Test::Match(search.clone());
                others.push(boosted(self.field(&path, &test, search.lenient)?, boost));
                continue;
            }
            let usual = self.layout.analysis.of_queries(place.leaf);
            let analyser = self.analyser(search.analyzer.as_deref(), usual)?;
            match groups.iter_mut().find(|it| Arc::ptr_eq(&it.0, &analyser)) {
                Some((_, group)) => group.push((path, boost)),
                None => groups.push((analyser, vec![(path, boost)])),
            }
        }
        for (analyser, group) in groups {
            let places = terms_by_place(&analyser, &search.text.to_text());
            if places.is_empty() {
                others.push(without_terms(search.zero_terms));
                continue;
            }
            let mut queries = Vec::new();
            for (_, terms) in places {
                let each = terms.iter().map(|it| self.blended(&group, it, tie_breaker));
                queries.push(best(each.collect::<Result<_>>()?, 0.0));
            }
            others.push(joined(queries, search));
        }
        Ok(best(others, tie_breaker))
    }

    /// One term, in any of the fields.
    fn blended(&self, fields: &[(String, f32)], term: &str, tie_breaker: f32) -> Result<Boxed> {
        let mut scored = Vec::new();
        for (path, boost) in fields {
            let Some(place) = self.layout.place(path) else {
                continue;
            };
            let Values::Text(field) = place.values else {
                continue;
            };
            let statistics = self.text_statistics(&place, field)?;
            let term = Term::from_field_text(field, term);
            let found = self.found(&term)?;
            scored.push((term, statistics, found, *boost));
        }
        let found = scored.iter().map(|it| it.2).max().unwrap_or(0);
        let queries = scored.into_iter().map(|(term, statistics, _, boost)| {
            boosted(Box::new(ScoredTerm::new(term, statistics, found)), boost)
        });
        Ok(best(queries.collect(), tie_breaker))
    }
}

fn without_terms(zero_terms: ZeroTerms) -> Boxed {
    match zero_terms {
        ZeroTerms::None => nothing(),
        ZeroTerms::All => Box::new(tantivy::query::AllQuery),
    }
}

/// Terms that stand at one place are other words for each other.
fn terms_by_place(analyser: &Analyser, text: &str) -> Vec<(u32, Vec<String>)> {
    let mut places: Vec<(u32, Vec<String>)> = Vec::new();
    for token in analyser.analyse(text).tokens {
        match places.last_mut() {
            Some((position, terms)) if *position == token.position => {
                if !terms.contains(&token.text) {
                    terms.push(token.text);
                }
            }
            _ => places.push((token.position, vec![token.text])),
        }
    }
    places
}

/// As many as the operator and the minimum ask for.
fn joined(mut queries: Vec<Boxed>, search: &Match) -> Boxed {
    match search.operator {
        Operator::And if queries.len() > 1 => {
            let clauses = queries.into_iter().map(|it| (Occur::Must, it)).collect();
            Box::new(BooleanQuery::new(clauses))
        }
        _ if queries.len() == 1 => queries.remove(0),
        _ => {
            let minimum = search.minimum_should_match.as_ref();
            let minimum = minimum.map_or(1, |it| it.of(queries.len()).max(1));
            any_of(queries, minimum)
        }
    }
}
