//! A key of nobody: a whole ceremony among holders that one alone plays.

use std::collections::BTreeMap;

use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_protocol::id::Digest;
use tvaers_pseudonym::confirmation::Confirmation;
use tvaers_pseudonym::dkg::{self, Ceremony};
use tvaers_pseudonym::key::KeyShare;
use tvaers_pseudonym::sealing::SealingKey;

/// Every holder's share and confirmation, by rising index.
pub(super) fn made_up_key(context: Digest, n_holders: u16, threshold: u16) -> Vec<(KeyShare, Confirmation)> {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let (mut kept, mut packages, mut keys) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for index in 1..=n_holders {
        let ceremony = Ceremony::new(context, index, n_holders, threshold).unwrap();
        let (secret, package) = dkg::round1(ceremony, &mut rng).unwrap();
        kept.push(secret);
        packages.insert(index, package);
        keys.insert(index, SealingKey::generate(&mut rng));
    }
    let public = keys.iter().map(|(index, key)| (*index, key.public())).collect();
    let mut sealed: BTreeMap<u16, BTreeMap<u16, Vec<u8>>> = BTreeMap::new();
    let mut second = Vec::new();
    for (from, secret) in (1..).zip(kept) {
        let (secret, out) = dkg::round2(secret, &packages, &public, &mut rng).unwrap();
        second.push(secret);
        for (to, bytes) in out {
            sealed.entry(to).or_default().insert(from, bytes);
        }
    }
    let third =
        (1..).zip(second).map(|(index, secret)| dkg::round3(secret, &keys[&index], &sealed[&index]).unwrap());
    third.collect()
}
