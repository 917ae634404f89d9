//! Sorts and aggregations against a naive model: a list of JSON values, and the
//! meaning of each in the most obvious words. It shares no code with them.

use std::cmp::Ordering;

use super::*;

/// Prints its seed when a test fails.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }

    fn value(&mut self, field: &str) -> Value {
        match field {
            "word" => json!(self.one(&["a", "b", "c", "dd", "e", ""])),
            "whole" => json!(self.below(20) as i64 - 10),
            "part" => json!((self.below(200) as f64 - 100.0) / 4.0),
            "day" => json!(1_700_000_000_000_u64 + self.below(400) * 43_200_000),
            _ => json!(self.below(2) == 0),
        }
    }

    fn document(&mut self) -> Value {
        let mut document = Map::new();
        for field in FIELDS {
            let values: Vec<Value> = (0..self.below(4)).map(|_| self.value(field)).collect();
            match values.len() {
                0 => continue,
                1 => document.insert(field.into(), values[0].clone()),
                // Booleans have one value, for the sake of averages.
                _ if field == "flag" => document.insert(field.into(), values[0].clone()),
                _ => document.insert(field.into(), values.into()),
            };
        }
        document.into()
    }

    fn sort(&mut self) -> Value {
        let levels = (0..1 + self.below(2)).map(|_| {
            let field = self.one(&FIELDS);
            let mut options = json!({"order": self.one(&["asc", "desc"])});
            let modes: &[&str] = match field {
                "word" => &["min", "max"],
                _ => &["min", "max", "sum", "avg", "median"],
            };
            if self.below(2) == 0 {
                options["mode"] = json!(self.one(modes));
            }
            match self.below(3) {
                0 => options["missing"] = json!("_first"),
                1 => options["missing"] = self.value(field),
                _ => (),
            }
            json!({field: options})
        });
        levels.collect()
    }

    fn aggregations(&mut self, depth: u64) -> Value {
        let mut aggs = Map::new();
        for name in 0..1 + self.below(2) {
            aggs.insert(format!("x{name}"), self.aggregation(depth));
        }
        aggs.into()
    }

    fn aggregation(&mut self, depth: u64) -> Value {
        let number = self.one(&["whole", "part", "day", "flag"]);
        let any = self.one(&FIELDS);
        let metric = self.one(&["avg", "sum", "min", "max", "stats"]);
        let mut aggregation = match self.below(if depth == 0 { 3 } else { 8 }) {
            0 => {
                let mut body = json!({"field": number});
                if self.below(3) == 0 {
                    body["missing"] = self.value(number);
                }
                return json!({metric: body});
            }
            1 => return json!({"value_count": {"field": any}}),
            2 => return json!({"cardinality": {"field": any}}),
            3 => {
                let mut body = json!({"field": any, "size": 1 + self.below(6)});
                match self.below(4) {
                    0 => body["missing"] = self.value(any),
                    1 => body["order"] = json!({"_key": "desc"}),
                    2 => body["min_doc_count"] = json!(3),
                    _ => (),
                }
                json!({"terms": body})
            }
            4 => {
                let field = self.one(&["whole", "part"]);
                json!({"histogram": {"field": field, "interval": self.one(&[1.0, 2.5, 7.0]), "min_doc_count": self.below(2)}})
            }
            5 => {
                json!({"date_histogram": {"field": "day", "calendar_interval": "month", "min_doc_count": self.below(2)}})
            }
            6 => {
                json!({"range": {"field": "part", "ranges": [{"to": 0}, {"from": -5, "to": 10}, {"from": 10}]}})
            }
            _ => json!({"missing": {"field": any}}),
        };
        if self.below(3) > 0 {
            aggregation["aggs"] = self.aggregations(depth - 1);
        }
        aggregation
    }
}

const FIELDS: [&str; 5] = ["word", "whole", "part", "day", "flag"];

fn values(document: &Value, field: &str) -> Vec<Value> {
    match &document[field] {
        Value::Null => Vec::new(),
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        value => value.as_f64().unwrap(),
    }
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => number(a).total_cmp(&number(b)),
    }
}

/// The value that a document is sorted by.
fn sorted_by(document: &Value, field: &str, options: &Value) -> Option<Value> {
    let mut values = values(document, field);
    values.sort_by(compare);
    let descending = options["order"] == "desc";
    let (Some(first), Some(last)) = (values.first().cloned(), values.last().cloned()) else {
        let missing = &options["missing"];
        return (!missing.is_null() && missing != "_first").then(|| missing.clone());
    };
    let sum: f64 = match field {
        "word" => 0.0,
        _ => values.iter().map(number).sum(),
    };
    let whole = |it: f64| match field {
        "part" => json!(it),
        // Whole numbers stay whole; halves go up.
        _ => json!((it + 0.5).floor()),
    };
    let middle = values.len() / 2;
    Some(match options["mode"].as_str() {
        Some("min") => first,
        Some("max") => last,
        Some("sum") => json!(sum),
        Some("avg") => whole(sum / values.len() as f64),
        Some("median") if values.len() % 2 == 1 => values[middle].clone(),
        Some("median") => whole((number(&values[middle - 1]) + number(&values[middle])) / 2.0),
        _ if descending => last,
        _ => first,
    })
}

