//! Canonical bytes: equal for equivalent filters.
//!
//! Four levels, the first that fits:
//!  1. a chain: a conjunction or a disjunction of fields, each with a set of
//!     values. Most filters are seen to be chains without further ado;
//!  2. the decision diagram, canonical for all that filters say about values, and
//!     written as a chain if it is one;
//!  3. the sorted and absorbed disjunctive normal form, within
//!     `limits::SUBFILTERS_MAX`;
//!  4. the sorted tree itself.
//!
//! With up to `limits::CONDITIONS_EXACT` distinct conditions one of the first two
//! always fits. No two filters that differ on a document have the same bytes:
//! each level writes down the whole function, self-delimiting, behind its own
//! mark.

use std::hash::{Hash, Hasher};

use ahash::AHashMap;

use super::chain::{self, Chain};
use super::diagram::{Diagram, FALSE, NodeId, TRUE, Variable};
use super::dnf::{Subfilter, subfilters};
use super::domain::Opaque;
use super::values::{Values, write_count, write_text};
use super::{Condition, Form, Literal, Partial, Test, span};
use crate::geo::Shape;
use crate::scalar::Scalar;

/// The form, a constant if it always or never holds, and its key.
pub(super) fn canonical(form: Form) -> (Form, Vec<u8>) {
    let mut writer = Writer::new();
    let constant = match Chain::of_form(&form) {
        Some(chain) => writer.chain(chain),
        None => writer.function(&form),
    };
    let form = constant.unwrap_or(form);
    if matches!(form, Form::Everything | Form::Nothing) {
        writer.form(&form);
    }
    (form, writer.bytes)
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

/// Writes self-delimiting bytes, the same on every machine.
struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Room for what most filters say.
    fn new() -> Self {
        let bytes = Vec::with_capacity(128);
        Self { bytes }
    }

    fn mark(&mut self, mark: u8) {
        self.bytes.push(mark);
    }

    fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        write_count(&mut self.bytes, count as u64);
    }

    fn text(&mut self, text: &str) {
        write_text(&mut self.bytes, text);
    }

    /// Writes a chain, unless it is a constant. One link is a conjunction.
    fn chain(&mut self, mut chain: Chain<'_>) -> Option<Form> {
        if let Some(constant) = chain.simplify() {
            return Some(constant);
        }
        let is_or = !chain.is_and && chain.links.len() > 1;
        self.mark(if is_or { b'A' } else { b'C' });
        self.count(chain.links.len());
        for (field, values) in &chain.links {
            self.text(field.as_str());
            values.write(&mut self.bytes);
        }
        None
    }

    /// Writes a form that is not flat, unless it is a constant.
    fn function(&mut self, form: &Form) -> Option<Form> {
        match Diagram::of(form) {
            Ok((_, FALSE)) => return Some(Form::Nothing),
            Ok((_, TRUE)) => return Some(Form::Everything),
            Ok((diagram, root)) => match Chain::of_diagram(&diagram, root) {
                Some(chain) => return self.chain(chain),
                None => self.diagram(&diagram, root),
            },
            Err(_) => match subfilters(form) {
                Some(subfilters) => match Chain::of_subfilters(&subfilters) {
                    Some(chain) => return self.chain(chain),
                    None => self.subfilters(&subfilters),
                },
                None => self.form(form),
            },
        }
        None
    }

    /// Nodes in the order in which a walk first meets them.
    fn diagram(&mut self, diagram: &Diagram<'_>, root: NodeId) {
        self.mark(b'D');
        let mut places = AHashMap::from([(FALSE, 0_usize), (TRUE, 1)]);
        let mut queue = vec![root];
        let mut next = 0;
        places.insert(root, 2);
        while let Some(id) = queue.get(next).copied() {
            next += 1;
            let Some(node) = diagram.node(id) else {
                continue;
            };
            for (label, child) in self.edges(diagram, id, node.variable) {
                self.bytes.extend_from_slice(&label);
                let place = *places.entry(child).or_insert_with(|| {
                    queue.push(child);
                    queue.len() + 1
                });
                self.count(place);
            }
            self.mark(b'.');
        }
    }

    /// Writes the question of a node and returns its sorted answers.
    fn edges(
        &mut self,
        diagram: &Diagram<'_>,
        id: NodeId,
        variable: u32,
    ) -> Vec<(Vec<u8>, NodeId)> {
        match diagram.variables[variable as usize] {
            Variable::Class { field } => {
                self.mark(b'F');
                self.text(diagram.fields[field].0.as_str());
                class_edges(diagram, id, field)
            }
            Variable::Opaque { asks, .. } => {
                match asks {
                    Opaque::Shape(shape) => {
                        self.mark(b'G');
                        self.shape(shape);
                    }
                    Opaque::Other(test) => {
                        self.mark(b'O');
                        self.test(test);
                    }
                }
                let children = diagram.node(id).map(|it| it.children.as_slice());
                let children = children.unwrap_or_default().iter();
                children.map(|child| (vec![b'>'], *child)).collect()
            }
        }
    }

    fn subfilters(&mut self, subfilters: &[Subfilter<'_>]) {
        self.mark(b'S');
        self.count(subfilters.len());
        for subfilter in subfilters {
            self.count(subfilter.len());
            subfilter.iter().for_each(|it| self.literal(it));
        }
    }

    fn form(&mut self, form: &Form) {
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

    fn literal(&mut self, literal: &Literal) {
        let Condition { field, test } = &literal.condition;
        self.mark(if literal.negated { b'-' } else { b'+' });
        self.text(field.as_str());
        self.test(test);
    }

    fn test(&mut self, test: &Test) {
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
    fn shape(&mut self, shape: &Shape) {
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

/// The children of a node that asks for a class, each with its values, written.
fn class_edges(diagram: &Diagram<'_>, id: NodeId, field: usize) -> Vec<(Vec<u8>, NodeId)> {
    let sets = chain::sets(diagram, id, field).into_iter();
    let mut edges: Vec<(Vec<u8>, NodeId)> = sets
        .map(|(child, cells)| {
            let mut label = Vec::new();
            Values::of_cells(cells, Vec::new()).write(&mut label);
            label.push(b'>');
            (label, child)
        })
        .collect();
    edges.sort_unstable();
    edges
}
