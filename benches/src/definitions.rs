//! What is measured, and why.

use crate::{Random, Workload, shapes};

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// What the table shows; the number is that of the filters.
    pub name: &'static str,
    /// Why it exists.
    pub why: &'static str,
    /// Of the random numbers.
    pub seed: u64,
    /// How many filters are registered.
    pub filters: usize,
    /// How many matches all documents have together.
    pub matches: u64,
    /// Part of the quick form.
    pub is_quick: bool,
    make: fn(usize, &mut Random) -> Workload,
}

impl Definition {
    /// The same with another number of filters.
    pub fn sample(&self, filters: usize) -> Workload {
        (self.make)(filters, &mut Random::new(self.seed))
    }

    /// Writes the filters and documents.
    pub fn workload(&self) -> Workload {
        self.sample(self.filters)
    }
}

macro_rules! definitions {
    ($($name:literal $why:literal $shape:ident $filters:literal $seed:literal $matches:literal $quick:literal;)*) => {
        /// All measurements, in the order of the table.
        pub const DEFINITIONS: &[Definition] = &[$(Definition {
            name: $name,
            why: $why,
            seed: $seed,
            filters: $filters,
            matches: $matches,
            is_quick: $quick,
            make: shapes::$shape,
        }),*];
    };
}

definitions! {
    "eq-10k" "The most common filter; each document has five of the values." eq 10_000 1001 9_051 true;
    "eq-100k" "The same, beyond the second cache." eq 100_000 1002 9_043 false;
    "eq-1m" "The same, in main memory: time must not grow with the number of filters." eq 1_000_000 1003 9_050 false;
    "and-10k" "Rules with a common, a medium and a rare value and a range: only the rare one may cost." and 10_000 2001 3_554 true;
    "and-100k" "The same, beyond the second cache." and 100_000 2002 3_465 false;
    "and-1m" "The same, in main memory." and 1_000_000 2003 3_490 false;
    "range-10k" "A hundred ranges hold the numbers of a document." range 10_000 3001 199_959 true;
    "range-100k" "The same answers among ten times the ranges." range 100_000 3002 199_533 false;
    "prefix-10k" "Literal heads on text." prefix 10_000 4001 6_592 true;
    "regex-10k" "Literal heads, classes and gaps: no pattern may be run in vain." regex 10_000 4002 6_604 true;
    "andnot-10k" "A value to have and one not to have." and_not 10_000 5001 8_154 true;
    "not-10k" "Negations alone: nearly all filters match." not 10_000 5002 4_999_897 true;
    "fields-10k" "Each filter has a field of its own: only those of the document may cost." many_fields 10_000 6001 19_992 true;
    "in50-10k" "Lists of values: no subfilter per value." one_of 10_000 6002 2_000 true;
    "wide-10k" "Documents of 200 fields of which ten are asked for." wide_documents 10_000 6003 500 true;
    "geo-10k" "Disks all over the world." geofence 10_000 7001 2_031 true;
    "alert-100k" "The shape of published numbers: service and environment." alert 100_000 8001 1_000 false;
    "alert-mixed-100k" "The same with seven conditions, most of them common." alert_mixed 100_000 8002 1_000 false;
}
