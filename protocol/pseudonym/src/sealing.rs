//! Sealing to a node's key: a round-2 package to its recipient, so that the coordinator relays what it cannot read,
//! and what a node keeps of a study to itself.
//!
//! HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305. Base mode says
//! nothing of who sealed: the caller signs the sealed package. What a text is and the study or ceremony stand in
//! `info`, sender and recipient in the associated data, so that a text opens in its own place only.

use hpke::{
    Deserializable as _, HpkeError, Kem, OpModeR, OpModeS, Serializable as _, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::X25519HkdfSha256, single_shot_open, single_shot_seal_with_rng,
};
use rand_core::CryptoRng;
use tvaers_protocol::id::Digest;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Separates a round-2 package from all else that is sealed to a key.
const ROUND_2: &[u8] = b"tvaers-pseudonym/dkg-round-2/v1";

/// The same for a round-2 package of a refresh, and for the parts and sums of a repair.
const REFRESH: &[u8] = b"tvaers-pseudonym/refresh-round-2/v1";
const REPAIR_PART: &[u8] = b"tvaers-pseudonym/repair-part/v1";
const REPAIR_SUM: &[u8] = b"tvaers-pseudonym/repair-sum/v1";

/// The same for what a node keeps. What it is follows.
const KEPT: &[u8] = b"tvaers-pseudonym/kept/v1/";

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

/// Where a sealed text belongs; it opens nowhere else.
pub(crate) struct Place {
    info: Vec<u8>,
    associated: Vec<u8>,
}

impl Place {
    /// A round-2 package of a ceremony, on its way from one holder to another.
    pub(crate) fn round_2(ceremony: &Digest, sender: u16, recipient: u16) -> Self {
        Self::between(ROUND_2, ceremony, sender, recipient)
    }

    /// A round-2 package of a refresh.
    pub(crate) fn refresh(refresh: &Digest, sender: u16, recipient: u16) -> Self {
        Self::between(REFRESH, refresh, sender, recipient)
    }

    /// A part of a helper's share, on its way to another helper.
    pub(crate) fn repair_part(repair: &Digest, sender: u16, recipient: u16) -> Self {
        Self::between(REPAIR_PART, repair, sender, recipient)
    }

    /// A helper's sum of parts, on its way to the holder that lost its share.
    pub(crate) fn repair_sum(repair: &Digest, sender: u16, recipient: u16) -> Self {
        Self::between(REPAIR_SUM, repair, sender, recipient)
    }

    fn between(what: &[u8], ceremony: &Digest, sender: u16, recipient: u16) -> Self {
        Self {
            info: [what, &ceremony.0].concat(),
            associated: [sender.to_be_bytes(), recipient.to_be_bytes()].concat(),
        }
    }

    /// What a node keeps of a study, by its name.
    pub(crate) fn kept(what: &str, study: &Digest) -> Self {
        Self { info: [KEPT, what.as_bytes(), &study.0].concat(), associated: Vec::new() }
    }
}

/// Seals a text to a recipient's public key. Fails on a public key of low order only.
pub(crate) fn seal<R: CryptoRng>(
    place: &Place,
    public: &[u8; 32],
    text: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, HpkeError> {
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(public)?;
    let (key, sealed) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        &place.info,
        text,
        &place.associated,
        rng,
    )?;
    Ok([key.to_bytes().as_slice(), &sealed].concat())
}

/// Opens what [`seal`] made for this place and this key.
pub(crate) fn open(place: &Place, key: &SealingKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
    let (encapsulated, text) = sealed.split_at_checked(ENCAPSULATED).ok_or(HpkeError::OpenError)?;
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &key.private()?,
        &<X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated)?,
        &place.info,
        text,
        &place.associated,
    )
    .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::ChaCha20Rng};

    use super::*;

    #[test]
    fn a_text_opens_in_its_own_place_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let [key, other] = [(); 2].map(|()| SealingKey::generate(&mut rng));
        let [this, that] = [Digest([1; 32]), Digest([2; 32])];
        let places = [
            Place::round_2(&this, 1, 2),
            Place::round_2(&that, 1, 2),
            Place::round_2(&this, 3, 2),
            Place::round_2(&this, 1, 3),
            Place::refresh(&this, 1, 2),
            Place::repair_part(&this, 1, 2),
            Place::repair_sum(&this, 1, 2),
            Place::kept("share", &this),
            Place::kept("share", &that),
            Place::kept("seed", &this),
        ];
        for (position, place) in places.iter().enumerate() {
            let sealed = seal(place, &key.public(), b"secret", &mut rng).unwrap();
            for (wrong, other) in places.iter().enumerate() {
                assert_eq!(open(other, &key, &sealed).is_ok(), wrong == position, "{position} in {wrong}");
            }
            assert_eq!(open(place, &key, &sealed).unwrap().as_slice(), b"secret");
            assert!(open(place, &other, &sealed).is_err(), "another recipient's key");
            for length in 0..sealed.len() {
                assert!(open(place, &key, &sealed[..length]).is_err(), "cut at {length}");
            }
        }
    }

    #[test]
    fn a_key_survives_its_file() {
        let key = SealingKey::generate(&mut ChaCha20Rng::seed_from_u64(2));
        assert_eq!(SealingKey::from_bytes(key.expose()).public(), key.public());
    }

    #[test]
    fn a_public_key_of_low_order_is_refused() {
        let place = Place::round_2(&Digest::NONE, 1, 2);
        assert!(seal(&place, &[0; 32], b"share", &mut ChaCha20Rng::seed_from_u64(3)).is_err());
    }
}
