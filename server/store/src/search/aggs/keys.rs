//! Which buckets are wanted, and in which order: `include`, `exclude`, `order`.

use std::cmp::Ordering;

use ahash::AHashSet;
use regex_automata::meta::Regex;
use serde_json::Value;

use super::outcome::{OneBucket, Outcomes, path};
use super::partial::{Bucket, Key};
use super::{Answering, Level, Result};
use crate::error::StoreError;
use crate::limits::{AGGREGATION_PATTERN_BYTES_MAX, AGGREGATION_PICKED_MAX};
use crate::search::columns::Values;
use crate::search::fields::FieldInfo;
use crate::search::options::Options;

/// Which values have buckets.
#[derive(Debug)]
pub(super) struct Pick {
    include: Option<Choice>,
    exclude: Option<Choice>,
}

#[derive(Debug)]
enum Choice {
    Values {
        texts: AHashSet<Box<str>>,
        values: Vec<Value>,
    },
    Pattern(Box<Regex>),
    /// One of so many parts, by a hash.
    Partition {
        number: u64,
        of: u64,
    },
}

impl Pick {
    pub(super) fn parse(options: &Options<'_>) -> Result<Option<Self>> {
        let include = Choice::parse(options, "include")?;
        let exclude = Choice::parse(options, "exclude")?;
        if include.is_none() && exclude.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { include, exclude }))
    }

    pub(super) fn allows(&self, text: &str) -> bool {
        let is_in = |choice: &Choice| choice.has(text);
        self.include.as_ref().is_none_or(is_in) && !self.exclude.as_ref().is_some_and(is_in)
    }

    /// For each text of a dictionary, in order.
    pub(super) fn texts(&self, values: &Values) -> Result<Vec<bool>> {
        let count = values.terms_count();
        if let Some(Choice::Values { texts, .. }) = &self.include {
            let mut allowed = vec![false; count as usize];
            for text in texts {
                if let Some(place) = values.place_of_text(text)? {
                    allowed[place as usize] = self.allows(text);
                }
            }
            return Ok(allowed);
        }
        if let (None, Some(Choice::Values { texts, .. })) = (&self.include, &self.exclude) {
            let mut allowed = vec![true; count as usize];
            for text in texts {
                if let Some(place) = values.place_of_text(text)? {
                    allowed[place as usize] = false;
                }
            }
            return Ok(allowed);
        }
        let mut allowed = Vec::with_capacity(count as usize);
        let places: Vec<u64> = (0..count).collect();
        values.texts(&places, |text| allowed.push(self.allows(text)))?;
        Ok(allowed)
    }

    /// The numbers that are (`true`) or are not allowed.
    pub(super) fn numbers(&self, info: Option<&FieldInfo>) -> Result<(Vec<f64>, bool)> {
        let numbers = |choice: &Choice| match choice {
            Choice::Values { values, .. } => {
                let number = |it: &Value| match it {
                    Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
                    Value::String(text) if text == "true" => Some(1.0),
                    Value::String(text) if text == "false" => Some(0.0),
                    Value::String(text) => text.parse().ok().or_else(|| {
                        let format = crate::mapping::DateFormat::usual();
                        let is_date = info.is_some_and(|it| it.kind.is_date());
                        let millis = crate::mapping::date_ms(Some(&format), it);
                        millis.filter(|_| is_date).map(|it| it as f64)
                    }),
                    value => value.as_f64(),
                };
                let numbers = values.iter().map(number).collect::<Option<Vec<f64>>>();
                numbers.ok_or_else(|| {
                    StoreError::invalid_query(
                        "[include] and [exclude] of a field of numbers take numbers",
                    )
                })
            }
            _ => Err(StoreError::invalid_query(
                "[include] and [exclude] take no patterns on fields of numbers: list the values",
            )),
        };
        match (&self.include, &self.exclude) {
            (Some(include), exclude) => {
                let mut allowed = numbers(include)?;
                if let Some(exclude) = exclude {
                    let excluded = numbers(exclude)?;
                    allowed.retain(|it| !excluded.contains(it));
                }
                Ok((allowed, true))
            }
            (None, Some(exclude)) => Ok((numbers(exclude)?, false)),
            (None, None) => Ok((Vec::new(), false)),
        }
    }
}

