//! What a text must hold for a pattern to be found in it.
//!
//! Most patterns hold words: a head that the text must begin with, or a literal
//! that must stand somewhere in it, perhaps in any case. A text without it needs
//! no run of the pattern. The others at least ask for some bytes.
//!
//! Cost: one walk over the syntax tree of a pattern, when it is indexed.

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use smallvec::SmallVec;

/// What a text must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Its beginning.
    Head { literal: Box<[u8]>, rest: Rest },
    /// One of these, anywhere.
    Within(Vec<Box<[u8]>>),
    /// One of these, anywhere, once the text is folded.
    Folded(Vec<Box<[u8]>>),
    /// No literal.
    Bytes(Bytes),
}

/// What follows the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Whatever follows matches.
    Anything,
    /// The end of the text.
    End,
    /// This has to be run.
    Tail(Hir),
}

/// Bytes of which a text must hold some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Bytes {
    /// The first byte is one of these.
    first: Option<ByteSet>,
    /// One of each of these stands somewhere.
    within: SmallVec<[ByteSet; 2]>,
}

/// Bytes, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ByteSet([u64; 4]);

/// More alternatives than this are looked for by running the pattern.
const ALTERNATIVES_MAX: usize = 64;
/// Longer literals are rare enough: folding them finds nothing rarer.
const LITERAL_ENOUGH: usize = 3;
/// Heads up to this length are looked up as they are, longer ones are cut to one
/// of few lengths: each length costs a look-up.
const HEAD_EXACT: usize = 64;

pub(super) fn need(hir: &Hir) -> Need {
    let mut parts = Vec::new();
    flatten(hir, &mut parts);
    if let Some(head) = head(&parts) {
        return head;
    }
    let (exact, folded) = (within(hir), folded(hir));
    let length = |it: &Option<Literals>| it.as_ref().map_or(0, |it| shortest(it));
    let is_enough = length(&exact) >= LITERAL_ENOUGH || length(&exact) >= length(&folded);
    match (exact, folded) {
        (Some(exact), _) if is_enough => Need::Within(exact),
        (_, Some(folded)) => Need::Folded(folded),
        _ => Need::Bytes(bytes(&parts)),
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
    let (first, mut parts) = parts.split_first()?;
    if !matches!(first.kind(), HirKind::Look(Look::Start)) {
        return None;
    }
    let mut literal = Vec::new();
    while let Some((part, rest)) = parts.split_first()
        && let HirKind::Literal(it) = part.kind()
    {
        literal.extend_from_slice(&it.0);
        parts = rest;
    }
    if literal.is_empty() {
        return None;
    }
    let behind = literal.split_off(head_length(literal.len()));
    let is_end = matches!(parts, [end] if matches!(end.kind(), HirKind::Look(Look::End)));
    let rest = if behind.is_empty() && parts.iter().all(|it| is_optional(it)) {
        Rest::Anything
    } else if behind.is_empty() && is_end {
        Rest::End
    } else {
        let behind = std::iter::once(Hir::literal(behind));
        let parts = parts.iter().map(|it| (*it).clone());
        Rest::Tail(Hir::concat(behind.chain(parts).collect()))
    };
    Some(Need::Head {
        literal: literal.into(),
        rest,
    })
}

/// The greatest length of heads that is not above this one.
fn head_length(length: usize) -> usize {
    let mut next = HEAD_EXACT;
    let mut found = length.min(HEAD_EXACT);
    while next <= length {
        found = next;
        next += next / 4;
    }
    found
}

/// Whether a part can match nothing at all, anywhere.
fn is_optional(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Repetition(repetition) => repetition.min == 0,
        _ => false,
    }
}

type Literals = Vec<Box<[u8]>>;

