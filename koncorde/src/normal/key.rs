//! Canonical bytes: equal for equivalent filters.
//!
//! Three levels, the first that fits:
//!  1. the decision diagram, canonical for all that filters say about values; a
//!     chain, where each field has a set of values to be in, is written as one,
//!     and most filters are seen to be chains without any diagram;
//!  2. the sorted and absorbed disjunctive normal form, within
//!     `limits::SUBFILTERS_MAX`;
//!  3. the sorted tree itself.
//!
//! With up to `limits::CONDITIONS_EXACT` distinct conditions the first always
//! fits. No two filters that differ on a document have the same bytes: each
//! level writes down the whole function, self-delimiting, behind its own mark.

use std::hash::{Hash, Hasher};

use ahash::AHashMap;

use super::diagram::{Diagram, FALSE, NodeId, TRUE, Variable};
use super::dnf::{Subfilter, subfilters};
use super::domain::{self, Cell, Opaque};
use super::{Condition, Form, Literal, Partial, Test, span};
use crate::field::Field;
use crate::geo::Shape;
use crate::scalar::Scalar;

/// The form, a constant if it always or never holds, and its key.
pub(super) fn canonical(form: Form) -> (Form, Box<[u8]>) {
    let mut writer = Writer::default();
    if writer.simple(&form) {
        return (form, writer.bytes.into());
    }
    let constant = match Diagram::of(&form) {
        Ok((_, FALSE)) => Some(Form::Nothing),
        Ok((_, TRUE)) => Some(Form::Everything),
        Ok((diagram, root)) => {
            match chain(&diagram, root) {
                Some(links) => writer.chain(links),
                None => writer.diagram(&diagram, root),
            }
            None
        }
        Err(_) => {
            match subfilters(&form) {
                Some(subfilters) => writer.subfilters(&subfilters),
                None => writer.form(&form),
            }
            None
        }
    };
    let form = constant.unwrap_or(form);
    if matches!(form, Form::Everything | Form::Nothing) {
        writer.form(&form);
    }
    (form, writer.bytes.into())
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
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn mark(&mut self, mark: u8) {
        self.bytes.push(mark);
    }

    fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Writes a conjunction of positive conditions on one field each, if the form
    /// is one and they all ask for a set of values.
    fn simple(&mut self, form: &Form) -> bool {
        let literals = match form {
            Form::Literal(_) => std::slice::from_ref(form),
            Form::And(operands) => operands,
            _ => return false,
        };
        let is_simple = |form: &Form| match form {
            Form::Literal(it) => !it.negated && is_set(&it.condition.test),
            _ => false,
        };
        // Literals are sorted by field.
        let is_apart = |pair: &[Form]| match pair {
            [Form::Literal(a), Form::Literal(b)] => a.condition.field != b.condition.field,
            _ => false,
        };
        if !literals.iter().all(is_simple) || !literals.windows(2).all(is_apart) {
            return false;
        }
        self.mark(b'C');
        for form in literals {
            if let Form::Literal(Literal { condition, .. }) = form {
                self.link(Link {
                    field: &condition.field,
                    accepted: values_of(&condition.test),
                    refused: Vec::new(),
                });
            }
        }
        true
    }

    fn chain(&mut self, links: Vec<Link<'_>>) {
        self.mark(b'C');
        links.into_iter().for_each(|it| self.link(it));
    }

    fn link(&mut self, link: Link<'_>) {
        self.text(link.field.as_str());
        self.cells(link.accepted);
        if !link.refused.is_empty() {
            self.mark(b'!');
            self.cells(link.refused);
        }
        self.mark(b'>');
    }

    /// Nodes in the order in which a walk first meets them.
    fn diagram(&mut self, diagram: &Diagram<'_>, root: NodeId) {
        self.mark(b'D');
        let mut places = AHashMap::from([(FALSE, 0), (TRUE, 1)]);
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
                    queue.len() as u64 + 1
                });
                self.number(place);
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
                let flags = pattern.flags();
                let flags = [flags.ignore_case, flags.multi_line, flags.dot_all];
                self.bytes.extend(flags.map(u8::from));
                self.text(pattern.source());
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

    /// The values of some cells, whatever cells they were cut into.
    fn cells(&mut self, mut cells: Vec<Cell<'_>>) {
        cells.sort_unstable_by(|a, b| order(*a).cmp(&order(*b)));
        let mut numbers: Option<(u64, u64)> = None;
        for cell in cells {
            if let Some((low, high)) = line(cell) {
                numbers = match numbers {
                    Some((first, last)) if last + 1 == low => Some((first, high)),
                    Some(interval) => {
                        self.interval(interval);
                        Some((low, high))
                    }
                    None => Some((low, high)),
                };
                continue;
            }
            if let Some(interval) = numbers.take() {
                self.interval(interval);
            }
            match cell {
                Cell::Missing => self.mark(b'm'),
                Cell::Arrays => self.mark(b'a'),
                Cell::Objects => self.mark(b'k'),
                Cell::OtherStrings => self.mark(b'*'),
                Cell::Value(value) => self.scalar(value),
                Cell::Numbers(..) => {}
            }
        }
        if let Some(interval) = numbers {
            self.interval(interval);
        }
    }

    fn interval(&mut self, (low, high): (u64, u64)) {
        self.mark(b'r');
        self.number(low);
        self.number(high);
    }
}

