//! Running a search: one pass over the documents that the query finds, from
//! which hits, total and aggregations come together.
//!
//! Documents come in blocks, so that columns are read many values at a time.
//! Scores are computed only where something asks for them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tantivy::query::Scorer;
use tantivy::{
    COLLECT_BLOCK_BUFFER_LEN, DocAddress, DocId, DocSet as _, Score, SegmentReader, TERMINATED,
};

use super::aggs::{self, Answering, Block, Budget, Found, Scores, Segment, Subs};
use super::body::Body;
use super::columns::broken;
use super::fetch;
use super::matching::{Documents, Matching};
use super::sort::{After, SegmentSort};
use super::top::{Candidate, Tie, Top};
use crate::document::{SearchQuery, SearchRequest, SearchResult};
use crate::error::StoreError;
use crate::index::Reader;

type Result<T> = std::result::Result<T, StoreError>;

/// So many documents are collected at once.
const BLOCK_DOCS: usize = 16 * COLLECT_BLOCK_BUFFER_LEN;

/// How long a search may go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience<'p> {
    /// Nobody waits any more.
    pub(crate) is_abandoned: &'p AtomicBool,
    pub(crate) deadline: Option<Instant>,
}

impl Patience<'_> {
    fn check(&self) -> Result<()> {
        if self.is_abandoned.load(Ordering::Relaxed) {
            return Err(StoreError::internal("the search was given up"));
        }
        if self.deadline.is_some_and(|it| Instant::now() > it) {
            return Err(StoreError::invalid_query(
                "the search took longer than its [search_timeout]: allow more, or narrow it",
            ));
        }
        Ok(())
    }
}

/// What a pass over the documents found.
pub(crate) struct Finding {
    /// The first candidates in their order.
    pub(crate) candidates: Vec<Candidate>,
    /// Of all pages.
    pub(crate) total: u64,
    pub(crate) aggregations: Option<serde_json::Value>,
}

/// How many documents of the collections satisfy the query.
pub(crate) fn count(
    readers: &[Reader],
    query: &SearchQuery,
    is_abandoned: &AtomicBool,
) -> Result<u64> {
    let query = Matching::of(query)?;
    let patience = Patience {
        is_abandoned,
        deadline: None,
    };
    let mut total = 0;
    for reader in readers {
        let weight = query.weight(reader, false)?;
        for segment in reader.searcher.segment_readers() {
            patience.check()?;
            total += u64::from(weight.count(segment).map_err(broken)?);
        }
    }
    Ok(total)
}

pub(crate) fn search(
    readers: &[Reader],
    request: &SearchRequest,
    is_abandoned: &AtomicBool,
) -> Result<SearchResult> {
    let body = Body::parse(request)?;
    let patience = body.patience(is_abandoned);
    let finding = find(readers, &body, body.window(), None, &patience)?;
    let page = finding.candidates.iter().skip(body.from);
    Ok(SearchResult {
        hits: fetch::hits(readers, page, &body)?,
        total: finding.total,
        aggregations: finding.aggregations,
        scroll: None,
    })
}

impl Body {
    pub(crate) fn patience<'p>(&self, is_abandoned: &'p AtomicBool) -> Patience<'p> {
        Patience {
            is_abandoned,
            deadline: self.timeout.map(|it| Instant::now() + it),
        }
    }
}

/// Finds the first so many candidates, of those after a place in the order.
pub(crate) fn find(
    readers: &[Reader],
    body: &Body,
    window: usize,
    cursor: Option<&After>,
    patience: &Patience<'_>,
) -> Result<Finding> {
    // Later pages of a scroll have the aggregations of the first one.
    let aggregations = body.aggregations.as_ref().filter(|_| cursor.is_none());
    let budget = Budget::default();
    let mut pass = Pass {
        body,
        aggregations,
        top: Top::new(window),
        total: 0,
        found: aggregations.map(aggs::Level::nothing),
        budget: &budget,
        patience,
    };
    for (target, reader) in readers.iter().enumerate() {
        let after = match (cursor, &body.after) {
            (Some(cursor), _) => Some(cursor.clone()),
            (None, Some(values)) => Some(body.sort.after(reader, values)?),
            (None, None) => None,
        };
        pass.collection(target, reader, after.as_ref())?;
    }
    let Pass {
        top, total, found, ..
    } = pass;
    let at = Answering {
        readers,
        budget: &budget,
    };
    let aggregations = aggregations.zip(found);
    let aggregations = aggregations.map(|(level, found)| level.answer(found, &at));
    Ok(Finding {
        candidates: top.into_sorted(),
        total,
        aggregations: aggregations.transpose()?,
    })
}

