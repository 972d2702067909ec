//! Holders make a lost share again through the public functions, honestly and otherwise.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic; clippy only knows the tests themselves"
)]

mod holders;

use std::collections::{BTreeMap, BTreeSet};

use holders::{Holders, Packages, STUDY, post, pseudonyms};
use tvaers_protocol::id::Digest;
use tvaers_pseudonym::{
    confirmation::Confirmation,
    key::{KeyShare, PublicKeys},
    repair::{Dealt, Helped, Repair, RepairError, add, deal, recover, transcript},
};

const CONTEXT: Digest = Digest([5; 32]);
const LOST: u16 = 2;
const HELPERS: [u16; 3] = [1, 3, 5];

/// A repair of holder 2's share by holders 1, 3 and 5, after the first step.
struct Running {
    holders: Holders,
    repair: Repair,
    kept: BTreeMap<u16, Dealt>,
    packages: Packages,
    /// By recipient, then by sender.
    mail: BTreeMap<u16, Packages>,
}

fn repair(keys: &PublicKeys, lost: u16, helpers: &[u16]) -> Result<Repair, RepairError> {
    Repair::new(CONTEXT, keys, lost, &helpers.iter().copied().collect::<BTreeSet<_>>())
}

impl Running {
    fn new(seed: u64) -> Self {
        let holders = Holders::new(seed, 5, 3);
        let repair = repair(holders.keys(), LOST, &HELPERS).unwrap();
        Self::of(holders, repair, &HELPERS)
    }

    fn of(mut holders: Holders, repair: Repair, helpers: &[u16]) -> Self {
        let public = holders.public();
        let (mut kept, mut packages, mut mail) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for helper in helpers {
            let share = &holders.shares[helper];
            let (secret, parts) = deal(repair.clone(), share, &public, &mut holders.rng).unwrap();
            kept.insert(*helper, secret);
            packages.insert(*helper, parts.package);
            post(&mut mail, *helper, parts.sealed);
        }
        Self { holders, repair, kept, packages, mail }
    }

    /// The second step of one helper.
    fn add(&mut self, helper: u16, lost: u16) -> Result<(Helped, Vec<u8>), RepairError> {
        let (kept, to) = (self.kept.remove(&helper).unwrap(), self.holders.sealing[&lost].public());
        let Holders { rng, sealing, .. } = &mut self.holders;
        add(kept, &self.packages, &self.mail[&helper], &sealing[&helper], &to, rng)
    }

    /// The second step of all: the helpers, and their sums by sender.
    fn sums(&mut self) -> (Vec<Helped>, Packages) {
        let (mut helped, mut sums) = (Vec::new(), Packages::new());
        for helper in HELPERS {
            let (done, sum) = self.add(helper, LOST).unwrap();
            helped.push(done);
            sums.insert(helper, sum);
        }
        (helped, sums)
    }

    fn recover(&self, sums: &Packages) -> Result<(KeyShare, Confirmation), RepairError> {
        recover(self.repair.clone(), &self.packages, sums, &self.holders.sealing[&LOST])
    }
}

#[test]
fn the_repaired_share_is_the_lost_one() {
    let mut running = Running::new(1);
    let (helped, sums) = running.sums();
    let (share, confirmation) = running.recover(&sums).unwrap();
    let Running { holders: Holders { rng, shares, .. }, repair, packages, .. } = &mut running;
    assert!(share.expose() == shares[&LOST].expose() && share.keys() == shares[&LOST].keys());
    assert_eq!(share.index(), LOST);
    let whole = pseudonyms(share.keys(), &[&shares[&1], &shares[&3], &shares[&4]], rng).unwrap();
    assert!(pseudonyms(share.keys(), &[&shares[&1], &share, &shares[&4]], rng).unwrap() == whole);

    assert_eq!(confirmation.transcript, transcript(repair, packages));
    for helped in helped {
        assert_eq!(*helped.transcript(), confirmation.transcript);
        assert_eq!(helped.confirmed(&confirmation), Ok(()));
        let changes: [&dyn Fn(&mut Confirmation); 4] =
            [&|one| one.holder = 1, &|one| one.context = STUDY, &|one| one.transcript = STUDY, &|one| {
                one.keys = Holders::new(2, 5, 3).keys().clone()
            }];
        for change in changes {
            let mut other = confirmation.clone();
            change(&mut other);
            assert_eq!(helped.confirmed(&other), Err(RepairError::Confirmation { culprit: LOST }));
        }
    }
}

#[test]
fn any_helpers_repair_any_share() {
    for (lost, helpers) in [(1, [2, 3, 4]), (5, [1, 2, 3]), (3, [1, 4, 5])] {
        let holders = Holders::new(3, 5, 3);
        let repair = repair(holders.keys(), lost, &helpers).unwrap();
        let mut running = Running::of(holders, repair.clone(), &helpers);
        let sums = helpers.map(|helper| (helper, running.add(helper, lost).unwrap().1)).into();
        let key = &running.holders.sealing[&lost];
        let (share, _) = recover(repair, &running.packages, &sums, key).unwrap();
        assert!(share.expose() == running.holders.shares[&lost].expose(), "{lost} by {helpers:?}");
    }
}

