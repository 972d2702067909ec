//! The whole federation, in one program so that it is linked once: what it answers, what it refuses, and how it bears
//! nodes that fail and a coordinator that attacks. What needs a process of its own stands beside this folder.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic; clippy only knows the tests themselves"
)]

mod adversary;
mod answer;
mod deadline;
mod evaluations;
mod events;
mod faults;
mod heads;
mod joined;
mod log;
mod malformed;
mod missing;
mod objection;
mod permitted;
mod policy;
mod postgres;
mod query;
mod refuse;
mod resume;
mod revocation;
mod series;
mod stream;
mod witness;
