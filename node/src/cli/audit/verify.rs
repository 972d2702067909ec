//! `tvaers-node audit verify`.

use std::path::PathBuf;

use tvaers_host::output::{Format, Output};
use tvaers_protocol::problem::Problem;

use super::{json, own_log, problem, told};
use crate::audit::read;
use crate::home::Home;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A log, of this or of another node [default: this node's own]
    file: Option<PathBuf>,
    /// The file is a part of a log that begins with this entry; what stood before is not verified
    #[arg(long, value_name = "N", requires = "file", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let path = args.file.clone().map_or_else(|| own_log(home), Ok)?;
    let verified = read::verify_part(&path, args.from).map_err(|error| problem(&path, &error))?;
    match output.format {
        Format::Json => output.result(json(&verified)),
        Format::Text => {
            output.result(told(&verified));
            if args.from > 1 {
                output.result(format_args!("a part: nothing before entry {} was looked at", args.from));
            }
            output.note(
                "The chain shows that nothing was changed in between. Whether it is the node's only history shows when \
                 the head is compared with one that somebody else noted.",
            );
        }
    }
    Ok(())
}
