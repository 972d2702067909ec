//! The persons for whom a node has pseudonyms made: it commits to them, and to how each is blinded, before the first is
//! evaluated, so that a sample can be opened to an auditor afterwards.
//!
//! The entries of the tree stand in the order of the batches: the entry with index i is element i mod 10,000 of batch
//! i / 10,000, and holders see to it that every batch but the last is full. A commitment tells how many persons there are
//! and nothing of them, since each entry holds a secret blind.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::id::{Digest, NodeId, PersonId};
use crate::limit::BATCH_PERSONS;
use crate::merkle::{self, Tree};
use crate::message::Signed;
use crate::sign::{BadSignature, Purpose, SigningKey, VerifyingKey};

/// Separates a person's entry from all else that is hashed.
const PERSON: &str = "tvaers/v1/person";

/// The same for an element of a batch.
const ELEMENT: &str = "tvaers/v1/element";

/// The same for what a sample is drawn from.
const SAMPLE: &str = "tvaers/v1/sample";

/// [`BATCH_PERSONS`] as positions are counted.
const BATCH: u32 = {
    assert!(BATCH_PERSONS <= u16::MAX as usize, "one proof covers a batch");
    BATCH_PERSONS as u32
};

/// Whom a node has evaluated in a study, told to nobody: fixed before the first batch, the same to every holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Whose persons.
    pub node: NodeId,
    /// How many.
    pub persons: u32,
    /// The root of the tree over their entries ([`entry`]).
    pub root: Digest,
}

/// Where an element is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the batch.
    pub sequence: u32,
    /// The position in it, from 0.
    pub position: u32,
}

impl Place {
    /// Where the person with this index is.
    #[must_use]
    pub const fn of(index: u32) -> Self {
        Self { sequence: index / BATCH, position: index % BATCH }
    }
}

impl Commitment {
    /// How many batches the persons make.
    #[must_use]
    pub const fn batches(&self) -> u32 {
        self.persons.div_ceil(BATCH)
    }

    /// How many elements the batch of this number has: none where there is no such batch.
    #[must_use]
    pub const fn elements(&self, sequence: u32) -> u32 {
        let left = self.persons.saturating_sub(sequence.saturating_mul(BATCH));
        if left < BATCH { left } else { BATCH }
    }

    /// What names it, in a holder's memory and in audit logs: the content within its study, without the signature, of
    /// which there may be several.
    #[must_use]
    pub fn digest(&self, study: Digest) -> Digest {
        Digest::of("tvaers/v1/population", &[&study.0, &codec::canonical(self)])
    }
}

impl Signed<Commitment> {
    /// Signs a commitment within its study.
    #[must_use]
    pub fn population(content: Commitment, study: Digest, key: &SigningKey) -> Self {
        Self::new(content, Purpose::Population, study, key)
    }

    /// The commitment, if the node's key signed it within the study.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn of_study(&self, study: Digest, key: &VerifyingKey) -> Result<&Commitment, BadSignature> {
        self.verify(Purpose::Population, study, key)
    }
}

/// A person's entry in the tree: index, number and blind. The blind (32 bytes, uniform, secret) is also the salt: whoever
/// knows the entry cannot try numbers.
#[must_use]
pub fn entry(index: u32, person: &PersonId, blind: &[u8; 32]) -> Digest {
    merkle::leaf(PERSON, &[&index.to_be_bytes(), person.expose().as_bytes(), blind])
}

/// An element's entry in the tree of its batch.
#[must_use]
pub fn element(element: &[u8; 32]) -> Digest {
    merkle::leaf(ELEMENT, &[element])
}

/// The root of the tree over a batch's elements, 32 bytes each; bytes after the last are left out.
#[must_use]
pub fn elements_root(elements: &[u8]) -> Digest {
    let mut tree = Tree::default();
    elements.as_chunks().0.iter().for_each(|bytes| tree.push(element(bytes)));
    tree.root()
}

/// One digest for all that was evaluated for a node: each batch's number with the root of its elements, by rising number.
/// It is the same at every holder of the quorum, as their batches differ in the holder's index alone.
#[must_use]
pub fn evaluations(batches: impl IntoIterator<Item = (u32, Digest)>) -> Digest {
    let mut bytes = Vec::new();
    for (sequence, root) in batches {
        bytes.extend_from_slice(&sequence.to_be_bytes());
        bytes.extend_from_slice(&root.0);
    }
    Digest::of("tvaers/v1/evaluations", &[&bytes])
}

