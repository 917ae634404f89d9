//! Regular expressions in Lucene's syntax. They match whole terms; `^` and `$`
//! are letters. Beside the usual operators there are `&` (both), `~` (not),
//! `<1-100>` (numbers), `@` (anything), `#` (nothing) and `"…"` (letters as
//! they are).

use super::Result;
use super::expression::{Class, Expressions, Id};
use crate::query::tree::RegexpFlags;

pub(super) fn read(pattern: &str, flags: RegexpFlags, all: &mut Expressions) -> Result<Id> {
    let mut parser = Parser {
        letters: pattern.chars().collect(),
        at: 0,
        depth: 0,
        flags,
        all,
    };
    if parser.letters.is_empty() {
        return Ok(parser.all.empty());
    }
    let whole = parser.union()?;
    match parser.peek() {
        None => Ok(whole),
        Some(letter) => Err(format!("`{letter}` at {} has no meaning there", parser.at)),
    }
}

/// Groups in groups; reading them takes the stack.
const DEPTH_MAX: usize = 100;
/// How often a part may be repeated.
const REPEAT_MAX: usize = 1000;
/// The digits of a number in `<1-100>`.
const DIGITS_MAX: usize = 18;

struct Parser<'e> {
    letters: Vec<char>,
    at: usize,
    depth: usize,
    flags: RegexpFlags,
    all: &'e mut Expressions,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take(&mut self, letter: char) -> bool {
        let is_here = self.peek() == Some(letter);
        self.at += usize::from(is_here);
        is_here
    }

    fn expect(&mut self, letter: char) -> Result<()> {
        match self.take(letter) {
            true => Ok(()),
            false => Err(format!("expected `{letter}` at {}", self.at)),
        }
    }

    fn next(&mut self) -> Result<char> {
        let letter = self.peek();
        let letter = letter.ok_or("it ends in the middle of something")?;
        self.at += 1;
        Ok(letter)
    }

    fn union(&mut self) -> Result<Id> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} groups stand in each other"));
        }
        let mut parts = vec![self.intersection()?];
        while self.take('|') {
            parts.push(self.intersection()?);
        }
        self.depth -= 1;
        self.all.either(&parts)
    }

    fn intersection(&mut self) -> Result<Id> {
        let mut parts = vec![self.sequence()?];
        while self.flags.intersection && self.take('&') {
            parts.push(self.sequence()?);
        }
        self.all.both(&parts)
    }

    fn sequence(&mut self) -> Result<Id> {
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                None | Some(')' | '|') => break,
                Some('&') if self.flags.intersection => break,
                _ => parts.push(self.repeated()?),
            }
        }
        if parts.is_empty() {
            return Err(format!("expected an expression at {}", self.at));
        }
        self.all.sequence(&parts)
    }

    fn repeated(&mut self) -> Result<Id> {
        let mut part = self.complement()?;
        loop {
            let (least, most) = match self.peek() {
                Some('?') => (0, Some(1)),
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('{') => {
                    self.at += 1;
                    let (least, most) = self.counts()?;
                    part = self.all.repeat(part, least, most)?;
                    continue;
                }
                _ => return Ok(part),
            };
            self.at += 1;
            part = self.all.repeat(part, least, most)?;
        }
    }

    /// `2}`, `2,}`, `2,3}`
    fn counts(&mut self) -> Result<(usize, Option<usize>)> {
        let least = self.count()?;
        let most = match self.take(',') {
            false => Some(least),
            true if self.peek() == Some('}') => None,
            true => Some(self.count()?),
        };
        self.expect('}')?;
        if most.is_some_and(|it| it < least) {
            return Err(format!(
                "the counts before {} are the wrong way round",
                self.at
            ));
        }
        if least.max(most.unwrap_or(0)) > REPEAT_MAX {
            return Err(format!("it repeats something more than {REPEAT_MAX} times"));
        }
        Ok((least, most))
    }

    fn count(&mut self) -> Result<usize> {
        let digits = self.digits();
        let count = digits.parse();
        count.map_err(|_| format!("expected a count at {}", self.at))
    }

    fn digits(&mut self) -> String {
        let rest = &self.letters[self.at..];
        let digits: String = rest.iter().take_while(|it| it.is_ascii_digit()).collect();
        self.at += digits.len();
        digits
    }

    fn complement(&mut self) -> Result<Id> {
        if !self.flags.complement || !self.take('~') {
            return self.single();
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} `~` stand beside each other"));
        }
        let inner = self.complement()?;
        self.depth -= 1;
        self.all.not(inner)
    }

    fn single(&mut self) -> Result<Id> {
        let letter = self.next()?;
        match letter {
            '.' => self.all.any_letter(),
            '#' if self.flags.empty => Ok(self.all.nothing()),
            '@' if self.flags.any_string => Ok(self.all.anything()),
            '<' if self.flags.interval => self.interval(),
            '"' => self.quoted(),
            '[' => self.class(),
            '(' if self.take(')') => Ok(self.all.empty()),
            '(' => {
                let inner = self.union()?;
                self.expect(')')?;
                Ok(inner)
            }
            '\\' => {
                let letter = self.next()?;
                match named(letter) {
                    Some((class, true)) => self.all.class(class),
                    Some((class, false)) => self.all.other_letters(class),
                    None => self.all.letter(letter),
                }
            }
            '?' | '*' | '+' | '{' => Err(format!("`{letter}` at {} repeats nothing", self.at - 1)),
            letter => self.all.letter(letter),
        }
    }

    fn quoted(&mut self) -> Result<Id> {
        let mut parts = Vec::new();
        loop {
            match self.next()? {
                '"' => return self.all.sequence(&parts),
                letter => parts.push(self.all.letter(letter)?),
            }
        }
    }

    fn class(&mut self) -> Result<Id> {
        let is_negated = self.take('^');
        let mut class = Class::new();
        loop {
            if self.take(']') {
                break;
            }
            let (start, is_escaped) = self.class_letter()?;
            if is_escaped && let Some((named, is_positive)) = named(start) {
                if !is_positive {
                    return Err(format!("`\\{start}` cannot stand in `[…]`"));
                }
                class.extend(named);
                continue;
            }
            let is_range = self.peek() == Some('-') && self.letters.get(self.at + 1) != Some(&']');
            let end = match is_range {
                true => {
                    self.at += 1;
                    self.class_letter()?.0
                }
                false => start,
            };
            if end < start {
                return Err(format!("the range `{start}-{end}` is the wrong way round"));
            }
            class.push((start, end));
        }
        match is_negated {
            true => self.all.other_letters(class),
            false => self.all.class(class),
        }
    }

    fn class_letter(&mut self) -> Result<(char, bool)> {
        match self.next()? {
            '\\' => Ok((self.next()?, true)),
            letter => Ok((letter, false)),
        }
    }

    /// `1-100>`: with as many digits as both numbers have, when it is the same
    /// number of digits; otherwise with or without zeros before it.
    fn interval(&mut self) -> Result<Id> {
        let first = self.digits();
        self.expect('-')?;
        let last = self.digits();
        self.expect('>')?;
        if first.is_empty() || last.is_empty() || last.len().max(first.len()) > DIGITS_MAX {
            return Err(format!("expected two numbers before {}", self.at));
        }
        let number = |it: &str| it.parse::<u64>().unwrap_or(0);
        let (low, high) = (
            number(&first).min(number(&last)),
            number(&first).max(number(&last)),
        );
        if first.len() == last.len() {
            return self.between(low, high, first.len());
        }
        let width_max = first.len().max(last.len());
        let mut parts = Vec::new();
        for width in 1..=width_max {
            let most = 10_u64.pow(width as u32) - 1;
            if low <= most {
                parts.push(self.between(low, high.min(most), width)?);
            }
        }
        self.all.either(&parts)
    }

    /// Numbers of so many digits.
    fn between(&mut self, low: u64, high: u64, width: usize) -> Result<Id> {
        let low = format!("{low:0width$}").into_bytes();
        let high = format!("{high:0width$}").into_bytes();
        self.digits_between(&low, &high)
    }

    fn digits_between(&mut self, low: &[u8], high: &[u8]) -> Result<Id> {
        let ([a, low @ ..], [b, high @ ..]) = (low, high) else {
            return Ok(self.all.empty());
        };
        if a == b {
            let head = self.all.letter(char::from(*a))?;
            let tail = self.digits_between(low, high)?;
            return self.all.then(head, tail);
        }
        let zeros = vec![b'0'; low.len()];
        let nines = vec![b'9'; low.len()];
        let mut parts = Vec::new();
        for (first, last, low, high) in [
            (*a, *a, low, &nines[..]),
            (a + 1, b - 1, &zeros[..], &nines[..]),
            (*b, *b, &zeros[..], high),
        ] {
            if first > last {
                continue;
            }
            let head = self
                .all
                .class(vec![(char::from(first), char::from(last))])?;
            let tail = match low == zeros && high == nines {
                true => {
                    let digit = self.all.class(vec![('0', '9')])?;
                    self.all.repeat(digit, low.len(), Some(low.len()))?
                }
                false => self.digits_between(low, high)?,
            };
            parts.push(self.all.then(head, tail)?);
        }
        self.all.either(&parts)
    }
}

/// `\d`, `\w`, `\s` and, negated, `\D`, `\W`, `\S`.
fn named(letter: char) -> Option<(Class, bool)> {
    let class = match letter.to_ascii_lowercase() {
        'd' => vec![('0', '9')],
        'w' => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        's' => vec![('\t', '\n'), ('\r', '\r'), (' ', ' ')],
        _ => return None,
    };
    Some((class, letter.is_ascii_lowercase()))
}
