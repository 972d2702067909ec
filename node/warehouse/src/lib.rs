//! A node's data: the canonical tables, their import from CSV files or registration at a server, and how they are read.
//!
//! Way of the data: `import` (checked CSV rows) or `source` (an institution's server, whose rows stay there) → `data`
//! (opened read-only) → `sql` (features per person).
//! [`table`] is the one description that all of them follow. What leaves the node is not decided here.

pub mod data;
pub mod import;
pub mod source;
pub mod sql;
pub mod table;
