//! Opening a sample: a node shows an auditor for whom it had some of its elements evaluated, and the auditor checks it.
//!
//! What was committed to before the first evaluation holds index, person and blind of everyone
//! ([`population::entry`]), so all that is left to show is that the element at a person's place is that person under that
//! blind, and that it is among those that the holders counted. An opened element says nothing of any other. Whoever has an
//! opening knows the blinds of those in it, and with what passed through the coordinator their pseudonyms.

use std::collections::BTreeSet;

use curve25519_dalek::scalar::Scalar;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tvaers_protocol::id::{Digest, NodeId, PersonId};
use tvaers_protocol::merkle::{Paths, root_by_path};
use tvaers_protocol::message::Signed;
use tvaers_protocol::population::{self, Commitment, Place};
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::study::Manifest;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::blind::{self, BlindError, blind_batch};
use crate::seed::BlindSeed;
use crate::suite::{Mode, Suite};

/// How many persons a sample has where nobody says otherwise. Of a population in which one in a hundred was put in the
/// place of another, it holds at least one with a probability of 99.3 %.
pub const SAMPLE: u32 = 500;

/// The most that one opening may have: it is a sample, and a file to read.
pub const SAMPLE_MAX: u32 = 10_000;

/// The scalar by which one person was blinded, 32 bytes, little endian. It cannot be printed but into an opening.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Blind([u8; 32]);

impl Serialize for Blind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Digest(self.0).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Blind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Digest::deserialize(from).map(|bytes| Self(bytes.0))
    }
}

/// The blinds of a batch of `persons`, those by which [`blind_batch`] blinds it.
fn blinds(seed: &BlindSeed, sequence: u32, persons: usize) -> Vec<Blind> {
    let mut rng = seed.batch(sequence);
    (0..persons).map(|_| Blind(blind::blind(&mut rng).to_bytes())).collect()
}

/// The entries of a batch's persons in the tree to which their node commits, in order.
#[must_use]
pub fn entries(seed: &BlindSeed, sequence: u32, persons: &[PersonId]) -> Vec<Digest> {
    let first = first(sequence);
    let blinds = blinds(seed, sequence, persons.len());
    let all = (first..).zip(persons).zip(&blinds);
    all.map(|((index, person), blind)| population::entry(index, person, &blind.0)).collect()
}

/// The index of a batch's first person.
fn first(sequence: u32) -> u32 {
    sequence.saturating_mul(u32::try_from(tvaers_protocol::limit::BATCH_PERSONS).unwrap_or(u32::MAX))
}

/// The element of a person under a blind; none where the blind is not the canonical encoding of a scalar other than zero.
fn element(suite: &Suite, context: &Digest, person: &PersonId, blind: &Blind) -> Option<[u8; 32]> {
    let scalar: Scalar = Option::from(Scalar::from_canonical_bytes(blind.0))?;
    if scalar == Scalar::ZERO {
        return None;
    }
    let inputs = blind::inputs(std::slice::from_ref(person), context);
    let point = suite.hash_to_group(inputs.first()?.as_ref());
    Some((point * scalar).compress().0)
}

/// A sample of a node's evaluations in one study, as it is handed to an auditor. It holds CPR numbers: it is a private
/// file, and has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The study, as all its nodes agreed to it.
    pub manifest: Manifest,
    /// What the node committed to before the first evaluation.
    pub population: Signed<Commitment>,
    /// What the auditor drew the sample with.
    pub challenge: Digest,
    /// The root over each batch's elements, by number.
    pub batches: Vec<Digest>,
    /// The persons of the sample, by rising index.
    pub persons: Vec<Opened>,
}

/// One person of a sample.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The index in the population; batch and position follow from it.
    pub index: u32,
    /// The CPR number.
    #[serde(with = "digits")]
    pub person: PersonId,
    /// The blind.
    pub blind: Blind,
    /// What leads from the person's entry to the commitment's root.
    pub path: Vec<Digest>,
    /// What leads from the person's element to the root of its batch.
    pub element_path: Vec<Digest>,
}

mod digits {
    use serde::de::Error as _;

    use super::{Deserialize, Deserializer, PersonId, Serializer};

    pub(super) fn serialize<S: Serializer>(person: &PersonId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(person.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PersonId, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(from)?);
        PersonId::parse(&text).map_err(D::Error::custom)
    }
}

