//! Any bytes as a document. See `koncorde_fuzz::json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| koncorde_fuzz::json(input));
