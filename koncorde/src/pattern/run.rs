//! Trees of regex-syntax, compiled when they are first run.
//!
//! Most patterns are never run: their literals are not in the texts. So only
//! those whose compiled form may go beyond the limit are compiled at once; the
//! weight of a tree, which is quickly computed, tells which.
//!
//! Cost: some tens of microseconds and some kilobytes when a tree is first run.

use std::sync::OnceLock;

use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input, meta};
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::limits;

/// A tree that can be run.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    hir: Hir,
    compiled: OnceLock<meta::Regex>,
}

/// Trees up to this weight are small enough: a unit takes less than 200 bytes.
const WEIGHT_SMALL: usize = limits::PATTERN_COMPILED_BYTES / 500;

impl Runner {
    /// A tree that is not too large.
    pub(crate) fn new(hir: Hir) -> Self {
        Self {
            hir,
            compiled: OnceLock::new(),
        }
    }

    /// The error says that it is too large.
    pub(super) fn checked(hir: Hir) -> Result<Self, String> {
        let runner = Self::new(hir);
        if weight(&runner.hir) > WEIGHT_SMALL {
            let most = limits::PATTERN_COMPILED_BYTES;
            let regex = compile(&runner.hir, Some(most)).map_err(|_| {
                format!("pattern too large: its compiled form would take more than {most} bytes")
            })?;
            runner.compiled.get_or_init(|| regex);
        }
        Ok(runner)
    }

    pub(super) fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Whether it is found anywhere in a text. Linear in the text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.compiled().is_match(text)
    }

    /// Whether it is found at a place of a text. Linear in the text.
    pub(crate) fn is_match_at(&self, text: &str, at: usize) -> bool {
        let input = Input::new(text).span(at..text.len());
        self.compiled().is_match(input.anchored(Anchored::Yes))
    }

    fn compiled(&self) -> &meta::Regex {
        self.compiled.get_or_init(|| {
            let compiled = compile(&self.hir, None);
            compiled.expect("without a limit every tree can be compiled")
        })
    }
}

fn compile(hir: &Hir, bytes_max: Option<usize>) -> Result<meta::Regex, Box<meta::BuildError>> {
    let config = meta::Config::new()
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(bytes_max)
        .onepass(false)
        .dfa(false);
    let mut builder = meta::Builder::new();
    let built = builder.configure(config).build_from_hir(hir);
    built.map_err(Box::new)
}

/// How much a tree grows into, in states or transitions, at most.
fn weight(hir: &Hir) -> usize {
    /// A range of letters beyond ASCII is cut by the lengths of their bytes.
    const RANGE: usize = 20;
    let sum = |parts: &[Hir]| {
        let weights = parts.iter().map(weight);
        weights.fold(parts.len(), usize::saturating_add)
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.iter();
            ranges
                .map(|it| if it.end().is_ascii() { 1 } else { RANGE })
                .sum()
        }
        HirKind::Capture(group) => weight(&group.sub),
        HirKind::Repetition(repetition) => {
            let count = repetition.max.unwrap_or(repetition.min).max(1);
            let once = weight(&repetition.sub).saturating_add(2);
            once.saturating_mul(count as usize)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => sum(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_weighs_little_is_small() {
        for pattern in [
            "a",
            ".",
            r"\PL",
            r"\pL",
            r"[^a]",
            r"(?i)ſtraßé",
            r"(?:\pL{3}){4}",
            r"(?:.{30}){30}",
            r"(a|b|[^c]|\w)*",
            "x{1000}",
            r"(?:a?){500}",
        ] {
            let hir = regex_syntax::parse(pattern).unwrap();
            let bytes = weight(&hir) * 500;
            assert!(compile(&hir, Some(bytes.max(5_000))).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn a_tail_sees_what_stands_before_it() {
        let runner = |pattern: &str| Runner::new(regex_syntax::parse(pattern).unwrap());
        for (pattern, text, at, expected) in [
            (r"\b", "foo bar", 3, true),
            (r"\b", "foobar", 3, false),
            (r"bar$", "foobar", 3, true),
            (r"bar$", "foo-bar", 3, false),
            (r".*$", "foo\n", 3, false),
            (r"(?m)^bar", "foo\nbar", 4, true),
            (r"(?m)^bar", "foobar", 3, false),
            ("", "foo", 3, true),
        ] {
            let found = runner(pattern).is_match_at(text, at);
            assert_eq!(found, expected, "{pattern} in {text:?}");
        }
    }
}