#[test]
fn helpers_are_as_many_other_holders_as_are_needed() {
    let holders = Holders::new(4, 5, 3);
    for (lost, helpers) in
        [(2, &[1, 3][..]), (2, &[1, 3, 4, 5]), (2, &[1, 2, 3]), (2, &[1, 3, 6]), (6, &[1, 2, 3]), (2, &[])]
    {
        let refused = repair(holders.keys(), lost, helpers);
        assert_eq!(refused, Err(RepairError::Helpers { helpers: helpers.len(), threshold: 3 }));
    }
}

#[test]
fn a_helper_deals_parts_of_its_own_share_of_this_key_only() {
    let (mut holders, other) = (Holders::new(5, 5, 3), Holders::new(6, 5, 3));
    let repair = repair(holders.keys(), LOST, &HELPERS).unwrap();
    let public = holders.public();
    for wrong in [&holders.shares[&4], &holders.shares[&LOST], &other.shares[&1]] {
        let refused = deal(repair.clone(), wrong, &public, &mut holders.rng).err();
        assert_eq!(refused, Some(RepairError::Share));
    }
    for (key, error) in [
        (None, RepairError::Missing { step: 1, holder: 5 }),
        (Some([0; 32]), RepairError::SealingKey { culprit: 5 }),
    ] {
        let mut public = public.clone();
        public.remove(&5);
        public.extend(key.map(|key| (5, key)));
        let refused = deal(repair.clone(), &holders.shares[&1], &public, &mut holders.rng).err();
        assert_eq!(refused, Some(error));
    }
}

/// What helper 1's second step says to what was changed on the way.
fn second(change: impl FnOnce(&mut Running)) -> RepairError {
    let mut running = Running::new(7);
    change(&mut running);
    running.add(1, LOST).expect_err("the second step refuses")
}

/// The first step of the same helpers for the same repair, dealt anew: packages and mail.
fn again(running: &mut Running) -> (Packages, BTreeMap<u16, Packages>) {
    let public = running.holders.public();
    let (mut packages, mut mail) = (BTreeMap::new(), BTreeMap::new());
    for helper in HELPERS {
        let Holders { rng, shares, .. } = &mut running.holders;
        let (_, parts) = deal(running.repair.clone(), &shares[&helper], &public, rng).unwrap();
        packages.insert(helper, parts.package);
        post(&mut mail, helper, parts.sealed);
    }
    (packages, mail)
}

#[test]
fn a_bad_package_names_its_sender() {
    let package = RepairError::Package { culprit: 3 };
    let tampered =
        |change: &dyn Fn(&mut Vec<u8>)| second(|running| change(running.packages.get_mut(&3).unwrap()));
    assert_eq!(tampered(&|bytes| bytes.push(0)), package, "a byte too many");
    assert_eq!(tampered(&|bytes| bytes.truncate(64)), package, "a point too few");
    assert_eq!(tampered(&|bytes| bytes.extend([1; 32])), package, "a point too many, and none");
    assert_eq!(tampered(&|bytes| bytes[..32].fill(255)), package, "no canonical point");
    assert_eq!(tampered(&|bytes| bytes[..32].fill(0)), package, "the identity");
    let sum = RepairError::Sum { culprit: 3 };
    assert_eq!(tampered(&|bytes| bytes.copy_within(32..64, 0)), sum, "a replaced point");
    let another = second(|running| {
        let other = running.packages[&5].clone();
        running.packages.insert(3, other);
    });
    assert_eq!(another, sum, "another helper's package");
    assert_eq!((package.culprit(), sum.culprit()), (Some(3), Some(3)));
}

#[test]
fn packages_must_be_those_of_all_helpers_and_the_own_one_unchanged() {
    let missing = second(|running| drop(running.packages.remove(&3)));
    assert_eq!(missing, RepairError::Missing { step: 2, holder: 3 });
    let surplus = second(|running| drop(running.packages.insert(4, Vec::new())));
    assert_eq!(surplus, RepairError::Surplus { step: 2, index: 4 });
    assert_eq!(second(|running| drop(running.packages.remove(&1))), RepairError::Altered);
    let altered = second(|running| {
        let other = again(running).0[&1].clone();
        running.packages.insert(1, other);
    });
    assert_eq!(altered, RepairError::Altered);
}