impl Choice {
    fn parse(options: &Options<'_>, key: &'static str) -> Result<Option<Self>> {
        let wrong = || options.wrong(key, "a pattern or a list of values");
        Ok(Some(match options.value(key) {
            None => return Ok(None),
            Some(Value::String(pattern)) => {
                if pattern.len() > AGGREGATION_PATTERN_BYTES_MAX {
                    return Err(options.wrong(key, "a shorter pattern"));
                }
                let regex = Regex::new(&format!("^(?s:{pattern})$")).map_err(|_| wrong())?;
                Self::Pattern(Box::new(regex))
            }
            Some(Value::Array(values)) => {
                if values.len() > AGGREGATION_PICKED_MAX {
                    return Err(options.wrong(key, "fewer values"));
                }
                let text = |it: &Value| match it {
                    Value::String(text) => text.as_str().into(),
                    other => other.to_string().into(),
                };
                Self::Values {
                    texts: values.iter().map(text).collect(),
                    values: values.clone(),
                }
            }
            Some(value @ Value::Object(_)) if key == "include" => {
                let partition = Options::new("include", value)?;
                let number = partition.count("partition")?;
                let of = partition.count("num_partitions")?;
                partition.finish()?;
                match (number, of) {
                    (Some(number), Some(of)) if number < of => Self::Partition { number, of },
                    _ => return Err(wrong()),
                }
            }
            Some(_) => return Err(wrong()),
        }))
    }

    fn has(&self, text: &str) -> bool {
        match self {
            Self::Values { texts, .. } => texts.contains(text),
            Self::Pattern(regex) => regex.is_match(text),
            Self::Partition { number, of } => fixed_hash(text) % of == *number,
        }
    }
}

/// The same in every process: partitions are asked for one after the other.
pub(super) fn fixed_hash(text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^ (hash >> 32)
}

/// The order of buckets: levels of it, then their keys.
#[derive(Clone, Debug)]
pub(super) struct Order(Vec<By>);

#[derive(Clone, Debug)]
struct By {
    what: What,
    is_descending: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Count,
    Key,
    /// A number of an aggregation below.
    Path(String),
}

/// A bucket that was chosen: key, documents, what is below.
pub(super) type Chosen = (Key, u64, Outcomes);

impl Order {
    pub(super) fn by_count() -> Self {
        Self(vec![By {
            what: What::Count,
            is_descending: true,
        }])
    }

    pub(super) fn by_rarity() -> Self {
        Self(vec![By {
            what: What::Count,
            is_descending: false,
        }])
    }

    pub(super) fn by_key() -> Self {
        Self(vec![By {
            what: What::Key,
            is_descending: false,
        }])
    }

    /// `{"_count": "asc"}`, or a list of such.
    pub(super) fn parse(options: &Options<'_>, usual: Self) -> Result<Self> {
        let wrong = || {
            options.wrong(
                "order",
                "an object such as {\"_count\": \"desc\"}, or a list of them",
            )
        };
        let items = match options.value("order") {
            None => return Ok(usual),
            Some(Value::Array(items)) => items.iter().collect(),
            Some(single) => vec![single],
        };
        let mut levels = Vec::new();
        for item in items {
            let object = item.as_object().ok_or_else(wrong)?;
            for (name, direction) in object {
                let direction = direction.as_str().map(str::to_ascii_lowercase);
                let is_descending = match direction.as_deref() {
                    Some("asc") => false,
                    Some("desc") => true,
                    _ => return Err(wrong()),
                };
                let what = match name.as_str() {
                    "_count" => What::Count,
                    "_key" | "_term" | "_time" => What::Key,
                    path => What::Path(path.to_owned()),
                };
                levels.push(By {
                    what,
                    is_descending,
                });
            }
        }
        Ok(Self(levels))
    }

    pub(super) fn is_by_key(&self) -> bool {
        matches!(
            &self.0[..],
            [By {
                what: What::Key,
                is_descending: false
            }] | []
        )
    }

