#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| bewit_fuzz::catalog::check(data));