fn in_order(documents: &[Value], sort: &Value) -> Vec<usize> {
    let mut order: Vec<usize> = (0..documents.len()).collect();
    order.sort_by(|a, b| {
        for level in sort.as_array().unwrap() {
            let (field, options) = level.as_object().unwrap().iter().next().unwrap();
            let key = |it: &usize| sorted_by(&documents[*it], field, options);
            let first = options["missing"] == "_first";
            let order = match (key(a), key(b)) {
                (None, None) => Ordering::Equal,
                (None, _) if first => Ordering::Less,
                (None, _) => Ordering::Greater,
                (_, None) if first => Ordering::Greater,
                (_, None) => Ordering::Less,
                (Some(a), Some(b)) if options["order"] == "desc" => compare(&b, &a),
                (Some(a), Some(b)) => compare(&a, &b),
            };
            if order.is_ne() {
                return order;
            }
        }
        a.cmp(b)
    });
    order
}

/// The start of the month, in milliseconds.
fn month(millis: f64) -> f64 {
    let moment = jiff::Timestamp::from_millisecond(millis as i64).unwrap();
    let date = moment
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .first_of_month();
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    zoned.timestamp().as_millisecond() as f64
}

fn all(aggs: &Value, documents: &[&Value]) -> Value {
    let aggs = aggs.as_object().unwrap().iter();
    aggs.map(|(name, it)| (name.clone(), one(it, documents)))
        .collect::<Map<_, _>>()
        .into()
}

