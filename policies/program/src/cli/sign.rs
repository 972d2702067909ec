//! `tvaers-policy sign`.

use std::path::PathBuf;

use tvaers_host::output::Output;
use tvaers_policy::revocation::Revocation;
use tvaers_policy::signature::SignerRole;
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::password::Protection;
use crate::show::finding::Finding;
use crate::show::findings::refused;
use crate::show::problem::of_system;
use crate::{open, signing, today};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The policy, or the revocation
    file: PathBuf,
    /// The file of the secret key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The role in which it is signed, such as controller or dpo
    #[arg(long)]
    role: SignerRole,
    /// The file of the signature [default: FILE.ROLE.minisig]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    protection: Protection,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    // Nobody should sign what no node loads. The bytes that are read are those that are signed.
    let text = open::text(&args.file, lang)?;
    let file = args.file.display().to_string();
    let faults = if Revocation::is_one(&text) {
        Revocation::read(&text, &file).err()
    } else {
        open::policy(&text, &file, &open::library()?).err()
    };
    if let Some(faults) = faults {
        let findings: Vec<Finding> = faults.into_iter().map(Finding::from).collect();
        let next = lang.pick(
            "filen er ikke underskrevet; ret det, der står ovenfor",
            "the file is not signed; mend what is listed above",
        );
        return Err(refused(&findings, &text, &file, lang, output).next(next));
    }
    let key = signing::secret_key(&args.key, lang, || args.protection.password(lang))?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let (signature, public) = signing::sign(text.as_bytes(), &name, &args.role, today::now(), &key)?;
    let out = args.out.clone().unwrap_or_else(|| args.file.with_file_name(args.role.file_name(&name)));
    std::fs::write(&out, signature).map_err(|error| {
        Problem::new(Exit::Failed, "file.write", of_system(&error, lang)).at(out.display())
    })?;
    let (role, id, out) = (&args.role, public.id(), out.display());
    output.result(match lang {
        Lang::Da => format!("Underskrevet som {role} med nøgle {id}: {out}"),
        Lang::En => format!("Signed as {role} with key {id}: {out}"),
    });
    Ok(())
}
