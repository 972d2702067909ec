//! What every tvaers program needs from the machine it runs on.
//!
//! [`output`] how people read it, [`private`] files that only their owner reads, [`folder`] files that an installation adds, [`log`] a log that is safe to
//! forward, [`process`] life and figures of a process, [`roster`] the roster that a party believes and how people look
//! at one, [`check`] and [`permission`] what a party's folder lacks.

pub mod check;
pub mod folder;
pub mod heads;
pub mod log;
pub mod output;
pub mod permission;
pub mod private;
pub mod process;
pub mod program;
pub mod roster;
