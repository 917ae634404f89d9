//! The disjunctive normal form: an `or` of subfilters, each an `and` of literals.
//!
//! It names filters that have no small diagram; nothing is ever found by it, so
//! that it may be given up when it explodes.
//!
//! Cost: at most `limits::SUBFILTERS_MAX` squared comparisons per operator.

use super::{Form, Literal};
use crate::limits;

/// Literals that must all hold; sorted, distinct.
pub(super) type Subfilter<'a> = Vec<&'a Literal>;

/// The sorted, absorbed disjunctive normal form, unless it is large.
pub(super) fn subfilters(form: &Form) -> Option<Vec<Subfilter<'_>>> {
    let mut all = match form {
        Form::Everything => vec![vec![]],
        Form::Nothing => vec![],
        Form::Literal(literal) => vec![vec![literal]],
        Form::Or(operands) => {
            let mut all = Vec::new();
            for operand in operands {
                all.extend(subfilters(operand)?);
                if all.len() > limits::SUBFILTERS_MAX {
                    return None;
                }
            }
            all
        }
        Form::And(operands) => {
            let mut all: Vec<Subfilter<'_>> = vec![vec![]];
            for operand in operands {
                all = product(&all, &subfilters(operand)?)?;
            }
            all
        }
    };
    absorb(&mut all);
    Some(all)
}

fn product<'a>(a: &[Subfilter<'a>], b: &[Subfilter<'a>]) -> Option<Vec<Subfilter<'a>>> {
    if a.len() * b.len() > limits::SUBFILTERS_MAX {
        return None;
    }
    let mut all = Vec::with_capacity(a.len() * b.len());
    for a in a {
        for b in b {
            let mut both: Subfilter<'a> = a.iter().chain(b).copied().collect();
            both.sort_unstable();
            both.dedup();
            let is_contradiction = both
                .windows(2)
                .any(|pair| pair[0].condition == pair[1].condition);
            if !is_contradiction {
                all.push(both);
            }
        }
    }
    absorb(&mut all);
    Some(all)
}

/// Drops subfilters that hold another one whole. The shorter come first.
fn absorb(all: &mut Vec<Subfilter<'_>>) {
    all.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    all.dedup();
    let mut kept: Vec<Subfilter<'_>> = Vec::with_capacity(all.len());
    for subfilter in all.drain(..) {
        let is_superfluous = kept.iter().any(|it| {
            it.iter()
                .all(|literal| subfilter.binary_search(literal).is_ok())
        });
        if !is_superfluous {
            kept.push(subfilter);
        }
    }
    *all = kept;
}
