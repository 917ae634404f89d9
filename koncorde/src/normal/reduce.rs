//! From the language to literals: negation goes to the leaves, operands are
//! flattened, sorted, merged and absorbed.
//!
//! Cost: a sort per operator; absorption compares each pair of operands, up to
//! `ABSORBED_MAX` of them.

use super::{Condition, Form, Literal, Normal, Partial, Selection, Span, Test};
use crate::field::Field;
use crate::filter::{Filter, Node, Term};
use crate::limits;
use crate::pattern::Pattern;
use crate::scalar::Scalar;

pub(super) fn reduce(filter: Filter) -> Form {
    reduce_node(filter.0, false)
}

/// The number of conditions of a filter as it is written, or of the query of one
/// of its selections, whichever is greater.
pub(crate) fn conditions_max(filter: &Filter) -> usize {
    let mut inner = 0;
    let outer = count(&filter.0, &mut inner);
    outer.max(inner)
}

fn count(node: &Node, inner_max: &mut usize) -> usize {
    match node {
        Node::Everything | Node::Nothing => 0,
        Node::Not(node) => count(node, inner_max),
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().map(|it| count(it, inner_max)).sum(),
        Node::Term(term) => {
            if let Term::Select { query, .. } = term {
                let inner = count(query, inner_max);
                *inner_max = inner.max(*inner_max);
            }
            1
        }
    }
}

fn reduce_node(node: Node, negated: bool) -> Form {
    match node {
        Node::Everything => constant(!negated),
        Node::Nothing => constant(negated),
        Node::Not(inner) => reduce_node(*inner, !negated),
        Node::And(nodes) => join(Operator::and(!negated), reduce_all(nodes, negated)),
        Node::Or(nodes) => join(Operator::and(negated), reduce_all(nodes, negated)),
        Node::Term(term) => reduce_term(term, negated),
    }
}

fn reduce_all(nodes: Vec<Node>, negated: bool) -> Vec<Form> {
    nodes
        .into_iter()
        .map(|node| reduce_node(node, negated))
        .collect()
}

fn constant(holds: bool) -> Form {
    if holds {
        Form::Everything
    } else {
        Form::Nothing
    }
}

fn literal(field: Field, test: Test, negated: bool) -> Form {
    Form::Literal(Literal {
        condition: Condition { field, test },
        negated,
    })
}

fn reduce_term(term: Term, negated: bool) -> Form {
    match term {
        Term::Equals { field, value } => literal(field, Test::Equals(value), negated),
        Term::In { field, values } => match one_of(values) {
            Some(test) => literal(field, test, negated),
            None => constant(negated),
        },
        Term::Exists { field } => literal(field, Test::Exists, negated),
        Term::Contains { field, value } => literal(field, Test::Contains(value), negated),
        Term::Range { field, interval } => match Span::new(interval) {
            Some(span) => literal(field, within(span), negated),
            None => constant(negated),
        },
        Term::Regexp { field, pattern } => match found_in(pattern) {
            Some(test) => literal(field, test, negated),
            None => constant(negated),
        },
        Term::Geo { field, shape } if negated => literal(field, Test::Outside(shape), false),
        Term::Geo { field, shape } => literal(field, Test::Inside(shape), false),
        Term::Select {
            field,
            index,
            query,
        } => reduce_select(field, index, *query, negated),
        Term::Match { partial } => reduce_match(partial, negated),
    }
}

fn reduce_select(field: Field, index: i64, query: Node, negated: bool) -> Form {
    let mut query = Normal::new(Filter(query));
    // It stays as long as the condition does.
    query.key.shrink_to_fit();
    if query.form == Form::Nothing {
        return constant(negated);
    }
    let test = Test::Select(Box::new(Selection { index, query }));
    literal(field, test, negated)
}

/// Each key of the pattern is a question of its own about the field of that name.
fn reduce_match(partial: serde_json::Map<String, serde_json::Value>, negated: bool) -> Form {
    let literals = partial.into_iter().map(|(key, value)| {
        let test = match Scalar::new(&value) {
            Some(scalar) => Test::Equals(scalar),
            None => Test::Like(Box::new(Partial::new(&value))),
        };
        literal(Field::new(key), test, negated)
    });
    join(Operator::and(!negated), literals.collect())
}

