//! Ids for documents that come without one: 20 letters and digits, in the
//! order of their creation.
//!
//! New ids stand at the end of their collection, so that many creations in one
//! transaction share a few pages of the store; with random ids each would
//! rewrite a page of its own, which costs ten times as much.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// In the order of their codes, so that ids sort like the numbers they write.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 20;

/// The counter beside the milliseconds: past 65 536 ids in one of them, the ids
/// run ahead of the clock.
const COUNTER_BITS: u32 = 16;
/// What makes this process differ from others.
const PROCESS_BITS: u32 = 54;

/// Each id is a number below 2^119, which is what 20 digits hold: milliseconds,
/// counter, process.
pub(crate) struct Ids {
    /// Milliseconds and counter of the last id, in one word.
    last: AtomicU64,
    process: u64,
}

impl Ids {
    pub(crate) fn new() -> Self {
        let random = uuid::Uuid::new_v4().as_u128();
        Self {
            last: AtomicU64::new(0),
            process: (random as u64) & ((1 << PROCESS_BITS) - 1),
        }
    }

    /// Never the same twice, always greater than the one before.
    pub(crate) fn next(&self) -> String {
        let now = now_ms() << COUNTER_BITS;
        let after = |last: u64| (last + 1).max(now);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let last = self.last.fetch_update(set, fetch, |it| Some(after(it)));
        let place = after(last.unwrap_or_else(|it| it));
        encode(u128::from(place) << PROCESS_BITS | u128::from(self.process))
    }
}

fn encode(mut number: u128) -> String {
    let mut text = [b'0'; LENGTH];
    for place in text.iter_mut().rev() {
        *place = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text.iter().map(|it| char::from(*it)).collect()
}

pub(crate) fn now_ms() -> u64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_ordered_and_safe_in_urls() {
        let ids = Ids::new();
        let all: Vec<String> = (0..200_000).map(|_| ids.next()).collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        for id in &all {
            assert_eq!(id.len(), LENGTH);
            assert!(id.bytes().all(|it| it.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn two_processes_differ() {
        assert_ne!(Ids::new().process, Ids::new().process);
    }
}
