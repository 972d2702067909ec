//! Requests carried out with puppets for nodes: who is away, who comes back, who never does.

use std::sync::Arc;

use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::Digest;
use tvaers_protocol::record::Missing;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::Grain;

use tvaers_protocol::objection::Objection;

use super::*;
use crate::testing::{Mischief, World, node, pseudonym, sad, spell, wish};

/// Questions of a run up to the pinned key, and after it. Those of the second round come to municipalities alone.
const BEFORE_PIN: [Kind; 6] =
    [Kind::Prepare, Kind::Propose, Kind::Open, Kind::KeyRound1, Kind::KeyRound2, Kind::KeyRound3];
const AFTER_PIN: [Kind; 8] = [
    Kind::KeyPin,
    Kind::Compute,
    Kind::Pseudonymise,
    Kind::Contribute,
    Kind::EventRequestsEnd,
    Kind::SubmitEvents,
    Kind::ObjectionsEnd,
    Kind::HandBackEnd,
];

fn all() -> impl Iterator<Item = Kind> {
    BEFORE_PIN.into_iter().chain(AFTER_PIN)
}

/// Everybody has a list, of this many residents, and nobody was missing.
fn assert_whole(world: &World, summary: &Summary, what: &str) {
    assert!(summary.missing.is_empty() && summary.unconfirmed.is_empty(), "{what}: {summary:?}");
    for (name, residents) in [("k360", 20), ("k376", 10)] {
        world.puppet(name).lists(|lists| {
            let list = lists.last().unwrap();
            assert_eq!(list.records.len(), residents, "{what}");
            assert!(list.records.iter().all(tvaers_protocol::record::HandBack::is_complete), "{what}");
            assert!(list.total.missing.is_empty(), "{what}");
        });
    }
    assert_eq!(world.open_studies(), 0, "{what}: a study was not closed");
}

/// k360 has the one list, marked for the missing municipality.
fn assert_without_k376(world: &World, summary: &Summary, what: &str) {
    assert_eq!(summary.missing, [node("k376")], "{what}");
    assert_eq!(summary.worklists, [node("k360")], "{what}");
    world.puppet("k360").lists(|lists| {
        let list = lists.last().unwrap();
        assert_eq!(list.total.missing, [node("k376")], "{what}");
        assert_eq!(list.records.len(), 20, "{what}");
        let marked = Missing { region: false, municipality: true };
        assert!(list.records.iter().all(|record| record.missing == marked), "{what}");
    });
}

