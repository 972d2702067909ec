//! A whole federation on one machine: made-up populations, and each party a process of its own.
//!
//! In reading order: [`cli`] the program; [`make`](mod@make) populations; [`provision`] keys, roster and folders;
//! [`permits`] policies; [`party`] the processes; [`run`] a federation from import to work lists and results; [`timing`] what it took; `page` what
//! was released, for people; [`report`] what is told; [`demo`] all of it with an explanation.

mod asking;
pub mod cli;
pub mod demo;
mod highlights;
mod indicators;
pub mod make;
mod page;
pub mod party;
pub mod permits;
pub mod provision;
pub mod report;
pub mod run;
pub mod timing;