/// Literals of which every match holds one.
fn within(hir: &Hir) -> Option<Literals> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.clone()]),
        HirKind::Capture(group) => within(&group.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => within(&repetition.sub),
        HirKind::Concat(parts) => longest(parts.iter().filter_map(within)),
        HirKind::Alternation(branches) => one_of(branches, within),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// The same of every match when it is folded.
fn folded(hir: &Hir) -> Option<Literals> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => {
            let mut run = String::new();
            fold_part(hir, &mut run).then(|| vec![run.into_bytes().into()])
        }
        HirKind::Capture(group) => folded(&group.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => folded(&repetition.sub),
        HirKind::Concat(_) => {
            let mut parts = Vec::new();
            flatten(hir, &mut parts);
            folded_sequence(&parts)
        }
        HirKind::Alternation(branches) => one_of(branches, folded),
        HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// Letters stand side by side, each a part of its own.
fn folded_sequence(parts: &[&Hir]) -> Option<Literals> {
    let mut found = Vec::new();
    let mut run = String::new();
    for part in parts {
        if fold_part(part, &mut run) {
            continue;
        }
        found.push(vec![std::mem::take(&mut run).into_bytes().into()]);
        found.extend(folded(part));
    }
    found.push(vec![run.into_bytes().into()]);
    longest(found.into_iter())
}

/// Appends what a part always is when it is folded; `false` if that differs.
fn fold_part(hir: &Hir, run: &mut String) -> bool {
    match hir.kind() {
        HirKind::Look(_) | HirKind::Empty => true,
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0);
            run.extend(text.unwrap_or_default().chars().map(fold_char));
            text.is_ok()
        }
        HirKind::Class(Class::Unicode(class)) => {
            const LETTERS_MAX: usize = 4;
            let count = class.iter().map(|it| it.len()).sum::<usize>();
            if count == 0 || count > LETTERS_MAX {
                return false;
            }
            let mut letters = class.iter().flat_map(|it| it.start()..=it.end());
            let first = letters.next().map(fold_char);
            let is_same = letters.all(|it| Some(fold_char(it)) == first);
            run.extend(first.filter(|_| is_same));
            is_same
        }
        _ => false,
    }
}

/// A text with letters of one kind only: what a pattern that ignores case takes
/// for the same is the same then, as far as its letters have two or three forms.
pub(super) fn fold(text: &str, out: &mut String) {
    out.clear();
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
    } else {
        out.extend(text.chars().map(fold_char));
    }
}

fn fold_char(letter: char) -> char {
    match letter {
        'a'..='z' => letter,
        // The letters that regular expressions take for s, k and å.
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        '\u{212b}' => 'å',
        _ => {
            let mut lower = letter.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(lower), None) => lower,
                _ => letter,
            }
        }
    }
}

/// Those of all branches.
fn one_of(branches: &[Hir], literals: fn(&Hir) -> Option<Literals>) -> Option<Literals> {
    let mut all = Vec::new();
    for branch in branches {
        all.extend(literals(branch)?);
        if all.len() > ALTERNATIVES_MAX {
            return None;
        }
    }
    Some(all)
}

fn longest(found: impl Iterator<Item = Literals>) -> Option<Literals> {
    let found = found.filter(|it| shortest(it) > 0);
    found.max_by_key(|it| shortest(it))
}

/// The length of the shortest literal: the more, the rarer.
fn shortest(literals: &[Box<[u8]>]) -> usize {
    literals.iter().map(|it| it.len()).min().unwrap_or_default()
}

/// The bytes that a sequence asks for: those of its two choosiest parts.
fn bytes(parts: &[&Hir]) -> Bytes {
    let is_head =
        matches!(parts, [first, ..] if matches!(first.kind(), HirKind::Look(Look::Start)));
    let mut within: SmallVec<[ByteSet; 2]> = parts
        .iter()
        .filter_map(|it| leads(std::slice::from_ref(it)))
        .collect();
    within.sort_by_key(|it| it.len());
    within.dedup();
    within.truncate(2);
    Bytes {
        first: if is_head { leads(parts) } else { None },
        within,
    }
}

/// The bytes that a sequence can begin with; `None` if it may be empty.
fn leads(parts: &[&Hir]) -> Option<ByteSet> {
    let mut all = ByteSet::default();
    for part in parts {
        match part.kind() {
            HirKind::Empty | HirKind::Look(_) => (),
            HirKind::Literal(literal) => {
                all.insert(*literal.0.first()?, *literal.0.first()?);
                return Some(all);
            }
            HirKind::Class(Class::Unicode(class)) => {
                for range in class.iter() {
                    all.insert(lead(range.start()), lead(range.end()));
                }
                return Some(all);
            }
            HirKind::Class(Class::Bytes(_)) => return None,
            HirKind::Capture(group) => {
                all.join(leads(&[&group.sub])?);
                return Some(all);
            }
            HirKind::Repetition(repetition) => {
                all.join(leads(&[&repetition.sub])?);
                if repetition.min > 0 {
                    return Some(all);
                }
            }
            HirKind::Concat(inner) => {
                let inner: Vec<&Hir> = inner.iter().collect();
                all.join(leads(&inner)?);
                return Some(all);
            }
            HirKind::Alternation(branches) => {
                for branch in branches {
                    all.join(leads(&[branch])?);
                }
                return Some(all);
            }
        }
    }
    None
}

