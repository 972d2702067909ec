//! What a node keeps on disk of a study's secrets, sealed to its own key, so that a study survives a restart.
//!
//! The sealed text is bound to what it is and to the study, and opens with the node's key alone. A share is checked
//! again when it is opened: it is what its holder's public share says, or there is none.

use rand_core::CryptoRng;
use tvaers_protocol::codec;
use tvaers_protocol::id::Digest;
use zeroize::Zeroizing;

use crate::key::{KeyShare, PublicKeys, ShareError};
use crate::sealing::{self, Place, SealingKey};
use crate::seed::BlindSeed;

const SHARE: &str = "key-share";
const SEED: &str = "blind-seed";

/// A share of the next epoch that not all have confirmed yet.
pub(crate) const PENDING: &str = "pending-share";

/// Why a secret cannot be kept, or what was kept cannot be used. It carries nothing of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeptError {
    /// The node's own key cannot be sealed to: no key that [`SealingKey::generate`] makes.
    #[error("nothing can be sealed to the node's own key")]
    Key,
    /// Another key, another study, another kind of secret, or bytes that were changed.
    #[error("a sealed secret does not open with this key for this study")]
    Closed,
    /// What was sealed is no secret of this kind.
    #[error("a sealed secret does not have its form")]
    Form,
    /// The share is not that of the public keys sealed with it.
    #[error(transparent)]
    Share(#[from] ShareError),
}

impl KeyShare {
    /// Seals index, secret and public keys to the node's own key, for this study.
    ///
    /// # Errors
    /// [`KeptError::Key`].
    pub fn seal<R: CryptoRng>(
        &self,
        study: &Digest,
        key: &SealingKey,
        rng: &mut R,
    ) -> Result<Vec<u8>, KeptError> {
        let secret = self.expose();
        let index = self.index().to_be_bytes();
        let text = [index.as_slice(), secret.as_slice(), &codec::canonical(self.keys())].concat();
        seal(SHARE, study, key, Zeroizing::new(text), rng)
    }

    /// Opens what [`KeyShare::seal`] sealed, and checks that the parts belong together. Whether the keys are the
    /// study's is the caller's to ask.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn open(study: &Digest, key: &SealingKey, sealed: &[u8]) -> Result<Self, KeptError> {
        let text = open(SHARE, study, key, sealed)?;
        let (index, rest) = text.split_first_chunk::<2>().ok_or(KeptError::Form)?;
        let (secret, keys) = rest.split_first_chunk::<32>().ok_or(KeptError::Form)?;
        let keys: PublicKeys = codec::decode(keys).map_err(|_| KeptError::Form)?;
        Ok(Self::new(u16::from_be_bytes(*index), secret, keys)?)
    }
}

impl BlindSeed {
    /// Seals the seed to the node's own key, for this study.
    ///
    /// # Errors
    /// [`KeptError::Key`].
    pub fn seal<R: CryptoRng>(
        &self,
        study: &Digest,
        key: &SealingKey,
        rng: &mut R,
    ) -> Result<Vec<u8>, KeptError> {
        seal(SEED, study, key, Zeroizing::new(self.expose().to_vec()), rng)
    }

    /// Opens what [`BlindSeed::seal`] sealed.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn open(study: &Digest, key: &SealingKey, sealed: &[u8]) -> Result<Self, KeptError> {
        let text = open(SEED, study, key, sealed)?;
        text.as_slice().try_into().map(Self::from_bytes).map_err(|_| KeptError::Form)
    }
}

pub(crate) fn seal<R: CryptoRng>(
    what: &str,
    study: &Digest,
    key: &SealingKey,
    text: Zeroizing<Vec<u8>>,
    rng: &mut R,
) -> Result<Vec<u8>, KeptError> {
    sealing::seal(&Place::kept(what, study), &key.public(), &text, rng).map_err(|_| KeptError::Key)
}

