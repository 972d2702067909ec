//! `tvaers-policy sign`.

use std::path::PathBuf;

use tvaers_host::output::Output;
use tvaers_policy::revocation::Revocation;
use tvaers_policy::signature::SignerRole;
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::password::Protection;
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
    let text = open::text(&args.file)?;
    let file = args.file.display().to_string();
    let faults = if Revocation::is_one(&text) {
        Revocation::read(&text, &file).err()
    } else {
        open::policy(&text, &file, &open::library()?).err()
    };
    if let Some(faults) = faults {
        let what = match lang {
            Lang::Da => format!("filen har fejl ({}) og bliver ikke underskrevet", faults.len()),
            Lang::En => format!("the file has errors ({}) and is not signed", faults.len()),
        };
        let next = format!("tvaers-policy check {file}");
        return Err(Problem::new(Exit::BadInput, "policy.faults", what).at(file).next(next));
    }
    let key = signing::secret_key(&args.key, || args.protection.password(lang))?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let (signature, public) = signing::sign(text.as_bytes(), &name, &args.role, today::now(), &key)?;
    let out = args.out.clone().unwrap_or_else(|| args.file.with_file_name(args.role.file_name(&name)));
    std::fs::write(&out, signature)
        .map_err(|error| Problem::new(Exit::Failed, "file.write", error).at(out.display()))?;
    let (role, id, out) = (&args.role, public.id(), out.display());
    output.result(match lang {
        Lang::Da => format!("Underskrevet som {role} med nøgle {id}: {out}"),
        Lang::En => format!("Signed as {role} with key {id}: {out}"),
    });
    Ok(())
}
