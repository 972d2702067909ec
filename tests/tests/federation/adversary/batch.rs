//! Evaluations that nobody is entitled to: replayed, in another's name, beyond the quota.

use tvaers_host::private;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Close, Closed, Evaluate, Evaluated, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::Manifest;
use tvaers_tests::hand::{Hand, Relayed};

use super::{World, assert_refused, node, refused_at_last};

async fn evaluate(
    world: &World,
    manifest: &Manifest,
    batch: &Relayed,
) -> Result<Evaluated, tvaers_link::exchange::ExchangeError> {
    world.hand.ask(&batch.to, manifest.digest(), &batch.ask).await
}

#[tokio::test]
async fn a_number_is_used_for_one_batch_and_nothing_is_evaluated_after_the_study() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.ready(&manifest).await.unwrap();
    let batches = world.hand.relayed();
    assert!(batches.len() >= 3, "every node asks at least one other");
    for batch in &batches {
        // The same batch tells nobody anything new, and is answered again; another one takes no place of it.
        let first = evaluate(&world, &manifest, batch).await.unwrap();
        assert!(first.answer.content.elements.len() == batch.ask.batch.content.elements.len());
        let mut other = batch.ask.batch.content.clone();
        other.elements.rotate_left(32);
        let key = world.federation.node_home(&other.requester).keys().join("signing.key");
        let key = SigningKey::from_seed(&private::read_key(&key).unwrap());
        let ask = Evaluate { batch: Signed::new(other, Purpose::Evaluate, manifest.digest(), &key) };
        let other = Relayed { ask, ..batch.clone() };
        assert_refused(evaluate(&world, &manifest, &other).await, RejectCode::Replay, &batch.to);
    }
    for id in world.federation.names() {
        let _: Closed = world.hand.ask(&id, manifest.digest(), &Close { is_complete: false }).await.unwrap();
        assert!(world.federation.scratch(&id).unwrap().is_empty(), "{id} has kept pseudonyms");
    }
    for batch in &batches {
        assert_refused(evaluate(&world, &manifest, batch).await, RejectCode::StudyClosed, &batch.to);
    }
}

#[tokio::test]
async fn a_batch_that_its_requester_did_not_sign_for_this_holder_is_refused() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.ready(&manifest).await.unwrap();
    let honest = world.hand.relayed().remove(0);
    type Spoil = fn(&mut Evaluate, &Hand, Digest);
    let wrong: [(&str, Spoil); 5] = [
        ("another number", |ask, _, _| ask.batch.content.sequence = 100),
        ("other elements", |ask, _, _| ask.batch.content.elements.rotate_left(32)),
        ("another requester", |ask, _, _| ask.batch.content.requester = node("k376")),
        ("the coordinator's signature", |ask, hand, study| {
            ask.batch.content.sequence = 100;
            ask.batch = Signed::new(ask.batch.content.clone(), Purpose::Evaluate, study, hand.signing());
        }),
        ("another study's signature", |ask, _, _| ask.batch.signature.0[0] ^= 1),
    ];
    for (what, spoil) in wrong {
        let mut batch = honest.clone();
        spoil(&mut batch.ask, &world.hand, manifest.digest());
        assert_refused(evaluate(&world, &manifest, &batch).await, RejectCode::BadSignature, what);
    }
    let mut stranger = honest.clone();
    stranger.ask.batch.content.requester = node("k999");
    assert_refused(evaluate(&world, &manifest, &stranger).await, RejectCode::UnknownNode, "a stranger");
    for to in world.federation.names().into_iter().filter(|id| *id != honest.to) {
        let elsewhere = Relayed { to, ..honest.clone() };
        assert_refused(evaluate(&world, &manifest, &elsewhere).await, RejectCode::NotAHolder, &elsewhere.to);
    }
}

#[tokio::test]
async fn a_node_gets_no_more_evaluations_than_its_quota() {
    let world = World::new().await;
    let mut manifest = world.draft().await;
    manifest.participants[0].quota = 5;
    world.hand.compute(&manifest).await.unwrap();
    let too_many = world.hand.pseudonymise(&node("k360"), &manifest).await;
    assert_refused(too_many, RejectCode::QuotaExceeded, "k360");
    assert!(world.hand.pseudonymise(&node("k376"), &manifest).await.is_ok());
    assert_eq!(
        refused_at_last(world.hand.contributions(&node("k360"), &manifest).await),
        RejectCode::NotReady
    );
}
