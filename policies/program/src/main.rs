//! `tvaers-policy`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tvaers_policy_program::cli::main(std::env::args_os())
}
