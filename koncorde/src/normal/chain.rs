//! Conjunctions and disjunctions of fields that have values of a set.
//!
//! Most filters are one, and its canonical form needs no diagram. Diagrams that
//! are one are found out, so that a filter gets the same key in whatever way it
//! was written.
//!
//! Cost: linear in the values.

use super::diagram::{Diagram, FALSE, NodeId, Variable};
use super::dnf::Subfilter;
use super::domain::{Cell, Class};
use super::values::Values;
use super::{Form, Literal};
use crate::field::Field;
use crate::scalar::Scalar;

/// A conjunction or a disjunction: what a diagram is in which each node leads to
/// one other node, and else to one leaf that is always the same.
pub(super) struct Chain<'d> {
    pub(super) is_and: bool,
    /// Sorted by field; the values that the field has.
    pub(super) links: Vec<(&'d Field, Values<'d>)>,
}

impl<'d> Chain<'d> {
    /// A flat form of which each literal asks for a set of values.
    pub(super) fn of_form(form: &'d Form) -> Option<Self> {
        let (is_and, forms) = match form {
            Form::Literal(_) => (true, std::slice::from_ref(form)),
            Form::And(operands) => (true, operands.as_slice()),
            Form::Or(operands) => (false, operands.as_slice()),
            Form::Everything | Form::Nothing => return None,
        };
        let mut chain = Self::new(is_and, forms.len());
        for form in forms {
            match form {
                Form::Literal(literal) => chain.push(literal)?,
                _ => return None,
            }
        }
        Some(chain)
    }

    /// Subfilters that are one conjunction, or one literal each.
    pub(super) fn of_subfilters(subfilters: &[Subfilter<'d>]) -> Option<Self> {
        let mut chain = Self::new(subfilters.len() == 1, subfilters.len());
        for subfilter in subfilters {
            if !chain.is_and && subfilter.len() != 1 {
                return None;
            }
            for literal in subfilter {
                chain.push(literal)?;
            }
        }
        Some(chain)
    }

    fn new(is_and: bool, len: usize) -> Self {
        let links = Vec::with_capacity(len);
        Self { is_and, links }
    }

    /// Adds a literal; they come sorted by field.
    fn push(&mut self, literal: &'d Literal) -> Option<()> {
        let Literal { condition, negated } = literal;
        let mut values = Values::of(&condition.test)?;
        if *negated {
            values = values.complement();
        }
        match self.links.last_mut() {
            Some((field, before)) if *field == &condition.field => {
                *before = if self.is_and {
                    before.intersection(&values)
                } else {
                    before.union(&values)
                };
            }
            _ => self.links.push((&condition.field, values)),
        }
        Some(())
    }

    pub(super) fn of_diagram(diagram: &'d Diagram<'_>, root: NodeId) -> Option<Self> {
        Self::follow(diagram, root, true).or_else(|| Self::follow(diagram, root, false))
    }

    fn follow(diagram: &'d Diagram<'_>, root: NodeId, is_and: bool) -> Option<Self> {
        let mut chain = Self::new(is_and, 0);
        let mut at = root;
        while let Some(node) = diagram.node(at) {
            let Variable::Class { field } = diagram.variables[node.variable as usize] else {
                return None;
            };
            let dead = NodeId::from(!is_and);
            let sets = sets(diagram, at, field).into_iter();
            let (dead, ways): (Vec<_>, Vec<_>) = sets.partition(|(child, _)| *child == dead);
            let [(next, ahead)] = <[_; 1]>::try_from(ways).ok()?;
            let dead = dead.into_iter().flat_map(|(_, cells)| cells);
            let named = dead.filter_map(|it| match it {
                Cell::Value(Scalar::String(text)) => Some(&**text),
                _ => None,
            });
            let ahead = Values::of_cells(ahead, named.collect());
            let values = if is_and { ahead } else { ahead.complement() };
            chain.links.push((diagram.fields[field].0, values));
            at = next;
        }
        Some(chain)
    }

    /// Drops fields that say nothing; the constant that is left, if it is one.
    pub(super) fn simplify(&mut self) -> Option<Form> {
        let (yes, no) = if self.is_and {
            (Form::Everything, Form::Nothing)
        } else {
            (Form::Nothing, Form::Everything)
        };
        let is_and = self.is_and;
        let is_none = |it: &Values<'_>| if is_and { it.is_empty() } else { it.is_full() };
        let is_any = |it: &Values<'_>| if is_and { it.is_full() } else { it.is_empty() };
        if self.links.iter().any(|it| is_none(&it.1)) {
            return Some(no);
        }
        self.links.retain(|it| !is_any(&it.1));
        self.links.is_empty().then_some(yes)
    }
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
    let mut sets: Vec<(NodeId, Vec<Cell<'_>>)> = Vec::with_capacity(2);
    for (class, child) in children() {
        let is_string = |it: &&Cell<'_>| matches!(it, Cell::Value(Scalar::String(_)));
        let is_special = class.cells.iter().any(|it| is_string(&it))
            && decide(diagram, others, field, class) != *child;
        let cells = class.cells.iter().filter(|it| is_special || !is_string(it));
        match sets.iter_mut().find(|(it, _)| it == child) {
            Some((_, set)) => set.extend(cells.copied()),
            None => sets.push((*child, cells.copied().collect())),
        }
    }
    sets.retain(|(_, cells)| !cells.is_empty());
    sets
}

/// Where a string of this class leads from a node that other strings lead to.
pub(super) fn decide(
    diagram: &Diagram<'_>,
    mut id: NodeId,
    field: usize,
    class: &Class<'_>,
) -> NodeId {
    while let Some(node) = diagram.node(id) {
        match diagram.variables[node.variable as usize] {
            Variable::Opaque { field: its, asks } if its == field => {
                let tests = diagram.fields[field].1.tests.iter();
                let outcome = asks.outcome(tests.copied().zip(class.truths.iter().copied()));
                id = node.children[outcome];
            }
            _ => break,
        }
    }
    id
}
