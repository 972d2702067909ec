//! A node's data database: the canonical tables, their import from CSV files, and how the database is opened.
//!
//! Way of the data: `import` (checked CSV rows) → `data` (the file, opened read-only) → `sql` (features per person).
//! [`table`] is the one description that all of them follow. What leaves the node is not decided here.

pub mod data;
pub mod import;
pub mod sql;
pub mod table;