/// The condition that a value is one of these; `None` when there are none.
fn one_of(mut values: Vec<Scalar>) -> Option<Test> {
    values.sort_unstable();
    values.dedup();
    if values.len() <= 1 {
        return values.pop().map(Test::Equals);
    }
    Some(Test::In(values.into()))
}

/// The condition that a pattern is found; `None` if it never is. Found in a few
/// texts only, it asks for one of them.
fn found_in(pattern: Pattern) -> Option<Test> {
    match pattern.texts() {
        Some(texts) => {
            let texts = texts.into_iter().map(|it| Scalar::String(it.into()));
            one_of(texts.collect())
        }
        None => Some(Test::Regexp(pattern)),
    }
}

fn within(span: Span) -> Test {
    if span.low == span.high {
        Test::Equals(Scalar::Number(span.low))
    } else {
        Test::Range(span)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    And,
    Or,
}

impl Operator {
    fn and(is_and: bool) -> Self {
        if is_and { Self::And } else { Self::Or }
    }

    /// What an operand must be to decide the whole.
    fn dominant(self) -> Form {
        constant(self == Self::Or)
    }

    /// What an operand must be to say nothing.
    fn neutral(self) -> Form {
        constant(self == Self::And)
    }

    fn form(self, operands: Vec<Form>) -> Form {
        match self {
            Self::And => Form::And(operands),
            Self::Or => Form::Or(operands),
        }
    }

    /// The operands, if `form` is of this operator.
    fn operands(self, form: Form) -> Result<Vec<Form>, Form> {
        match (self, form) {
            (Self::And, Form::And(operands)) | (Self::Or, Form::Or(operands)) => Ok(operands),
            (_, form) => Err(form),
        }
    }
}

/// Both operators obey the same laws, read upside down.
fn join(operator: Operator, operands: Vec<Form>) -> Form {
    let mut flat = match flatten(operator, operands) {
        Ok(flat) => flat,
        Err(dominant) => return dominant,
    };
    flat.sort_unstable();
    flat.dedup();
    if flat.windows(2).any(share_field) {
        flat = match merge(operator, flat) {
            Some(merged) => merged,
            None => return operator.dominant(),
        };
        if has_complements(&flat) || !settle_presence(operator, &mut flat) {
            return operator.dominant();
        }
    }
    absorb(operator, &mut flat);
    match flat.len() {
        0 => operator.neutral(),
        1 => flat.remove(0),
        _ => operator.form(flat),
    }
}

/// The operands, and those of operands with the same operator, without neutral
/// ones; or the dominant one, if there is one.
fn flatten(operator: Operator, operands: Vec<Form>) -> Result<Vec<Form>, Form> {
    if operands.iter().all(|it| matches!(it, Form::Literal(_))) {
        return Ok(operands);
    }
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match operator.operands(operand) {
            Ok(inner) => flat.extend(inner),
            Err(form) if form == operator.neutral() => {}
            Err(form) if form == operator.dominant() => return Err(form),
            Err(form) => flat.push(form),
        }
    }
    Ok(flat)
}

fn share_field(pair: &[Form]) -> bool {
    match pair {
        [Form::Literal(a), Form::Literal(b)] => a.condition.field == b.condition.field,
        _ => false,
    }
}

/// Merges neighbouring literals on one field into one condition where there is
/// one; `None` when they exclude each other (for `or`: leave nothing out).
fn merge(operator: Operator, forms: Vec<Form>) -> Option<Vec<Form>> {
    let mut merged: Vec<Form> = Vec::with_capacity(forms.len());
    for form in forms {
        let (Some(Form::Literal(last)), Form::Literal(this)) = (merged.last(), &form) else {
            merged.push(form);
            continue;
        };
        let is_union = (operator == Operator::Or) != this.negated;
        match merge_two(last, this, is_union) {
            Merged::Apart => merged.push(form),
            Merged::Empty => return None,
            Merged::Into(test) => {
                merged.pop();
                let Form::Literal(this) = form else { continue };
                merged.push(literal(this.condition.field, test, this.negated));
            }
        }
    }
    merged.sort_unstable();
    merged.dedup();
    Some(merged)
}

enum Merged {
    Apart,
    Empty,
    Into(Test),
}

