//! How often documents satisfy conditions.
//!
//! One document in `SAMPLED_EVERY` is a sample: the conditions that it is known
//! to satisfy are counted. Counts fade, by a half each `PERIOD` samples, so that
//! they speak of the traffic of late. What was not counted yet is expected to be
//! what conditions of its kind usually are.
//!
//! Counting happens while others test, so counts are atomic; but nobody waits: a
//! count lost to a race is as good as not sampled.
//!
//! Cost: nothing for most documents; a few nanoseconds per satisfied condition
//! for samples. Four bytes per condition.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A prime, so that streams that repeat themselves are sampled evenly.
const SAMPLED_EVERY: u32 = 31;
/// The half-life of counts, in samples: 16 000 documents.
const PERIOD: u32 = 512;
/// What a satisfied condition adds to its count.
const HIT: u32 = 32;
/// As many samples weigh as much as the expectation.
const EXPECTED_WEIGHT: f64 = 64.0;
/// Rates below cannot be told from zero.
pub(super) const RATE_MIN: f64 = 2.0 / PERIOD as f64;

const CHUNK: usize = 1024;

/// What was seen of the documents.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    samples: AtomicU32,
    /// By condition.
    counts: Vec<Box<[AtomicU32]>>,
}

/// A count at the end of a period: both in one number.
#[derive(Clone, Copy)]
struct Count {
    period: u16,
    hits: u16,
}

impl Count {
    /// A count that does not fade because nobody counts.
    const UNKNOWN: u32 = u32::MAX;

    fn pack(self) -> u32 {
        u32::from(self.period) << 16 | u32::from(self.hits)
    }

    fn unpack(bits: u32) -> Self {
        Self {
            period: (bits >> 16) as u16,
            hits: bits as u16,
        }
    }

    fn at(self, period: u16) -> Self {
        let age = period.wrapping_sub(self.period);
        let hits = self.hits.checked_shr(age.into()).unwrap_or(0);
        Self { period, hits }
    }
}

impl Clone for Traffic {
    fn clone(&self) -> Self {
        let copy = |it: &AtomicU32| AtomicU32::new(it.load(Relaxed));
        let chunks = self.counts.iter();
        Self {
            samples: copy(&self.samples),
            counts: chunks.map(|it| it.iter().map(copy).collect()).collect(),
        }
    }
}

impl Traffic {
    /// Whether the test with this number is a sample.
    #[inline]
    pub(super) fn is_sampled(test: u32) -> bool {
        test.is_multiple_of(SAMPLED_EVERY)
    }

    /// A sample begins.
    pub(super) fn begin(&self) {
        self.samples.fetch_add(1, Relaxed);
    }

    pub(super) fn samples(&self) -> u32 {
        self.samples.load(Relaxed)
    }

    fn period(&self) -> u16 {
        (self.samples() / PERIOD) as u16
    }

    /// How many samples all counts are about, those of the past faded.
    fn weight(&self) -> f64 {
        let periods = (self.samples() / PERIOD).min(32) as i32;
        let past = 1.0 - 0.5f64.powi(periods);
        f64::from(self.samples() % PERIOD) + past * f64::from(PERIOD)
    }

    /// The sample satisfies a condition.
    pub(super) fn hit(&self, condition: u32) {
        if let Some(count) = self.count(condition) {
            let bits = count.load(Relaxed);
            if bits != Count::UNKNOWN {
                let mut now = Count::unpack(bits).at(self.period());
                now.hits = now.hits.saturating_add(HIT as u16);
                count.store(now.pack(), Relaxed);
            }
        }
    }

    fn count(&self, condition: u32) -> Option<&AtomicU32> {
        let chunk = self.counts.get(condition as usize / CHUNK)?;
        chunk.get(condition as usize % CHUNK)
    }

    /// A condition that nobody counts yet.
    pub(super) fn add(&mut self, condition: u32) {
        while self.counts.len() * CHUNK <= condition as usize {
            let unknown = || AtomicU32::new(Count::UNKNOWN);
            let chunk = std::iter::repeat_with(unknown).take(CHUNK);
            self.counts.push(chunk.collect());
        }
        self.set(condition, Count::UNKNOWN);
    }

    fn set(&self, condition: u32, bits: u32) {
        if let Some(count) = self.count(condition) {
            count.store(bits, Relaxed);
        }
    }

    /// From now on a condition is counted, as if it had been satisfied as often
    /// as expected, or as it was when it was last counted.
    pub(super) fn begin_counting(&self, condition: u32, expected: f64) {
        let rate = self.rate(condition, false, expected);
        self.set_rate(condition, rate, self.weight());
    }

    /// What is known of a condition stays as it is.
    pub(super) fn end_counting(&self, condition: u32) {
        let rate = self.rate(condition, true, 0.0);
        self.set_rate(condition, rate, f64::from(PERIOD));
    }

    fn set_rate(&self, condition: u32, rate: f64, weight: f64) {
        let hits = (rate * weight * f64::from(HIT)).min(60_000.0) as u16;
        let period = self.period();
        self.set(condition, Count { period, hits }.pack());
    }

    /// The share of documents that satisfy a condition, which is counted or was.
    pub(super) fn rate(&self, condition: u32, is_counted: bool, expected: f64) -> f64 {
        let bits = self.count(condition).map(|it| it.load(Relaxed));
        match bits {
            Some(Count::UNKNOWN) | None => expected,
            Some(bits) if is_counted => {
                let hits = Count::unpack(bits).at(self.period()).hits;
                let hits = f64::from(hits) / f64::from(HIT);
                (hits + expected * EXPECTED_WEIGHT) / (self.weight() + EXPECTED_WEIGHT)
            }
            Some(bits) => f64::from(Count::unpack(bits).hits) / f64::from(HIT * PERIOD),
        }
    }

    /// No condition is left.
    pub(super) fn forget_conditions(&mut self) {
        self.counts = Vec::new();
    }

    pub(super) fn bytes(&self) -> usize {
        self.counts.len() * (CHUNK * size_of::<AtomicU32>() + size_of::<Box<[AtomicU32]>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_the_traffic() {
        let mut traffic = Traffic::default();
        for condition in [0, 1, 2000] {
            traffic.add(condition);
        }
        assert_eq!(traffic.rate(0, true, 0.01), 0.01, "as expected");
        traffic.begin_counting(0, 0.01);
        traffic.begin_counting(1, 0.01);
        let sample = |traffic: &Traffic, count: u32, condition: u32, share: u32| {
            for number in 0..count {
                traffic.begin();
                if number % share == 0 {
                    traffic.hit(condition);
                }
            }
        };
        sample(&traffic, 4 * PERIOD, 0, 2);
        let near = |rate: f64, expected: f64| assert!((rate - expected).abs() < 0.07, "{rate}");
        near(traffic.rate(0, true, 0.01), 0.5);
        assert!(traffic.rate(1, true, 0.01) < 0.005, "never hit");
        assert_eq!(traffic.rate(2000, true, 0.3), 0.3, "not counted");
        sample(&traffic, 5 * PERIOD, 1, 4);
        near(traffic.rate(1, true, 0.01), 0.25);
        assert!(traffic.rate(0, true, 0.01) < 0.03, "no longer hit");
        traffic.end_counting(1);
        sample(&traffic, 5 * PERIOD, 0, 2);
        near(traffic.rate(1, false, 0.01), 0.25);
        traffic.add(0);
        assert_eq!(traffic.rate(0, true, 0.02), 0.02, "another condition");
    }
}
