//! Contributions that must leave once, and hand-backs that must not be believed.

use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::HandBackTotal;
use tvaers_protocol::message::Signed;
use tvaers_protocol::record::{Contribution, HandBack};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::{Disclosure, Manifest};
use tvaers_tests::hand::{Script, record};

use super::{World, assert_refused, node};

#[tokio::test]
async fn contributions_do_not_change_once_they_have_left_even_over_a_restart() {
    let mut world = World::new().await;
    let (manifest, id) = (world.draft().await, node("k360"));
    world.hand.ready(&manifest).await.unwrap();
    let first = world.hand.contributions(&id, &manifest).await.unwrap();
    assert!(!first.is_empty() && world.hand.contributions(&id, &manifest).await.unwrap() == first);
    world.federation.restart(&id).await.unwrap();
    world.hand.link(&world.federation, &id).unwrap();
    assert!(world.hand.contributions(&id, &manifest).await.unwrap() == first);
    assert_refused(world.hand.propose(&id, &manifest).await, RejectCode::Replay, "the same run");

    let another = world.draft().await;
    world.hand.ready(&another).await.unwrap();
    let other = world.hand.contributions(&id, &another).await.unwrap();
    assert!(other.iter().all(|one| first.iter().all(|before| before.pseudonym != one.pseudonym)));
}

/// A study in which every node has contributed, and nothing has been handed back.
struct Contributed {
    world: World,
    manifest: Manifest,
    own: Vec<Contribution>,
    others: Vec<Contribution>,
}

impl Contributed {
    async fn new() -> Self {
        let world = World::new().await;
        let manifest = world.draft().await;
        world.hand.ready(&manifest).await.unwrap();
        let own = world.hand.contributions(&k360(), &manifest).await.unwrap();
        let others = world.hand.contributions(&node("k376"), &manifest).await.unwrap();
        Self { world, manifest, own, others }
    }

    /// The node's own residents in the population, as it said itself.
    fn residents(&self) -> Vec<HandBack> {
        let residents = self.own.iter().filter(|contribution| contribution.resident && contribution.eligible);
        residents.map(|contribution| record(contribution.pseudonym)).collect()
    }

    fn script(&self, records: &[HandBack]) -> Script {
        self.world.hand.script(&k360(), &self.manifest, records).unwrap()
    }

    async fn assert_refused(&self, script: &Script, code: RejectCode, what: &str) {
        assert_refused(self.world.hand.hand_back(&k360(), &self.manifest, script).await, code, what);
        self.world.assert_no_list();
    }

    /// Hands back what an honest coordinator would: whatever was refused before has left nothing behind.
    async fn assert_taken(&self) {
        let residents = self.residents();
        let written =
            self.world.hand.hand_back(&k360(), &self.manifest, &self.script(&residents)).await.unwrap();
        assert_eq!(usize::try_from(written.persons).unwrap(), residents.len());
        assert_eq!(self.world.federation.worklist(&k360()).unwrap().len(), residents.len());
    }
}

fn k360() -> NodeId {
    node("k360")
}

#[tokio::test]
async fn only_the_nodes_own_residents_can_be_handed_back_to_it() {
    let it = Contributed::new().await;
    let stranger =
        it.others.iter().find(|other| it.own.iter().all(|own| own.pseudonym != other.pseudonym)).unwrap();
    let known = it.own.iter().find(|own| !own.resident).unwrap();
    for (what, who) in [("never contributed", stranger.pseudonym), ("no resident", known.pseudonym)] {
        it.assert_refused(&it.script(&[record(who)]), RejectCode::PolicyRefused, what).await;
        let mut among_residents = it.residents();
        among_residents.push(record(who));
        among_residents.sort_by_key(|record| record.pseudonym);
        it.assert_refused(&it.script(&among_residents), RejectCode::PolicyRefused, what).await;
    }
    it.assert_taken().await;
}

#[tokio::test]
async fn records_out_of_order_or_twice_are_refused() {
    let it = Contributed::new().await;
    let mut records = it.residents();
    records.swap(0, 1);
    it.assert_refused(&it.script(&records), RejectCode::Malformed, "out of order").await;
    records.swap(0, 1);
    records[1] = records[0].clone();
    it.assert_refused(&it.script(&records), RejectCode::Malformed, "one twice").await;
    it.assert_taken().await;
}

#[tokio::test]
async fn frames_repeated_missing_or_out_of_turn_are_refused() {
    let it = Contributed::new().await;
    let honest = it.script(&it.residents());
    let mut twice = honest.clone();
    twice.frames.push(honest.frames[0].clone());
    it.assert_refused(&twice, RejectCode::Replay, "a frame twice").await;
    let mut late = honest.clone();
    late.frames[0].sequence = 1;
    it.assert_refused(&late, RejectCode::Replay, "the first frame is missing").await;
    let mut none = honest.clone();
    none.frames.clear();
    it.assert_refused(&none, RejectCode::Malformed, "every frame is missing").await;
    let mut cut = honest.clone();
    cut.frames[0].records.pop();
    it.assert_refused(&cut, RejectCode::Malformed, "half a record").await;
    it.assert_taken().await;
}

