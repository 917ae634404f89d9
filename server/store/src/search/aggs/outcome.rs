//! What an aggregation comes to, before it is JSON: pipelines and orders look
//! into it by paths such as `prices>average` or `statistics.max`.

use serde_json::{Map, Value, json};

use crate::search::format::{ValueFormat, json_number};

/// The outcomes that stand beside each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcomes(Vec<Named>);

#[derive(Clone, Debug)]
struct Named {
    name: String,
    outcome: Outcome,
    meta: Option<Value>,
}

#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Buckets(BucketList),
    Single(Single),
    Metric(Metric),
}

#[derive(Clone, Debug, Default)]
pub(super) struct BucketList {
    /// What stands beside `buckets`.
    pub(super) head: Map<String, Value>,
    pub(super) list: Vec<OneBucket>,
    /// An object by name instead of a list.
    pub(super) is_keyed: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct OneBucket {
    /// How the bucket is called where buckets have names.
    pub(super) name: String,
    /// `key`, `from`, `to`… in their order.
    pub(super) json: Map<String, Value>,
    pub(super) count: u64,
    /// After `doc_count`.
    pub(super) tail: Map<String, Value>,
    pub(super) below: Outcomes,
}

/// One bucket that needs no key.
#[derive(Clone, Debug, Default)]
pub(super) struct Single {
    pub(super) count: u64,
    pub(super) below: Outcomes,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Metric {
    pub(super) json: Map<String, Value>,
    /// What paths may name.
    pub(super) numbers: Vec<(String, f64)>,
}

impl Metric {
    /// `{value, value_as_string?}`; what is no number is `null`.
    pub(super) fn value(number: f64, format: &ValueFormat) -> Self {
        let mut metric = Self::default();
        metric.number("value", number);
        metric.text("value", number, format);
        metric
    }

    pub(super) fn number(&mut self, name: &str, number: f64) {
        self.json.insert(name.into(), json_number(number));
        self.numbers.push((name.into(), number));
    }

    /// The number again, as the format writes it.
    pub(super) fn text(&mut self, name: &str, number: f64, format: &ValueFormat) {
        if number.is_finite()
            && let Some(text) = format.text(number)
        {
            self.json.insert(format!("{name}_as_string"), text.into());
        }
    }

    fn get(&self, name: &str) -> Option<f64> {
        let mut numbers = self.numbers.iter();
        numbers
            .find(|(it, _)| it == name)
            .map(|(_, number)| *number)
    }
}

impl Outcomes {
    pub(super) fn push(&mut self, name: &str, outcome: Outcome, meta: Option<&Value>) {
        self.0.push(Named {
            name: name.to_owned(),
            outcome,
            meta: meta.cloned(),
        });
    }

    pub(super) fn get(&self, name: &str) -> Option<&Outcome> {
        let mut all = self.0.iter();
        all.find(|it| it.name == name).map(|it| &it.outcome)
    }

    pub(super) fn to_json(&self) -> Value {
        let mut object = Map::new();
        self.write(&mut object);
        object.into()
    }

    fn write(&self, object: &mut Map<String, Value>) {
        for Named {
            name,
            outcome,
            meta,
        } in &self.0
        {
            let mut json = outcome.to_json();
            if let (Some(meta), Some(json)) = (meta, json.as_object_mut()) {
                json.insert("meta".into(), meta.clone());
            }
            object.insert(name.clone(), json);
        }
    }

    /// The number at a path that leads through single buckets to a metric;
    /// `None`: there is no such thing.
    pub(super) fn number(&self, path: &[&str]) -> Option<f64> {
        let [first, rest @ ..] = path else {
            return None;
        };
        let (name, key) = match first.split_once('[') {
            Some((name, key)) => (name, Some(key.trim_end_matches(']').trim_matches('\''))),
            None => (*first, None),
        };
        if let (Some(Outcome::Buckets(buckets)), Some(key)) = (self.get(name), key) {
            let mut list = buckets.list.iter();
            let bucket = list.find(|it| it.is_called(key))?;
            return bucket.number(rest);
        }
        let (name, property) = match (self.get(first), first.split_once('.')) {
            (None, Some((name, property))) => (name, Some(property)),
            _ => (*first, None),
        };
        match self.get(name)? {
            Outcome::Metric(metric) => metric.get(property.unwrap_or(match rest {
                [] => "value",
                [property] => property,
                _ => return None,
            })),
            Outcome::Single(single) => match (property, rest) {
                (Some("_count" | "doc_count"), []) | (None, [] | ["_count"]) => {
                    Some(single.count as f64)
                }
                (None, rest) => single.below.number(rest),
                _ => None,
            },
            Outcome::Buckets(buckets) => match (property, rest) {
                (Some("_bucket_count"), []) | (None, ["_bucket_count"]) => {
                    Some(buckets.list.len() as f64)
                }
                _ => None,
            },
        }
    }
}

impl OneBucket {
    pub(super) fn is_called(&self, key: &str) -> bool {
        let has_key = self.json.get("key").is_some_and(|it| match it {
            Value::String(text) => text == key,
            Value::Number(number) => number.to_string() == key,
            _ => false,
        });
        let has_text = self.json.get("key_as_string").is_some_and(|it| it == key);
        has_key || has_text || (!self.name.is_empty() && self.name == key)
    }

    /// The number at a path from the bucket on.
    pub(super) fn number(&self, path: &[&str]) -> Option<f64> {
        match path {
            [] | ["_count"] => Some(self.count as f64),
            ["_key"] => self.json.get("key").and_then(Value::as_f64),
            path => self.below.number(path),
        }
    }

    fn to_json(&self) -> Value {
        let mut object = self.json.clone();
        object.insert("doc_count".into(), self.count.into());
        object.extend(self.tail.clone());
        self.below.write(&mut object);
        object.into()
    }
}

impl Outcome {
    fn to_json(&self) -> Value {
        match self {
            Self::Metric(metric) => metric.json.clone().into(),
            Self::Single(single) => {
                let mut object = Map::new();
                object.insert("doc_count".into(), single.count.into());
                single.below.write(&mut object);
                object.into()
            }
            Self::Buckets(buckets) => {
                let list = buckets.list.iter();
                let json: Value = match buckets.is_keyed {
                    false => list.map(OneBucket::to_json).collect(),
                    true => {
                        let named = list.map(|it| (it.name.clone(), it.to_json()));
                        json!(named.collect::<Map<_, _>>())
                    }
                };
                let mut object = buckets.head.clone();
                object.insert("buckets".into(), json);
                object.into()
            }
        }
    }
}

/// The steps of a path: `a>b.c`, `a['k']>b`.
pub(super) fn path(text: &str) -> Vec<&str> {
    text.split('>').map(str::trim).collect()
}
