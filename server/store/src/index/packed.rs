//! Tokens on their way into the index, as one text.
//!
//! Our own analysis decides what the terms of a text are; the index cuts texts
//! itself. So we hand it the tokens packed into a text, and a tokenizer that
//! unpacks them: no copy of each token is made, and any analyser works without
//! being registered.
//!
//! A token is its length, its distance from the position of the one before, and
//! its letters; numbers stand as characters.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::analysis::Tokens;

/// The name of the tokenizer in the schema.
pub(super) const PACKED: &str = "packed";

/// Longer tokens are cut, so that their beginning is found at least: Lucene
/// refuses such documents, the index would drop them silently.
const TOKEN_BYTES_MAX: usize = 32_766;

/// The tokens of all values of a field of one document.
#[derive(Debug, Default)]
pub(super) struct Packed {
    text: String,
    /// The position after the last value; there is a gap before each but the
    /// first.
    next: u32,
    last: u32,
    pub(super) is_empty: bool,
}

impl Packed {
    pub(super) fn new() -> Self {
        Self {
            is_empty: true,
            ..Self::default()
        }
    }

    /// Adds the tokens of one value, `gap` positions away from the next one's.
    pub(super) fn push(&mut self, tokens: &Tokens, gap: u32) {
        for token in &tokens.tokens {
            let position = self.next.saturating_add(token.position);
            let text = cut(&token.text);
            self.text.push(to_char(text.len() as u32));
            self.text.push(to_char(position - self.last));
            self.text.push_str(text);
            self.last = position;
            self.is_empty = false;
        }
        self.next = self
            .next
            .saturating_add(tokens.positions)
            .saturating_add(gap);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

fn cut(text: &str) -> &str {
    if text.len() <= TOKEN_BYTES_MAX {
        return text;
    }
    let ends = (0..=TOKEN_BYTES_MAX).rev();
    let end = ends.into_iter().find(|it| text.is_char_boundary(*it));
    &text[..end.unwrap_or(0)]
}

/// The codes of surrogates are no characters: numbers pass over them.
const SURROGATES: u32 = 0xD800;
const SURROGATES_COUNT: u32 = 0x800;

fn to_char(number: u32) -> char {
    let code = match number {
        0..SURROGATES => number,
        _ => number.saturating_add(SURROGATES_COUNT),
    };
    char::from_u32(code).unwrap_or(char::MAX)
}

fn to_number(letter: char) -> u32 {
    match u32::from(letter) {
        code @ 0..SURROGATES => code,
        code => code - SURROGATES_COUNT,
    }
}

/// Unpacks.
#[derive(Clone, Debug, Default)]
pub(super) struct Unpack(Token);

pub(super) struct Unpacking<'a> {
    rest: &'a str,
    token: &'a mut Token,
}

impl Tokenizer for Unpack {
    type TokenStream<'a> = Unpacking<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Unpacking<'a> {
        self.0.reset();
        self.0.position = 0;
        Unpacking {
            rest: text,
            token: &mut self.0,
        }
    }
}

impl Unpacking<'_> {
    fn number(&mut self) -> Option<u32> {
        let mut letters = self.rest.chars();
        let number = to_number(letters.next()?);
        self.rest = letters.as_str();
        Some(number)
    }

    fn next(&mut self) -> Option<()> {
        let length = self.number()? as usize;
        let distance = self.number()? as usize;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        self.token.position += distance;
        self.token.text.clear();
        self.token.text.push_str(text);
        Some(())
    }
}

impl TokenStream for Unpacking<'_> {
    fn advance(&mut self) -> bool {
        self.next().is_some()
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(words: &[(&str, u32)], positions: u32) -> Tokens {
        let token = |(text, position): &(&str, u32)| crate::analysis::Token {
            text: (*text).to_owned(),
            position: *position,
            ..crate::analysis::Token::default()
        };
        Tokens {
            tokens: words.iter().map(token).collect(),
            positions,
        }
    }

    #[test]
    fn tokens_come_out_as_they_went_in() {
        let long = "é".repeat(20_000);
        let mut packed = Packed::new();
        packed.push(&tokens(&[("a", 0), ("b", 2), ("b2", 2)], 4), 100);
        packed.push(&tokens(&[], 0), 60_000);
        packed.push(&tokens(&[("\0", 0), (&long, 1)], 2), 100);
        let text = packed.into_text();
        let mut unpack = Unpack::default();
        let mut found = Vec::new();
        unpack
            .token_stream(&text)
            .process(&mut |it| found.push((it.text.clone(), it.position)));
        let expected = [
            ("a".to_owned(), 0),
            ("b".to_owned(), 2),
            ("b2".to_owned(), 2),
            ("\0".to_owned(), 60_104),
            ("é".repeat(TOKEN_BYTES_MAX / 2), 60_105),
        ];
        assert_eq!(found, expected);
    }
}
