//! Pseudonyms without a key holder: a threshold oblivious PRF over ristretto255.
//!
//! A CPR number has so few plausible values that whoever holds the key of a keyed hash can undo it. Here nobody
//! does. The key of a study run is made by its holders together and exists only as `n` shares, of which any `t`
//! give the pseudonyms; a holder never sees whom it is asked about, and the node that asks never sees a share.
//!
//! The function is RFC 9497's suite ristretto255-SHA512 in verifiable mode, shared out as 2HashTDH (Jarecki,
//! Kiayias, Krawczyk and Xu, 2017): holder `j` answers a blinded point `B` with `k_j·B` and proves it, and the node
//! adds `t` answers with Lagrange weights. The crate is pure: randomness comes in as an argument, bytes go out.
//!
//! Read in the order of the data:
//!
//! | module | who | what |
//! |---|---|---|
//! | [`sealing`] | all | the X25519 key of a node, to which packages for it and its own secrets are sealed |
//! | [`dkg`] | holders | three rounds that end in one [`key::KeyShare`] each |
//! | [`confirmation`] | all | what every holder signs before anybody uses the key |
//! | [`refresh`] | holders | three rounds that end in new shares of the same key, for all holders or some |
//! | [`repair`] | holders | three steps that make a lost share again |
//! | [`key`] | all | the public half of a key, checked once, and a holder's share |
//! | [`seed`] | node | what blinds are drawn from, so that a batch can be asked again |
//! | [`kept`] | all | share and seed, sealed, as they lie on a node's disk |
//! | [`blind`] | node | persons → blinded points, and the secrets that undo the blinding |
//! | [`evaluate`] | holders | blinded points → evaluated points and one proof a batch |
//! | [`combine`] | node | `t` replies → proofs checked, pseudonyms and event secrets |
//! | [`opening`] | node, auditor | a sample of what was blinded, shown and checked |
//! | [`shift`] | node | event secret → times and identifiers that tell the coordinator no more than it must know |
//!
//! [`batch`] has the limits and refusals of a batch of points, [`backend`] the arithmetic in use. Private modules: `suite` (the RFC's hash functions),
//! `proof` (equality of discrete logarithms, batched), `lagrange` (the weights of a quorum) and `older` (our values in
//! the form of the library that makes keys).
//!
//! What the caller adds: signatures on round-1 and round-2 packages, confirmations, requests and replies; quotas
//! and replay protection; a place for what is sealed, and its erasure. The functions over batches keep all cores
//! busy through rayon and block meanwhile, so an asynchronous caller runs them on a blocking thread.

pub mod sealing;

pub mod dkg;

pub mod confirmation;

pub mod refresh;

pub mod repair;

pub mod key;

pub mod seed;

pub mod kept;

pub mod blind;

pub mod evaluate;

pub mod combine;

pub mod shift;

pub mod opening;

pub mod batch;

pub mod backend;

mod lagrange;
mod older;
mod proof;
mod suite;

#[cfg(test)]
mod frozen;
#[cfg(test)]
mod testing;
