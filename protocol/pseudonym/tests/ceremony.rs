//! Holders make a key together through the public functions, honestly and otherwise.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic; clippy only knows the tests themselves"
)]

use std::collections::BTreeMap;

use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_protocol::id::{Digest, PersonId};
use tvaers_pseudonym::{
    blind::blind_batch,
    combine::combine,
    confirmation::{AgreeError, Confirmation, agree},
    dkg::{Ceremony, DkgError, Round1, Round2, round1, round2, round3, transcript},
    evaluate::evaluate,
    key::KeyShare,
    sealing::SealingKey,
};

const CONTEXT: Digest = Digest([3; 32]);

type Packages = BTreeMap<u16, Vec<u8>>;
type PublicKeys = BTreeMap<u16, [u8; 32]>;

/// Holders 1 to n after round 1, with a generator of their own.
struct Holders {
    rng: ChaCha20Rng,
    keys: BTreeMap<u16, SealingKey>,
    kept: BTreeMap<u16, Round1>,
    packages: Packages,
}

impl Holders {
    fn new(seed: u64, holders: u16, threshold: u16) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (mut kept, mut packages) = (BTreeMap::new(), BTreeMap::new());
        for index in 1..=holders {
            let ceremony = Ceremony::new(CONTEXT, index, holders, threshold).unwrap();
            let (secret, package) = round1(ceremony, &mut rng).unwrap();
            kept.insert(index, secret);
            packages.insert(index, package);
        }
        let keys = (1..=holders).map(|index| (index, SealingKey::generate(&mut rng))).collect();
        Self { rng, keys, kept, packages }
    }

    fn public(&self) -> PublicKeys {
        self.keys.iter().map(|(index, key)| (*index, key.public())).collect()
    }

    /// Round 2 of holder 1 alone, with what it is given.
    fn first(mut self, packages: &Packages) -> DkgError {
        let kept = self.kept.remove(&1).unwrap();
        let public = self.public();
        round2(kept, packages, &public, &mut self.rng).err().expect("round 2 refuses")
    }

    /// Round 2 of all: what each keeps, and by recipient what it is sent, by sender.
    fn second(&mut self) -> (BTreeMap<u16, Round2>, BTreeMap<u16, Packages>) {
        let public = self.public();
        let (mut secrets, mut mail) = (BTreeMap::new(), BTreeMap::<u16, Packages>::new());
        for (sender, kept) in std::mem::take(&mut self.kept) {
            let (secret, sealed) = round2(kept, &self.packages, &public, &mut self.rng).unwrap();
            secrets.insert(sender, secret);
            for (recipient, text) in sealed {
                mail.entry(recipient).or_default().insert(sender, text);
            }
        }
        (secrets, mail)
    }

    fn finish(&mut self) -> (Vec<KeyShare>, Vec<Confirmation>) {
        let (secrets, mail) = self.second();
        secrets
            .into_iter()
            .map(|(index, secret)| round3(secret, &self.keys[&index], &mail[&index]).unwrap())
            .unzip()
    }
}

#[test]
fn five_holders_make_a_key_that_any_three_can_use() {
    let mut holders = Holders::new(1, 5, 3);
    let (shares, confirmations) = holders.finish();
    let keys = agree(&confirmations).unwrap();
    assert_eq!((keys.threshold(), keys.shares().len(), keys.epoch()), (3, 5, 0));
    assert!(confirmations.iter().all(|c| c.transcript == transcript(&CONTEXT, &holders.packages)));

    let persons: Vec<_> = (0..3).map(|i| PersonId::parse(&format!("610165300{i}")).unwrap()).collect();
    let of = |quorum: &[u16], seed| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (points, blinds) = blind_batch(&persons, &CONTEXT, &mut rng).unwrap();
        let asked = shares.iter().filter(|share| quorum.contains(&share.index()));
        let replies: Vec<_> =
            asked.map(|share| (share.index(), evaluate(share, &points, &mut rng).unwrap())).collect();
        let outputs = combine(keys, quorum, &blinds, &replies).unwrap();
        outputs.into_iter().map(|output| output.pseudonym).collect::<Vec<_>>()
    };
    let first = of(&[1, 2, 3], 2);
    for quorum in
        [[1, 2, 4], [1, 2, 5], [1, 3, 4], [1, 3, 5], [1, 4, 5], [2, 3, 4], [2, 3, 5], [2, 4, 5], [3, 4, 5]]
    {
        assert!(of(&quorum, 3) == first, "{quorum:?}");
    }
}

