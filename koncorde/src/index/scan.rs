//! From the bytes of a document to the values that conditions ask for, in one
//! pass.
//!
//! What no filter asks for is checked and skipped, not built: a key is looked up
//! in the trie of fields, and the text of a string stays where it is unless it
//! holds escapes. The language is exactly that of `serde_json`, depth included,
//! so that a document is refused here if and only if it cannot be parsed.
//!
//! Cost: one look at each byte, eight at a time inside strings.

use std::fmt;

use serde_json::Value;

use super::datum::{Datum, FieldValue};
use super::field::{Fields, ROOT, Step};
use super::walk::Seen;
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

/// What a document says in other words than it is looked at: memory for values
/// that cannot be borrowed from its bytes.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The texts of strings with escapes.
    texts: String,
    /// Arrays and objects that conditions look inside.
    trees: Vec<Value>,
    /// The values that stand in `texts` or `trees`, by their place in the list.
    elsewhere: Vec<(usize, Elsewhere)>,
    /// A key with escapes.
    key: String,
}

#[derive(Clone, Copy, Debug)]
enum Elsewhere {
    Text { start: usize, end: usize },
    Tree(usize),
}

impl Reading {
    /// Reads a document into a list of values; those that `complete` gives are
    /// still null.
    pub(super) fn read<'d>(
        &mut self,
        fields: &Fields,
        json: &'d [u8],
        seen: &mut Seen<'_>,
        values: &mut Vec<FieldValue<'d>>,
    ) -> Result<(), DocumentError> {
        self.texts.clear();
        self.trees.clear();
        self.elsewhere.clear();
        let text = std::str::from_utf8(json)
            .map_err(|it| DocumentError::new("UTF-8", it.valid_up_to()))?;
        let mut scanner = Scanner {
            fields,
            text,
            bytes: json,
            at: 0,
            reading: self,
            values,
            seen,
        };
        scanner.document()
    }

    /// Fills in the values that stand here.
    pub(super) fn complete<'d>(&'d self, values: &mut [FieldValue<'d>]) {
        for (place, elsewhere) in &self.elsewhere {
            values[*place].datum = match *elsewhere {
                Elsewhere::Text { start, end } => Datum::String(&self.texts[start..end]),
                Elsewhere::Tree(tree) => Datum::Tree(&self.trees[tree]),
            };
        }
    }
}

struct Scanner<'d, 's, 'm> {
    fields: &'s Fields,
    text: &'d str,
    bytes: &'d [u8],
    at: usize,
    reading: &'s mut Reading,
    values: &'s mut Vec<FieldValue<'d>>,
    seen: &'s mut Seen<'m>,
}

type Scan<T> = Result<T, DocumentError>;

