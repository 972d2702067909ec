//! See `tvaers_fuzz::request`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tvaers_fuzz::{begin, request, within};

fuzz_target!(init: begin(request::seeds()), |data: &[u8]| {
    within(request::MEMORY_BYTES + 32 * data.len(), || request::check(data));
});