#[tokio::test]
async fn with_everyone_there_everyone_gets_a_list_and_the_end_is_remembered() {
    let world = World::new(Grain::Counts).await;
    let summary = world.run(5).await.unwrap();
    assert_whole(&world, &summary, "a plain run");
    assert_eq!((summary.grain, summary.quorum), (Grain::Counts, (2, 3)));
    assert_eq!(world.puppet("k360").heard(Kind::Contribute), 1, "there is no second round at counts");
    let rows = world.coordinator.state().requests(None).await.unwrap();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row.outcome, Some(Outcome::Done(summary.clone())));
    assert_eq!(row.studies[0].run, summary.run.to_string());
    assert_eq!(row.studies[0].outcome.as_deref(), Some("complete"));
    for name in ["k360", "k376", "region_1085"] {
        assert!(world.coordinator.state().unclosed(&node(name)).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn events_of_two_nodes_are_asked_for_and_put_together() {
    let world = World::new(Grain::Events).await;
    // Person 3 lives in k360 and has spells at both; 4 at its own only; 25 lives in k376 and is no longer eligible.
    world.puppet("k360").touches(3, vec![spell(3, 0, 9)]);
    world.puppet("k360").touches(4, vec![]);
    world.puppet("k376").knows_elsewhere(3, vec![spell(3, 10, 19), spell(3, 30, 31)]);
    world.puppet("k360").knows_elsewhere(25, vec![]);
    world.puppet("k376").touches(25, vec![]);
    world.puppet("k376").change(|all| {
        all.iter_mut().find(|c| c.pseudonym == pseudonym(25)).unwrap().eligible = false;
    });
    let summary = world.run(5).await.unwrap();
    assert_eq!(summary.grain, Grain::Events);
    for name in ["k360", "k376"] {
        let asked = world.puppet(name).asked();
        assert!(asked.len() == 1 && asked[0].pseudonym == pseudonym(3) && asked[0].groups == 1, "{name}");
        assert_eq!(world.puppet(name).heard(Kind::Contribute), 2);
    }
    assert_eq!(world.puppet("region_1085").heard(Kind::SubmitEvents), 0, "regions have no spells");
    world.puppet("k360").lists(|lists| {
        let [list] = lists else { panic!("{} lists", lists.len()) };
        assert_eq!(list.total.counts.joined_events, [1, 0]);
        assert_eq!(list.total.counts.fell_back, [0, 0]);
        let of = |person| list.records.iter().find(|record| record.pseudonym == pseudonym(person)).unwrap();
        assert!(of(3).is_complete());
        // The last spell, of two days, is no long one; the one before, of twenty days, is not the last.
        let last = sad().criteria.iter().position(|criterion| criterion.name == "last").unwrap();
        assert_eq!(of(3).items[last], 0);
    });
}

#[tokio::test]
async fn whoever_objects_at_one_node_is_left_out_and_the_others_are_told() {
    let world = World::new(Grain::Events).await;
    // Person 3 lives in k360, has spells at both, and objects at k376; 4 lives in k360 and objects there, where nobody
    // else knows of it; 25 lives in k376 and objects at both.
    world.puppet("k360").touches(3, vec![]);
    world.puppet("k376").knows_elsewhere(3, vec![]);
    world.puppet("k376").objects(3);
    world.puppet("k360").objects(4);
    world.puppet("k360").knows_elsewhere(25, vec![]);
    world.puppet("k360").objects(25);
    world.puppet("k376").objects(25);
    world.run(5).await.unwrap();
    assert!(world.puppet("k360").asked().is_empty() && world.puppet("k376").asked().is_empty());
    let study = world.puppet("k360").manifests().last().unwrap().digest();
    let word = |name: &str, by, person| Objection {
        pseudonym: pseudonym(person),
        by,
        signature: world.puppet(name).objection(person, study),
    };
    assert!(world.puppet("k360").objecting() == [vec![word("k376", 1, 3)]]);
    assert!(world.puppet("k376").objecting() == [vec![]], "told of none, as it would be of some");
    let at_region = world.puppet("region_1085").objecting();
    let [told] = at_region.as_slice() else { panic!("told {} times", at_region.len()) };
    let known = [word("k376", 1, 3), word("k360", 0, 4), word("k360", 0, 25)];
    assert!(told.iter().all(|objection| known.contains(objection)));
    for (name, residents, gone) in [("k360", 18, [3, 4]), ("k376", 9, [25, 25])] {
        world.puppet(name).lists(|lists| {
            let list = lists.last().unwrap();
            assert_eq!((list.records.len(), list.total.counts.residents), (residents, residents as u64));
            assert!(
                list.records.iter().all(|record| gone.iter().all(|one| record.pseudonym != pseudonym(*one)))
            );
        });
    }
}

#[tokio::test]
async fn where_two_nodes_spells_are_one_its_length_is_that_of_both() {
    let world = World::new(Grain::Events).await;
    world.puppet("k360").touches(3, vec![spell(3, 0, 9)]);
    world.puppet("k376").knows_elsewhere(3, vec![spell(3, 10, 19)]);
    world.run(5).await.unwrap();
    let last = sad().criteria.iter().position(|criterion| criterion.name == "last").unwrap();
    let points = world.puppet("k360").lists(|lists| {
        let records = &lists.last().unwrap().records;
        records.iter().find(|record| record.pseudonym == pseudonym(3)).unwrap().items[last]
    });
    assert_eq!(points, 1, "neither part is longer than 14 days, the whole is");
}

#[tokio::test]
async fn at_counts_the_fall_back_is_used_and_marked_by_group() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k360").touches(3, vec![]);
    world.puppet("k376").knows_elsewhere(3, vec![]);
    let summary = world.run(5).await.unwrap();
    assert_eq!(summary.falls_back.len(), 1);
    world.puppet("k360").lists(|lists| {
        let list = lists.last().unwrap();
        assert_eq!(
            (&list.total.counts.fell_back, &list.total.counts.joined_events),
            (&vec![1, 0], &vec![0, 0])
        );
        let marked: Vec<u16> =
            list.records.iter().map(|record| record.fell_back).filter(|bits| *bits != 0).collect();
        assert_eq!(marked, [1]);
    });
}

#[tokio::test]
async fn events_that_were_not_asked_for_and_requests_without_an_event_are_a_fault_of_the_node() {
    for (events, said) in [
        (vec![], "no event for a group"),
        (vec![spell(2, 0, 9), spell(3, 0, 9)], "not asked for"),
        (vec![spell(3, 0, 9), spell(4, 0, 9)], "not asked for"),
        (vec![spell(4, 0, 9), spell(3, 0, 9)], "no event for a group"),
    ] {
        let world = World::new(Grain::Events).await;
        world.puppet("k360").touches(3, vec![spell(3, 0, 9)]);
        world.puppet("k376").knows_elsewhere(3, vec![]);
        world.puppet("k376").set_events(events);
        let problem = world.run(5).await.unwrap_err();
        assert!(problem.what.contains(said), "{problem}");
        assert_eq!((problem.exit, problem.place.as_str()), (Exit::Failed, "node k376"));
        world.puppet("k360").lists(|lists| assert!(lists.is_empty()));
        assert_eq!(world.open_studies(), 0);
    }
}

#[tokio::test]
async fn contributions_that_change_between_the_two_rounds_are_a_fault_of_the_node() {
    let world = World::new(Grain::Events).await;
    world.puppet("k376").change_second(|all| all[0].values[0] = 1);
    let problem = world.run(5).await.unwrap_err();
    assert!(problem.what.contains("not the one that the node sent before"), "{problem}");
    assert_eq!((problem.exit, problem.place.as_str()), (Exit::Failed, "node k376"));
    for name in ["k360", "k376"] {
        world.puppet(name).lists(|lists| assert!(lists.is_empty(), "{name} has a list"));
    }
}

#[tokio::test]
async fn a_node_that_does_not_come_is_missing_and_everyone_is_marked_for_it() {
    let world = World::alone(Grain::Counts).await;
    world.connect("k360");
    world.connect("region_1085");
    let summary = world.run(1).await.unwrap();
    assert_without_k376(&world, &summary, "from the start");
    assert_eq!(summary.quorum, (2, 2));
    assert_eq!(summary.exit(false), Exit::Incomplete);
    let rows = world.coordinator.state().requests(None).await.unwrap();
    assert_eq!(rows[0].studies[0].missing, [node("k376")]);
}

#[tokio::test]
async fn a_missing_region_is_marked_as_one() {
    let world = World::alone(Grain::Events).await;
    world.connect("k360");
    world.connect("k376");
    let summary = world.run(0).await.unwrap();
    assert_eq!(summary.missing, [node("region_1085")]);
    world.puppet("k376").lists(|lists| {
        let marked = Missing { region: true, municipality: false };
        assert!(lists.last().unwrap().records.iter().all(|record| record.missing == marked));
    });
}

#[tokio::test]
async fn with_too_few_holders_or_no_municipality_nothing_is_made() {
    let world = World::alone(Grain::Counts).await;
    world.connect("k360");
    let problem = world.run(0).await.unwrap_err();
    assert_eq!((problem.exit, problem.code.as_str()), (Exit::Incomplete, "stratify.too-few"));
    assert_eq!(problem.place, "node k376, region_1085");
    assert_eq!(world.puppet("k360").heard(Kind::Prepare), 0);
    let rows = world.coordinator.state().requests(None).await.unwrap();
    assert!(
        rows[0].studies.is_empty() && matches!(&rows[0].outcome, Some(Outcome::Failed(_, Exit::Incomplete)))
    );
}

#[tokio::test]
async fn a_node_that_goes_and_comes_back_in_time_costs_nothing_whatever_it_was_at() {
    for kind in all() {
        let world = World::new(Grain::Events).await;
        world.puppet("k376").plot(kind, Mischief::Cut, 1);
        let summary = world.run_with_returns(20).await;
        let summary = summary.unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        assert_whole(&world, &summary, &format!("cut at {kind}"));
        let drafts = world.puppet("k360").heard(Kind::Propose);
        assert_eq!(drafts, if BEFORE_PIN.contains(&kind) && kind != Kind::Prepare { 2 } else { 1 }, "{kind}");
    }
}

#[tokio::test]
async fn a_node_that_goes_and_stays_away_is_done_without_whatever_it_was_at() {
    for kind in all().filter(|kind| *kind != Kind::HandBackEnd) {
        let world = World::new(Grain::Events).await;
        world.puppet("k376").plot(kind, Mischief::Cut, 1);
        let summary = world.run(0).await.unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        assert_without_k376(&world, &summary, &format!("gone at {kind}"));
        // It hears of the end of what it had begun when it is back.
        let known = usize::from(!matches!(kind, Kind::Prepare | Kind::Propose));
        assert_eq!(world.open_studies(), known, "{kind}");
        world.connect("k376");
        while world.open_studies() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn lists_that_stand_are_kept_where_only_the_last_word_of_another_node_is_missing() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::HandBackEnd, Mischief::Cut, 1);
    let summary = world.run(0).await.unwrap();
    assert!(summary.missing.is_empty());
    assert_eq!((&summary.unconfirmed, &summary.worklists), (&vec![node("k376")], &vec![node("k360")]));
    assert_eq!(summary.exit(false), Exit::Incomplete);
    world.puppet("k360").lists(|lists| {
        assert_eq!(lists.len(), 1, "it is not told again with less in it");
        assert!(lists[0].total.missing.is_empty());
    });
}

#[tokio::test]
async fn a_study_that_a_node_has_lost_is_begun_anew_with_all_who_are_there() {
    for kind in AFTER_PIN {
        let world = World::new(Grain::Events).await;
        world.puppet("k376").plot(kind, Mischief::Restart, 1);
        let summary = world.run_with_returns(20).await.unwrap();
        assert_whole(&world, &summary, &format!("lost at {kind}"));
        assert_eq!(world.puppet("k360").heard(Kind::Propose), 2, "{kind}");
    }
}

#[tokio::test]
async fn a_node_that_breaks_down_again_and_again_is_given_up_in_the_end() {
    for kind in [Kind::Open, Kind::Compute, Kind::Contribute] {
        let world = World::new(Grain::Counts).await;
        world.puppet("k376").plot(kind, Mischief::Cut, u32::MAX);
        let summary = world.run_with_returns(20).await.unwrap();
        assert_without_k376(&world, &summary, kind.name());
        let tries = world.puppet("k376").heard(kind);
        assert!((5..=11).contains(&tries), "{tries} tries at {kind}");
    }
}

#[tokio::test]
async fn a_node_that_is_there_and_says_nothing_is_given_up_too() {
    for kind in [Kind::Propose, Kind::Pseudonymise] {
        let world = World::new(Grain::Counts).await;
        world.puppet("k376").plot(kind, Mischief::Silence, u32::MAX);
        let summary = world.run(20).await.unwrap();
        assert_without_k376(&world, &summary, kind.name());
    }
}

#[tokio::test]
async fn a_node_whose_word_was_lost_once_is_asked_again() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::Compute, Mischief::Silence, 1);
    let summary = world.run(20).await.unwrap();
    assert_whole(&world, &summary, "one lost answer");
}

