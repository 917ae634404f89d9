//! composite and multi_terms: a bucket for each combination of values.
//!
//! Each source gives the keys of a document as 64 bits; combinations are
//! numbered as they come, and their values looked up at the end.

use ahash::AHashMap;
use serde_json::{Map, Value, json};

use super::buckets::Buckets;
use super::calendar::Rounding;
use super::collect::{Block, Collector, Segment};
use super::date_histogram::{Steps, parse_rounding, read_date};
use super::keys::{Order, finish_below};
use super::numbers::Numbers;
use super::outcome::{BucketList, OneBucket, Outcome};
use super::partial::{Key, Partial};
use super::source::Source;
use super::terms::{Keys, key_value};
use super::{Answering, Kind, Level, Result};
use crate::error::StoreError;
use crate::limits::{AGGREGATIONS_MAX, BUCKETS_MAX};
use crate::mapping::Kind as Stored;
use crate::search::columns::Reading;
use crate::search::fields::FieldKind;
use crate::search::format::{ValueFormat, json_number};
use crate::search::options::Options;

#[derive(Debug)]
struct Composite {
    parts: Vec<Part>,
    size: usize,
    /// The key before the first bucket.
    after: Option<Map<String, Value>>,
}

#[derive(Debug)]
struct MultiTerms {
    parts: Vec<Part>,
    size: usize,
    min_count: u64,
    order: Order,
}

/// One value of a combination.
#[derive(Debug)]
struct Part {
    name: String,
    source: Source,
    how: How,
    is_descending: bool,
    /// Documents without a value have a key, too.
    has_missing: bool,
}

#[derive(Debug)]
enum How {
    Terms,
    Histogram(f64),
    Dates(Rounding),
}

pub(super) fn parse_composite(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("composite", body)?;
    let list = options
        .list("sources")?
        .ok_or_else(|| options.lacks("sources"))?;
    let wrong = || {
        options.wrong(
            "sources",
            "a list of objects such as {\"name\": {\"terms\": {\"field\": …}}}",
        )
    };
    let mut parts = Vec::new();
    for item in list {
        let object = item
            .as_object()
            .filter(|it| it.len() == 1)
            .ok_or_else(wrong)?;
        for (name, how) in object {
            let how = how
                .as_object()
                .filter(|it| it.len() == 1)
                .ok_or_else(wrong)?;
            for (kind, body) in how {
                parts.push(Part::parse(name, kind, body)?);
            }
        }
    }
    if parts.is_empty() || parts.len() > AGGREGATIONS_MAX {
        return Err(wrong());
    }
    let size = options.count("size")?.unwrap_or(10);
    if size == 0 || size > BUCKETS_MAX as u64 {
        return Err(options.wrong("size", &format!("a number from 1 to {BUCKETS_MAX}")));
    }
    let after = match options.value("after") {
        None => None,
        Some(Value::Object(after)) if parts.iter().all(|it| after.contains_key(&it.name)) => {
            Some(after.clone())
        }
        Some(_) => return Err(options.wrong("after", "an object with a value for each source")),
    };
    options.finish()?;
    Ok(Box::new(Composite {
        parts,
        size: size as usize,
        after,
    }))
}

pub(super) fn parse_multi_terms(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("multi_terms", body)?;
    let list = options
        .list("terms")?
        .ok_or_else(|| options.lacks("terms"))?;
    if !(2..=AGGREGATIONS_MAX).contains(&list.len()) {
        return Err(options.wrong("terms", "a list of two fields at least"));
    }
    let mut parts = Vec::new();
    for item in list {
        let term = Options::new("terms", item)?;
        parts.push(Part {
            name: String::new(),
            source: Source::parse("multi_terms", &term)?,
            how: How::Terms,
            is_descending: false,
            has_missing: false,
        });
        term.finish()?;
    }
    let size = options.count("size")?.unwrap_or(10);
    if size == 0 {
        return Err(options.wrong("size", "a number above 0"));
    }
    let multi = MultiTerms {
        parts,
        size: size as usize,
        min_count: options.count("min_doc_count")?.unwrap_or(1),
        order: Order::parse(&options, Order::by_count())?,
    };
    options.ignore(&[
        "shard_size",
        "shard_min_doc_count",
        "show_term_doc_count_error",
        "collect_mode",
    ]);
    options.finish()?;
    Ok(Box::new(multi))
}

