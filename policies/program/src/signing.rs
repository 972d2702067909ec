//! Keys and signatures of the public tool minisign, made without it. What verifies them is `tvaers_policy::signature`.

use std::fs::{File, OpenOptions};
use std::io::{Cursor, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use jiff::Timestamp;
use minisign::{KeyPair, SecretKey, SecretKeyBox};
use tvaers_host::private::{self, PrivateFileError};
use tvaers_policy::signature::{KEY_BYTES_MAX, PublicKey, SignerRole, verify};
use tvaers_protocol::problem::{Exit, Problem};
use zeroize::Zeroizing;

use crate::lang::Lang;
use crate::show::problem::of_system;

/// A public key that was written.
#[derive(Debug)]
pub(crate) struct Public {
    /// The key.
    pub(crate) key: PublicKey,
    /// Its file.
    pub(crate) file: PathBuf,
}

/// Makes a key pair and writes it: the secret key for its owner alone, the public one beside it.
pub(crate) fn new_pair(
    out: &Path,
    password: Option<Zeroizing<String>>,
    lang: Lang,
) -> Result<Public, Problem> {
    let file = out.with_extension("pub");
    if file == out {
        return Err(Problem::new(
            Exit::BadInput,
            "key.file",
            lang.pick("en hemmelig nøgle ender ikke på .pub", "a secret key does not end in .pub"),
        )
        .at(out.display())
        .next(lang.pick("giv den et andet navn, som dpo.key", "give it another name, such as dpo.key")));
    }
    let made = match password {
        None => KeyPair::generate_unencrypted_keypair(),
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_string())),
    };
    let pair = made.map_err(|error| failed(&error))?;
    let public = pair.pk.to_box().map_err(|error| failed(&error))?.into_string();
    let secret = Zeroizing::new(pair.sk.to_box(None).map_err(|error| failed(&error))?.into_string());
    write_new(out, secret.as_bytes(), 0o600, lang)?;
    write_new(&file, public.as_bytes(), 0o644, lang)?;
    let key =
        PublicKey::parse(&public).map_err(|error| Problem::from_error(Exit::Failed, "key.made", &error))?;
    Ok(Public { key, file })
}

/// A secret key out of its file; `password` is asked where the key has one.
pub(crate) fn secret_key(
    path: &Path,
    lang: Lang,
    password: impl FnOnce() -> Result<Zeroizing<String>, Problem>,
) -> Result<SecretKey, Problem> {
    let no_key =
        |da: &str, en: &str| Problem::new(Exit::BadInput, "key.file", lang.pick(da, en)).at(path.display());
    let refused = || {
        no_key("det er ikke en hemmelig nøgle i minisigns form", "this is no secret key of minisign's").next(
            lang.pick(
                "nævn den fil, som `tvaers-policy key new` eller `minisign -G` har skrevet",
                "name the file that `tvaers-policy key new` or `minisign -G` wrote",
            ),
        )
    };
    // Before its rights are looked at: a public key is everybody's, and closing it to others mends nothing.
    if is_public(path) {
        return Err(no_key(
            "det er den offentlige nøgle, og der underskrives med den hemmelige",
            "this is the public key, and it is the secret one that signs",
        )
        .next(lang.pick(
            "nævn filen med den hemmelige nøgle, som ligger ved siden af, f.eks. dpo.key",
            "name the file of the secret key, which lies beside it, such as dpo.key",
        )));
    }
    let bytes = private::read(path).map_err(|error| of_private(&error, path, lang))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| refused())?;
    let encoded = text.lines().nth(1).unwrap_or_default();
    let decoded = Zeroizing::new(BASE64.decode(encoded.trim().as_bytes()).map_err(|_| refused())?);
    // The algorithm of the key, then that of its encryption.
    let sealed = SecretKeyBox::from_string(text).map_err(|_| refused())?;
    match decoded.get(..4) {
        Some(b"EdSc") => sealed.into_secret_key(Some(password()?.to_string())).map_err(|_| {
            let what = lang.pick("passwordet åbner ikke nøglen", "the password does not open the key");
            Problem::new(Exit::BadInput, "key.password", what).at(path.display())
        }),
        // The tool leaves the checksum of a key without a password out, which the library takes for a broken key. One
        // that is broken shows when its first signature does not verify.
        Some(b"Ed\0\0") if has_no_checksum(&decoded) => {
            SecretKey::from_bytes(&decoded).map_err(|_| refused())
        }
        Some(b"Ed\0\0") => sealed.into_unencrypted_secret_key().map_err(|_| refused()),
        _ => Err(refused()),
    }
}

/// Whether a file has a public key of minisign's.
fn is_public(path: &Path) -> bool {
    let mut text = String::new();
    let limit = u64::try_from(KEY_BYTES_MAX).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text));
    read.is_ok() && PublicKey::parse(&text).is_ok()
}

fn of_private(error: &PrivateFileError, path: &Path, lang: Lang) -> Problem {
    let what = match (error, lang) {
        (PrivateFileError::Io { source, .. }, _) => of_system(source, lang),
        (PrivateFileError::Open { mode, .. }, Lang::Da) => {
            format!("andre end ejeren kan læse filen (rettigheder {mode:03o})")
        }
        (_, Lang::Da) => "filen har ikke det indhold, den skal have".to_owned(),
        (error, Lang::En) => error.to_string(),
    };
    let problem = Problem::new(Exit::BadInput, "key.file", what).at(path.display());
    match error {
        PrivateFileError::Open { .. } => problem.next(format_args!("chmod 600 {}", path.display())),
        _ => problem,
    }
}

fn has_no_checksum(key: &[u8]) -> bool {
    const CHECKSUM_BYTES: usize = 32;
    key.last_chunk::<CHECKSUM_BYTES>().is_some_and(|checksum| *checksum == [0; CHECKSUM_BYTES])
}

/// The signature of a file's bytes in a role, which its comment names along with the file and the time.
pub(crate) fn sign(
    bytes: &[u8],
    file: &str,
    role: &SignerRole,
    now: Timestamp,
    key: &SecretKey,
) -> Result<(String, PublicKey), Problem> {
    let shown: String = file.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    let comment = format!("timestamp:{}\tfile:{shown}\trole:{role}\thashed", now.as_second());
    let public = minisign::PublicKey::from_secret_key(key).map_err(|error| failed(&error))?;
    let made = minisign::sign(Some(&public), key, Cursor::new(bytes), Some(&comment), None);
    let signature = made.map_err(|error| failed(&error))?.into_string();
    let public = PublicKey::parse(&public.to_base64());
    let public = public.map_err(|error| Problem::from_error(Exit::Failed, "sign", &error))?;
    // What nobody could verify must not be handed on.
    verify(bytes, &signature, &public).map_err(|error| error.problem("the new signature"))?;
    Ok((signature, public))
}

fn failed(error: &minisign::PError) -> Problem {
    Problem::from_error(Exit::Failed, "sign", error)
}

/// Writes a file that is not there yet.
pub(crate) fn write_new(path: &Path, content: &[u8], mode: u32, lang: Lang) -> Result<(), Problem> {
    let refused = |error: std::io::Error| {
        let problem = Problem::new(Exit::BadInput, "file.write", of_system(&error, lang)).at(path.display());
        if error.kind() == ErrorKind::AlreadyExists {
            problem.next(lang.pick(
                "nævn en anden fil, eller flyt den, der er",
                "name another file, or move that one away",
            ))
        } else {
            problem
        }
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(refused)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(refused)
}