/// What is collected over all segments.
struct Pass<'a> {
    body: &'a Body,
    aggregations: Option<&'a aggs::Level>,
    top: Top<Candidate>,
    total: u64,
    found: Option<Found>,
    budget: &'a Budget,
    patience: &'a Patience<'a>,
}

impl<'a> Pass<'a> {
    fn collection(
        &mut self,
        target: usize,
        reader: &'a Reader,
        after: Option<&After>,
    ) -> Result<()> {
        let wants_hits = self.top.capacity() > 0;
        let aggregates = self.aggregations.is_some_and(aggs::Level::has_local);
        let needs_scores = wants_hits && self.body.sort.needs_scores()
            || self.aggregations.is_some_and(aggs::Level::needs_scores);
        // One score for all needs no computing.
        let constant = self.body.query.constant_score();
        let needs_scores = needs_scores.then_some(constant);
        let weight = self.body.query.weight(reader, needs_scores == Some(None))?;
        for (ordinal, segment) in (0..).zip(reader.searcher.segment_readers()) {
            self.patience.check()?;
            let place = Segment {
                reader,
                target,
                ordinal,
                segment,
                scope: None,
                is_single: true,
                budget: self.budget,
            };
            if wants_hits || aggregates || self.body.post_filter.is_some() {
                let scorer = weight.scorer(segment, 1.0).map_err(broken)?;
                self.segment(&place, scorer, needs_scores, after)?;
            } else {
                self.total += u64::from(weight.count(segment).map_err(broken)?);
            }
            if self.aggregations.is_some_and(aggs::Level::has_global) {
                self.everything(&place)?;
            }
        }
        Ok(())
    }

    /// One pass over the documents of a segment that the query finds.
    fn segment(
        &mut self,
        place: &Segment<'a>,
        scorer: Box<dyn Scorer>,
        needs_scores: Option<Option<Score>>,
        after: Option<&After>,
    ) -> Result<()> {
        let Segment {
            reader,
            target,
            segment,
            ..
        } = *place;
        let mut collected = match self.aggregations.filter(|it| it.has_local()) {
            Some(level) => Some(Subs::top(level, place, false)?),
            None => None,
        };
        let post_filter = self.body.post_filter.as_ref();
        let mut post_filter = post_filter
            .map(|it| it.documents(reader, segment, None))
            .transpose()?;
        let mut hits = match self.top.capacity() {
            0 => None,
            capacity => Some(SegmentTop {
                sort: self.body.sort.in_segment(reader, target, segment, after)?,
                top: Top::new(capacity),
            }),
        };
        let mut blocks = Blocks::new(scorer, segment, needs_scores);
        while blocks.next() {
            self.patience.check()?;
            if let Some(collected) = &mut collected {
                collected.collect(&blocks.block())?;
            }
            if let Some(filter) = &mut post_filter {
                blocks.retain(filter);
            }
            self.total += blocks.docs.len() as u64;
            if let Some(hits) = &mut hits {
                hits.offer(&blocks.docs, &blocks.scores);
            }
        }
        if let Some(hits) = hits {
            hits.harvest(place, &mut self.top)?;
        }
        self.add(collected, false)
    }

    /// The aggregations over all documents, whatever the query.
    fn everything(&mut self, place: &Segment<'a>) -> Result<()> {
        let Some(level) = self.aggregations else {
            return Ok(());
        };
        let mut collected = Subs::top(level, place, true)?;
        let all = Matching::all();
        let needs_scores = level.needs_scores().then_some(all.constant_score());
        let weight = all.weight(place.reader, false)?;
        let scorer = weight.scorer(place.segment, 1.0).map_err(broken)?;
        let mut blocks = Blocks::new(scorer, place.segment, needs_scores);
        while blocks.next() {
            self.patience.check()?;
            collected.collect(&blocks.block())?;
        }
        self.add(Some(collected), true)
    }

    fn add(&mut self, collected: Option<Subs<'_>>, global: bool) -> Result<()> {
        match (self.aggregations, &mut self.found, collected) {
            (Some(level), Some(found), Some(collected)) => level.add(found, collected, global),
            _ => Ok(()),
        }
    }
}

/// The living documents that a query finds in a segment, block by block.
struct Blocks<'s> {
    scorer: Box<dyn Scorer>,
    segment: &'s SegmentReader,
    /// Whether somebody needs scores, and the score of all if it is one.
    needs_scores: Option<Option<Score>>,
    docs: Vec<DocId>,
    /// Empty where nobody needs them.
    scores: Vec<Score>,
}

