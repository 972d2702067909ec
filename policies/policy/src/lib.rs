//! What a node permits, as a file: read strictly, closed by default, and applied by pure functions.
//!
//! Way of the data: a policy file → [`Policy::read`] → a request and what the ledger has spent →
//! [`Policy::admit_aggregate`], [`Policy::admit_joined`], [`Policy::admit_contribution`] → permitted with a price and
//! what applies, or refused with every rule that is broken. Nothing here reads a file, a clock, a ledger or a row: the
//! node supplies all of it and does what the verdict says. The coordinator does not see this crate: nodes decide, it
//! can only ask.
//!
//! A missing part or key permits nothing, unknown keys refuse, and who asks can only tighten: the verdict never grants
//! more than what was asked for or than the policy says. The three modes stay apart: a permit has one.
//!
//! In reading order: [`policy`] and [`permit`] what a policy says; [`read`](Policy::read) how its file is read and
//! [`fault`] how a wrong one is refused; [`request`] who asks for what; [`verdict`] and [`refusal`] the answer;
//! `admit` how it is found; [`signature`] who signed a policy; [`succession`] whether it may be loaded; [`reach`] what a
//! feature reads; [`laboratory`] the policy of made-up data; [`keys`] every key of the file; [`limit`] how much;
//! [`text`] both languages.
//!
//! For people who keep policies: [`mod@explain`] what one says, [`mod@diff`] what a change changes, [`mod@simulate`] what
//! it would answer, [`warning`] what is unwise, [`records`] what Article 30 asks for, [`revocation`] its end; each a
//! [`document`] in both languages. [`schema`] and [`mod@reference`] tell the keys. Nothing that decides needs them.

pub mod document;
pub mod limit;
pub mod text;

pub mod permit;
pub mod policy;

pub mod reach;
mod read;

pub mod fault;

pub mod refusal;
pub mod request;
pub mod verdict;

mod admit;
pub mod revocation;
pub mod signature;
pub mod succession;

pub mod warning;

pub mod keys;
pub mod laboratory;
pub mod records;
pub mod reference;
pub mod schema;

pub mod diff;
pub mod explain;
pub mod simulate;

#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use policy::Policy;
pub use refusal::Violation;
pub use verdict::Verdict;
