#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| zhengqiao_exchange::fuzzing::pkcs12(input));
