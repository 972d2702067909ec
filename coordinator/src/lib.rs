//! The coordinator: the part of tvaers that asks, relays and joins, and keeps nothing about anyone.
//!
//! In reading order: [`cli`] the program; [`home`], [`config`] and [`app`] from a folder to a [`coordinator`];
//! [`serve`] nodes, [`control`] clients, [`requests`] what they wait for; [`stratify`] a request from beginning to end:
//! `draft` a study, `attempt` it step by step by way of `keygen` and `join`, with `patience` for those who are away;
//! `join` merges `stream`s, `combine`s what several nodes say of one person, and sends what follows back (`hand_back`)
//! and who objects to the others that hold them (`objection`);
//! [`query`] asks nodes for statistics, [`answer`] makes one result of what they release, kind by kind; [`preview`] and
//! [`advice`] say beforehand what it costs and how good it will be. [`asker`] runs in the person's own program.
//! `heads` countersigns nodes' audit logs. [`summary`] what is told in the end; [`state`] the little that is remembered; [`limits`] every wait; [`membership`] how a
//! roster is drafted.

pub mod advice;
pub mod answer;
pub mod app;
pub mod asker;
pub mod cli;
pub mod config;
pub mod control;
pub mod coordinator;
pub mod event;
pub mod home;
pub mod library;
pub mod limits;
pub mod membership;
pub mod overview;
pub mod preview;
pub mod query;
pub mod request;
pub mod requests;
pub mod series;
pub mod serve;
pub mod state;
pub mod stratify;
pub mod summary;

mod attempt;
mod combine;
mod draft;
mod failure;
mod hand_back;
mod heads;
mod hub;
mod join;
mod keygen;
mod merge;
mod objection;
mod outlet;
mod patience;
mod relay;
mod repair;
mod revocation;
mod session;
mod silence;
mod stream;
#[cfg(test)]
mod testing;
