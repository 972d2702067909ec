//! A coordinator that tells of objections that are none gets refusals, and nobody is left out for it.

use sha2::{Digest as _, Sha256};
use tvaers_link::exchange::ExchangeError;
use tvaers_protocol::id::{Digest, Pseudonym};
use tvaers_protocol::message::{Objections, ObjectionsEnd, ObjectionsTaken, Signed, StreamTotal};
use tvaers_protocol::objection::{self, Objection};
use tvaers_protocol::record::Contribution;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::Manifest;
use tvaers_tests::hand::{Hand, record};

use super::*;

/// A study in which every node has contributed, and someone whom Lolland and the region know objects at Lolland.
struct Told {
    federation: Federation,
    hand: Hand,
    manifest: Manifest,
    person: PersonId,
    region: Vec<Contribution>,
    /// What an honest coordinator tells the region.
    honest: Objection,
}

fn region() -> NodeId {
    node("region_1085")
}

fn assert_refused<T>(result: Result<T, ExchangeError>, expected: RejectCode, what: &str) {
    match result {
        Err(ExchangeError::Refused(code)) => assert_eq!(code, expected, "{what}"),
        Err(error) => panic!("{what}: not refused, but failed: {error}"),
        Ok(_) => panic!("{what}: not refused"),
    }
}

impl Told {
    async fn new() -> Self {
        let federation = Federation::builder().made(60, 11).build().await.unwrap();
        let pooled = oracle::read::federation(&federation.data()).unwrap();
        let held = |citizen: &Citizen| is_known_to(citizen, 1085) && is_held_by(citizen, 360);
        let person = pooled.citizens.iter().find(|(_, citizen)| held(citizen)).unwrap().0.clone();
        object(&federation, "k360", &person).await;
        let hand = Hand::new(&federation).unwrap();
        let manifest = hand.draft(&federation).await.unwrap();
        hand.ready(&manifest).await.unwrap();
        let own = hand.contributions(&node("k360"), &manifest).await.unwrap();
        let pseudonym = own.iter().find(|record| record.objects).unwrap().pseudonym;
        let honest = Objection {
            pseudonym,
            by: 0,
            signature: hand.objection_signatures(&node("k360"), &manifest).await.unwrap()[0],
        };
        let region = hand.contributions(&region(), &manifest).await.unwrap();
        Self { federation, hand, manifest, person, region, honest }
    }

    async fn tell(&self, objections: &[Objection]) -> Result<ObjectionsTaken, ExchangeError> {
        let mut records = Vec::new();
        objections.iter().for_each(|objection| objection.write(&mut records));
        records.resize(Objection::FRAME_BYTES, 0);
        let total = StreamTotal {
            node: region(),
            records: objections.len() as u64,
            digest: Digest(Sha256::digest(&records).into()),
        };
        self.send(&[Objections { sequence: 0, records }], total, self.hand.signing()).await
    }

    async fn send(
        &self,
        frames: &[Objections],
        total: StreamTotal,
        key: &SigningKey,
    ) -> Result<ObjectionsTaken, ExchangeError> {
        let end =
            ObjectionsEnd { total: Signed::new(total, Purpose::Objections, self.manifest.digest(), key) };
        self.hand.objections(&region(), &self.manifest, frames, &end).await
    }

    async fn assert_nobody(&self) {
        assert!(received(&self.federation, "region_1085").await.is_empty());
    }
}

#[tokio::test]
async fn only_objections_of_persons_contributed_and_signed_by_another_participant_are_believed() {
    let told = Told::new().await;
    let other = |pseudonym: Pseudonym| Objection { pseudonym, ..told.honest.clone() };
    let innocent = told.region.iter().find(|record| record.pseudonym != told.honest.pseudonym).unwrap();
    let made_up = other(innocent.pseudonym);
    assert_refused(told.tell(&[made_up]).await, RejectCode::BadSignature, "signed for another person");
    let coordinator = objection::sign(innocent.pseudonym, told.manifest.digest(), told.hand.signing());
    let by_coordinator = Objection { signature: coordinator, ..other(innocent.pseudonym) };
    assert_refused(told.tell(&[by_coordinator]).await, RejectCode::BadSignature, "signed by the coordinator");
    let by_other = Objection { by: 1, ..told.honest.clone() };
    assert_refused(told.tell(&[by_other]).await, RejectCode::BadSignature, "another participant's word");
    let by_nobody = Objection { by: 99, ..told.honest.clone() };
    assert_refused(told.tell(&[by_nobody]).await, RejectCode::Malformed, "no participant's word");
    let by_itself = Objection { by: 2, ..told.honest.clone() };
    assert_refused(told.tell(&[by_itself]).await, RejectCode::Malformed, "its own word");
    let twice = [told.honest.clone(), told.honest.clone()];
    assert_refused(told.tell(&twice).await, RejectCode::Malformed, "one twice");
    told.assert_nobody().await;

    let good = StreamTotal { node: region(), records: 0, digest: Digest(Sha256::digest(b"").into()) };
    let stranger = SigningKey::from_seed(&[9; 32]);
    let forged = told.send(&[], good.clone(), &stranger).await;
    assert_refused(forged, RejectCode::BadSignature, "an end that the coordinator did not sign");
    let more = StreamTotal { records: 1, ..good.clone() };
    assert_refused(told.send(&[], more, told.hand.signing()).await, RejectCode::Malformed, "another count");
    let short = Objections { sequence: 0, records: vec![0; Objection::SIZE] };
    assert_refused(
        told.send(&[short], good, told.hand.signing()).await,
        RejectCode::Malformed,
        "another size",
    );
    told.assert_nobody().await;

    told.tell(std::slice::from_ref(&told.honest)).await.unwrap();
    let expected = [(told.person.clone(), "k360".to_owned())];
    assert!(received(&told.federation, "region_1085").await == expected.clone().into());
    told.tell(std::slice::from_ref(&told.honest)).await.unwrap();
    assert_refused(told.tell(&[]).await, RejectCode::Replay, "none in place of one");
    assert!(received(&told.federation, "region_1085").await == expected.into());
}

