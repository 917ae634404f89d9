//! Phrases: terms at their places, or moved by at most some places (slop).
//!
//! A place may hold several terms (synonyms, or the terms that a prefix stands
//! for). The frequency of a phrase counts each occurrence by how little it was
//! moved, as Lucene does.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{EmptyScorer, Scorer};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

use super::Boxed;
use super::segment::{Own, Segmented};
use super::statistics::FieldStatistics;

/// The terms that may stand at a place of the phrase.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) position: u32,
    pub(super) terms: Vec<Term>,
}

/// `idf`: the sum of those of all terms.
pub(super) fn query(places: Vec<Place>, slop: u32, idf: f32, statistics: FieldStatistics) -> Boxed {
    let terms = places.iter().flat_map(|it| it.terms.clone()).collect();
    Own::query(Phrase {
        places,
        terms,
        slop,
        idf,
        statistics,
    })
}

#[derive(Debug)]
struct Phrase {
    places: Vec<Place>,
    terms: Vec<Term>,
    slop: u32,
    idf: f32,
    statistics: FieldStatistics,
}

impl Segmented for Phrase {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let Some(first) = self.terms.first() else {
            return Ok(Box::new(EmptyScorer));
        };
        let index = segment.inverted_index(first.field())?;
        let mut places = Vec::new();
        for place in &self.places {
            let mut postings = Vec::new();
            for term in &place.terms {
                let option = IndexRecordOption::WithFreqsAndPositions;
                postings.extend(index.read_postings(term, option)?);
            }
            if postings.is_empty() {
                return Ok(Box::new(EmptyScorer));
            }
            places.push(PlacePostings::new(place.position, postings));
        }
        let lengths = segment.fieldnorms_readers().get_field(first.field())?;
        let lengths = lengths.unwrap_or_else(|| FieldNormReader::constant(segment.max_doc(), 1));
        let mut scorer = PhraseScorer {
            places,
            lengths,
            slop: self.slop,
            weight: self.idf * boost,
            statistics: self.statistics,
            document: 0,
            frequency: 0.0,
            repeated: repeated(&self.places),
            first: Vec::new(),
            positions: Vec::new(),
        };
        scorer.find(0);
        Ok(Box::new(scorer))
    }

    fn terms(&self) -> &[Term] {
        &self.terms
    }
}

/// The documents that have any of the terms of a place.
struct PlacePostings {
    position: u32,
    postings: Vec<SegmentPostings>,
    document: DocId,
}

