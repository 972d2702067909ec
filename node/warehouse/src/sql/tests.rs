//! The statements against an in-memory database with rows made by hand.

mod cell;
mod code;
mod earlier;
mod event;
mod feature;
mod fixture;
mod once;
mod person;
mod property;
mod readmission;
mod spell;
mod statement;
mod stay;
mod window;

use jiff::civil::{Date, date};
use tvaers_definitions::layout::{Grain, RECENCY_NONE};
use tvaers_definitions::library::Library;

use super::*;
use fixture::Database;

/// The reference date where a test has no reason for another.
const AS_OF: Date = date(2026, 2, 28);
