#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| koncorde_fuzz::operations(input));
