//! Who signed a policy: detached signatures as the public tool minisign makes them (Ed25519 over BLAKE2b-512, with a
//! signed comment), one for each role, so that a data-protection officer needs nothing of ours to sign or to check.
//!
//! The signature of `policy.toml` by the role `dpo` stands beside it as `policy.toml.dpo.minisig`. Format:
//! <https://jedisct1.github.io/minisign/>.
//!
//! The form that minisign itself now calls legacy (over the bytes, not their hash) is refused: the tool has not made it
//! unasked since 0.10, and with one form there is one reading of a signature.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use jiff::Timestamp;
use tvaers_protocol::problem::{Exit, Problem};

use crate::text::Text;

/// Bytes of a signature, at most: minisign's own comments can have some nine thousand.
pub const SIGNATURE_BYTES_MAX: usize = 16 << 10;

/// Bytes of a public key's file, at most.
pub const KEY_BYTES_MAX: usize = 4 << 10;

/// Characters of a role, at most: it is part of a file's name.
pub const ROLE_CHARACTERS_MAX: usize = 32;

/// The algorithm of minisign's keys.
const KEY_ALGORITHM: &[u8] = b"Ed";

/// A role in which a policy is signed, such as `controller` or `dpo`: 1–32 of a–z, 0–9 and -.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignerRole(String);

impl SignerRole {
    /// The role as a word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the role's signature of a file: `policy.toml` gives `policy.toml.dpo.minisig`.
    #[must_use]
    pub fn file_name(&self, policy: &str) -> String {
        format!("{policy}.{}.minisig", self.0)
    }
}

impl FromStr for SignerRole {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=ROLE_CHARACTERS_MAX).contains(&text.len());
        if fits && text.bytes().all(allowed) { Ok(Self(text.to_owned())) } else { Err(RoleError) }
    }
}

impl fmt::Display for SignerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleError;

impl fmt::Display for RoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a role is 1–{ROLE_CHARACTERS_MAX} of a–z, 0–9 and -")
    }
}

impl std::error::Error for RoleError {}

/// A public key of minisign's.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: minisign_verify::PublicKey,
    /// The text that both the tool and a configuration know it by.
    base64: String,
    id: [u8; 8],
}

impl PublicKey {
    /// The key that stands in a `.pub` file's text, or alone as base64.
    ///
    /// # Errors
    /// [`KeyError`] where it is neither.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.len() > KEY_BYTES_MAX {
            return Err(KeyError);
        }
        let mut lines = text.trim_end().lines();
        let first = lines.next().ok_or(KeyError)?;
        let base64 = if first.starts_with(COMMENT) { lines.next().ok_or(KeyError)? } else { first };
        if lines.next().is_some() {
            return Err(KeyError);
        }
        Self::of_base64(base64.trim())
    }

    fn of_base64(base64: &str) -> Result<Self, KeyError> {
        let bytes = BASE64.decode(base64.as_bytes()).map_err(|_| KeyError)?;
        if !bytes.starts_with(KEY_ALGORITHM) {
            return Err(KeyError);
        }
        let id = bytes.get(2..10).and_then(|id| id.try_into().ok()).ok_or(KeyError)?;
        let key = minisign_verify::PublicKey::from_base64(base64).map_err(|_| KeyError)?;
        Ok(Self { key, base64: base64.to_owned(), id })
    }

    /// The key's number as minisign shows it: sixteen hexadecimal digits. It tells keys apart for people; it proves
    /// nothing.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:016X}", u64::from_le_bytes(self.id))
    }

    /// The key as base64: what `minisign -P` takes.
    #[must_use]
    pub fn base64(&self) -> &str {
        &self.base64
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::parse(text)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// A text that holds no public key of minisign's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError;

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no public key of minisign's: two lines of a .pub file, or its second alone")
    }
}

impl std::error::Error for KeyError {}

/// What a signature that verifies says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The comment that is signed too.
    pub trusted_comment: String,
    /// When the signer's clock says that it was signed; none where the comment does not tell.
    pub time: Option<Timestamp>,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// There is none of the role. Nobody in here looks for files: it is for those who do.
    Missing,
    /// It is no signature of minisign's.
    Form,
    /// It is one of the legacy form.
    Legacy,
    /// It was made with another key.
    OtherKey,
    /// It was made for other bytes, or its comment was changed.
    Wrong,
}

