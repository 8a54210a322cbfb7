#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| zhengqiao_exchange::fuzzing::transforms(input));
