//! The audit log of a node, as a format: what it tells, how its entries are chained, and how anyone checks them with
//! nothing but the file and public keys. The node writes it; the data-protection officer need not trust the node.
//!
//! It does not say who could be meant: no value, no person, no literal of a filter ([`event`] has no place for one).
//!
//! In reading order: [`event`] what is told, in [`code`]s and [`name`]s; [`head`] and [`mod@line`] one entry and its
//! digest; [`files`] the files of a log; [`mod@read`] reading, for a node that stops at what is broken; [`mod@verify`] finding all that is wrong, for
//! whoever checks; [`seen`] heads that others kept; [`report`] what it tells.

pub mod code;
pub mod name;
pub mod rho;

pub mod head;

pub mod event;
pub mod line;

mod error;
pub mod files;
pub mod read;

pub mod report;
pub mod seen;
mod text;
pub mod verify;

pub use error::AuditError;
pub use text::Text;
