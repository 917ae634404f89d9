//! Filters move to where they are found at less cost.
//!
//! The conditions that gave access to filters were the rarest when the filters
//! came; traffic changes. A survey looks at the filters one after the other,
//! some with each registration and removal, more when asked to. One whose access
//! is satisfied much more often than another choice would be is posted there
//! instead; its number stays.
//!
//! A survey is due when enough documents were sampled since the last one began,
//! so that filters that nobody tests cost nothing.
//!
//! Cost: per filter looked at, its accesses; per filter that is found often, as
//! much as a registration.

use super::program::Program;
use super::traffic::RATE_MIN;
use super::{Index, Posting, access};

/// A filter moves when it will be found so many times less often.
const GAIN_MIN: f64 = 4.0;
/// How many samples make a survey worth while: 4 000 documents.
const SAMPLES_MIN: u32 = 128;
/// How many filters a registration or removal looks at.
const STEP: usize = 4;

/// How far a survey has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// The filter to look at next.
    next: u32,
    /// How many samples there were when the survey began.
    samples: u32,
    /// How many filters moved, ever.
    pub(super) moves: u64,
}

impl Index {
    /// Looks at some filters if a survey is due or under way.
    pub(super) fn step(&mut self) {
        self.optimize(STEP);
    }

    /// Looks at up to `budget` places of filters and moves those that are found
    /// too often; tells how many it looked at, 0 if there is nothing to do.
    pub(crate) fn optimize(&mut self, budget: usize) -> usize {
        if self.alternatives == 0 {
            return 0;
        }
        let mut looked = 0;
        while looked < budget && self.is_due() {
            self.look_at(self.survey.next);
            self.survey.next += 1;
            looked += 1;
            if self.survey.next as usize >= self.filters.end() {
                self.survey.next = 0;
            }
        }
        looked
    }

    /// Whether there is a filter to look at; begins a survey if it is time.
    fn is_due(&mut self) -> bool {
        if self.survey.next > 0 {
            return true;
        }
        let samples = self.traffic.samples();
        if samples.wrapping_sub(self.survey.samples) < SAMPLES_MIN {
            return false;
        }
        self.survey.samples = samples;
        true
    }

    fn look_at(&mut self, filter: u32) {
        let Some(stored) = self.filters.get(filter) else {
            return;
        };
        if let Program::Always = stored.residual {
            return;
        }
        let postings = self.postings(filter).iter();
        let cost: f64 = postings.map(|it| self.posting_cost(*it)).sum();
        if cost > RATE_MIN {
            self.rehome(filter, cost);
        }
    }

    fn posting_cost(&self, posting: Posting) -> f64 {
        let id = posting.literal.condition();
        let test = &self.conditions[id].test;
        access::cost(test, posting.literal.is_negated(), |expected| {
            self.rate(id, expected)
        })
    }

    /// Posts a filter elsewhere if that is found less often.
    fn rehome(&mut self, filter: u32, cost: f64) {
        let form = self.form(filter);
        let Some(plan) = self.plan(&form) else {
            return;
        };
        if plan.cost * GAIN_MIN > cost {
            return;
        }
        // What is new is counted before what is old is released, so that no
        // condition goes and comes.
        let (access, guard, residual) = self.compile_plan(&plan);
        self.survey.moves += 1;
        self.unpost_all(filter);
        let stored = &mut self.filters[filter];
        let old_access = std::mem::replace(&mut stored.access, access);
        let old_residual = std::mem::replace(&mut stored.residual, residual);
        stored.guard = guard;
        self.release_all(old_access, &old_residual);
        self.post_all(filter);
    }
}