#[tokio::test]
async fn a_node_that_stays_connected_and_does_not_hear_of_a_studys_end_is_told_again_until_it_does() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::Close, Mischief::Silence, 4);
    world.run(20).await.unwrap();
    let state = world.coordinator.state();
    let heard = async {
        while !state.unclosed(&world.puppet("k376").id).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.unwrap();
    assert!(world.puppet("k376").heard(Kind::Close) > 4);
}

#[tokio::test]
async fn a_requester_that_cannot_reach_a_holder_is_asked_again_and_not_for_ever() {
    let unreachable = Mischief::Refuse(RejectCode::Unreachable);
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::Pseudonymise, unreachable, 3);
    assert_whole(&world, &world.run(20).await.unwrap(), "a holder came back");
    world.puppet("k376").plot(Kind::Pseudonymise, unreachable, u32::MAX);
    let problem = world.run(20).await.unwrap_err();
    assert_eq!((problem.exit, problem.place.as_str()), (Exit::Incomplete, "node k376"));
    assert_eq!(world.open_studies(), 0);
}

#[tokio::test]
async fn a_word_about_a_holder_names_it_and_leaves_nobody_out() {
    // What would end the study anyway; what a new study may help; what may help when asked again.
    for code in [RejectCode::BadProof, RejectCode::StudyClosed, RejectCode::Busy] {
        let world = World::new(Grain::Counts).await;
        world.puppet("k376").plot(Kind::Pseudonymise, Mischief::Blame("k360", code), u32::MAX);
        let problem = world.run(20).await.unwrap_err();
        assert_eq!((problem.code.as_str(), problem.place.as_str()), ("holder.blamed", "node k360"), "{code}");
        assert!(
            problem.what.starts_with("`k376` says") && problem.what.contains(&code.to_string()),
            "{problem}"
        );
        assert_eq!(world.open_studies(), 0, "{code}");
        for name in ["k360", "k376"] {
            world.puppet(name).lists(|lists| assert!(lists.is_empty(), "{code}"));
            // Everyone takes part in each study that was drafted.
            assert!(world.puppet(name).manifests().iter().all(|manifest| manifest.participants.len() == 3));
        }
    }
}