pub(crate) fn open(
    what: &str,
    study: &Digest,
    key: &SealingKey,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeptError> {
    sealing::open(&Place::kept(what, study), key, sealed).map_err(|_| KeptError::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{deal, rng};

    const STUDY: Digest = Digest([5; 32]);

    fn keys() -> [SealingKey; 2] {
        [1, 2].map(|seed| SealingKey::generate(&mut rng(seed)))
    }

    #[test]
    fn a_share_and_a_seed_come_back_as_they_were() {
        let ([key, _], dealt) = (keys(), deal(1, 5, 3));
        let sealed = dealt.share(2).seal(&STUDY, &key, &mut rng(3)).unwrap();
        let opened = KeyShare::open(&STUDY, &key, &sealed).unwrap();
        assert_eq!((opened.index(), opened.keys()), (2, &dealt.keys));
        assert!(opened.expose() == dealt.share(2).expose());
        let seed = BlindSeed::from_bytes([7; 32]);
        let sealed = seed.seal(&STUDY, &key, &mut rng(3)).unwrap();
        assert!(BlindSeed::open(&STUDY, &key, &sealed).unwrap().expose() == seed.expose());
    }

    #[test]
    fn nothing_opens_for_another_study_with_another_key_or_as_something_else() {
        let ([key, other], dealt) = (keys(), deal(1, 5, 3));
        let share = dealt.share(2).seal(&STUDY, &key, &mut rng(3)).unwrap();
        let seed = BlindSeed::from_bytes([7; 32]).seal(&STUDY, &key, &mut rng(3)).unwrap();
        let closed = Some(KeptError::Closed);
        assert_eq!(KeyShare::open(&Digest([6; 32]), &key, &share).err(), closed);
        assert_eq!(KeyShare::open(&STUDY, &other, &share).err(), closed);
        assert_eq!(KeyShare::open(&STUDY, &key, &seed).err(), closed);
        assert_eq!(BlindSeed::open(&Digest([6; 32]), &key, &seed).err(), closed);
        assert_eq!(BlindSeed::open(&STUDY, &other, &seed).err(), closed);
        assert_eq!(BlindSeed::open(&STUDY, &key, &share).err(), closed);
        for at in 0..share.len() {
            let mut flipped = share.clone();
            flipped[at] ^= 1;
            assert_eq!(KeyShare::open(&STUDY, &key, &flipped).err(), closed, "byte {at}");
        }
        assert_eq!(KeyShare::open(&STUDY, &key, &[]).err(), closed);
    }

    #[test]
    fn a_share_whose_parts_do_not_belong_together_is_refused_though_it_opens() {
        let ([key, _], dealt, foreign) = (keys(), deal(1, 5, 3), deal(2, 5, 3));
        let parts = |index: u16, share: &KeyShare, keys: &[u8]| {
            let text = [index.to_be_bytes().as_slice(), share.expose().as_slice(), keys].concat();
            let sealed = seal(SHARE, &STUDY, &key, Zeroizing::new(text), &mut rng(4)).unwrap();
            KeyShare::open(&STUDY, &key, &sealed).err()
        };
        let public = codec::canonical(&dealt.keys);
        assert_eq!(parts(2, dealt.share(2), &public), None);
        assert_eq!(parts(3, dealt.share(2), &public), Some(KeptError::Share(ShareError { index: 3 })));
        assert_eq!(parts(2, foreign.share(2), &public), Some(KeptError::Share(ShareError { index: 2 })));
        assert_eq!(parts(2, dealt.share(2), &public[1..]), Some(KeptError::Form));
        let short = seal(SHARE, &STUDY, &key, Zeroizing::new(vec![0; 33]), &mut rng(4)).unwrap();
        assert_eq!(KeyShare::open(&STUDY, &key, &short).err(), Some(KeptError::Form));
        let long = seal(SEED, &STUDY, &key, Zeroizing::new(vec![0; 33]), &mut rng(4)).unwrap();
        assert_eq!(BlindSeed::open(&STUDY, &key, &long).err(), Some(KeptError::Form));
    }

    #[test]
    fn no_secret_stands_in_what_is_sealed() {
        let ([key, _], dealt) = (keys(), deal(1, 5, 3));
        let sealed = dealt.share(1).seal(&STUDY, &key, &mut rng(3)).unwrap();
        let secret = dealt.share(1).expose();
        assert!(!sealed.windows(8).any(|window| secret.windows(8).any(|part| part == window)));
    }
}
