//! The values of one field, cut into classes by its conditions.
//!
//! All that can stand in a field, and its absence, is one finite list of cells:
//! the values that conditions name, the gaps between numbers, all other strings,
//! arrays, objects. In each cell a condition is true, false, or free: decided by
//! something that no list can hold, such as whether a pattern is found. Cells
//! on which all conditions agree form a class.
//!
//! Cost: cells × conditions of the field.

use ahash::AHashMap;
use smallvec::{SmallVec, smallvec};

use super::span::{PLACES, place_of};
use super::{Partial, Test};
use crate::geo::find_point_in_text;
use crate::scalar::Scalar;

/// The classes that some conditions of one field make.
pub(super) struct Domain<'a> {
    pub(super) tests: Vec<&'a Test>,
    pub(super) classes: Vec<Class<'a>>,
}

/// A class of values: no condition of the field tells them apart.
pub(super) struct Class<'a> {
    /// One for each condition of the domain.
    pub(super) truths: Truths,
    pub(super) cells: SmallVec<[Cell<'a>; 4]>,
}

type Truths = SmallVec<[Truth; 16]>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Truth {
    False,
    True,
    Free,
}

/// Some values that are alike for the conditions of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Missing,
    /// null, a boolean, or a value that a condition names.
    Value(&'a Scalar),
    /// Numbers from one key to another, none of them named.
    Numbers(u64, u64),
    /// All strings that no condition names.
    OtherStrings,
    Arrays,
    Objects,
}

impl<'a> Domain<'a> {
    pub(super) fn new(tests: Vec<&'a Test>) -> Self {
        let mut classes: Vec<Class<'a>> = Vec::with_capacity(4);
        // Few classes are looked through, many are looked up.
        let mut by_truths: AHashMap<Truths, usize> = AHashMap::new();
        for cell in cells(&tests) {
            let truths: Truths = tests.iter().map(|test| truth(test, cell)).collect();
            let known = if classes.len() <= LOOKED_THROUGH {
                classes.iter().position(|it| it.truths == truths)
            } else {
                by_truths.get(&truths).copied()
            };
            match known {
                Some(class) => classes[class].cells.push(cell),
                None => {
                    let cells = smallvec![cell];
                    classes.push(Class { truths, cells });
                    if classes.len() > LOOKED_THROUGH {
                        let all = classes.iter().enumerate().skip(by_truths.len());
                        by_truths.extend(all.map(|(at, it)| (it.truths.clone(), at)));
                    }
                }
            }
        }
        Self { tests, classes }
    }

    /// How many cells there are at most.
    pub(super) fn cells_max(tests: &[&Test]) -> usize {
        let named: usize = tests.iter().map(|it| names(it).len()).sum();
        2 * (named + tests.len()) + 8
    }
}

const LOOKED_THROUGH: usize = 8;

/// All cells that some conditions cut the values of a field into.
fn cells<'a>(tests: &[&'a Test]) -> Vec<Cell<'a>> {
    const NULL: &Scalar = &Scalar::Null;
    const FALSE: &Scalar = &Scalar::Bool(false);
    const TRUE: &Scalar = &Scalar::Bool(true);
    let mut named: Vec<&Scalar> = tests.iter().flat_map(|test| names(test)).collect();
    named.extend([NULL, FALSE, TRUE]);
    named.sort_unstable();
    named.dedup();
    let gaps = gaps(tests, &named);
    let mut cells = Vec::with_capacity(4 + gaps.len() + named.len());
    cells.extend([
        Cell::Missing,
        Cell::OtherStrings,
        Cell::Arrays,
        Cell::Objects,
    ]);
    cells.extend(gaps);
    cells.extend(named.into_iter().map(Cell::Value));
    cells
}

/// The scalars that a condition names.
fn names(test: &Test) -> &[Scalar] {
    match test {
        Test::Equals(value) => std::slice::from_ref(value),
        Test::In(values) => values,
        _ => &[],
    }
}

