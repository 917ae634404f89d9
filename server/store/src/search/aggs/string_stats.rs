//! string_stats: lengths of texts, and how evenly their letters are used.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::collect::{Block, Collector, Segment};
use super::outcome::{Metric, Outcome};
use super::partial::{Key, Partial};
use super::source::Source;
use super::terms::Keys;
use super::{Answering, Kind, Level, Result};
use crate::search::columns::Reading;
use crate::search::format::{ValueFormat, json_number};
use crate::search::options::Options;

#[derive(Debug)]
struct StringStats {
    source: Source,
    shows_distribution: bool,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("string_stats", body)?;
    let stats = StringStats {
        source: Source::parse("string_stats", &options)?,
        shows_distribution: options.flag("show_distribution")?.unwrap_or(false),
    };
    options.finish()?;
    Ok(Box::new(stats))
}

/// The texts of a bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Strings {
    count: u64,
    length: u64,
    shortest: u64,
    longest: u64,
    letters: BTreeMap<char, u64>,
}

impl Strings {
    fn add(&mut self, text: &str, times: u64) {
        let length = text.encode_utf16().count() as u64;
        self.shortest = if self.count == 0 {
            length
        } else {
            self.shortest.min(length)
        };
        self.longest = self.longest.max(length);
        self.count += times;
        self.length += length * times;
        for letter in text.chars() {
            *self.letters.entry(letter).or_default() += times;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        if other.count == 0 {
            return;
        }
        self.shortest = match self.count {
            0 => other.shortest,
            _ => self.shortest.min(other.shortest),
        };
        self.longest = self.longest.max(other.longest);
        self.count += other.count;
        self.length += other.length;
        for (letter, times) in other.letters {
            *self.letters.entry(letter).or_default() += times;
        }
    }
}

impl Kind for StringStats {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        _below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        let opened = self.source.open(segment)?;
        if opened.info.as_ref().is_some_and(|it| !it.kind.is_text()) {
            return Err(self.source.wrong_type("keywords"));
        }
        Ok(Box::new(Collecting {
            keys: Keys::new(opened, None)?,
            reading: Reading::default(),
            seen: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Strings(Strings::default())
    }

    fn finish(&self, partial: Partial, _below: &Level, _at: &Answering<'_>) -> Result<Outcome> {
        let strings = match partial {
            Partial::Strings(strings) => strings,
            _ => Strings::default(),
        };
        let has_any = strings.count > 0;
        let some = |number: f64| if has_any { number } else { f64::NAN };
        let total: u64 = strings.letters.values().sum();
        let parts = strings.letters.iter();
        let mut parts: Vec<(char, f64)> = parts
            .map(|(letter, count)| (*letter, *count as f64 / total as f64))
            .collect();
        let entropy: f64 = parts.iter().map(|(_, part)| -part * part.log2()).sum();
        let mut metric = Metric::default();
        let numbers = [
            ("min_length", some(strings.shortest as f64)),
            ("max_length", some(strings.longest as f64)),
            (
                "avg_length",
                some(strings.length as f64 / strings.count as f64),
            ),
            ("entropy", entropy + 0.0),
        ];
        metric.number("count", strings.count as f64);
        for (name, number) in numbers {
            metric.number(name, number);
        }
        for (name, number) in numbers.into_iter().filter(|_| has_any) {
            let format = self.source.format.as_deref();
            let format = format.map_or(Ok(ValueFormat::Plain), ValueFormat::decimal)?;
            metric.text(name, number, &format);
        }
        if self.shows_distribution {
            parts.sort_by(|a, b| b.1.total_cmp(&a.1));
            let each = parts.into_iter();
            let each = each.map(|(letter, part)| (letter.to_string(), json_number(part)));
            let distribution: Map<String, Value> = each.collect();
            metric
                .json
                .insert("distribution".into(), distribution.into());
        }
        Ok(Outcome::Metric(metric))
    }

    fn has_buckets(&self) -> bool {
        false
    }
}

struct Collecting {
    keys: Keys,
    reading: Reading,
    /// How often each text was seen, by bucket of the level above.
    seen: Vec<BTreeMap<u64, u64>>,
}

impl Collector for Collecting {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.keys.read(block.docs, &mut self.reading);
        let seen = &mut self.seen;
        self.reading.each(|position, bits| {
            let owner = block.owner(position) as usize;
            if owner >= seen.len() {
                seen.resize_with(owner + 1, BTreeMap::new);
            }
            *seen[owner].entry(bits).or_default() += 1;
        });
        Ok(())
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        self.seen.resize_with(owners, BTreeMap::new);
        let mut found = Vec::with_capacity(owners);
        for seen in &self.seen {
            let mut strings = Strings::default();
            let bits: Vec<u64> = seen.keys().copied().collect();
            let mut times = seen.values();
            self.keys.each_key(&bits, |key| {
                if let (Key::Text(text), Some(times)) = (key, times.next()) {
                    strings.add(text, *times);
                }
            })?;
            found.push(Partial::Strings(strings));
        }
        Ok(found)
    }
}
