//! Equivalent filters and others. See `koncorde_fuzz::identity`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| koncorde_fuzz::identity(input));