#[tokio::test]
async fn a_total_that_does_not_fit_or_that_the_coordinator_did_not_sign_for_this_node_is_refused() {
    let it = Contributed::new().await;
    let honest = it.script(&it.residents());
    let total = honest.end.total.content.clone();
    let with =
        |total: HandBackTotal| Script { end: it.world.hand.end(&it.manifest, total), ..honest.clone() };
    let mut more = total.clone();
    more.stream.records += 1;
    it.assert_refused(&with(more), RejectCode::Malformed, "another count").await;
    let mut other = total.clone();
    other.stream.digest.0[0] ^= 1;
    it.assert_refused(&with(other), RejectCode::Malformed, "another digest").await;
    let mut for_another = total.clone();
    for_another.stream.node = node("k376");
    it.assert_refused(&with(for_another), RejectCode::Malformed, "another node's").await;

    let mut changed = honest.clone();
    changed.end.total.content.counts.residents = 1_000_000;
    it.assert_refused(&changed, RejectCode::BadSignature, "other counts under the same signature").await;
    let mut forged = honest.clone();
    let stranger = SigningKey::from_seed(&[9; 32]);
    forged.end.total = Signed::new(total, Purpose::HandBack, it.manifest.digest(), &stranger);
    it.assert_refused(&forged, RejectCode::BadSignature, "a stranger's signature").await;
    it.assert_taken().await;
}

#[tokio::test]
async fn a_stratum_that_the_model_does_not_have_is_refused() {
    let it = Contributed::new().await;
    let mut records = it.residents();
    records[0].stratum = 3;
    let answer = it.world.hand.hand_back(&k360(), &it.manifest, &it.script(&records)).await;
    assert!(matches!(super::refused(answer), RejectCode::Malformed | RejectCode::Internal));
    it.world.assert_no_list();
    it.assert_taken().await;
}

#[tokio::test]
async fn what_the_study_does_not_disclose_is_shown_as_nothing() {
    let shown = [
        (Disclosure::Inclusion, ",,false,true"),
        (Disclosure::Stratum, ",low,false,true"),
        (Disclosure::Total, "0,low,false,true"),
    ];
    for (disclosure, expected) in shown {
        let world = World::new().await;
        let manifest = Manifest { disclosure, ..world.draft().await };
        world.hand.ready(&manifest).await.unwrap();
        let own = world.hand.contributions(&k360(), &manifest).await.unwrap();
        let resident =
            own.iter().find(|contribution| contribution.resident && contribution.eligible).unwrap();
        // The coordinator says more than it was asked to; the node shows what was agreed.
        let record = HandBack { items: vec![1; 9], ..record(resident.pseudonym) };
        let script = world.hand.script(&k360(), &manifest, &[record]).unwrap();
        world.hand.hand_back(&k360(), &manifest, &script).await.unwrap();
        let list = world.federation.worklist_text(&k360()).unwrap();
        let (header, line) = list.trim_end().split_once('\n').unwrap();
        let (_, after) = line.split_once(',').unwrap();
        assert_eq!(after, format!("{expected}{}", ",".repeat(9)), "{disclosure:?}");
        assert_eq!(line.matches(',').count(), header.matches(',').count(), "as many fields as names");
    }
}

#[tokio::test]
async fn a_list_is_written_once_and_only_after_the_node_has_contributed() {
    let world = World::new().await;
    let manifest = world.draft().await;
    world.hand.ready(&manifest).await.unwrap();
    let empty = world.hand.script(&k360(), &manifest, &[]).unwrap();
    assert_refused(world.hand.hand_back(&k360(), &manifest, &empty).await, RejectCode::NotReady, "too early");
    world.assert_no_list();
    world.hand.contributions(&k360(), &manifest).await.unwrap();
    world.hand.hand_back(&k360(), &manifest, &empty).await.unwrap();
    let list = world.federation.worklist_text(&k360()).unwrap();
    assert_eq!(list.lines().count(), 1, "nobody was handed back, so there is a header alone");
    world.hand.hand_back(&k360(), &manifest, &empty).await.unwrap();
    let mut total = empty.end.total.content.clone();
    total.counts.residents += 1;
    let other = Script { end: world.hand.end(&manifest, total), ..empty };
    assert_refused(world.hand.hand_back(&k360(), &manifest, &other).await, RejectCode::Replay, "another");
}

#[tokio::test]
async fn a_list_is_not_made_once_the_policy_no_longer_allows_it() {
    let contributed = Contributed::new().await;
    let script = contributed.script(&contributed.residents());
    let policy = contributed.world.federation.node_home(&k360()).policy();
    let before = std::fs::read(&policy).unwrap();
    std::fs::remove_file(&policy).unwrap();
    contributed.assert_refused(&script, RejectCode::PolicyRefused, "no policy any more").await;
    std::fs::write(&policy, before).unwrap();
    contributed.assert_taken().await;
}
