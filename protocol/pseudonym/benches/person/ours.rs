//! Our own work on one batch, by the functions that nodes call.

use std::collections::BTreeMap;

use rand::rngs::ChaCha20Rng;
use tvaers_protocol::id::{Digest, PersonId};
use tvaers_pseudonym::{
    blind::{Blinds, blind_batch},
    combine::{Output, combine},
    confirmation::agree,
    dkg::{Ceremony, round1, round2, round3},
    evaluate::{Evaluated, evaluate},
    key::KeyShare,
    sealing::SealingKey,
};

/// A batch as nodes send it.
pub(crate) const PERSONS: usize = 10_000;

pub(crate) const STUDY: Digest = Digest([1; 32]);

/// A batch with the replies of its quorum, so that each step can be run again by itself.
pub(crate) struct Asked {
    persons: Vec<PersonId>,
    points: Vec<u8>,
    blinds: Blinds,
    quorum: Vec<u16>,
    shares: Vec<KeyShare>,
    replies: Vec<(u16, Evaluated)>,
}

impl Asked {
    /// A batch asked of the first holders, as many as are needed.
    pub(crate) fn new(mut shares: Vec<KeyShare>, rng: &mut ChaCha20Rng) -> Self {
        shares.truncate(shares[0].keys().threshold().into());
        let persons: Vec<_> =
            (0..PERSONS).map(|i| PersonId::parse(&format!("610165{i:04}")).unwrap()).collect();
        let (points, blinds) = blind_batch(&persons, &STUDY, rng).unwrap();
        let quorum = shares.iter().map(KeyShare::index).collect();
        let replies =
            shares.iter().map(|share| (share.index(), evaluate(share, &points, rng).unwrap())).collect();
        Self { persons, points, blinds, quorum, shares, replies }
    }

    /// The requester's first half.
    pub(crate) fn blind(&self, rng: &mut ChaCha20Rng) -> (Vec<u8>, Blinds) {
        blind_batch(&self.persons, &STUDY, rng).unwrap()
    }

    /// The requester's second half.
    pub(crate) fn combine(&self) -> Vec<Output> {
        combine(self.shares[0].keys(), &self.quorum, &self.blinds, &self.replies).unwrap()
    }

    /// The persons of the batch.
    pub(crate) fn persons(&self) -> &[PersonId] {
        &self.persons
    }

    /// As many shares as give a pseudonym.
    pub(crate) fn quorum(&self) -> &[KeyShare] {
        &self.shares
    }

    /// One holder's work.
    pub(crate) fn evaluate(&self, rng: &mut ChaCha20Rng) -> Evaluated {
        evaluate(&self.shares[0], &self.points, rng).unwrap()
    }
}

/// The shares of a key, made as holders make it.
pub(crate) fn shares(holders: u16, threshold: u16, rng: &mut ChaCha20Rng) -> Vec<KeyShare> {
    let indices = 1..=holders;
    let first = indices
        .clone()
        .map(|index| round1(Ceremony::new(STUDY, index, holders, threshold).unwrap(), rng).unwrap());
    let (kept, packages): (Vec<_>, Vec<_>) = first.collect::<Vec<_>>().into_iter().unzip();
    let packages = indices.clone().zip(packages).collect();
    let keys: Vec<_> = indices.clone().map(|_| SealingKey::generate(rng)).collect();
    let public = indices.clone().zip(keys.iter().map(SealingKey::public)).collect();
    let second: Vec<_> =
        kept.into_iter().map(|kept| round2(kept, &packages, &public, rng).unwrap()).collect();
    let (kept, sealed): (Vec<_>, Vec<_>) = second.into_iter().unzip();
    let mail = |recipient: u16| {
        let from = |(sender, sealed): (u16, &BTreeMap<u16, Vec<u8>>)| {
            sealed.get(&recipient).map(|text| (sender, text.clone()))
        };
        (1..).zip(&sealed).filter_map(from).collect()
    };
    let third =
        indices.zip(kept).zip(&keys).map(|((index, kept), key)| round3(kept, key, &mail(index)).unwrap());
    let (shares, confirmations): (Vec<_>, Vec<_>) = third.unzip();
    agree(&confirmations).unwrap();
    shares
}
