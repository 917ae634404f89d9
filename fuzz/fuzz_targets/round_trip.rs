//! Filters through their JSON form. See `koncorde_fuzz::round_trip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| koncorde_fuzz::round_trip(input));
