//! Through which conditions a filter is found.
//!
//! A filter needs not be looked at unless one of its *accesses* holds: for an
//! `and` those of its cheapest operand, for an `or` those of all. What is then
//! still to be verified is the residual. So the cost of a document is the number
//! of candidates, not of satisfied conditions.
//!
//! Cheap means rarely satisfied: estimated from the kind of the condition, and
//! from how many filters refer to it, since what many filters ask for is common
//! in documents too.

use crate::normal::{Form, Literal, Test};

/// How a form is found, and what is left to verify.
pub(super) struct Plan<'a> {
    pub(super) cost: f64,
    /// At least one holds whenever the form does.
    pub(super) accesses: Vec<&'a Literal>,
    /// What has to hold besides; nothing if it is empty.
    pub(super) residual: Vec<&'a Form>,
}

/// `None` for a form that can hold without any condition: everything.
pub(super) fn plan<'a>(form: &'a Form, cost: &dyn Fn(&Literal) -> f64) -> Option<Plan<'a>> {
    match form {
        Form::Everything => None,
        Form::Nothing => Some(Plan {
            cost: 0.0,
            accesses: Vec::new(),
            residual: Vec::new(),
        }),
        Form::Literal(literal) => Some(Plan {
            cost: cost(literal),
            accesses: vec![literal],
            residual: Vec::new(),
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
    }
    Some(whole)
}

/// How often a literal holds, on a scale of our own.
pub(super) fn estimate(literal: &Literal, references: u32) -> f64 {
    let rate = match &literal.condition.test {
        _ if literal.negated => 1e6,
        Test::Outside(_) => 1e6,
        Test::Equals(_) => 1.0,
        Test::In(values) => 1.0 + values.len() as f64 / 8.0,
        Test::Contains(_) => 2.0,
        Test::Like(_) => 8.0,
        Test::Inside(_) => 8.0,
        Test::Regexp(_) => 16.0,
        Test::Range(span) if span.is_bounded() => 16.0,
        Test::Select(_) => 32.0,
        Test::Range(_) => 64.0,
        Test::Exists => 1e3,
    };
    rate * f64::from(references + 2).log2()
}