/// The indices of those whom a challenge draws of a commitment's `persons`: `size` of them, or all where there are no
/// more, uniformly and each once.
///
/// The node commits before it knows the challenge, and the auditor draws the challenge without knowing who stands where:
/// neither can choose. Draw number j, from 0, is the first eight bytes of a digest over challenge, commitment and j;
/// numbers from the last, incomplete multiple of `persons` on are passed over, and so is who was drawn before.
#[must_use]
pub fn sample(challenge: &Digest, commitment: &Digest, persons: u32, size: u32) -> BTreeSet<u32> {
    if size >= persons {
        return (0..persons).collect();
    }
    let n = u64::from(persons);
    let fair = u64::MAX - u64::MAX % n;
    let mut drawn = BTreeSet::new();
    for draw in 0_u64.. {
        if drawn.len() >= size as usize {
            break;
        }
        let digest = Digest::of(SAMPLE, &[&challenge.0, &commitment.0, &draw.to_be_bytes()]);
        let number = digest.0.first_chunk().map_or(u64::MAX, |bytes| u64::from_be_bytes(*bytes));
        if number < fair {
            drawn.extend(u32::try_from(number % n));
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commitment(persons: u32) -> Commitment {
        Commitment { node: NodeId::new("k360").unwrap(), persons, root: Digest([1; 32]) }
    }

    #[test]
    fn every_batch_but_the_last_is_full_and_a_place_follows_from_the_index() {
        for (persons, sizes) in [
            (0, vec![]),
            (1, vec![1]),
            (10_000, vec![10_000]),
            (10_001, vec![10_000, 1]),
            (25_000, vec![10_000, 10_000, 5_000]),
        ] {
            let commitment = commitment(persons);
            let found: Vec<u32> =
                (0..commitment.batches()).map(|sequence| commitment.elements(sequence)).collect();
            assert_eq!(found, sizes, "{persons}");
            for beyond in [commitment.batches(), 430_000, u32::MAX] {
                assert_eq!(commitment.elements(beyond), 0, "{persons} at {beyond}");
            }
        }
        assert_eq!(Place::of(0), Place { sequence: 0, position: 0 });
        assert_eq!(Place::of(9_999), Place { sequence: 0, position: 9_999 });
        assert_eq!(Place::of(25_000), Place { sequence: 2, position: 5_000 });
    }

    #[test]
    fn a_commitment_counts_for_its_node_and_study() {
        let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let [study, elsewhere] = [3, 4].map(|byte| Digest([byte; 32]));
        let signed = Signed::population(commitment(5), study, &key);
        assert!(signed.of_study(study, &key.verifying_key()).is_ok());
        assert!(signed.of_study(elsewhere, &key.verifying_key()).is_err());
        assert!(signed.of_study(study, &other.verifying_key()).is_err());
        assert_ne!(commitment(5).digest(study), commitment(5).digest(elsewhere));
        assert_ne!(commitment(5).digest(study), commitment(6).digest(study));
    }

    #[test]
    fn an_entry_is_of_its_index_person_and_blind() {
        let person = |text| PersonId::parse(text).unwrap();
        let one = entry(7, &person("6101650001"), &[9; 32]);
        // From another implementation: SHA-256(00 10 "tvaers/v1/person" 00000007 "6101650001" 09…09).
        assert_eq!(one.to_string(), "1288084f3bda7c8c467087332e55588b03517d9121d4abfdcea3dd8cfad9840f");
        assert_ne!(one, entry(8, &person("6101650001"), &[9; 32]));
        assert_ne!(one, entry(7, &person("6101650002"), &[9; 32]));
        assert_ne!(one, entry(7, &person("6101650001"), &[8; 32]));
    }

    #[test]
    fn the_digests_of_batches_are_known() {
        let elements = [[1; 32], [2; 32], [3; 32]].concat();
        assert_eq!(
            elements_root(&elements).to_string(),
            "192981a3a59a0e20869e4844504a2885996529dd934e013b5300b6feb3050a46"
        );
        let both = [(0, Digest([4; 32])), (2, Digest([5; 32]))];
        assert_eq!(
            evaluations(both).to_string(),
            "4469876337d9000e62a423b075f0ee50badd3cc3bc354de246664acc10e7386c"
        );
        assert_ne!(evaluations(both), evaluations([(0, Digest([4; 32])), (1, Digest([5; 32]))]));
    }

    #[test]
    fn a_sample_follows_from_challenge_and_commitment_and_holds_nobody_twice() {
        let (one, other) = (Digest([1; 32]), Digest([2; 32]));
        let drawn = sample(&one, &other, 1_000_000, 500);
        assert_eq!(drawn.len(), 500);
        assert!(drawn.iter().all(|index| *index < 1_000_000));
        assert_eq!(drawn, sample(&one, &other, 1_000_000, 500));
        assert_ne!(drawn, sample(&other, &other, 1_000_000, 500));
        assert_ne!(drawn, sample(&one, &one, 1_000_000, 500));
        // A larger one holds the smaller.
        assert!(sample(&one, &other, 1_000_000, 501).is_superset(&drawn));
        assert_eq!(sample(&one, &other, 10, 500).len(), 10);
        assert_eq!(sample(&one, &other, 10, 10), (0..10).collect());
        assert_eq!(sample(&one, &other, 10, 9).len(), 9);
        assert!(sample(&one, &other, 0, 500).is_empty() && sample(&one, &other, 10, 0).is_empty());
        // From another implementation.
        let first: Vec<u32> = sample(&one, &other, 1_000_000, 3).into_iter().collect();
        assert_eq!(first, [1_928, 570_995, 654_001]);
    }

    #[test]
    fn everyone_is_drawn_as_often_as_anyone() {
        // 20,000 challenges draw 3 of 10: each is drawn 6,000 times on average, with a deviation of √(20,000·0.3·0.7) = 65.
        // Ten counts that are all within 5.4 deviations: false alarm below 10⁻⁶.
        let mut counts = [0_i32; 10];
        for challenge in 0_u32..20_000 {
            let challenge = Digest::of("test", &[&challenge.to_be_bytes()]);
            for index in sample(&challenge, &Digest::NONE, 10, 3) {
                counts[index as usize] += 1;
            }
        }
        assert!(counts.iter().all(|count| (count - 6_000).abs() < 350), "{counts:?}");
    }
}