/// The line of numbers, cut at the ends of ranges and at named numbers, without
/// the latter.
fn gaps<'a>(tests: &[&Test], named: &[&Scalar]) -> Vec<Cell<'a>> {
    let named: Vec<u64> = named
        .iter()
        .filter_map(|scalar| match scalar {
            Scalar::Number(number) => Some(place_of(*number)),
            _ => None,
        })
        .collect();
    let mut cuts = vec![PLACES.0, PLACES.1 + 1];
    cuts.extend(named.iter().flat_map(|at| [*at, at + 1]));
    for test in tests {
        if let Test::Range(span) = test {
            cuts.extend([place_of(span.low), place_of(span.high) + 1]);
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2)
        .filter(|cut| named.binary_search(&cut[0]).is_err())
        .map(|cut| Cell::Numbers(cut[0], cut[1] - 1))
        .collect()
}

fn truth(test: &Test, cell: Cell<'_>) -> Truth {
    use Truth::{False, Free, True};
    let when = |holds: bool| if holds { True } else { False };
    match (test, cell) {
        (Test::Exists, cell) => when(cell != Cell::Missing),
        (Test::Outside(_), Cell::Missing) => True,
        (_, Cell::Missing) => False,
        (Test::Equals(_) | Test::In(_), Cell::Value(value)) => {
            when(names(test).binary_search(value).is_ok())
        }
        (Test::Range(span), Cell::Value(Scalar::Number(it))) => when(span.contains(it.get())),
        (Test::Range(span), Cell::Numbers(low, _)) => {
            when(place_of(span.low) <= low && low <= place_of(span.high))
        }
        (Test::Regexp(pattern), Cell::Value(Scalar::String(it))) => when(pattern.is_match(it)),
        (Test::Inside(shape), Cell::Value(value)) => {
            when(point(value).is_some_and(|it| shape.contains(it)))
        }
        (Test::Outside(shape), Cell::Value(value)) => {
            when(point(value).is_some_and(|it| !shape.contains(it)))
        }
        (Test::Regexp(pattern), Cell::OtherStrings) if pattern.is_any() => True,
        (Test::Regexp(_), Cell::OtherStrings)
        | (Test::Contains(_) | Test::Select(_), Cell::Arrays)
        | (Test::Inside(_) | Test::Outside(_), Cell::OtherStrings | Cell::Arrays | Cell::Objects) => {
            Free
        }
        (Test::Like(partial), cell) => match (&**partial, cell) {
            (Partial::Array(_), Cell::Arrays) | (Partial::Object(_), Cell::Objects) => {
                if partial.is_empty() { True } else { Free }
            }
            _ => False,
        },
        _ => False,
    }
}

/// The point that a scalar stands for: some strings do.
fn point(value: &Scalar) -> Option<crate::geo::GeoPoint> {
    match value {
        Scalar::String(text) => find_point_in_text(text),
        _ => None,
    }
}

/// What stays open in a free cell is asked by a variable of its own: for shapes
/// one with three outcomes, for all others one with two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Opaque<'a> {
    Shape(&'a crate::geo::Shape),
    Other(&'a Test),
}

impl<'a> Opaque<'a> {
    pub(super) fn new(test: &'a Test) -> Self {
        match test {
            Test::Inside(shape) | Test::Outside(shape) => Self::Shape(shape),
            test => Self::Other(test),
        }
    }

    /// Whether `test`, which is asked by this variable, holds at each outcome.
    pub(super) fn outcomes(test: &Test) -> &'static [bool] {
        match test {
            Test::Inside(_) => &[true, false, false],
            Test::Outside(_) => &[false, true, false],
            _ => &[false, true],
        }
    }

    /// The outcome for a value for which these tests have these truths.
    pub(super) fn outcome(self, tests: impl Iterator<Item = (&'a Test, Truth)>) -> usize {
        let holding = tests.filter(|(_, truth)| *truth == Truth::True);
        let asked = holding.map(|it| it.0).find(|it| Self::new(it) == self);
        match (self, asked) {
            (Self::Shape(_), Some(Test::Inside(_))) => 0,
            (Self::Shape(_), Some(_)) => 1,
            (Self::Shape(_), None) => 2,
            (Self::Other(_), asked) => asked.is_some().into(),
        }
    }
}
