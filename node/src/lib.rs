//! The node: the part of tvaers that a region or municipality runs over its own data.
//!
//! Rows come in by `import` and stay. What leaves is decided request by request: agreement to a study, evaluations
//! for other nodes, one set of contributions a run; what comes back is a work list for the node's own staff.
//!
//! In reading order: [`cli`] the program; [`home`] and [`config`] its folder and settings; [`app`] which puts a
//! [`node`] together from them; [`serve`] the way of a request; [`study`](node) one study from agreement to erasure;
//! [`state`] what is remembered.

pub mod app;
pub mod audit;
pub mod cli;
pub mod config;
pub mod home;
pub mod ledger;
pub mod library;
pub mod node;
mod objection;
pub mod policy;
mod series;
pub mod serve;
pub mod state;

mod evaluations;
mod heads;
mod query;
mod refusal;
mod revocation;
mod study;
mod subject;
mod witness;
mod work;
mod worklist;
