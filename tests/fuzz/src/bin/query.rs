//! See `tvaers_fuzz::query`.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tvaers_fuzz::{begin, query, within};

fuzz_target!(init: begin(query::seeds()), |data: &[u8]| {
    within(query::MEMORY_BYTES, || query::check(data));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    query::mutate(data, size, max_size, seed, fuzzer_mutate)
});