/// Whether a test asks for a set of values and nothing else.
fn is_set(test: &Test) -> bool {
    use Test::{Equals, Exists, In, Range};
    matches!(test, Exists | Equals(_) | In(_) | Range(_))
}

/// The values that such a test asks for.
fn values_of(test: &Test) -> Vec<Cell<'_>> {
    match test {
        Test::Equals(value) => vec![Cell::Value(value)],
        Test::In(values) => values.iter().map(Cell::Value).collect(),
        Test::Range(span) => vec![Cell::Numbers(
            span::place_of(span.low),
            span::place_of(span.high),
        )],
        Test::Exists => domain::cells(&[])
            .into_iter()
            .filter(|it| *it != Cell::Missing)
            .collect(),
        _ => Vec::new(),
    }
}

/// A field and the values it must have.
struct Link<'d> {
    field: &'d Field,
    accepted: Vec<Cell<'d>>,
    refused: Vec<Cell<'d>>,
}

/// The fields and sets of a diagram in which each node has one way to go on.
fn chain<'d>(diagram: &'d Diagram<'_>, root: NodeId) -> Option<Vec<Link<'d>>> {
    let mut links = Vec::new();
    let mut at = root;
    while let Some(node) = diagram.node(at) {
        let Variable::Class { field } = diagram.variables[node.variable as usize] else {
            return None;
        };
        let sets = sets(diagram, at, field).into_iter();
        let (ways, refused): (Vec<_>, Vec<_>) = sets.partition(|(child, _)| *child != FALSE);
        let [(next, accepted)] = <[_; 1]>::try_from(ways).ok()?;
        // Strings are refused by name where all others are accepted.
        let refused = refused.into_iter().flat_map(|(_, cells)| cells);
        let refused = refused.filter(|it| matches!(it, Cell::Value(Scalar::String(_))));
        links.push(Link {
            field: diagram.fields[field].0,
            accepted,
            refused: refused.collect(),
        });
        at = next;
    }
    Some(links)
}

/// The numbers of a cell, as places.
fn line(cell: Cell<'_>) -> Option<(u64, u64)> {
    match cell {
        Cell::Numbers(low, high) => Some((low, high)),
        Cell::Value(Scalar::Number(number)) => {
            Some((span::place_of(*number), span::place_of(*number)))
        }
        _ => None,
    }
}

/// Numbers by their place on the line, everything else around them.
fn order<'a>(cell: Cell<'a>) -> (u8, u64, Option<&'a Scalar>) {
    match (line(cell), cell) {
        (Some((low, _)), _) => (3, low, None),
        (None, Cell::Missing) => (0, 0, None),
        (None, Cell::Arrays) => (1, 0, None),
        (None, Cell::Objects) => (2, 0, None),
        (None, Cell::OtherStrings) => (4, 0, None),
        (None, Cell::Value(value)) => (5, 0, Some(value)),
        (None, Cell::Numbers(..)) => (6, 0, None),
    }
}

/// The children of a node that asks for a class, each with its values, written.
fn class_edges(diagram: &Diagram<'_>, id: NodeId, field: usize) -> Vec<(Vec<u8>, NodeId)> {
    let sets = sets(diagram, id, field).into_iter();
    let mut edges: Vec<(Vec<u8>, NodeId)> = sets
        .map(|(child, cells)| {
            let mut label = Writer::default();
            label.cells(cells);
            label.mark(b'>');
            (label.bytes, child)
        })
        .collect();
    edges.sort_unstable();
    edges
}

/// The children of a node that asks for a class, each with its set of values.
///
/// A named string that leads where all other strings lead, once what those
/// leave open is decided for it, is not special and not in its set.
fn sets<'d>(diagram: &'d Diagram<'_>, id: NodeId, field: usize) -> Vec<(NodeId, Vec<Cell<'d>>)> {
    let domain = &diagram.fields[field].1;
    let Some(node) = diagram.node(id) else {
        return Vec::new();
    };
    let children = || domain.classes.iter().zip(&node.children);
    let others = children()
        .find(|(class, _)| class.cells.contains(&Cell::OtherStrings))
        .map_or(FALSE, |(_, child)| *child);
    let is_special = |cell: &Cell<'_>, child: NodeId| match cell {
        Cell::Value(Scalar::String(text)) => decide(diagram, others, field, text) != child,
        _ => true,
    };
    let mut sets: Vec<(NodeId, Vec<Cell<'_>>)> = Vec::new();
    for (class, child) in children() {
        let cells = class.cells.iter().filter(|it| is_special(it, *child));
        match sets.iter_mut().find(|(it, _)| it == child) {
            Some((_, set)) => set.extend(cells.copied()),
            None => sets.push((*child, cells.copied().collect())),
        }
    }
    sets.retain(|(_, cells)| !cells.is_empty());
    sets
}

/// Where a string leads from a node that other strings lead to.
fn decide(diagram: &Diagram<'_>, mut id: NodeId, field: usize, text: &str) -> NodeId {
    while let Some(node) = diagram.node(id) {
        match diagram.variables[node.variable as usize] {
            Variable::Opaque { field: its, asks } if its == field => {
                id = node.children[asks.outcome_at(text)];
            }
            _ => break,
        }
    }
    id
}
