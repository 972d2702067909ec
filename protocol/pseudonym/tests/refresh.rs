//! Holders refresh the shares of a key through the public functions, honestly and otherwise.
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
    combine::{CombineError, QuorumError},
    confirmation::{AgreeError, Confirmation},
    evaluate::Evaluated,
    kept::KeptError,
    key::{KeyShare, PublicKeys},
    refresh::{
        NotAdopted, Pending, Refresh, RefreshError, Round1, Round2, round1, round2, round3, transcript,
    },
};

const CONTEXT: Digest = Digest([4; 32]);

/// A refresh by the holders that stay, after round 1.
struct Running {
    holders: Holders,
    kept: BTreeMap<u16, Round1>,
    packages: Packages,
}

impl Running {
    fn new(mut holders: Holders, stay: &[u16]) -> Self {
        let (mut kept, mut packages) = (BTreeMap::new(), BTreeMap::new());
        for index in stay {
            let place = place(&holders.shares[index], stay).unwrap();
            let (secret, package) = round1(place, &mut holders.rng).unwrap();
            kept.insert(*index, secret);
            packages.insert(*index, package);
        }
        Self { holders, kept, packages }
    }

    /// Round 2 of all: what each keeps, and by recipient what it is sent, by sender.
    fn second(&mut self) -> (BTreeMap<u16, Round2>, BTreeMap<u16, Packages>) {
        let public = self.holders.public();
        let (mut secrets, mut mail) = (BTreeMap::new(), BTreeMap::new());
        for (sender, kept) in std::mem::take(&mut self.kept) {
            let (secret, sealed) = round2(kept, &self.packages, &public, &mut self.holders.rng).unwrap();
            secrets.insert(sender, secret);
            post(&mut mail, sender, sealed);
        }
        (secrets, mail)
    }

    fn third(&mut self) -> BTreeMap<u16, Pending> {
        let (secrets, mail) = self.second();
        let third = |(index, secret): (u16, Round2)| {
            let (share, key) = (&self.holders.shares[&index], &self.holders.sealing[&index]);
            (index, round3(secret, share, key, &mail[&index]).unwrap())
        };
        secrets.into_iter().map(third).collect()
    }

    fn adopted(&mut self) -> BTreeMap<u16, KeyShare> {
        let pending = self.third();
        let confirmations = confirmations(&pending);
        pending.into_iter().map(|(index, pending)| (index, pending.adopt(&confirmations).unwrap())).collect()
    }
}

fn place(share: &KeyShare, stay: &[u16]) -> Result<Refresh, RefreshError> {
    Refresh::new(CONTEXT, share, &stay.iter().copied().collect::<BTreeSet<_>>())
}

fn confirmations(pending: &BTreeMap<u16, Pending>) -> Vec<Confirmation> {
    pending.values().map(|pending| pending.confirmation().clone()).collect()
}

const ALL: [u16; 5] = [1, 2, 3, 4, 5];

#[test]
fn a_refresh_changes_every_share_and_no_pseudonym() {
    let mut running = Running::new(Holders::new(1, 5, 3), &ALL);
    let new = running.adopted();
    let Running { holders, packages, .. } = &mut running;
    let (before, after) = (holders.shares[&1].keys(), new[&1].keys());
    assert_eq!((after.epoch(), after.threshold(), after.group()), (1, 3, before.group()));
    assert_eq!(after.departure(before), None);
    for index in ALL {
        assert!(new[&index].expose() != holders.shares[&index].expose());
        assert_ne!(after.shares()[&index], before.shares()[&index]);
    }
    assert_ne!(transcript(&CONTEXT, before, packages), transcript(&CONTEXT, after, packages));
    assert_ne!(transcript(&CONTEXT, before, packages), transcript(&STUDY, before, packages));

    let of = |shares: &BTreeMap<u16, KeyShare>, quorum: [u16; 3], rng: &mut _| {
        pseudonyms(shares[&1].keys(), &quorum.map(|index| &shares[&index]), rng).unwrap()
    };
    let first = of(&holders.shares, [1, 2, 3], &mut holders.rng);
    for (a, b, c) in
        [(1, 2, 3), (1, 2, 4), (1, 2, 5), (1, 3, 4), (1, 3, 5), (1, 4, 5), (2, 3, 4), (2, 3, 5), (2, 4, 5)]
    {
        assert!(of(&new, [a, b, c], &mut holders.rng) == first, "{a} {b} {c}");
    }
    assert!(of(&new, [5, 3, 4], &mut holders.rng) == first);
}

