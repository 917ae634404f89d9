//! The grammar of JSON: strings, numbers, words, and whole values that nobody
//! asks for, which are checked and skipped.
//!
//! Each function takes a place in the bytes and gives the place behind what it
//! read. The language is exactly that of `serde_json`, depth included, so that a
//! document is refused if and only if it cannot be parsed.
//!
//! Cost: one look at each byte, eight at a time inside strings.

use std::fmt;

use crate::limits;

/// A document that is no JSON object, and where that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    expected: &'static str,
    offset: usize,
}

impl DocumentError {
    pub(super) fn new(expected: &'static str, offset: usize) -> Self {
        Self { expected, offset }
    }

    /// The place in the document, in bytes from its start.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, offset } = self;
        write!(
            f,
            "not a JSON document: expected {expected} at byte {offset}"
        )
    }
}

impl std::error::Error for DocumentError {}

/// The place behind what was read. The error is in the scanner, so that this
/// fits in registers.
pub(super) type Scan = Result<usize, Failed>;

pub(super) struct Failed;

/// A string, without its quotes.
pub(super) struct Text {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) has_escapes: bool,
    /// Some of them are still to be checked.
    is_doubtful: bool,
}

/// A document, in which places are read.
pub(super) struct Lexer<'d> {
    pub(super) text: &'d str,
    pub(super) bytes: &'d [u8],
    /// What is wrong with the document, once something is.
    error: Option<DocumentError>,
}

impl<'d> Lexer<'d> {
    pub(super) fn new(json: &'d [u8]) -> Result<Self, DocumentError> {
        let text = std::str::from_utf8(json)
            .map_err(|it| DocumentError::new("UTF-8", it.valid_up_to()))?;
        Ok(Self {
            text,
            bytes: json,
            error: None,
        })
    }

    /// What was wrong.
    pub(super) fn into_error(self) -> DocumentError {
        let unknown = || DocumentError::new("JSON", 0);
        self.error.unwrap_or_else(unknown)
    }

