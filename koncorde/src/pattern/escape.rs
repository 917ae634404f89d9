//! What a backslash may begin.

use regex_syntax::hir::Look;

use super::class::{self, Set};
use super::parse::excerpt;

pub(crate) enum Escape<'s> {
    Char(char),
    /// A code point that no text holds.
    Surrogate,
    /// The characters, and whether all others are meant.
    Class(Set, bool),
    Look(Look),
    /// `\C`: any byte, be it a part of a character.
    Byte,
    /// `\Q…\E`
    Quote(&'s str),
}

/// Reads an escape outside of brackets; gives back what follows it.
pub(crate) fn parse(from: &str) -> Result<(Escape<'_>, &str), String> {
    if let Some(class) = parse_class(from)? {
        return Ok(class);
    }
    let look = match from.as_bytes().get(1) {
        Some(b'A') => Look::Start,
        Some(b'z') => Look::End,
        Some(b'b') => Look::WordAscii,
        Some(b'B') => Look::WordAsciiNegate,
        Some(b'Q') => {
            let quoted = &from[2..];
            let (text, rest) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            return Ok((Escape::Quote(text), rest));
        }
        Some(b'C') => return Ok((Escape::Byte, &from[2..])),
        _ => {
            let (c, rest) = parse_char(from)?;
            return Ok((c.map_or(Escape::Surrogate, Escape::Char), rest));
        }
    };
    Ok((Escape::Look(look), &from[2..]))
}

/// Reads `\d`, `\pL`, `\p{Greek}` and their like, inside or outside of brackets;
/// `None` for other escapes.
pub(crate) fn parse_class(from: &str) -> Result<Option<(Escape<'_>, &str)>, String> {
    let Some(letter) = from[1..].chars().next() else {
        return Ok(None);
    };
    if let Some(set) = class::perl(letter.to_ascii_lowercase()) {
        let escape = Escape::Class(set, letter.is_ascii_uppercase());
        return Ok(Some((escape, &from[2..])));
    }
    if !matches!(letter, 'p' | 'P') {
        return Ok(None);
    }
    let named = &from[2..];
    let (name, rest) = if let Some(braced) = named.strip_prefix('{') {
        braced
            .split_once('}')
            .ok_or_else(|| format!("missing }}: {}", excerpt(from)))?
    } else {
        named.split_at(named.chars().next().map_or(0, char::len_utf8))
    };
    let (is_inverted, name) = name
        .strip_prefix('^')
        .map_or((false, name), |it| (true, it));
    let set = class::unicode(name).ok_or_else(|| {
        let source = &from[..from.len() - rest.len()];
        format!("invalid character class range: {source}; expected a general category or a script")
    })?;
    let negated = (letter == 'P') != is_inverted;
    Ok(Some((Escape::Class(set, negated), rest)))
}

/// Reads an escape that stands for one character, inside or outside of brackets.
/// `None` for a surrogate.
pub(crate) fn parse_char(from: &str) -> Result<(Option<char>, &str), String> {
    let mut chars = from[1..].chars();
    let Some(c) = chars.next() else {
        return Err("trailing \\ at the end of the pattern".to_owned());
    };
    let rest = chars.as_str();
    let plain = match c {
        'a' => '\x07',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '0' => return Ok(octal(&from[1..], 3)),
        '1'..='7' if rest.starts_with(|it| matches!(it, '0'..='7')) => {
            return Ok(octal(&from[1..], 3));
        }
        'c' => {
            let letter = rest.chars().next().filter(char::is_ascii_uppercase);
            let letter = letter.ok_or_else(|| invalid(from, 2))?;
            // Control characters are the letters without their upper bits.
            return Ok((Some((letter as u8 & 0x1f) as char), &rest[1..]));
        }
        'x' => return hexadecimal(rest, 2, 2).ok_or_else(|| invalid(from, 3)),
        'u' => return hexadecimal(rest, 1, 4).ok_or_else(|| invalid(from, 3)),
        c if c.is_ascii_punctuation() || c == ' ' || c.is_ascii_control() => c,
        _ => return Err(invalid(from, 1)),
    };
    Ok((Some(plain), rest))
}

fn invalid(from: &str, chars: usize) -> String {
    let source: String = from.chars().take(chars + 1).collect();
    format!("invalid escape sequence: {source}")
}

fn octal(from: &str, digits_max: usize) -> (Option<char>, &str) {
    let digits = from.bytes().take(digits_max);
    let len = digits.take_while(|it| matches!(it, b'0'..=b'7')).count();
    let code = u32::from_str_radix(&from[..len], 8).unwrap_or(0);
    (char::from_u32(code), &from[len..])
}

/// Reads `{1F600}`, or from `min` to `max` digits.
fn hexadecimal(from: &str, min: usize, max: usize) -> Option<(Option<char>, &str)> {
    let (digits, rest) = match from.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => {
            let len = from
                .bytes()
                .take(max)
                .take_while(u8::is_ascii_hexdigit)
                .count();
            (len >= min).then(|| from.split_at(len))?
        }
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16)
        .ok()
        .filter(|it| *it <= char::MAX as u32);
    Some((char::from_u32(code.filter(|_| is_number)?), rest))
}
