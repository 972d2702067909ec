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
