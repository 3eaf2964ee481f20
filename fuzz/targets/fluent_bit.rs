#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| bewit_fuzz::fluent_bit::check(data));
