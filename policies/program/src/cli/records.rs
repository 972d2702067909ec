//! `tvaers-policy records`.

use std::path::PathBuf;

use tvaers_host::output::Output;
use tvaers_protocol::problem::Problem;

use super::document::Writing;
use crate::lang::Lang;
use crate::open;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policy files
    #[arg(required = true, value_name = "POLICY")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    writing: Writing,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let library = open::library()?;
    let mut policies = Vec::new();
    for path in &args.files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        policies.push((name, open::policy_of(path, &library, lang, output)?));
    }
    args.writing.write(&tvaers_policy::records::records(&policies), None, lang, output)
}
