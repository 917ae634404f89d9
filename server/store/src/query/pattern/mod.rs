//! What terms look like: prefixes, wildcards, regular expressions, terms a few
//! edits away. Each becomes an automaton that walks through a dictionary of
//! terms and leaves out whatever cannot match.
//!
//! `expression` is an algebra of languages with derivatives, so that `&` and
//! `~` are no harder than `|`; `regexp` reads Lucene's syntax into it,
//! `table` makes a table of states of it, within a bound; `edits` counts edits;
//! `automaton` leads both through bytes.

mod automaton;
mod edits;
mod expression;
mod regexp;
mod table;

pub(super) use automaton::{ByLetters, Prefixed};
pub(super) use edits::Edits;
pub(super) use table::Table;

use self::expression::Expressions;
use super::tree::RegexpFlags;

type Result<T> = std::result::Result<T, String>;

/// Exactly this text, or what begins with it.
pub(super) fn literal(text: &str, is_prefix: bool, ignore_case: bool) -> Result<Table> {
    let mut all = Expressions::new(ignore_case);
    let tail = if is_prefix {
        all.anything()
    } else {
        all.empty()
    };
    let text = text.chars().rev().try_fold(tail, |tail, it| {
        let letter = all.letter(it)?;
        all.then(letter, tail)
    })?;
    Table::of(all, text)
}

/// `*` any letters, `?` one letter, `\` takes the meaning away.
pub(super) fn wildcard(pattern: &str, ignore_case: bool) -> Result<Table> {
    let mut all = Expressions::new(ignore_case);
    let mut parts = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        parts.push(match letter {
            '*' => all.anything(),
            '?' => all.any_letter()?,
            '\\' => all.letter(letters.next().unwrap_or('\\'))?,
            letter => all.letter(letter)?,
        });
    }
    let whole = all.sequence(&parts)?;
    Table::of(all, whole)
}

