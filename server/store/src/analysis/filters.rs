//! Filters of tokens: words are changed, dropped, cut further, joined.

use std::collections::BTreeSet;

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{AsciiFoldingFilter, RawTokenizer, TextAnalyzer};

use super::grams::Grams;
use super::languages::Stops;
use super::pattern::Pattern;
use super::synonyms::Synonyms;
use super::{Token, Tokens};

#[derive(Clone, Debug)]
pub(super) enum Filter {
    Lowercase,
    Uppercase,
    /// To ASCII; the original is kept too.
    Fold {
        keeps: bool,
    },
    Trim,
    Reverse,
    Stop(Stops),
    Stem(Algorithm),
    /// `'s` at the end.
    Possessive,
    /// `l'` and such at the beginning.
    Elision(BTreeSet<String>),
    /// What follows an apostrophe.
    Apostrophe,
    /// Digits of all scripts to those of ASCII.
    Digits,
    Protect(BTreeSet<String>),
    Keep(BTreeSet<String>),
    Length {
        least: usize,
        most: usize,
    },
    Truncate(usize),
    Unique {
        only_same_position: bool,
    },
    Limit(usize),
    Grams {
        grams: Grams,
        keeps: bool,
    },
    Shingle(Shingle),
    Replace {
        pattern: Pattern,
        with: String,
    },
    Fingerprint {
        separator: String,
        most: usize,
    },
    Synonyms(Synonyms),
}

/// Neighbouring words, joined.
#[derive(Clone, Debug)]
pub(super) struct Shingle {
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) keeps_words: bool,
    pub(super) separator: String,
    pub(super) filler: String,
}

impl Filter {
    pub(super) fn apply(&self, mut tokens: Tokens) -> Tokens {
        match self {
            Self::Stop(stops) => tokens.tokens = stops.without(tokens.tokens),
            Self::Protect(words) => {
                for token in &mut tokens.tokens {
                    token.is_protected |= words.contains(&token.text);
                }
            }
            Self::Keep(words) => tokens.tokens.retain(|it| words.contains(&it.text)),
            Self::Length { least, most } => tokens.tokens.retain(|it| {
                let chars = it.text.chars().count();
                (*least..=*most).contains(&chars)
            }),
            Self::Unique { only_same_position } => unique(&mut tokens, *only_same_position),
            Self::Limit(most) => tokens.tokens.truncate(*most),
            Self::Fold { keeps: true } => keep_and(&mut tokens, |it| vec![fold(it)]),
            Self::Grams { grams, keeps } => to_grams(&mut tokens, grams, *keeps),
            Self::Shingle(shingle) => shingle.apply(&mut tokens),
            Self::Fingerprint { separator, most } => fingerprint(&mut tokens, separator, *most),
            Self::Synonyms(synonyms) => tokens = synonyms.apply(tokens),
            Self::Stem(algorithm) => {
                let stemmer = Stemmer::new(*algorithm);
                for token in tokens.tokens.iter_mut().filter(|it| !it.is_protected) {
                    let stem = stemmer.stem(&token.text);
                    if *stem != *token.text {
                        token.text = stem.into_owned();
                    }
                }
            }
            Self::Lowercase => {
                for token in &mut tokens.tokens {
                    match token.text.is_ascii() {
                        true => token.text.make_ascii_lowercase(),
                        false => token.text = lowercase(&token.text),
                    }
                }
            }
            _ => {
                for token in &mut tokens.tokens {
                    token.text = self.change(&token.text);
                }
            }
        }
        tokens
    }

    /// Whether the filter changes letters only, so that normalizers and prefixes
    /// may use it.
    pub(super) fn is_normalizing(&self) -> bool {
        matches!(
            self,
            Self::Lowercase
                | Self::Uppercase
                | Self::Fold { .. }
                | Self::Trim
                | Self::Digits
                | Self::Elision(_)
                | Self::Replace { .. }
        )
    }

    /// One word, by a filter that changes words one by one.
    pub(super) fn change(&self, text: &str) -> String {
        match self {
            Self::Lowercase => lowercase(text),
            Self::Uppercase => text.chars().flat_map(upper).collect(),
            Self::Fold { .. } => fold(text),
            Self::Trim => text.trim().to_owned(),
            Self::Reverse => text.chars().rev().collect(),
            Self::Possessive => ["'s", "'S", "’s", "’S"]
                .iter()
                .find_map(|it| text.strip_suffix(it))
                .unwrap_or(text)
                .to_owned(),
            Self::Elision(articles) => without_article(text, articles).to_owned(),
            Self::Apostrophe => {
                let end = text.find(['\'', '’']).unwrap_or(text.len());
                text[..end].to_owned()
            }
            Self::Digits => text.chars().map(ascii_digit).collect(),
            Self::Truncate(most) => text.chars().take(*most).collect(),
            Self::Replace { pattern, with } => {
                let (mut new, mut start) = (String::new(), 0);
                pattern.replace(text, with, |(from, to), with| {
                    new.push_str(&text[start..from]);
                    new.push_str(&with);
                    start = to;
                });
                new.push_str(&text[start..]);
                new
            }
            _ => text.to_owned(),
        }
    }
}

