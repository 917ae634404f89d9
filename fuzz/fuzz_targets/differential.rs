//! The engine against the evaluator. See `koncorde_fuzz::differential`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| koncorde_fuzz::differential(input));
