//! Any bytes as a filter. See `koncorde_fuzz::parse`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| koncorde_fuzz::parse(input));
