//! The canonical form of a function over the values of fields.
//!
//! A reduced, ordered decision diagram: along each path fields are asked in the
//! order of their names, "which class is your value in?", and after a field
//! what its classes leave open. No path contradicts itself, so whatever two
//! filters say about one field is compared by meaning: exclusive values,
//! implied presence, overlapping ranges.
//!
//! Cost: at most `limits::DIAGRAM_NODES_MAX` nodes with `limits::DIAGRAM_EDGES_MAX`
//! children; beyond that there is no diagram.

use ahash::RandomState;
use hashbrown::HashTable;
use smallvec::{SmallVec, smallvec};

use super::domain::{Domain, Opaque, Truth};
use super::{Condition, Form, Literal};
use crate::field::Field;
use crate::limits;

/// A node, by its number; `FALSE` and `TRUE` are the leaves.
pub(super) type NodeId = u32;
pub(super) const FALSE: NodeId = 0;
pub(super) const TRUE: NodeId = 1;

type Children = SmallVec<[NodeId; 6]>;

/// A diagram under construction. Equal nodes exist once, so that equal
/// functions are equal numbers.
pub(super) struct Diagram<'a> {
    pub(super) variables: Vec<Variable<'a>>,
    pub(super) fields: Vec<(&'a Field, Domain<'a>)>,
    /// Without the two leaves.
    nodes: Vec<Node>,
    /// The children of all nodes.
    edges: usize,
    /// Nodes by content.
    table: HashTable<NodeId>,
    hasher: RandomState,
    /// Results of `join`, each at the place of its question; a later one may take
    /// the place.
    joined: Vec<(u64, NodeId)>,
    /// How often two nodes were joined.
    joins: usize,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Node {
    /// The rank of its variable; children have greater ranks.
    pub(super) variable: u32,
    /// One for each class or outcome, not all the same.
    pub(super) children: Children,
}

/// A question on a path.
#[derive(Clone, Copy)]
pub(super) enum Variable<'a> {
    /// Which class of its domain is the value of this field in?
    Class { field: usize },
    /// What does a free cell of this field decide?
    Opaque { field: usize, asks: Opaque<'a> },
}

impl Variable<'_> {
    pub(super) fn field(self) -> usize {
        match self {
            Self::Class { field } | Self::Opaque { field, .. } => field,
        }
    }
}

/// The diagram outgrew its limit.
pub(super) struct TooLarge;

impl<'a> Diagram<'a> {
    /// The diagram of a form, and its root.
    pub(super) fn of(form: &'a Form) -> Result<(Self, NodeId), TooLarge> {
        let mut conditions = Vec::new();
        collect(form, &mut conditions);
        conditions.sort_unstable();
        conditions.dedup();
        if conditions.len() > limits::DIAGRAM_CONDITIONS_MAX {
            return Err(TooLarge);
        }
        let mut diagram = Self::over(&conditions)?;
        let root = diagram.add(form)?;
        Ok((diagram, root))
    }

    /// An empty diagram over sorted conditions.
    fn over(conditions: &[&'a Condition]) -> Result<Self, TooLarge> {
        let mut variables = Vec::new();
        let mut fields = Vec::new();
        for group in conditions.chunk_by(|a, b| a.field == b.field) {
            let field = fields.len();
            let tests: Vec<_> = group.iter().map(|it| &it.test).collect();
            if tests.len() * Domain::cells_max(&tests) > limits::DOMAIN_TRUTHS_MAX {
                return Err(TooLarge);
            }
            let domain = Domain::new(tests);
            variables.push(Variable::Class { field });
            let is_free = |test: usize| {
                domain
                    .classes
                    .iter()
                    .any(|it| it.truths[test] == Truth::Free)
            };
            let mut asked: Vec<Opaque<'a>> = (0..domain.tests.len())
                .filter(|test| is_free(*test))
                .map(|test| Opaque::new(domain.tests[test]))
                .collect();
            asked.sort_unstable();
            asked.dedup();
            variables.extend(
                asked
                    .into_iter()
                    .map(|asks| Variable::Opaque { field, asks }),
            );
            fields.push((&group[0].field, domain));
        }
        Ok(Self {
            variables,
            fields,
            nodes: Vec::new(),
            edges: 0,
            table: HashTable::new(),
            hasher: RandomState::new(),
            joined: Vec::new(),
            joins: 0,
        })
    }

    /// The number of inner nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// `None` for the leaves.
    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get((id as usize).checked_sub(2)?)
    }

