//! mokaccino: queries built with its builder and identified by our numbers, as
//! its documentation advises; as it is, and after its `optimized()`.

use mokaccino::prelude::{CNFQueryable, Document as Fields_, PercolatorUid, Query};
use serde_json::Value;

use super::fields::{Fields, Scalar, text};
use super::{Document, Rival, Way};
use crate::filter::{self, Condition, Test};

pub struct Mokaccino {
    percolator: PercolatorUid<u32>,
    fields: Fields,
    is_optimized: bool,
}

impl Mokaccino {
    pub fn new(is_optimized: bool) -> Self {
        Self {
            percolator: PercolatorUid::default(),
            fields: Fields::default(),
            is_optimized,
        }
    }

    fn document(&self, way: Way, document: &Document) -> Fields_ {
        let mut built = Fields_::new();
        if way == Way::Lean {
            self.fields
                .read(&document.text, |field, scalar| match scalar {
                    Scalar::Text(text) => built.with_value_mut(field, &*text),
                    Scalar::Integer(number) => built.with_value_mut(field, number.to_string()),
                });
        } else {
            let parsed: Value = serde_json::from_str(&document.text).expect("it is JSON");
            for (field, value) in parsed.as_object().into_iter().flatten() {
                match value {
                    Value::String(text) => built.with_value_mut(field.as_str(), text.as_str()),
                    Value::Number(number) => {
                        built.with_value_mut(field.as_str(), number.to_string());
                    }
                    _ => {}
                }
            }
        }
        built
    }
}

impl Rival for Mokaccino {
    fn add(&mut self, number: u32, filter: &Value) -> Result<(), String> {
        let conditions = filter::parse(filter)?;
        self.fields.ask(&conditions);
        let queries = conditions
            .iter()
            .map(query)
            .collect::<Result<Vec<_>, _>>()?;
        let query = queries.into_iter().reduce(|all, it| all & it);
        let query = query.ok_or("an empty filter")?;
        let added = self.percolator.index_query_uid(query, number);
        added.map(|_| ()).map_err(|it| format!("{it:?}"))
    }

    fn finish(&mut self) {
        if self.is_optimized {
            self.percolator = self.percolator.optimized();
        }
    }

    fn test(&self, way: Way, document: &Document, found: &mut Vec<u32>) {
        found.extend(self.percolator.percolate(&self.document(way, document)));
    }

    fn count(&self, way: Way, document: &Document) -> u64 {
        let document = self.document(way, document);
        self.percolator.percolate(&document).count() as u64
    }
}

fn query(condition: &Condition) -> Result<Query, String> {
    let field = condition.field.as_str();
    let query = match &condition.test {
        Test::Equals(value) => field.has_value(text(value)),
        Test::In(values) => {
            let queries = values.iter().map(|it| field.has_value(text(it)));
            let query = queries.reduce(|any, it| any | it);
            query.ok_or("a list without values")?
        }
        Test::Range(Some(low), Some(high)) => field.i64_ge(*low) & field.i64_lt(*high),
        Test::Range(Some(low), None) => field.i64_ge(*low),
        Test::Range(None, Some(high)) => field.i64_lt(*high),
        Test::Prefix(head) => field.has_prefix(head.as_str()),
        _ => return Err("patterns".into()),
    };
    Ok(if condition.is_negated { !query } else { query })
}