#[test]
fn a_key_is_refreshed_again_and_again_and_of_two_by_two() {
    let mut holders = Holders::new(2, 2, 2);
    let quorum = |holders: &Holders| [1, 2].map(|index| holders.shares[&index].expose());
    let first = {
        let Holders { rng, shares, .. } = &mut holders;
        pseudonyms(shares[&1].keys(), &[&shares[&1], &shares[&2]], rng).unwrap()
    };
    for epoch in 1..=3 {
        let before = quorum(&holders);
        let mut running = Running::new(holders, &[1, 2]);
        let new = running.adopted();
        holders = running.holders;
        holders.shares = new;
        assert_eq!(holders.keys().epoch(), epoch);
        assert!(quorum(&holders) != before);
        let Holders { rng, shares, .. } = &mut holders;
        assert!(pseudonyms(shares[&1].keys(), &[&shares[&2], &shares[&1]], rng).unwrap() == first);
    }
}

#[test]
fn a_dropped_holders_share_combines_no_longer() {
    let mut running = Running::new(Holders::new(3, 5, 3), &[1, 3, 4, 5]);
    let new = running.adopted();
    let Holders { rng, shares: old, .. } = &mut running.holders;
    let keys = new[&1].keys();
    assert_eq!(keys.shares().keys().copied().collect::<Vec<_>>(), [1, 3, 4, 5]);
    let before = pseudonyms(old[&1].keys(), &[&old[&1], &old[&2], &old[&3]], rng).unwrap();
    assert!(pseudonyms(keys, &[&new[&5], &new[&3], &new[&4]], rng).unwrap() == before);
    // Under the new keys it is nobody.
    let refused = pseudonyms(keys, &[&new[&1], &old[&2], &new[&3]], rng).err();
    assert_eq!(refused, Some(QuorumError::Unknown { holder: 2 }.into()));
    // Under the old ones, those who stay no longer answer for it.
    let refused = pseudonyms(old[&1].keys(), &[&old[&2], &new[&1], &new[&3]], rng).err();
    assert_eq!(refused, Some(CombineError::Epoch { culprit: 1, expected: 0, actual: 1 }));
    // Its public share fits no set of the new epoch, whoever puts it there.
    let mut shares = keys.shares().clone();
    shares.insert(2, old[&2].keys().shares()[&2]);
    assert!(PublicKeys::new(1, 3, *keys.group(), shares).is_err());
    // Nor does its secret give the key with new ones: three secrets interpolate to the group's, or they do not.
    let fits = |shares: [&KeyShare; 3]| {
        let points = shares.map(|share| (share.index(), share.keys().shares()[&share.index()]));
        PublicKeys::new(0, 3, *keys.group(), points.into()).is_ok()
    };
    assert!(fits([&old[&1], &old[&2], &old[&3]]) && fits([&new[&1], &new[&3], &new[&4]]));
    assert!(!fits([&old[&2], &new[&1], &new[&3]]) && !fits([&old[&2], &old[&1], &new[&3]]));
}

