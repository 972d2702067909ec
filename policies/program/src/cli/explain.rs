//! `tvaers-policy explain`.

use std::path::PathBuf;

use tvaers_host::output::Output;
use tvaers_policy::explain::{Explaining, explain};
use tvaers_protocol::problem::Problem;

use super::document::Writing;
use crate::lang::Lang;
use crate::open;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The policy file
    #[arg(value_name = "POLICY")]
    file: PathBuf,
    #[command(flatten)]
    writing: Writing,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let library = open::library()?;
    let policy = open::policy_of(&args.file, &library, lang, output)?;
    let with = Explaining { library: &library, conversion: Some(open::CONVERSION) };
    args.writing.write(&explain(&policy, &with), None, lang, output)
}
