//! From the values of a document to the filters that match it.
//!
//! Cost: one look-up per kind of condition and field of the document that is
//! asked for; a step for each candidate; a test for each literal verified.

use serde_json::{Map, Value};

use super::datum::{self, Datum, FieldValue, hash_datum, is_costly};
use super::field::{Kinds, ROOT};
use super::hits::keep;
use super::lex::DocumentError;
use super::negated::Dense;
use super::program::Lit;
use super::scratch::Scratch;
use super::traffic::Traffic;
use super::walk::{self, Seen};
use super::{Entry, Guard, Index};
use crate::normal::Test;

/// How many conditions a sample counts that are no `equals`.
const SAMPLE_MAX: usize = 256;

impl Index {
    /// Calls `found` once with each filter that matches a document.
    pub(crate) fn visit(
        &self,
        document: &Map<String, Value>,
        scratch: &mut Scratch,
        found: &mut impl FnMut(u32),
    ) {
        self.begin(scratch);
        let mut values = scratch.take_values();
        let mut seen = Seen {
            epoch: scratch.epoch,
            slots: &mut scratch.slots,
            is_ambiguous: false,
            prediction: &mut scratch.prediction,
        };
        walk::walk(&self.fields, document, &mut seen, &mut values);
        self.visit_values(&mut values, scratch, found);
        scratch.give_values(values);
    }

    /// The same for a document in bytes.
    pub(crate) fn visit_slice(
        &self,
        json: &[u8],
        scratch: &mut Scratch,
        found: &mut impl FnMut(u32),
    ) -> Result<(), DocumentError> {
        self.begin(scratch);
        let mut reading = std::mem::take(&mut scratch.reading);
        let mut values = scratch.take_values();
        let mut seen = Seen {
            epoch: scratch.epoch,
            slots: &mut scratch.slots,
            is_ambiguous: false,
            prediction: &mut scratch.prediction,
        };
        let result = reading.read(&self.fields, json, &mut seen, &mut values);
        let is_ambiguous = seen.is_ambiguous;
        if result.is_ok() && !is_ambiguous {
            reading.complete(&mut values);
            self.visit_values(&mut values, scratch, found);
        }
        scratch.give_values(values);
        scratch.reading = reading;
        result?;
        if is_ambiguous {
            let document = serde_json::from_slice(json)
                .map_err(|_| DocumentError::new("a document that can be parsed", 0))?;
            self.visit(&document, scratch, found);
        }
        Ok(())
    }

    fn begin(&self, scratch: &mut Scratch) {
        scratch.begin(self.fields.end(), self.filters.end(), self.conditions.end());
        scratch.prediction.begin(&self.fields);
    }

    /// In passes rather than value by value, so that the memory that one filter
    /// waits for is fetched while others are looked at.
    fn visit_values(
        &self,
        values: &mut [FieldValue<'_>],
        scratch: &mut Scratch,
        found: &mut impl FnMut(u32),
    ) {
        let hasher = self.conditions.hasher();
        for value in values.iter_mut() {
            value.hash = hash_datum(hasher, value.field, value.datum);
        }
        let (hits, excluded) = (&mut scratch.hits, &mut scratch.excluded);
        let folded = &mut scratch.folded;
        let mut run = Run {
            index: self,
            values,
            epoch: scratch.epoch,
            slots: &scratch.slots,
            met: &mut scratch.met,
            decided: &mut scratch.decided,
            candidates: &mut scratch.candidates,
            found,
        };
        run.candidates.clear();
        hits.clear();
        self.always.for_each(|entry| run.candidate(entry));
        for value in run.values {
            if let Some(kinds) = self.fields.kinds(value.field) {
                let first = hits.len();
                self.satisfied(kinds, value, folded, hits);
                if !kinds.negated.is_empty() {
                    run.not_excluded(kinds, value.datum, &hits[first..], excluded);
                }
            }
        }
        run.hits(hits);
        self.absences.for_each(|field| run.absent(field));
        run.verify_all();
        if self.alternatives > 0 && Traffic::is_sampled(scratch.epoch) {
            self.sample(values, &scratch.hits);
        }
    }

    /// Counts the conditions that a document satisfies, as far as they are known:
    /// all `equals`, and what else gives access to filters.
    #[cold]
    fn sample(&self, values: &[FieldValue<'_>], hits: &[u32]) {
        self.traffic.begin();
        for value in values {
            if let Some(id) = self.conditions.find_known_equals(value) {
                self.traffic.hit(id);
            }
        }
        // Of very many, another part each time.
        let from = self.traffic.samples() as usize * SAMPLE_MAX;
        let from = from.checked_rem(hits.len()).unwrap_or(0);
        for id in hits[from..].iter().take(SAMPLE_MAX) {
            if !matches!(self.conditions[*id].test, Test::Equals(_)) {
                self.traffic.hit(*id);
            }
        }
    }

    /// The conditions with access to filters that a value satisfies; for shapes
    /// to be out of, those that it is in.
    fn satisfied(
        &self,
        kinds: &Kinds,
        value: &FieldValue<'_>,
        folded: &mut String,
        hits: &mut Vec<u32>,
    ) {
        let FieldValue { field, datum, .. } = *value;
        let hasher = self.conditions.hasher();
        if let Some(exists) = kinds.exists {
            hits.push(exists);
        }
        if kinds.equals > 0
            && let Some(equals) = self.conditions.find_equals(value)
        {
            hits.push(equals);
        }
        if kinds.one_of > 0 {
            self.one_of.find(value, hits);
        }
        match datum {
            Datum::Number(number) => kinds.ranges.find(number, hits),
            Datum::String(text) if !kinds.regexps.is_empty() => {
                kinds.regexps.find(&self.conditions, text, folded, hits);
            }
            _ => (),
        }
        if !kinds.shapes.is_empty()
            && let Some(point) = datum.point()
        {
            kinds.shapes.find(&self.conditions, point, hits);
        }
        if let Datum::Tree(value) = datum {
            if kinds.contains > 0 {
                let first = hits.len();
                for element in datum.elements() {
                    let element = FieldValue::hashed(hasher, field, Datum::from_json(element));
                    self.contained.find(&element, hits);
                }
                keep(hits, first, |_| true);
            }
            if !kinds.inner.is_empty() {
                kinds.inner.find(hasher, &self.conditions, value, hits);
            }
        }
    }
}

/// One document against an index.
struct Run<'r, 'd, F> {
    index: &'r Index,
    values: &'r [FieldValue<'d>],
    epoch: u32,
    slots: &'r [(u32, u32)],
    met: &'r mut [u32],
    decided: &'r mut [(u32, bool)],
    candidates: &'r mut Vec<u32>,
    found: &'r mut F,
}

impl<F: FnMut(u32)> Run<'_, '_, F> {
    /// All filters of satisfied conditions are candidates.
    fn hits(&mut self, hits: &[u32]) {
        let index = self.index;
        for id in hits {
            let conditions = &index.conditions;
            conditions.for_each_wanted(*id, |entry| self.candidate(entry));
        }
    }