impl Part {
    fn parse(name: &str, kind: &str, body: &Value) -> Result<Self> {
        let options = Options::new(kind, body)?;
        let mut source = Source::parse("composite", &options)?;
        let how = match kind {
            "terms" => How::Terms,
            "histogram" => {
                let interval = options.number("interval")?;
                let interval = interval.ok_or_else(|| options.lacks("interval"))?;
                if interval <= 0.0 {
                    return Err(options.wrong("interval", "a number above 0"));
                }
                How::Histogram(interval)
            }
            "date_histogram" => {
                source.time_zone = options.text("time_zone")?.map(str::to_owned);
                How::Dates(parse_rounding(&options)?)
            }
            kind => {
                return Err(StoreError::invalid_query(format!(
                    "[composite] has no sources of the kind [{kind}] here: it takes terms, \
                     histogram, date_histogram"
                )));
            }
        };
        let part = Self {
            name: name.to_owned(),
            source,
            how,
            is_descending: options
                .word("order", &[("asc", false), ("desc", true)])?
                .unwrap_or(false),
            has_missing: options.flag("missing_bucket")?.unwrap_or(false),
        };
        options.finish()?;
        Ok(part)
    }

    fn reader(&self, segment: &Segment<'_>) -> Result<PartReader> {
        let from = match &self.how {
            How::Terms => From::Terms(Keys::new(self.source.open(segment)?, None)?),
            How::Histogram(interval) => {
                From::Histogram(Numbers::open(&self.source, segment)?, *interval)
            }
            How::Dates(rounding) => {
                let numbers = Numbers::open(&self.source, segment)?;
                let steps = Steps::between(rounding, numbers.bounds());
                From::Dates(numbers, steps)
            }
        };
        Ok(PartReader {
            from,
            has_missing: self.has_missing,
            reading: Reading::default(),
            keys: Vec::new(),
        })
    }

    /// A key as JSON.
    fn show(&self, key: &Key, at: &Answering<'_>) -> Result<Value> {
        let info = self.source.info(at)?;
        Ok(match (&self.how, key) {
            (_, Key::Missing) => Value::Null,
            (How::Terms, key) => {
                let is_boolean = |kind| kind == FieldKind::Exact(Stored::Boolean);
                match &info {
                    Some(info) if is_boolean(info.kind) => (key.number() != 0.0).into(),
                    Some(info) if info.kind.is_date() && self.source.format.is_some() => {
                        let format = self.source.value_format(at)?;
                        format.text(key.number()).into()
                    }
                    info => key_value(key, info.as_ref()),
                }
            }
            (How::Histogram(_), key) => json_number(key.number()),
            (How::Dates(_), key) => match &self.source.format {
                None => json_number(key.number()),
                Some(format) => {
                    let zone = self.source.time_zone.as_deref();
                    ValueFormat::date(Some(format), zone)?
                        .text(key.number())
                        .into()
                }
            },
        })
    }

    /// The key that a value of `after` stands for.
    fn read(&self, value: &Value, at: &Answering<'_>) -> Result<Key> {
        let info = self.source.info(at)?;
        let kind = info.as_ref().map(|it| it.kind);
        let is_date = kind.is_some_and(FieldKind::is_date);
        Ok(match (&self.how, value) {
            (_, Value::Null) => Key::Missing,
            (_, Value::String(_)) if is_date => {
                let zone = match &self.how {
                    How::Dates(rounding) => rounding.zone.clone(),
                    _ => jiff::tz::TimeZone::UTC,
                };
                Key::Int(read_date(value, self.source.format.as_deref(), &zone)?)
            }
            (How::Histogram(_), value) => Key::float(value.as_f64().unwrap_or(f64::NAN)),
            (_, Value::Bool(flag)) => Key::Int((*flag).into()),
            (_, Value::String(text)) if kind == Some(FieldKind::Exact(Stored::Ip)) => {
                let address = text.parse().map(crate::mapping::encode_ip);
                Key::Text(address.unwrap_or_default().into())
            }
            (_, Value::String(text)) => Key::Text(text.as_str().into()),
            (_, value) if kind == Some(FieldKind::Exact(Stored::Float)) => {
                Key::float(value.as_f64().unwrap_or(f64::NAN))
            }
            (_, value) => Key::Int(value.as_i64().unwrap_or_default()),
        })
    }
}

/// Reads the keys of one part.
struct PartReader {
    from: From,
    has_missing: bool,
    reading: Reading,
    /// Position of the document in the block, and key.
    keys: Vec<(u32, u64)>,
}