#[test]
fn the_smallest_ceremony_is_two_of_two() {
    let (_, confirmations) = Holders::new(2, 2, 2).finish();
    assert!(agree(&confirmations).is_ok());
}

#[test]
fn ceremonies_outside_the_limits_are_refused() {
    for (index, holders, threshold) in [(0, 5, 3), (6, 5, 3), (1, 5, 1), (1, 5, 6), (1, 1, 1), (1, 256, 3)] {
        let size = DkgError::Size { index, holders, threshold };
        assert_eq!(Ceremony::new(CONTEXT, index, holders, threshold), Err(size));
    }
}

#[test]
fn a_bad_round_one_package_names_its_sender() {
    let refused = |change: &dyn Fn(&mut Packages)| {
        let holders = Holders::new(3, 5, 3);
        let mut packages = holders.packages.clone();
        change(&mut packages);
        holders.first(&packages)
    };
    let package = DkgError::Package { culprit: 4 };
    assert_eq!(refused(&|packages| packages.get_mut(&4).unwrap().push(0)), package, "a byte too many");
    assert_eq!(
        refused(&|packages| {
            packages.get_mut(&4).unwrap().pop();
        }),
        package,
        "a byte too few"
    );
    assert_eq!(refused(&|packages| packages.get_mut(&4).unwrap().fill(0)), package, "nothing but zeros");
    let other = Holders::new(4, 5, 2).packages.remove(&4).unwrap();
    assert_eq!(
        refused(&|packages| {
            packages.insert(4, other.clone());
        }),
        package,
        "another threshold"
    );
    assert_eq!(package.culprit(), Some(4));

    let knowledge = DkgError::Knowledge { culprit: 4 };
    let copy = |packages: &mut Packages| {
        let copied = packages[&2].clone();
        packages.insert(4, copied);
    };
    assert_eq!(refused(&copy), knowledge, "the copy of another holder's package");
    // The last bytes are the proof's scalar.
    let forged = |packages: &mut Packages| {
        let package = packages.get_mut(&4).unwrap();
        let end = package.len() - 32;
        package[end] ^= 1;
    };
    assert_eq!(refused(&forged), knowledge, "a forged proof");
    assert_eq!(knowledge.culprit(), Some(4));
}

#[test]
fn round_one_packages_must_be_those_of_all_holders_and_the_own_one_unchanged() {
    let refused = |change: &dyn Fn(&mut Packages)| {
        let holders = Holders::new(5, 5, 3);
        let mut packages = holders.packages.clone();
        change(&mut packages);
        holders.first(&packages)
    };
    let missing = DkgError::Missing { round: 2, holder: 3 };
    assert_eq!(
        refused(&|packages| {
            packages.remove(&3);
        }),
        missing
    );
    let surplus = DkgError::Surplus { round: 2, index: 6 };
    assert_eq!(
        refused(&|packages| {
            packages.insert(6, Vec::new());
        }),
        surplus
    );
    assert_eq!(
        refused(&|packages| {
            packages.remove(&1);
        }),
        DkgError::Altered
    );
    let earlier = Holders::new(6, 5, 3).packages.remove(&1).unwrap();
    assert_eq!(
        refused(&|packages| {
            packages.insert(1, earlier.clone());
        }),
        DkgError::Altered
    );
}

#[test]
fn a_recipient_without_a_usable_sealing_key_is_named() {
    let refused = |change: &dyn Fn(&mut PublicKeys)| {
        let mut holders = Holders::new(7, 3, 2);
        let mut public = holders.public();
        change(&mut public);
        let kept = holders.kept.remove(&1).unwrap();
        round2(kept, &holders.packages, &public, &mut holders.rng).err().unwrap()
    };
    let missing = DkgError::Missing { round: 2, holder: 3 };
    assert_eq!(
        refused(&|public| {
            public.remove(&3);
        }),
        missing
    );
    let unusable = DkgError::SealingKey { culprit: 3 };
    assert_eq!(
        refused(&|public| {
            public.insert(3, [0; 32]);
        }),
        unusable
    );
}

/// What round 3 of holder 2 says to changed mail.
fn third(change: impl FnOnce(&mut BTreeMap<u16, Packages>)) -> DkgError {
    let mut holders = Holders::new(8, 5, 3);
    let (mut secrets, mut mail) = holders.second();
    change(&mut mail);
    round3(secrets.remove(&2).unwrap(), &holders.keys[&2], &mail[&2]).err().expect("round 3 refuses")
}

