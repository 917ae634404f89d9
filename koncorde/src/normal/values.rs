//! A set of values that a field may have, its absence included.
//!
//! Six kinds of values are in it or not, numbers are intervals of places on the
//! line of doubles, and of strings there are some, or all but some. So a set can
//! be complemented and intersected without looking at what conditions it came
//! from, and equal sets are written as equal bytes.
//!
//! Cost: linear in the numbers and strings that are named.

use smallvec::{SmallVec, smallvec};

use super::domain::Cell;
use super::span::{PLACES, place_of};
use super::{Partial, Test};
use crate::scalar::Scalar;

/// See the file's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values<'a> {
    /// A bit for each kind below.
    kinds: u8,
    /// Intervals of places, sorted, never side by side.
    numbers: SmallVec<[(u64, u64); 2]>,
    /// Sorted and distinct: the strings inside, or those outside if
    /// `OTHER_STRINGS` are inside.
    strings: SmallVec<[&'a str; 2]>,
}

const MISSING: u8 = 1;
const ARRAYS: u8 = 2;
const OBJECTS: u8 = 4;
const NULL: u8 = 8;
const FALSE: u8 = 16;
const TRUE: u8 = 32;
const OTHER_STRINGS: u8 = 64;
const KINDS: u8 = 127;

impl<'a> Values<'a> {
    fn new(kinds: u8) -> Self {
        Self {
            kinds,
            numbers: smallvec![],
            strings: smallvec![],
        }
    }

    fn all() -> Self {
        Self {
            numbers: smallvec![PLACES],
            ..Self::new(KINDS)
        }
    }

    /// What a test asks for, if it asks for a set of values and nothing else.
    pub(super) fn of(test: &'a Test) -> Option<Self> {
        let mut values = Self::new(0);
        match test {
            Test::Exists => {
                values = Self::all();
                values.kinds ^= MISSING;
            }
            Test::Equals(value) => values.push(value),
            Test::In(list) => list.iter().for_each(|it| values.push(it)),
            Test::Range(span) => values.push_number(place_of(span.low), place_of(span.high)),
            Test::Regexp(pattern) if pattern.is_any() => values.kinds = OTHER_STRINGS,
            Test::Like(partial) if partial.is_empty() => {
                values.kinds = match **partial {
                    Partial::Array(_) => ARRAYS,
                    _ => OBJECTS,
                };
            }
            _ => return None,
        }
        Some(values)
    }

    /// The values of some cells. If all other strings are among them, those that
    /// are `refused` are not.
    pub(super) fn of_cells(mut cells: Vec<Cell<'a>>, refused: Vec<&'a str>) -> Self {
        let place = |it: &Cell<'_>| match it {
            Cell::Numbers(low, _) => Some(*low),
            Cell::Value(Scalar::Number(it)) => Some(place_of(*it)),
            _ => None,
        };
        cells.sort_unstable_by_key(place);
        let mut values = Self::new(0);
        for cell in cells {
            match cell {
                Cell::Missing => values.kinds |= MISSING,
                Cell::Arrays => values.kinds |= ARRAYS,
                Cell::Objects => values.kinds |= OBJECTS,
                Cell::OtherStrings => values.kinds |= OTHER_STRINGS,
                Cell::Numbers(low, high) => values.push_number(low, high),
                Cell::Value(value) => values.push(value),
            }
        }
        if values.kinds & OTHER_STRINGS != 0 {
            values.strings = refused.into();
        }
        values.strings.sort_unstable();
        values
    }

    /// Adds a value; numbers must come in their order.
    fn push(&mut self, value: &'a Scalar) {
        match value {
            Scalar::Null => self.kinds |= NULL,
            Scalar::Bool(false) => self.kinds |= FALSE,
            Scalar::Bool(true) => self.kinds |= TRUE,
            Scalar::Number(it) => self.push_number(place_of(*it), place_of(*it)),
            Scalar::String(it) => self.strings.push(it),
        }
    }

    fn push_number(&mut self, low: u64, high: u64) {
        match self.numbers.last_mut() {
            Some((_, last)) if *last + 1 == low => *last = high,
            _ => self.numbers.push((low, high)),
        }
    }

    /// No value at all.
    pub(super) fn is_empty(&self) -> bool {
        self.kinds == 0 && self.numbers.is_empty() && self.strings.is_empty()
    }

    /// Any value, and none.
    pub(super) fn is_full(&self) -> bool {
        self.kinds == KINDS && self.numbers[..] == [PLACES] && self.strings.is_empty()
    }

    pub(super) fn complement(mut self) -> Self {
        self.kinds ^= KINDS;
        let mut numbers = smallvec![];
        let (mut next, last) = PLACES;
        for (low, high) in self.numbers {
            if next < low {
                numbers.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= last {
            numbers.push((next, last));
        }
        Self { numbers, ..self }
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut numbers = smallvec![];
        let (mut a, mut b) = (
            self.numbers.iter().peekable(),
            other.numbers.iter().peekable(),
        );
        while let (Some((low, high)), Some((other_low, other_high))) = (a.peek(), b.peek()) {
            let (first, last) = (*low.max(other_low), *high.min(other_high));
            if first <= last {
                numbers.push((first, last));
            }
            if high < other_high {
                a.next();
            } else {
                b.next();
            }
        }
        let is_in_all_but = |it: &Self| it.kinds & OTHER_STRINGS != 0;
        let strings = match (is_in_all_but(self), is_in_all_but(other)) {
            (true, true) => {
                let mut outside: SmallVec<_> = self.strings.clone();
                outside.extend(other.strings.iter().copied());
                outside.sort_unstable();
                outside.dedup();
                outside
            }
            (true, false) => other.without(&self.strings),
            (false, true) => self.without(&other.strings),
            (false, false) => {
                let strings = self.strings.iter().copied();
                let is_shared = |it: &&str| other.strings.binary_search(it).is_ok();
                strings.filter(is_shared).collect()
            }
        };
        Self {
            kinds: self.kinds & other.kinds,
            numbers,
            strings,
        }
    }

    fn without(&self, outside: &[&str]) -> SmallVec<[&'a str; 2]> {
        let strings = self.strings.iter().copied();
        strings
            .filter(|it| outside.binary_search(it).is_err())
            .collect()
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let neither = self.clone().complement();
        let neither = neither.intersection(&other.clone().complement());
        neither.complement()
    }

    /// Writes self-delimiting bytes, equal for equal sets.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.kinds);
        write_count(bytes, self.numbers.len() as u64);
        for (low, high) in &self.numbers {
            bytes.extend_from_slice(&low.to_le_bytes());
            write_count(bytes, high - low);
        }
        write_count(bytes, self.strings.len() as u64);
        for text in &self.strings {
            write_text(bytes, text);
        }
    }
}

