//! Regular expressions with RE2's syntax and semantics.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex_automata::meta::Regex;
use regex_syntax::hir::Hir;

/// A pattern with its flags, compiled once. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Pattern(Arc<Compiled>);

struct Compiled {
    source: Box<str>,
    flags: Flags,
    hir: Hir,
    regex: Regex,
}

/// The flags that act: `i`, `m` and `s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flags {
    pub(crate) ignore_case: bool,
    pub(crate) multi_line: bool,
    pub(crate) dot_all: bool,
}

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub(crate) fn new(source: &str, flags: &str) -> Result<Self, String> {
        let flags = Flags {
            ignore_case: flags.contains('i'),
            multi_line: flags.contains('m'),
            dot_all: flags.contains('s'),
        };
        let hir = regex_syntax::parse(source).map_err(|it| it.to_string())?;
        let regex = Regex::builder()
            .build_from_hir(&hir)
            .map_err(|it| it.to_string())?;
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

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/{}/{:?}", self.0.source, self.0.flags)
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
