//! The audit log of a node, as a format: what it tells, how its entries are chained, and how anyone checks them with
//! nothing but the file and public keys. The node writes it; the data-protection officer need not trust the node.
//!
//! It does not say who could be meant: no value, no person, no literal of a filter ([`event`] has no place for one).
//!
//! In reading order: [`event`] what is told, in [`code`]s and [`name`]s; [`head`] and [`mod@line`] one entry and its
//! digest; [`read`] reading and verifying.

pub mod code;
pub mod name;
pub mod rho;

pub mod head;

pub mod event;
pub mod line;

mod error;
pub mod read;

pub use error::AuditError;
