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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_re2_says() {
        for (source, flags, yes, no) in [
            ("", "", &["", "a"][..], &[][..]),
            ("b", "", &["abc"], &["B"]),
            (".", "", &["é", "😀"], &["\n", ""]),
            (".", "s", &["\n"], &[""]),
            ("^b$", "", &["b"], &["a\nb", "b\n"]),
            ("^b$", "m", &["a\nb", "b\n"], &["ab"]),
            ("(?m)^b$", "", &["a\nb"], &["ab"]),
            (r"\Ab\z", "m", &["b"], &["a\nb", "b\n"]),
            ("k", "i", &["K", "\u{212a}"], &[]),
            ("(?i)S(?-i)s", "", &["\u{17f}s"], &["sS"]),
            (r"^\w$", "", &["a", "_"], &["é", "\u{17f}"]),
            (r"^\w$", "i", &["\u{17f}", "\u{212a}"], &["é"]),
            (r"\d", "", &["7"], &["٣"]),
            (r"\bfoo\b", "", &["éfooé"], &["foo1"]),
            (r"^\s$", "", &["\t", "\x0c"], &["\x0b", "\u{a0}"]),
            ("^[[:space:]]$", "", &["\x0b"], &["\u{a0}"]),
            ("[[:^alpha:]]", "", &["é"], &["e"]),
            (r"^\pL\p{Lu}\PL\p{^Lu}$", "", &["éÉ1a"], &["éé1a"]),
            (r"\p{Greek}", "", &["α"], &["a"]),
            (r"^[^\x00-\x{10FFFF}]", "", &[], &["", "a"]),
            ("^[]a]+$", "", &["]a"], &["b"]),
            (r"^[\d-z]+$", "", &["1-z"], &["y"]),
            (
                r"^\x41\x{1F600}\u00e9\u{62}\cA\101\0$",
                "",
                &["A😀éb\x01A\0"],
                &[""],
            ),
            (r"^\u12$", "", &["\x12"], &[]),
            (r"\uD83D\uDE00", "", &[], &["😀"]),
            (r"^\Qa.b\E+$", "", &["a.bbb"], &["axb"]),
            (r"\Qa\", "", &[r"a\"], &["a"]),
            ("^a{,2}$", "", &["a{,2}"], &["aa"]),
            ("^a{2}$", "", &["aa"], &["a{2}"]),
            ("^a{02}$", "", &["a{02}"], &["aa"]),
            ("^(?U)a+?(?P<n>b)(?<m>c)$", "", &["aabc"], &["bc"]),
            ("^a(?i)*$", "", &["aaa"], &["A"]),
            ("^*a", "", &["a"], &["b"]),
            ("a|", "", &["", "b"], &[]),
            (r"^\_\/\-$", "", &["_/-"], &[]),
            ("(?i:b)a", "", &["Ba"], &["BA"]),
        ] {
            let pattern = Pattern::new(source, flags).unwrap_or_else(|it| panic!("{source}: {it}"));
            for text in yes {
                assert!(pattern.is_match(text), "{pattern:?} on {text:?}");
            }
            for text in no {
                assert!(!pattern.is_match(text), "{pattern:?} on {text:?}");
            }
        }
    }

    #[test]
    fn what_re2_does_not_know_is_refused() {
        for source in [
            "(",
            ")",
            "a)",
            "[",
            "[]",
            "[^]",
            "[a",
            "[z-a]",
            r"[a-\d]",
            r"[\b]",
            "[[:foo:]]",
            "*",
            "|*",
            "(*)",
            "a**",
            "a{2}{3}",
            "a{3,1}",
            "a{1001}",
            "(?:a{100}){11}",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<!a)",
            "(?>a)",
            "(?x)",
            "(?-)",
            "(?i-)",
            "(?",
            "(?i",
            "(?P=n)",
            "(?P<>a)",
            "(?P<a b>)",
            "(?<n>)(?<n>)",
            "(?<n",
            r"\",
            r"\1",
            r"\8",
            r"\Z",
            r"\G",
            r"\h",
            r"\e",
            r"\é",
            r"\k<n>",
            r"\C",
            r"\ca",
            r"\x",
            r"\x4",
            r"\x{}",
            r"\x{110000}",
            r"\u",
            r"\u{}",
            r"\p",
            r"\p{L",
            r"\p{Foo}",
            r"\p{greek}",
            r"\p#",
        ] {
            assert!(Pattern::new(source, "").is_err(), "{source}");
        }
        for flags in ["x", "ii", "I", "igi", " "] {
            assert!(Pattern::new("a", flags).is_err(), "{flags}");
        }
    }

    #[test]
    fn patterns_are_told_apart_by_source_and_effect() {
        let pattern = |source, flags| Pattern::new(source, flags).unwrap();
        assert_eq!(pattern("a", "im"), pattern("a", "mgi"));
        assert_ne!(pattern("a", "i"), pattern("a", "m"));
        assert_ne!(pattern("a", ""), pattern("(?:a)", ""));
        assert_eq!(pattern("a", "smi").flags().to_string(), "ims");
    }
}