/// The first byte of a letter. Letters in order have them in order.
fn lead(letter: char) -> u8 {
    letter.encode_utf8(&mut [0; 4]).as_bytes()[0]
}

impl Bytes {
    /// Whether a text, whose bytes are given, has what is asked for.
    #[inline]
    pub(super) fn are_in(&self, text: &[u8], bytes: &ByteSet) -> bool {
        let starts = |it: ByteSet| text.first().is_some_and(|first| it.contains(*first));
        self.first.is_none_or(starts) && self.within.iter().all(|it| it.meets(bytes))
    }
}

impl ByteSet {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut bytes = Self::default();
        for byte in text {
            bytes.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        bytes
    }

    fn insert(&mut self, low: u8, high: u8) {
        for byte in low..=high {
            self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }

    fn join(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & 1 << (byte & 63) != 0
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    fn len(&self) -> u32 {
        self.0.iter().map(|it| it.count_ones()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(pattern: &str) -> Need {
        need(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn literals_of_patterns() {
        let head = |literal: &str, rest| Need::Head {
            literal: literal.as_bytes().into(),
            rest,
        };
        let tail = |pattern: &str| {
            let hir = regex_syntax::parse(pattern).unwrap();
            Rest::Tail(hir)
        };
        let literals = |literals: &[&str]| literals.iter().map(|it| it.as_bytes().into()).collect();
        let within = |it: &[&str]| Need::Within(literals(it));
        let folded = |it: &[&str]| Need::Folded(literals(it));
        let long = "x".repeat(70);
        let cases = [
            ("^foo", head("foo", Rest::Anything)),
            ("^foo.*", head("foo", Rest::Anything)),
            ("^foo$", head("foo", Rest::End)),
            ("^(?:foo)bar", head("foobar", Rest::Anything)),
            ("^foo[0-9]", head("foo", tail("[0-9]"))),
            ("^foo.*$", head("foo", tail(".*$"))),
            ("^foo\\b", head("foo", tail("\\b"))),
            (&format!("^{long}$"), head(&long[..64], tail("xxxxxx$"))),
            (&format!("^{long}"), head(&long[..64], tail("xxxxxx"))),
            ("(?m)^foo", within(&["foo"])),
            ("foo", within(&["foo"])),
            ("^.*-myapp-.*$", within(&["-myapp-"])),
            ("x(foo|barbaz)+y", within(&["foo", "barbaz"])),
            ("(?i)foo", folded(&["foo"])),
            ("(?i)^Kiß", folded(&["kiß"])),
            ("(?i)[0-9]straße-1", folded(&["straße-1"])),
            ("(?i)ÉTÉ|(ok)+", folded(&["été", "ok"])),
            ("a(?i)bc", folded(&["abc"])),
            ("abc(?i)def", within(&["abc"])),
        ];
        for (pattern, expected) in cases {
            assert_eq!(needs(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn bytes_of_patterns() {
        for (pattern, yes, no) in [
            ("(foo|[a-z])", &["x"][..], &["X", ""][..]),
            ("(foo)?", &["", "x"], &[]),
            ("", &["", "x"], &[]),
            ("^[a-z]*[0-9]", &["1", "a1"], &["A", "", "aaa", "-1"]),
            ("[0-9]{5,}[A-F]", &["1A"], &["1", "A", ""]),
            ("[α-ω]+", &["α", "λ"], &["a"]),
            ("(?i)[a-c]?x*", &["", "y"], &[]),
            ("^(?:[ab]|c*[de])", &["a", "b", "c", "d"], &["f", ""]),
            ("(?:^|[x-z])[a-c]", &["a"], &["d", "x"]),
        ] {
            let Need::Bytes(bytes) = needs(pattern) else {
                panic!("{pattern}");
            };
            let are_in = |text: &str| bytes.are_in(text.as_bytes(), &ByteSet::of(text.as_bytes()));
            for text in yes {
                assert!(are_in(text), "{pattern} on {text:?}");
            }
            for text in no {
                assert!(!are_in(text), "{pattern} on {text:?}");
            }
        }
    }

    #[test]
    fn heads_have_few_lengths() {
        let lengths: std::collections::BTreeSet<_> = (1..30_000).map(head_length).collect();
        assert!(lengths.len() < 100, "{}", lengths.len());
        assert!((1..30_000).all(|it| head_length(it) <= it && head_length(it) * 4 >= it * 3));
    }
}