#[tokio::test]
async fn nobody_is_named_who_is_no_holder_of_the_study_nor_by_oneself() {
    for name in ["k999", "k376"] {
        let world = World::new(Grain::Counts).await;
        world.puppet("k376").plot(Kind::KeyRound3, Mischief::Blame(name, RejectCode::BadProof), 1);
        let problem = world.run(20).await.unwrap_err();
        assert_eq!((problem.code.as_str(), problem.place.as_str()), ("node.refused", "node k376"), "{name}");
    }
}

#[tokio::test]
async fn a_round_that_stops_several_holders_is_told_by_the_one_that_names_whose_fault_it_is() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k360").plot(Kind::KeyRound3, Mischief::Refuse(RejectCode::BadProof), 1);
    world.puppet("region_1085").plot(Kind::KeyRound3, Mischief::Blame("k376", RejectCode::BadProof), 1);
    let problem = world.run(20).await.unwrap_err();
    assert_eq!((problem.code.as_str(), problem.place.as_str()), ("holder.blamed", "node k376"));
}

#[tokio::test]
async fn while_a_holder_is_away_requesters_wait_for_it() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k360").plot(Kind::Pseudonymise, Mischief::Refuse(RejectCode::Unreachable), 1);
    world.puppet("k376").plot(Kind::Pseudonymise, Mischief::Cut, 1);
    let summary = world.run_with_returns(20).await.unwrap();
    assert_whole(&world, &summary, "a holder was away");
}

