//! See `tvaers_fuzz::audit`.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use tvaers_fuzz::{audit, begin, within};

fuzz_target!(init: begin(audit::seeds()), |data: &[u8]| {
    within(audit::MEMORY_BYTES, || audit::check(data));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    audit::mutate(data, size, max_size, seed, fuzzer_mutate)
});
