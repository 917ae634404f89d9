//! From the bytes of a document to the values that conditions ask for, in one
//! pass.
//!
//! What no filter asks for is checked and skipped, not built (`lex`): a key is
//! guessed or looked up in the trie of fields, and the text of a string stays
//! where it is unless it holds escapes.
//!
//! Cost: one look at each byte, and a comparison or a look-up for each key of an
//! object that fields lie in.

use serde_json::Value;

use super::datum::{Datum, FieldValue};
use super::field::{Fields, ROOT, Step};
use super::lex::{DocumentError, Failed, Lexer, Scan, Text};
use super::tree;
use super::walk::Seen;
use crate::json::{Json, Tape};

/// What a document says in other words than it is looked at: memory for values
/// that cannot be borrowed from its bytes.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The texts of strings with escapes.
    texts: String,
    /// Arrays and objects that conditions look inside.
    tape: Tape,
    /// The long ones, whose members should be found by their hash.
    trees: Vec<Value>,
    /// The values that stand in one of them, by their place in the list.
    elsewhere: Vec<(usize, Elsewhere)>,
    /// A key with escapes.
    key: String,
}

#[derive(Clone, Copy, Debug)]
enum Elsewhere {
    Text { start: usize, end: usize },
    Entry(usize),
    Tree(usize),
}

/// Longer arrays and objects are built: looking for a member takes a walk along
/// all of a tape.
const TAPE_BYTES_MAX: usize = 16 * 1024;

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
        self.tape.clear();
        self.trees.clear();
        self.elsewhere.clear();
        let mut scanner = Scanner {
            fields,
            lexer: Lexer::new(json)?,
            reading: self,
            values,
            seen,
        };
        match scanner.document() {
            Ok(_) => Ok(()),
            Err(Failed) => Err(scanner.lexer.into_error()),
        }
    }

    /// Fills in the values that stand here.
    pub(super) fn complete<'d>(&'d self, values: &mut [FieldValue<'d>]) {
        for (place, elsewhere) in &self.elsewhere {
            values[*place].datum = match *elsewhere {
                Elsewhere::Text { start, end } => Datum::String(&self.texts[start..end]),
                Elsewhere::Entry(entry) => Datum::Tree(Json::Entry(&self.tape, entry)),
                Elsewhere::Tree(tree) => Datum::Tree(Json::Value(&self.trees[tree])),
            };
        }
    }
}

struct Scanner<'d, 's, 'm> {
    fields: &'s Fields,
    lexer: Lexer<'d>,
    reading: &'s mut Reading,
    values: &'s mut Vec<FieldValue<'d>>,
    seen: &'s mut Seen<'m>,
}

impl<'d> Scanner<'d, '_, '_> {
    fn document(&mut self) -> Scan {
        let at = self.lexer.blanks(0);
        if self.lexer.peek(at) != Some(b'{') {
            return self.lexer.fail(at, "an object");
        }
        let at = self.object(at, ROOT, 1)?;
        let at = self.lexer.blanks(at);
        match self.lexer.peek(at) {
            None => Ok(at),
            Some(_) => self.lexer.fail(at, "nothing behind the object"),
        }
    }

