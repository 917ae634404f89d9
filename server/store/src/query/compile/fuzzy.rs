//! Fuzzy terms: the nearest terms of the dictionary, each scored by how near it
//! is, and all as if they were as frequent as the most frequent one.

use std::collections::BTreeMap;

use tantivy::Term;

use super::pattern::Terms;
use super::statistics::ScoredTerm;
use super::{Boxed, Compiler, Result, any_of, boosted, failed};
use crate::query::pattern::{ByLetters, Edits, Prefixed};
use crate::query::tree::{Fuzziness, Fuzzy};

/// Longer terms have no near ones: each letter costs memory for each term that
/// is looked at.
const TERM_CHARS_MAX: usize = 255;

impl Compiler<'_> {
    pub(super) fn fuzzy(&self, terms: &Terms<'_>, value: &str, fuzzy: Fuzzy) -> Result<Boxed> {
        let letters = value.chars().count();
        let edits = match letters > TERM_CHARS_MAX {
            true => 0,
            false => fuzzy.fuzziness.edits(letters),
        };
        let near = self.near_terms(terms, value, edits, fuzzy)?;
        let found = near.iter().map(|it| it.documents).max().unwrap_or(0);
        let queries = near.into_iter().map(|it| {
            let statistics = terms.statistics;
            let query = Box::new(ScoredTerm::new(it.term, statistics, found));
            boosted(query, it.nearness)
        });
        Ok(any_of(queries.collect(), 1))
    }

    /// The nearest terms, at most as many as asked for.
    fn near_terms(
        &self,
        terms: &Terms<'_>,
        value: &str,
        edits: u8,
        fuzzy: Fuzzy,
    ) -> Result<Vec<Near>> {
        let letters = value.chars().count();
        let fixed = value.char_indices().nth(fuzzy.prefix_length);
        let (head, tail) = value.split_at(fixed.map_or(value.len(), |it| it.0));
        let count = Edits::new(tail, edits, fuzzy.transpositions);
        let prefix: Box<[u8]> = [terms.prefix(), head.as_bytes()].concat().into();
        let automaton = Prefixed {
            prefix,
            then: ByLetters(Edits::new(tail, edits, fuzzy.transpositions)),
        };
        let mut near: BTreeMap<Vec<u8>, Near> = BTreeMap::new();
        for segment in self.reader.searcher.segment_readers() {
            let index = segment.inverted_index(terms.base.field()).map_err(failed)?;
            let stream = index.terms().search(&automaton).ge(&automaton.prefix);
            let mut stream = stream.into_stream().map_err(failed)?;
            while let Some((key, info)) = stream.next() {
                if let Some(known) = near.get_mut(key) {
                    known.documents += u64::from(info.doc_freq);
                    continue;
                }
                let text = std::str::from_utf8(&key[automaton.prefix.len()..]);
                let Some(edits) = text.ok().and_then(|it| count.distance(it)) else {
                    continue;
                };
                let own = &key[terms.prefix().len()..];
                let mut term = terms.base.clone();
                term.append_bytes(own);
                let own = std::str::from_utf8(own).map_or(0, |it| it.chars().count());
                let length = own.min(letters).max(1);
                near.insert(
                    key.to_vec(),
                    Near {
                        term,
                        documents: info.doc_freq.into(),
                        nearness: 1.0 - f32::from(edits) / length as f32,
                    },
                );
            }
        }
        let mut near: Vec<Near> = near.into_values().collect();
        near.sort_by(|a, b| b.nearness.total_cmp(&a.nearness));
        near.truncate(fuzzy.max_expansions);
        Ok(near)
    }
}

struct Near {
    term: Term,
    documents: u64,
    /// 1 for the term itself, less with each edit.
    nearness: f32,
}

impl Fuzziness {
    fn edits(self, letters: usize) -> u8 {
        match self {
            Self::Edits(edits) => edits,
            Self::Auto { low, high } => u8::from(letters >= low) + u8::from(letters >= high),
        }
    }
}
