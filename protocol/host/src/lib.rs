//! What every tvaers program needs from the machine it runs on.
//!
//! [`output`] how people read it, [`private`] files that only their owner reads, [`log`] a log that is safe to
//! forward, [`process`] life and figures of a process.

pub mod log;
pub mod output;
pub mod private;
pub mod process;
