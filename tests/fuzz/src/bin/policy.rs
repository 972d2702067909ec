//! See `tvaers_fuzz::policy`.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tvaers_fuzz::{begin, policy, within};

fuzz_target!(init: begin(policy::seeds()), |data: &[u8]| {
    within(policy::MEMORY_BYTES, || policy::check(data));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    policy::mutate(data, size, max_size, seed, fuzzer_mutate)
});
