//! `tvaers-policy revoke`.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_policy::Policy;
use tvaers_policy::explain::day;
use tvaers_policy::revocation::Revocation;
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::{open, signing, today};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The policy, byte for byte as it is in force
    policy: PathBuf,
    /// The permit that no longer holds [default: the whole policy]
    #[arg(long)]
    permit: Option<String>,
    /// The first day on which it no longer holds [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The revocation to write; none that is there is overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let policy = open::policy_of(&args.policy, &open::library()?, lang, output)?;
    let revocation = revocation(&policy, args, lang)?;
    let text = revocation.to_text();
    // What is signed and sent is what a node reads.
    let read = Revocation::read(&text, &args.out.display().to_string());
    if let Some(fault) = read.err().and_then(|faults| faults.into_iter().next()) {
        return Err(Problem::new(Exit::BadInput, fault.code, lang.of(&fault.sentence))
            .at("--reason")
            .next(lang.of(&fault.mend)));
    }
    signing::write_new(&args.out, text.as_bytes(), 0o644, lang)?;
    match output.format {
        Format::Json => output.result(json!({
            "file": args.out.display().to_string(),
            "node": revocation.node,
            "policy": revocation.policy,
            "permit": revocation.permit,
            "from": revocation.from,
        })),
        Format::Text => output.result(next(&revocation, &args.out, lang)),
    }
    Ok(())
}

fn revocation(policy: &Policy, args: &Args, lang: Lang) -> Result<Revocation, Problem> {
    let refused =
        |code: &str, what: String| Problem::new(Exit::BadInput, code, what).at(args.policy.display());
    let Some(edition) = policy.edition() else {
        let what = lang.pick(
            "en politik for et laboratorium gælder for ingen bestemt node og bliver ikke tilbagekaldt",
            "a laboratory's policy is for no node in particular and is not revoked",
        );
        return Err(refused("revocation.laboratory", what.to_owned())
            .next(lang.pick("tag filen væk hos noden", "take the file away at the node")));
    };
    if let Some(permit) = args.permit.as_deref().filter(|id| policy.permit(id).is_none()) {
        let there: Vec<&str> = policy.permits().iter().map(|permit| permit.id.as_str()).collect();
        let what = match lang {
            Lang::Da => format!("politikken har ingen tilladelse «{permit}»"),
            Lang::En => format!("the policy has no permit `{permit}`"),
        };
        return Err(refused("revocation.permit", what).expected(there.join(", ")));
    }
    Ok(Revocation {
        node: edition.node.clone(),
        policy: policy.digest(),
        permit: args.permit.clone(),
        from: args.from.unwrap_or_else(today::today),
        reason: args.reason.clone(),
    })
}

/// What was written, and what is to be done with it.
fn next(revocation: &Revocation, out: &Path, lang: Lang) -> String {
    let (node, from, file) = (&revocation.node, day(revocation.from), out.display());
    match lang {
        Lang::Da => {
            let what = revocation.permit.as_ref().map_or_else(
                || format!("politikken for {node}"),
                |permit| format!("tilladelsen «{permit}» i politikken for {node}"),
            );
            format!(
                "{file} tilbagekalder {what} fra og med {}. Tilbagekaldelsen gælder først, når den er underskrevet og nået frem til noden:\n\
                 1. Underskriv filen. Én underskrift er nok, fra en af dem, der underskriver nodens politikker:\n\
                 \x20    tvaers-policy sign {file} --role dpo --key dpo.key\n\
                 2. Send filen og underskriften til sekretariatet, som stiller dem til rådighed:\n\
                 \x20    tvaers revocation publish {file} --node {node}\n\
                 \x20  Noden henter dem, hver gang den opretter forbindelse, og mindst én gang i døgnet.\n\
                 3. Haster det, så bed nodens driftsfolk om at lægge begge filer i nodens mappe `revocations`. Så gælder \
                 tilbagekaldelsen fra næste forespørgsel.",
                from.da
            )
        }
        Lang::En => {
            let what = revocation.permit.as_ref().map_or_else(
                || format!("the policy of {node}"),
                |permit| format!("the permit `{permit}` of the policy of {node}"),
            );
            format!(
                "{file} revokes {what} from {} on. The revocation counts only once it is signed and has reached the node:\n\
                 1. Sign the file. One signature is enough, by one of those who sign the node's policies:\n\
                 \x20    tvaers-policy sign {file} --role dpo --key dpo.key\n\
                 2. Send the file and the signature to the secretariat, which hands them out:\n\
                 \x20    tvaers revocation publish {file} --node {node}\n\
                 \x20  The node fetches them whenever it connects, and at least once a day.\n\
                 3. Where it is urgent, ask the node's staff to put both files into the node's folder `revocations`. The \
                 revocation then counts from the next request on.",
                from.en
            )
        }
    }
}
