//! How the parties of a federation reach each other: frames on streams on a link.
//!
//! Nodes dial the coordinator and keep one connection; either side opens a stream per exchange. Who is at the other
//! end is settled before the first frame that matters, and a [`link::Link`] exists only after that.
//!
//! The one crate that knows quinn, rustls and certificates. It does not know what a message means, except for the
//! greeting, nor what a roster is: the pinned keys come in as arguments.
//!
//! In reading order: [`link`], [`stream`] and [`exchange`], what all other crates see; [`quic`], the real one, with
//! [`certificate`], [`identity`] and [`greeting`]; [`backoff`] for dialling again; [`clock`]; [`limit`]; and, for
//! tests, `memory`.

pub mod backoff;
pub mod certificate;
pub mod clock;
pub mod exchange;
pub mod greeting;
pub mod identity;
pub mod limit;
pub mod link;
#[cfg(any(test, feature = "test-util"))]
pub mod memory;
pub mod quic;
pub mod stream;
mod tls;