/// Why a node cannot open what it kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// More or fewer persons than the commitment has.
    #[error("what was kept has other persons than were committed to")]
    Persons,
    /// Other persons, another order or another seed.
    #[error("what was kept is not what was committed to")]
    Root,
    /// Persons that cannot be blinded.
    #[error(transparent)]
    Blind(#[from] BlindError),
}

/// Works out an opening, batch by batch. Memory grows with the sample, not with the population.
pub struct Opener {
    manifest: Manifest,
    /// The digest under which persons are hashed.
    context: Digest,
    population: Signed<Commitment>,
    challenge: Digest,
    sample: BTreeSet<u32>,
    entries: Paths,
    batches: Vec<Digest>,
    persons: Vec<Opened>,
}

impl Opener {
    /// Is about to open the sample of `size` that a challenge draws of a population.
    #[must_use]
    pub fn new(manifest: Manifest, population: Signed<Commitment>, challenge: Digest, size: u32) -> Self {
        let study = manifest.digest();
        let content = &population.content;
        let sample = population::sample(&challenge, &content.digest(study), content.persons, size);
        let entries = Paths::new(u64::from(content.persons), sample.iter().copied().map(u64::from));
        let context = manifest.persons_context();
        Self { manifest, context, population, challenge, sample, entries, batches: vec![], persons: vec![] }
    }

    /// Takes the persons of the next batch. It blinds them all again, which keeps all cores busy, and blocks meanwhile.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn add(&mut self, seed: &BlindSeed, persons: &[PersonId]) -> Result<(), OpenError> {
        let sequence = u32::try_from(self.batches.len()).map_err(|_| OpenError::Persons)?;
        let n = self.population.content.elements(sequence);
        if n == 0 || persons.len() != n as usize {
            return Err(OpenError::Persons);
        }
        let (elements, _) = blind_batch(persons, &self.context, &mut seed.batch(sequence))?;
        let elements: &[[u8; 32]] = elements.as_chunks().0;
        let first = first(sequence);
        let wanted = |index: &u32| Place::of(*index).sequence == sequence;
        let wanted: Vec<u32> = self.sample.range(first..).copied().take_while(wanted).collect();
        let position = |index: u32| u64::from(Place::of(index).position);
        let mut paths = Paths::new(u64::from(n), wanted.iter().copied().map(position));
        elements.iter().for_each(|element| paths.push(population::element(element)));
        self.batches.push(paths.root());
        let blinds = blinds(seed, sequence, persons.len());
        for index in wanted {
            let at = Place::of(index).position as usize;
            let (Some(person), Some(blind), Some(element_path)) =
                (persons.get(at), blinds.get(at), paths.of(position(index)))
            else {
                return Err(OpenError::Persons);
            };
            let (person, blind) = (person.clone(), blind.clone());
            self.persons.push(Opened { index, person, blind, path: vec![], element_path });
        }
        let all = (first..).zip(persons).zip(&blinds);
        all.for_each(|((index, person), blind)| {
            self.entries.push(population::entry(index, person, &blind.0));
        });
        Ok(())
    }

    /// The opening, once every batch was added.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn finish(mut self) -> Result<Opening, OpenError> {
        let content = &self.population.content;
        if self.batches.len() != content.batches() as usize {
            return Err(OpenError::Persons);
        }
        if self.entries.root() != content.root {
            return Err(OpenError::Root);
        }
        for opened in &mut self.persons {
            opened.path = self.entries.of(u64::from(opened.index)).ok_or(OpenError::Persons)?;
        }
        let Self { manifest, population, challenge, batches, persons, .. } = self;
        Ok(Opening { manifest, population, challenge, batches, persons })
    }
}

/// What does not hold of an opening. It names no person but by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The node takes no part in the study, or has committed to more persons than its quota.
    #[error("the study has no such node with a quota of so many persons")]
    Study,
    /// The commitment is not signed by its node within the study.
    #[error("the commitment is not signed by its node within this study")]
    Signature,
    /// The sample was drawn with another challenge.
    #[error("the sample was drawn with another challenge")]
    Challenge,
    /// Those who are opened are not those whom the challenge draws.
    #[error("those who are opened are not those whom the challenge draws")]
    Sample,
    /// A root for each batch of the population, and no other.
    #[error("there is not one root for each batch of the population")]
    Batches,
    /// The person or the blind is not what was committed to at this index.
    #[error("person {index} is not whom the node committed to at this place, or not under this blind")]
    Person {
        /// Which, from 0.
        index: u32,
    },
    /// The person stands at an earlier place as well: copies would hide whoever is not of the register.
    #[error("person {index} is committed to twice")]
    Twice {
        /// Which, from 0.
        index: u32,
    },
    /// The element at the person's place is not the person under the blind.
    #[error("the element of person {index} is not that person's")]
    Element {
        /// Which, from 0.
        index: u32,
    },
}

