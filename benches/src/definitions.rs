//! What is measured, and why.

use crate::{Random, Workload, original, places, rules, shapes};

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
    ($($name:literal $why:literal $module:ident $shape:ident $filters:literal $seed:literal $matches:literal $quick:literal;)*) => {
        /// All measurements, in the order of the table.
        pub const DEFINITIONS: &[Definition] = &[$(Definition {
            name: $name,
            why: $why,
            seed: $seed,
            filters: $filters,
            matches: $matches,
            is_quick: $quick,
            make: $module::$shape,
        }),*];
    };
}

definitions! {
    "eq-10k" "The most common filter; each document has five of the values." shapes eq 10_000 1001 9_051 true;
    "eq-100k" "The same, beyond the second cache." shapes eq 100_000 1002 9_043 false;
    "eq-1m" "The same, in main memory: time must not grow with the number of filters." shapes eq 1_000_000 1003 9_050 false;
    "and-10k" "Rules with a common, a medium and a rare value and a range: only the rare one may cost." shapes and 10_000 2001 3_554 true;
    "and-100k" "The same, beyond the second cache." shapes and 100_000 2002 3_465 false;
    "and-1m" "The same, in main memory." shapes and 1_000_000 2003 3_490 false;
    "range-10k" "A hundred ranges hold the numbers of a document." shapes range 10_000 3001 199_959 true;
    "range-100k" "The same answers among ten times the ranges." shapes range 100_000 3002 199_533 false;
    "prefix-10k" "Literal heads on text." shapes prefix 10_000 4001 6_592 true;
    "regex-10k" "Literal heads, classes and gaps: no pattern may be run in vain." shapes regex 10_000 4002 6_604 true;
    "andnot-10k" "A value to have and one not to have." shapes and_not 10_000 5001 8_154 true;
    "not-10k" "Negations alone: nearly all filters match." shapes not 10_000 5002 4_999_897 true;
    "own-equals-10k" "The original's own benchmark: small documents, hardly any match." original own_equals 10_000 9001 100 true;
    "own-exists-10k" "The same with a field of its own for each filter." original own_exists 10_000 9002 100 false;
    "own-in-10k" "The same with five values per filter." original own_in 10_000 9003 100 false;
    "own-range-10k" "The same with ranges, fifty of which match." original own_range 10_000 9004 49_854 false;
    "own-box-10k" "The same with boxes of half a degree." places own_boxes 10_000 9005 143 false;
    "own-distance-10k" "The same with disks of 500 metres." places own_disks 10_000 9006 100 false;
    "own-ring-10k" "The same with rings of a kilometre." places own_rings 10_000 9007 100 false;
    "own-polygon-10k" "The same with stars of ten corners, large enough to overlap." places own_polygons 10_000 9008 10_955 false;
    "common-100k" "Three conditions that many documents satisfy: candidates must be few all the same." original common 100_000 9101 1_902 false;
    "regexp-none-10k" "Patterns by head, middle and tail on one field; hardly any matches." original regexps 10_000 9102 20 true;
    "notequals-10k" "Negations on one field: the answer is nearly everything." original not_equals 10_000 9103 1_999_980 false;
    "tenth-10k" "A thousand matches: what a match costs." original tenth 10_000 9104 200_000 true;
    "fields-10k" "Each filter has a field of its own: only those of the document may cost." original many_fields 10_000 6001 19_992 true;
    "in50-10k" "Lists of values: no subfilter per value." original one_of 10_000 6002 2_000 true;
    "wide-10k" "Documents of 200 fields of which ten are asked for." original wide_documents 10_000 6003 500 true;
    "geo-10k" "Disks all over the world." places geofence 10_000 7001 2_031 true;
    "hm-equals-100k" "The shape of published numbers: service and environment." rules service 100_000 8001 1_000 false;
    "hm-prefix-100k" "The same with a literal head and a method." rules head 100_000 8003 1_000 false;
    "hm-numeric-100k" "The same with ten limits per service." rules limits 100_000 8004 6_000 false;
    "hm-anythingbut-100k" "The same with a hundred services, a region to avoid each." rules avoid 100_000 8005 99_000 false;
    "hm-mixed-100k" "The same with seven conditions, most of them common." rules mixed 100_000 8002 10_000 false;
}
