//! Patterns that are found in a few texts only, such as `^(yes|no)$`.
//!
//! Cost: at most `limits::PATTERN_TEXTS` texts for each part of the pattern.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::limits;

/// All texts that a pattern is found in, if they are few: sorted, distinct.
pub(super) fn texts(hir: &Hir) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for part in parts(hir)? {
        if !(part.is_start && part.is_end) {
            return None;
        }
        texts.push(part.text);
    }
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

/// A text that a part of a pattern matches, and whether this is only where the
/// whole text starts or ends.
#[derive(Clone, Default)]
struct Part {
    text: String,
    is_start: bool,
    is_end: bool,
}

impl Part {
    fn text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }

    /// `None` where nothing can stand before the start or behind the end.
    fn followed_by(&self, next: &Self) -> Option<Self> {
        let is_possible =
            (self.text.is_empty() || !next.is_start) && (next.text.is_empty() || !self.is_end);
        is_possible.then(|| Self {
            text: format!("{}{}", self.text, next.text),
            is_start: self.is_start || next.is_start,
            is_end: self.is_end || next.is_end,
        })
    }
}

fn parts(hir: &Hir) -> Option<Vec<Part>> {
    let parts = match hir.kind() {
        HirKind::Empty => vec![Part::default()],
        HirKind::Literal(literal) => vec![Part::text(std::str::from_utf8(&literal.0).ok()?)],
        HirKind::Class(Class::Unicode(class)) => {
            let count: usize = class.iter().map(|range| range.len()).sum();
            if count > limits::PATTERN_TEXTS {
                return None;
            }
            let letters = class.iter().flat_map(|it| it.start()..=it.end());
            letters
                .map(|it| Part::text(it.encode_utf8(&mut [0; 4])))
                .collect()
        }
        HirKind::Look(Look::Start) => vec![Part {
            is_start: true,
            ..Part::default()
        }],
        HirKind::Look(Look::End) => vec![Part {
            is_end: true,
            ..Part::default()
        }],
        HirKind::Class(Class::Bytes(_)) | HirKind::Look(_) => return None,
        HirKind::Capture(group) => parts(&group.sub)?,
        HirKind::Concat(sequence) => {
            let mut all = vec![Part::default()];
            for part in sequence {
                all = product(&all, &parts(part)?)?;
            }
            all
        }
        HirKind::Alternation(alternatives) => {
            let mut all = Vec::new();
            for alternative in alternatives {
                all.extend(parts(alternative)?);
                if all.len() > limits::PATTERN_TEXTS {
                    return None;
                }
            }
            all
        }
        HirKind::Repetition(repetition) => {
            let max = repetition.max?;
            let once = parts(&repetition.sub)?;
            let mut times = vec![Part::default()];
            let mut all = Vec::new();
            for count in 0..=max {
                if count >= repetition.min {
                    all.extend(times.iter().cloned());
                }
                if all.len() > limits::PATTERN_TEXTS {
                    return None;
                }
                if count < max {
                    times = product(&times, &once)?;
                }
            }
            all
        }
    };
    Some(parts)
}

fn product(a: &[Part], b: &[Part]) -> Option<Vec<Part>> {
    if a.len() * b.len() > limits::PATTERN_TEXTS {
        return None;
    }
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    Some(pairs.filter_map(|(a, b)| a.followed_by(b)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Pattern;

    #[test]
    fn texts_of_patterns() {
        for (source, flags, texts) in [
            ("^x$", "", Some(&["x"][..])),
            (r"\Ax\z", "m", Some(&["x"])),
            ("^$", "", Some(&[""])),
            ("^(yes|no)$", "", Some(&["no", "yes"])),
            ("^yes$|^no$", "", Some(&["no", "yes"])),
            ("^yes$|^yeah$", "", Some(&["yeah", "yes"])),
            ("^v[1-3]?$", "", Some(&["v", "v1", "v2", "v3"])),
            ("^a{2}(b|c){0,1}$", "", Some(&["aa", "aab", "aac"])),
            (
                "^ok$",
                "i",
                Some(&["OK", "Ok", "O\u{212a}", "oK", "ok", "o\u{212a}"]),
            ),
            ("^^x$$", "", Some(&["x"])),
            ("^x^$", "", Some(&[])),
            ("a^b$", "", Some(&[])),
            ("^a$b", "", Some(&[])),
            ("x", "", None),
            ("^x", "", None),
            ("x$", "", None),
            ("^x$|y", "", None),
            ("^x$", "m", None),
            ("^x*$", "", None),
            (r"^\bx$", "", None),
            ("^[a-z]{3}$", "", None),
            ("^.$", "", None),
        ] {
            let pattern = Pattern::new(source, flags).expect("a pattern");
            let found = pattern.texts();
            let mut expected = texts.map(|it| it.iter().map(|it| (*it).to_owned()).collect());
            expected
                .iter_mut()
                .for_each(|it: &mut Vec<String>| it.sort_unstable());
            assert_eq!(found, expected, "/{source}/{flags}");
            for text in found.into_iter().flatten() {
                assert!(pattern.is_match(&text), "/{source}/{flags} on {text:?}");
            }
        }
    }
}
