//! Tests of the whole, and what they need: the oracle in the clear and small nasty data sets.

pub mod cases;
pub mod oracle;
