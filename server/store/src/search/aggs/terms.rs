//! terms and rare_terms: a bucket for each value of a field.
//!
//! A segment counts by the place of a value in its dictionary (or by the bits of
//! a number). When one segment has everything, only the values that are answered
//! are ever looked up.

use ahash::{AHashMap, AHashSet};
use serde_json::{Map, Value, json};

use super::buckets::Buckets;
use super::collect::{Block, Collector, Segment};
use super::keys::{Order, Pick};
use super::outcome::{BucketList, OneBucket, Outcome, Outcomes};
use super::partial::{Bucket, Key, Partial};
use super::source::{Opened, Source};
use super::{Answering, Kind, Level, Result};
use crate::mapping::Kind as Stored;
use crate::search::columns::{Code, Reading, Values};
use crate::search::fields::{FieldInfo, FieldKind};
use crate::search::format::ValueFormat;
use crate::search::options::Options;
use crate::search::top::SortValue;

#[derive(Debug)]
struct Terms {
    source: Source,
    size: usize,
    min_count: u64,
    /// Only of rare terms.
    max_count: u64,
    pick: Option<Pick>,
    order: Order,
    is_rare: bool,
    shows_errors: bool,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("terms", body)?;
    let size = options.count("size")?.unwrap_or(10);
    if size == 0 {
        return Err(options.wrong("size", "a number above 0"));
    }
    let terms = Terms {
        source: Source::parse("terms", &options)?,
        size: usize::try_from(size).unwrap_or(usize::MAX),
        min_count: options.count("min_doc_count")?.unwrap_or(1),
        max_count: u64::MAX,
        pick: Pick::parse(&options)?,
        order: Order::parse(&options, Order::by_count())?,
        is_rare: false,
        shows_errors: options.flag("show_term_doc_count_error")?.unwrap_or(false),
    };
    // How a cluster shares the work.
    options.ignore(&[
        "shard_size",
        "shard_min_doc_count",
        "collect_mode",
        "execution_hint",
    ]);
    options.finish()?;
    Ok(Box::new(terms))
}

pub(super) fn parse_rare(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("rare_terms", body)?;
    let max_count = options.count("max_doc_count")?.unwrap_or(1);
    if !(1..=100).contains(&max_count) {
        return Err(options.wrong("max_doc_count", "a number from 1 to 100"));
    }
    let terms = Terms {
        source: Source::parse("rare_terms", &options)?,
        size: usize::MAX,
        min_count: 1,
        max_count,
        pick: Pick::parse(&options)?,
        order: Order::by_rarity(),
        is_rare: true,
        shows_errors: false,
    };
    // Ours is exact.
    options.ignore(&["precision"]);
    options.finish()?;
    Ok(Box::new(terms))
}

/// The buckets of one segment, by place in its dictionary.
#[derive(Debug)]
pub(super) struct Ordinals {
    texts: Texts,
    buckets: Vec<(u64, Bucket)>,
}

/// What the places of a dictionary stand for.
#[derive(Clone)]
struct Texts {
    values: Values,
    /// What stands for a missing value, if the dictionary does not have it: its
    /// place is the one after the last.
    missing: Option<Box<str>>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} texts", self.values.terms_count())
    }
}

impl Texts {
    fn key(&self, place: u64) -> Key {
        match &self.missing {
            Some(text) if place == self.values.terms_count() => Key::Text(text.clone()),
            _ => Key::Text(self.values.text(place).unwrap_or_default()),
        }
    }
}

impl Ordinals {
    /// With the keys looked up.
    pub(super) fn into_buckets(self) -> AHashMap<Key, Bucket> {
        let Self { texts, mut buckets } = self;
        buckets.sort_unstable_by_key(|it| it.0);
        let last = texts.values.terms_count();
        let places: Vec<u64> = buckets
            .iter()
            .map(|it| it.0)
            .filter(|it| *it < last)
            .collect();
        let mut keys = Vec::with_capacity(buckets.len());
        let found = texts
            .values
            .texts(&places, |text| keys.push(Key::Text(text.into())));
        let is_complete = found.is_ok() && keys.len() == places.len();
        if !is_complete {
            keys = places.iter().map(|it| texts.key(*it)).collect();
        }
        keys.extend(texts.missing.map(Key::Text));
        keys.into_iter()
            .zip(buckets.into_iter().map(|it| it.1))
            .collect()
    }
}