impl SignatureError {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "policy.unsigned",
            Self::Form | Self::Legacy => "policy.signature-form",
            Self::OtherKey | Self::Wrong => "policy.signature",
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn sentence(self) -> Text {
        match self {
            Self::Missing => Text::new("Politikken er ikke underskrevet.", "The policy is not signed."),
            Self::Form => Text::new(
                "Underskriften kan ikke læses: den er ikke lavet af minisign.",
                "The signature cannot be read: it is none of minisign's.",
            ),
            Self::Legacy => Text::new(
                "Underskriften har minisigns gamle form, som ikke godtages.",
                "The signature has minisign's legacy form, which is not accepted.",
            ),
            Self::OtherKey => Text::new(
                "Underskriften er lavet med en anden nøgle end den, der er aftalt.",
                "The signature was made with another key than the one agreed on.",
            ),
            Self::Wrong => Text::new(
                "Underskriften passer ikke: filen eller underskriften er ændret siden.",
                "The signature does not fit: the file or the signature was changed since.",
            ),
        }
    }

    /// What mends it.
    #[must_use]
    pub fn mend(self) -> Text {
        match self {
            Self::Missing => Text::new(
                "Lad den, der skal underskrive, køre `tvaers-policy sign` eller `minisign -S`.",
                "Let the one who is to sign run `tvaers-policy sign` or `minisign -S`.",
            ),
            Self::Form | Self::Wrong => Text::new(
                "Læs filen igennem, og lad den underskrive igen.",
                "Read the file through and have it signed again.",
            ),
            Self::Legacy => Text::new(
                "Underskriv igen uden -l og med minisign 0.10 eller nyere.",
                "Sign again without -l, with minisign 0.10 or later.",
            ),
            Self::OtherKey => Text::new(
                "Underskriv med den aftalte nøgle, eller aftal den nye.",
                "Sign with the key agreed on, or agree on the new one.",
            ),
        }
    }

    /// The error as a program shows it, in English; `place` is the signature's file.
    #[must_use]
    pub fn problem(self, place: impl fmt::Display) -> Problem {
        Problem::new(Exit::Refused, self.code(), self.sentence().en).at(place).next(self.mend().en)
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence().en)
    }
}

impl std::error::Error for SignatureError {}

/// What the first line of keys and signatures begins with.
const COMMENT: &str = "untrusted comment: ";

/// Whether a signature is one of these bytes by this key.
///
/// # Errors
/// [`SignatureError`], never [`SignatureError::Missing`].
pub fn verify(bytes: &[u8], signature: &str, key: &PublicKey) -> Result<Signed, SignatureError> {
    // Four lines, as minisign itself writes them: what else might stand there is signed by nobody.
    let is_whole = signature.len() <= SIGNATURE_BYTES_MAX
        && signature.starts_with(COMMENT)
        && signature.trim_end_matches(['\n', '\r']).lines().count() == 4;
    if !is_whole {
        return Err(SignatureError::Form);
    }
    let signature = minisign_verify::Signature::decode(signature).map_err(|_| SignatureError::Form)?;
    let allow_legacy = false;
    key.key.verify(bytes, &signature, allow_legacy).map_err(|error| match error {
        minisign_verify::Error::UnexpectedKeyId => SignatureError::OtherKey,
        minisign_verify::Error::UnexpectedAlgorithm => SignatureError::Legacy,
        _ => SignatureError::Wrong,
    })?;
    let trusted_comment = signature.trusted_comment().to_owned();
    // It is shown on terminals; minisign refuses such comments too.
    if trusted_comment.chars().any(|c| c.is_control() && c != '\t') {
        return Err(SignatureError::Form);
    }
    let time = time_of(&trusted_comment);
    Ok(Signed { trusted_comment, time })
}

/// The time in a comment of minisign's own: `timestamp:` and seconds since 1970, parted from the rest by a tab.
fn time_of(comment: &str) -> Option<Timestamp> {
    let seconds = comment.split(['\t', ' ']).find_map(|word| word.strip_prefix("timestamp:"))?;
    Timestamp::from_second(seconds.parse().ok()?).ok()
}
