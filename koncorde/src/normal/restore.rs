//! From the reduced form back to the language, to be shown.

use std::ops::Bound;

use serde_json::{Map, Value};

use super::{Condition, Form, Literal, Partial, Span, Test};
use crate::filter::{Filter, Node, Term};
use crate::interval::Interval;

/// The filter that a form is.
pub(crate) fn restore(form: &Form) -> Filter {
    Filter(node(form))
}

fn node(form: &Form) -> Node {
    match form {
        Form::Everything => Node::Everything,
        Form::Nothing => Node::Nothing,
        Form::And(operands) => Node::And(operands.iter().map(node).collect()),
        Form::Or(operands) => Node::Or(operands.iter().map(node).collect()),
        Form::Literal(literal) => literal_node(literal),
    }
}

fn literal_node(literal: &Literal) -> Node {
    let term = Node::Term(term(&literal.condition));
    let is_outside = matches!(literal.condition.test, Test::Outside(_));
    if literal.negated != is_outside {
        Node::Not(Box::new(term))
    } else {
        term
    }
}

/// The question of a condition; for `Outside` its opposite.
fn term(condition: &Condition) -> Term {
    let field = condition.field.clone();
    match &condition.test {
        Test::Exists => Term::Exists { field },
        Test::Equals(value) => Term::Equals {
            field,
            value: value.clone(),
        },
        Test::In(values) => Term::In {
            field,
            values: values.to_vec(),
        },
        Test::Range(span) => Term::Range {
            field,
            interval: interval(*span),
        },
        Test::Regexp(pattern) => Term::Regexp {
            field,
            pattern: pattern.clone(),
        },
        Test::Contains(value) => Term::Contains {
            field,
            value: value.clone(),
        },
        Test::Inside(shape) | Test::Outside(shape) => Term::Geo {
            field,
            shape: shape.clone(),
        },
        Test::Select(selection) => Term::Select {
            field,
            index: selection.index,
            query: Box::new(node(&selection.query.form)),
        },
        Test::Like(partial) => Term::Match {
            partial: Map::from_iter([(field.as_str().to_owned(), value(partial))]),
        },
    }
}

/// Ends at the greatest finite doubles are none.
fn interval(span: Span) -> Interval {
    let end = |is_end: bool, at| {
        if is_end {
            Bound::Included(at)
        } else {
            Bound::Unbounded
        }
    };
    let lower = end(span.low.get() > f64::MIN, span.low);
    let upper = end(span.high.get() < f64::MAX, span.high);
    match (lower, upper) {
        // A range has an end.
        (Bound::Unbounded, Bound::Unbounded) => Interval {
            lower: Bound::Included(span.low),
            upper,
        },
        _ => Interval { lower, upper },
    }
}

fn value(partial: &Partial) -> Value {
    match partial {
        Partial::Scalar(scalar) => scalar.to_json(),
        Partial::Array(items) => items.iter().map(value).collect(),
        Partial::Object(members) => members
            .iter()
            .map(|(key, inner)| (key.to_string(), value(inner)))
            .collect(),
    }
}
