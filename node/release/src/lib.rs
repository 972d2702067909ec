//! From an exact value to a released one: the one door, and the only crate that knows OpenDP.
//!
//! A statistic is worked out as [`exact::Exact`], which nothing can print, compare, copy or read, and leaves it only as
//! [`released::Released`], with exact discrete Gaussian noise (zCDP) or discrete Laplace noise (pure epsilon), and what a
//! reader must know of that noise. What it costs, how far off it will be and whether it is possible at all follow from
//! public parameters alone, so all of it can be said before a row is read.
//!
//! | module | what |
//! |---|---|
//! | [`error`] | why something is refused: fixed codes, without values |
//! | [`clamp`] | what one person can add to one cell |
//! | [`sensitivity`] | what one person can change in all cells together: the one function |
//! | [`measure`] | the public parameters of a statistic: what, how many cells, how many a person is in |
//! | [`rho`] | the budget's currency, in whole billionths, rounded up |
//! | [`conversion`] | (epsilon, delta) and rho, pure epsilon and rho (Bun and Steinke, 2016) |
//! | [`scale`] | how wide noise is |
//! | [`spread`] | standard error and interval of that noise |
//! | [`mechanism`] | a measure and what was charged → the scale, checked with OpenDP's own privacy map: discrete Gaussian (Canonne, Kamath and Steinke, 2020), discrete Laplace (Ghosh, Roughgarden and Sundararajan, 2009) |
//! | [`joint`] | several measures of the same persons under one charge |
//! | [`exact`] | the exact values, and the door out |
//! | [`of_query`] | the measures that are released for a query, and what it asks to be charged |
//! | [`released`] | values that may be seen, and their sums over nodes and cells |
//! | [`estimate`] | a number read from released values, with its error |
//! | [`mean`] | a mean from a sum and a count (Fieller, 1954) |
//! | [`ratio`] | a released number over another (Fieller, 1954) |
//! | [`quantiles`] | quantiles from a histogram (Barlow, Bartholomew, Bremner and Brunk, 1972) |
//! | [`postprocess`] | what is shown of a value: clipped, rounded, hidden |
//! | [`consistent`] | shown tables that add up, without undoing a hidden cell |
//!
//! Private: `noise`, the seam where tests take the noise away (`cfg(test)` of this crate, not a feature, which another
//! crate could turn on), and `opendp`, whose objects are made, used and dropped within one call.
//!
//! # What is promised
//! The unit of privacy is one person with all rows: two data sets are neighbours when one has one person more. For all
//! neighbours a release is `rho`-zCDP with the `rho` of [`mechanism::Mechanism::loss`] (and of [`joint::Joint::loss`] for
//! its parts together), never more than what was charged; a discrete Laplace is also within its pure epsilon. This rests on what the types cannot see: that a cell was chosen from public categories, that
//! [`exact::Exact::person`] is called once a person, and that sums given to [`exact::Exact::group`] were made of
//! clamped values. Sampling is exact (Canonne, Kamath and Steinke, 2020) and never floating point, but not in constant
//! time: larger noise takes longer, so replies must leave at times that do not depend on it. [`exact::Exact::release`]
//! computes for up to a tenth of a millisecond a cell: an asynchronous caller runs it on a blocking thread.
//!
//! # Where more goes
//! Each kind of statistic is a measure or several, and a way to read what was released:
//!
//! | kind | measure | read by |
//! |---|---|---|
//! | count, cross table | [`measure::Measure::count`] over the cells of all categories | [`postprocess`], [`consistent`] |
//! | sum | [`measure::Measure::sum`], and a count of the same cells to hide by | [`postprocess`] |
//! | mean | [`joint::Joint`] of a sum of the centred clamp ([`clamp::Clamp::centred`]) and a count | [`mean`] |
//! | histogram | a count over cells times bins | [`postprocess`], [`consistent`] |
//! | quantiles | a histogram | [`quantiles`] |
//! | multi-valued feature | a count with a person in k cells | [`postprocess`] |
//!
//! So a new kind is a function of released values in a module of its own, and touches neither noise nor budget. A new family
//! of noise is a case of [`mechanism::Family`], with its map and sampler in `opendp` and its distribution in [`spread`];
//! what it costs must be a rho. A share of noise for secure sums would be one. `tests/statistics` holds each kind
//! under each family against what is claimed; a new one is a line there.
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

pub mod joint;
pub mod mechanism;

pub mod exact;

pub mod released;

pub mod of_query;

pub mod consistent;
pub mod estimate;
pub mod mean;
pub mod postprocess;
pub mod quantiles;
pub mod ratio;

mod noise;
mod opendp;
