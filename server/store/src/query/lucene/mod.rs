//! Queries written as one text: the syntax of Lucene (`query_string`) and its
//! forgiving sister (`simple_query_string`), read into the same tree.
//!
//! `token` cuts the text, `classic` and `simple` read it; what a word, a phrase
//! or a prefix asks of which fields is said here.

mod classic;
mod simple;
mod token;

use super::tree::{
    Case, Clause, Combine, Fuzziness, Fuzzy, Match, Operator, Phrase, Query, Range, Scalar, Test,
    WeightedField, ZeroTerms,
};

pub(super) use classic::read as read_classic;
pub(super) use simple::{Flags, read as read_simple};

/// What the words of a query string become.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// Where words without a field are looked for.
    pub(super) fields: Vec<WeightedField>,
    pub(super) words: Words,
    pub(super) operator: Operator,
    pub(super) combine: Combine,
    pub(super) combine_phrases: Combine,
    pub(super) analyzer: Option<String>,
    pub(super) quote_analyzer: Option<String>,
    /// Appended to the names of fields that phrases are looked for in.
    pub(super) quote_suffix: Option<String>,
    pub(super) phrase_slop: u32,
    pub(super) fuzzy: Fuzzy,
    pub(super) allow_leading_wildcard: bool,
    pub(super) time_zone: Option<String>,
    pub(super) lenient: bool,
}

/// How several fields are asked for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Match,
    CrossFields,
    Phrase,
    PhrasePrefix,
    BoolPrefix,
}

impl Options {
    fn words(&self, field: Option<&str>, text: &str) -> Query {
        let search = Match {
            text: Scalar::Text(text.to_owned()),
            operator: self.operator,
            minimum_should_match: None,
            fuzzy: None,
            analyzer: self.analyzer.clone(),
            zero_terms: ZeroTerms::None,
            lenient: self.lenient,
        };
        match self.words {
            Words::Match => self.on(field, Test::Match(search)),
            Words::BoolPrefix => self.on(field, Test::MatchBoolPrefix(search)),
            Words::Phrase => self.phrase(field, text, None),
            Words::PhrasePrefix => {
                let phrase = Phrase {
                    prefix_expansions: Some(Fuzzy::EXPANSIONS),
                    ..self.phrase_of(text, None)
                };
                self.on(field, Test::Phrase(phrase))
            }
            Words::CrossFields => {
                let fields = field.map_or_else(|| self.fields.clone(), |it| vec![one(it)]);
                let tie_breaker = match self.combine {
                    Combine::Best { tie_breaker } => tie_breaker,
                    Combine::Sum => 1.0,
                };
                let clause = Clause::CrossFields {
                    fields,
                    search,
                    tie_breaker,
                };
                clause.into()
            }
        }
    }

    fn phrase_of(&self, text: &str, slop: Option<u32>) -> Phrase {
        Phrase {
            text: Scalar::Text(text.to_owned()),
            slop: slop.unwrap_or(self.phrase_slop),
            prefix_expansions: None,
            analyzer: self.quote_analyzer.clone().or(self.analyzer.clone()),
            zero_terms: ZeroTerms::None,
            lenient: self.lenient,
        }
    }

    fn phrase(&self, field: Option<&str>, text: &str, slop: Option<u32>) -> Query {
        let test = Test::Phrase(self.phrase_of(text, slop));
        let Some(suffix) = &self.quote_suffix else {
            return self.on(field, test);
        };
        let fields = field.map_or_else(|| self.fields.clone(), |it| vec![one(it)]);
        // The field without the suffix where there is none with it.
        let both = fields.iter().flat_map(|it| {
            let mut quoted = it.clone();
            quoted.pattern.push_str(suffix);
            [quoted, it.clone()]
        });
        self.among(both.collect(), test)
    }

    fn fuzzy(&self, field: Option<&str>, text: &str, fuzziness: Option<Fuzziness>) -> Query {
        let fuzzy = Fuzzy {
            fuzziness: fuzziness.unwrap_or(self.fuzzy.fuzziness),
            ..self.fuzzy
        };
        let value = Scalar::Text(text.to_owned());
        let case = Case::Normalized;
        self.on(field, Test::Fuzzy { value, fuzzy, case })
    }

    fn prefix(&self, field: Option<&str>, text: &str) -> Query {
        let test = Test::Prefix {
            value: text.to_owned(),
            case: Case::Normalized,
        };
        self.on(field, test)
    }

    fn range(&self, field: Option<&str>, mut range: Range) -> Query {
        range.time_zone.clone_from(&self.time_zone);
        self.on(field, Test::Range(range))
    }

    /// The test, on the field, on those of a pattern or on those of the query.
    fn on(&self, field: Option<&str>, test: Test) -> Query {
        match field {
            Some(field) if !self.lenient && !field.contains('*') => Query::field(field, test),
            Some(field) => self.among(vec![one(field)], test),
            None => self.among(self.fields.clone(), test),
        }
    }

    fn among(&self, fields: Vec<WeightedField>, test: Test) -> Query {
        let combine = match test {
            Test::Phrase(_) => self.combine_phrases,
            _ => self.combine,
        };
        let clause = Clause::Fields {
            fields,
            test,
            combine,
            lenient: self.lenient,
        };
        clause.into()
    }
}

fn one(field: &str) -> WeightedField {
    WeightedField {
        pattern: field.to_owned(),
        boost: 1.0,
    }
}
