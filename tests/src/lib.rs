//! Tests of the whole, and what they need: a federation in one process with someone in the middle of its links, a
//! coordinator played by hand, the oracle in the clear, nodes' results put together in the clear, and small nasty data
//! sets.

pub mod cases;
pub mod fault;
pub mod federation;
pub mod hand;
pub mod joined;
pub mod leak;
pub mod oracle;
pub mod panics;
pub mod policy;
pub mod simulation;
