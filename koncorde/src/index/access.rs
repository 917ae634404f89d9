//! Through which conditions a filter is found.
//!
//! A filter needs not be looked at unless one of its *accesses* holds: for an
//! `and` those of its cheapest operand, for an `or` those of all. What is then
//! still to be verified is the residual. So the cost of a document is the number
//! of candidates, not of satisfied conditions.
//!
//! Cheap means rarely satisfied by documents: counted where it can be
//! (`traffic`), expected from the kind of the condition where not, and from how
//! many filters refer to it. Filters move when that changes (`rehome`).

use super::literal::{Need, need};
use crate::normal::{Form, Literal, Test};
use crate::pattern::Pattern;

/// How a form is found, and what is left to verify.
pub(super) struct Plan<'a> {
    pub(super) cost: f64,
    /// At least one holds whenever the form does.
    pub(super) accesses: Vec<&'a Literal>,
    /// What has to hold besides; nothing if it is empty.
    pub(super) residual: Vec<&'a Form>,
    /// When the residual holds, one of the accesses does.
    pub(super) is_implied: bool,
}

/// `None` for a form that can hold without any condition: everything.
pub(super) fn plan<'a>(form: &'a Form, cost: &dyn Fn(&Literal) -> f64) -> Option<Plan<'a>> {
    match form {
        Form::Everything => None,
        Form::Nothing => Some(Plan {
            cost: 0.0,
            accesses: Vec::new(),
            residual: Vec::new(),
            is_implied: false,
        }),
        Form::Literal(literal) => Some(Plan {
            cost: cost(literal),
            accesses: vec![literal],
            residual: Vec::new(),
            is_implied: false,
        }),
        Form::And(operands) => plan_and(operands, cost),
        Form::Or(operands) => plan_or(form, operands, cost),
    }
}

fn plan_and<'a>(operands: &'a [Form], cost: &dyn Fn(&Literal) -> f64) -> Option<Plan<'a>> {
    let plans = operands.iter().map(|it| plan(it, cost));
    let (best, mut plan) = plans
        .enumerate()
        .filter_map(|(place, plan)| Some((place, plan?)))
        .min_by(|a, b| a.1.cost.total_cmp(&b.1.cost))?;
    let others = operands.iter().enumerate();
    let others = others.filter(|(place, _)| *place != best);
    plan.residual.extend(others.map(|(_, it)| it));
    Some(plan)
}

fn plan_or<'a>(
    form: &'a Form,
    operands: &'a [Form],
    cost: &dyn Fn(&Literal) -> f64,
) -> Option<Plan<'a>> {
    let mut whole = Plan {
        cost: 0.0,
        accesses: Vec::new(),
        residual: Vec::new(),
        is_implied: false,
    };
    let mut is_decided = true;
    for operand in operands {
        let plan = plan(operand, cost)?;
        whole.cost += plan.cost;
        whole.accesses.extend(plan.accesses);
        is_decided &= plan.residual.is_empty();
    }
    if !is_decided {
        whole.residual.push(form);
        whole.is_implied = true;
    }
    Some(whole)
}

/// What it costs to find a filter through a literal: the share of documents that
/// satisfy it. `rate` corrects what is expected of such a condition by what was
/// seen.
pub(super) fn cost(test: &Test, is_negated: bool, rate: impl FnOnce(f64) -> f64) -> f64 {
    if is_negated || matches!(test, Test::Outside(_)) {
        return ABSENCE;
    }
    rate(expected(test))
}

/// The cost of being found by absence: nearly all documents are walked past.
const ABSENCE: f64 = 1e3;

/// The share of documents that satisfy a condition, as far as its kind tells.
pub(super) fn expected(test: &Test) -> f64 {
    match test {
        Test::Equals(_) => 0.001,
        Test::In(values) => 0.001 * (1.0 + values.len() as f64 / 8.0).min(500.0),
        Test::Contains(_) => 0.002,
        Test::Like(_) | Test::Inside(_) => 0.008,
        Test::Regexp(pattern) => expected_of_pattern(pattern),
        Test::Range(span) if span.is_bounded() => 0.016,
        Test::Select(_) => 0.032,
        Test::Range(_) => 0.064,
        Test::Exists | Test::Outside(_) => 1.0,
    }
}

/// A head tells nearly as much as a value does.
fn expected_of_pattern(pattern: &Pattern) -> f64 {
    match need(pattern.hir()) {
        Need::Head { literal, .. } if literal.len() >= 4 => 0.0011,
        Need::Head { .. } => 0.004,
        Need::Within(_) | Need::Folded(_) => 0.016,
        Need::Bytes(_) => 0.032,
    }
}
