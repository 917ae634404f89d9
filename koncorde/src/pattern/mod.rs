//! Regular expressions with RE2's syntax and semantics.
//!
//! `parse` reads RE2's syntax into the tree of regex-syntax, which
//! regex-automata compiles. So the whole language is ours, and its engine is one
//! whose time is linear in the text for every pattern.
//!
//! Cost: a pattern takes a few microseconds to read, and some tens of them and some
//! kilobytes when it is first run; both have limits.

mod class; // sets of characters
mod escape; // what a backslash may begin
mod exact; // patterns that are found in a few texts only
mod parse; // RE2's syntax → a tree
mod run; // trees, compiled when they are first run

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regex_syntax::hir::Hir;

pub(crate) use run::Runner;

use crate::limits;

/// A pattern with its flags, compiled once. Cloning is cheap.
///
/// Patterns are equal when what they were read as is: groups and notations do not
/// count, nor do flags without effect. All patterns that the empty text suffices
/// for, and so any text, are equal.
#[derive(Clone)]
pub(crate) struct Pattern(Arc<Compiled>);

struct Compiled {
    source: Box<str>,
    flags: Flags,
    /// Equal for equal patterns.
    identity: Box<str>,
    runner: Runner,
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
    /// Reads a pattern; the error says what is wrong with it.
    pub(crate) fn new(source: &str, flags: &str) -> Result<Self, String> {
        let (found, most) = (source.len(), limits::PATTERN_BYTES);
        if found > most {
            return Err(format!("a pattern may have {most} bytes, found {found}"));
        }
        let flags = Flags::parse(flags)?;
        let runner = Runner::checked(parse::parse(source, flags)?)?;
        Ok(Self(Arc::new(Compiled {
            source: source.into(),
            flags,
            identity: identity(runner.hir()),
            runner,
        })))
    }

    /// The memory of its text; the compiled form is not counted.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Compiled>() + self.0.source.len()
    }

    /// Whether the pattern is found anywhere in a text. Linear in the text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.runner.is_match(text)
    }

    pub(crate) fn source(&self) -> &str {
        &self.0.source
    }

    pub(crate) fn flags(&self) -> Flags {
        self.0.flags
    }

    /// What the pattern matches, flags included, for extracting literals.
    pub(crate) fn hir(&self) -> &Hir {
        self.0.runner.hir()
    }

    /// Whether it is found in every text.
    pub(crate) fn is_any(&self) -> bool {
        self.0.identity.is_empty()
    }

    /// All texts that it is found in, if they are few: sorted, distinct.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        exact::texts(self.hir())
    }

    /// What tells it from other patterns.
    pub(crate) fn identity(&self) -> &str {
        &self.0.identity
    }
}

/// The tree written down, or where that is long, its hash: some classes have
/// hundreds of ranges. Empty for what any text matches.
pub(crate) fn identity(hir: &Hir) -> Box<str> {
    const LENGTH: usize = 100;
    if is_any(hir) {
        return Box::default();
    }
    let text = hir.to_string();
    if text.len() > LENGTH {
        return blake3::hash(text.as_bytes()).to_hex().as_str().into();
    }
    text.into()
}

/// Whether the empty text is enough, wherever it stands.
fn is_any(hir: &Hir) -> bool {
    let properties = hir.properties();
    properties.minimum_len() == Some(0) && properties.look_set().is_empty()
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
        self.identity().cmp(other.identity())
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
            (r"^\C\C$", "", &["é", "ab", "a\n"], &["a", "😀", ""]),
            (r"\C", "", &["é", "\n"], &[""]),
            (r"^[^a-c]\C+a", "i", &["éé a"], &["éa", "aba"]),
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
    fn patterns_are_told_apart_by_what_they_say() {
        let pattern = |source, flags| Pattern::new(source, flags).unwrap();
        assert_eq!(pattern("a", "im"), pattern("a", "mgi"));
        assert_ne!(pattern("a", "i"), pattern("a", ""));
        assert_ne!(pattern("a.", "s"), pattern("a.", ""));
        assert_ne!(pattern("^a", "m"), pattern("^a", ""));
        assert_eq!(pattern("smi", "").flags().to_string(), "");
        assert_eq!(pattern("a", "smi").flags().to_string(), "ims");
        for same in [
            &[
                "a", "(?:a)", "(a)", "(?P<n>a)", r"\x61", r"\Qa\E", "a{1}", "[a]",
            ][..],
            &[r"\d+", "[0-9]+?", "(?:[0-4]|[5-9])+", "[[:digit:]]{1,}"],
            &["(?i)ab", "(?i:a)(?i)b", "[Aa][bB]"],
            &["", ".*", "x?", "(a|)", "(?s).*", "()"],
        ] {
            for source in same {
                assert_eq!(pattern(source, ""), pattern(same[0], ""), "{source}");
            }
        }
        assert!(pattern("a|", "").is_any() && !pattern("^|a", "").is_any());
    }
}
