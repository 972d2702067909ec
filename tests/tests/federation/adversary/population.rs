//! A node that has others evaluated than those to whom it committed: holders refuse what is no part of its commitment.

use tvaers_host::private;
use tvaers_protocol::id::{Digest, PersonId};
use tvaers_protocol::message::{Batch, Evaluate, Evaluated, Signed};
use tvaers_protocol::population::Commitment;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::blind::blind_batch;
use tvaers_pseudonym::seed::BlindSeed;

use super::{World, node, refused};

/// k360, as whoever has its keys can play it.
struct Cheat<'a> {
    world: &'a World,
    manifest: &'a Manifest,
    key: SigningKey,
}

impl Cheat<'_> {
    fn commitment(&self, persons: u32, root: u8) -> Commitment {
        Commitment { node: node("k360"), persons, root: Digest([root; 32]) }
    }

    fn signed(&self, persons: u32, root: u8) -> Signed<Commitment> {
        Signed::population(self.commitment(persons, root), self.manifest.digest(), &self.key)
    }

    /// Asks a holder that is not k360 itself.
    async fn ask(
        &self,
        population: Signed<Commitment>,
        sequence: u32,
        elements: u32,
    ) -> Result<Evaluated, tvaers_link::exchange::ExchangeError> {
        let study = self.manifest.digest();
        let quorum = &self.manifest.participant(&node("k360")).unwrap().quorum;
        let own = self.manifest.holder_index(&node("k360"));
        let holder = *quorum.iter().find(|index| Some(**index) != own).unwrap();
        let persons: Vec<PersonId> =
            (0..elements).map(|i| PersonId::parse(&format!("610165{i:04}")).unwrap()).collect();
        let mut rng = BlindSeed::from_bytes([1; 32]).batch(sequence);
        let (elements, _) = blind_batch(&persons, &study, &mut rng).unwrap();
        let batch = Batch { requester: node("k360"), holder, epoch: 0, sequence, population, elements };
        let ask = Evaluate { batch: Signed::new(batch, Purpose::Evaluate, study, &self.key) };
        self.world.hand.ask(self.manifest.holder(holder).unwrap(), study, &ask).await
    }
}

#[tokio::test]
async fn a_node_gets_the_persons_to_whom_it_committed_first_and_each_batch_whole() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.compute(&manifest).await.unwrap();
    let key = world.federation.node_home(&node("k360")).keys().join("signing.key");
    let key = SigningKey::from_seed(&private::read_key(&key).unwrap());
    let cheat = Cheat { world: &world, manifest: &manifest, key };
    let study = manifest.digest();
    let quota = manifest.participant(&node("k360")).unwrap().quota;
    let strangers = Commitment { node: node("k376"), ..cheat.commitment(3, 1) };
    let elsewhere = Signed::population(cheat.commitment(3, 1), Digest([9; 32]), &cheat.key);
    for (what, population, sequence, elements, code) in [
        (
            "the coordinator's signature",
            Signed::population(cheat.commitment(3, 1), study, world.hand.signing()),
            0,
            3,
            RejectCode::BadSignature,
        ),
        (
            "another node's name",
            Signed::population(strangers, study, &cheat.key),
            0,
            3,
            RejectCode::BadSignature,
        ),
        ("another study's", elsewhere, 0, 3, RejectCode::BadSignature),
        ("more persons than the quota", cheat.signed(quota + 1, 1), 0, quota + 1, RejectCode::QuotaExceeded),
        ("an extra person", cheat.signed(3, 1), 0, 4, RejectCode::QuotaExceeded),
        ("a batch that there is not", cheat.signed(3, 1), 1, 1, RejectCode::QuotaExceeded),
        ("a part of a batch", cheat.signed(3, 1), 0, 2, RejectCode::Malformed),
    ] {
        assert_eq!(refused(cheat.ask(population, sequence, elements).await), code, "{what}");
    }
    // Nothing of that was counted, and nothing is remembered.
    let answer = cheat.ask(cheat.signed(3, 2), 0, 3).await.unwrap();
    assert_eq!(answer.answer.content.elements.len(), 3 * 32);
    assert_eq!(refused(cheat.ask(cheat.signed(3, 1), 0, 3).await), RejectCode::Replay, "a second one");
    assert_eq!(refused(cheat.ask(cheat.signed(4, 2), 0, 4).await), RejectCode::Replay, "a larger one");
    assert!(cheat.ask(cheat.signed(3, 2), 0, 3).await.is_ok(), "the first one still counts");
}