#[tokio::test]
async fn a_node_that_has_lost_its_last_steps_is_brought_up_again() {
    for kind in [Kind::Pseudonymise, Kind::Contribute] {
        let world = World::new(Grain::Counts).await;
        world.puppet("k376").plot(kind, Mischief::Refuse(RejectCode::NotReady), 1);
        let summary = world.run(20).await.unwrap();
        assert_whole(&world, &summary, kind.name());
        assert_eq!(world.puppet("k376").heard(Kind::Compute), if kind == Kind::Pseudonymise { 2 } else { 1 });
        assert_eq!(world.puppet("k376").heard(Kind::Pseudonymise), 2);
    }
}

#[tokio::test]
async fn a_refusal_fails_the_request_and_comes_before_a_missing_node() {
    let world = World::alone(Grain::Counts).await;
    world.connect("k360");
    world.connect("k376");
    world.puppet("k376").plot(Kind::Propose, Mischief::Refuse(RejectCode::PolicyRefused), u32::MAX);
    let problem = world.run(0).await.unwrap_err();
    assert_eq!((problem.exit, problem.place.as_str()), (Exit::Refused, "node k376"));
    world.puppet("k360").lists(|lists| assert!(lists.is_empty()));
    assert_eq!(world.open_studies(), 0);
}

