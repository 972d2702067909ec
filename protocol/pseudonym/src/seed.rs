//! What a node draws once a study, so that what it does again after a restart is what it did before.
//!
//! Blinds come from the seed, so a batch that is asked again is the same byte for byte, and a holder can tell it from
//! one that is asked for in addition. Event secrets are hidden by it where the node keeps them.

use hkdf::Hkdf;
use rand::SeedableRng as _;
use rand::rngs::ChaCha20Rng;
use rand_core::CryptoRng;
use sha2::Sha256;
use tvaers_protocol::id::{Digest, Pseudonym};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::combine::EventSecret;

/// Separates the generators of batches from all else that is derived from a seed.
const BATCH: &str = "tvaers-pseudonym/blinds/v1";

/// The same for what hides event secrets. The pseudonym follows it.
const HIDDEN: &[u8] = b"tvaers-pseudonym/hidden-event-secret/v1";

/// 32 secret bytes of one node in one study, cleared when dropped.
///
/// Whoever has it can undo the blinding of the node's batches.
///
/// ```compile_fail
/// fn print(seed: &tvaers_pseudonym::seed::BlindSeed) -> String {
///     format!("{seed:?}") // A seed has no `Debug`.
/// }
/// ```
/// ```
/// fn print(seed: &tvaers_pseudonym::seed::BlindSeed) -> String {
///     format!("{:?}", seed.expose().len())
/// }
/// ```
#[derive(ZeroizeOnDrop)]
pub struct BlindSeed([u8; 32]);

impl BlindSeed {
    /// Draws a new seed.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Self([0; 32]);
        rng.fill_bytes(&mut seed.0);
        seed
    }

    /// Takes a seed's bytes, as read from where the node keeps them sealed.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes. Call it only to seal them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The generator from which the blinds of a batch are drawn, the batches of a study being counted from 0.
    #[must_use]
    pub fn batch(&self, sequence: u32) -> ChaCha20Rng {
        let seed = Zeroizing::new(Digest::of(BATCH, &[&self.0, &sequence.to_be_bytes()]).0);
        ChaCha20Rng::from_seed(*seed)
    }

    /// The bytes of a person's event secret, hidden, to be kept beside its pseudonym.
    ///
    /// Each pseudonym has a mask of its own, and a person one secret a study, so no mask is used for two texts.
    #[must_use]
    pub fn hide(&self, pseudonym: &Pseudonym, secret: &EventSecret) -> [u8; 32] {
        *self.masked(pseudonym, secret.expose())
    }

    /// The event secret that [`BlindSeed::hide`] hid for this pseudonym. Bytes that were changed meanwhile give
    /// another secret.
    #[must_use]
    pub fn show(&self, pseudonym: &Pseudonym, hidden: &[u8; 32]) -> EventSecret {
        EventSecret::from_bytes(*self.masked(pseudonym, hidden))
    }

    fn masked(&self, pseudonym: &Pseudonym, text: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        #[expect(clippy::expect_used, reason = "32 bytes are as long a key as HKDF-SHA256 asks for")]
        let key = Hkdf::<Sha256>::from_prk(&self.0).expect("32 bytes are a key");
        let mut masked = Zeroizing::new([0; 32]);
        #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 255 blocks of 32 bytes")]
        key.expand_multi_info(&[HIDDEN, pseudonym.as_bytes()], masked.as_mut_slice())
            .expect("32 bytes are one block");
        masked.iter_mut().zip(text).for_each(|(mask, byte)| *mask ^= byte);
        masked
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;
    use crate::blind::blind_batch;
    use crate::testing::{persons, rng};

    fn blinded(seed: u8, sequence: u32) -> Vec<u8> {
        let mut rng = BlindSeed::from_bytes([seed; 32]).batch(sequence);
        blind_batch(&persons(2), &Digest([3; 32]), &mut rng).unwrap().0
    }

    #[test]
    fn a_batch_asked_again_is_the_same_and_another_number_or_seed_gives_another() {
        assert!(blinded(1, 0) == blinded(1, 0));
        assert!(blinded(1, 0) != blinded(1, 1));
        assert!(blinded(1, 0) != blinded(2, 0));
    }

    #[test]
    fn what_a_seed_gives_does_not_change_with_a_version_of_a_library() {
        let mut drawn = [0; 16];
        BlindSeed::from_bytes([1; 32]).batch(7).fill_bytes(&mut drawn);
        assert_eq!(
            hex::encode(drawn),
            "d244652ec2d0e3bc5a7f3e4ecbac3120",
            "from another implementation of ChaCha20"
        );
        assert_eq!(
            hex::encode(Digest::of("test", &[&blinded(1, 7)]).0),
            "c94c0454555b76c1c8ebe0eb3aba9820993c94d542b0149fa526a1b85aed94d8"
        );
    }

    #[test]
    fn seeds_are_drawn_from_the_generator_that_is_given() {
        let seeds = [1, 1, 2].map(|number| BlindSeed::generate(&mut rng(number)));
        assert!(seeds[0].expose() == seeds[1].expose() && seeds[0].expose() != seeds[2].expose());
    }

    #[test]
    fn a_hidden_secret_shows_to_its_own_seed_and_pseudonym_only() {
        let seed = BlindSeed::from_bytes([1; 32]);
        let [one, other] = [1, 2].map(|byte| Pseudonym::from_bytes([byte; 16]));
        let secret = EventSecret::from_bytes([9; 32]);
        let hidden = seed.hide(&one, &secret);
        assert_eq!(
            hex::encode(hidden),
            "74de8612055ab41c334bd437353455ca86d9cbaf48b8cf16d0e82175e5810f5f",
            "from another implementation of HMAC"
        );
        assert!(seed.show(&one, &hidden).expose() == secret.expose());
        assert!(seed.show(&other, &hidden).expose() != secret.expose());
        assert!(BlindSeed::from_bytes([2; 32]).show(&one, &hidden).expose() != secret.expose());
        assert!(seed.hide(&other, &secret) != hidden, "two secrets that are equal cannot be seen to be");
    }
}
