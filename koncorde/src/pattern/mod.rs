//! Regular expressions with RE2's syntax and semantics.
//!
//! `parse` reads RE2's syntax into the tree of regex-syntax, which
//! regex-automata compiles. So the whole language is ours, and its engine is one
//! whose time is linear in the text for every pattern.
//!
//! Cost: a pattern takes some tens of microseconds to compile and some kilobytes;
//! both have limits.

mod class; // sets of characters
mod escape; // what a backslash may begin
mod parse; // RE2's syntax → a tree

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex_automata::meta;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::Hir;

use crate::limits;

/// A pattern with its flags, compiled once. Cloning is cheap.
///
/// Patterns are equal when source and flags are; the order of the flags and
/// those without effect do not count.
#[derive(Clone)]
pub(crate) struct Pattern(Arc<Compiled>);

struct Compiled {
    source: Box<str>,
    flags: Flags,
    hir: Hir,
    regex: meta::Regex,
}

/// The flags that act: `i`, `m` and `s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flags {
    pub(crate) ignore_case: bool,
    pub(crate) multi_line: bool,
    pub(crate) dot_all: bool,
}

impl Flags {
    fn parse(text: &str) -> Result<Self, String> {
        let mut flags = Self::default();
        for (at, letter) in text.char_indices() {
            if text[..at].contains(letter) {
                return Err(format!("the flag \"{letter}\" is given twice"));
            }
            match letter {
                'i' => flags.ignore_case = true,
                'm' => flags.multi_line = true,
                's' => flags.dot_all = true,
                // They are about several matches, their places, and Unicode,
                // which is always on: whether a text matches stays the same.
                'g' | 'y' | 'u' | 'd' | 'v' => (),
                _ => {
                    return Err(format!(
                        "unknown flag \"{letter}\", expected i, m or s (g, y, u, d and v are \
                         accepted and have no effect)"
                    ));
                }
            }
        }
        Ok(flags)
    }
}

/// The flags as a filter writes them.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [
            (self.ignore_case, "i"),
            (self.multi_line, "m"),
            (self.dot_all, "s"),
        ];
        letters
            .iter()
            .filter(|it| it.0)
            .try_for_each(|it| f.write_str(it.1))
    }
}

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub(crate) fn new(source: &str, flags: &str) -> Result<Self, String> {
        let (found, most) = (source.len(), limits::PATTERN_BYTES);
        if found > most {
            return Err(format!("a pattern may have {most} bytes, found {found}"));
        }
        let flags = Flags::parse(flags)?;
        let hir = parse::parse(source, flags)?;
        let config = meta::Config::new()
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(limits::PATTERN_COMPILED_BYTES))
            .onepass(false)
            .dfa(false);
        let built = meta::Builder::new().configure(config).build_from_hir(&hir);
        let regex = built.map_err(|_| {
            let most = limits::PATTERN_COMPILED_BYTES;
            format!("pattern too large: its compiled form would take more than {most} bytes")
        })?;
        let source = source.into();
        Ok(Self(Arc::new(Compiled {
            source,
            flags,
            hir,
            regex,
        })))
    }

    /// Whether the pattern is found anywhere in a text. Linear in the text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.regex.is_match(text)
    }

    pub(crate) fn source(&self) -> &str {
        &self.0.source
    }

    pub(crate) fn flags(&self) -> Flags {
        self.0.flags
    }

    /// What the pattern matches, flags included, for extracting literals.
    pub(crate) fn hir(&self) -> &Hir {
        &self.0.hir
    }

    fn identity(&self) -> (&str, Flags) {
        (&self.0.source, self.0.flags)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.0.source, self.0.flags)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}
