//! `tvaers-local`: a whole federation on one machine. All of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tvaers_local::cli::main(std::env::args_os())
}