    /// An object that fields lie below: it is the node `parent` of the trie.
    fn object(&mut self, at: usize, parent: u32, depth: usize) -> Scan {
        let mut at = self.lexer.blanks(at + 1);
        if self.lexer.peek(at) == Some(b'}') {
            return Ok(at + 1);
        }
        loop {
            let step = match self.seen.prediction.guess(self.lexer.bytes, at, parent) {
                Some((step, end)) => {
                    at = end;
                    step
                }
                None => {
                    let key = self.lexer.key(at)?;
                    at = key.end + 1;
                    self.look_up(parent, key)?
                }
            };
            at = self.lexer.colon(at)?;
            at = match step {
                Some(step) => self.asked(at, step, depth)?,
                None => self.lexer.skip(at, depth)?,
            };
            at = self.lexer.blanks(at);
            match self.lexer.peek(at) {
                Some(b',') => at = self.lexer.blanks(at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return self.lexer.fail(at, "a comma or a closing brace"),
            }
        }
    }

    /// What a key leads to that was not guessed.
    fn look_up(&mut self, parent: u32, key: Text) -> Result<Option<Step>, Failed> {
        if !key.has_escapes {
            let key = self.lexer.slice(&key);
            return Ok(self.seen.prediction.step(self.fields, parent, key));
        }
        let mut text = std::mem::take(&mut self.reading.key);
        text.clear();
        let result = self.lexer.unescape(&key, Some(&mut text));
        let step = self.fields.step(parent, &text);
        self.reading.key = text;
        result.map(|_| step)
    }

    /// A value that a field, or a field below, asks for.
    fn asked(&mut self, at: usize, step: Step, depth: usize) -> Scan {
        let place = self.values.len();
        if !self.seen.note(step, place) || !step.is_field {
            return self.passed(at, step, depth);
        }
        let datum = match self.lexer.peek(at) {
            Some(b'"') => return self.asked_text(at, step.node),
            Some(b'{' | b'[') => {
                self.values.push(FieldValue::new(step.node, Datum::Null));
                let end = self.passed(at, step, depth)?;
                self.values[place].datum = match self.lexer.bytes[at] {
                    b'{' => Datum::Object,
                    _ => Datum::Array,
                };
                return match step.is_tree {
                    true => self.tree(at, end, place),
                    false => Ok(end),
                };
            }
            Some(b't') => Datum::Bool(true),
            Some(b'f') => Datum::Bool(false),
            Some(b'n') => Datum::Null,
            _ => {
                let (end, number) = self.lexer.number(at)?;
                let number = match number {
                    Some(number) => number,
                    None => self.lexer.exact_number(at, end)?,
                };
                let datum = Datum::Number(number);
                self.values.push(FieldValue::new(step.node, datum));
                return Ok(end);
            }
        };
        self.values.push(FieldValue::new(step.node, datum));
        self.lexer.word(at)
    }

    /// A value that only fields below ask for.
    fn passed(&mut self, at: usize, step: Step, depth: usize) -> Scan {
        if step.is_path && self.lexer.peek(at) == Some(b'{') {
            self.lexer.check_depth(at, depth)?;
            return self.object(at, step.node, depth + 1);
        }
        self.lexer.skip(at, depth)
    }

    #[inline]
    fn asked_text(&mut self, at: usize, field: u32) -> Scan {
        let text = self.lexer.string(at)?;
        let end = text.end + 1;
        let datum = if text.has_escapes {
            let mut texts = std::mem::take(&mut self.reading.texts);
            let start = texts.len();
            let result = self.lexer.unescape(&text, Some(&mut texts));
            let end = texts.len();
            self.reading.texts = texts;
            result?;
            let place = self.values.len();
            let text = Elsewhere::Text { start, end };
            self.reading.elsewhere.push((place, text));
            Datum::Null
        } else {
            Datum::String(self.lexer.slice(&text))
        };
        self.values.push(FieldValue::new(field, datum));
        Ok(end)
    }

    /// Reads what conditions look inside.
    fn tree(&mut self, start: usize, end: usize, place: usize) -> Scan {
        let tree = if end - start <= TAPE_BYTES_MAX {
            let entry = self.reading.tape.end();
            tree::read(&mut self.lexer, start, &mut self.reading.tape)?;
            Elsewhere::Entry(entry)
        } else {
            let Ok(tree) = serde_json::from_str(&self.lexer.text[start..end]) else {
                return self.lexer.fail(start, "JSON");
            };
            self.reading.trees.push(tree);
            Elsewhere::Tree(self.reading.trees.len() - 1)
        };
        self.reading.elsewhere.push((place, tree));
        Ok(end)
    }
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