    fn add(&mut self, form: &'a Form) -> Result<NodeId, TooLarge> {
        match form {
            Form::Everything => Ok(TRUE),
            Form::Nothing => Ok(FALSE),
            Form::Literal(literal) => self.add_literal(literal),
            Form::And(operands) => self.add_all(operands, true),
            Form::Or(operands) => self.add_all(operands, false),
        }
    }

    fn add_all(&mut self, operands: &'a [Form], is_and: bool) -> Result<NodeId, TooLarge> {
        let mut whole = NodeId::from(is_and);
        for operand in operands {
            let operand = self.add(operand)?;
            whole = self.join(is_and, whole, operand)?;
        }
        Ok(whole)
    }

    fn add_literal(&mut self, literal: &'a Literal) -> Result<NodeId, TooLarge> {
        let Literal { condition, negated } = literal;
        let rank_of = |wanted: &dyn Fn(&Variable<'a>) -> bool| {
            let rank = self.variables.iter().position(wanted).unwrap_or_default();
            u32::try_from(rank).unwrap_or(u32::MAX)
        };
        let at_field = |it: &Variable<'a>| self.fields[it.field()].0 == &condition.field;
        let class = rank_of(&at_field);
        let asks = Opaque::new(&condition.test);
        let opaque = rank_of(&|it| {
            matches!(it, Variable::Opaque { asks: its, .. } if *its == asks) && at_field(it)
        });

        let open = Opaque::outcomes(&condition.test)
            .iter()
            .map(|holds| NodeId::from(holds != negated))
            .collect();
        let domain = &self.fields[self.variables[class as usize].field()].1;
        let test = domain.tests.iter().position(|it| *it == &condition.test);
        let truths: SmallVec<[Truth; 6]> = domain
            .classes
            .iter()
            .map(|class| test.map_or(Truth::False, |test| class.truths[test]))
            .collect();
        let free = if truths.contains(&Truth::Free) {
            self.insert(opaque, open)?
        } else {
            FALSE
        };
        let children = truths.iter().map(|truth| match truth {
            Truth::Free => free,
            truth => NodeId::from((*truth == Truth::True) != *negated),
        });
        self.insert(class, children.collect())
    }

    /// The node with this content; its child, if it has but one.
    fn insert(&mut self, variable: u32, children: Children) -> Result<NodeId, TooLarge> {
        if children.iter().all(|it| *it == children[0]) {
            return Ok(children[0]);
        }
        let node = Node { variable, children };
        let hash = self.hasher.hash_one(&node);
        let is_it = |id: &NodeId| self.nodes[*id as usize - 2] == node;
        if let Some(id) = self.table.find(hash, is_it) {
            return Ok(*id);
        }
        self.edges += node.children.len();
        if self.nodes.len() >= limits::DIAGRAM_NODES_MAX || self.edges > limits::DIAGRAM_EDGES_MAX {
            return Err(TooLarge);
        }
        let id = u32::try_from(self.nodes.len() + 2).map_err(|_| TooLarge)?;
        self.nodes.push(node);
        let hash_of = |id: &NodeId| self.hasher.hash_one(&self.nodes[*id as usize - 2]);
        self.table.insert_unique(hash, id, hash_of);
        Ok(id)
    }

