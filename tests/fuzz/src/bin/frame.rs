//! See `tvaers_fuzz::frame`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tvaers_fuzz::{begin, frame, within};

fuzz_target!(init: begin(frame::seeds()), |data: &[u8]| {
    within(frame::MEMORY_BYTES + 8 * data.len(), || frame::check(data));
});
