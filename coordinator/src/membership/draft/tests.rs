use jiff::civil::date;
use tvaers_protocol::enrolment::Enrolment;
use tvaers_protocol::id::{Digest, Sector};
use tvaers_protocol::roster::{Person, Role, SealingPublic, SignedRoster};
use tvaers_protocol::sign::SigningKey;

use super::*;

const TODAY: Date = date(2026, 11, 22);

fn entry(n: u8) -> Enrolment {
    Enrolment {
        id: NodeId::new(format!("k{n}")).unwrap(),
        sector: Sector::Municipality,
        code: 300 + u16::from(n),
        name: format!("Kommune {n}"),
        spki: Digest([n; 32]),
        signing: SigningKey::from_seed(&[n; 32]).verifying_key(),
        sealing: SealingPublic([100 + n; 32]),
    }
}

fn person(name: &str, n: u8) -> Person {
    let signing = SigningKey::from_seed(&[n; 32]).verifying_key();
    Person { name: name.to_owned(), role: Role::Analyst, signing }
}

fn entries(nodes: &[u8]) -> Entries {
    Entries {
        nodes: nodes.iter().map(|n| (entry(*n).id, entry(*n))).collect(),
        people: [("Ane".to_owned(), person("Ane", 50))].into(),
    }
}

fn coordinator() -> Coordinator {
    let signing = SigningKey::from_seed(&[201; 32]).verifying_key();
    Coordinator { name: "Sekretariatet".to_owned(), spki: Digest([200; 32]), signing }
}

fn first() -> Wishes {
    Wishes {
        federation: Some("Prøve".to_owned()),
        valid_days: 365,
        evaluations_max: vec!["1000".parse().unwrap(), "k2=2000".parse().unwrap()],
        ..Wishes::default()
    }
}

fn known(roster: Roster) -> VerifiedRoster {
    VerifiedRoster::known(SignedRoster { signatures: BTreeMap::new(), roster })
}

fn code(result: Result<Roster, Problem>) -> String {
    result.unwrap_err().code
}

#[test]
fn the_first_roster_takes_all_entries_in_and_the_least_quorum() {
    let roster = draft(coordinator(), &entries(&[1, 2, 3]), None, &first(), TODAY).unwrap();
    assert_eq!((roster.version, roster.previous, roster.quorum), (1, None, 2));
    assert_eq!((roster.valid_from, roster.valid_to), (TODAY, date(2027, 11, 22)));
    assert_eq!(roster.delta, "1e-8");
    let quotas: Vec<u32> = roster.members.iter().map(|member| member.evaluations_max).collect();
    assert_eq!(quotas, [1000, 2000, 1000]);
    assert_eq!(roster.people.len(), 1);
    let four = draft(coordinator(), &entries(&[1, 2, 3, 4]), None, &first(), TODAY).unwrap();
    assert_eq!(four.quorum, 3);
}

#[test]
fn a_successor_keeps_whom_nobody_left_out_and_takes_new_keys_in() {
    let v1 = draft(coordinator(), &entries(&[1, 2, 3, 4]), None, &first(), TODAY).unwrap();
    let present = known(v1.clone());
    let mut next = entries(&[2, 5]);
    next.nodes.get_mut(&entry(2).id).unwrap().spki = Digest([77; 32]);
    let wishes = Wishes {
        without: vec!["k4".to_owned(), "Ane".to_owned()],
        no_holder: vec![entry(5).id],
        evaluations_max: vec!["500".parse().unwrap()],
        last_day: vec!["k1=2026-12-31".parse().unwrap()],
        valid_days: 100,
        ..Wishes::default()
    };
    let later = date(2026, 12, 1);
    let v2 = draft(coordinator(), &next, Some(&present), &wishes, later).unwrap();
    assert_eq!((v2.version, v2.previous, v2.quorum), (2, Some(v1.digest()), 3));
    assert_eq!(
        v1.changes(&v2),
        [
            "the first day of validity changes from 2026-11-22 to 2026-12-01",
            "the last day of validity changes from 2027-11-22 to 2027-03-11",
            "k1: its last day changes from no end to 2026-12-31",
            "k2 changes its certificate's key",
            "k4 (Kommune 4) leaves",
            "k5 (Kommune 5, municipality 305) joins on 2026-12-01, without a share of the keys, with at most 500 evaluations a study",
            "Ane (analyst) leaves",
        ]
    );
    assert_eq!(v2.members[1].evaluations_max, 2000, "an old member keeps its quota");
}

#[test]
fn what_cannot_be_believed_is_not_drafted() {
    let of = |wishes: Wishes| code(draft(coordinator(), &entries(&[1, 2, 3]), None, &wishes, TODAY));
    assert_eq!(of(Wishes { federation: None, ..first() }), "roster.federation");
    assert_eq!(of(Wishes { evaluations_max: Vec::new(), ..first() }), "roster.evaluations");
    assert_eq!(of(Wishes { without: vec!["k9".to_owned()], ..first() }), "roster.nobody");
    assert_eq!(of(Wishes { no_holder: vec![entry(9).id], ..first() }), "roster.nobody");
    assert_eq!(of(Wishes { quorum: Some(4), ..first() }), "roster.form");
    assert_eq!(of(Wishes { delta: Some("0.5".to_owned()), ..first() }), "roster.form");
    let too_few = Wishes { no_holder: vec![entry(1).id, entry(2).id], ..first() };
    assert_eq!(of(too_few), "roster.form");
    assert!("k360=".parse::<Quota>().is_err() && "0".parse::<Quota>().is_err());
    assert!("k1=2026-13-01".parse::<LastDay>().is_err());
}