/// Seven bits per byte, the lowest first; the eighth says that more follow.
pub(super) fn write_count(bytes: &mut Vec<u8>, mut count: u64) {
    while count > 0x7f {
        bytes.push(count as u8 | 0x80);
        count >>= 7;
    }
    bytes.push(count as u8);
}

pub(super) fn write_text(bytes: &mut Vec<u8>, text: &str) {
    write_count(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::Form;

    fn values(form: &Form) -> Values<'_> {
        match form {
            Form::Literal(it) => Values::of(&it.condition.test).expect("it is a set"),
            other => panic!("{other:?} is no condition"),
        }
    }

    /// Which of these are inside is told by the condition that asks for one only.
    const PROBES: [&str; 12] = [
        r#"{"equals":{"a":null}}"#,
        r#"{"equals":{"a":true}}"#,
        r#"{"equals":{"a":false}}"#,
        r#"{"equals":{"a":0}}"#,
        r#"{"equals":{"a":5e-324}}"#,
        r#"{"equals":{"a":1}}"#,
        r#"{"equals":{"a":1e300}}"#,
        r#"{"equals":{"a":""}}"#,
        r#"{"equals":{"a":"x"}}"#,
        r#"{"equals":{"a":"y"}}"#,
        r#"{"match":{"a":[]}}"#,
        r#"{"match":{"a":{}}}"#,
    ];

    const SETS: [&str; 9] = [
        r#"{"exists":"a"}"#,
        r#"{"in":{"a":["x",null,0,1,true]}}"#,
        r#"{"in":{"a":["x","y",5e-324]}}"#,
        r#"{"equals":{"a":"x"}}"#,
        r#"{"range":{"a":{"gt":0}}}"#,
        r#"{"range":{"a":{"gte":-1,"lte":1}}}"#,
        r#"{"regexp":{"a":""}}"#,
        r#"{"match":{"a":[]}}"#,
        r#"{"match":{"a":{}}}"#,
    ];

    fn has<'a>(set: &Values<'a>, probe: &Values<'a>) -> bool {
        let both = set.intersection(probe);
        assert!(both.is_empty() || both == *probe);
        !both.is_empty()
    }

    #[test]
    fn sets_obey_the_laws() {
        let parse = |text: &str| crate::normal::reduce::reduce(text.parse().expect("a filter"));
        let probes = PROBES.map(parse);
        let sets = SETS.map(parse);
        let sets = sets
            .iter()
            .map(values)
            .flat_map(|it| [it.clone(), it.complement()]);
        let sets: Vec<Values<'_>> = sets.collect();
        let probes: Vec<Values<'_>> = probes.iter().map(values).collect();
        for a in &sets {
            assert_eq!(a.clone().complement().complement(), *a);
            assert!(a.intersection(&a.clone().complement()).is_empty());
            assert!(a.union(&a.clone().complement()).is_full());
            for b in &sets {
                let (both, any) = (a.intersection(b), a.union(b));
                for probe in &probes {
                    let [a, b, both, any] = [a, b, &both, &any].map(|it| has(it, probe));
                    assert_eq!((both, any), (a && b, a || b), "{probe:?}");
                }
                assert_eq!(both == *a, any == *b, "{a:?} {b:?}");
            }
        }
    }
}