    /// The conjunction or disjunction of two nodes.
    fn join(&mut self, is_and: bool, a: NodeId, b: NodeId) -> Result<NodeId, TooLarge> {
        let (neutral, dominant) = (NodeId::from(is_and), NodeId::from(!is_and));
        if a == b || b == neutral {
            return Ok(a);
        }
        if a == neutral || b == dominant {
            return Ok(b);
        }
        if a == dominant {
            return Ok(a);
        }
        let question = u64::from(is_and) << 63 | u64::from(a.min(b)) << 32 | u64::from(a.max(b));
        let place = self.place(question);
        if let Some((known, whole)) = self.joined.get(place).copied()
            && known == question
        {
            return Ok(whole);
        }
        self.joins += 1;
        if self.joins > limits::DIAGRAM_JOINS_MAX {
            return Err(TooLarge);
        }
        let (variable, pairs) = self.split(a, b);
        let mut children: Children = smallvec![];
        for (a, b) in pairs {
            children.push(self.join(is_and, a, b)?);
        }
        let whole = self.insert(variable, children)?;
        self.keep_joined(question, whole);
        Ok(whole)
    }

    fn place(&self, question: u64) -> usize {
        let mixed = question.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        mixed as usize & self.joined.len().saturating_sub(1)
    }

    /// Keeps a result. There are about as many places as nodes.
    fn keep_joined(&mut self, question: u64, whole: NodeId) {
        // No question is 0: leaves are never asked about.
        if self.joined.len() < self.nodes.len().next_power_of_two() {
            let places = (2 * self.nodes.len()).next_power_of_two().max(16);
            let before = std::mem::replace(&mut self.joined, vec![(0, FALSE); places]);
            for (question, whole) in before.into_iter().filter(|it| it.0 != 0) {
                let place = self.place(question);
                self.joined[place] = (question, whole);
            }
        }
        let place = self.place(question);
        self.joined[place] = (question, whole);
    }

    /// The first variable of two inner nodes, and both below each of its children.
    fn split(&self, a: NodeId, b: NodeId) -> (u32, SmallVec<[(NodeId, NodeId); 6]>) {
        let rank = |id| self.node(id).map_or(u32::MAX, |node| node.variable);
        let variable = rank(a).min(rank(b));
        let below = |id: NodeId, i: usize| match self.node(id) {
            Some(node) if node.variable == variable => node.children[i],
            _ => id,
        };
        let first = if rank(a) == variable { a } else { b };
        let count = self.node(first).map_or(0, |node| node.children.len());
        let pairs = (0..count).map(|i| (below(a, i), below(b, i))).collect();
        (variable, pairs)
    }
}

fn collect<'a>(form: &'a Form, conditions: &mut Vec<&'a Condition>) {
    match form {
        Form::Everything | Form::Nothing => {}
        Form::Literal(literal) => conditions.push(&literal.condition),
        Form::And(operands) | Form::Or(operands) => {
            operands.iter().for_each(|it| collect(it, conditions));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::Test;
    use crate::scalar::Scalar;

    /// The promise of `CONDITIONS_EXACT`: any tree over that many conditions has
    /// a diagram, the parity of all of them included.
    #[test]
    fn functions_of_few_conditions_always_fit() {
        let literal = |number: usize, negated| {
            Form::Literal(Literal {
                condition: Condition {
                    field: Field::new(format!("f{number}")),
                    test: Test::Equals(Scalar::Bool(true)),
                },
                negated,
            })
        };
        let [mut even, mut odd] = [Form::Everything, Form::Nothing];
        for number in 0..limits::CONDITIONS_EXACT {
            let with = |on: &Form, off: &Form| {
                Form::Or(vec![
                    Form::And(vec![literal(number, false), on.clone()]),
                    Form::And(vec![literal(number, true), off.clone()]),
                ])
            };
            (even, odd) = (with(&odd, &even), with(&even, &odd));
        }
        assert!(Diagram::of(&even).is_ok() && Diagram::of(&odd).is_ok());

        let mut state = 5u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        for round in 0..60 {
            let mut forms: Vec<Form> = (0..50 * (1 + round % 4))
                .map(|it| literal(it % limits::CONDITIONS_EXACT, random(2) == 0))
                .collect();
            while forms.len() > 1 {
                let one = forms.swap_remove(random(forms.len() as u64) as usize);
                let other = forms.swap_remove(random(forms.len() as u64) as usize);
                let pair = vec![one, other];
                forms.push(if random(2) == 0 {
                    Form::And(pair)
                } else {
                    Form::Or(pair)
                });
            }
            assert!(Diagram::of(&forms[0]).is_ok());
        }
    }
}
