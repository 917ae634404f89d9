//! `select` and `match`, found by a value that must stand inside an array or an
//! object.
//!
//! Most of these conditions hold for one value only at some place inside: a way
//! leads there, through an element, a field or any of the elements. All ways of a
//! field are walked, and what stands at their ends is looked up. Conditions found
//! are verified, and so are those that name no value.
//!
//! Cost: the values at the ends of all ways, plus candidates.

use ahash::AHashMap;
use ahash::RandomState;

use super::condition::{Conditions, hash_scalar};
use super::datum::{self, Datum, hash_datum, pick};
use super::hits::keep;
use super::set::Set;
use super::slab::Slab;
use crate::document::find_in_element;
use crate::json::{Json, Kind};
use crate::normal::{Form, Partial, Selection, Test};
use crate::scalar::Scalar;

/// The `select` and `match` conditions of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Inner {
    ways: Slab<Way>,
    numbers: AHashMap<Box<[Step]>, u32>,
    /// By the hash of a way and the value at its end. Another value may have the
    /// same: what is found is verified.
    wanted: AHashMap<u64, Set>,
    /// Conditions that name no value.
    others: Set,
}

#[derive(Clone, Debug)]
struct Way {
    steps: Box<[Step]>,
    /// How many values conditions want at its end.
    wanted: u32,
}

/// From a value to one inside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// The element of an array at an index, negative ones from the end.
    Index(i64),
    /// A field of the element that was picked.
    Field(Box<str>),
    /// The member of an object.
    Key(Box<str>),
    /// All elements of an array.
    Any,
}

/// Ways, and values: one of the values stands at the end of its way.
type Cover = Vec<(Vec<Step>, Scalar)>;

/// More values than this, and a condition is among the others.
const COVER_MAX: usize = 64;

/// What must stand inside of a value that passes a test.
fn cover(test: &Test) -> Option<Cover> {
    let cover = match test {
        Test::Select(selection) => selection_cover(selection),
        Test::Like(partial) => partial_cover(partial),
        _ => None,
    };
    cover.filter(|it| it.len() <= COVER_MAX)
}

fn selection_cover(selection: &Selection) -> Option<Cover> {
    let cover = form_cover(&selection.query.form)?;
    Some(within(&Step::Index(selection.index), cover))
}

fn form_cover(form: &Form) -> Option<Cover> {
    match form {
        Form::Everything | Form::Nothing => None,
        Form::And(operands) => best(operands.iter().filter_map(form_cover)),
        Form::Or(operands) => {
            let covers: Option<Vec<Cover>> = operands.iter().map(form_cover).collect();
            covers.map(|it| it.concat())
        }
        Form::Literal(literal) if literal.negated => None,
        Form::Literal(literal) => {
            let here = |it: &Scalar| (Vec::new(), it.clone());
            let cover = match &literal.condition.test {
                Test::Equals(value) => vec![here(value)],
                Test::In(values) => values.iter().map(here).collect(),
                Test::Contains(value) => vec![(vec![Step::Any], value.clone())],
                test => cover(test)?,
            };
            let field = literal.condition.field.as_str();
            Some(within(&Step::Field(field.into()), cover))
        }
    }
}

fn partial_cover(partial: &Partial) -> Option<Cover> {
    match partial {
        Partial::Scalar(value) => Some(vec![(Vec::new(), value.clone())]),
        Partial::Array(patterns) => {
            let covers = patterns.iter().filter_map(partial_cover);
            best(covers).map(|it| within(&Step::Any, it))
        }
        Partial::Object(members) => best(members.iter().filter_map(|(key, partial)| {
            Some(within(&Step::Key(key.clone()), partial_cover(partial)?))
        })),
    }
}

fn within(step: &Step, mut cover: Cover) -> Cover {
    for (steps, _) in &mut cover {
        steps.insert(0, step.clone());
    }
    cover
}

/// The cover with the fewest and rarest values.
fn best(covers: impl Iterator<Item = Cover>) -> Option<Cover> {
    let rarity = |it: &Scalar| match it {
        Scalar::Null | Scalar::Bool(_) => 100,
        Scalar::Number(_) => 10,
        Scalar::String(text) => 10 - text.len().min(9),
    };
    covers.min_by_key(|it| it.iter().map(|it| rarity(&it.1)).sum::<usize>())
}

impl Inner {
    pub(super) fn insert(&mut self, hasher: &RandomState, test: &Test, condition: u32) {
        let Some(cover) = cover(test) else {
            self.others.insert(condition);
            return;
        };
        for (steps, value) in cover {
            let steps: Box<[Step]> = steps.into();
            let way = self.numbers.get(&steps).copied().unwrap_or_else(|| {
                let wanted = 0;
                let way = self.ways.insert(Way {
                    steps: steps.clone(),
                    wanted,
                });
                self.numbers.insert(steps, way);
                way
            });
            self.ways[way].wanted += 1;
            let wanted = self.wanted.entry(hash_scalar(hasher, way, &value));
            wanted.or_default().insert(condition);
        }
    }

    pub(super) fn remove(&mut self, hasher: &RandomState, test: &Test, condition: u32) {
        let Some(cover) = cover(test) else {
            self.others.remove(condition);
            return;
        };
        for (steps, value) in cover {
            let Some(way) = self.numbers.get(&*steps).copied() else {
                continue;
            };
            let hash = hash_scalar(hasher, way, &value);
            if let Some(wanted) = self.wanted.get_mut(&hash) {
                wanted.remove(condition);
                if wanted.is_empty() {
                    self.wanted.remove(&hash);
                }
            }
            self.ways[way].wanted -= 1;
            if self.ways[way].wanted == 0 {
                self.ways.remove(way);
                self.numbers.remove(&*steps);
            }
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.others.is_empty()
    }

    /// The conditions that a value satisfies.
    pub(super) fn find(
        &self,
        hasher: &RandomState,
        conditions: &Conditions,
        value: Json<'_>,
        found: &mut Vec<u32>,
    ) {
        let first = found.len();
        self.others.for_each(|it| found.push(it));
        for (number, way) in self.ways.iter() {
            reach(value, &way.steps, &mut |end| {
                let hash = hash_datum(hasher, number, end);
                if let Some(wanted) = self.wanted.get(&hash) {
                    wanted.for_each(|it| found.push(it));
                }
            });
        }
        keep(found, first, |condition| {
            datum::holds(&conditions[condition].test, Some(Datum::Tree(value)))
        });
    }
}

/// Walks along a way, to the scalars at its end.
fn reach<'v>(value: Json<'v>, steps: &[Step], visit: &mut impl FnMut(Datum<'v>)) {
    let Some((step, rest)) = steps.split_first() else {
        if !matches!(value.kind(), Kind::Array | Kind::Object) {
            visit(Datum::from_json(value));
        }
        return;
    };
    let next = match step {
        Step::Index(index) => pick(value.elements(), *index),
        Step::Field(path) => find_in_element(value, path),
        Step::Key(key) => value.member(key),
        Step::Any => {
            value.elements().for_each(|it| reach(it, rest, visit));
            None
        }
    };
    if let Some(next) = next {
        reach(next, rest, visit);
    }
}