fn one(aggregation: &Value, documents: &[&Value]) -> Value {
    let object = aggregation.as_object().unwrap();
    let (kind, body) = object.iter().find(|it| it.0 != "aggs").unwrap();
    let below = object.get("aggs");
    let field = body["field"].as_str().unwrap();
    // With what stands for a missing value; texts and keys count once.
    let of = |document: &Value| {
        let mut values = values(document, field);
        if values.is_empty() && !body["missing"].is_null() {
            values.push(body["missing"].clone());
        }
        values
    };
    let distinct = |document: &Value| {
        let mut values = of(document);
        values.sort_by(compare);
        values.dedup_by(|a, b| compare(a, b).is_eq());
        values
    };
    let bucket = |mut json: Value, of: &[&Value]| {
        json["doc_count"] = of.len().into();
        if let Some(below) = below {
            let below = all(below, of);
            json.as_object_mut()
                .unwrap()
                .extend(below.as_object().unwrap().clone());
        }
        json
    };
    let having = |accepts: &dyn Fn(&Value) -> bool| -> Vec<&Value> {
        documents
            .iter()
            .copied()
            .filter(|it| distinct(it).iter().any(accepts))
            .collect()
    };
    match kind.as_str() {
        "value_count" => {
            let count = |it: &&Value| match field {
                "word" => distinct(it).len(),
                _ => of(it).len(),
            };
            json!({"value": documents.iter().map(count).sum::<usize>()})
        }
        "cardinality" => {
            let mut values: Vec<Value> = documents.iter().flat_map(|it| of(it)).collect();
            values.sort_by(compare);
            values.dedup_by(|a, b| compare(a, b).is_eq());
            json!({"value": values.len()})
        }
        "missing" => {
            let without = documents
                .iter()
                .copied()
                .filter(|it| values(it, field).is_empty());
            bucket(json!({}), &without.collect::<Vec<_>>())
        }
        "terms" => {
            let mut keys: Vec<Value> = documents.iter().flat_map(|it| distinct(it)).collect();
            keys.sort_by(compare);
            keys.dedup_by(|a, b| compare(a, b).is_eq());
            let least = body["min_doc_count"].as_u64().unwrap_or(1) as usize;
            let having = |key: &Value| having(&|it| compare(it, key).is_eq());
            keys.retain(|it| having(it).len() >= least);
            match body["order"]["_key"].as_str() {
                Some(_) => keys.reverse(),
                None => keys.sort_by_key(|it| std::cmp::Reverse(having(it).len())),
            }
            let shown = body["size"].as_u64().unwrap() as usize;
            let others: usize = keys.iter().skip(shown).map(|it| having(it).len()).sum();
            let buckets = keys.iter().take(shown).map(|key| {
                let shown = match field {
                    "flag" => json!(number(key)),
                    _ => key.clone(),
                };
                bucket(json!({"key": shown}), &having(key))
            });
            json!({"sum_other_doc_count": others, "buckets": buckets.collect::<Vec<_>>()})
        }
        "histogram" | "date_histogram" => {
            let interval = body["interval"].as_f64().unwrap_or(0.0);
            let start = |it: f64| match kind.as_str() {
                "histogram" => (it / interval).floor() * interval,
                _ => month(it),
            };
            let next = |it: f64| match kind.as_str() {
                "histogram" => it + interval,
                _ => month(it + 32.0 * 86_400_000.0),
            };
            let numbers = documents.iter().flat_map(|it| of(it));
            let numbers: Vec<f64> = numbers.map(|it| start(number(&it))).collect();
            let last = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut key = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let mut buckets = Vec::new();
            while key <= last {
                let inside = having(&|it| start(number(it)) == key);
                if !inside.is_empty() || body["min_doc_count"] == 0 {
                    buckets.push(bucket(json!({"key": key}), &inside));
                }
                key = next(key);
            }
            json!({"buckets": buckets})
        }
        "range" => {
            let ranges = body["ranges"].as_array().unwrap();
            let mut ranges: Vec<(f64, f64)> = ranges
                .iter()
                .map(|it| {
                    let (from, to) = (it["from"].as_f64(), it["to"].as_f64());
                    (
                        from.unwrap_or(f64::NEG_INFINITY),
                        to.unwrap_or(f64::INFINITY),
                    )
                })
                .collect();
            ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
            let buckets = ranges.iter().map(|(from, to)| {
                bucket(
                    json!({}),
                    &having(&|it| number(it) >= *from && number(it) < *to),
                )
            });
            json!({"buckets": buckets.collect::<Vec<_>>()})
        }
        metric => {
            let numbers = documents.iter().flat_map(|it| of(it));
            let numbers: Vec<f64> = numbers.map(|it| number(&it)).collect();
            let some = |it: f64| {
                if numbers.is_empty() {
                    Value::Null
                } else {
                    json!(it)
                }
            };
            let sum: f64 = numbers.iter().sum();
            let min = some(numbers.iter().copied().fold(f64::INFINITY, f64::min));
            let max = some(numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            let avg = some(sum / numbers.len() as f64);
            match metric {
                "avg" => json!({"value": avg}),
                "sum" => json!({"value": sum}),
                "min" => json!({"value": min}),
                "max" => json!({"value": max}),
                _ => {
                    json!({"count": numbers.len(), "min": min, "max": max, "avg": avg, "sum": sum})
                }
            }
        }
    }
}

/// Whether an answer says what the model says; it may say more.
fn says(answer: &Value, model: &Value) -> bool {
    match (answer, model) {
        (Value::Object(answer), Value::Object(model)) => model
            .iter()
            .all(|(key, it)| answer.get(key).is_some_and(|answer| says(answer, it))),
        (Value::Array(answer), Value::Array(model)) => {
            answer.len() == model.len() && answer.iter().zip(model).all(|(a, b)| says(a, b))
        }
        (Value::Number(answer), Value::Number(model)) => {
            let (a, b) = (answer.as_f64().unwrap(), model.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
        }
        (answer, model) => answer == model,
    }
}

#[test]
fn as_the_model_says() {
    let seed = jiff::Timestamp::now().as_nanosecond() as u64 | 1;
    println!("seed {seed}");
    let mut random = Random(seed);
    let properties = json!({"word": {"type": "keyword"}, "whole": {"type": "long"},
        "part": {"type": "double"}, "day": {"type": "date"}, "flag": {"type": "boolean"}});
    for round in 0..12 {
        let documents: Vec<Value> = (0..random.below(300)).map(|_| random.document()).collect();
        let readers = [collection(properties.clone(), &documents)];
        for _ in 0..20 {
            let sort = random.sort();
            let found = run(
                &readers,
                &json!({"sort": sort, "size": 500, "_source": false}),
            )
            .unwrap();
            let expected = in_order(&documents, &sort)
                .into_iter()
                .map(|it| (it + 1).to_string());
            let expected = expected.collect::<Vec<_>>().join(" ");
            assert_eq!(ids(&found), expected, "seed {seed}, round {round}: {sort}");
        }
        let documents: Vec<&Value> = documents.iter().collect();
        for _ in 0..40 {
            let aggs = random.aggregations(2);
            let (found, expected) = (aggregate(&readers, &aggs), all(&aggs, &documents));
            assert!(
                says(&found, &expected),
                "seed {seed}, round {round}: {aggs}\n{found}\n{expected}"
            );
        }
    }
}
