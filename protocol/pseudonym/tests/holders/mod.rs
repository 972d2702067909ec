//! Holders who have made a key together honestly, for tests of what comes after.

use std::collections::BTreeMap;

use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_protocol::id::{Digest, PersonId, Pseudonym};
use tvaers_pseudonym::{
    blind::blind_batch,
    combine::{CombineError, combine},
    confirmation::agree,
    dkg::{Ceremony, round1, round2, round3},
    evaluate::evaluate,
    key::{KeyShare, PublicKeys},
    sealing::SealingKey,
};

pub(crate) type Packages = BTreeMap<u16, Vec<u8>>;

pub(crate) const STUDY: Digest = Digest([3; 32]);

/// Shares and sealing keys of holders 1 to n, by index.
pub(crate) struct Holders {
    pub(crate) rng: ChaCha20Rng,
    pub(crate) sealing: BTreeMap<u16, SealingKey>,
    pub(crate) shares: BTreeMap<u16, KeyShare>,
}

impl Holders {
    pub(crate) fn new(seed: u64, holders: u16, threshold: u16) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let sealing: BTreeMap<_, _> =
            (1..=holders).map(|index| (index, SealingKey::generate(&mut rng))).collect();
        let public = public(&sealing);
        let (mut kept, mut packages) = (Vec::new(), BTreeMap::new());
        for index in 1..=holders {
            let ceremony = Ceremony::new(STUDY, index, holders, threshold).unwrap();
            let (secret, package) = round1(ceremony, &mut rng).unwrap();
            kept.push((index, secret));
            packages.insert(index, package);
        }
        let (mut secrets, mut mail) = (Vec::new(), BTreeMap::new());
        for (sender, kept) in kept {
            let (secret, sealed) = round2(kept, &packages, &public, &mut rng).unwrap();
            secrets.push((sender, secret));
            post(&mut mail, sender, sealed);
        }
        let third = secrets.into_iter().map(|(index, kept)| {
            let (share, confirmation) = round3(kept, &sealing[&index], &mail[&index]).unwrap();
            ((index, share), confirmation)
        });
        let (shares, confirmations): (BTreeMap<_, _>, Vec<_>) = third.unzip();
        agree(&confirmations).unwrap();
        Self { rng, sealing, shares }
    }

    pub(crate) fn public(&self) -> BTreeMap<u16, [u8; 32]> {
        public(&self.sealing)
    }

    pub(crate) fn keys(&self) -> &PublicKeys {
        self.shares.values().next().unwrap().keys()
    }
}

fn public(sealing: &BTreeMap<u16, SealingKey>) -> BTreeMap<u16, [u8; 32]> {
    sealing.iter().map(|(index, key)| (*index, key.public())).collect()
}

/// Puts what one holder sealed to others into their mail.
pub(crate) fn post(mail: &mut BTreeMap<u16, Packages>, sender: u16, sealed: Packages) {
    for (recipient, text) in sealed {
        mail.entry(recipient).or_default().insert(sender, text);
    }
}

/// Three persons' pseudonyms under `keys`, with these shares as the quorum. Each call blinds anew.
pub(crate) fn pseudonyms(
    keys: &PublicKeys,
    quorum: &[&KeyShare],
    rng: &mut ChaCha20Rng,
) -> Result<Vec<Pseudonym>, CombineError> {
    let persons: Vec<_> = (0..3).map(|i| PersonId::parse(&format!("610165300{i}")).unwrap()).collect();
    let (points, blinds) = blind_batch(&persons, &STUDY, rng).unwrap();
    let replies: Vec<_> =
        quorum.iter().map(|share| (share.index(), evaluate(share, &points, rng).unwrap())).collect();
    let indices: Vec<_> = quorum.iter().map(|share| share.index()).collect();
    let outputs = combine(keys, &indices, &blinds, &replies)?;
    Ok(outputs.into_iter().map(|output| output.pseudonym).collect())
}
