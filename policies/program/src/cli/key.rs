//! `tvaers-policy key`.

use std::path::PathBuf;

use tvaers_host::output::Output;
use tvaers_protocol::problem::Problem;

use crate::lang::Lang;
use crate::password::Protection;
use crate::signing;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a key pair: the secret key, and beside it the public one, which ends in .pub
    New(New),
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// The file of the secret key; one that is there is left alone
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    protection: Protection,
}

pub(super) fn run(command: &Command, lang: Lang, output: Output) -> Result<(), Problem> {
    let Command::New(args) = command;
    let password = args.protection.new_password(lang)?;
    let public = signing::new_pair(&args.out, password, lang)?;
    let file = public.file.display();
    output.result(match lang {
        Lang::Da => {
            format!("Nøgle {}: giv {file} videre; behold {} selv.", public.key.id(), args.out.display())
        }
        Lang::En => {
            format!("Key {}: pass {file} on; keep {} to yourself.", public.key.id(), args.out.display())
        }
    });
    output.result(public.key.base64());
    Ok(())
}
