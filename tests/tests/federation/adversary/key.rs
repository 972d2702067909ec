//! Keys that the coordinator would know: packages and confirmations that no holder made, or made for another study.

use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_link::exchange::ExchangeError;
use tvaers_protocol::codec;
use tvaers_protocol::message::{
    KeyConfirmation, KeyConfirmed, KeyPackage, KeyRound2, KeyRound2Packages, KeyRound3, Signed,
};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_protocol::study::Manifest;
use tvaers_pseudonym::confirmation::Confirmation;
use tvaers_pseudonym::dkg::{self, Ceremony};

use super::made_up::made_up_key;
use super::{World, assert_refused, node, signing};

fn signed(
    world: &World,
    manifest: &Manifest,
    confirmations: &[Confirmation],
) -> Vec<Signed<KeyConfirmation>> {
    let sign = |confirmation: &Confirmation| {
        let content =
            KeyConfirmation { holder: confirmation.holder, bytes: codec::encode(confirmation).unwrap() };
        Signed::new(content, Purpose::KeyConfirmation, manifest.digest(), world.hand.signing())
    };
    confirmations.iter().map(sign).collect()
}

#[tokio::test]
async fn a_key_that_the_coordinator_made_up_is_pinned_by_nobody() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.agree(&manifest).await.unwrap();
    let honest = world.hand.confirmations(&manifest).await.unwrap();
    let key = made_up_key(manifest.digest(), 3, manifest.threshold);
    let key: Vec<Confirmation> = key.into_iter().map(|(_, confirmation)| confirmation).collect();
    let made_up = signed(&world, &manifest, &key);
    // The made-up content under the holders' signatures of the honest one.
    let grafted: Vec<_> = made_up
        .iter()
        .zip(&honest)
        .map(|(content, signature)| Signed {
            content: content.content.clone(),
            signature: signature.signature,
        })
        .collect();
    // One confirmation alone changed.
    let mut one = honest.clone();
    one[1] = grafted[1].clone();
    for id in world.federation.names() {
        for confirmations in [&made_up, &grafted, &one] {
            let pinned = world.hand.pin(&id, &manifest, confirmations).await;
            assert_refused(pinned, RejectCode::BadSignature, &id);
        }
        world.hand.pin(&id, &manifest, &honest).await.unwrap();
    }
}

#[tokio::test]
async fn a_holder_that_confirms_another_key_than_the_others_is_named_and_nobody_pins_it() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.agree(&manifest).await.unwrap();
    let mut confirmations = world.hand.confirmations(&manifest).await.unwrap();
    let (liar, key) = (node("k376"), made_up_key(manifest.digest(), 3, manifest.threshold));
    let bytes = codec::encode(&key[1].1).unwrap();
    let content = KeyConfirmation { holder: 2, bytes };
    let key = signing(&world.federation, &liar);
    confirmations[1] = Signed::new(content, Purpose::KeyConfirmation, manifest.digest(), &key);
    for id in world.federation.names() {
        match world.hand.pin(&id, &manifest, &confirmations).await.err().unwrap() {
            ExchangeError::Blamed { holder, code } => {
                assert_eq!((holder, code), (liar.clone(), RejectCode::BadProof))
            }
            // It has nobody to name but itself.
            ExchangeError::Refused(code) => assert_eq!((&id, code), (&liar, RejectCode::BadProof)),
            error => panic!("{id}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_key_of_another_study_or_not_confirmed_by_all_is_not_pinned() {
    let world = World::new().await;
    let (one, other, id) = (world.draft().await, world.draft().await, node("k360"));
    world.hand.agree(&one).await.unwrap();
    world.hand.agree(&other).await.unwrap();
    let of_one = world.hand.confirmations(&one).await.unwrap();
    let of_other = world.hand.confirmations(&other).await.unwrap();
    assert_refused(world.hand.pin(&id, &one, &of_other).await, RejectCode::BadSignature, "of another study");
    let incomplete = [vec![], of_one[..2].to_vec(), vec![of_one[0].clone(); 3]];
    for confirmations in incomplete {
        assert_refused(
            world.hand.pin(&id, &one, &confirmations).await,
            RejectCode::BadProof,
            confirmations.len(),
        );
    }
    world.hand.pin(&id, &one, &of_one).await.unwrap();
}

#[tokio::test]
async fn a_first_round_package_that_its_holder_did_not_make_is_refused_by_the_others() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.agree(&manifest).await.unwrap();
    let honest = world.hand.round1(&manifest).await.unwrap();
    let ceremony = Ceremony::new(manifest.digest(), 3, 3, manifest.threshold).unwrap();
    let (_, bytes) = dkg::round1(ceremony, &mut ChaCha20Rng::seed_from_u64(6)).unwrap();
    let content = KeyPackage { holder: 3, bytes };
    let own = Signed::new(content.clone(), Purpose::KeyRound1, manifest.digest(), world.hand.signing());
    let grafted = Signed { content, signature: honest[2].signature };
    let ask = async |id: &str, packages: &[Signed<KeyPackage>]| {
        let ask = KeyRound2 { packages: packages.to_vec() };
        world.hand.ask::<_, KeyRound2Packages>(&node(id), manifest.digest(), &ask).await
    };
    for substitute in [own, grafted] {
        let packages = vec![honest[0].clone(), honest[1].clone(), substitute];
        for holder in &manifest.holders {
            assert_refused(ask(holder.as_str(), &packages).await, RejectCode::BadSignature, holder);
        }
    }
    // Nothing was spent on what nobody made; but one round is one round.
    ask("k360", &honest).await.unwrap();
    assert_refused(ask("k360", &honest).await, RejectCode::NotReady, "a second time");
    let twice = [honest[0].clone(), honest[1].clone(), honest[1].clone()];
    assert_refused(ask("k376", &twice).await, RejectCode::Malformed, "one twice");
    assert_refused(ask("k376", &honest[..2]).await, RejectCode::BadProof, "one is missing");
    assert_refused(ask("k376", &honest).await, RejectCode::NotReady, "its secret is used up");
}

#[tokio::test]
async fn a_holder_begins_one_ceremony_a_study() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.agree(&manifest).await.unwrap();
    world.hand.round1(&manifest).await.unwrap();
    let again = world.hand.round1(&manifest).await;
    assert_refused(
        again,
        RejectCode::Replay,
        "two packages of one holder could be shown to different others",
    );
}

#[tokio::test]
async fn a_second_round_package_for_another_or_from_nobody_is_refused() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.agree(&manifest).await.unwrap();
    let packages = world.hand.round1(&manifest).await.unwrap();
    let sealed = world.hand.round2(&manifest, &packages).await.unwrap();
    let to = |index| sealed.iter().filter(move |package| package.content.to == index).cloned();
    let ask = async |id: &str, packages| {
        world.hand.ask::<_, KeyConfirmed>(&node(id), manifest.digest(), &KeyRound3 { packages }).await
    };
    assert_refused(ask("k360", to(2).collect()).await, RejectCode::Malformed, "for another holder");
    let mut forged: Vec<_> = to(2).collect();
    forged[0].content.bytes[40] ^= 1;
    assert_refused(ask("k376", forged).await, RejectCode::BadSignature, "changed on the way");
    assert_refused(ask("region_1085", to(3).take(1).collect()).await, RejectCode::BadProof, "one is missing");
}