#[test]
fn a_bad_part_names_its_sender() {
    let unsealing = RepairError::Unsealing { culprit: 5 };
    let tampered =
        |change: &dyn Fn(&mut BTreeMap<u16, Packages>)| second(|running| change(&mut running.mail));
    let misdirected = tampered(&|mail| {
        let other = mail[&3][&5].clone();
        mail.get_mut(&1).unwrap().insert(5, other);
    });
    assert_eq!(misdirected, unsealing, "sealed to helper 3");
    assert_eq!(tampered(&|mail| mail.get_mut(&1).unwrap().get_mut(&5).unwrap()[40] ^= 1), unsealing);
    assert_eq!(tampered(&|mail| mail.get_mut(&1).unwrap().get_mut(&5).unwrap().clear()), unsealing);
    let missing = tampered(&|mail| drop(mail.get_mut(&1).unwrap().remove(&5)));
    assert_eq!(missing, RepairError::Missing { step: 2, holder: 5 });
    for index in [1, 4] {
        let surplus = tampered(&|mail| drop(mail.get_mut(&1).unwrap().insert(index, Vec::new())));
        assert_eq!(surplus, RepairError::Surplus { step: 2, index });
    }
    // A part that is sealed as it should be, but not the one published.
    let other = second(|running| {
        let other = again(running).1[&1][&5].clone();
        running.mail.get_mut(&1).unwrap().insert(5, other);
    });
    assert_eq!(other, RepairError::Part { culprit: 5 });
    assert_eq!(other.culprit(), Some(5));
}

#[test]
fn a_bad_sum_names_its_sender() {
    let mut running = Running::new(8);
    let (_, sums) = running.sums();
    let refused = |change: &dyn Fn(&mut Packages)| {
        let mut sums = sums.clone();
        change(&mut sums);
        running.recover(&sums).err()
    };
    assert_eq!(refused(&|_| ()), None);
    let unsealing = Some(RepairError::Unsealing { culprit: 3 });
    assert_eq!(refused(&|sums| sums.get_mut(&3).unwrap()[40] ^= 1), unsealing);
    assert_eq!(refused(&|sums| drop(sums.insert(3, sums[&5].clone()))), unsealing, "helper 5's sum");
    let missing = Some(RepairError::Missing { step: 3, holder: 3 });
    assert_eq!(refused(&|sums| drop(sums.remove(&3))), missing);
    for index in [2, 4] {
        let surplus = Some(RepairError::Surplus { step: 3, index });
        assert_eq!(refused(&|sums| drop(sums.insert(index, Vec::new()))), surplus);
    }
}

/// What a helper that lies seals to the lost holder: whatever text it likes, in the right place.
fn forged(running: &mut Running, sender: u16, text: &[u8]) -> Vec<u8> {
    use hpke::{
        Deserializable as _, Kem, OpModeS, Serializable as _, aead::ChaCha20Poly1305, kdf::HkdfSha256,
        kem::X25519HkdfSha256, single_shot_seal_with_rng,
    };
    let Holders { rng, sealing, .. } = &mut running.holders;
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&sealing[&LOST].public()).unwrap();
    let (key, sealed) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        &[b"tvaers-pseudonym/repair-sum/v1".as_slice(), &CONTEXT.0].concat(),
        text,
        &[sender.to_be_bytes(), LOST.to_be_bytes()].concat(),
        rng,
    )
    .unwrap();
    [key.to_bytes().as_slice(), &sealed].concat()
}

#[test]
fn a_sum_of_other_parts_than_those_published_names_its_sender() {
    let mut running = Running::new(11);
    let (_, mut sums) = running.sums();
    let seen = transcript(&running.repair, &running.packages).0;
    let mut one = [0; 32];
    one[0] = 1;
    for (text, error) in [
        ([seen, one].concat(), RepairError::Part { culprit: 3 }),
        ([seen, [0; 32]].concat(), RepairError::Part { culprit: 3 }),
        ([seen, [255; 32]].concat(), RepairError::Unsealing { culprit: 3 }),
        (seen.to_vec(), RepairError::Unsealing { culprit: 3 }),
        (Vec::new(), RepairError::Unsealing { culprit: 3 }),
        ([one, one].concat(), RepairError::Transcript { holder: 3 }),
    ] {
        let sum = forged(&mut running, 3, &text);
        sums.insert(3, sum);
        assert_eq!(running.recover(&sums).err(), Some(error));
    }
}

#[test]
fn a_helper_that_was_shown_other_packages_is_told_from_one_that_lies() {
    // Helper 3 sees another first step of helper 1, whole and consistent, than all others see.
    let mut running = Running::new(9);
    let (packages, mail) = again(&mut running);
    let honest = running.packages.clone();
    running.packages.insert(1, packages[&1].clone());
    running.mail.get_mut(&3).unwrap().insert(1, mail[&3][&1].clone());
    let (_, misled) = running.add(3, LOST).unwrap();
    running.packages = honest;
    let mut sums = Packages::from([(3, misled)]);
    for helper in [1, 5] {
        sums.insert(helper, running.add(helper, LOST).unwrap().1);
    }
    let refused = running.recover(&sums).err();
    assert_eq!(refused, Some(RepairError::Transcript { holder: 3 }));
    assert_eq!(refused.unwrap().culprit(), None, "it was misled, and by whom signatures tell");
}

#[test]
fn nothing_that_a_helper_or_the_relay_sees_holds_the_share() {
    let mut running = Running::new(10);
    let (_, sums) = running.sums();
    let secret = running.holders.shares[&LOST].expose();
    let seen = running.packages.values().chain(running.mail.values().flat_map(BTreeMap::values));
    for bytes in seen.chain(sums.values()) {
        assert!(!bytes.windows(8).any(|window| secret.windows(8).any(|part| part == window)));
    }
}