#[test]
fn a_sealed_package_opens_for_its_recipient_and_from_its_sender_only() {
    let unsealing = DkgError::Unsealing { culprit: 3 };
    let misdirected = third(|mail| {
        let other = mail[&1][&3].clone();
        mail.get_mut(&2).unwrap().insert(3, other);
    });
    assert_eq!(misdirected, unsealing, "sealed to holder 1");
    let mistaken = third(|mail| {
        let other = mail[&2][&4].clone();
        mail.get_mut(&2).unwrap().insert(3, other);
    });
    assert_eq!(mistaken, unsealing, "from holder 4");
    let altered = third(|mail| mail.get_mut(&2).unwrap().get_mut(&3).unwrap()[40] ^= 1);
    assert_eq!(altered, unsealing);
    let cut = third(|mail| mail.get_mut(&2).unwrap().get_mut(&3).unwrap().truncate(10));
    assert_eq!(cut, unsealing);
    assert_eq!(unsealing.culprit(), Some(3));
}

#[test]
fn a_share_that_does_not_fit_its_commitment_names_its_sender() {
    // Holder 3 deals holder 2 a share of another polynomial, sealed as it should be.
    let mut holders = Holders::new(8, 5, 3);
    let (mut secrets, mut mail) = holders.second();
    let mut other = Holders::new(9, 5, 3);
    other.keys = std::mem::take(&mut holders.keys);
    let (_, other_mail) = other.second();
    mail.get_mut(&2).unwrap().insert(3, other_mail[&2][&3].clone());
    let refused = round3(secrets.remove(&2).unwrap(), &other.keys[&2], &mail[&2]).err();
    assert_eq!(refused, Some(DkgError::Share { culprit: 3 }));
}

#[test]
fn round_two_packages_must_be_those_of_all_others() {
    let missing = third(|mail| {
        mail.get_mut(&2).unwrap().remove(&5);
    });
    assert_eq!(missing, DkgError::Missing { round: 3, holder: 5 });
    for index in [2, 6] {
        let surplus = third(|mail| {
            mail.get_mut(&2).unwrap().insert(index, Vec::new());
        });
        assert_eq!(surplus, DkgError::Surplus { round: 3, index });
    }
}

#[test]
fn nobody_uses_a_key_that_not_all_have_confirmed_alike() {
    let (_, confirmations) = Holders::new(10, 4, 3).finish();
    let (_, others) = Holders::new(11, 4, 3).finish();
    assert_eq!(agree(&[]), Err(AgreeError::None));
    assert_eq!(agree(&confirmations[1..]), Err(AgreeError::Missing { holder: 1 }));
    let changed = |change: &dyn Fn(&mut Vec<Confirmation>)| {
        let mut confirmations = confirmations.clone();
        change(&mut confirmations);
        agree(&confirmations).err().unwrap()
    };
    let differ = |what| AgreeError::Differ { one: 1, other: 3, what };
    assert_eq!(changed(&|all| all[2].context = Digest::NONE), differ("context"));
    assert_eq!(changed(&|all| all[2].transcript = Digest::NONE), differ("transcript"));
    assert_eq!(changed(&|all| all[2].keys = others[2].keys.clone()), differ("keys"));
    assert_eq!(changed(&|all| all[2].holder = 2), AgreeError::Surplus { holder: 2 });
    assert_eq!(changed(&|all| all[2].holder = 9), AgreeError::Surplus { holder: 9 });
}

#[test]
fn what_a_holder_signs_covers_every_field() {
    use tvaers_protocol::codec::canonical;
    let (_, confirmations) = Holders::new(12, 4, 3).finish();
    let signed = canonical(&confirmations[0]);
    let mut context = confirmations[0].clone();
    context.context = Digest::NONE;
    let mut transcript = confirmations[0].clone();
    transcript.transcript = Digest::NONE;
    for other in [&confirmations[1], &context, &transcript] {
        assert_ne!(canonical(other), signed);
    }
    // Index, context, transcript; epoch, threshold, group key, number of shares; an index and a point a share.
    assert_eq!(signed.len(), 2 + 32 + 32 + 4 + 2 + 32 + 8 + 4 * 34);
}

#[test]
fn a_transcript_tells_ceremonies_senders_and_packages_apart() {
    let packages = BTreeMap::from([(1, vec![1, 2]), (2, vec![3])]);
    let moved = BTreeMap::from([(1, vec![1]), (2, vec![2, 3])]);
    let renamed = BTreeMap::from([(1, vec![1, 2]), (3, vec![3])]);
    let digest = transcript(&CONTEXT, &packages);
    assert_ne!(digest, transcript(&Digest::NONE, &packages));
    assert_ne!(digest, transcript(&CONTEXT, &moved));
    assert_ne!(digest, transcript(&CONTEXT, &renamed));
}