#[test]
fn epochs_that_mix_are_refused_and_the_holder_of_another_one_is_named() {
    let mut running = Running::new(Holders::new(4, 5, 3), &ALL);
    let new = running.adopted();
    let Holders { rng, shares: old, .. } = &mut running.holders;
    let (old_keys, new_keys) = (old[&1].keys().clone(), new[&1].keys());
    let late = CombineError::Epoch { culprit: 2, expected: 1, actual: 0 };
    assert_eq!(late.culprit(), Some(2));
    assert_eq!(pseudonyms(new_keys, &[&new[&1], &old[&2], &new[&3]], rng).err(), Some(late));
    let early = CombineError::Epoch { culprit: 3, expected: 0, actual: 1 };
    assert_eq!(pseudonyms(&old_keys, &[&old[&1], &old[&2], &new[&3]], rng).err(), Some(early));
    // A holder that lies about the epoch is found by its proof.
    let lie = |share: &KeyShare, rng: &mut _| {
        let persons = [tvaers_protocol::id::PersonId::parse("6101653000").unwrap()];
        let (points, blinds) = tvaers_pseudonym::blind::blind_batch(&persons, &STUDY, rng).unwrap();
        let replies = [&new[&1], share, &new[&3]].map(|share| {
            let reply = tvaers_pseudonym::evaluate::evaluate(share, &points, rng).unwrap();
            (share.index(), Evaluated { epoch: 1, ..reply })
        });
        tvaers_pseudonym::combine::combine(new_keys, &[1, 2, 3], &blinds, &replies).err()
    };
    assert_eq!(lie(&old[&2], rng), Some(CombineError::Proof { culprit: 2 }));
    assert_eq!(lie(&new[&2], rng), None);
}

#[test]
fn only_holders_of_the_key_refresh_it_and_enough_of_them() {
    let holders = Holders::new(5, 5, 3);
    let share = &holders.shares[&1];
    for stay in [&[1, 2][..], &[2, 3, 4], &[1, 2, 6], &[0, 1, 2], &[]] {
        let refused = place(share, stay).err();
        assert_eq!(refused, Some(RefreshError::Holders { stay: stay.len(), threshold: 3 }), "{stay:?}");
    }
    assert!(place(share, &[1, 4, 5]).is_ok());
    let last = PublicKeys::new(u32::MAX, 3, *share.keys().group(), share.keys().shares().clone()).unwrap();
    let last = KeyShare::new(1, &share.expose(), last).unwrap();
    assert_eq!(place(&last, &ALL).err(), Some(RefreshError::Epochs));
}

/// What round 2 of holder 1 says to changed packages.
fn second(change: impl FnOnce(&mut Packages)) -> RefreshError {
    let mut running = Running::new(Holders::new(6, 5, 3), &[1, 2, 3, 4]);
    let mut packages = running.packages.clone();
    change(&mut packages);
    let (public, kept) = (running.holders.public(), running.kept.remove(&1).unwrap());
    round2(kept, &packages, &public, &mut running.holders.rng).err().expect("round 2 refuses")
}

#[test]
fn a_bad_round_one_package_names_its_sender() {
    let package = RefreshError::Package { culprit: 4 };
    assert_eq!(second(|all| all.get_mut(&4).unwrap().push(0)), package, "a byte too many");
    assert_eq!(second(|all| all.get_mut(&4).unwrap().truncate(100)), package, "bytes too few");
    assert_eq!(second(|all| all.get_mut(&4).unwrap().fill(0)), package, "nothing but zeros");
    let other = |threshold| Running::new(Holders::new(7, 5, threshold), &ALL).packages.remove(&4).unwrap();
    assert_eq!(second(|all| drop(all.insert(4, other(2)))), package, "another threshold");
    assert_eq!(second(|all| drop(all.insert(4, other(4)))), package, "another threshold");
    assert_eq!(package.culprit(), Some(4));
}

#[test]
fn round_one_packages_must_be_those_of_all_who_stay_and_the_own_one_unchanged() {
    assert_eq!(second(|all| drop(all.remove(&3))), RefreshError::Missing { round: 2, holder: 3 });
    let left_out = second(|all| drop(all.insert(5, Vec::new())));
    assert_eq!(left_out, RefreshError::Surplus { round: 2, index: 5 });
    assert_eq!(second(|all| drop(all.remove(&1))), RefreshError::Altered);
    assert_eq!(second(|all| all.get_mut(&1).unwrap()[9] ^= 1), RefreshError::Altered);
}

