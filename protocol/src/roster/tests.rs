use jiff::civil::date;

use super::*;

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

fn member(n: u8, holder: bool) -> Member {
    Member {
        id: NodeId::new(format!("k{n}")).unwrap(),
        sector: Sector::Municipality,
        code: u16::from(n),
        name: format!("Kommune {n}"),
        valid_from: date(2026, 1, 1),
        valid_to: None,
        spki: Digest([n; 32]),
        signing: key(n).verifying_key(),
        sealing: SealingPublic([100 + n; 32]),
        holder,
        evaluations_max: 1000,
    }
}

fn roster(members: Vec<Member>, quorum: u16) -> Roster {
    Roster {
        federation: "test".to_owned(),
        version: 1,
        previous: None,
        valid_from: date(2026, 1, 1),
        valid_to: date(2026, 12, 31),
        quorum,
        delta: "1e-8".to_owned(),
        coordinator: Coordinator {
            name: "secretariat".to_owned(),
            spki: Digest([200; 32]),
            signing: key(201).verifying_key(),
        },
        members,
        people: Vec::new(),
    }
}

fn signed(roster: Roster, by: &[u8]) -> SignedRoster {
    let signatures =
        by.iter().map(|&n| (NodeId::new(format!("k{n}")).unwrap(), roster.sign(&key(n)))).collect();
    SignedRoster { signatures, roster }
}

const TODAY: Date = date(2026, 6, 1);

#[test]
fn a_first_roster_needs_the_signature_of_every_member() {
    let content = roster((1..=4).map(|n| member(n, n != 4)).collect(), 3);
    assert!(signed(content.clone(), &[1, 2, 3, 4]).verify(None, TODAY).is_ok());
    let missing = signed(content, &[1, 2, 3]).verify(None, TODAY).unwrap_err();
    assert_eq!(missing, RosterError::Unsigned(NodeId::new("k4").unwrap()));
}

#[test]
fn a_changed_word_breaks_every_signature() {
    let mut file = signed(roster((1..=3).map(|n| member(n, true)).collect(), 2), &[1, 2, 3]);
    file.roster.members[1].code = 999;
    assert!(matches!(file.verify(None, TODAY), Err(RosterError::BadSignature(_))));
}

#[test]
fn the_text_of_a_roster_reads_back_to_the_same_digest() {
    let file = signed(roster((1..=4).map(|n| member(n, true)).collect(), 3), &[1, 2, 3, 4]);
    let read = SignedRoster::parse(&file.to_text().unwrap()).unwrap();
    assert_eq!(read, file);
    assert_eq!(read.roster.digest(), file.roster.digest());
    let error = SignedRoster::parse(&file.to_text().unwrap().replace("quorum", "qourum")).unwrap_err();
    assert!(error.to_string().contains("qourum"));
}

#[test]
fn a_quorum_is_three_but_in_the_smallest_federations() {
    let of = |n: u8, quorum| {
        let all: Vec<u8> = (1..=n).collect();
        signed(roster(all.iter().map(|&n| member(n, true)).collect(), quorum), &all).verify(None, TODAY)
    };
    assert!(of(3, 2).is_ok());
    assert!(matches!(of(4, 2), Err(RosterError::Quorum { least: 3, .. })));
    assert!(of(4, 3).is_ok());
    assert!(matches!(of(4, 5), Err(RosterError::Quorum { .. })));
    assert!(matches!(of(2, 1), Err(RosterError::Quorum { .. })));
}

#[test]
fn a_name_a_code_or_a_key_stands_once() {
    let mut twice = vec![member(1, true), member(2, true), member(3, true)];
    twice[1].signing = twice[0].signing;
    assert!(matches!(
        signed(roster(twice.clone(), 2), &[1, 2, 3]).verify(None, TODAY),
        Err(RosterError::Twice(_))
    ));
    twice[1] = member(1, true);
    assert!(matches!(signed(roster(twice, 2), &[1, 3]).verify(None, TODAY), Err(RosterError::Twice(_))));
}

#[test]
fn an_expired_roster_is_refused() {
    let file = signed(roster((1..=3).map(|n| member(n, true)).collect(), 2), &[1, 2, 3]);
    assert!(matches!(file.verify(None, date(2027, 1, 1)), Err(RosterError::NotValid { .. })));
}

#[test]
fn a_successor_needs_two_thirds_of_those_before_it_and_a_higher_version() {
    let first = signed(roster((1..=4).map(|n| member(n, true)).collect(), 3), &[1, 2, 3, 4]);
    let known = first.verify(None, TODAY).unwrap();
    // k4 leaves, k5 to k7 come: the three new holders alone must not be able to take over.
    let mut next = roster([1, 5, 6, 7].map(|n| member(n, n != 1)).to_vec(), 3);
    next.version = 2;
    next.previous = Some(known.digest());
    let taken = signed(next.clone(), &[1, 5, 6, 7]).verify(Some(&known), TODAY).unwrap_err();
    assert_eq!(taken, RosterError::TooFewPrevious { found: 1, needed: 3 });
    assert!(signed(next.clone(), &[1, 2, 3, 5, 6, 7]).verify(Some(&known), TODAY).is_ok());
    next.version = 1;
    assert!(matches!(
        signed(next.clone(), &[1, 2, 3, 5, 6, 7]).verify(Some(&known), TODAY),
        Err(RosterError::Order { .. })
    ));
    next.version = 3;
    next.previous = Some(Digest([9; 32]));
    assert!(matches!(
        signed(next, &[1, 2, 3, 5, 6, 7]).verify(Some(&known), TODAY),
        Err(RosterError::Order { .. })
    ));
}

