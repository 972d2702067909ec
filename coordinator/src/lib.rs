//! The coordinator: the part of tvaers that asks, relays and joins, and keeps nothing about anyone.
//!
//! In reading order: [`cli`] the program; [`home`], [`config`] and [`app`] from a folder to a [`coordinator`];
//! [`serve`] nodes and [`control`] clients; [`stratify`] a run from beginning to end, by way of `keygen`, `merge`,
//! `combine` and `join`; [`state`] the little that is remembered.

pub mod app;
pub mod cli;
pub mod config;
pub mod control;
pub mod coordinator;
pub mod event;
pub mod home;
pub mod overview;
pub mod serve;
pub mod state;
pub mod stratify;

mod combine;
mod hub;
mod join;
mod keygen;
mod merge;
mod relay;
mod session;
