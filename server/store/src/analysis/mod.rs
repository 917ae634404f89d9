//! Analysis: how texts become terms.
//!
//! An analyser cuts a text into tokens with positions; what was written and
//! what is asked for go through the same one, so that they meet.

mod standard;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::error::StoreError;
use crate::mapping::Leaf;

/// A term and where it stands in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// Among the words; the first one has 0. Words that were dropped count.
    pub(crate) position: u32,
    /// In bytes of the text.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The tokens of one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) tokens: Vec<Token>,
    /// The positions that the text takes, dropped words at its end included.
    pub(crate) positions: u32,
}

/// Cuts texts into tokens.
#[derive(Clone, Debug)]
pub(crate) struct Analyser {
    cut: Cut,
    lower: bool,
}

#[derive(Clone, Copy, Debug)]
enum Cut {
    Standard,
    Letters,
    Whitespace,
    Not,
}

impl Analyser {
    pub(crate) fn analyse(&self, text: &str) -> Tokens {
        let spans = match self.cut {
            Cut::Standard => standard::words(text),
            Cut::Letters => standard::runs(text, char::is_alphabetic),
            Cut::Whitespace => standard::runs(text, |it| !it.is_whitespace()),
            Cut::Not if text.is_empty() => Vec::new(),
            Cut::Not => vec![(0, text.len())],
        };
        let term = |(start, end): (usize, usize)| match self.lower {
            true => text[start..end].to_lowercase(),
            false => text[start..end].to_owned(),
        };
        let tokens: Vec<Token> = (0..)
            .zip(spans)
            .map(|(position, (start, end))| Token {
                text: term((start, end)),
                position,
                start,
                end,
            })
            .collect();
        Tokens {
            positions: tokens.len() as u32,
            tokens,
        }
    }
}

/// The analysers and normalizers of a collection.
#[derive(Clone, Debug)]
pub(crate) struct Analysis {
    analysers: BTreeMap<Box<str>, Arc<Analyser>>,
}

impl Analysis {
    /// The built-in ones and those of the settings, as `Settings::to_json` gives
    /// them.
    pub(crate) fn of(_settings: &Value) -> Result<Self, StoreError> {
        let built_in = [
            ("standard", Cut::Standard, true),
            ("simple", Cut::Letters, true),
            ("whitespace", Cut::Whitespace, false),
            ("keyword", Cut::Not, false),
        ];
        let analysers = built_in.map(|(name, cut, lower)| {
            let analyser = Analyser { cut, lower };
            (name.into(), Arc::new(analyser))
        });
        Ok(Self {
            analysers: BTreeMap::from(analysers),
        })
    }

    pub(crate) fn analyser(&self, name: &str) -> Option<&Arc<Analyser>> {
        self.analysers.get(name)
    }

    /// What cuts the values of a text field when they are written.
    pub(crate) fn of_values(&self, leaf: &Leaf) -> Arc<Analyser> {
        self.named(leaf, &["analyzer"])
    }

    /// What cuts the texts that are looked for in it.
    pub(crate) fn of_queries(&self, leaf: &Leaf) -> Arc<Analyser> {
        self.named(leaf, &["search_analyzer", "analyzer"])
    }

    /// What cuts quoted phrases that are looked for in it.
    pub(crate) fn of_phrases(&self, leaf: &Leaf) -> Arc<Analyser> {
        self.named(
            leaf,
            &["search_quote_analyzer", "search_analyzer", "analyzer"],
        )
    }

    fn named(&self, leaf: &Leaf, parameters: &[&str]) -> Arc<Analyser> {
        let name = |it: &&str| leaf.parameters.get(it).and_then(Value::as_str);
        let named = parameters.iter().find_map(name).unwrap_or("default");
        self.analyser(named)
            .or_else(|| self.analyser("standard"))
            .cloned()
            .unwrap_or_else(|| {
                Arc::new(Analyser {
                    cut: Cut::Standard,
                    lower: true,
                })
            })
    }

    /// A value of a keyword field, as its normalizer makes it.
    pub(crate) fn normalize<'t>(
        &self,
        _leaf: &Leaf,
        text: std::borrow::Cow<'t, str>,
    ) -> std::borrow::Cow<'t, str> {
        text
    }
}