fn one(roster: &Roster, n: u8) -> MemberSignature {
    let signature = roster.sign(&key(n));
    MemberSignature { node: NodeId::new(format!("k{n}")).unwrap(), roster: roster.digest(), signature }
}

fn ids(of: &[u8]) -> BTreeSet<NodeId> {
    of.iter().map(|n| NodeId::new(format!("k{n}")).unwrap()).collect()
}

#[test]
fn signatures_come_one_by_one_until_nobody_is_missing() {
    let content = roster((1..=3).map(|n| member(n, n != 3)).collect(), 2);
    let mut file = SignedRoster { signatures: BTreeMap::new(), roster: content.clone() };
    assert_eq!(file.standing(None).missing, ids(&[1, 2, 3]));
    for n in 1..=3 {
        assert!(!file.standing(None).is_complete());
        file.add(one(&content, n), None).unwrap();
    }
    assert!(file.standing(None).is_complete());
    assert!(file.verify(None, TODAY).is_ok());
}

#[test]
fn a_signature_of_another_roster_of_a_stranger_or_by_another_key_is_not_taken_in() {
    let content = roster((1..=3).map(|n| member(n, true)).collect(), 2);
    let mut file = SignedRoster { signatures: BTreeMap::new(), roster: content.clone() };
    let other = Roster { version: 2, ..content.clone() };
    assert!(matches!(file.add(one(&other, 1), None), Err(RosterError::OtherRoster { .. })));
    assert!(matches!(file.add(one(&content, 4), None), Err(RosterError::Stranger(_))));
    let forged = MemberSignature { signature: content.sign(&key(9)), ..one(&content, 1) };
    assert!(matches!(file.add(forged, None), Err(RosterError::BadSignature(_))));
    assert!(file.signatures.is_empty());
    // Nor is one that somebody wrote into the file by hand mistaken for a signature.
    file.signatures.insert(NodeId::new("k1").unwrap(), content.sign(&key(9)));
    assert_eq!(file.standing(None).wrong, ids(&[1]));
}

#[test]
fn a_successor_says_whom_of_those_before_it_still_lacks() {
    let first = signed(roster((1..=4).map(|n| member(n, true)).collect(), 3), &[1, 2, 3, 4]);
    let before = first.roster.clone();
    // k1 changes its key: its new one signs, its old one does not count any more.
    let mut next = roster((1..=4).map(|n| member(n, true)).collect(), 3);
    next.members[0].signing = key(11).verifying_key();
    next.version = 2;
    next.previous = Some(before.digest());
    let mut file = SignedRoster { signatures: BTreeMap::new(), roster: next.clone() };
    let new = MemberSignature { signature: next.sign(&key(11)), ..one(&next, 1) };
    file.add(new, Some(&before)).unwrap();
    let standing = file.standing(Some(&before));
    assert_eq!((standing.missing, standing.previous_short), (ids(&[2, 3, 4]), 3));
    assert_eq!(standing.previous_missing, ids(&[1, 2, 3, 4]));
    for n in 2..=4 {
        file.add(one(&next, n), Some(&before)).unwrap();
    }
    assert!(file.standing(Some(&before)).is_complete());
    let known = first.verify(None, TODAY).unwrap();
    assert!(file.verify(Some(&known), TODAY).is_ok());
}

#[test]
fn a_name_that_hides_something_a_person_twice_and_a_senseless_delta_are_refused() {
    let content = roster((1..=3).map(|n| member(n, true)).collect(), 2);
    assert_eq!(content.check_form(), Ok(()));
    let with = |change: &dyn Fn(&mut Roster)| {
        let mut other = content.clone();
        change(&mut other);
        other.check_form()
    };
    assert!(matches!(with(&|r| r.members[1].name.push('\u{1b}')), Err(RosterError::Form(_))));
    for delta in ["0", "1", "NaN", "1e-99", "x", ""] {
        assert!(matches!(with(&|r| r.delta = delta.to_owned()), Err(RosterError::Form(_))), "{delta}");
    }
    let person = |n| Person { name: "Ane".to_owned(), role: Role::Analyst, signing: key(n).verifying_key() };
    let twice = with(&|r| r.people = vec![person(50), person(51)]);
    assert_eq!(twice, Err(RosterError::Twice("Ane".to_owned())));
}

#[test]
fn every_change_is_a_sentence_and_no_change_is_none() {
    let before = roster((1..=4).map(|n| member(n, true)).collect(), 3);
    assert_eq!(before.changes(&before), Vec::<String>::new());
    let mut after = roster([1, 2, 3, 5].map(|n| member(n, true)).to_vec(), 3);
    after.members[0].spki = Digest([77; 32]);
    after.members[1].holder = false;
    after.members[2].evaluations_max = 2000;
    after.quorum = 2;
    after.valid_to = date(2027, 12, 31);
    after.people.push(Person { name: "Ane".to_owned(), role: Role::Dpo, signing: key(50).verifying_key() });
    assert_eq!(
        before.changes(&after),
        [
            "the last day of validity changes from 2026-12-31 to 2027-12-31",
            "the quorum changes from 3 to 2",
            "k1 changes its certificate's key",
            "k2 is a key holder no more",
            "k3: its most evaluations a study changes from 1000 to 2000",
            "k4 (Kommune 4) leaves",
            "k5 (Kommune 5, municipality 5) joins on 2026-01-01, with a share of each key, with at most 1000 evaluations a study",
            "Ane joins as data-protection officer",
        ]
    );
}
