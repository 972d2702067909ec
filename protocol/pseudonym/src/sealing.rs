//! Sealing a round-2 package to its recipient, so that the coordinator relays what it cannot read.
//!
//! HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305. Base mode says
//! nothing of who sealed: the caller signs the sealed package. The ceremony stands in `info`, sender and recipient in
//! the associated data, so that a package opens in its own place only.

use hpke::{
    Deserializable as _, HpkeError, Kem, OpModeR, OpModeS, Serializable as _, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::X25519HkdfSha256, single_shot_open, single_shot_seal_with_rng,
};
use rand_core::CryptoRng;
use tvaers_protocol::id::Digest;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Separates this use of the sealing keys from every other.
const INFO: &[u8] = b"tvaers-pseudonym/dkg-round-2/v1";

/// Bytes that the encapsulated key takes at the start of a sealed package.
const ENCAPSULATED: usize = 32;

/// A holder's X25519 secret key, made when the node is set up. Its public half stands in the roster.
///
/// ```compile_fail
/// fn print(key: &tvaers_pseudonym::sealing::SealingKey) -> String {
///     format!("{key:?}") // A secret key has no `Debug`.
/// }
/// ```
/// ```
/// fn print(key: &tvaers_pseudonym::sealing::SealingKey) -> String {
///     format!("{:?}", key.public())
/// }
/// ```
#[derive(ZeroizeOnDrop)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// Makes a new key.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        Self(secret)
    }

    /// Takes a key's 32 secret bytes, as read from its file. Every text of 32 bytes is a key (RFC 7748 §5).
    #[must_use]
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        Self(*secret)
    }

    /// The secret bytes. Call it only to write the key's file.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public half, for the roster.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        // Reading 32 bytes cannot fail; a key of zeros would be refused by every sender.
        self.private().map(|key| X25519HkdfSha256::sk_to_pk(&key).to_bytes().into()).unwrap_or_default()
    }

    fn private(&self) -> Result<<X25519HkdfSha256 as Kem>::PrivateKey, HpkeError> {
        <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&self.0)
    }
}

/// Where a package belongs: a ceremony, and the way it takes.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) context: &'a Digest,
    pub(crate) sender: u16,
    pub(crate) recipient: u16,
}

impl Way<'_> {
    fn info(&self) -> Vec<u8> {
        [INFO, &self.context.0].concat()
    }

    fn associated(&self) -> Vec<u8> {
        [self.sender.to_be_bytes(), self.recipient.to_be_bytes()].concat()
    }
}

/// Seals `package` to a recipient's public key. Fails on a public key of low order only.
pub(crate) fn seal<R: CryptoRng>(
    way: Way<'_>,
    public: &[u8; 32],
    package: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, HpkeError> {
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(public)?;
    let (key, text) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        &way.info(),
        package,
        &way.associated(),
        rng,
    )?;
    Ok([key.to_bytes().as_slice(), &text].concat())
}

/// Opens what [`seal`] made for this way and this key.
pub(crate) fn open(way: Way<'_>, key: &SealingKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
    let (encapsulated, text) = sealed.split_at_checked(ENCAPSULATED).ok_or(HpkeError::OpenError)?;
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &key.private()?,
        &<X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated)?,
        &way.info(),
        text,
        &way.associated(),
    )
    .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::ChaCha20Rng};

    use super::*;

    #[test]
    fn a_package_opens_in_its_own_place_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let [key, other] = [(); 2].map(|()| SealingKey::generate(&mut rng));
        let way = Way { context: &Digest([1; 32]), sender: 1, recipient: 2 };
        let sealed = seal(way, &key.public(), b"share", &mut rng).unwrap();
        assert_eq!(open(way, &key, &sealed).unwrap().as_slice(), b"share");
        assert!(open(way, &other, &sealed).is_err(), "another recipient's key");
        let context = &Digest([2; 32]);
        for wrong in [Way { context, ..way }, Way { sender: 3, ..way }, Way { recipient: 3, ..way }] {
            assert!(open(wrong, &key, &sealed).is_err());
        }
        for length in 0..sealed.len() {
            assert!(open(way, &key, &sealed[..length]).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn a_key_survives_its_file() {
        let key = SealingKey::generate(&mut ChaCha20Rng::seed_from_u64(2));
        assert_eq!(SealingKey::from_bytes(key.expose()).public(), key.public());
    }

    #[test]
    fn a_public_key_of_low_order_is_refused() {
        let way = Way { context: &Digest::NONE, sender: 1, recipient: 2 };
        assert!(seal(way, &[0; 32], b"share", &mut ChaCha20Rng::seed_from_u64(3)).is_err());
    }
}
