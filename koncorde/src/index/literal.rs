//! What a text must hold for a pattern to be found in it.
//!
//! Most patterns hold words: a head that the text must begin with, or a literal
//! that must stand somewhere in it. A text without it needs no run of the
//! pattern.
//!
//! Cost: one walk over the syntax tree of a pattern, when it is indexed.

use regex_syntax::hir::{Hir, HirKind, Look};

/// What a text must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Its beginning.
    Head { literal: Box<[u8]>, rest: Rest },
    /// One of these, anywhere.
    Within(Vec<Box<[u8]>>),
    /// Nothing that is known.
    Unknown,
}

/// What follows the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Whatever follows matches.
    Anything,
    /// The end of the text.
    End,
    /// The pattern has to be run.
    Pattern,
}

/// More alternatives than this are looked for by running the pattern.
const ALTERNATIVES_MAX: usize = 16;

pub(super) fn need(hir: &Hir) -> Need {
    let mut parts = Vec::new();
    flatten(hir, &mut parts);
    if let Some(head) = head(&parts) {
        return head;
    }
    match within(hir) {
        Some(literals) => Need::Within(literals),
        None => Need::Unknown,
    }
}

/// The parts of a sequence, through groups.
fn flatten<'h>(hir: &'h Hir, parts: &mut Vec<&'h Hir>) {
    match hir.kind() {
        HirKind::Concat(inner) => inner.iter().for_each(|it| flatten(it, parts)),
        HirKind::Capture(group) => flatten(&group.sub, parts),
        _ => parts.push(hir),
    }
}

fn head(parts: &[&Hir]) -> Option<Need> {
    let (first, parts) = parts.split_first()?;
    if !matches!(first.kind(), HirKind::Look(Look::Start)) {
        return None;
    }
    let mut literal = Vec::new();
    let mut parts = parts.iter();
    let rest = loop {
        let Some(part) = parts.next() else {
            break Rest::Anything;
        };
        match part.kind() {
            HirKind::Literal(it) => literal.extend_from_slice(&it.0),
            HirKind::Look(Look::End) if parts.len() == 0 => break Rest::End,
            _ if is_optional(part) && parts.all(|it| is_optional(it)) => break Rest::Anything,
            _ => break Rest::Pattern,
        }
    };
    (!literal.is_empty()).then(|| Need::Head {
        literal: literal.into(),
        rest,
    })
}

/// Whether a part can match nothing at all, anywhere.
fn is_optional(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Repetition(repetition) => repetition.min == 0,
        _ => false,
    }
}

/// Literals of which every match holds one.
fn within(hir: &Hir) -> Option<Vec<Box<[u8]>>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.clone()]),
        HirKind::Capture(group) => within(&group.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => within(&repetition.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .filter_map(within)
            .max_by_key(|it| shortest(it)),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(within(branch)?);
                if all.len() > ALTERNATIVES_MAX {
                    return None;
                }
            }
            Some(all)
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// The length of the shortest literal: the more, the rarer.
fn shortest(literals: &[Box<[u8]>]) -> usize {
    literals.iter().map(|it| it.len()).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_of_patterns() {
        let head = |literal: &str, rest| Need::Head {
            literal: literal.as_bytes().into(),
            rest,
        };
        let within = |literals: &[&str]| {
            Need::Within(literals.iter().map(|it| it.as_bytes().into()).collect())
        };
        let cases = [
            ("^foo", head("foo", Rest::Anything)),
            ("^foo.*", head("foo", Rest::Anything)),
            ("^foo$", head("foo", Rest::End)),
            ("^(foo)bar", head("foobar", Rest::Anything)),
            ("^foo[0-9]", head("foo", Rest::Pattern)),
            ("^foo.*$", head("foo", Rest::Pattern)),
            ("^foo\\b", head("foo", Rest::Pattern)),
            ("(?m)^foo", within(&["foo"])),
            ("foo", within(&["foo"])),
            ("^.*-myapp-.*$", within(&["-myapp-"])),
            ("x(foo|barbaz)+y", within(&["foo", "barbaz"])),
            ("(foo|[a-z])", Need::Unknown),
            ("(foo)?", Need::Unknown),
            ("(?i)foo", Need::Unknown),
            ("", Need::Unknown),
        ];
        for (pattern, expected) in cases {
            let hir = regex_syntax::parse(pattern).unwrap();
            assert_eq!(need(&hir), expected, "{pattern}");
        }
    }
}