    /// A part of the text.
    #[inline]
    pub(super) fn slice(&self, text: &Text) -> &'d str {
        let whole = self.text;
        &whole[text.start..text.end]
    }

    /// Checks a value that nobody asks for.
    pub(super) fn skip(&mut self, at: usize, depth: usize) -> Scan {
        match self.peek(at) {
            Some(b'"') => {
                let text = self.string(at)?;
                self.check_escapes(&text)?;
                Ok(text.end + 1)
            }
            Some(b'{') => {
                self.check_depth(at, depth)?;
                self.skip_object(at, depth + 1)
            }
            Some(b'[') => {
                self.check_depth(at, depth)?;
                self.skip_array(at, depth + 1)
            }
            Some(b't' | b'f' | b'n') => self.word(at),
            _ => {
                let (end, number) = self.number(at)?;
                // No number of so few digits is too great.
                let is_small = end - at < 300 && !self.has_exponent(at, end);
                if number.is_none() && !is_small {
                    self.exact_number(at, end)?;
                }
                Ok(end)
            }
        }
    }

    fn skip_object(&mut self, at: usize, depth: usize) -> Scan {
        let mut at = self.blanks(at + 1);
        if self.peek(at) == Some(b'}') {
            return Ok(at + 1);
        }
        loop {
            let key = self.key(at)?;
            self.check_escapes(&key)?;
            at = self.colon(key.end + 1)?;
            at = self.skip(at, depth)?;
            at = self.blanks(at);
            match self.peek(at) {
                Some(b',') => at = self.blanks(at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return self.fail(at, "a comma or a closing brace"),
            }
        }
    }

    fn skip_array(&mut self, at: usize, depth: usize) -> Scan {
        let mut at = self.blanks(at + 1);
        if self.peek(at) == Some(b']') {
            return Ok(at + 1);
        }
        loop {
            at = self.skip(at, depth)?;
            at = self.blanks(at);
            match self.peek(at) {
                Some(b',') => at = self.blanks(at + 1),
                Some(b']') => return Ok(at + 1),
                _ => return self.fail(at, "a comma or a closing bracket"),
            }
        }
    }

    pub(super) fn word(&mut self, at: usize) -> Scan {
        let word = match self.peek(at) {
            Some(b't') => "true",
            Some(b'f') => "false",
            _ => "null",
        };
        let end = at + word.len();
        if self.bytes.get(at..end) != Some(word.as_bytes()) {
            return self.fail(at, word);
        }
        Ok(end)
    }

    pub(super) fn key(&mut self, at: usize) -> Result<Text, Failed> {
        if self.peek(at) != Some(b'"') {
            self.fail(at, "a key")?;
        }
        self.string(at)
    }

    /// The colon behind a key, and blanks.
    #[inline]
    pub(super) fn colon(&mut self, at: usize) -> Scan {
        let at = self.blanks(at);
        if self.peek(at) != Some(b':') {
            return self.fail(at, "a colon");
        }
        Ok(self.blanks(at + 1))
    }

    #[inline(always)]
    pub(super) fn string(&mut self, at: usize) -> Result<Text, Failed> {
        let start = at + 1;
        let end = self.plain(start);
        if self.peek(end) == Some(b'"') {
            return Ok(Text {
                start,
                end,
                has_escapes: false,
                is_doubtful: false,
            });
        }
        self.string_with_escapes(start, end)
    }

    /// The same from the first escape on.
    #[inline(never)]
    fn string_with_escapes(&mut self, start: usize, mut at: usize) -> Result<Text, Failed> {
        let mut is_doubtful = false;
        loop {
            match self.peek(at) {
                Some(b'"') => {
                    return Ok(Text {
                        start,
                        end: at,
                        has_escapes: true,
                        is_doubtful,
                    });
                }
                Some(b'\\') => {
                    is_doubtful |= !matches!(
                        self.peek(at + 1),
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
                    );
                    at = self.plain(at + 2);
                }
                _ => {
                    let at = at.min(self.bytes.len());
                    self.fail(at, "the rest of a string, without control characters")?;
                }
            }
        }
    }

    /// The first byte from `at` on that is a quote, a backslash or a control
    /// character.
    #[inline]
    fn plain(&self, mut at: usize) -> usize {
        while let Some(chunk) = self.bytes.get(at..).and_then(|it| it.first_chunk()) {
            let found = special(u64::from_le_bytes(*chunk));
            if found != 0 {
                return at + found.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(is_special).unwrap_or(rest.len())
    }

    #[inline]
    fn check_escapes(&mut self, text: &Text) -> Result<(), Failed> {
        if text.is_doubtful {
            self.unescape(text, None)?;
        }
        Ok(())
    }

    /// Checks the escapes of a string, and appends its text.
    #[cold]
    pub(super) fn unescape(&mut self, text: &Text, mut out: Option<&mut String>) -> Scan {
        let mut rest = self.slice(text);
        while let Some(place) = rest.bytes().position(|it| it == b'\\') {
            let at = text.end - rest.len() + place;
            let Some((escaped, length)) = escape(&rest.as_bytes()[place + 1..]) else {
                return self.fail(at, "a valid escape");
            };
            if let Some(out) = &mut out {
                out.push_str(&rest[..place]);
                out.push(escaped);
            }
            rest = &rest[place + 1 + length..];
        }
        if let Some(out) = out {
            out.push_str(rest);
        }
        Ok(text.end + 1)
    }

    /// Passes a number. Its value, if that is found on the way.
    #[inline]
    pub(super) fn number(&mut self, at: usize) -> Result<(usize, Option<f64>), Failed> {
        let is_negative = self.peek(at) == Some(b'-');
        let first = at + usize::from(is_negative);
        let (mut at, mut digits) = self.digits(first, 0);
        if at == first {
            self.fail(at, if is_negative { "a digit" } else { "a value" })?;
        }
        if self.bytes[first] == b'0' && at > first + 1 {
            self.fail(first + 1, "no digit behind a leading zero")?;
        }
        let whole = at - first;
        let mut decimals = 0;
        if self.peek(at) == Some(b'.') {
            let point = at + 1;
            (at, digits) = self.digits(point, digits);
            decimals = at - point;
            if decimals == 0 {
                self.fail(at, "a digit")?;
            }
        }
        if let Some(b'e' | b'E') = self.peek(at) {
            return Ok((self.exponent(at + 1)?, None));
        }
        // Up to 15 digits and 22 decimals both parts are exact doubles, so that
        // one division rounds as it should.
        if whole + decimals > 15 {
            return Ok((at, None));
        }
        let mut number = digits as f64;
        if decimals > 0 {
            number /= POWERS[decimals];
        }
        Ok((at, Some(if is_negative { -number } else { number })))
    }

    /// The digits of an exponent, with their sign.
    fn exponent(&mut self, at: usize) -> Scan {
        let first = at + usize::from(matches!(self.peek(at), Some(b'+' | b'-')));
        let (end, _) = self.digits(first, 0);
        match end {
            end if end == first => self.fail(end, "a digit"),
            end => Ok(end),
        }
    }

    /// Passes digits; their value behind `value`, if there are few.
    #[inline]
    fn digits(&self, mut at: usize, mut value: u64) -> (usize, u64) {
        while let Some(digit @ b'0'..=b'9') = self.peek(at) {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            at += 1;
        }
        (at, value)
    }

    fn has_exponent(&self, start: usize, end: usize) -> bool {
        let is_exponent = |byte: &u8| matches!(byte, b'e' | b'E');
        self.bytes[start..end].iter().any(is_exponent)
    }

    /// A number with many digits or an exponent.
    #[cold]
    pub(super) fn exact_number(&mut self, start: usize, end: usize) -> Result<f64, Failed> {
        match serde_json::from_str::<f64>(&self.text[start..end]) {
            Ok(number) => Ok(number),
            Err(_) => {
                self.fail(start, "a number that a double can hold")?;
                Err(Failed)
            }
        }
    }

    pub(super) fn check_depth(&mut self, at: usize, depth: usize) -> Result<(), Failed> {
        if depth >= limits::DOCUMENT_DEPTH {
            self.fail(at, "at most 127 levels of arrays and objects")?;
        }
        Ok(())
    }

    /// The first byte from `at` on that is no blank.
    #[inline]
    pub(super) fn blanks(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek(at) {
            at += 1;
        }
        at
    }

    #[inline]
    pub(super) fn peek(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    #[cold]
    pub(super) fn fail(&mut self, at: usize, expected: &'static str) -> Scan {
        self.error = Some(DocumentError::new(expected, at));
        Err(Failed)
    }
}

const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// The high bit of each byte that is a quote, a backslash or a control character.
/// Bytes behind the first such one may be marked wrongly.
#[inline]
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let quotes = zero_bytes(word ^ (ONES * b'"' as u64));
    let backslashes = zero_bytes(word ^ (ONES * b'\\' as u64));
    let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    quotes | backslashes | controls
}

/// The character that an escape stands for, and the length of the escape, both
/// without the backslash.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(bytes),
        _ => return None,
    };
    Some((character, 1))
}

/// `uXXXX`, or two of them that form a surrogate pair.
fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let unit = hex(bytes.get(1..5)?)?;
    if !(0xd800..0xdc00).contains(&unit) {
        return Some((char::from_u32(unit)?, 5));
    }
    if bytes.get(5..7)? != b"\\u" {
        return None;
    }
    let low = hex(bytes.get(7..11)?)?;
    if !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    Some((char::from_u32(code)?, 11))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)?)
    })
}
