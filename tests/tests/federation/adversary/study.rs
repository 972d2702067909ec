//! Studies that a node must not agree to, and steps at the wrong time.

use jiff::{SignedDuration, civil::date};
use tvaers_link::exchange::ExchangeError;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{
    Acceptance, Accepted, Close, Closed, Compute, Computed, Declined, KeyPin, KeyPinned, KeyRound1,
    KeyRound1Package, Open, Opened, Prepare, Propose, Signed,
};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::request::{TablesRequest, Under};
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::{Grain, Manifest};
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;

use super::{World, assert_refused, node, refused_at_last};

/// What is wrong, what a node says to it, and how to make it.
type Wrong = (&'static str, RejectCode, fn(&mut Manifest));

const WRONG: &[Wrong] = &[
    ("another roster", RejectCode::OtherStudy, |m| m.roster = Digest([7; 32])),
    ("a lower threshold", RejectCode::OtherStudy, |m| {
        m.threshold = 1;
        m.participants.iter_mut().for_each(|p| p.quorum.truncate(1));
    }),
    ("a higher threshold", RejectCode::OtherStudy, |m| {
        m.threshold = 3;
        m.participants.iter_mut().for_each(|p| p.quorum = vec![1, 2, 3]);
    }),
    ("holders in another order", RejectCode::OtherStudy, |m| m.holders.reverse()),
    ("a holder less", RejectCode::OtherStudy, |m| drop(m.holders.pop())),
    ("a holder twice", RejectCode::OtherStudy, |m| m.holders[1] = m.holders[0].clone()),
    ("a quorum of one", RejectCode::OtherStudy, |m| m.participants[0].quorum.truncate(1)),
    ("a quorum of one holder twice", RejectCode::OtherStudy, |m| m.participants[0].quorum = vec![1, 1]),
    ("a quorum with holder 0", RejectCode::OtherStudy, |m| m.participants[0].quorum = vec![0, 1]),
    ("a quorum with a holder too many", RejectCode::OtherStudy, |m| m.participants[0].quorum = vec![1, 4]),
    ("a quota beyond the roster's", RejectCode::OtherStudy, |m| m.participants[2].quota = u32::MAX),
    ("participants in another order", RejectCode::OtherStudy, |m| m.participants.reverse()),
    ("a participant twice", RejectCode::OtherStudy, |m| m.participants[1] = m.participants[0].clone()),
    ("a stranger", RejectCode::OtherStudy, |m| m.participants[2].node = node("region_1999")),
    ("a deadline that has passed", RejectCode::OtherStudy, |m| {
        m.created -= SignedDuration::from_hours(2);
        m.deadline = m.created + SignedDuration::from_hours(1);
    }),
    ("a deadline too far away", RejectCode::OtherStudy, |m| {
        m.deadline += SignedDuration::from_hours(24 * 500)
    }),
    ("a study from the future", RejectCode::OtherStudy, |m| {
        m.created += SignedDuration::from_hours(24);
        m.deadline += SignedDuration::from_hours(24);
    }),
    ("another date than asked for", RejectCode::OtherStudy, |m| m.as_of = date(2026, 2, 1)),
    ("another model than asked for", RejectCode::OtherStudy, |m| m.model = "somv".to_owned()),
    ("a finer grain than asked for", RejectCode::OtherStudy, |m| m.request.content.grain = Grain::Points),
    ("another price than asked for", RejectCode::OtherStudy, |m| {
        tables(m).nano_rho = Some(1);
    }),
    ("tables for nothing", RejectCode::OtherStudy, |m| m.nano_rho = 0),
    ("a price without tables", RejectCode::OtherStudy, |m| m.request.content.tables = None),
    ("nothing asked for", RejectCode::OtherStudy, |m| {
        m.request.content.list = None;
        m.request.content.tables = None;
        m.nano_rho = 0;
    }),
    ("another permit", RejectCode::PolicyRefused, |m| list(m).permit = "permit-1".to_owned()),
    ("the permit of another mode", RejectCode::PolicyRefused, |m| {
        let tables = tables(m).under.clone();
        *list(m) = tables;
    }),
    ("another permit for tables", RejectCode::PolicyRefused, |m| {
        tables(m).under.permit = "permit-1".to_owned()
    }),
    ("a request that has expired", RejectCode::PolicyRefused, |m| {
        m.request.content.created -= SignedDuration::from_hours(2);
        m.request.content.expires = m.request.content.created + SignedDuration::from_hours(1);
    }),
    ("a request from the future", RejectCode::PolicyRefused, |m| {
        m.request.content.created += SignedDuration::from_hours(1);
    }),
    ("a request that holds too long", RejectCode::PolicyRefused, |m| {
        m.request.content.expires += SignedDuration::from_hours(24 * 40);
    }),
    ("a later reference date", RejectCode::AsOfAfterExtract, |m| {
        m.as_of = date(2026, 3, 1);
        m.request.content.as_of = m.as_of;
    }),
    ("another catalogue", RejectCode::OtherCatalogue, |m| {
        m.catalogue_digest = Digest([7; 32]);
        m.request.content.catalogue_digest = m.catalogue_digest;
    }),
    ("another model", RejectCode::OtherModel, |m| {
        m.model_digest = Digest([7; 32]);
        m.request.content.model_digest = m.model_digest;
    }),
    ("an unknown model", RejectCode::UnknownModel, |m| {
        m.model = "happiness".to_owned();
        m.request.content.model = m.model.clone();
    }),
];

#[tokio::test]
async fn a_study_that_is_not_the_rosters_or_the_nodes_own_is_refused_by_every_node() {
    let world = World::new().await;
    let honest = world.draft().await;
    for (what, code, spoil) in WRONG {
        let mut manifest = honest.clone();
        spoil(&mut manifest);
        world.federation.sign_request(&mut manifest);
        for id in world.federation.names() {
            assert_refused(world.hand.propose(&id, &manifest).await, *code, (what, &id));
        }
    }
    world.hand.agree(&honest).await.unwrap();
}

fn list(manifest: &mut Manifest) -> &mut Under {
    manifest.request.content.list.as_mut().unwrap()
}

fn tables(manifest: &mut Manifest) -> &mut TablesRequest {
    manifest.request.content.tables.as_mut().unwrap()
}

#[tokio::test]
async fn a_study_that_no_person_of_the_roster_asked_for_is_refused() {
    let world = World::new().await;
    let honest = world.draft().await;
    let (roster, stranger) = (world.hand.roster().digest(), SigningKey::from_seed(&[9; 32]));
    let mut named = honest.request.content.clone();
    named.requester = stranger.verifying_key();
    let forged = [
        (
            "a stranger's key under the analyst's name",
            Signed::request(honest.request.content.clone(), roster, &stranger),
        ),
        ("a stranger under their own name", Signed::request(named, roster, &stranger)),
        (
            "the coordinator's key",
            Signed::request(honest.request.content.clone(), roster, world.hand.signing()),
        ),
    ];
    for (what, request) in forged {
        let manifest = Manifest { request: request.clone(), ..honest.clone() };
        for id in world.federation.names() {
            assert_refused(world.hand.propose(&id, &manifest).await, RejectCode::PolicyRefused, (what, &id));
            let declined: Declined = world
                .hand
                .ask(&id, Digest::NONE, &Prepare { request: request.clone(), approval: None })
                .await
                .unwrap();
            assert!(declined.rules[0].code.starts_with("request."), "{what}");
        }
    }
    world.hand.agree(&honest).await.unwrap();
}

#[tokio::test]
async fn a_study_over_other_data_or_without_the_node_is_refused_by_that_node() {
    let world = World::new().await;
    let honest = world.draft().await;
    let id = node("k360");
    let mut other = honest.clone();
    other.participants[0].data = Digest([7; 32]);
    assert_refused(world.hand.propose(&id, &other).await, RejectCode::OtherStudy, "other data");
    let mut without = honest.clone();
    without.participants.remove(0);
    assert_refused(world.hand.propose(&id, &without).await, RejectCode::OtherStudy, "without the node");
    world.hand.propose(&id, &honest).await.unwrap();
}

#[tokio::test]
async fn a_grain_finer_than_the_policy_grants_is_refused() {
    let federation = Federation::builder().made(60, 11).grain(Grain::Points).build().await.unwrap();
    let hand = Hand::new(&federation).unwrap();
    let mut manifest = hand.draft(&federation).await.unwrap();
    for grain in [Grain::Counts, Grain::Events] {
        manifest.grain = grain;
        assert_refused(hand.propose(&node("k360"), &manifest).await, RejectCode::PolicyRefused, grain);
    }
    manifest.grain = Grain::Points;
    hand.agree(&manifest).await.unwrap();
}

#[tokio::test]
async fn a_proposal_without_the_coordinators_signature_is_refused() {
    let world = World::new().await;
    let manifest = world.draft().await;
    let roster = world.hand.roster().digest();
    let stranger = SigningKey::from_seed(&[9; 32]);
    let forged = [
        Signed::new(manifest.clone(), Purpose::Proposal, roster, &stranger),
        // Signed by the right key, for something else.
        Signed::new(manifest.clone(), Purpose::Manifest, roster, world.hand.signing()),
        Signed::new(manifest.clone(), Purpose::Proposal, Digest([7; 32]), world.hand.signing()),
    ];
    for manifest in forged {
        let answer: Result<Accepted, _> =
            world.hand.ask(&node("k360"), Digest::NONE, &Propose { manifest }).await;
        assert_refused(answer, RejectCode::BadSignature, "forged");
    }
}

#[tokio::test]
async fn a_run_is_agreed_to_once_even_over_a_restart() {
    let mut world = World::new().await;
    let (manifest, id) = (world.draft().await, node("k360"));
    world.hand.propose(&id, &manifest).await.unwrap();
    assert_refused(world.hand.propose(&id, &manifest).await, RejectCode::Replay, "again");
    // The same run with another content is no other run.
    let later = Manifest { deadline: manifest.deadline + SignedDuration::from_secs(1), ..manifest.clone() };
    assert_refused(world.hand.propose(&id, &later).await, RejectCode::Replay, "again, otherwise");
    world.federation.restart(&id).await.unwrap();
    world.hand.link(&world.federation, &id).unwrap();
    assert_refused(world.hand.propose(&id, &manifest).await, RejectCode::Replay, "after a restart");
}

#[tokio::test]
async fn a_study_is_opened_only_with_every_participants_own_agreement() {
    let world = World::new().await;
    let (manifest, id) = (world.draft().await, node("k360"));
    let mut agreed = Vec::new();
    for participant in &manifest.participants {
        agreed.push(world.hand.propose(&participant.node, &manifest).await.unwrap());
    }
    let made_up = |node| {
        let content = Acceptance { node, manifest: manifest.digest() };
        Signed::new(content, Purpose::Manifest, manifest.digest(), world.hand.signing())
    };
    let wrong = [
        vec![],
        agreed[..2].to_vec(),
        vec![agreed[0].clone(), agreed[1].clone(), agreed[1].clone()],
        vec![agreed[1].clone(), agreed[0].clone(), agreed[2].clone()],
        vec![agreed[0].clone(), agreed[1].clone(), made_up(agreed[2].content.node.clone())],
        [agreed.clone(), agreed[..1].to_vec()].concat(),
    ];
    for acceptances in wrong {
        let n = acceptances.len();
        let opened: Result<Opened, _> = world.hand.ask(&id, manifest.digest(), &Open { acceptances }).await;
        assert_refused(opened, RejectCode::BadSignature, n);
    }
    let opened: Result<Opened, _> =
        world.hand.ask(&id, manifest.digest(), &Open { acceptances: agreed }).await;
    assert!(opened.is_ok());
}

#[tokio::test]
async fn no_step_is_taken_before_the_one_that_it_needs_or_a_second_time() {
    let world = World::new().await;
    let (manifest, id) = (world.draft().await, node("k360"));
    let (hand, study) = (&world.hand, manifest.digest());
    let begin = async || hand.ask::<_, KeyRound1Package>(&id, study, &KeyRound1 {}).await;
    let compute = async || hand.ask::<_, Computed>(&id, study, &Compute {}).await;
    let code = RejectCode::NotReady;
    assert_refused(begin().await, RejectCode::OtherStudy, "a key for a study nobody knows");
    hand.propose(&id, &manifest).await.unwrap();
    assert_refused(begin().await, code, "a key before all have agreed");
    assert_refused(compute().await, code, "components before there is a key");

    let mut world = World::new().await;
    let manifest = world.draft().await;
    let (hand, study) = (&world.hand, manifest.digest());
    hand.agree(&manifest).await.unwrap();
    let confirmations = hand.confirmations(&manifest).await.unwrap();
    assert_refused(hand.pseudonymise(&id, &manifest).await, code, "pseudonyms before the key is pinned");
    hand.pin(&id, &manifest, &confirmations).await.unwrap();
    let again: Result<KeyPinned, ExchangeError> = hand.ask(&id, study, &KeyPin { confirmations }).await;
    assert!(again.is_ok(), "the same key again, as the answer may have been lost");
    assert_refused(hand.pseudonymise(&id, &manifest).await, code, "pseudonyms before components");
    assert_eq!(
        refused_at_last(hand.contributions(&id, &manifest).await),
        code,
        "contributions before pseudonyms"
    );
    let closed: Result<Closed, _> = hand.ask(&id, study, &Close { is_complete: false }).await;
    assert!(closed.is_ok());
    assert_refused(hand.pseudonymise(&id, &manifest).await, RejectCode::StudyClosed, "a closed study");
    world.federation.restart(&id).await.unwrap();
    world.assert_no_list();
}
