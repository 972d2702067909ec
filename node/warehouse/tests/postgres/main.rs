//! The same on PostgreSQL: a source gives what an import of the same rows gives, person by person, is read only, and
//! is refused where it is not what was registered, without a password or a row's value in any message.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic; clippy only knows the tests themselves"
)]

mod changed;
mod content;
mod equal;
mod look;
mod offer;
mod sample;
mod secret;
mod served;
mod server;
