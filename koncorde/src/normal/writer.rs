//! Bytes for what filters are made of: self-delimiting, the same on every machine.
//!
//! Cost: linear.

use std::hash::{Hash, Hasher};

use super::values::{write_count, write_text};
use super::{Condition, Form, Literal, Partial, Test, span};
use crate::geo::Shape;
use crate::scalar::Scalar;

/// Bytes that grow.
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    /// Room for what most filters say.
    pub(super) fn new() -> Self {
        let bytes = Vec::with_capacity(128);
        Self { bytes }
    }

    pub(super) fn mark(&mut self, mark: u8) {
        self.bytes.push(mark);
    }

    fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn count(&mut self, count: usize) {
        write_count(&mut self.bytes, count as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        write_text(&mut self.bytes, text);
    }

    pub(super) fn form(&mut self, form: &Form) {
        match form {
            Form::Everything => self.mark(b'1'),
            Form::Nothing => self.mark(b'0'),
            Form::Literal(literal) => self.literal(literal),
            Form::And(operands) => self.operands(b'&', operands),
            Form::Or(operands) => self.operands(b'|', operands),
        }
    }

    fn operands(&mut self, mark: u8, operands: &[Form]) {
        self.mark(mark);
        self.count(operands.len());
        operands.iter().for_each(|it| self.form(it));
    }

    pub(super) fn literal(&mut self, literal: &Literal) {
        let Condition { field, test } = &literal.condition;
        self.mark(if literal.negated { b'-' } else { b'+' });
        self.text(field.as_str());
        self.test(test);
    }

    pub(super) fn test(&mut self, test: &Test) {
        match test {
            Test::Exists => self.mark(b'e'),
            Test::Equals(value) => {
                self.mark(b'=');
                self.scalar(value);
            }
            Test::In(values) => {
                self.mark(b'i');
                self.count(values.len());
                values.iter().for_each(|it| self.scalar(it));
            }
            Test::Range(it) => {
                self.mark(b'r');
                self.number(span::place_of(it.low));
                self.number(span::place_of(it.high));
            }
            Test::Regexp(pattern) => {
                self.mark(b'x');
                self.text(pattern.identity());
            }
            Test::Contains(value) => {
                self.mark(b'c');
                self.scalar(value);
            }
            Test::Inside(shape) => {
                self.mark(b'g');
                self.shape(shape);
            }
            Test::Outside(shape) => {
                self.mark(b'o');
                self.shape(shape);
            }
            Test::Select(selection) => {
                self.mark(b's');
                self.number(selection.index as u64);
                self.count(selection.query.key.len());
                self.bytes.extend_from_slice(&selection.query.key);
            }
            Test::Like(partial) => {
                self.mark(b'l');
                self.partial(partial);
            }
        }
    }

    /// A shape is its numbers, and writes them where it would be hashed.
    pub(super) fn shape(&mut self, shape: &Shape) {
        shape.hash(&mut Numbers(&mut self.bytes));
    }

    fn partial(&mut self, partial: &Partial) {
        match partial {
            Partial::Scalar(scalar) => self.scalar(scalar),
            Partial::Array(items) => {
                self.mark(b'[');
                self.count(items.len());
                items.iter().for_each(|it| self.partial(it));
            }
            Partial::Object(members) => {
                self.mark(b'{');
                self.count(members.len());
                for (name, value) in members {
                    self.text(name);
                    self.partial(value);
                }
            }
        }
    }

    fn scalar(&mut self, scalar: &Scalar) {
        match scalar {
            Scalar::Null => self.mark(b'n'),
            Scalar::Bool(false) => self.mark(b'f'),
            Scalar::Bool(true) => self.mark(b't'),
            Scalar::Number(number) => {
                self.mark(b'#');
                self.number(span::place_of(*number));
            }
            Scalar::String(text) => {
                self.mark(b'"');
                self.text(text);
            }
        }
    }
}

/// Keeps what is hashed instead of hashing it, the same on every machine.
struct Numbers<'b>(&'b mut Vec<u8>);

impl Hasher for Numbers<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }

    /// There is nothing to finish: the bytes are the result.
    fn finish(&self) -> u64 {
        0
    }
}
