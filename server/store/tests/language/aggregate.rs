//! Aggregations over the hits.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::field::{DAY, Field, Held, days};
use super::model::{Element, Model, elements};
use super::sort::order;

type Hits<'m> = Vec<Element<'m>>;

impl Model {
    pub(crate) fn aggregated(&self, query: &Value, aggregations: &Value) -> Value {
        let hits = self.hits(query).into_iter();
        let hits = hits.map(|(id, value)| Element { id, value }).collect();
        self.all_of(aggregations, &hits, "")
    }

    fn all_of(&self, aggregations: &Value, hits: &Hits<'_>, scope: &str) -> Value {
        let each = aggregations.as_object().unwrap().iter();
        let each = each.map(|(name, it)| (name.clone(), self.one_of(it, hits, scope)));
        Value::Object(each.collect())
    }

    fn one_of(&self, aggregation: &Value, hits: &Hits<'_>, scope: &str) -> Value {
        let members = aggregation.as_object().unwrap().iter();
        let (kind, body) = members.clone().find(|it| it.0 != "aggs").unwrap();
        let below = aggregation
            .get("aggs")
            .cloned()
            .unwrap_or_else(|| json!({}));
        let bucket = |hits: Hits<'_>, scope: &str| {
            let mut bucket = self.all_of(&below, &hits, scope);
            bucket["doc_count"] = hits.len().into();
            bucket
        };
        let holding = |test: &dyn Fn(&Element<'_>) -> bool| -> Hits<'_> {
            hits.iter().copied().filter(|it| test(it)).collect()
        };
        let matching = |query: &Value| holding(&|it| self.score(query, it, scope).is_some());
        match kind.as_str() {
            "filter" => return bucket(matching(body), scope),
            "filters" => {
                let filters = body["filters"].as_object().unwrap().iter();
                let buckets = filters.map(|(name, it)| (name.clone(), bucket(matching(it), scope)));
                return json!({ "buckets": buckets.collect::<Map<_, _>>() });
            }
            "global" => {
                let all = self.all().into_iter();
                let all = all.map(|(id, value)| Element { id, value });
                return bucket(all.collect(), "");
            }
            "nested" => {
                let path = body["path"].as_str().unwrap();
                let inner = hits.iter();
                let inner = inner.flat_map(|it| elements(it.id, it.value, scope, path));
                return bucket(inner.collect(), path);
            }
            _ => (),
        }
        let path = body["field"].as_str().unwrap();
        let field = self.field(path).unwrap();
        match kind.as_str() {
            "missing" => bucket(holding(&|it| field.held(it.value).is_empty()), scope),
            "terms" => {
                let at =
                    |key: &Held| bucket(holding(&|it| field.held(it.value).contains(key)), scope);
                terms(&field, body, hits, at)
            }
            "range" => {
                let ranges = body["ranges"].as_array().unwrap().iter();
                let buckets = ranges.map(|range| {
                    let from = range["from"].as_f64().unwrap_or(f64::NEG_INFINITY);
                    let to = range["to"].as_f64().unwrap_or(f64::INFINITY);
                    let is_in = |it: &f64| (from..to).contains(it);
                    let within = holding(&|it| field.numbers(it.value).iter().any(is_in));
                    bucket(within, scope)
                });
                json!({ "buckets": buckets.collect::<Vec<_>>() })
            }
            "histogram" | "date_histogram" => {
                let steps = Steps::of(body);
                let keys = |it: &Element<'_>| -> BTreeSet<i64> {
                    field
                        .numbers(it.value)
                        .iter()
                        .map(|it| steps.start(*it))
                        .collect()
                };
                let all: BTreeSet<i64> = hits.iter().flat_map(keys).collect();
                let filled = steps.filled(&all);
                let buckets = filled.iter().map(|key| {
                    let mut bucket = bucket(holding(&|it| keys(it).contains(key)), scope);
                    bucket["key"] = (*key).into();
                    bucket
                });
                json!({ "buckets": buckets.collect::<Vec<_>>() })
            }
            metric => metric_of(metric, &field, hits),
        }
    }
}

