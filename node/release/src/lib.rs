//! From an exact value to a released one: the one door, and the only crate that knows OpenDP.
//!
//! A statistic is worked out as [`exact::Exact`], which nothing can print, compare, copy or read, and leaves it only as
//! [`released::Released`], with exact discrete Gaussian noise (zCDP) and what a reader must know of that noise. What
//! it costs, how far off it will be and whether it is possible at all follow from public parameters alone, so all of
//! it can be said before a row is read.
//!
//! | module | what |
//! |---|---|
//! | [`error`] | why something is refused: fixed codes, without values |
//! | [`clamp`] | what one person can add to one cell |
//! | [`sensitivity`] | what one person can change in all cells together: the one function |
//! | [`measure`] | the public parameters of a statistic: what, how many cells, how many a person is in |
//! | [`rho`] | the budget's currency, in whole billionths, rounded up |
//! | [`conversion`] | (epsilon, delta) and rho |
//! | [`scale`] | how wide noise is |
//! | [`spread`] | standard error and interval of that noise |
//! | [`mechanism`] | a measure and what was charged → the scale, checked with OpenDP's own privacy map |
//! | [`exact`] | the exact values, and the door out |
//! | [`released`] | values that may be seen, and their sums over nodes and cells |
//! | [`postprocess`] | what is shown of them: clipped, rounded, hidden |
//!
//! Private: `noise`, the seam where tests take the noise away (`cfg(test)` of this crate, not a feature, which another
//! crate could turn on), and `opendp`, whose objects are made, used and dropped within one call.
//!
//! # What is promised
//! The unit of privacy is one person with all rows: two data sets are neighbours when one has one person more. For all
//! neighbours a release is `rho`-zCDP with the `rho` of [`mechanism::Mechanism::loss`], never more than what was
//! charged. This rests on what the types cannot see: that a cell was chosen from public categories, that
//! [`exact::Exact::person`] is called once a person, and that sums given to [`exact::Exact::group`] were made of
//! clamped values. Sampling is exact (Canonne, Kamath and Steinke, 2020) and never floating point, but not in constant
//! time: larger noise takes longer, so replies must leave at times that do not depend on it. [`exact::Exact::release`]
//! computes for up to a tenth of a millisecond a cell: an asynchronous caller runs it on a blocking thread.
//!
//! # Where more goes
//! Sum of a centred clamp and count make a mean ([`clamp::Clamp::centred`]); a histogram is a count over bins, and
//! quantiles are read from one: both are functions of released values, in [`postprocess`]. The discrete Laplace is a
//! second constructor in [`mechanism`], a second function in `opendp` and in [`spread`], and costs ε²/2.
//!
//! # Building
//! OpenDP's secure generator is OpenSSL's, built from source by default: that takes perl, make and a C compiler, and
//! nothing else. With `libssl-dev` and `pkg-config` installed, `OPENSSL_NO_VENDOR=1` links the distribution's OpenSSL
//! instead: it builds faster, and is what packages do, because the distribution keeps mending it (the source that
//! OpenDP 0.16.0 pins is OpenSSL 3.3.1, of which only the random generator is used).
//!
//! A new version of OpenDP or of dashu, its arithmetic, is a new argument: run the tests of this crate, which compare
//! the noise with the distribution that is claimed.

pub mod error;

pub mod clamp;
pub mod sensitivity;

pub mod measure;

pub mod rho;

pub mod conversion;

pub mod scale;
pub mod spread;

pub mod mechanism;

pub mod exact;

pub mod released;

pub mod postprocess;

mod noise;
mod opendp;
