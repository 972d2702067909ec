//! `tvaers`: the secretariat's coordinator. All of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tvaers_coordinator::cli::main(std::env::args_os())
}
