//! A holder that cheats while the key is made, and a coordinator that changes what it carries: the run stops, the holder
//! whose package it was is named, and nothing is left half-made.

use std::sync::Arc;

use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_link::memory::Direction;
use tvaers_protocol::codec;
use tvaers_protocol::message::{
    KeyConfirmed, KeyPackage, KeyPin, KeyRound1Package, KeyRound2, KeyRound2Packages, Signed,
};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_pseudonym::dkg::{self, Ceremony};
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::Federation;

use super::made_up::made_up_key;
use super::{Fault, assert_stopped, node, signing};
use crate::log::Log;

struct World {
    federation: Federation,
    middle: Arc<Middle>,
    log: Log,
}

impl World {
    async fn new() -> Self {
        let middle = Arc::new(Middle::default());
        let builder = Federation::builder().made(30, 11).interceptor(Arc::clone(&middle) as _);
        let mut federation = builder.build().await.unwrap();
        federation.connect_all().await.unwrap();
        Self { federation, middle, log: Log::begin() }
    }

    /// With what stands in the middle now, a run stops and names k376.
    async fn assert_names_k376(&self, what: &str, code: RejectCode) {
        self.log.forget();
        let problem = self.federation.stratify().await.unwrap_err();
        assert!(self.middle.has_struck(), "{what}");
        let fault = Fault { what, holder: node("k376"), code };
        assert_stopped(&self.federation, &self.log, &problem, &fault).await;
    }

    async fn assert_recovers(&self) {
        self.middle.rest();
        self.federation.stratify().await.unwrap();
    }
}

#[tokio::test]
async fn a_holder_whose_packages_do_not_fit_is_named() {
    let world = World::new().await;
    let id = || node("k376");
    let key = || signing(&world.federation, &id());
    let k376 = key();
    world.middle.rewrite::<KeyRound1Package>(move |passage, study, message| {
        let mut content = message.package.content.clone();
        // The last bytes are the proof that it knows its secret.
        let n_bytes = content.bytes.len();
        content.bytes[n_bytes - 20] ^= 1;
        message.package = Signed::new(content, Purpose::KeyRound1, study, &k376);
        passage.node == id()
    });
    world.assert_names_k376("a false proof of knowledge", RejectCode::BadProof).await;

    let k376 = key();
    world.middle.rewrite::<KeyRound2Packages>(move |passage, study, message| {
        let mut content = message.packages[0].content.clone();
        content.bytes[40] ^= 1;
        message.packages[0] = Signed::new(content, Purpose::KeyRound2, study, &k376);
        passage.node == id()
    });
    world.assert_names_k376("a package that does not open", RejectCode::BadProof).await;

    // It shows one holder another first package than the rest: its share fits one of the two alone.
    let k376 = key();
    world.middle.rewrite::<KeyRound2>(move |passage, study, message| {
        let ceremony = Ceremony::new(study, 2, 3, 2).unwrap();
        let (_, bytes) = dkg::round1(ceremony, &mut ChaCha20Rng::seed_from_u64(6)).unwrap();
        let content = KeyPackage { holder: 2, bytes };
        message.packages[1] = Signed::new(content, Purpose::KeyRound1, study, &k376);
        passage.node == node("region_1085")
    });
    world.assert_names_k376("two first packages", RejectCode::BadProof).await;
    world.assert_recovers().await;
}

#[tokio::test]
async fn a_holder_that_confirms_another_key_stops_the_run_and_is_named() {
    let world = World::new().await;
    let key = signing(&world.federation, &node("k376"));
    world.middle.rewrite::<KeyConfirmed>(move |passage, study, message| {
        let mut content = message.confirmation.content.clone();
        content.bytes = codec::encode(&made_up_key(study, 3, 2)[1].1).unwrap();
        message.confirmation = Signed::new(content, Purpose::KeyConfirmation, study, &key);
        passage.node == node("k376")
    });
    let problem = world.federation.stratify().await.unwrap_err();
    // Whoever is heard first: another that names it, or k376 itself, which has nobody to name.
    assert_eq!(problem.place, "node k376", "{problem}");
    assert!(problem.what.contains(&RejectCode::BadProof.to_string()), "{problem}");
    assert!(
        world.log.line(&["refused a request", "key-pin", "`k376`: ", "do not confirm the same"]).is_some()
    );
    super::until_erased(&world.federation, "another key").await;
    world.assert_recovers().await;
}

#[tokio::test]
async fn what_a_coordinator_changes_in_a_package_is_noticed_and_told_under_whose_name_it_came() {
    let world = World::new().await;
    world.middle.rewrite::<KeyRound2>(|passage, _, message| {
        message.packages[1].content.bytes[20] ^= 1;
        passage.node == node("k360")
    });
    world.assert_names_k376("a changed first package", RejectCode::BadSignature).await;
    world.middle.rewrite::<KeyRound2Packages>(|passage, _, message| {
        message.packages[0].content.bytes[40] ^= 1;
        passage.node == node("k376") && passage.direction == Direction::ToCoordinator
    });
    world.assert_names_k376("a changed second package", RejectCode::BadSignature).await;
    world.middle.rewrite::<KeyPin>(|passage, _, message| {
        message.confirmations[1].content.bytes[50] ^= 1;
        passage.node == node("k360")
    });
    world.assert_names_k376("a changed confirmation", RejectCode::BadSignature).await;
    world.assert_recovers().await;
}