/// A regular expression in Lucene's syntax.
pub(super) fn regexp(pattern: &str, flags: RegexpFlags, ignore_case: bool) -> Result<Table> {
    let mut all = Expressions::new(ignore_case);
    let whole = regexp::read(pattern, flags, &mut all)?;
    Table::of(all, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: &Table, text: &str) -> bool {
        let mut state = table.start();
        for letter in text.chars() {
            if !table.can_match(state) {
                return false;
            }
            state = table.step(state, letter);
        }
        table.is_match(state)
    }

    #[test]
    fn wildcards_match_whole_terms() {
        let cases = [
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("*", "", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("", "", true),
            ("*é*", "caféteria", true),
            ("a\\", "a\\", true),
            ("*a*b*c*", "xxaxxbxxcxx", true),
            ("*a*b*c*", "xxaxxcxxbxx", false),
        ];
        for (pattern, text, expected) in cases {
            let table = wildcard(pattern, false).unwrap();
            assert_eq!(check(&table, text), expected, "{pattern} on {text}");
        }
        assert!(check(&wildcard("aB?", true).unwrap(), "Abx"));
        assert!(!check(&wildcard("É", true).unwrap(), "é"));
        assert!(check(&literal("ab", true, true).unwrap(), "ABC"));
        assert!(!check(&literal("ab", false, false).unwrap(), "abc"));
    }

    #[test]
    fn regular_expressions_are_those_of_lucene() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("abc", &["abc"], &["ab", "abcd", "xabc"]),
            ("ab|cd", &["ab", "cd"], &["abcd", "acd"]),
            ("a.c", &["abc", "aéc"], &["ac"]),
            ("ab?c+d*", &["acc", "abcd"], &["ab", "abbc"]),
            ("(ab){2}", &["abab"], &["ab", "ababab"]),
            ("a{2,3}", &["aa", "aaa"], &["a", "aaaa"]),
            ("a{2,}", &["aa", "aaaaa"], &["a"]),
            ("[a-cx]+", &["abcx"], &["d", ""]),
            ("[^a-c]", &["d", "é"], &["a", ""]),
            ("[a\\-z]", &["a", "-", "z"], &["b"]),
            ("\\.\\*", &[".*"], &["ab"]),
            ("a~bc", &["axc", "ac", "abbc"], &["abc"]),
            ("~(ab)", &["", "a", "abc"], &["ab"]),
            ("a.*&.*b", &["ab", "axxb"], &["a", "ba"]),
            ("aaa.+&.+bbb", &["aaabbb"], &["aaab"]),
            ("@", &["", "anything"], &[]),
            ("#", &[], &["", "#"]),
            ("a|#", &["a"], &[""]),
            ("()", &[""], &["a"]),
            ("\"a.b\"", &["a.b"], &["axb"]),
            (
                "x<1-100>",
                &["x1", "x99", "x100", "x007"],
                &["x0", "x101", "x"],
            ),
            ("x<01-20>", &["x01", "x20"], &["x1", "x21", "x00"]),
            ("x<5-5>", &["x5"], &["x4", "x6"]),
            ("\\d{2}\\w\\s", &["12_ "], &["1a_ ", "12- "]),
            ("\\D\\W\\S", &["a-b"], &["1-b"]),
            ("^a$", &["^a$"], &["a"]),
            ("(a|b)*abb", &["abb", "ababb"], &["ab"]),
            ("", &[""], &["a"]),
        ];
        for (pattern, matching, others) in cases {
            let table = regexp(pattern, RegexpFlags::ALL, false);
            let table = table.unwrap_or_else(|it| panic!("{pattern}: {it}"));
            for text in *matching {
                assert!(check(&table, text), "{pattern} matches {text}");
            }
            for text in *others {
                assert!(!check(&table, text), "{pattern} does not match {text}");
            }
        }
        let plain = regexp("a@b#c<1-2>&~", RegexpFlags::NONE, false).unwrap();
        assert!(check(&plain, "a@b#c<1-2>&~"));
    }

    #[test]
    fn broken_and_expensive_expressions_are_refused() {
        let broken = [
            "(", ")", "[", "[b-a]", "a{", "a{2,1}", "*", "a|*", "<1-", "\"a", "\\", "<a>",
        ];
        for pattern in broken {
            assert!(
                regexp(pattern, RegexpFlags::ALL, false).is_err(),
                "{pattern}"
            );
        }
        let expensive = [
            "(.*a.{30})".to_owned(),
            "((a{100}){100}){100}".to_owned(),
            "(a?){900}(b?){900}(c?){900}(d?){900}".repeat(8),
            "(".repeat(900),
            "~(~(a.*b{20})&~(.*c.{25}))".to_owned(),
        ];
        for pattern in expensive {
            assert!(
                regexp(&pattern, RegexpFlags::ALL, false).is_err(),
                "{pattern}"
            );
        }
    }

    #[test]
    fn edits_are_counted() {
        let cases = [
            ("abc", "abc", 0, true),
            ("abc", "abd", 0, false),
            ("abc", "abd", 1, true),
            ("abc", "ab", 1, true),
            ("abc", "abcd", 1, true),
            ("abc", "acb", 1, true),
            ("abc", "cab", 1, false),
            ("abc", "cab", 2, true),
            ("café", "cafe", 1, true),
            ("abcd", "badc", 2, true),
            ("", "ab", 2, true),
        ];
        for (a, b, edits, expected) in cases {
            let automaton = Edits::new(a, edits, true);
            assert_eq!(automaton.distance(b).is_some(), expected, "{a} {b} {edits}");
            assert_eq!(Edits::new(b, edits, true).distance(a).is_some(), expected);
        }
        assert_eq!(Edits::new("abc", 1, false).distance("acb"), None);
        assert_eq!(Edits::new("abc", 2, false).distance("acb"), Some(2));
    }

    /// Steps of a linear congruence: enough for a test, the same for a seed.
    fn random(state: &mut u64, below: usize) -> usize {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (*state >> 33) as usize % below
    }

    /// Expressions over `a` and `b`, and whether each matches some text, the
    /// slow way.
    fn matches(depth: usize, state: &mut u64, pattern: &mut String) -> Box<dyn Fn(&str) -> bool> {
        match (depth, random(state, 8)) {
            (0, _) | (_, 0) => {
                let letter = ["a", "b"][random(state, 2)];
                pattern.push_str(letter);
                Box::new(move |it| it == letter)
            }
            (_, 1) => {
                pattern.push('.');
                Box::new(|it| it.chars().count() == 1)
            }
            (_, 2) => {
                pattern.push_str("~(");
                let inner = matches(depth - 1, state, pattern);
                pattern.push(')');
                Box::new(move |it| !inner(it))
            }
            (_, 3) => {
                pattern.push('(');
                let inner = matches(depth - 1, state, pattern);
                pattern.push_str(")*");
                Box::new(move |it| many(it, &inner))
            }
            (_, kind @ (4 | 5)) => {
                pattern.push('(');
                let a = matches(depth - 1, state, pattern);
                pattern.push(if kind == 4 { '|' } else { '&' });
                let b = matches(depth - 1, state, pattern);
                pattern.push(')');
                Box::new(move |it| {
                    if kind == 4 {
                        a(it) || b(it)
                    } else {
                        a(it) && b(it)
                    }
                })
            }
            _ => {
                let a = matches(depth - 1, state, pattern);
                let b = matches(depth - 1, state, pattern);
                Box::new(move |it| (0..=it.len()).any(|at| a(&it[..at]) && b(&it[at..])))
            }
        }
    }

    fn many(text: &str, part: &dyn Fn(&str) -> bool) -> bool {
        let mut ends = vec![true];
        for end in 1..=text.len() {
            ends.push((0..end).any(|start| ends[start] && part(&text[start..end])));
        }
        ends[text.len()]
    }

    #[test]
    fn random_expressions_match_what_they_mean() {
        let mut texts = vec![String::new()];
        for length in 0..5 {
            let longer: Vec<_> = texts.iter().filter(|it| it.len() == length).collect();
            let longer = longer
                .iter()
                .flat_map(|it| [format!("{it}a"), format!("{it}b")]);
            let longer: Vec<_> = longer.collect();
            texts.extend(longer);
        }
        for seed in 0..400 {
            let (mut state, mut pattern) = (seed, String::new());
            let meaning = matches(4, &mut state, &mut pattern);
            let table = regexp(&pattern, RegexpFlags::ALL, false);
            let table = table.unwrap_or_else(|it| panic!("seed {seed}, {pattern}: {it}"));
            for text in &texts {
                assert_eq!(
                    check(&table, text),
                    meaning(text),
                    "seed {seed}, {pattern} on {text}"
                );
            }
        }
    }
}