#[tokio::test]
async fn a_person_whom_the_node_did_not_contribute_is_refused_though_the_signature_is_right() {
    let told = Told::new().await;
    // Somebody at k376 whom the region does not know: that node's own key signs.
    let others = told.hand.contributions(&node("k376"), &told.manifest).await.unwrap();
    let is_unknown = |record: &&Contribution| told.region.iter().all(|own| own.pseudonym != record.pseudonym);
    let pseudonym =
        others.iter().find(is_unknown).map_or(Pseudonym::from_bytes([7; 16]), |record| record.pseudonym);
    let seed =
        tvaers_host::private::read_key(&told.federation.node_home(&node("k376")).keys().join("signing.key"));
    let key = SigningKey::from_seed(&seed.unwrap());
    let signature = objection::sign(pseudonym, told.manifest.digest(), &key);
    let stranger = Objection { pseudonym, by: 1, signature };
    assert_refused(told.tell(std::slice::from_ref(&stranger)).await, RejectCode::PolicyRefused, "a stranger");
    let mut among = vec![stranger, told.honest.clone()];
    among.sort_by_key(|objection| objection.pseudonym);
    assert_refused(told.tell(&among).await, RejectCode::PolicyRefused, "a stranger among others");
    told.assert_nobody().await;
}

#[tokio::test]
async fn objections_come_after_the_contributions_and_a_hand_back_of_who_objects_is_refused() {
    let federation = Federation::builder().made(60, 11).build().await.unwrap();
    let hand = Hand::new(&federation).unwrap();
    let manifest = hand.draft(&federation).await.unwrap();
    hand.ready(&manifest).await.unwrap();
    let pooled = oracle::read::federation(&federation.data()).unwrap();
    let sad = pooled.sad(federation.as_of()).unwrap();
    let resident = |id: &PersonId| sad[id].kommune == Some(360) && sad[id].eligible;
    let person =
        pooled.citizens.iter().find(|(id, citizen)| is_known_to(citizen, 1085) && resident(id)).unwrap().0;
    // After the components are worked out, and before they leave: it counts all the same.
    object(&federation, "region_1085", person).await;
    let records = Objections { sequence: 0, records: vec![0; Objection::FRAME_BYTES] };
    let digest = Digest(Sha256::digest(&records.records).into());
    let total = StreamTotal { node: node("k360"), records: 0, digest };
    let end =
        ObjectionsEnd { total: Signed::new(total, Purpose::Objections, manifest.digest(), hand.signing()) };
    let early = hand.objections(&node("k360"), &manifest, &[records], &end).await;
    assert_refused(early, RejectCode::NotReady, "too early");

    let own = hand.contributions(&node("k360"), &manifest).await.unwrap();
    let at_region = hand.contributions(&region(), &manifest).await.unwrap();
    let pseudonym = at_region.iter().find(|record| record.objects).unwrap().pseudonym;
    let signature = hand.objection_signatures(&region(), &manifest).await.unwrap()[0];
    let mut records = Vec::new();
    Objection { pseudonym, by: 2, signature }.write(&mut records);
    records.resize(Objection::FRAME_BYTES, 0);
    let digest = Digest(Sha256::digest(&records).into());
    let total = StreamTotal { node: node("k360"), records: 1, digest };
    let end =
        ObjectionsEnd { total: Signed::new(total, Purpose::Objections, manifest.digest(), hand.signing()) };
    hand.objections(&node("k360"), &manifest, &[Objections { sequence: 0, records }], &end).await.unwrap();

    let residents: Vec<_> = own
        .iter()
        .filter(|record| record.resident && record.eligible)
        .map(|own| record(own.pseudonym))
        .collect();
    assert!(residents.iter().any(|record| record.pseudonym == pseudonym));
    let all = hand.script(&node("k360"), &manifest, &residents).unwrap();
    let refused = hand.hand_back(&node("k360"), &manifest, &all).await;
    assert_refused(refused, RejectCode::PolicyRefused, "a hand-back with one who objects");
    let others: Vec<_> = residents.into_iter().filter(|record| record.pseudonym != pseudonym).collect();
    let without = hand.script(&node("k360"), &manifest, &others).unwrap();
    hand.hand_back(&node("k360"), &manifest, &without).await.unwrap();
    assert!(!federation.worklist(&node("k360")).unwrap().contains_key(person));
}

#[tokio::test]
async fn a_node_stopped_between_taking_and_remembering_remembers_when_it_is_asked_again() {
    let mut told = Told::new().await;
    told.tell(std::slice::from_ref(&told.honest)).await.unwrap();
    // As after a power cut between the two.
    let pool = memory(&told.federation, "region_1085").await;
    sqlx::query("DELETE FROM objection").execute(&pool).await.unwrap();
    pool.close().await;
    let file = told.federation.node_home(&region()).work(&told.manifest.run.to_string());
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await.unwrap();
    sqlx::query("DELETE FROM frozen WHERE what = 'objections-taken'").execute(&pool).await.unwrap();
    pool.close().await;
    told.federation.restart(&region()).await.unwrap();
    told.hand.link(&told.federation, &region()).unwrap();
    assert_refused(told.tell(&[]).await, RejectCode::Replay, "none in place of one");
    told.assert_nobody().await;
    told.tell(std::slice::from_ref(&told.honest)).await.unwrap();
    assert!(
        received(&told.federation, "region_1085").await == [(told.person.clone(), "k360".to_owned())].into()
    );
}
