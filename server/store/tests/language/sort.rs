//! The order of hits.

use std::cmp::Ordering;

use serde_json::Value;

use super::field::Held;
use super::model::Model;

impl Model {
    /// The ids of the hits, in the order of the sort.
    pub(crate) fn sorted(&self, query: &Value, sort: &Value) -> Vec<&str> {
        let mut hits = self.hits(query);
        hits.sort_by(|a, b| {
            let levels = sort.as_array().unwrap().iter();
            let orders = levels.map(|level| self.compare(level, *a, *b));
            orders.fold(Ordering::Equal, Ordering::then)
        });
        hits.into_iter().map(|it| it.0).collect()
    }

    fn compare(&self, level: &Value, a: (&str, &Value), b: (&str, &Value)) -> Ordering {
        let (path, options) = level.as_object().unwrap().iter().next().unwrap();
        let is_descending = options["order"] == "desc";
        let directed = |it: Ordering| if is_descending { it.reverse() } else { it };
        if path == "_id" {
            return directed(a.0.cmp(b.0));
        }
        let key = |document: &Value| self.key(path, options, is_descending, document);
        match (key(a.1), key(b.1)) {
            (Some(a), Some(b)) => directed(order(&a, &b)),
            (None, None) => Ordering::Equal,
            (None, Some(_)) if options["missing"] == "_first" => Ordering::Less,
            (Some(_), None) if options["missing"] == "_first" => Ordering::Greater,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        }
    }

    /// The value of several that stands for all.
    fn key(
        &self,
        path: &str,
        options: &Value,
        is_descending: bool,
        document: &Value,
    ) -> Option<Held> {
        let field = self.field(path).unwrap();
        let held = field.held(document);
        let least = held.iter().min_by(|a, b| order(a, b)).cloned();
        let most = held.iter().max_by(|a, b| order(a, b)).cloned();
        let mut numbers = field.numbers(document);
        let sum: f64 = numbers.iter().sum();
        let number = |it: f64| (!held.is_empty()).then_some(Held::Number(it));
        match options["mode"].as_str() {
            Some("min") => least,
            Some("max") => most,
            Some("sum") => number(sum),
            Some("avg") => {
                let average = sum / numbers.len() as f64;
                let is_whole = matches!(field.of.as_str(), "long" | "integer");
                number(if is_whole {
                    (average + 0.5).floor()
                } else {
                    average
                })
            }
            Some("median") => {
                numbers.sort_by(f64::total_cmp);
                let middle = numbers.len() / 2;
                let median = match numbers.len() {
                    0 => return None,
                    length if length % 2 == 1 => numbers[middle],
                    _ => (numbers[middle - 1] + numbers[middle]) / 2.0,
                };
                let is_whole = matches!(field.of.as_str(), "long" | "integer");
                number(if is_whole {
                    (median + 0.5).floor()
                } else {
                    median
                })
            }
            _ if is_descending => most,
            _ => least,
        }
    }
}

pub(crate) fn order(a: &Held, b: &Held) -> Ordering {
    match (a, b) {
        (Held::Text(a), Held::Text(b)) => a.cmp(b),
        (Held::Number(a), Held::Number(b)) => a.total_cmp(b),
        _ => Ordering::Equal,
    }
}