#[test]
fn a_recipient_without_a_usable_sealing_key_is_named() {
    let refused = |key: Option<[u8; 32]>| {
        let mut running = Running::new(Holders::new(8, 3, 2), &[1, 2, 3]);
        let (mut public, kept) = (running.holders.public(), running.kept.remove(&1).unwrap());
        public.remove(&3);
        public.extend(key.map(|key| (3, key)));
        round2(kept, &running.packages, &public, &mut running.holders.rng).err()
    };
    assert_eq!(refused(None), Some(RefreshError::Missing { round: 2, holder: 3 }));
    assert_eq!(refused(Some([0; 32])), Some(RefreshError::SealingKey { culprit: 3 }));
}

/// What round 3 of holder 2 says to changed mail.
fn third(change: impl FnOnce(&mut BTreeMap<u16, Packages>)) -> RefreshError {
    let mut running = Running::new(Holders::new(9, 5, 3), &[1, 2, 3, 4]);
    let (mut secrets, mut mail) = running.second();
    change(&mut mail);
    let Holders { sealing, shares, .. } = &running.holders;
    round3(secrets.remove(&2).unwrap(), &shares[&2], &sealing[&2], &mail[&2]).err().expect("round 3 refuses")
}

#[test]
fn a_bad_round_two_package_names_its_sender() {
    let unsealing = RefreshError::Unsealing { culprit: 3 };
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
    assert_eq!(third(|mail| mail.get_mut(&2).unwrap().get_mut(&3).unwrap()[40] ^= 1), unsealing);
    assert_eq!(third(|mail| mail.get_mut(&2).unwrap().get_mut(&3).unwrap().truncate(10)), unsealing);
    let missing = third(|mail| drop(mail.get_mut(&2).unwrap().remove(&4)));
    assert_eq!(missing, RefreshError::Missing { round: 3, holder: 4 });
    for index in [2, 5] {
        let surplus = third(|mail| drop(mail.get_mut(&2).unwrap().insert(index, Vec::new())));
        assert_eq!(surplus, RefreshError::Surplus { round: 3, index });
    }
    assert_eq!(unsealing.culprit(), Some(3));
}

#[test]
fn a_part_that_does_not_fit_its_commitment_names_its_sender() {
    // Holder 3 deals holder 2 a part of another polynomial, sealed as it should be.
    let mut running = Running::new(Holders::new(10, 5, 3), &ALL);
    let (mut secrets, mut mail) = running.second();
    let mut again = Running::new(running.holders, &ALL);
    let (_, other) = again.second();
    mail.get_mut(&2).unwrap().insert(3, other[&2][&3].clone());
    let Holders { sealing, shares, .. } = &again.holders;
    let refused = round3(secrets.remove(&2).unwrap(), &shares[&2], &sealing[&2], &mail[&2]).err();
    assert_eq!(refused, Some(RefreshError::Part { culprit: 3 }));
}

#[test]
fn round_three_takes_the_share_that_the_refresh_was_begun_with() {
    let mut running = Running::new(Holders::new(11, 5, 3), &ALL);
    let (mut secrets, mail) = running.second();
    let Holders { sealing, shares, .. } = &running.holders;
    for (index, wrong) in [(1, &shares[&2]), (2, &Holders::new(12, 5, 3).shares[&2])] {
        let refused = round3(secrets.remove(&index).unwrap(), wrong, &sealing[&index], &mail[&index]).err();
        assert_eq!(refused, Some(RefreshError::Share));
    }
}

