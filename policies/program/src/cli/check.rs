//! `tvaers-policy check`.

use std::path::PathBuf;

use tvaers_host::output::Output;
use tvaers_protocol::problem::{Exit, Problem};

use super::Lang;
use crate::open;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policy files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let library = open::library()?;
    let mut faults = 0;
    for file in &args.files {
        let text = open::text(file)?;
        for fault in open::policy(&text, &file.display().to_string(), &library).err().unwrap_or_default() {
            faults += 1;
            let sentence = match lang {
                Lang::Da => &fault.sentence.da,
                Lang::En => &fault.sentence.en,
            };
            output.result(format_args!("{}: {sentence} ({})", fault.place(), fault.code));
        }
    }
    if faults == 0 {
        Ok(())
    } else {
        Err(Problem::new(Exit::BadInput, "policy.faults", "the policy has faults"))
    }
}
