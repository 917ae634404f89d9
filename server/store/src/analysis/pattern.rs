//! Patterns of tokenizers and filters, read as Java would.

use std::sync::Arc;

use regex_automata::meta::{Config, Regex};
use regex_automata::util::{captures::Captures, syntax};

use crate::limits::PATTERN_BYTES_MAX;

/// A compiled pattern; equal when written alike.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Arc<Regex>,
}

impl Pattern {
    /// `flags` are those of Java, `CASE_INSENSITIVE|COMMENTS`.
    pub(super) fn new(pattern: &str, flags: &str) -> Result<Self, String> {
        let has = |flag: &str| flags.split('|').any(|it| it.trim() == flag);
        let syntax = syntax::Config::new()
            .case_insensitive(has("CASE_INSENSITIVE"))
            .multi_line(has("MULTILINE"))
            .dot_matches_new_line(has("DOTALL"))
            .ignore_whitespace(has("COMMENTS"));
        let config = Config::new().nfa_size_limit(Some(PATTERN_BYTES_MAX));
        Regex::builder()
            .configure(config)
            .syntax(syntax)
            .build(&ascii_classes(pattern))
            .map(|regex| Self {
                regex: Arc::new(regex),
            })
            .map_err(|it| match it.syntax_error() {
                Some(error) => format!("the pattern [{pattern}] is wrong: {error}"),
                None => format!("the pattern [{pattern}] is wrong or too large: {it}"),
            })
    }

    /// What stands between the matches.
    pub(super) fn split(&self, text: &str) -> Vec<(usize, usize)> {
        let mut spans = Vec::new();
        let mut start = 0;
        for found in self.regex.find_iter(text) {
            if found.start() > start {
                spans.push((start, found.start()));
            }
            start = found.end();
        }
        if start < text.len() {
            spans.push((start, text.len()));
        }
        spans
    }

    /// A group of each match; the group 0 is all of it.
    pub(super) fn groups(&self, text: &str, group: usize) -> Vec<(usize, usize)> {
        let groups = self.regex.captures_iter(text);
        let spans = groups.filter_map(|it| it.get_group(group));
        spans
            .map(|it| (it.start, it.end))
            .filter(|(start, end)| start < end)
            .collect()
    }

    /// Calls for each match: where it is, and what `$1` in the replacement
    /// becomes.
    pub(super) fn replace(
        &self,
        text: &str,
        replacement: &str,
        mut found: impl FnMut((usize, usize), String),
    ) {
        for groups in self.regex.captures_iter(text) {
            if let Some(all) = groups.get_match() {
                let new = expand(replacement, text, &groups);
                found((all.start(), all.end()), new);
            }
        }
    }
}

/// `$1` and `\$`, as Java reads replacements.
fn expand(replacement: &str, text: &str, groups: &Captures) -> String {
    let mut new = String::new();
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => new.extend(letters.next()),
            '$' => {
                let digit = letters.peek().and_then(|it| it.to_digit(10));
                let group = digit.and_then(|it| groups.get_group(it as usize));
                if digit.is_some() {
                    letters.next();
                }
                new.push_str(group.map_or("", |it| &text[it.start..it.end]));
            }
            letter => new.push(letter),
        }
    }
    new
}

/// `\w`, `\d` and `\s` know ASCII only in Java.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('w') => out.push_str("[a-zA-Z0-9_]"),
            Some('W') => out.push_str("[^a-zA-Z0-9_]"),
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('s') => out.push_str(r"[ \t\n\x0B\f\r]"),
            Some('S') => out.push_str(r"[^ \t\n\x0B\f\r]"),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}
