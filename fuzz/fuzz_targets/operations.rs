//! Filters that come and go. See `koncorde_fuzz::operations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| koncorde_fuzz::operations(input));
