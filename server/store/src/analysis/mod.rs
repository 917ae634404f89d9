//! Analysis: how texts become terms.
//!
//! An analyser cuts a text into tokens with positions; what was written and
//! what is asked for go through the same one, so that they meet. It is a chain
//! as in Lucene: filters of characters, a tokenizer, filters of tokens. The
//! settings of a collection name chains of their own.

mod build;
mod chars;
mod check;
mod filters;
mod grams;
mod languages;
mod options;
mod pattern;
mod synonyms;
mod tokenizers;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use self::chars::{CharFilter, Filtered};
use self::filters::Filter;
use self::tokenizers::Tokenizer;
use crate::mapping::Leaf;

/// A term and where it stands in its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// Among the words; the first one has 0. Words that were dropped count,
    /// variants of a word have its position.
    pub(crate) position: u32,
    /// In bytes of the text.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Stemmers leave it as it is.
    pub(crate) is_protected: bool,
}

/// The tokens of one text, in the order of their positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) tokens: Vec<Token>,
    /// The positions that the text takes, dropped words at its end included.
    pub(crate) positions: u32,
}

/// Cuts texts into tokens.
#[derive(Clone, Debug)]
pub(crate) struct Analyser {
    chars: Vec<CharFilter>,
    tokenizer: Tokenizer,
    filters: Vec<Filter>,
}

impl Analyser {
    fn new(tokenizer: Tokenizer, filters: Vec<Filter>) -> Self {
        Self {
            chars: Vec::new(),
            tokenizer,
            filters,
        }
    }

    pub(crate) fn standard() -> Self {
        Self::new(Tokenizer::standard(), vec![Filter::Lowercase])
    }

    pub(crate) fn analyse(&self, text: &str) -> Tokens {
        if self.chars.is_empty() {
            return self.cut(text);
        }
        let filtered = self
            .chars
            .iter()
            .fold(Filtered::new(text), |it, filter| it.then(filter));
        let mut tokens = self.cut(&filtered.text);
        for token in &mut tokens.tokens {
            token.start = filtered.origin(token.start);
            token.end = filtered.origin_of_end(token.end);
        }
        tokens
    }

    fn cut(&self, text: &str) -> Tokens {
        let tokens = self.tokenizer.cut(text);
        self.filters
            .iter()
            .fold(tokens, |it, filter| filter.apply(it))
    }

    /// The text as one term, for values and prefixes that are not to be cut: its
    /// characters and words go through those filters that keep words one to one.
    pub(crate) fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for filter in &self.chars {
            text = Filtered::new(&text).then(filter).text.into();
        }
        for filter in &self.filters {
            if filter.is_normalizing() {
                text = filter.change(&text).into();
            }
        }
        text
    }
}

/// The analysers and normalizers of a collection.
#[derive(Clone, Debug)]
pub(crate) struct Analysis {
    /// Those of the settings.
    analysers: BTreeMap<Box<str>, Arc<Analyser>>,
    normalizers: BTreeMap<Box<str>, Arc<Analyser>>,
    standard: Arc<Analyser>,
}

impl Analysis {
    /// An analyser of the settings, or a built-in one.
    pub(crate) fn analyser(&self, name: &str) -> Option<Arc<Analyser>> {
        match self.analysers.get(name) {
            Some(analyser) => Some(analyser.clone()),
            None if name == "standard" => Some(self.standard.clone()),
            None => build::built_in(name).map(Arc::new),
        }
    }

    /// What cuts the values of a text field when they are written.
    pub(crate) fn of_values(&self, leaf: &Leaf) -> Arc<Analyser> {
        self.first(&[parameter(leaf, "analyzer"), Some("default")])
    }

    /// What cuts the texts that are looked for in it.
    pub(crate) fn of_queries(&self, leaf: &Leaf) -> Arc<Analyser> {
        self.first(&[
            parameter(leaf, "search_analyzer"),
            Some("default_search"),
            parameter(leaf, "analyzer"),
            Some("default"),
        ])
    }

    /// What cuts quoted phrases that are looked for in it.
    pub(crate) fn of_phrases(&self, leaf: &Leaf) -> Arc<Analyser> {
        match parameter(leaf, "search_quote_analyzer") {
            Some(name) => self.first(&[Some(name)]),
            None => self.of_queries(leaf),
        }
    }

    fn first(&self, names: &[Option<&str>]) -> Arc<Analyser> {
        let found = names.iter().flatten().find_map(|it| self.analyser(it));
        found.unwrap_or_else(|| self.standard.clone())
    }

    /// A value of a keyword field, or what is compared with one, as the field's
    /// normalizer makes it.
    pub(crate) fn normalize<'t>(&self, leaf: &Leaf, text: Cow<'t, str>) -> Cow<'t, str> {
        let normalizer = parameter(leaf, "normalizer").and_then(|it| self.normalizer(it));
        match normalizer {
            Some(normalizer) => normalizer.normalize(&text).into_owned().into(),
            None => text,
        }
    }

    fn normalizer(&self, name: &str) -> Option<Arc<Analyser>> {
        match self.normalizers.get(name) {
            Some(normalizer) => Some(normalizer.clone()),
            None if name == "lowercase" => Some(build::lowercase_normalizer()),
            None => None,
        }
    }
}

fn parameter<'l>(leaf: &'l Leaf, name: &str) -> Option<&'l str> {
    leaf.parameters.get(name).and_then(Value::as_str)
}
