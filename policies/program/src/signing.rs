//! Keys and signatures of the public tool minisign, made without it. What verifies them is `tvaers_policy::signature`.

use std::fs::OpenOptions;
use std::io::{Cursor, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use jiff::Timestamp;
use minisign::{KeyPair, SecretKey, SecretKeyBox};
use tvaers_host::private;
use tvaers_policy::signature::{PublicKey, SignerRole, verify};
use tvaers_protocol::problem::{Exit, Problem};
use zeroize::Zeroizing;

/// A public key that was written.
#[derive(Debug)]
pub(crate) struct Public {
    /// The key.
    pub(crate) key: PublicKey,
    /// Its file.
    pub(crate) file: PathBuf,
}

/// Makes a key pair and writes it: the secret key for its owner alone, the public one beside it.
pub(crate) fn new_pair(out: &Path, password: Option<Zeroizing<String>>) -> Result<Public, Problem> {
    let file = out.with_extension("pub");
    if file == out {
        return Err(
            Problem::new(Exit::BadInput, "key.file", "a secret key does not end in .pub").at(out.display())
        );
    }
    let made = match password {
        None => KeyPair::generate_unencrypted_keypair(),
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_string())),
    };
    let pair = made.map_err(|error| failed(&error))?;
    let public = pair.pk.to_box().map_err(|error| failed(&error))?.into_string();
    let secret = Zeroizing::new(pair.sk.to_box(None).map_err(|error| failed(&error))?.into_string());
    write_new(out, secret.as_bytes(), 0o600)?;
    write_new(&file, public.as_bytes(), 0o644)?;
    let key =
        PublicKey::parse(&public).map_err(|error| Problem::from_error(Exit::Failed, "key.made", &error))?;
    Ok(Public { key, file })
}

/// A secret key out of its file; `password` is asked where the key has one.
pub(crate) fn secret_key(
    path: &Path,
    password: impl FnOnce() -> Result<Zeroizing<String>, Problem>,
) -> Result<SecretKey, Problem> {
    let refused = || {
        Problem::new(Exit::BadInput, "key.file", "this is no secret key of minisign's")
            .at(path.display())
            .next("name the file that `tvaers-policy key new` or `minisign -G` wrote")
    };
    let bytes =
        private::read(path).map_err(|error| Problem::from_error(Exit::BadInput, "key.file", &error))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| refused())?;
    let encoded = text.lines().nth(1).unwrap_or_default();
    let decoded = Zeroizing::new(BASE64.decode(encoded.trim().as_bytes()).map_err(|_| refused())?);
    // The algorithm of the key, then that of its encryption.
    let sealed = SecretKeyBox::from_string(text).map_err(|_| refused())?;
    match decoded.get(..4) {
        Some(b"EdSc") => sealed.into_secret_key(Some(password()?.to_string())).map_err(|_| {
            Problem::new(Exit::BadInput, "key.password", "the password does not open the key")
                .at(path.display())
        }),
        Some(b"Ed\0\0") => sealed.into_unencrypted_secret_key().map_err(|_| refused()),
        _ => Err(refused()),
    }
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
pub(crate) fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<(), Problem> {
    let refused = |error: std::io::Error| {
        let problem = Problem::new(Exit::BadInput, "file.write", &error).at(path.display());
        if error.kind() == ErrorKind::AlreadyExists {
            problem.next("name another file, or move that one away")
        } else {
            problem
        }
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(refused)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(refused)
}