impl<'s> Blocks<'s> {
    fn new(
        scorer: Box<dyn Scorer>,
        segment: &'s SegmentReader,
        needs_scores: Option<Option<Score>>,
    ) -> Self {
        Self {
            scorer,
            segment,
            needs_scores,
            docs: Vec::with_capacity(BLOCK_DOCS),
            scores: Vec::new(),
        }
    }

    /// `false`: there are no more.
    fn next(&mut self) -> bool {
        self.docs.clear();
        self.scores.clear();
        if self.needs_scores == Some(None) {
            self.next_scored();
        } else {
            let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
            while self.docs.len() < BLOCK_DOCS {
                let count = self.scorer.fill_buffer(&mut buffer);
                match self.segment.alive_bitset() {
                    None => self.docs.extend_from_slice(&buffer[..count]),
                    Some(alive) => {
                        let docs = buffer[..count].iter();
                        self.docs.extend(docs.filter(|it| alive.is_alive(**it)));
                    }
                }
                if count < buffer.len() {
                    break;
                }
            }
            if let Some(Some(score)) = self.needs_scores {
                self.scores.resize(self.docs.len(), score);
            }
        }
        !self.docs.is_empty()
    }

    fn next_scored(&mut self) {
        let alive = self.segment.alive_bitset();
        let mut doc = self.scorer.doc();
        while doc != TERMINATED && self.docs.len() < BLOCK_DOCS {
            if alive.is_none_or(|it| it.is_alive(doc)) {
                self.docs.push(doc);
                self.scores.push(self.scorer.score());
            }
            doc = self.scorer.advance();
        }
    }

    fn block(&self) -> Block<'_> {
        Block {
            docs: &self.docs,
            owners: None,
            scores: self.needs_scores.map(|_| Scores {
                docs: &self.docs,
                scores: &self.scores,
            }),
        }
    }

    /// Without the documents that the filter does not take.
    fn retain(&mut self, filter: &mut Documents) {
        let mut kept = 0;
        for place in 0..self.docs.len() {
            if filter.contains(self.docs[place]) {
                self.docs[kept] = self.docs[place];
                if self.needs_scores.is_some() {
                    self.scores[kept] = self.scores[place];
                }
                kept += 1;
            }
        }
        self.docs.truncate(kept);
        self.scores.truncate(kept);
    }
}

/// The best of a segment.
pub(super) struct SegmentTop<'s> {
    sort: SegmentSort<'s>,
    top: Top<Local>,
}

/// A candidate while only its segment is looked at.
#[derive(Clone, Debug, PartialEq)]
struct Local {
    keys: Vec<u128>,
    sequence: u64,
    doc: DocId,
    score: Score,
}

impl Eq for Local {}

impl PartialOrd for Local {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Local {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let keys = self.keys.cmp(&other.keys);
        keys.then_with(|| self.sequence.cmp(&other.sequence))
    }
}

impl<'s> SegmentTop<'s> {
    pub(crate) fn new(sort: SegmentSort<'s>, capacity: usize) -> Self {
        Self {
            sort,
            top: Top::new(capacity),
        }
    }

    pub(crate) fn offer(&mut self, docs: &[DocId], scores: &[Score]) {
        self.sort.read(docs, scores);
        let has_one_level = self.sort.has_one_level();
        for (place, doc) in docs.iter().enumerate() {
            let first = self.sort.first[place];
            // Nearly all documents end here.
            if let Some(last) = self.top.last()
                && let Some(bound) = last.keys.first()
            {
                let (is_tie, sequence) = (first == *bound && has_one_level, last.sequence);
                if first > *bound || is_tie && self.sort.sequence(docs, place) > sequence {
                    continue;
                }
            }
            let score = scores.get(place).copied().unwrap_or_default();
            if self.sort.is_before_page(first, *doc, score) {
                continue;
            }
            self.top.offer(Local {
                keys: self.sort.rest(first, *doc, score),
                sequence: self.sort.sequence(docs, place),
                doc: *doc,
                score,
            });
        }
    }

    pub(crate) fn harvest(self, place: &Segment<'_>, into: &mut Top<Candidate>) -> Result<()> {
        for local in self.top.into_sorted() {
            into.offer(Candidate {
                keys: self.sort.keys(&local.keys)?,
                tie: Tie {
                    target: place.target,
                    sequence: local.sequence,
                },
                address: DocAddress::new(place.ordinal, local.doc),
                score: local.score,
            });
        }
        Ok(())
    }
}
