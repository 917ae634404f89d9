//! Fields whose values are ranges themselves: those that hold a value, or that
//! stand in a relation to a range.
//!
//! The index has the least and the greatest value of each document; one with
//! several ranges is asked as if there was nothing between them.

use std::ops::Bound;

use tantivy::query::{BooleanQuery, Occur};

use super::exact::{json, network, no_value};
use super::fields::refused;
use super::range::{float, integers, tried};
use super::{Boxed, Compiler, Result, any_of, column, constant};
use crate::index::{Layout, Place, columns};
use crate::mapping::{Exact, Kind};
use crate::query::tree::{Range, Relation, Scalar, Test};

impl Compiler<'_> {
    pub(super) fn ranges(&self, place: &Place<'_>, kind: Kind, test: &Test) -> Result<Boxed> {
        match test {
            Test::Range(range) => self.related(place, kind, range),
            Test::Term { value, .. } => self.holding(place, kind, value),
            Test::Match(it) => self.holding(place, kind, &it.text),
            Test::Terms(values) => {
                let each = values.iter().map(|it| self.holding(place, kind, it));
                Ok(constant(any_of(each.collect::<Result<_>>()?, 1)))
            }
            _ => Err(refused(place, "it takes term, terms, match and range only")),
        }
    }

    /// Ranges with this value inside.
    fn holding(&self, place: &Place<'_>, kind: Kind, value: &Scalar) -> Result<Boxed> {
        let range = Range {
            lower: Bound::Included(value.clone()),
            upper: Bound::Included(value.clone()),
            format: None,
            time_zone: None,
            relation: Relation::Intersects,
        };
        self.related(place, kind, &range)
    }

    fn related(&self, place: &Place<'_>, kind: Kind, range: &Range) -> Result<Boxed> {
        let relation = range.relation;
        Ok(match kind {
            Kind::Date => {
                let bounds = self.dates(place, range)?;
                self.sides(place, relation, bounds, column::integers)
            }
            Kind::Float => {
                let bounds = (float(place, &range.lower)?, float(place, &range.upper)?);
                self.sides(place, relation, bounds, column::floats)
            }
            Kind::Ip => {
                let of = |value: &Scalar, is_last: bool| {
                    if let Some((first, last)) = network(&value.to_text()) {
                        return Ok(if is_last { last } else { first });
                    }
                    match place.leaf.range_value(&json(value)) {
                        Some(Exact::Text(code)) => Ok(code.into_owned()),
                        _ => Err(no_value(place, value)),
                    }
                };
                let lower = tried(&range.lower, |it| of(it, false))?;
                let upper = tried(&range.upper, |it| of(it, true))?;
                self.sides(place, relation, (lower, upper), column::texts)
            }
            _ => {
                let bounds = integers(place, range, (i64::MIN, i64::MAX))?;
                self.sides(place, relation, bounds, column::integers)
            }
        })
    }

    fn sides<T: Clone>(
        &self,
        place: &Place<'_>,
        relation: Relation,
        (lower, upper): (Bound<T>, Bound<T>),
        between: impl Fn(String, Bound<T>, Bound<T>) -> Boxed,
    ) -> Boxed {
        let [least, most] = columns::range(&place.path).map(|it| Layout::column(&it));
        let closed = |it: Bound<T>| match it {
            Bound::Excluded(it) => Bound::Included(it),
            bound => bound,
        };
        let none = || Bound::Unbounded;
        let sides = match relation {
            Relation::Within => [(least, lower, none()), (most, none(), upper)],
            Relation::Contains => [
                (least, none(), closed(lower)),
                (most, closed(upper), none()),
            ],
            _ => [(most, lower, none()), (least, none(), upper)],
        };
        let mut clauses = vec![(Occur::Must, self.named(&place.path))];
        for (column, from, to) in sides {
            if !matches!((&from, &to), (Bound::Unbounded, Bound::Unbounded)) {
                clauses.push((Occur::Must, between(column, from, to)));
            }
        }
        constant(Box::new(BooleanQuery::new(clauses)))
    }
}