/// Letter by letter, as Java does.
fn lowercase(text: &str) -> String {
    let lower = |it: char| it.to_lowercase().next().unwrap_or(it);
    text.chars().map(lower).collect()
}

/// Letters that would become several stay, as in Java.
fn upper(letter: char) -> impl Iterator<Item = char> {
    let mut upper = letter.to_uppercase();
    let single = if upper.len() == 1 { upper.next() } else { None };
    std::iter::once(single.unwrap_or(letter))
}

fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let raw = RawTokenizer::default();
    let mut folding = TextAnalyzer::builder(raw)
        .filter(AsciiFoldingFilter)
        .build();
    let mut folded = String::new();
    folding
        .token_stream(text)
        .process(&mut |it| folded.clone_from(&it.text));
    folded
}

fn without_article<'t>(text: &'t str, articles: &BTreeSet<String>) -> &'t str {
    let Some(place) = text.find(['\'', '’']) else {
        return text;
    };
    let after = place + text[place..].chars().next().map_or(0, char::len_utf8);
    match articles.contains(&text[..place].to_lowercase()) {
        true => &text[after..],
        false => text,
    }
}

/// Digits stand in rows of ten, most scripts at a multiple of 16 or 10 after one.
fn ascii_digit(letter: char) -> char {
    const ZEROS: [char; 16] = [
        '\u{660}', '\u{6F0}', '\u{7C0}', '\u{966}', '\u{9E6}', '\u{A66}', '\u{AE6}', '\u{B66}',
        '\u{BE6}', '\u{C66}', '\u{CE6}', '\u{D66}', '\u{E50}', '\u{ED0}', '\u{F20}', '\u{FF10}',
    ];
    let digit = ZEROS.iter().find_map(|zero| {
        let distance = u32::from(letter).checked_sub(u32::from(*zero))?;
        char::from_digit(distance, 10)
    });
    digit.unwrap_or(letter)
}

fn unique(tokens: &mut Tokens, only_same_position: bool) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut position = None;
    tokens.tokens.retain(|it| {
        if only_same_position && position != Some(it.position) {
            seen.clear();
            position = Some(it.position);
        }
        seen.insert(it.text.clone())
    });
}

/// After each token its variants that differ from it, at its position.
fn keep_and(tokens: &mut Tokens, variants: impl Fn(&str) -> Vec<String>) {
    let mut all = Vec::with_capacity(tokens.tokens.len());
    for token in tokens.tokens.drain(..) {
        let variants = variants(&token.text).into_iter();
        let variants: Vec<Token> = variants
            .filter(|it| *it != token.text)
            .map(|text| Token {
                text,
                ..token.clone()
            })
            .collect();
        all.push(token);
        all.extend(variants);
    }
    tokens.tokens = all;
}

fn to_grams(tokens: &mut Tokens, grams: &Grams, keeps: bool) {
    let mut all = Vec::new();
    for token in tokens.tokens.drain(..) {
        let spans = grams.spans(&token.text, (0, token.text.len()));
        let is_whole = |it: &(usize, usize)| *it == (0, token.text.len());
        let has_whole = spans.iter().any(is_whole);
        for (start, end) in spans {
            all.push(Token {
                text: token.text[start..end].to_owned(),
                ..token
            });
        }
        if keeps && !has_whole {
            all.push(token);
        }
    }
    tokens.tokens = all;
}

impl Shingle {
    fn apply(&self, tokens: &mut Tokens) {
        // Dropped words leave a filler in the row.
        let mut row: Vec<Option<Token>> = Vec::new();
        for token in tokens.tokens.drain(..) {
            let place = token.position as usize;
            if row.len() <= place {
                row.resize(place + 1, None);
                row[place] = Some(token);
            }
        }
        let mut all = Vec::new();
        for start in 0..row.len() {
            if let (true, Some(token)) = (self.keeps_words, &row[start]) {
                all.push(token.clone());
            }
            for length in self.least..=self.most {
                if let Some(words) = row.get(start..start + length) {
                    all.extend(self.joined(words, start));
                }
            }
        }
        tokens.tokens = all;
    }

    fn joined(&self, words: &[Option<Token>], position: usize) -> Option<Token> {
        let mut known = words.iter().flatten();
        let first = known.next()?;
        let last = known.last().unwrap_or(first);
        let text = |it: &Option<Token>| match it {
            Some(token) => token.text.clone(),
            None => self.filler.clone(),
        };
        let texts: Vec<String> = words.iter().map(text).collect();
        Some(Token {
            text: texts.join(&self.separator),
            position: position as u32,
            start: first.start,
            end: last.end,
            is_protected: false,
        })
    }
}

fn fingerprint(tokens: &mut Tokens, separator: &str, most: usize) {
    let end = tokens.tokens.iter().map(|it| it.end).max().unwrap_or(0);
    let words: BTreeSet<String> = tokens.tokens.drain(..).map(|it| it.text).collect();
    let words: Vec<String> = words.into_iter().collect();
    let text = words.join(separator);
    tokens.positions = 1;
    if !text.is_empty() && text.chars().count() <= most {
        tokens.tokens.push(Token {
            text,
            end,
            ..Token::default()
        });
    }
}
