//! What may be asked of nodes' data, as a file: read strictly, checked against the catalogue, and given one form.
//!
//! Way of the data: a query file → [`Query::parse`] → a node's policy prices it, the node's compiler turns it into one
//! statement, the release adds noise to one number for each of [`Query::cells`]. Nothing here touches a row: keys,
//! bins and bounds come from the catalogue and the roster alone, so that no cell of an answer depends on data.
//!
//! In reading order: [`query`] what is asked; [`label`] the keys of its cells and [`bins`] those of a number; [`budget`] and [`decimal`] what it may
//! cost; [`canonical`] the one text of a query and its digests; [`fault`] how a wrong file is refused; [`strict`] how
//! a TOML file is read with all its faults at once (the policy file is read by it too); [`mod@indicator`] the queries of an
//! indicator; [`limit`] how much.

pub mod limit;

pub mod bins;
pub mod label;
pub mod query;

pub mod budget;
pub mod decimal;

pub mod canonical;

pub mod fault;
pub mod strict;

pub mod indicator;

mod read;
#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use decimal::Decimal;
pub use fault::Fault;
pub use query::Query;
