//! `tvaers-node`: a region's or municipality's own node. All of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tvaers_node::cli::main(std::env::args_os())
}