#[test]
fn no_share_is_adopted_before_all_who_stay_have_confirmed_the_same_refresh() {
    let refused = |change: &dyn Fn(&mut Vec<Confirmation>)| {
        let mut pending = Running::new(Holders::new(13, 5, 3), &[1, 2, 3, 4]).third();
        let mut all = confirmations(&pending);
        change(&mut all);
        let honest = confirmations(&pending);
        let refused = pending.remove(&2).unwrap().adopt(&all).err().map(|refused| *refused);
        // What was refused is not lost: it is adopted when all have confirmed.
        refused.map(|NotAdopted { pending, error }| {
            assert_eq!(pending.adopt(&honest).unwrap().keys(), &honest[0].keys);
            error
        })
    };
    assert_eq!(refused(&|_| ()), None);
    assert_eq!(refused(&Vec::clear), Some(AgreeError::None));
    assert_eq!(refused(&|all| drop(all.remove(3))), Some(AgreeError::Missing { holder: 4 }));
    let differ = |what| Some(AgreeError::Differ { one: 1, other: 3, what });
    assert_eq!(refused(&|all| all[2].context = Digest::NONE), differ("context"));
    assert_eq!(refused(&|all| all[2].transcript = Digest::NONE), differ("transcript"));
    let other_epoch = |keys: &PublicKeys, epoch| {
        PublicKeys::new(epoch, keys.threshold(), *keys.group(), keys.shares().clone()).unwrap()
    };
    assert_eq!(refused(&|all| all[2].keys = other_epoch(&all[2].keys, 0)), differ("epoch"));
    let foreign = Running::new(Holders::new(14, 5, 3), &[1, 2, 3, 4]).third();
    assert_eq!(refused(&|all| all[2].keys = foreign[&3].confirmation().keys.clone()), differ("keys"));

    // All say the same, but it is no refresh of the key in use, or not the one that this holder saw.
    let departs = |what| Some(AgreeError::Departure { what });
    let each = |change: &dyn Fn(&mut Confirmation)| refused(&|all| all.iter_mut().for_each(change));
    assert_eq!(each(&|one| one.keys = other_epoch(&one.keys, 0)), departs("epoch"));
    assert_eq!(each(&|one| one.keys = other_epoch(&one.keys, 2)), departs("epoch"));
    assert_eq!(each(&|one| one.keys = foreign[&1].confirmation().keys.clone()), departs("group key"));
    let own = Some(AgreeError::Differ { one: 2, other: 2, what: "own confirmation" });
    assert_eq!(each(&|one| one.transcript = Digest::NONE), own);
    assert_eq!(each(&|one| one.context = Digest::NONE), own);
}

#[test]
fn keys_with_another_threshold_or_a_new_holder_are_no_refresh() {
    let holders = Holders::new(15, 4, 3);
    let keys = holders.keys();
    let next = |stay: &[u16]| {
        let shares = stay.iter().map(|index| (*index, keys.shares()[index])).collect();
        PublicKeys::new(1, 3, *keys.group(), shares).unwrap()
    };
    assert_eq!(next(&[1, 2, 3, 4]).departure(keys), None);
    let fewer = next(&[1, 3, 4]);
    assert_eq!(fewer.departure(keys), None);
    let more = PublicKeys::new(2, 3, *keys.group(), keys.shares().clone()).unwrap();
    assert_eq!(more.departure(&fewer), Some("holders"));
    let other = Holders::new(15, 4, 2);
    let two = PublicKeys::new(1, 2, *other.keys().group(), other.keys().shares().clone()).unwrap();
    assert_eq!(two.departure(keys), Some("group key"));
}

#[test]
fn a_pending_share_survives_a_restart_and_opens_in_its_own_place_only() {
    let mut running = Running::new(Holders::new(16, 5, 3), &ALL);
    let mut pending = running.third();
    let all = confirmations(&pending);
    let Holders { rng, sealing, shares, .. } = &mut running.holders;
    let sealed = pending[&2].seal(&STUDY, &sealing[&2], rng).unwrap();
    let kept = Pending::open(&STUDY, &sealing[&2], &sealed).unwrap();
    let (kept, direct) = (kept.adopt(&all).unwrap(), pending.remove(&2).unwrap().adopt(&all).unwrap());
    assert!(kept.expose() == direct.expose() && kept.keys() == direct.keys() && kept.index() == 2);
    let closed = Some(KeptError::Closed);
    assert_eq!(Pending::open(&CONTEXT, &sealing[&2], &sealed).err(), closed);
    assert_eq!(Pending::open(&STUDY, &sealing[&3], &sealed).err(), closed);
    assert_eq!(KeyShare::open(&STUDY, &sealing[&2], &sealed).err(), closed);
    let share = shares[&2].seal(&STUDY, &sealing[&2], rng).unwrap();
    assert_eq!(Pending::open(&STUDY, &sealing[&2], &share).err(), closed);
}
