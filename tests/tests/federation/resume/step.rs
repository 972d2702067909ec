//! Every step again: on a new stream, after a restart, and with something else in its place.

use tvaers_protocol::frame::Kind;
use tvaers_protocol::message::{
    Close, Closed, Compute, Computed, Contribute, HandBackTotal, KeyRound1, KeyRound1Package,
};
use tvaers_protocol::record::{Contribution, HandBack, Missing};
use tvaers_protocol::reject::RejectCode;
use tvaers_tests::hand::record;

use super::{World, assert_refused, k360, node, refused};

/// What a node is handed back of its own residents in the population, nothing remarkable of any.
fn residents(own: &[Contribution]) -> Vec<HandBack> {
    let residents = own.iter().filter(|contribution| contribution.resident && contribution.eligible);
    residents.map(|contribution| record(contribution.pseudonym)).collect()
}

#[tokio::test]
async fn a_node_that_is_restarted_after_every_step_ends_with_its_list() {
    let mut world = World::of_counts().await;
    let (manifest, study) = (world.manifest.clone(), world.manifest.digest());
    world.hand.agree(&manifest).await.unwrap();
    let confirmations = world.hand.confirmations(&manifest).await.unwrap();
    for id in world.federation.names() {
        world.hand.pin(&id, &manifest, &confirmations).await.unwrap();
    }
    for id in world.federation.names() {
        world.restart(&id).await;
        // The answer may have been lost.
        world.hand.pin(&id, &manifest, &confirmations).await.unwrap();
    }
    let mut persons = Vec::new();
    for id in world.federation.names() {
        let computed: Computed = world.hand.ask(&id, study, &Compute {}).await.unwrap();
        world.restart(&id).await;
        let again: Computed = world.hand.ask(&id, study, &Compute {}).await.unwrap();
        assert!(computed.persons > 0 && computed == again);
        persons.push(computed.persons);
    }
    for (id, persons) in world.federation.names().into_iter().zip(persons) {
        for _ in 0..2 {
            assert_eq!(world.hand.pseudonymise(&id, &manifest).await.unwrap().persons, persons);
            world.restart(&id).await;
        }
        let computed: Computed = world.hand.ask(&id, study, &Compute {}).await.unwrap();
        assert_eq!(computed.persons, persons, "an earlier step is still answered");
    }
    let own = world.hand.contributions(&k360(), &manifest).await.unwrap();
    world.restart(&k360()).await;
    let residents = residents(&own);
    let script = world.hand.script(&k360(), &manifest, &residents).unwrap();
    let written = world.hand.hand_back(&k360(), &manifest, &script).await.unwrap();
    assert_eq!(written.persons as usize, residents.len());
    let list = world.federation.worklist_text(&k360()).unwrap();

    world.restart(&k360()).await;
    let again = world.hand.hand_back(&k360(), &manifest, &script).await.unwrap();
    assert_eq!(again.persons, written.persons);
    let mut other = script.end.total.content.clone();
    other.counts.residents += 1;
    let mut changed = script.clone();
    changed.end = world.hand.end(&manifest, other);
    assert_refused(
        world.hand.hand_back(&k360(), &manifest, &changed).await,
        RejectCode::Replay,
        "other counts",
    );
    let fewer = world.hand.script(&k360(), &manifest, &residents[1..]).unwrap();
    assert_refused(world.hand.hand_back(&k360(), &manifest, &fewer).await, RejectCode::Replay, "fewer");
    assert!(world.federation.worklist_text(&k360()).unwrap() == list);
    let resent = world.hand.contributions(&k360(), &manifest).await.unwrap();
    assert!(resent == own, "and what was contributed is still told");
}

#[tokio::test]
async fn a_hand_back_that_was_fixed_is_the_only_one_though_its_list_was_not_written() {
    let mut world = World::ready().await;
    let own = world.hand.contributions(&k360(), &world.manifest).await.unwrap();
    let residents = residents(&own);
    let script = world.hand.script(&k360(), &world.manifest, &residents).unwrap();
    world.hand.hand_back(&k360(), &world.manifest, &script).await.unwrap();
    // As after a power cut between the two.
    world.alter(&k360(), "UPDATE study SET stage = 'submitted'; DELETE FROM hand_back").await;
    let list = world.federation.worklist_text(&k360()).unwrap();
    world.federation.forget_worklists().unwrap();
    world.restart(&k360()).await;
    let fewer = world.hand.script(&k360(), &world.manifest, &residents[1..]).unwrap();
    let refused = world.hand.hand_back(&k360(), &world.manifest, &fewer).await;
    assert_refused(refused, RejectCode::Replay, "another");
    assert!(world.federation.worklist_text(&k360()).is_none());
    world.hand.hand_back(&k360(), &world.manifest, &script).await.unwrap();
    assert!(world.federation.worklist_text(&k360()).unwrap() == list);
}

#[tokio::test]
async fn contributions_go_out_again_byte_for_byte_also_after_a_restart() {
    let mut world = World::ready().await;
    let send = async |world: &World| world.frames(&k360(), &Contribute {}, Kind::ContributionsEnd).await;
    let first = send(&world).await.unwrap();
    assert!(first.len() > 1 && send(&world).await.unwrap() == first);
    world.restart(&k360()).await;
    assert!(send(&world).await.unwrap() == first);
    // What is not what was fixed has no signed end.
    world.alter(&k360(), "UPDATE component SET kommune = kommune + 1 WHERE row = 1").await;
    assert_eq!(refused(send(&world).await), RejectCode::Internal);
}

