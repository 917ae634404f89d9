//! Words that stand for each other: `a, b c` or `a => b, c`.
//!
//! The words of the rules go through what comes before the filter, so that they
//! look like the tokens they are compared with. The longest rule that matches
//! wins. A synonym of several words takes the following positions too, as in
//! Lucene's flat form.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Token, Tokens};

type Words = Vec<String>;

#[derive(Clone, Debug)]
pub(super) struct Synonyms {
    rules: Arc<BTreeMap<Words, Vec<Words>>>,
    /// Of the longest rule, in words.
    longest: usize,
}

impl Synonyms {
    /// `expand`: each of equivalent words becomes all of them, else the first.
    pub(super) fn new(
        rules: &[String],
        expand: bool,
        cut: impl Fn(&str) -> Words,
    ) -> Result<Self, String> {
        let mut known: BTreeMap<Words, Vec<Words>> = BTreeMap::new();
        let list = |text: &str| -> Vec<Words> {
            let words = text.split(',').map(|it| cut(it.trim()));
            words.filter(|it| !it.is_empty()).collect()
        };
        for rule in rules
            .iter()
            .map(|it| it.trim())
            .filter(|it| !it.starts_with('#'))
        {
            let (from, to) = match rule.split_once("=>") {
                Some((from, to)) => (list(from), list(to)),
                None => {
                    let all = list(rule);
                    let most = if expand { all.len() } else { 1 };
                    let to = all.iter().take(most).cloned().collect();
                    (all, to)
                }
            };
            if from.is_empty() || to.is_empty() {
                return Err(format!(
                    "the synonyms [{rule}] say nothing: write `a, b` or `a => b`"
                ));
            }
            for words in from {
                let synonyms = known.entry(words).or_default();
                for synonym in &to {
                    if !synonyms.contains(synonym) {
                        synonyms.push(synonym.clone());
                    }
                }
            }
        }
        Ok(Self {
            longest: known.keys().map(Vec::len).max().unwrap_or(0),
            rules: Arc::new(known),
        })
    }

    pub(super) fn apply(&self, tokens: Tokens) -> Tokens {
        let mut all: Vec<Token> = Vec::with_capacity(tokens.tokens.len());
        let mut positions = tokens.positions;
        let mut rest = &tokens.tokens[..];
        while let Some(first) = rest.first() {
            let Some((length, synonyms)) = self.longest_match(rest) else {
                all.push(first.clone());
                rest = &rest[1..];
                continue;
            };
            let end = rest[length - 1].end;
            for words in synonyms {
                for (step, word) in (0..).zip(words) {
                    let position = first.position + step;
                    positions = positions.max(position + 1);
                    all.push(Token {
                        text: word.clone(),
                        position,
                        start: first.start,
                        end,
                        is_protected: false,
                    });
                }
            }
            rest = &rest[length..];
        }
        all.sort_by_key(|it| it.position);
        Tokens {
            tokens: all,
            positions,
        }
    }

    fn longest_match(&self, tokens: &[Token]) -> Option<(usize, &Vec<Words>)> {
        (1..=self.longest.min(tokens.len()))
            .rev()
            .find_map(|length| {
                let words: Words = tokens[..length].iter().map(|it| it.text.clone()).collect();
                Some((length, self.rules.get(&words)?))
            })
    }
}
