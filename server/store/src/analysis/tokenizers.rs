//! Tokenizers: a text becomes words.

use super::grams::{Grams, Kinds};
use super::pattern::Pattern;
use super::words::{self, Span};
use super::{Token, Tokens};

#[derive(Clone, Debug)]
pub(super) enum Tokenizer {
    /// Words, in parts of so many characters.
    Standard(usize),
    Letter,
    Whitespace(usize),
    /// The whole text.
    Keyword,
    /// What stands between matches, or a group of each.
    Pattern(Pattern, Option<usize>),
    Grams(Grams, Kinds),
    Path(Path),
    /// Words, addresses of mail and of pages in one piece.
    UrlEmail(Pattern),
}

/// `/a/b` becomes `/a` and `/a/b`.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) delimiter: char,
    pub(super) replacement: char,
    pub(super) is_reverse: bool,
    pub(super) skip: usize,
}

pub(super) const TOKEN_CHARS_MAX: usize = 255;

impl Tokenizer {
    pub(super) fn standard() -> Self {
        Self::Standard(TOKEN_CHARS_MAX)
    }

    pub(super) fn cut(&self, text: &str) -> Tokens {
        let spans = match self {
            Self::Standard(most) => words::words(text, *most),
            Self::Letter => words::runs(text, char::is_alphabetic),
            Self::Whitespace(most) => {
                parts(text, words::runs(text, |it| !it.is_whitespace()), *most)
            }
            Self::Keyword if text.is_empty() => Vec::new(),
            Self::Keyword => vec![(0, text.len())],
            Self::Pattern(pattern, None) => pattern.split(text),
            Self::Pattern(pattern, Some(group)) => pattern.groups(text, *group),
            Self::Grams(grams, kinds) => kinds
                .runs(text)
                .into_iter()
                .flat_map(|it| grams.spans(text, it))
                .collect(),
            Self::UrlEmail(pattern) => with_addresses(text, pattern),
            Self::Path(path) => return path.cut(text),
        };
        in_a_row(text, &spans)
    }
}

fn parts(text: &str, spans: Vec<Span>, most: usize) -> Vec<Span> {
    let mut cut = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        let places = text[start..end].char_indices().map(|it| start + it.0);
        let starts: Vec<usize> = places.step_by(most.max(1)).collect();
        let ends = starts.iter().skip(1).copied().chain([end]);
        cut.extend(starts.iter().copied().zip(ends));
    }
    cut
}

/// A word after the other.
fn in_a_row(text: &str, spans: &[Span]) -> Tokens {
    let token = |(position, (start, end)): (u32, &Span)| Token {
        text: text[*start..*end].to_owned(),
        position,
        start: *start,
        end: *end,
        is_protected: false,
    };
    let tokens: Vec<Token> = (0..).zip(spans).map(token).collect();
    Tokens {
        positions: u32::try_from(tokens.len()).unwrap_or(u32::MAX),
        tokens,
    }
}

fn with_addresses(text: &str, pattern: &Pattern) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = 0;
    let between = |from: usize, to: usize| {
        let words = words::words(&text[from..to], TOKEN_CHARS_MAX);
        words.into_iter().map(move |it| (from + it.0, from + it.1))
    };
    for address in pattern.groups(text, 0) {
        spans.extend(between(start, address.0));
        spans.push(address);
        start = address.1;
    }
    spans.extend(between(start, text.len()));
    spans
}

impl Path {
    /// All at one position.
    fn cut(&self, text: &str) -> Tokens {
        let mut spans: Vec<Span> = if self.is_reverse {
            let after = |(place, it): (usize, &str)| (place + it.len(), text.len());
            let ends = text.match_indices(self.delimiter).map(after);
            [(0, text.len())].into_iter().chain(ends).collect()
        } else {
            // What is skipped is no part of the tokens.
            let mut ends = text.match_indices(self.delimiter).map(|it| it.0);
            let is_rooted = text.starts_with(self.delimiter);
            let start = match self.skip {
                0 => Some(0),
                skip => ends.by_ref().nth(skip - usize::from(!is_rooted)),
            };
            let start = start.unwrap_or(text.len());
            let ends = text.match_indices(self.delimiter).map(|it| it.0);
            let ends = ends.filter(|it| *it > start).chain([text.len()]);
            ends.map(|end| (start, end)).collect()
        };
        if self.is_reverse {
            let kept = spans.len().saturating_sub(self.skip);
            spans.truncate(kept);
        }
        spans.retain(|(start, end)| start < end);
        let mut tokens = in_a_row(text, &spans);
        tokens.positions = 1.min(tokens.positions);
        for token in &mut tokens.tokens {
            token.position = 0;
            if self.replacement != self.delimiter {
                let replacement = self.replacement.to_string();
                token.text = token.text.replace(self.delimiter, &replacement);
            }
        }
        tokens
    }
}
