//! weighted_avg: the average of one field, weighted by another.

use serde_json::Value;

use super::collect::{Block, Collector, Segment};
use super::metrics::Sum;
use super::numbers::Numbers;
use super::outcome::{Metric, Outcome};
use super::partial::Partial;
use super::source::Source;
use super::{Answering, Kind, Level, Result};
use crate::error::StoreError;
use crate::search::options::Options;

#[derive(Debug)]
struct WeightedAvg {
    value: Source,
    weight: Source,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("weighted_avg", body)?;
    let source = |key: &'static str| {
        let body = options.value(key).ok_or_else(|| options.lacks(key))?;
        let inner = Options::new(key, body)?;
        let source = Source::parse("weighted_avg", &inner)?;
        inner.finish()?;
        Ok::<_, StoreError>(source)
    };
    let mut weighted = WeightedAvg {
        value: source("value")?,
        weight: source("weight")?,
    };
    weighted.value.format = options.text("format")?.map(str::to_owned);
    options.ignore(&["value_type"]);
    options.finish()?;
    Ok(Box::new(weighted))
}

#[derive(Clone, Debug, Default)]
pub(super) struct Weighted {
    sum: Sum,
    weights: Sum,
}

impl Weighted {
    pub(super) fn merge(&mut self, other: &Self) {
        self.sum.merge(other.sum);
        self.weights.merge(other.weights);
    }
}

impl Kind for WeightedAvg {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        _below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        Ok(Box::new(Collecting {
            values: Numbers::open(&self.value, segment)?,
            weights: Numbers::open(&self.weight, segment)?,
            found: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Weighted(Weighted::default())
    }

    fn finish(&self, partial: Partial, _below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let average = match partial {
            Partial::Weighted(it) => it.sum.value() / it.weights.value(),
            _ => f64::NAN,
        };
        let format = self.value.value_format(at)?;
        Ok(Outcome::Metric(Metric::value(average, &format)))
    }

    fn has_buckets(&self) -> bool {
        false
    }
}

struct Collecting {
    values: Numbers,
    weights: Numbers,
    found: Vec<Weighted>,
}

impl Collector for Collecting {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        self.values.read(block.docs);
        self.weights.read(block.docs);
        let mut weights = self.weights.each().peekable();
        let mut weight = None;
        for (position, value) in self.values.each() {
            while let Some((at, number)) = weights.next_if(|it| it.0 <= position) {
                if weight.is_some_and(|(last, _)| last == at) {
                    return Err(StoreError::invalid_query(
                        "[weighted_avg] takes one weight of each document, found several",
                    ));
                }
                weight = Some((at, number));
            }
            let Some((at, weight)) = weight else { continue };
            if at != position {
                continue;
            }
            let owner = block.owner(position) as usize;
            if owner >= self.found.len() {
                self.found.resize_with(owner + 1, Weighted::default);
            }
            self.found[owner].sum.add(value * weight);
            self.found[owner].weights.add(weight);
        }
        Ok(())
    }

    fn harvest(mut self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        self.found.resize_with(owners, Weighted::default);
        Ok(self.found.into_iter().map(Partial::Weighted).collect())
    }
}