#[tokio::test]
async fn a_coordinator_that_stops_goes_on_where_it_was_and_before_the_key_is_pinned_begins_anew() {
    for kind in all() {
        let mut world = World::new(Grain::Events).await;
        // At this question the coordinator dies, before it has an answer.
        world.puppet("k376").plot(kind, Mischief::Silence, 1);
        let request = world.request(20);
        {
            let coordinator = Arc::clone(&world.coordinator);
            let run = tokio::spawn(async move {
                let id = RequestId::random();
                stratify_for_ever(&coordinator, &id, &request).await;
            });
            world.until("k376", kind).await;
            run.abort();
            assert!(run.await.is_err(), "{kind}: the run has ended before");
        }
        world.restart().await;
        let before: Vec<Digest> = world.coordinator.state().resumable().await.unwrap();
        world.connect_all();
        let ended = world.go_on().await;
        let [(id, result)] = ended.as_slice() else { panic!("{kind}: {} requests", ended.len()) };
        let summary = result.as_ref().unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        assert_whole(&world, summary, &format!("stopped at {kind}"));
        let is_pinned = AFTER_PIN.contains(&kind) && kind != Kind::KeyPin;
        assert_eq!(before.len(), usize::from(is_pinned), "{kind}");
        let drafts = if is_pinned || kind == Kind::Prepare { 1 } else { 2 };
        assert_eq!(world.puppet("k360").heard(Kind::Propose), drafts, "{kind}");
        let rows = world.coordinator.state().requests(Some(id)).await.unwrap();
        assert!(matches!(&rows[0].outcome, Some(Outcome::Done(_))), "{kind}");
        assert!(stratify_again(&world, id).await == *summary, "{kind}: the same name, the same answer");
    }
}

async fn stratify_for_ever(coordinator: &Coordinator, id: &RequestId, request: &Request) {
    let _ = run_as(coordinator, id, request, &Events::channel().0).await;
}

async fn stratify_again(world: &World, id: &RequestId) -> Summary {
    run_as(&world.coordinator, id, &world.request(20), &Events::channel().0).await.unwrap()
}

#[tokio::test]
async fn a_study_that_nodes_have_lost_while_the_coordinator_was_down_is_begun_anew() {
    let mut world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::Compute, Mischief::Restart, 1);
    let request = world.request(20);
    let coordinator = Arc::clone(&world.coordinator);
    let run =
        tokio::spawn(async move { stratify_for_ever(&coordinator, &RequestId::random(), &request).await });
    world.until("k376", Kind::Compute).await;
    run.abort();
    world.restart().await;
    world.connect_all();
    let ended = world.go_on().await;
    assert_whole(&world, ended[0].1.as_ref().unwrap(), "all lost");
}

#[tokio::test]
async fn what_was_asked_days_ago_is_not_gone_on_with() {
    let world = World::new(Grain::Counts).await;
    let id = RequestId::random();
    let long_ago = world.coordinator.clock().now() - SignedDuration::from_hours(25);
    world.coordinator.state().ask(&id, &Asked::Stratify(world.request(5)), long_ago).await.unwrap();
    let ended = world.go_on().await;
    assert_eq!(ended[0].1.as_ref().unwrap_err().code, "request.too-old");
    assert!(world.go_on().await.is_empty(), "it is answered");
    assert_eq!(world.puppet("k360").heard(Kind::Prepare), 0);
}

#[tokio::test]
async fn after_a_restart_nodes_are_given_the_time_to_notice_it() {
    let mut world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::Compute, Mischief::Silence, 1);
    let (coordinator, request) = (Arc::clone(&world.coordinator), world.request(0));
    let run =
        tokio::spawn(async move { stratify_for_ever(&coordinator, &RequestId::random(), &request).await });
    world.until("k376", Kind::Compute).await;
    run.abort();
    world.limits.settle = Duration::from_secs(20);
    world.restart().await;
    let connect = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.connect_all();
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = world.go_on() => ended,
        () = connect => unreachable!("it is pending"),
    };
    assert_whole(&world, ended[0].1.as_ref().unwrap(), "nobody was given up though the deadline is none");
}

#[tokio::test]
async fn a_study_that_cannot_even_be_looked_at_any_more_is_closed_at_its_nodes() {
    let mut world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::Compute, Mischief::Silence, 1);
    let (coordinator, request, id) = (Arc::clone(&world.coordinator), world.request(5), RequestId::random());
    let name = id.clone();
    let run = tokio::spawn(async move { stratify_for_ever(&coordinator, &name, &request).await });
    world.until("k376", Kind::Compute).await;
    run.abort();
    world.restart().await;
    world.connect_all();
    // As by a version that does not have the model.
    let mut unknown = world.request(5);
    unknown.study.content.model = "unheard-of".to_owned();
    let problem = run_as(&world.coordinator, &id, &unknown, &Events::channel().0).await.unwrap_err();
    assert_eq!(problem.exit, Exit::BadInput);
    assert_eq!(world.open_studies(), 0);
}