fn key_json(field: &Field, key: &Held) -> Value {
    match key {
        Held::Text(text) => text.clone().into(),
        Held::Number(number) if field.of == "double" || field.of == "float" => (*number).into(),
        Held::Number(number) => (*number as i64).into(),
        Held::Point(..) => Value::Null,
    }
}

/// The most frequent values first, equally frequent ones in their order.
fn terms(field: &Field, body: &Value, hits: &Hits<'_>, bucket: impl Fn(&Held) -> Value) -> Value {
    let mut keys: Vec<Held> = Vec::new();
    for hit in hits {
        for held in field.held(hit.value) {
            if !keys.contains(&held) {
                keys.push(held);
            }
        }
    }
    keys.sort_by(order);
    let mut buckets: Vec<Value> = keys
        .iter()
        .map(|key| {
            let mut bucket = bucket(key);
            bucket["key"] = key_json(field, key);
            bucket
        })
        .collect();
    let count = |it: &Value| it["doc_count"].as_u64().unwrap();
    if body["order"]["_key"] == "desc" {
        buckets.reverse();
    } else if body.get("order").is_none() {
        buckets.sort_by_key(|it| std::cmp::Reverse(count(it)));
    }
    let size = body["size"].as_u64().unwrap_or(10) as usize;
    let others = buckets.split_off(size.min(buckets.len()));
    json!({
        "buckets": buckets,
        "sum_other_doc_count": others.iter().map(count).sum::<u64>(),
    })
}

fn metric_of(metric: &str, field: &Field, hits: &Hits<'_>) -> Value {
    let held: Vec<Held> = hits
        .iter()
        .flat_map(|it| values_of(field, it.value))
        .collect();
    let numbers: Vec<f64> = hits.iter().flat_map(|it| field.numbers(it.value)).collect();
    let sum: f64 = numbers.iter().sum();
    let least = numbers.iter().copied().reduce(f64::min);
    let most = numbers.iter().copied().reduce(f64::max);
    let average = (!numbers.is_empty()).then(|| sum / numbers.len() as f64);
    match metric {
        "avg" => json!({ "value": average }),
        "sum" => json!({ "value": sum }),
        "min" => json!({ "value": least }),
        "max" => json!({ "value": most }),
        "value_count" => json!({ "value": held.len() }),
        "cardinality" => {
            let mut distinct: Vec<Held> = Vec::new();
            for value in held {
                if !distinct.contains(&value) {
                    distinct.push(value);
                }
            }
            json!({ "value": distinct.len() })
        }
        "stats" => json!({
            "count": numbers.len(), "min": least, "max": most, "avg": average, "sum": sum,
        }),
        metric => panic!("the model knows no {metric}"),
    }
}

/// Equal texts of one document count once.
fn values_of(field: &Field, element: &Value) -> Vec<Held> {
    let mut held = field.held(element);
    if field.is_keyword() {
        held.sort_by(order);
        held.dedup();
    }
    held
}

/// Where the buckets of a histogram begin.
enum Steps {
    Fixed(i64),
    Month,
}

impl Steps {
    fn of(body: &Value) -> Self {
        match (
            body["calendar_interval"].as_str(),
            body["fixed_interval"].as_str(),
        ) {
            (Some("month"), _) => Self::Month,
            (Some("day"), _) => Self::Fixed(DAY),
            (_, Some(days)) => {
                Self::Fixed(days.trim_end_matches('d').parse::<i64>().unwrap() * DAY)
            }
            _ => Self::Fixed(body["interval"].as_i64().unwrap()),
        }
    }

    fn start(&self, number: f64) -> i64 {
        match self {
            Self::Fixed(step) => (number / *step as f64).floor() as i64 * step,
            Self::Month => {
                let day = (number / DAY as f64).floor() as i64;
                let months = (0..).map(|it| days(1970, it + 1));
                months.take_while(|it| *it <= day).last().unwrap() * DAY
            }
        }
    }

    /// With those between that hold nothing.
    fn filled(&self, keys: &BTreeSet<i64>) -> Vec<i64> {
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
            return Vec::new();
        };
        let mut filled = vec![*first];
        while let Some(key) = filled.last().filter(|it| *it < last) {
            let next = match self {
                Self::Fixed(step) => key + step,
                Self::Month => self.start((key + 31 * DAY) as f64),
            };
            filled.push(next);
        }
        filled
    }
}
