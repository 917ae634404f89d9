//! An expression as a table: for each state and each range of letters the next
//! state.

use std::collections::HashMap;

use super::Result;
use super::expression::{Expressions, Id, too_complex};
use crate::limits::{REGEXP_STATES_MAX, REGEXP_TRANSITIONS_MAX};

#[derive(Debug)]
pub(crate) struct Table {
    /// The first letters of the ranges, in order; the first one is `\0`.
    ranges: Vec<char>,
    /// Rows of as many states as there are ranges.
    next: Vec<u32>,
    is_match: Vec<bool>,
    /// Whether a match can still come.
    can_match: Vec<bool>,
    /// Whether whatever comes is a match.
    always: Vec<bool>,
}

impl Table {
    pub(super) fn of(mut all: Expressions, whole: Id) -> Result<Self> {
        let ranges = all.ranges();
        let mut states = vec![whole];
        let mut places = HashMap::from([(whole, 0)]);
        let mut next = Vec::new();
        let mut at = 0;
        while at < states.len() {
            for letter in &ranges {
                let after = all.after(states[at], *letter)?;
                let place = *places.entry(after).or_insert_with(|| {
                    states.push(after);
                    states.len() as u32 - 1
                });
                next.push(place);
            }
            at += 1;
            if states.len() > REGEXP_STATES_MAX || next.len() > REGEXP_TRANSITIONS_MAX {
                return Err(too_complex());
            }
        }
        let is_match: Vec<bool> = states.iter().map(|it| all.takes_empty(*it)).collect();
        let fails: Vec<bool> = is_match.iter().map(|it| !it).collect();
        let can_fail = reaching(&next, ranges.len(), &fails);
        Ok(Self {
            can_match: reaching(&next, ranges.len(), &is_match),
            always: can_fail.iter().map(|it| !it).collect(),
            ranges,
            next,
            is_match,
        })
    }

    pub(super) fn start(&self) -> u32 {
        0
    }

    pub(super) fn step(&self, state: u32, letter: char) -> u32 {
        let range = self.ranges.partition_point(|it| *it <= letter) - 1;
        self.next[state as usize * self.ranges.len() + range]
    }

    pub(super) fn is_match(&self, state: u32) -> bool {
        self.is_match[state as usize]
    }

    pub(super) fn can_match(&self, state: u32) -> bool {
        self.can_match[state as usize]
    }

    pub(super) fn will_always_match(&self, state: u32) -> bool {
        self.always[state as usize]
    }
}

/// The states from which one of these can be reached.
fn reaching(next: &[u32], width: usize, goals: &[bool]) -> Vec<bool> {
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); goals.len()];
    for (place, to) in next.iter().enumerate() {
        before[*to as usize].push((place / width) as u32);
    }
    let mut reaches = goals.to_vec();
    let mut open: Vec<usize> = (0..goals.len()).filter(|it| goals[*it]).collect();
    while let Some(state) = open.pop() {
        for from in &before[state] {
            if !std::mem::replace(&mut reaches[*from as usize], true) {
                open.push(*from as usize);
            }
        }
    }
    reaches
}