    /// The first buckets in this order, with what is below them.
    pub(super) fn choose(
        &self,
        mut buckets: Vec<(Key, Bucket)>,
        size: usize,
        below: &Level,
        at: &Answering<'_>,
    ) -> Result<Vec<Chosen>> {
        let needs_below = self.0.iter().any(|it| matches!(it.what, What::Path(_)));
        if needs_below {
            let mut finished = Vec::with_capacity(buckets.len());
            for (key, bucket) in buckets {
                let outcomes = finish_below(bucket.below, below, at)?;
                let numbers = self.numbers(&outcomes)?;
                finished.push((numbers, (key, bucket.count, outcomes)));
            }
            finished.sort_by(|a, b| self.compare(&a.1, &a.0, &b.1, &b.0));
            finished.truncate(size);
            return Ok(finished.into_iter().map(|it| it.1).collect());
        }
        let compare = |a: &(Key, Bucket), b: &(Key, Bucket)| {
            self.compare_plain((&a.0, a.1.count), (&b.0, b.1.count))
        };
        if size < buckets.len() / 2 {
            buckets.select_nth_unstable_by(size, compare);
            buckets.truncate(size);
        }
        buckets.sort_unstable_by(compare);
        buckets.truncate(size);
        let finish = |(key, bucket): (Key, Bucket)| {
            let outcomes = finish_below(bucket.below, below, at)?;
            Ok((key, bucket.count, outcomes))
        };
        buckets.into_iter().map(finish).collect()
    }

    /// Puts finished buckets into this order.
    pub(super) fn sort(&self, list: &mut [OneBucket]) -> Result<()> {
        let mut keyed = Vec::new();
        for (place, bucket) in list.iter().enumerate() {
            keyed.push((self.numbers(&bucket.below)?, place));
        }
        let compare = |a: &(Vec<f64>, usize), b: &(Vec<f64>, usize)| {
            let mut numbers = a.0.iter().zip(&b.0);
            for by in &self.0 {
                let order = match by.what {
                    What::Count => list[a.1].count.cmp(&list[b.1].count),
                    What::Key => a.1.cmp(&b.1),
                    What::Path(_) => match numbers.next() {
                        Some((a, b)) => match nan_last(*a, *b, by.is_descending) {
                            Ordering::Equal => continue,
                            order => return order,
                        },
                        None => continue,
                    },
                };
                let order = if by.is_descending {
                    order.reverse()
                } else {
                    order
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
            a.1.cmp(&b.1)
        };
        keyed.sort_by(compare);
        let mut sorted: Vec<OneBucket> = keyed.iter().map(|it| list[it.1].clone()).collect();
        list.swap_with_slice(&mut sorted);
        Ok(())
    }

    fn numbers(&self, below: &Outcomes) -> Result<Vec<f64>> {
        let paths = self.0.iter().filter_map(|it| match &it.what {
            What::Path(path) => Some(path),
            _ => None,
        });
        paths
            .map(|it| {
                below.number(&path(it)).ok_or_else(|| {
                    StoreError::invalid_query(format!(
                        "the order [{it}] leads to no number of an aggregation below: name a \
                         metric such as [average], [statistics.max] or [filter>average]"
                    ))
                })
            })
            .collect()
    }

    fn compare_plain(&self, a: (&Key, u64), b: (&Key, u64)) -> Ordering {
        for by in &self.0 {
            let order = match by.what {
                What::Count => a.1.cmp(&b.1),
                _ => a.0.cmp(b.0),
            };
            let order = if by.is_descending {
                order.reverse()
            } else {
                order
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        a.0.cmp(b.0)
    }

    fn compare(&self, a: &Chosen, of_a: &[f64], b: &Chosen, of_b: &[f64]) -> Ordering {
        let mut numbers = of_a.iter().zip(of_b);
        for by in &self.0 {
            let order = match by.what {
                What::Count => a.1.cmp(&b.1),
                What::Key => a.0.cmp(&b.0),
                What::Path(_) => match numbers.next() {
                    Some((a, b)) => match nan_last(*a, *b, by.is_descending) {
                        Ordering::Equal => continue,
                        order => return order,
                    },
                    None => continue,
                },
            };
            let order = if by.is_descending {
                order.reverse()
            } else {
                order
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        a.0.cmp(&b.0)
    }
}

/// Buckets without a number come last in both directions.
pub(super) fn nan_last(a: f64, b: f64, is_descending: bool) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if is_descending => b.total_cmp(&a),
        (false, false) => a.total_cmp(&b),
    }
}

/// What is below a bucket, also one without documents.
pub(super) fn finish_below(
    partials: Vec<super::partial::Partial>,
    below: &Level,
    at: &Answering<'_>,
) -> Result<Outcomes> {
    let is_empty = partials.is_empty();
    let partials = if is_empty { below.empty() } else { partials };
    below.finish(partials, at)
}
