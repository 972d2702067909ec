//! What every program does with its arguments: parse them, run, and end with the exit code of what came of it.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use tvaers_protocol::problem::{Exit, Problem};

use crate::output::Output;

/// A program's command line.
pub trait Program: Parser {
    /// How it writes.
    fn output(&self) -> Output;

    /// Runs the command.
    ///
    /// # Errors
    /// [`Problem`].
    fn run(&self) -> Result<(), Problem>;
}

/// Parses the arguments, the first being the program's name; what they ask for of the parser itself, such as `--help`, is
/// written, and the code to end with given.
///
/// # Errors
/// The exit code.
pub fn parsed<P: Parser>(arguments: impl IntoIterator<Item = OsString>) -> Result<P, ExitCode> {
    P::try_parse_from(arguments).map_err(|error| {
        // Where standard error is gone there is nobody to tell.
        let _ = error.print();
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// Runs the program with these arguments.
#[must_use]
pub fn main<P: Program>(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match parsed::<P>(arguments) {
        Ok(program) => program.output().finish(program.run()),
        Err(code) => code,
    }
}

/// Runs one command and gives its problem instead of writing it, for a program or test in which several parties act.
///
/// # Errors
/// [`Problem`]; `usage` where the arguments are none of this program.
pub fn perform<P: Program>(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Problem> {
    P::try_parse_from(arguments).map_err(|error| Problem::new(Exit::BadInput, "usage", error))?.run()
}
