//! Tests that many terms pass: prefix, wildcard, regexp, and fuzzy ones.
//!
//! An automaton walks through the dictionary of each segment. All documents of
//! the terms score the same; only fuzzy terms are scored, one by one.

use std::fmt;

use tantivy::query::{AutomatonWeight, Scorer, Weight};
use tantivy::schema::Field;
use tantivy::{Score, SegmentReader, Term};

use super::segment::{Own, Segmented};
use super::statistics::FieldStatistics;
use super::{Boxed, Compiler, Result};
use crate::error::StoreError;
use crate::query::pattern::{ByLetters, Prefixed, Table, literal, regexp, wildcard};
use crate::query::tree::{Case, Test};

/// Terms that a pattern is looked for in.
pub(super) struct Terms<'p> {
    /// The empty one: what comes before each of them.
    pub(super) base: Term,
    pub(super) statistics: FieldStatistics,
    /// How a value, or a part of one, is written in the index.
    pub(super) normalize: Box<dyn Fn(&str) -> String + 'p>,
}

impl Terms<'_> {
    /// The path, in the field of many paths.
    pub(super) fn prefix(&self) -> &[u8] {
        self.base.serialized_value_bytes()
    }

    /// All terms of a field, as they are.
    pub(super) fn of_field(field: Field) -> Self {
        Self {
            base: Term::from_field_text(field, ""),
            statistics: FieldStatistics::without_lengths(1),
            normalize: Box::new(str::to_owned),
        }
    }
}

/// Whether `patterns` has a query for it.
pub(super) fn is_pattern(test: &Test) -> bool {
    match test {
        Test::Prefix { .. } | Test::Wildcard { .. } | Test::Regexp { .. } | Test::Fuzzy { .. } => {
            true
        }
        Test::Term { ignore_case, .. } => *ignore_case,
        _ => false,
    }
}

impl Compiler<'_> {
    /// `None` for tests that are no patterns.
    pub(super) fn patterns(&self, terms: &Terms<'_>, test: &Test) -> Result<Option<Boxed>> {
        let ignores = |case: &Case| *case == Case::Ignored;
        let (clause, table) = match test {
            Test::Term {
                value,
                ignore_case: true,
            } => (
                "term",
                literal(&(terms.normalize)(&value.to_text()), false, true),
            ),
            Test::Prefix { value, case } => {
                let value = (terms.normalize)(value);
                ("prefix", literal(&value, true, ignores(case)))
            }
            Test::Wildcard { pattern, case } => {
                let pattern = normalized_wildcard(pattern, &terms.normalize);
                ("wildcard", wildcard(&pattern, ignores(case)))
            }
            Test::Regexp {
                pattern,
                flags,
                ignore_case,
            } => ("regexp", regexp(pattern, *flags, *ignore_case)),
            Test::Fuzzy { value, fuzzy, .. } => {
                let value = (terms.normalize)(&value.to_text());
                return self.fuzzy(terms, &value, *fuzzy).map(Some);
            }
            _ => return Ok(None),
        };
        let table = table.map_err(|it| {
            StoreError::invalid_query(format!("[{clause}] cannot take this pattern: {it}"))
        })?;
        Ok(Some(Own::query(Walk::new(terms, table))))
    }
}

/// Only letters are normalized, not what means something.
fn normalized_wildcard(pattern: &str, normalize: &dyn Fn(&str) -> String) -> String {
    let mut normalized = String::with_capacity(pattern.len());
    let mut plain = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '*' | '?' => {
                escape_into(&normalize(&std::mem::take(&mut plain)), &mut normalized);
                normalized.push(letter);
            }
            '\\' => plain.push(letters.next().unwrap_or('\\')),
            letter => plain.push(letter),
        }
    }
    escape_into(&normalize(&plain), &mut normalized);
    normalized
}

fn escape_into(plain: &str, pattern: &mut String) {
    for letter in plain.chars() {
        if matches!(letter, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
}

/// The documents of all terms that the table accepts.
struct Walk {
    base: Term,
    weight: AutomatonWeight<Prefixed<ByLetters<Table>>>,
}

impl Walk {
    fn new(terms: &Terms<'_>, table: Table) -> Self {
        let (field, prefix) = (terms.base.field(), terms.prefix());
        let automaton = Prefixed {
            prefix: prefix.into(),
            then: ByLetters(table),
        };
        let weight = match prefix.is_empty() {
            true => AutomatonWeight::new(field, automaton),
            false => AutomatonWeight::new_for_json_path(field, automaton, prefix),
        };
        Self {
            base: terms.base.clone(),
            weight,
        }
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Segmented for Walk {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.weight.scorer(segment, boost)
    }
}