impl Fault {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Study => "opening.study",
            Self::Signature => "opening.signature",
            Self::Challenge => "opening.challenge",
            Self::Sample => "opening.sample",
            Self::Batches => "opening.batches",
            Self::Person { .. } => "opening.person",
            Self::Twice { .. } => "opening.twice",
            Self::Element { .. } => "opening.element",
        }
    }
}

/// What an opening comes to once it was checked: what the holders' audit logs must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The digest of the study's manifest.
    pub study: Digest,
    /// Whose persons.
    pub node: NodeId,
    /// Its quota.
    pub quota: u32,
    /// Who evaluates for it: all of them each person.
    pub quorum: Vec<NodeId>,
    /// The digest of the commitment.
    pub commitment: Digest,
    /// The persons committed to.
    pub persons: u32,
    /// The root over each batch's elements, by number.
    pub batches: Vec<Digest>,
}

impl Opening {
    /// Checks all that the opening itself can show, for the auditor's challenge and size of sample, under the node's key.
    /// Whether the holders counted these elements, and no others, their audit logs say: see [`Checked::evaluations`].
    ///
    /// # Errors
    /// [`Fault`], the first.
    pub fn check(&self, challenge: &Digest, size: u32, key: &VerifyingKey) -> Result<Checked, Fault> {
        let (study, manifest) = (self.manifest.digest(), &self.manifest);
        let content = self.population.of_study(study, key).map_err(|_| Fault::Signature)?;
        let own = manifest.participant(&content.node).ok_or(Fault::Study)?;
        if content.persons > own.quota {
            return Err(Fault::Study);
        }
        if self.challenge != *challenge {
            return Err(Fault::Challenge);
        }
        let commitment = content.digest(study);
        let sample = population::sample(challenge, &commitment, content.persons, size);
        if !sample.iter().copied().eq(self.persons.iter().map(|opened| opened.index)) {
            return Err(Fault::Sample);
        }
        if self.batches.len() != content.batches() as usize {
            return Err(Fault::Batches);
        }
        let suite = Suite::new(Mode::Voprf);
        let (mut opened_persons, context) = (BTreeSet::new(), manifest.persons_context());
        for opened in &self.persons {
            self.check_person(&suite, &context, opened)?;
            if !opened_persons.insert(opened.person.expose()) {
                return Err(Fault::Twice { index: opened.index });
            }
        }
        let quorum = own.quorum.iter().filter_map(|index| manifest.holder(*index).cloned());
        Ok(Checked {
            study,
            node: content.node.clone(),
            quota: own.quota,
            quorum: quorum.collect(),
            commitment,
            persons: content.persons,
            batches: self.batches.clone(),
        })
    }

    fn check_person(&self, suite: &Suite, context: &Digest, opened: &Opened) -> Result<(), Fault> {
        let (index, content) = (opened.index, &self.population.content);
        let entry = population::entry(index, &opened.person, &opened.blind.0);
        let persons = u64::from(content.persons);
        if root_by_path(entry, u64::from(index), persons, &opened.path) != Some(content.root) {
            return Err(Fault::Person { index });
        }
        let Place { sequence, position } = Place::of(index);
        let element =
            element(suite, context, &opened.person, &opened.blind).ok_or(Fault::Element { index })?;
        let element = population::element(&element);
        let elements = u64::from(content.elements(sequence));
        let found = root_by_path(element, u64::from(position), elements, &opened.element_path);
        if found.is_none() || found.as_ref() != self.batches.get(sequence as usize) {
            return Err(Fault::Element { index });
        }
        Ok(())
    }
}

impl Checked {
    /// The digest that a holder's audit log tells, where it evaluated every batch but these.
    #[must_use]
    pub fn evaluations(&self, missing: &BTreeSet<u32>) -> Digest {
        let batches = (0..).zip(&self.batches).filter(|(sequence, _)| !missing.contains(sequence));
        population::evaluations(batches.map(|(sequence, root)| (sequence, *root)))
    }
}

#[cfg(test)]
mod tests;
