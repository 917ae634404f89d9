//! Parts of words: n-grams, and those at the beginning of words only.

use super::words::{Span, runs};

/// Lengths in characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grams {
    pub(super) least: usize,
    pub(super) most: usize,
    /// Only from the beginning.
    pub(super) is_edge: bool,
}

impl Grams {
    /// Those of a part of the text, in the order of their beginnings.
    pub(super) fn spans(&self, text: &str, (start, end): Span) -> Vec<Span> {
        let places = text[start..end].char_indices().map(|it| start + it.0);
        let places: Vec<usize> = places.chain([end]).collect();
        let count = places.len() - 1;
        let starts = if self.is_edge { 1.min(count) } else { count };
        let mut spans = Vec::new();
        for from in 0..starts {
            for length in self.least.max(1)..=self.most {
                match places.get(from + length) {
                    Some(to) => spans.push((places[from], *to)),
                    None => break,
                }
            }
        }
        spans
    }
}

/// The characters that make a word for tokenizers of n-grams; none: all do.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    pub(super) kinds: Vec<Kind>,
    pub(super) custom: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Letter,
    Digit,
    Whitespace,
    Punctuation,
    Symbol,
    Custom,
}

impl Kind {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "letter" => Self::Letter,
            "digit" => Self::Digit,
            "whitespace" => Self::Whitespace,
            "punctuation" => Self::Punctuation,
            "symbol" => Self::Symbol,
            "custom" => Self::Custom,
            _ => return None,
        })
    }
}

/// Of ASCII, what Unicode counts among symbols; the rest is punctuation.
const SYMBOLS: &str = "$+<=>^`|~";

impl Kinds {
    pub(super) fn runs(&self, text: &str) -> Vec<Span> {
        if self.kinds.is_empty() {
            return vec![(0, text.len())];
        }
        runs(text, |letter| {
            self.kinds.iter().any(|it| self.is(*it, letter))
        })
    }

    fn is(&self, kind: Kind, letter: char) -> bool {
        let is_other =
            || !letter.is_alphanumeric() && !letter.is_whitespace() && !letter.is_control();
        let is_symbol = || SYMBOLS.contains(letter) || (!letter.is_ascii() && is_other());
        match kind {
            Kind::Letter => letter.is_alphabetic(),
            Kind::Digit => letter.is_numeric(),
            Kind::Whitespace => letter.is_whitespace(),
            Kind::Punctuation => is_other() && letter.is_ascii() && !SYMBOLS.contains(letter),
            Kind::Symbol => is_symbol(),
            Kind::Custom => self.custom.contains(letter),
        }
    }
}
