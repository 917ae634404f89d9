//! Many regular expressions on one field. See `koncorde_fuzz::patterns`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| koncorde_fuzz::patterns(input));
