use tvaers_protocol::codec;
use tvaers_protocol::merkle::Tree;
use tvaers_protocol::sign::SigningKey;

use super::*;
use crate::testing::persons;

const CHALLENGE: Digest = Digest([7; 32]);
/// Two batches, the second of three.
const N: usize = 10_003;

/// The study of the golden files, in which k360 has a quota of 50,001.
fn manifest() -> Manifest {
    let text = include_str!("../../../tests/golden/v1/manifest.hex");
    let digits = text.lines().flat_map(|line| line.split('#').next().unwrap().split_whitespace());
    codec::decode(&hex::decode(digits.collect::<String>()).unwrap()).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn seed(byte: u8) -> BlindSeed {
    BlindSeed::from_bytes([byte; 32])
}

fn commit(seed: &BlindSeed, persons: &[PersonId]) -> Signed<Commitment> {
    let mut tree = Tree::default();
    for (sequence, batch) in (0..).zip(persons.chunks(10_000)) {
        entries(seed, sequence, batch).into_iter().for_each(|entry| tree.push(entry));
    }
    let persons = persons.len().try_into().unwrap();
    let content = Commitment { node: NodeId::new("k360").unwrap(), persons, root: tree.root() };
    Signed::population(content, manifest().digest(), &key())
}

fn open(
    population: &Signed<Commitment>,
    seed: &BlindSeed,
    persons: &[PersonId],
) -> Result<Opening, OpenError> {
    let mut opener = Opener::new(manifest(), population.clone(), CHALLENGE, SAMPLE);
    persons.chunks(10_000).try_for_each(|batch| opener.add(seed, batch))?;
    opener.finish()
}

fn checked(opening: &Opening) -> Result<Checked, Fault> {
    opening.check(&CHALLENGE, SAMPLE, &key().verifying_key())
}

/// The roots over what is really sent.
fn sent(seed: &BlindSeed, persons: &[PersonId]) -> Vec<Digest> {
    let batch = |(sequence, batch): (u32, &[PersonId])| {
        let study = manifest().persons_context();
        population::elements_root(&blind_batch(batch, &study, &mut seed.batch(sequence)).unwrap().0)
    };
    (0..).zip(persons.chunks(10_000)).map(batch).collect()
}

#[test]
fn an_honest_opening_holds_and_comes_to_what_was_sent() {
    let (seed, persons) = (seed(1), persons(N));
    let opening = open(&commit(&seed, &persons), &seed, &persons).unwrap();
    assert_eq!(opening.persons.len(), 500);
    let found = checked(&opening).unwrap();
    assert_eq!(found.batches, sent(&seed, &persons));
    assert_eq!((found.persons, found.quota), (10_003, 50_001));
    let quorum: Vec<&str> = found.quorum.iter().map(NodeId::as_str).collect();
    assert_eq!(quorum, ["k376", "region_1085"]);
    let all = (0..).zip(found.batches.iter().copied());
    assert_eq!(found.evaluations(&BTreeSet::new()), population::evaluations(all));
    let second = [(1, found.batches[1])];
    assert_eq!(found.evaluations(&BTreeSet::from([0])), population::evaluations(second));
    // As it is handed over.
    let text = serde_json::to_string(&opening).unwrap();
    assert!(text.contains(opening.persons[0].person.expose()));
    assert_eq!(checked(&serde_json::from_str(&text).unwrap()), Ok(found));
}

#[test]
fn everyone_of_a_small_population_is_opened_and_nobody_of_an_empty_one() {
    let seed = seed(1);
    for n in [0, 1, 2, 7] {
        let persons = persons(n);
        let opening = open(&commit(&seed, &persons), &seed, &persons).unwrap();
        assert_eq!(opening.persons.len(), n);
        assert_eq!(checked(&opening).unwrap().persons, u32::try_from(n).unwrap());
    }
}

#[test]
fn a_person_who_stands_twice_is_named() {
    let seed = seed(1);
    let mut persons = persons(7);
    persons[5] = persons[2].clone();
    let opening = open(&commit(&seed, &persons), &seed, &persons).unwrap();
    assert_eq!(checked(&opening), Err(Fault::Twice { index: 5 }));
}

/// Each thing that somebody may change of an opening is found, and named.
#[test]
fn an_opening_that_was_changed_does_not_hold() {
    let (seed, persons) = (seed(1), persons(N));
    let honest = open(&commit(&seed, &persons), &seed, &persons).unwrap();
    let (first, second) = (honest.persons[0].index, honest.persons[1].index);
    let of_first = Fault::Person { index: first };
    type Change = fn(&mut Opening);
    let changes: [(&str, Change, Fault); 14] = [
        ("another person", |o| o.persons[0].person = o.persons[1].person.clone(), of_first),
        ("another blind", |o| o.persons[0].blind.0[0] ^= 1, of_first),
        ("a path cut short", |o| o.persons[0].path.truncate(3), of_first),
        ("another path", |o| o.persons[0].path[3].0[0] ^= 1, of_first),
        (
            "the paths of two persons swapped",
            |o| {
                let [one, other, ..] = o.persons.as_mut_slice() else { unreachable!() };
                std::mem::swap(&mut one.path, &mut other.path);
            },
            of_first,
        ),
        (
            "an element's path cut short",
            |o| o.persons[0].element_path.truncate(3),
            Fault::Element { index: first },
        ),
        (
            "another element's path",
            |o| o.persons[1].element_path[0].0[0] ^= 1,
            Fault::Element { index: second },
        ),
        ("another batch", |o| o.batches[0].0[0] ^= 1, Fault::Element { index: first }),
        ("a batch more", |o| o.batches.push(Digest::NONE), Fault::Batches),
        ("somebody left out", |o| drop(o.persons.remove(0)), Fault::Sample),
        ("somebody more", |o| o.persons.push(o.persons[0].clone()), Fault::Sample),
        ("another challenge", |o| o.challenge.0[0] ^= 1, Fault::Challenge),
        ("fewer persons committed to", |o| o.population.content.persons -= 1, Fault::Signature),
        ("another study", |o| o.manifest.nano_rho += 1, Fault::Signature),
    ];
    for (what, change, fault) in changes {
        let mut opening = honest.clone();
        change(&mut opening);
        assert_eq!(checked(&opening).err(), Some(fault), "{what}");
    }
    let other = Digest([8; 32]);
    let key = key().verifying_key();
    assert_eq!(honest.check(&other, SAMPLE, &key).err(), Some(Fault::Challenge));
    assert_eq!(honest.check(&CHALLENGE, SAMPLE + 1, &key).err(), Some(Fault::Sample));
    let stranger = SigningKey::from_seed(&[2; 32]).verifying_key();
    assert_eq!(honest.check(&CHALLENGE, SAMPLE, &stranger).err(), Some(Fault::Signature));
}

#[test]
fn a_node_that_is_not_in_the_study_or_above_its_quota_is_named() {
    let seed = seed(1);
    let persons = persons(3);
    let mut opening = open(&commit(&seed, &persons), &seed, &persons).unwrap();
    opening.manifest.participants[0].quota = 2;
    opening.population =
        Signed::population(opening.population.content.clone(), opening.manifest.digest(), &key());
    assert_eq!(checked(&opening).err(), Some(Fault::Study));
    let stranger = Commitment { node: NodeId::new("k999").unwrap(), ..opening.population.content.clone() };
    opening.population = Signed::population(stranger, opening.manifest.digest(), &key());
    assert_eq!(checked(&opening).err(), Some(Fault::Study));
}

/// A node that had others evaluated than those to whom it committed, and then opens as well as it can: with the elements
/// that it sent its persons do not fit, and with its persons the elements are not those that the holders counted.
#[test]
fn a_node_that_asked_for_others_cannot_open() {
    let (own, everyone) = (seed(1), persons(N + 1));
    let (persons, stranger) = (&everyone[..N], &everyone[N]);
    let population = commit(&own, persons);
    let honest = open(&population, &own, persons).unwrap();
    // Someone of the sample, as an auditor finds nobody else.
    let Opened { index, .. } = honest.persons[0];
    let mut asked = persons.to_vec();
    asked[index as usize] = stranger.clone();
    let really = sent(&own, &asked);
    assert_ne!(honest.batches, really, "the holders counted something else");
    let mut forged = honest.clone();
    forged.batches = really;
    assert_eq!(checked(&forged).err(), Some(Fault::Element { index }));
    // With the path of the element that was sent it is no better.
    let mut commits_later = Opener::new(manifest(), population.clone(), CHALLENGE, SAMPLE);
    asked.chunks(10_000).for_each(|batch| commits_later.add(&own, batch).unwrap());
    forged.persons[0].element_path = commits_later.persons[0].element_path.clone();
    assert_eq!(checked(&forged).err(), Some(Fault::Element { index }));
    assert_eq!(commits_later.finish().err(), Some(OpenError::Root));

    // Another seed, another order: nothing fits.
    assert_eq!(open(&population, &seed(2), persons).err(), Some(OpenError::Root));
    let mut reversed = persons.to_vec();
    reversed.reverse();
    assert_eq!(open(&population, &own, &reversed).err(), Some(OpenError::Root));
    let mut forged = honest.clone();
    forged.persons[0].blind = blinds(&seed(2), 0, index as usize + 1).pop().unwrap();
    assert_eq!(checked(&forged).err(), Some(Fault::Person { index }));

    // One more than there are, and one fewer.
    assert_eq!(open(&population, &own, &everyone).err(), Some(OpenError::Persons));
    assert_eq!(open(&population, &own, &persons[..N - 1]).err(), Some(OpenError::Persons));
    assert_eq!(open(&population, &own, &persons[..10_000]).err(), Some(OpenError::Persons));
}

#[test]
fn blinds_and_elements_are_those_of_the_batch() {
    let (seed, persons, study) = (seed(3), persons(5), Digest([4; 32]));
    let (sent, _) = blind_batch(&persons, &study, &mut seed.batch(6)).unwrap();
    let suite = Suite::new(Mode::Voprf);
    let again = persons.iter().zip(blinds(&seed, 6, 5));
    let again: Vec<_> =
        again.map(|(person, blind)| element(&suite, &study, person, &blind).unwrap()).collect();
    assert!(again.concat() == sent);
    for wrong in [Blind([0; 32]), Blind([0xff; 32])] {
        assert_eq!(element(&suite, &study, &persons[0], &wrong), None);
    }
}