enum From {
    Terms(Keys),
    Histogram(Numbers, f64),
    Dates(Numbers, Steps),
}

/// The key of documents without a value: no value has these bits but one
/// integer, the largest.
const NO_VALUE: u64 = u64::MAX;

impl PartReader {
    fn read(&mut self, docs: &[u32]) {
        self.keys.clear();
        let keys = &mut self.keys;
        match &mut self.from {
            From::Terms(terms) => {
                terms.read(docs, &mut self.reading);
                self.reading
                    .each(|position, bits| keys.push((position as u32, bits)));
            }
            From::Histogram(numbers, interval) => {
                numbers.read(docs);
                let each = numbers.each().map(|(position, number)| {
                    let start = (number / *interval).floor() * *interval;
                    (position as u32, tantivy::f64_to_u64(start))
                });
                keys.extend(each);
            }
            From::Dates(numbers, steps) => {
                numbers.read(docs);
                let each = numbers.each();
                keys.extend(each.map(|(position, it)| (position as u32, steps.key(it as i64))));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        if self.has_missing {
            let mut found = std::mem::take(&mut self.keys).into_iter().peekable();
            for position in 0..docs.len() as u32 {
                let start = self.keys.len();
                while let Some(key) = found.next_if(|it| it.0 == position) {
                    self.keys.push(key);
                }
                if self.keys.len() == start {
                    self.keys.push((position, NO_VALUE));
                }
            }
        }
    }

    /// The keys of the document at a position; `next` is where they begin.
    fn of(&self, position: u32, next: &mut usize) -> &[(u32, u64)] {
        let start = *next + self.keys[*next..].partition_point(|it| it.0 < position);
        let end = start + self.keys[start..].partition_point(|it| it.0 == position);
        *next = end;
        &self.keys[start..end]
    }

    fn key(&self, bits: u64) -> Result<Key> {
        if bits == NO_VALUE && self.has_missing {
            return Ok(Key::Missing);
        }
        match &self.from {
            From::Terms(terms) => terms.key(bits),
            From::Histogram(..) => Ok(Key::Float(bits)),
            From::Dates(_, steps) => Ok(Key::Int(steps.start(bits))),
        }
    }
}

/// Numbers combinations.
struct Collecting<'s> {
    parts: Vec<PartReader>,
    buckets: Buckets<'s>,
    numbers: AHashMap<Box<[u64]>, u64>,
    combinations: Vec<Box<[u64]>>,
    segment: Segment<'s>,
}

fn collecting<'s>(
    parts: &[Part],
    segment: &Segment<'s>,
    below: &'s Level,
) -> Result<Box<dyn Collector + 's>> {
    let parts = parts.iter().map(|it| it.reader(segment));
    Ok(Box::new(Collecting {
        parts: parts.collect::<Result<_>>()?,
        buckets: Buckets::new(segment, below, None)?,
        numbers: AHashMap::new(),
        combinations: Vec::new(),
        segment: *segment,
    }))
}

impl Collecting<'_> {
    fn number(&mut self, combination: &[u64]) -> Result<u64> {
        if let Some(number) = self.numbers.get(combination) {
            return Ok(*number);
        }
        self.segment.budget.take_states(combination.len())?;
        let number = self.combinations.len() as u64;
        self.combinations.push(combination.into());
        self.numbers.insert(combination.into(), number);
        Ok(number)
    }
}

impl Collector for Collecting<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.parts.iter_mut().for_each(|it| it.read(block.docs));
        let mut next = vec![0; self.parts.len()];
        for (position, doc) in block.docs.iter().enumerate() {
            let mut combinations: Vec<Vec<u64>> = vec![Vec::new()];
            for (part, next) in self.parts.iter().zip(&mut next) {
                let keys = part.of(position as u32, next);
                let mut longer = Vec::with_capacity(combinations.len() * keys.len());
                for combination in &combinations {
                    for (_, key) in keys {
                        let mut combination = combination.clone();
                        combination.push(*key);
                        longer.push(combination);
                    }
                }
                combinations = longer;
            }
            for combination in combinations {
                let number = self.number(&combination)?;
                self.buckets.push(*doc, block.owner(position), number)?;
            }
        }
        self.buckets.flush(block)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let Self {
            parts,
            buckets,
            combinations,
            ..
        } = *self;
        let mut keys = Vec::with_capacity(combinations.len());
        for combination in combinations {
            let of_parts = parts.iter().zip(&combination);
            let of_parts = of_parts.map(|(part, bits)| part.key(*bits));
            keys.push(Key::List(of_parts.collect::<Result<_>>()?));
        }
        let found = buckets.harvest(owners)?.into_iter();
        let each = found.map(|buckets| {
            let keyed = buckets.into_iter();
            let keyed = keyed.map(|(number, bucket)| (keys[number as usize].clone(), bucket));
            Partial::Buckets(keyed.collect())
        });
        Ok(each.collect())
    }
}