impl Kind for Terms {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let opened = self.source.open(segment)?;
        if let Some(FieldInfo {
            kind: FieldKind::Point,
            ..
        }) = opened.info
        {
            return Err(self
                .source
                .wrong_type("keywords, numbers, dates, booleans and addresses"));
        }
        let keys = Keys::new(opened, self.pick.as_ref())?;
        let width = keys.width();
        Ok(Box::new(Collecting {
            buckets: Buckets::new(segment, below, width)?,
            has_zeros: self.min_count == 0,
            keys,
            reading: Reading::default(),
            below,
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Buckets(AHashMap::new())
    }

    fn finish(&self, partial: Partial, below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let info = self.source.info(at)?;
        let format = self.source.value_format(at)?;
        let (texts, buckets) = match partial {
            Partial::Ordinals(it) => {
                let buckets = it.buckets.into_iter();
                let keyed = buckets.map(|(place, bucket)| (Key::Int(place.cast_signed()), bucket));
                (Some(it.texts), keyed.collect())
            }
            Partial::Buckets(buckets) => (None, buckets.into_iter().collect()),
            _ => (None, Vec::new()),
        };
        let mut buckets: Vec<(Key, Bucket)> = buckets;
        buckets.retain(|it| (self.min_count..=self.max_count).contains(&it.1.count));
        let total: u64 = buckets.iter().map(|it| it.1.count).sum();
        // A text that stands for missing values is not in the dictionary's order.
        let texts = match texts {
            Some(texts) if texts.missing.is_some() => {
                for (key, _) in &mut buckets {
                    if let Key::Int(place) = *key {
                        *key = texts.key(place.cast_unsigned());
                    }
                }
                None
            }
            texts => texts,
        };
        let chosen = self.order.choose(buckets, self.size, below, at)?;
        at.budget.take_buckets(chosen.len())?;
        let mut list = Vec::with_capacity(chosen.len());
        let mut returned = 0;
        for (key, count, outcomes) in chosen {
            let key = match (&texts, key) {
                (Some(texts), Key::Int(place)) => texts.key(place.cast_unsigned()),
                (_, key) => key,
            };
            returned += count;
            list.push(self.one(&key, count, outcomes, info.as_ref(), &format));
        }
        let mut head = Map::new();
        if !self.is_rare {
            head.insert("doc_count_error_upper_bound".into(), json!(0));
            head.insert("sum_other_doc_count".into(), json!(total - returned));
        }
        Ok(Outcome::Buckets(BucketList {
            head,
            list,
            is_keyed: false,
        }))
    }
}

impl Terms {
    fn one(
        &self,
        key: &Key,
        count: u64,
        below: Outcomes,
        info: Option<&FieldInfo>,
        format: &ValueFormat,
    ) -> OneBucket {
        let mut json = Map::new();
        key_json(key, info, format, &mut json);
        let mut tail = Map::new();
        if self.shows_errors {
            tail.insert("doc_count_error_upper_bound".into(), json!(0));
        }
        OneBucket {
            name: String::new(),
            json,
            count,
            tail,
            below,
        }
    }
}

/// `key`, and `key_as_string` where the value has a form of its own as text.
pub(super) fn key_json(
    key: &Key,
    info: Option<&FieldInfo>,
    format: &ValueFormat,
    json: &mut Map<String, Value>,
) {
    json.insert("key".into(), key_value(key, info));
    let number = info.map_or(key.number(), |it| it.decode(key.number()));
    if !number.is_nan()
        && let Some(text) = format.text(number)
    {
        json.insert("key_as_string".into(), text.into());
    }
}

pub(super) fn key_value(key: &Key, info: Option<&FieldInfo>) -> Value {
    let value = match key {
        Key::Missing => return Value::Null,
        Key::Int(number) => SortValue::Int((*number).into()),
        Key::Float(bits) => SortValue::Float(tantivy::u64_to_f64(*bits)),
        Key::Text(text) => SortValue::Text(text.clone()),
        Key::List(keys) => return keys.iter().map(|it| key_value(it, info)).collect(),
    };
    match (info, value) {
        (Some(info), value) => info.to_json(&value),
        (None, SortValue::Text(text)) => text.as_ref().into(),
        (None, SortValue::Int(number)) => (number as i64).into(),
        (None, SortValue::Float(number)) => crate::search::format::json_number(number),
    }
}

/// The values of a field in a segment as keys of buckets: 64 bits each.
pub(super) struct Keys {
    kind: Option<FieldKind>,
    values: Option<Values>,
    missing: Option<(u64, Key)>,
    /// Which values have buckets.
    allowed: Option<Allowed>,
    /// Bits count from here: those of the least number, where the numbers lie
    /// close together.
    base: u64,
    /// Bits are smaller than this, if that is known.
    width: Option<u64>,
}

/// Numbers that lie closer together are counted beside each other.
const NUMBERS_WIDTH_MAX: u64 = 1 << 16;

enum Allowed {
    /// By place in the dictionary.
    Places(Vec<bool>),
    /// By bits, or not: numbers.
    Only(AHashSet<u64>),
    AllBut(AHashSet<u64>),
}

impl Keys {
    pub(super) fn new(opened: Opened, pick: Option<&Pick>) -> Result<Self> {
        let kind = opened.info.as_ref().map(|it| it.kind);
        let missing = match (&opened.missing, &opened.values) {
            (None, _) => None,
            (Some(value), Some(values)) => {
                let place = values.place(value)?;
                let bits = match place % 2 {
                    1 => (place / 2) as u64,
                    _ if values.code() == Code::Text => values.terms_count(),
                    _ => u64::MAX,
                };
                Some((bits, key_of(value, kind)))
            }
            (Some(value), None) => Some((0, key_of(value, kind))),
        };
        let (base, width) = match &opened.values {
            None => (0, Some(1)),
            Some(values) if values.code() == Code::Text => (0, Some(values.terms_count() + 1)),
            Some(values) => {
                let (least, most) = values.bounds();
                let is_close = most.saturating_sub(least) < NUMBERS_WIDTH_MAX;
                let holds = |it: &(u64, Key)| (least..=most).contains(&it.0);
                match is_close && most >= least && missing.as_ref().is_none_or(holds) {
                    true => (least, Some(most - least + 1)),
                    false => (0, None),
                }
            }
        };
        let mut keys = Self {
            kind,
            values: opened.values,
            missing: missing.map(|(bits, key)| (bits.wrapping_sub(base), key)),
            allowed: None,
            base,
            width,
        };
        if let (Some(pick), Some(values)) = (pick, &keys.values) {
            keys.allowed = Some(match values.code() {
                Code::Text => {
                    let mut allowed = pick.texts(values)?;
                    if let Some((bits, Key::Text(text))) = &keys.missing
                        && *bits == values.terms_count()
                    {
                        allowed.push(pick.allows(text));
                    }
                    Allowed::Places(allowed)
                }
                _ => {
                    let bits = |numbers: &[f64]| {
                        let places = numbers
                            .iter()
                            .map(|it| values.code().place(&SortValue::Float(*it)));
                        places
                            .filter(|it| it % 2 == 1)
                            .map(|it| ((it / 2) as u64).wrapping_sub(base))
                            .collect()
                    };
                    match pick.numbers(opened.info.as_ref())? {
                        (numbers, true) => Allowed::Only(bits(&numbers)),
                        (numbers, false) => Allowed::AllBut(bits(&numbers)),
                    }
                }
            });
        }
        Ok(keys)
    }

    /// Keys are smaller than this, if that is known.
    pub(super) fn width(&self) -> Option<u64> {
        self.width
    }

    /// Reads the keys of a block, each once for a document.
    pub(super) fn read(&self, docs: &[u32], reading: &mut Reading) {
        match (&self.values, &self.missing) {
            (Some(values), missing) => {
                values.read(docs, reading);
                if self.base > 0 {
                    reading.raw.iter_mut().for_each(|it| *it -= self.base);
                }
                if let Some((bits, _)) = missing {
                    reading.fill_missing(docs.len(), *bits);
                }
                if values.is_multivalued() {
                    reading.deduplicate();
                }
            }
            (None, Some((bits, _))) => reading.all(docs.len(), *bits),
            (None, None) => reading.clear(),
        }
    }

    #[inline]
    fn allows(&self, bits: u64) -> bool {
        match &self.allowed {
            None => true,
            Some(Allowed::Places(places)) => places.get(bits as usize).copied().unwrap_or(true),
            Some(Allowed::Only(bits_of)) => bits_of.contains(&bits),
            Some(Allowed::AllBut(bits_of)) => !bits_of.contains(&bits),
        }
    }

    /// Puts the documents of a block into the buckets of their keys.
    pub(super) fn push(
        &self,
        reading: &Reading,
        block: &Block<'_>,
        buckets: &mut Buckets<'_>,
    ) -> Result<()> {
        let mut outcome = Ok(());
        reading.each(|position, bits| {
            if outcome.is_ok() && self.allows(bits) {
                outcome = buckets.push(block.docs[position], block.owner(position), bits);
            }
        });
        outcome?;
        buckets.flush(block)
    }

    /// What several bits in ascending order stand for.
    pub(super) fn each_key(&self, bits: &[u64], mut found: impl FnMut(&Key)) -> Result<()> {
        if let Some(values) = &self.values
            && values.code() == Code::Text
        {
            let last = values.terms_count();
            let places = bits.partition_point(|it| *it < last);
            values.texts(&bits[..places], |text| found(&Key::Text(text.into())))?;
            for bits in &bits[places..] {
                found(&self.key(*bits)?);
            }
            return Ok(());
        }
        for bits in bits {
            found(&self.key(*bits)?);
        }
        Ok(())
    }

    /// What the bits stand for.
    pub(super) fn key(&self, bits: u64) -> Result<Key> {
        if let Some((missing, key)) = &self.missing
            && *missing == bits
        {
            return Ok(key.clone());
        }
        match &self.values {
            Some(values) => Ok(key_of(
                &values.value(bits.wrapping_add(self.base))?,
                self.kind,
            )),
            None => Ok(Key::Missing),
        }
    }
}

fn key_of(value: &SortValue, kind: Option<FieldKind>) -> Key {
    match value {
        SortValue::Text(text) => Key::Text(text.clone()),
        SortValue::Int(number) if kind == Some(FieldKind::Exact(Stored::Float)) => {
            Key::float(*number as f64)
        }
        SortValue::Int(number) => Key::Int(*number as i64),
        SortValue::Float(number) => Key::float(*number),
    }
}

struct Collecting<'s> {
    buckets: Buckets<'s>,
    keys: Keys,
    reading: Reading,
    /// Whether terms without documents are asked for.
    has_zeros: bool,
    below: &'s Level,
}

impl Collector for Collecting<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.keys.read(block.docs, &mut self.reading);
        if self.keys.allowed.is_none()
            && let Some(counts) = self.buckets.plain_counts(block)
        {
            for bits in &self.reading.raw {
                counts[*bits as usize] += 1;
            }
            return Ok(());
        }
        self.keys.push(&self.reading, block, &mut self.buckets)
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let Self {
            buckets,
            keys,
            has_zeros,
            below,
            ..
        } = *self;
        let mut found = buckets.harvest(owners)?;
        if has_zeros
            && let Some(values) = &keys.values
            && values.code() == Code::Text
        {
            for buckets in &mut found {
                add_zeros(buckets, values.terms_count(), &keys, below);
            }
        }
        let mut texts = None;
        if owners == 1
            && let Some(values) = &keys.values
            && values.code() == Code::Text
        {
            let missing = match &keys.missing {
                Some((bits, Key::Text(text))) if *bits == values.terms_count() => {
                    Some(text.clone())
                }
                _ => None,
            };
            let values = values.clone();
            texts = Some(Texts { values, missing });
        }
        found
            .into_iter()
            .map(|buckets| match texts.take() {
                Some(texts) => {
                    // The place after the last one is used, or it means nothing.
                    let last = texts.values.terms_count();
                    let is_used = buckets.iter().any(|it| it.0 == last);
                    let missing = texts.missing.filter(|_| is_used);
                    let texts = Texts { missing, ..texts };
                    Ok(Partial::Ordinals(Ordinals { texts, buckets }))
                }
                None => {
                    let keyed = buckets.into_iter();
                    let keyed = keyed.map(|(bits, bucket)| Ok((keys.key(bits)?, bucket)));
                    Ok(Partial::Buckets(keyed.collect::<Result<_>>()?))
                }
            })
            .collect()
    }
}

fn add_zeros(buckets: &mut Vec<(u64, Bucket)>, terms: u64, keys: &Keys, below: &Level) {
    let counted: AHashSet<u64> = buckets.iter().map(|it| it.0).collect();
    for place in 0..terms {
        if !counted.contains(&place) && keys.allows(place) {
            let bucket = Bucket {
                count: 0,
                below: below.empty(),
            };
            buckets.push((place, bucket));
        }
    }
}
