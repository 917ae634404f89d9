//! top_hits: the best documents of a bucket.

use serde_json::{Map, Value, json};
use tantivy::{DocId, Score};

use super::collect::{Block, Collector, Segment};
use super::outcome::{Metric, Outcome};
use super::partial::Partial;
use super::{Answering, Kind, Level, Result};
use crate::limits::TOP_HITS_MAX;
use crate::search::execute::SegmentTop;
use crate::search::fetch;
use crate::search::format::json_number;
use crate::search::options::Options;
use crate::search::sort::Sort;
use crate::search::source::SourceFilter;
use crate::search::top::{Candidate, Top};

#[derive(Debug)]
struct TopHits {
    sort: Sort,
    source: SourceFilter,
    from: usize,
    size: usize,
    shows_version: bool,
}

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("top_hits", body)?;
    let from = options.count("from")?.unwrap_or(0);
    let size = options.count("size")?.unwrap_or(3);
    if from.saturating_add(size) > TOP_HITS_MAX {
        return Err(options.wrong("size", &format!("at most {TOP_HITS_MAX}, with [from]")));
    }
    let hits = TopHits {
        sort: Sort::parse(options.value("sort"))?,
        source: SourceFilter::parse(&source(&options))?,
        from: from as usize,
        size: size as usize,
        shows_version: options.flag("version")?.unwrap_or(false),
    };
    options.flag("track_scores")?;
    options.finish()?;
    Ok(Box::new(hits))
}

fn source(options: &Options<'_>) -> Map<String, Value> {
    let source = options.value("_source").cloned();
    source
        .map(|it| ("_source".to_owned(), it))
        .into_iter()
        .collect()
}

/// The best documents so far.
#[derive(Debug)]
pub(super) struct Best {
    top: Top<Candidate>,
    total: u64,
}

impl Best {
    pub(super) fn merge(&mut self, other: Self) {
        self.total += other.total;
        self.top.merge(other.top);
    }
}

impl TopHits {
    fn nothing(&self) -> Best {
        Best {
            top: Top::new(self.from + self.size),
            total: 0,
        }
    }
}

impl Kind for TopHits {
    fn collector<'s>(
        &'s self,
        segment: &Segment<'s>,
        _below: &'s Level,
    ) -> Result<Box<dyn Collector + 's>> {
        Ok(Box::new(Collecting {
            of: self,
            segment: *segment,
            found: Vec::new(),
        }))
    }

    fn empty(&self, _below: &Level) -> Partial {
        Partial::Best(self.nothing())
    }

    fn finish(&self, partial: Partial, _below: &Level, at: &Answering<'_>) -> Result<Outcome> {
        let best = match partial {
            Partial::Best(best) => best,
            _ => self.nothing(),
        };
        let keeps_score = self.sort.keeps_score();
        let candidates = best.top.into_sorted();
        let scores = candidates.iter().map(|it| it.score);
        let max_score = scores.fold(None, |most: Option<f32>, it| {
            Some(most.map_or(it, |most| most.max(it)))
        });
        let score = |it: f32| match keeps_score {
            true => json_number(fetch::shown(it)),
            false => Value::Null,
        };
        let mut hits = Vec::new();
        for candidate in candidates.iter().skip(self.from) {
            let Some(reader) = at.readers.get(candidate.tie.target) else {
                continue;
            };
            let mut bytes = at.budget.bytes();
            let document = fetch::document(reader, candidate.address, &self.source, &mut bytes)?;
            at.budget.set_bytes(bytes);
            let place = &reader.entry.at;
            let mut hit = Map::new();
            hit.insert(
                "_index".into(),
                format!("&{}.{}", place.index, place.collection).into(),
            );
            hit.insert("_type".into(), "_doc".into());
            hit.insert("_id".into(), document.id.into());
            if self.shows_version {
                hit.insert("_version".into(), document.version.into());
            }
            hit.insert("_score".into(), score(candidate.score));
            if self.source != SourceFilter::Nothing {
                hit.insert("_source".into(), (*document.source).clone());
            }
            if let Some(values) = self.sort.shown(reader, &candidate.keys)? {
                hit.insert("sort".into(), values);
            }
            hits.push(Value::Object(hit));
        }
        let mut metric = Metric::default();
        let inner = json!({
            "total": {"value": best.total, "relation": "eq"},
            "max_score": max_score.map_or(Value::Null, score),
            "hits": hits,
        });
        metric.json.insert("hits".into(), inner);
        Ok(Outcome::Metric(metric))
    }

    fn needs_scores(&self) -> bool {
        self.sort.needs_scores()
    }

    fn has_buckets(&self) -> bool {
        false
    }
}

struct Collecting<'s> {
    of: &'s TopHits,
    segment: Segment<'s>,
    /// By bucket of the level above, with the number of documents.
    found: Vec<(SegmentTop<'s>, u64)>,
}

impl<'s> Collecting<'s> {
    fn grow(&mut self, owners: usize) -> Result<()> {
        while self.found.len() < owners {
            let Segment {
                reader,
                target,
                segment,
                budget,
                ..
            } = self.segment;
            budget.take_states(1 + self.of.size)?;
            let sort = self.of.sort.in_segment(reader, target, segment, None)?;
            let top = SegmentTop::new(sort, self.of.from + self.of.size);
            self.found.push((top, 0));
        }
        Ok(())
    }
}

impl Collector for Collecting<'_> {
    fn collect(&mut self, block: &Block<'_>) -> Result<()> {
        let most = block.owners.map_or(Some(0), |it| it.iter().max().copied());
        self.grow(most.map_or(0, |it| it as usize + 1))?;
        // The documents of each bucket, one bucket after the other.
        let mut places: Vec<usize> = (0..block.docs.len()).collect();
        places.sort_by_key(|it| block.owner(*it));
        for group in places.chunk_by(|a, b| block.owner(*a) == block.owner(*b)) {
            let docs: Vec<DocId> = group.iter().map(|it| block.docs[*it]).collect();
            let mut scores: Vec<Score> = Vec::new();
            if block.scores.is_some() {
                scores.extend(docs.iter().map(|it| block.score(*it)));
            }
            let (top, count) = &mut self.found[block.owner(group[0]) as usize];
            top.offer(&docs, &scores);
            *count += docs.len() as u64;
        }
        Ok(())
    }

    fn harvest(self: Box<Self>, owners: usize) -> Result<Vec<Partial>> {
        let Self {
            of, segment, found, ..
        } = *self;
        let mut partials = Vec::with_capacity(owners);
        for (top, total) in found {
            let mut best = of.nothing();
            best.total = total;
            top.harvest(&segment, &mut best.top)?;
            partials.push(Partial::Best(best));
        }
        partials.resize_with(owners, || Partial::Best(of.nothing()));
        Ok(partials)
    }
}
