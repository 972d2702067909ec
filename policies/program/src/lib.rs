//! `tvaers-policy`, for data-protection officers: what a policy file says, whether it holds, what a change of it would
//! change, and whether an audit log is whole. It needs no node, no network and no data.

pub mod cli;
mod first;
pub mod lang;
mod open;
mod password;
pub mod show;
mod signing;
mod today;
