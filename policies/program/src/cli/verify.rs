//! `tvaers-policy verify`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_policy::limit::FILE_BYTES_MAX;
use tvaers_policy::signature::{
    KEY_BYTES_MAX, PublicKey, SIGNATURE_BYTES_MAX, SignatureError, Signed, SignerRole, verify,
};
use tvaers_protocol::problem::{Exit, Problem};

use crate::lang::Lang;
use crate::show::problem::of_system;
use crate::{open, today};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The policy, or the revocation
    file: PathBuf,
    /// Who must have signed: a role and the public key, as base64 or as a .pub file; once for each role
    #[arg(long = "signer", value_name = "ROLE=KEY", required = true)]
    signers: Vec<Signer>,
}

/// A role with its key, or the file that has it.
#[derive(Clone, Debug)]
struct Signer {
    role: SignerRole,
    key: String,
}

impl FromStr for Signer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (role, key) = text.split_once('=').ok_or("say ROLE=KEY")?;
        let role = role.parse().map_err(|error| format!("{error}"))?;
        Ok(Self { role, key: key.to_owned() })
    }
}

impl Signer {
    fn key(&self, lang: Lang) -> Result<PublicKey, Problem> {
        if let Ok(key) = PublicKey::parse(&self.key) {
            return Ok(key);
        }
        let next = lang.pick(
            "nævn .pub-filen, eller skriv dens anden linje",
            "name the .pub file, or write its second line",
        );
        let text = open::small_text(Path::new(&self.key), KEY_BYTES_MAX, lang);
        let text = text.map_err(|problem| problem.next(next))?;
        PublicKey::parse(&text).map_err(|_| {
            let what = lang
                .pick("det er ikke en offentlig nøgle i minisigns form", "it is no public key of minisign's");
            Problem::new(Exit::BadInput, "key.public", what).at(&self.key).next(next)
        })
    }
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let text = open::small_text(&args.file, FILE_BYTES_MAX, lang)?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let mut told = Vec::new();
    let mut broken: Option<Problem> = None;
    let signers = args.signers.iter().map(|signer| Ok((&signer.role, signer.key(lang)?)));
    let signers = signers.collect::<Result<Vec<_>, Problem>>()?;
    each_once(&signers, lang)?;
    for (role, key) in signers {
        let path = args.file.with_file_name(role.file_name(&name));
        let found = signature(&path, lang)?.and_then(|signature| verify(text.as_bytes(), &signature, &key));
        told.push(json!({
            "role": role.as_str(),
            "key": key.id(),
            "signature": path.display().to_string(),
            "code": found.as_ref().err().map(|error| error.code()),
            "time": found.as_ref().ok().and_then(|signed| signed.time),
            "comment": found.as_ref().ok().map(|signed| &signed.trusted_comment),
        }));
        if output.format == Format::Text {
            output.result(line(role, &key, &found, lang));
        }
        if let Err(error) = found {
            broken.get_or_insert_with(|| {
                Problem::new(Exit::Refused, error.code(), lang.of(&error.sentence()))
                    .at(path.display())
                    .next(lang.of(&error.mend()))
            });
        }
    }
    if output.format == Format::Json {
        output.result(json!(told));
    }
    broken.map_or(Ok(()), Err)
}

/// Refuses a role or a key that stands twice, as a node's configuration does: two signatures are of two persons.
fn each_once(signers: &[(&SignerRole, PublicKey)], lang: Lang) -> Result<(), Problem> {
    for (index, (role, key)) in signers.iter().enumerate() {
        let earlier = signers.get(..index).unwrap_or_default();
        if earlier.iter().any(|(other, known)| other == role || known == key) {
            let what = lang.pick("en rolle eller en nøgle står to gange", "a role or a key stands twice");
            return Err(Problem::new(Exit::BadInput, "signer.twice", what)
                .at(format_args!("--signer {role}=…"))
                .expected(
                    lang.pick("for hver rolle en anden persons nøgle", "for each role another person's key"),
                )
                .next(
                    lang.pick("nævn hver rolle og hver nøgle én gang", "name each role and each key once"),
                ));
        }
    }
    Ok(())
}

/// The text of a signature; that there is none, or none that a signature could be, is the signature's error.
fn signature(path: &Path, lang: Lang) -> Result<Result<String, SignatureError>, Problem> {
    let refused = |error: &std::io::Error| {
        Problem::new(Exit::BadInput, "file.read", of_system(error, lang)).at(path.display())
    };
    let bytes = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Err(SignatureError::Missing)),
        Err(error) => return Err(refused(&error)),
        Ok(metadata) => metadata.len(),
    };
    if usize::try_from(bytes).map_or(true, |bytes| bytes > SIGNATURE_BYTES_MAX) {
        return Ok(Err(SignatureError::Form));
    }
    let bytes = std::fs::read(path);
    let bytes = bytes.map_err(|error| refused(&error))?;
    Ok(String::from_utf8(bytes).map_err(|_| SignatureError::Form))
}

fn line(role: &SignerRole, key: &PublicKey, found: &Result<Signed, SignatureError>, lang: Lang) -> String {
    let id = key.id();
    match found {
        Err(error) => format!("{role}: {} ({})", lang.of(&error.sentence()), error.code()),
        Ok(signed) => {
            let time =
                signed.time.map(|time| format!(", {}", lang.of(&today::told(time)))).unwrap_or_default();
            let says = lang.pick("underskrevet med nøgle", "signed with key");
            format!("{role}: {says} {id}{time} ({})", signed.trusted_comment.replace('\t', ", "))
        }
    }
}
