//! From the reduced form back to the language, to be shown.

use std::ops::Bound;

use serde_json::Map;

use super::{Condition, Form, Literal, Span, Test};
use crate::filter::{Filter, Node, Term};
use crate::interval::Interval;
use crate::scalar::Number;

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
            partial: Map::from_iter([(field.as_str().to_owned(), partial.to_json())]),
        },
    }
}

/// Ends at the greatest finite doubles are none. Others are shown as the shorter
/// number of two: the last one inside and the first one outside.
fn interval(span: Span) -> Interval {
    let end = |last: Number, outside: f64| match Number::new(outside) {
        Some(outside) if digits(outside) < digits(last) => Bound::Excluded(outside),
        _ => Bound::Included(last),
    };
    let lower = match span.low.get() {
        f64::MIN => Bound::Unbounded,
        low => end(span.low, low.next_down()),
    };
    let upper = match span.high.get() {
        f64::MAX => Bound::Unbounded,
        high => end(span.high, high.next_up()),
    };
    match (lower, upper) {
        // A range has an end.
        (Bound::Unbounded, Bound::Unbounded) => Interval {
            lower: Bound::Included(span.low),
            upper,
        },
        _ => Interval { lower, upper },
    }
}

/// How long a number is when it is written.
fn digits(number: Number) -> usize {
    number.to_json().to_string().len()
}