/// A stratification with these wishes, told apart from others by its name.
async fn run_for(world: &World, list: bool, tables: bool) -> (RequestId, Result<Summary, Problem>) {
    let id = RequestId::random();
    let request = world.request_for(wish(list, tables), 20);
    let work = async { run_as(&world.coordinator, &id, &request, &Events::channel().0).await };
    let result = world.with_returns(work).await;
    (id, result)
}

#[tokio::test]
async fn tables_are_released_once_though_the_hand_back_fails_and_the_join_is_tried_again() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::HandBackEnd, Mischief::Cut, 2);
    let (id, result) = run_for(&world, true, true).await;
    let summary = result.unwrap();
    assert_whole(&world, &summary, "with tables");
    assert!(world.puppet("k376").heard(Kind::Contribute) > 1, "the join was tried again");
    assert_eq!(world.puppet("k376").heard(Kind::Propose), 1, "in the same study");
    let kept = world.coordinator.state().results(id.as_str(), 0, 9).await.unwrap();
    let kept: Vec<crate::answer::Answer> =
        kept.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(Some(&kept[..]), summary.tables.as_ref().map(std::slice::from_ref));
    let run = world.puppet("k360").manifests()[0].run;
    assert_eq!(world.coordinator.state().tables(&id, run).await.unwrap(), summary.tables);
    assert!(summary.tables.unwrap().laboratory);
}

#[tokio::test]
async fn a_coordinator_that_stops_after_the_release_tells_what_it_has_released() {
    let mut world = World::new(Grain::Counts).await;
    world.puppet("k376").plot(Kind::HandBackEnd, Mischief::Silence, 1);
    let (id, request) = (RequestId::random(), world.request_for(wish(true, true), 20));
    let (coordinator, name) = (Arc::clone(&world.coordinator), id.clone());
    let run = tokio::spawn(async move { stratify_for_ever(&coordinator, &name, &request).await });
    world.until("k376", Kind::HandBackEnd).await;
    run.abort();
    let released = world.coordinator.state().results(id.as_str(), 0, 9).await.unwrap();
    assert_eq!(released.len(), 1, "before any list is confirmed");
    world.restart().await;
    world.connect_all();
    let ended = world.go_on().await;
    let tables = ended[0].1.as_ref().unwrap().tables.clone().unwrap();
    assert_eq!(serde_json::to_string(&tables).unwrap(), released[0], "noise is drawn once");
    assert_eq!(world.coordinator.state().results(id.as_str(), 0, 9).await.unwrap(), released);
}

#[tokio::test]
async fn a_study_for_tables_alone_hands_nothing_back() {
    let world = World::new(Grain::Counts).await;
    let (_, result) = run_for(&world, false, true).await;
    let summary = result.unwrap();
    assert!(summary.tables.is_some() && summary.worklists.is_empty() && summary.unconfirmed.is_empty());
    for name in ["k360", "k376"] {
        assert_eq!(world.puppet(name).heard(Kind::HandBackEnd), 0);
        world.puppet(name).lists(|lists| assert!(lists.is_empty()));
    }
    let manifest = world.puppet("k360").manifests().remove(0);
    assert_eq!(manifest.nano_rho, 400_000_000);
    assert!(manifest.request.content.list.is_none() && manifest.request.content.tables.is_some());
    assert_eq!(world.open_studies(), 0);
}

#[tokio::test]
async fn a_study_for_a_list_alone_releases_and_charges_nothing() {
    let world = World::new(Grain::Counts).await;
    let (id, result) = run_for(&world, true, false).await;
    assert_eq!(result.unwrap().tables, None);
    assert_eq!(world.puppet("k360").manifests()[0].nano_rho, 0);
    assert!(world.coordinator.state().results(id.as_str(), 0, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_node_that_declines_fails_the_request_with_its_rules() {
    let world = World::new(Grain::Counts).await;
    world.puppet("k376").refuses("permit.expired");
    let problem = world.run(5).await.unwrap_err();
    assert_eq!((problem.exit, problem.code.as_str()), (Exit::Refused, "permit.expired"));
    assert_eq!(problem.place, "node k376");
    assert_eq!(world.puppet("k360").heard(Kind::Propose), 0);
}