impl PlacePostings {
    fn new(position: u32, postings: Vec<SegmentPostings>) -> Self {
        let document = postings.iter().map(DocSet::doc).min();
        Self {
            position,
            document: document.unwrap_or(TERMINATED),
            postings,
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.document < target {
            let sought = self.postings.iter_mut().map(|it| match it.doc() < target {
                true => it.seek(target),
                false => it.doc(),
            });
            self.document = sought.min().unwrap_or(TERMINATED);
        }
        self.document
    }

    /// Where the phrase would begin for each occurrence, in order; at least 0
    /// with an offset of all positions that is the same for all places.
    fn starts(&mut self, offset: u32, starts: &mut Vec<u32>) {
        starts.clear();
        let moved = offset - self.position;
        for postings in &mut self.postings {
            if postings.doc() == self.document {
                postings.append_positions_with_offset(moved, starts);
            }
        }
        if self.postings.len() > 1 {
            starts.sort_unstable();
            starts.dedup();
        }
    }
}

fn repeated(places: &[Place]) -> Vec<(usize, usize)> {
    let pairs = (0..places.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let shares = |a: &Place, b: &Place| a.terms.iter().any(|it| b.terms.contains(it));
    pairs
        .filter(|(a, b)| shares(&places[*a], &places[*b]))
        .collect()
}

struct PhraseScorer {
    places: Vec<PlacePostings>,
    lengths: FieldNormReader,
    slop: u32,
    weight: Score,
    statistics: FieldStatistics,
    document: DocId,
    frequency: f32,
    /// Pairs of places with a term in common: one occurrence is not both.
    repeated: Vec<(usize, usize)>,
    /// Scratch memory: starts of the phrase that are still possible, and those
    /// of one place.
    first: Vec<u32>,
    positions: Vec<Vec<u32>>,
}

impl PhraseScorer {
    /// The next document from the target on that has the phrase.
    fn find(&mut self, mut target: DocId) -> DocId {
        'documents: while target < TERMINATED {
            for place in &mut self.places {
                let found = place.seek(target);
                if found > target {
                    target = found;
                    continue 'documents;
                }
            }
            self.frequency = self.count();
            if self.frequency > 0.0 {
                self.document = target;
                return target;
            }
            target += 1;
        }
        self.document = TERMINATED;
        TERMINATED
    }

    /// How often the current document has the phrase.
    fn count(&mut self) -> f32 {
        let offset = self.places.iter().map(|it| it.position).max().unwrap_or(0);
        match self.slop {
            0 => self.count_exact(offset),
            slop => {
                self.positions.resize_with(self.places.len(), Vec::new);
                for (place, starts) in self.places.iter_mut().zip(&mut self.positions) {
                    place.starts(offset, starts);
                }
                let offsets: Vec<u32> = self.places.iter().map(|it| it.position).collect();
                let is_twice = |starts: &[u32]| {
                    let place = |it: usize| starts[it] + offsets[it];
                    self.repeated.iter().any(|(a, b)| place(*a) == place(*b))
                };
                count_sloppy(&self.positions, slop, is_twice)
            }
        }
    }

    fn count_exact(&mut self, offset: u32) -> f32 {
        let mut places = self.places.iter_mut();
        let mut starts = Vec::new();
        if let Some(place) = places.next() {
            place.starts(offset, &mut self.first);
        }
        for place in places {
            place.starts(offset, &mut starts);
            let mut at = 0;
            self.first.retain(|start| {
                at += starts[at..].partition_point(|it| it < start);
                starts.get(at) == Some(start)
            });
            if self.first.is_empty() {
                return 0.0;
            }
        }
        self.first.len() as f32
    }
}

/// Occurrences in which all terms begin the phrase within the slop, each
/// counted as `1 / (1 + distance)`.
///
/// The place that begins first moves on to its next occurrence; before it does
/// so past the others, what was found counts.
fn count_sloppy(places: &[Vec<u32>], slop: u32, is_twice: impl Fn(&[u32]) -> bool) -> f32 {
    let mut at = vec![0; places.len()];
    let start = |at: &[usize], place: usize| places[place].get(at[place]).copied();
    let mut frequency = 0.0;
    let Some(mut last) = (0..places.len()).filter_map(|it| start(&at, it)).max() else {
        return 0.0;
    };
    loop {
        // The place that begins first, and where the next one does.
        let mut order: Vec<(u32, usize)> = Vec::with_capacity(places.len());
        for place in 0..places.len() {
            match start(&at, place) {
                Some(it) => order.push((it, place)),
                None => return frequency,
            }
        }
        order.sort_unstable();
        let (mut least, place) = order[0];
        let next = order.get(1).map_or(u32::MAX, |it| it.0);
        // As near to the others as it gets without passing them.
        while let Some(following) = places[place].get(at[place] + 1)
            && *following <= next
        {
            at[place] += 1;
            least = *following;
        }
        let distance = last - least;
        let starts: Vec<u32> = (0..places.len()).filter_map(|it| start(&at, it)).collect();
        if distance <= slop && !is_twice(&starts) {
            frequency += 1.0 / (1.0 + distance as f32);
        }
        at[place] += 1;
        match start(&at, place) {
            Some(it) => last = last.max(it),
            None => return frequency,
        }
    }
}

impl DocSet for PhraseScorer {
    fn advance(&mut self) -> DocId {
        match self.document {
            TERMINATED => TERMINATED,
            document => self.find(document + 1),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        match self.document < target {
            true => self.find(target),
            false => self.document,
        }
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        let places = self.places.iter();
        let sizes = places.map(|it| it.postings.iter().map(DocSet::size_hint).sum::<u32>());
        sizes.min().unwrap_or(0) / 10
    }
}

impl Scorer for PhraseScorer {
    fn score(&mut self) -> Score {
        let length = self.lengths.fieldnorm(self.document);
        self.weight * self.statistics.term_score(self.frequency, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sloppy_phrases_are_counted_by_their_distance() {
        // Starts of the phrase by place: equal ones stand as in the phrase.
        let cases: [(&[&[u32]], u32, f32); 6] = [
            (&[&[3], &[3]], 1, 1.0),
            (&[&[3], &[4]], 1, 0.5),
            (&[&[3], &[5]], 1, 0.0),
            (&[&[3, 9], &[3, 10]], 2, 1.5),
            (&[&[1, 4], &[5]], 1, 0.5),
            (&[&[3], &[3], &[5]], 2, 1.0 / 3.0),
        ];
        for (places, slop, expected) in cases {
            let places: Vec<Vec<u32>> = places.iter().map(|it| it.to_vec()).collect();
            assert_eq!(
                count_sloppy(&places, slop, |_| false),
                expected,
                "{places:?} {slop}"
            );
        }
    }
}