    /// Filters that a value does not exclude are candidates.
    fn not_excluded(
        &mut self,
        kinds: &Kinds,
        datum: Datum<'_>,
        hits: &[u32],
        excluded: &mut Vec<u32>,
    ) {
        self.remaining(&kinds.negated.others, hits, excluded);
        let outside = &kinds.negated.outside;
        if outside.len() > 0 && datum.point().is_some() {
            self.remaining(outside, hits, excluded);
        }
    }

    fn remaining(&mut self, list: &Dense, hits: &[u32], excluded: &mut Vec<u32>) {
        if list.len() == 0 {
            return;
        }
        excluded.clear();
        hits.iter().for_each(|id| list.exclude(*id, excluded));
        self.all_but(list, excluded);
    }

    fn all_but(&mut self, list: &Dense, excluded: &mut Vec<u32>) {
        if list.is_plain() {
            list.remaining(excluded, |entries| {
                entries.iter().for_each(|filter| (self.found)(*filter));
            });
        } else {
            list.remaining(excluded, |entries| {
                entries.iter().for_each(|entry| self.candidate(*entry));
            });
        }
    }

    /// Without a value nothing is excluded.
    fn absent(&mut self, field: u32) {
        if self.slots[field as usize].0 == self.epoch && self.datum(field).is_some() {
            return;
        }
        let Some(kinds) = self.index.fields.kinds(field) else {
            return;
        };
        let negated = &kinds.negated;
        for list in [&negated.missing, &negated.outside, &negated.others] {
            self.all_but(list, &mut Vec::new());
        }
    }

    #[inline]
    fn candidate(&mut self, entry: u32) {
        let entry = Entry(entry);
        let filter = entry.filter();
        if entry.is_repeated() {
            let met = &mut self.met[filter as usize];
            if *met == self.epoch {
                return;
            }
            *met = self.epoch;
        }
        if entry.is_to_verify() {
            self.candidates.push(filter);
        } else {
            (self.found)(filter);
        }
    }

    fn verify_all(&mut self) {
        let candidates = std::mem::take(self.candidates);
        for filter in &candidates {
            let stored = &self.index.filters[*filter];
            if self.is_guarded(stored.guard)
                && stored.residual.holds(&mut |literal| self.literal(literal))
            {
                (self.found)(*filter);
            }
        }
        *self.candidates = candidates;
    }

    /// Whether the document may have the value that a guard asks for.
    #[inline]
    fn is_guarded(&self, guard: Guard) -> bool {
        if guard.field == Guard::NO_FIELD {
            return true;
        }
        let (epoch, place) = self.slots[guard.field as usize];
        let value = self.values.get(place as usize);
        epoch == self.epoch && value.is_some_and(|it| it.hash as u32 == guard.hash)
    }

    fn literal(&mut self, literal: Lit) -> bool {
        let id = literal.condition();
        let condition = &self.index.conditions[id];
        let datum = self.datum(condition.field);
        if !is_costly(&condition.test) {
            return datum::holds(&condition.test, datum) != literal.is_negated();
        }
        let (epoch, decided) = self.decided[id as usize];
        if epoch == self.epoch {
            return decided != literal.is_negated();
        }
        let holds = datum::holds(&condition.test, datum);
        self.decided[id as usize] = (self.epoch, holds);
        holds != literal.is_negated()
    }

    /// The value of a field.
    #[inline]
    fn datum(&self, field: u32) -> Option<Datum<'_>> {
        debug_assert_ne!(field, ROOT);
        let (epoch, place) = self.slots[field as usize];
        if epoch != self.epoch {
            return None;
        }
        Some(self.values.get(place as usize)?.datum)
    }
}