impl<'d> Scanner<'d, '_, '_> {
    fn document(&mut self) -> Scan<()> {
        self.skip_blanks();
        if self.peek() != Some(b'{') {
            return self.fail("an object");
        }
        self.object(Some(ROOT), 1)?;
        self.skip_blanks();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail("nothing behind the object"),
        }
    }

    /// `parent` is the node of the trie that this object is, if anything below
    /// it is asked for.
    fn object(&mut self, parent: Option<u32>, depth: usize) -> Scan<()> {
        self.at += 1;
        self.skip_blanks();
        if self.eat(b'}') {
            return Ok(());
        }
        loop {
            let step = self.key(parent)?;
            self.skip_blanks();
            if !self.eat(b':') {
                return self.fail("a colon");
            }
            self.skip_blanks();
            match step {
                Some(step) => self.asked(step, depth)?,
                None => drop(self.value(None, depth, None)?),
            }
            self.skip_blanks();
            if self.eat(b'}') {
                return Ok(());
            }
            if !self.eat(b',') {
                return self.fail("a comma or a closing brace");
            }
            self.skip_blanks();
        }
    }

    /// Reads a key; what it leads to, if that is asked for.
    fn key(&mut self, parent: Option<u32>) -> Scan<Option<Step>> {
        if self.peek() != Some(b'"') {
            return self.fail("a key");
        }
        let (start, end, has_escapes) = self.string()?;
        let Some(parent) = parent else {
            if has_escapes {
                self.unescape(start, end, None)?;
            }
            return Ok(None);
        };
        let text = self.text;
        if !has_escapes {
            let key = &text[start..end];
            return Ok(self.seen.prediction.step(self.fields, parent, key));
        }
        let mut key = std::mem::take(&mut self.reading.key);
        key.clear();
        let result = self.unescape(start, end, Some(&mut key));
        let step = self.fields.step(parent, &key);
        self.reading.key = key;
        result.map(|()| step)
    }

    /// A value that a field, or a field below, asks for.
    fn asked(&mut self, step: Step, depth: usize) -> Scan<()> {
        let place = self.values.len();
        let is_wanted = self.seen.note(step, place) && step.is_field;
        if is_wanted {
            self.values.push(FieldValue::new(step.node, Datum::Null));
        }
        let start = self.at;
        let inner = step.is_path.then_some(step.node);
        let datum = self.value(inner, depth, is_wanted.then_some(place))?;
        if !is_wanted {
            return Ok(());
        }
        self.values[place].datum = datum;
        if step.is_tree && matches!(datum, Datum::Array | Datum::Object) {
            let tree = serde_json::from_str(&self.text[start..self.at]);
            let tree = tree.map_err(|_| DocumentError::new("JSON", start))?;
            let trees = &mut self.reading.trees;
            trees.push(tree);
            let tree = Elsewhere::Tree(trees.len() - 1);
            self.reading.elsewhere.push((place, tree));
        }
        Ok(())
    }

    /// Any value. It is only checked if there is no `place` for it in the list.
    #[inline]
    fn value(&mut self, node: Option<u32>, depth: usize, place: Option<usize>) -> Scan<Datum<'d>> {
        match self.peek() {
            Some(b'"') => self.text(place),
            Some(b'{') => {
                self.check_depth(depth)?;
                self.object(node, depth + 1)?;
                Ok(Datum::Object)
            }
            Some(b'[') => {
                self.check_depth(depth)?;
                self.array(depth + 1)?;
                Ok(Datum::Array)
            }
            Some(b'-' | b'0'..=b'9') => self.number(place.is_some()),
            Some(b't') => self.word("true", Datum::Bool(true)),
            Some(b'f') => self.word("false", Datum::Bool(false)),
            Some(b'n') => self.word("null", Datum::Null),
            _ => self.fail("a value"),
        }
    }

    fn array(&mut self, depth: usize) -> Scan<()> {
        self.at += 1;
        self.skip_blanks();
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.value(None, depth, None)?;
            self.skip_blanks();
            if self.eat(b']') {
                return Ok(());
            }
            if !self.eat(b',') {
                return self.fail("a comma or a closing bracket");
            }
            self.skip_blanks();
        }
    }

    fn word(&mut self, word: &'static str, datum: Datum<'d>) -> Scan<Datum<'d>> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fail(word);
        }
        self.at += word.len();
        Ok(datum)
    }

    fn text(&mut self, place: Option<usize>) -> Scan<Datum<'d>> {
        let (start, end, has_escapes) = self.string()?;
        if !has_escapes {
            let text = self.text;
            return Ok(Datum::String(&text[start..end]));
        }
        let Some(place) = place else {
            self.unescape(start, end, None)?;
            return Ok(Datum::Null);
        };
        let mut texts = std::mem::take(&mut self.reading.texts);
        let first = texts.len();
        let result = self.unescape(start, end, Some(&mut texts));
        let last = texts.len();
        self.reading.texts = texts;
        let text = Elsewhere::Text {
            start: first,
            end: last,
        };
        self.reading.elsewhere.push((place, text));
        result.map(|()| Datum::Null)
    }

    /// Passes a string: where its text starts and ends, and whether it has
    /// escapes, which are still to be checked.
    fn string(&mut self) -> Scan<(usize, usize, bool)> {
        let start = self.at + 1;
        let mut at = start;
        let mut has_escapes = false;
        loop {
            at = self.plain(at);
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok((start, at, has_escapes));
                }
                Some(b'\\') => {
                    has_escapes = true;
                    at += 2;
                }
                _ => {
                    self.at = at.min(self.bytes.len());
                    return self.fail("the rest of a string, without control characters");
                }
            }
        }
    }

    /// The first byte from `at` on that is a quote, a backslash or a control
    /// character.
    #[inline]
    fn plain(&self, mut at: usize) -> usize {
        while let Some(chunk) = self.bytes.get(at..at + 8) {
            let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
            let found = special(word);
            if found != 0 {
                return at + found.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(is_special).unwrap_or(rest.len())
    }

    /// Checks the escapes of a string, and appends its text.
    fn unescape(&mut self, start: usize, end: usize, mut out: Option<&mut String>) -> Scan<()> {
        let mut rest = &self.text[start..end];
        while let Some(place) = rest.find('\\') {
            let at = end - rest.len() + place;
            let invalid = DocumentError::new("a valid escape", at);
            let (escaped, length) = escape(&rest.as_bytes()[place + 1..]).ok_or(invalid)?;
            if let Some(out) = &mut out {
                out.push_str(&rest[..place]);
                out.push(escaped);
            }
            rest = &rest[place + 1 + length..];
        }
        if let Some(out) = out {
            out.push_str(rest);
        }
        Ok(())
    }

    fn number(&mut self, is_wanted: bool) -> Scan<Datum<'d>> {
        let start = self.at;
        let is_negative = self.eat(b'-');
        let first = self.at;
        let mut digits = self.digits(0)?;
        if self.bytes[first] == b'0' && self.at > first + 1 {
            self.at = first + 1;
            return self.fail("no digit behind a leading zero");
        }
        let mut decimals = 0;
        let whole = self.at - first;
        if self.eat(b'.') {
            let point = self.at;
            digits = self.digits(digits)?;
            decimals = self.at - point;
        }
        let has_exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if has_exponent {
            self.at += 1;
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits(0)?;
        }
        // Up to 15 digits and 22 decimals both parts are exact doubles, so that
        // one division rounds as it should.
        if !has_exponent && whole + decimals <= 15 {
            let number = digits as f64 / POWERS[decimals];
            return Ok(Datum::Number(if is_negative { -number } else { number }));
        }
        let is_small = !has_exponent && whole < 300;
        if !is_wanted && is_small {
            return Ok(Datum::Null);
        }
        match serde_json::from_str::<f64>(&self.text[start..self.at]) {
            Ok(number) => Ok(Datum::Number(number)),
            Err(_) => {
                self.at = start;
                self.fail("a number that a double can hold")
            }
        }
    }

    /// At least one digit; their value behind `value`, if there are few.
    fn digits(&mut self, mut value: u64) -> Scan<u64> {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        if self.at == start {
            return self.fail("a digit");
        }
        Ok(value)
    }

    fn check_depth(&self, depth: usize) -> Scan<()> {
        if depth >= limits::DOCUMENT_DEPTH {
            return self.fail("at most 127 levels of arrays and objects");
        }
        Ok(())
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn fail<T>(&self, expected: &'static str) -> Scan<T> {
        Err(DocumentError::new(expected, self.at))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::predict::Prediction;

    /// Documents are refused exactly when they cannot be parsed.
    #[test]
    fn accepts_what_a_parser_accepts() {
        let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        let cases = [
            r#"{}"#,
            r#" { } "#,
            r#"{"a":1}"#,
            r#"{"a":1,}"#,
            r#"{,}"#,
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":01}"#,
            r#"{"a":-0}"#,
            r#"{"a":-}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":1e}"#,
            r#"{"a":1e5}"#,
            r#"{"a":1E+5}"#,
            r#"{"a":1e999}"#,
            r#"{"a":-1e999}"#,
            r#"{"a":1e-999}"#,
            r#"{"a":123456789012345678901234567890}"#,
            r#"{"a":tru}"#,
            r#"{"a":true}"#,
            r#"{"a":nul}"#,
            r#"{"a":[1,[2,{}]]}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[}"#,
            r#"{"a":"x"#,
            r#"{"a":"\n"}"#,
            r#"{"a":"\q"}"#,
            r#"{"a":"\u00e9"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud83d\ude00"}"#,
            r#"{"a":"\ud83dx"}"#,
            r#"{"a":"\u12"}"#,
            "{\"a\":\"\t\"}",
            "{\"a\":\"\u{7f}é\"}",
            r#"{"a":1} x"#,
            r#"[1]"#,
            r#"1"#,
            "",
            " ",
            r#"{"\u0061":1}"#,
            r#"{"\q":1}"#,
            r#"{"b\q":1}"#,
            "{\"a\\",
            "{\"a\":\"\\",
            &deep(127),
            &deep(128),
            &deep(5000),
        ];
        for case in cases {
            for wanted in [&["a"][..], &["a.b", "b"], &[]] {
                let mut fields = Fields::default();
                for path in wanted {
                    let field = fields.intern(&crate::field::Field::new(*path));
                    fields.add_condition(field, true);
                }
                let mut slots = vec![(0, 0); fields.end()];
                let mut seen = Seen {
                    epoch: 1,
                    slots: &mut slots,
                    is_ambiguous: false,
                    prediction: &mut Prediction::default(),
                };
                let mut values = Vec::new();
                let mut reading = Reading::default();
                let found = reading.read(&fields, case.as_bytes(), &mut seen, &mut values);
                let parsed = serde_json::from_str::<serde_json::Map<String, Value>>(case);
                assert_eq!(
                    found.is_ok(),
                    parsed.is_ok(),
                    "{case:.80}: {found:?}, {parsed:?}"
                );
            }
        }
    }
}