impl Kind for Composite {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        collecting(&self.parts, segment, below)
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Buckets(AHashMap::new())
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let Partial::Buckets(buckets) = partial else {
            return Ok(Outcome::Buckets(BucketList::default()));
        };
        let mut buckets: Vec<(Vec<Key>, _)> = buckets
            .into_iter()
            .filter_map(|(key, bucket)| match key {
                Key::List(keys) => Some((keys, bucket)),
                _ => None,
            })
            .collect();
        let compare = |a: &[Key], b: &[Key]| {
            let keys = self.parts.iter().zip(a.iter().zip(b));
            let mut orders = keys.map(|(part, (a, b))| match part.is_descending {
                true => b.cmp(a),
                false => a.cmp(b),
            });
            let different = orders.find(|it| it.is_ne());
            different.unwrap_or(std::cmp::Ordering::Equal)
        };
        if let Some(after) = &self.after {
            let each = self.parts.iter();
            let after = each.map(|it| it.read(after.get(&it.name).unwrap_or(&Value::Null), at));
            let after: Vec<Key> = after.collect::<Result<_>>()?;
            buckets.retain(|it| compare(&it.0, &after).is_gt());
        }
        buckets.sort_unstable_by(|a, b| compare(&a.0, &b.0));
        buckets.truncate(self.size);
        at.budget.take_buckets(buckets.len())?;
        let mut list = Vec::with_capacity(buckets.len());
        for (keys, bucket) in buckets {
            let mut key = Map::new();
            for (part, of_part) in self.parts.iter().zip(&keys) {
                key.insert(part.name.clone(), part.show(of_part, at)?);
            }
            list.push(OneBucket {
                name: String::new(),
                json: Map::from_iter([("key".to_owned(), Value::Object(key))]),
                count: bucket.count,
                tail: Map::new(),
                below: finish_below(bucket.below, below, at)?,
            });
        }
        let mut head = Map::new();
        if let Some(last) = list.last().and_then(|it| it.json.get("key")) {
            head.insert("after_key".into(), last.clone());
        }
        Ok(Outcome::Buckets(BucketList {
            head,
            list,
            is_keyed: false,
        }))
    }
}

impl Kind for MultiTerms {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        collecting(&self.parts, segment, below)
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Buckets(AHashMap::new())
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let Partial::Buckets(buckets) = partial else {
            return Ok(Outcome::Buckets(BucketList::default()));
        };
        let mut buckets: Vec<_> = buckets.into_iter().collect();
        buckets.retain(|it| it.1.count >= self.min_count);
        let total: u64 = buckets.iter().map(|it| it.1.count).sum();
        let chosen = self.order.choose(buckets, self.size, below, at)?;
        at.budget.take_buckets(chosen.len())?;
        let mut list = Vec::with_capacity(chosen.len());
        for (key, count, below) in chosen {
            let Key::List(keys) = key else { continue };
            let (mut values, mut texts) = (Vec::new(), Vec::new());
            for (part, key) in self.parts.iter().zip(&keys) {
                let value = part.show(key, at)?;
                let format = part.source.value_format(at)?;
                let text = format.text(key.number()).filter(|_| !key.number().is_nan());
                texts.push(text.unwrap_or_else(|| match &value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                }));
                values.push(value);
            }
            let mut json = Map::new();
            json.insert("key".into(), values.into());
            json.insert("key_as_string".into(), texts.join("|").into());
            list.push(OneBucket {
                name: String::new(),
                json,
                count,
                tail: Map::new(),
                below,
            });
        }
        let returned: u64 = list.iter().map(|it| it.count).sum();
        let mut head = Map::new();
        head.insert("doc_count_error_upper_bound".into(), json!(0));
        head.insert("sum_other_doc_count".into(), json!(total - returned));
        Ok(Outcome::Buckets(BucketList {
            head,
            list,
            is_keyed: false,
        }))
    }
}
