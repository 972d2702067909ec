//! A requester that sends a holder what no honest one would: it is refused, and the holder's log names it.

use tvaers_protocol::id::{Digest, NodeId, PersonId};
use tvaers_protocol::message::{Batch, Evaluate, Evaluated, Signed};
use tvaers_protocol::population::Commitment;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::blind::blind_batch;
use tvaers_pseudonym::seed::BlindSeed;

use super::{World, assert_refused, node, signing};
use crate::log::Log;

/// Three persons' elements, from a requester to the other holder of its quorum, as the requester would sign them.
fn batch(manifest: &Manifest, requester: &NodeId, world: &World) -> Batch {
    let own = manifest.holder_index(requester);
    let quorum = &manifest.participant(requester).unwrap().quorum;
    let holder = *quorum.iter().find(|index| Some(**index) != own).unwrap();
    let persons: Vec<PersonId> = (0..3).map(|i| PersonId::parse(&format!("610165{i:04}")).unwrap()).collect();
    let mut rng = BlindSeed::from_bytes([1; 32]).batch(0);
    let (elements, _) = blind_batch(&persons, &manifest.digest(), &mut rng).unwrap();
    let commitment = Commitment { node: requester.clone(), persons: 3, root: Digest([1; 32]) };
    let key = signing(&world.federation, requester);
    let population = Signed::population(commitment, manifest.digest(), &key);
    Batch { requester: requester.clone(), holder, epoch: 0, sequence: 0, population, elements }
}

type Spoil = fn(&mut Batch);

#[tokio::test]
async fn a_batch_of_another_epoch_or_with_elements_that_are_none_is_refused_and_its_requester_named() {
    let wrong: [(&str, RejectCode, Spoil); 5] = [
        ("a later epoch", RejectCode::OtherStudy, |batch| batch.epoch = 1),
        ("the last epoch", RejectCode::OtherStudy, |batch| batch.epoch = u32::MAX),
        ("the identity", RejectCode::Malformed, |batch| batch.elements[32..64].fill(0)),
        ("no field element", RejectCode::Malformed, |batch| batch.elements[64..].fill(0xff)),
        ("the field's prime, which is another zero", RejectCode::Malformed, |batch| {
            batch.elements[..32].fill(0xff);
            (batch.elements[0], batch.elements[31]) = (0xed, 0x7f);
        }),
    ];
    let world = World::new().await;
    let requester = node("k360");
    for (what, code, spoil) in wrong {
        let log = Log::begin();
        let manifest = world.draft().await;
        world.hand.compute(&manifest).await.unwrap();
        let study = manifest.digest();
        let mut bad = batch(&manifest, &requester, &world);
        let (to, honest) = (manifest.holder(bad.holder).unwrap().clone(), bad.clone());
        spoil(&mut bad);
        let key = signing(&world.federation, &requester);
        let ask = |batch| Evaluate { batch: Signed::new(batch, Purpose::Evaluate, study, &key) };
        let answer: Result<Evaluated, _> = world.hand.ask(&to, study, &ask(bad)).await;
        assert_refused(answer, code, what);
        let named =
            log.line(&["refused a request", "request=evaluate", "in the name of `k360`", code.name()]);
        assert!(named.is_some(), "{what}: the holder's log does not name k360");
        // One that was read to its points is counted all the same, so nobody tries points out for nothing.
        let answer: Result<Evaluated, _> = world.hand.ask(&to, study, &ask(honest)).await;
        match code {
            RejectCode::Malformed => assert_refused(answer, RejectCode::Replay, what),
            _ => assert!(answer.is_ok(), "{what}: nothing was counted"),
        }
        // Nobody else is worse off for it.
        world.hand.pseudonymise(&node("k376"), &manifest).await.unwrap();
        world.hand.pseudonymise(&node("region_1085"), &manifest).await.unwrap();
    }
}