fn merge_two(a: &Literal, b: &Literal, is_union: bool) -> Merged {
    if a.negated != b.negated || a.condition.field != b.condition.field {
        return Merged::Apart;
    }
    if let (Test::Range(a), Test::Range(b), false) =
        (&a.condition.test, &b.condition.test, is_union)
    {
        return a
            .intersection(*b)
            .map_or(Merged::Empty, |span| Merged::Into(within(span)));
    }
    let (Some(a), Some(b)) = (values(&a.condition.test), values(&b.condition.test)) else {
        return Merged::Apart;
    };
    let both = if is_union {
        a.iter().chain(b).cloned().collect()
    } else {
        let is_shared = |it: &&Scalar| b.binary_search(it).is_ok();
        a.iter().filter(is_shared).cloned().collect()
    };
    one_of(both).map_or(Merged::Empty, Merged::Into)
}

/// The sorted values that `equals` and `in` accept.
fn values(test: &Test) -> Option<&[Scalar]> {
    match test {
        Test::Equals(value) => Some(std::slice::from_ref(value)),
        Test::In(values) => Some(values),
        _ => None,
    }
}

/// Whether a condition stands beside its complement. They are neighbours, since
/// literals are sorted by condition.
fn has_complements(forms: &[Form]) -> bool {
    forms.windows(2).any(|pair| match pair {
        [Form::Literal(a), Form::Literal(b)] => a.condition == b.condition,
        _ => false,
    })
}

/// What a field's values have to do with its presence, where `exists` or its
/// complement stands beside them: drops what follows from the others. `false` if
/// the whole is decided by it.
fn settle_presence(operator: Operator, forms: &mut Vec<Form>) -> bool {
    /// Whether a literal holds for present fields only; if not, it holds for a
    /// missing one.
    fn needs_field(literal: &Literal) -> bool {
        !literal.negated && !matches!(literal.condition.test, Test::Outside(_))
    }
    let is_and = operator == Operator::And;
    let (mut at, mut is_open) = (0, true);
    while let Some(Form::Literal(first)) = forms.get(at) {
        let field = first.condition.field.clone();
        let is_beside = |it: &Form| match it {
            Form::Literal(it) => it.condition.field == field,
            _ => false,
        };
        let count = forms[at..].iter().take_while(|it| is_beside(it)).count();
        // `Exists` is the first of all tests.
        if first.condition.test == Test::Exists && count > 1 {
            let is_alike = |it: &Form| match it {
                // `a and exists` is `a`, `missing or not a` is `not a`.
                Form::Literal(it) => needs_field(it) != first.negated,
                _ => false,
            };
            let others = &forms[at + 1..at + count];
            // Dually: `a or exists` is `exists`, `missing and not a` is `missing`.
            let is_first_weaker = first.negated != is_and;
            if is_first_weaker && others.iter().any(is_alike) {
                forms.remove(at);
                at += count - 1;
                continue;
            } else if !is_first_weaker {
                is_open &= others.iter().all(is_alike);
                forms.drain(at + 1..at + count);
                at += 1;
                continue;
            }
        }
        at += count;
    }
    is_open
}

/// Drops each operand that another one makes superfluous: `a` makes `a or b`
/// superfluous in a conjunction, `a and b` in a disjunction.
fn absorb(operator: Operator, forms: &mut Vec<Form>) {
    if forms.len() > limits::ABSORBED_MAX || forms.iter().all(|it| matches!(it, Form::Literal(_))) {
        return;
    }
    let parts = |form: &Form| -> Vec<Form> {
        match (operator, form) {
            (Operator::And, Form::Or(parts)) | (Operator::Or, Form::And(parts)) => parts.clone(),
            _ => vec![form.clone()],
        }
    };
    let sets: Vec<Vec<Form>> = forms.iter().map(parts).collect();
    let mut is_kept = sets.iter().enumerate().map(|(i, set)| {
        !sets
            .iter()
            .enumerate()
            .any(|(j, other)| i != j && is_subset(other, set))
    });
    forms.retain(|_| is_kept.next().unwrap_or(true));
}

/// Whether all of `small` is in `large`; both are sorted.
fn is_subset(small: &[Form], large: &[Form]) -> bool {
    let mut large = large.iter();
    small.len() < large.len() && small.iter().all(|it| large.any(|other| other == it))
}