#[tokio::test]
async fn before_its_key_is_pinned_a_study_is_lost_with_the_process() {
    let mut world = World::of_counts().await;
    world.hand.agree(&world.manifest).await.unwrap();
    let confirmations = world.hand.confirmations(&world.manifest).await.unwrap();
    assert!(!world.federation.scratch(&k360()).unwrap().is_empty());
    world.restart(&k360()).await;
    assert!(world.federation.scratch(&k360()).unwrap().is_empty(), "nothing is left of it");
    let pinned = world.hand.pin(&k360(), &world.manifest, &confirmations).await;
    assert_refused(pinned, RejectCode::StudyClosed, "k360");
    world.hand.pin(&node("k376"), &world.manifest, &confirmations).await.unwrap();
    assert_refused(world.hand.propose(&k360(), &world.manifest).await, RejectCode::Replay, "the same run");
    let again: Result<KeyRound1Package, _> =
        world.hand.ask(&node("k376"), world.manifest.digest(), &KeyRound1 {}).await;
    assert_refused(again, RejectCode::NotReady, "there is one key a study");
}

#[tokio::test]
async fn a_close_that_overtakes_the_agreement_still_ends_the_study() {
    let world = World::of_counts().await;
    let closed: Result<Closed, _> =
        world.hand.ask(&k360(), world.manifest.digest(), &Close { is_complete: false }).await;
    assert!(closed.is_ok());
    let agreed = world.hand.propose(&k360(), &world.manifest).await;
    assert_refused(agreed, RejectCode::StudyClosed, "nobody would close it again");
    assert!(world.federation.scratch(&k360()).unwrap().is_empty());
    let another = world.hand.draft(&world.federation).await.unwrap();
    world.hand.propose(&k360(), &another).await.unwrap();
}

#[tokio::test]
async fn another_key_is_not_pinned_in_place_of_the_first() {
    let world = World::ready().await;
    let other = world.hand.draft(&world.federation).await.unwrap();
    world.hand.agree(&other).await.unwrap();
    let confirmations = world.hand.confirmations(&other).await.unwrap();
    let pinned = world.hand.pin(&k360(), &world.manifest, &confirmations).await;
    assert_refused(pinned, RejectCode::BadSignature, "another study's");
}

#[tokio::test]
async fn a_hand_back_tells_whom_a_missing_member_leaves_incomplete_and_passes_for_no_more() {
    let mut world = World::of_counts().await;
    // The other municipality is away: spells of its rows may go on here.
    let manifest = &mut world.manifest;
    manifest.participants.retain(|participant| participant.node.as_str() != "k376");
    manifest.holders.retain(|holder| holder.as_str() != "k376");
    manifest.participants.iter_mut().for_each(|participant| participant.quorum = vec![1, 2]);
    world.hand.ready(&world.manifest).await.unwrap();
    let own = world.hand.contributions(&k360(), &world.manifest).await.unwrap();
    let missing = Missing { region: false, municipality: true };
    let with = |missing, fell_back| {
        let record = |record: HandBack| HandBack { missing, fell_back, ..record };
        let records: Vec<HandBack> = residents(&own).into_iter().map(record).collect();
        let mut script = world.hand.script(&k360(), &world.manifest, &records).unwrap();
        let total = HandBackTotal { missing: vec![node("k376")], ..script.end.total.content };
        script.end = world.hand.end(&world.manifest, total);
        script
    };
    let hand_back = async |script| world.hand.hand_back(&k360(), &world.manifest, &script).await;
    let honest = with(missing, 0);
    let total = |change: fn(&mut HandBackTotal)| {
        let mut total = honest.end.total.content.clone();
        change(&mut total);
        let mut script = honest.clone();
        script.end = world.hand.end(&world.manifest, total);
        script
    };
    let wrong = [
        ("nobody is missing", with(Missing::default(), 0)),
        ("a region is missing too", with(Missing { region: true, ..missing }, 0)),
        ("a group that the model does not have fell back", with(missing, 0x8000)),
        ("no member is named", total(|total| total.missing.clear())),
        ("another member is named", total(|total| total.missing[0] = node("region_1085"))),
        ("a count too few", total(|total| total.counts.fell_back.truncate(1))),
        ("a count too many", total(|total| total.counts.joined_events.push(0))),
    ];
    for (what, script) in wrong {
        assert_refused(hand_back(script).await, RejectCode::Malformed, what);
    }
    assert!(world.federation.worklist_text(&k360()).is_none());
    hand_back(with(missing, 1)).await.unwrap();
    let list = world.federation.worklist(&k360()).unwrap();
    assert!(!list.is_empty() && list.values().all(|line| !line.complete));
    let reasons = std::fs::read_to_string(world.federation.node_home(&k360()).incomplete("sad")).unwrap();
    let lines: Vec<&str> = reasons.lines().collect();
    assert!(lines.len() == list.len() + 1 && lines[0] == "person_id,missing,fell_back");
    assert!(lines[1..].iter().all(|line| line.ends_with(",municipality,spells")));
}
