//! Nodes that are away: whoever comes back in time costs nothing, whoever does not is done without and marked, and a
//! coordinator that stops goes on where it was. In no case is there a wrong list.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tvaers_coordinator::limits::Limits;
use tvaers_coordinator::stratify::{Request, Summary};
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_tests::fault::{Fault, Middle, Spot};
use tvaers_tests::federation::{Builder, Federation};
use tvaers_tests::panics;

/// For a node to erase what it held.
const SOON: Duration = Duration::from_secs(20);

/// Longer than any of these runs takes.
const LONG_S: u64 = 60;

/// What a municipality that holds a share is told and asked in a run, in order, up to the pinned key and after it. The
/// last one that it answers is the hand-back.
const BEFORE_PIN: [Kind; 7] = [
    Kind::Prepare,
    Kind::Accepted,
    Kind::Open,
    Kind::KeyRound1Package,
    Kind::KeyRound2,
    Kind::KeyConfirmed,
    Kind::KeyPin,
];
const AFTER_PIN: [Kind; 13] = [
    Kind::KeyPinned,
    Kind::Compute,
    Kind::Computed,
    Kind::Evaluate,
    Kind::Pseudonymised,
    Kind::Contributions,
    Kind::EventRequestsEnd,
    Kind::EventsAsked,
    Kind::EventsEnd,
    Kind::Objections,
    Kind::ObjectionsTaken,
    Kind::HandBackEnd,
    Kind::HandedBack,
];

/// Those of them that the region of [`World::new`] is not asked: there is no other one whose stays could touch its own.
const OF_EVENTS: [Kind; 3] = [Kind::EventRequestsEnd, Kind::EventsAsked, Kind::EventsEnd];

/// From here on a list may be written.
const HAND_BACK: [Kind; 2] = [Kind::HandBackEnd, Kind::HandedBack];

fn all() -> impl Iterator<Item = Kind> {
    BEFORE_PIN.into_iter().chain(AFTER_PIN)
}

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

type Lists = BTreeMap<NodeId, Option<String>>;

/// A small federation (mostly a region and two municipalities, two of three key holders), and the lists that are right.
struct World {
    federation: Federation,
    middle: Arc<Middle>,
    right: Lists,
}

impl World {
    async fn new() -> Self {
        let world = Self::of(Federation::builder().made(120, 7)).await;
        assert!(world.right.values().all(|list| list.as_ref().is_some_and(|text| text.lines().count() > 20)));
        world
    }

    async fn of(builder: Builder) -> Self {
        panics::watch();
        let middle = Arc::new(Middle::default());
        // Nobody is given a moment to come back for the end of a study, or to notice that the coordinator is there again,
        // and steps are tried again soon, so that a test need not sit through it.
        let limits = Limits {
            reconnect: Duration::ZERO,
            settle: Duration::ZERO,
            pause_first: Duration::from_millis(10),
            ..Limits::default()
        };
        let builder = builder.interceptor(Arc::clone(&middle) as _).limits(limits);
        let mut federation = builder.build().await.unwrap();
        federation.connect_all().await.unwrap();
        let summary = federation.stratify().await.unwrap();
        assert_eq!(summary.exit(false), Exit::Done);
        let right = federation.worklist_texts();
        Self { federation, middle, right }
    }

    /// The lists of the others, once by a run that `name` is missing from, from the start.
    async fn without(&mut self, name: &str) -> Lists {
        self.fresh().await;
        self.federation.disconnect(&node(name)).await;
        let summary = self.federation.ask(&self.request(0)).await.unwrap();
        assert_eq!(summary.missing, [node(name)]);
        self.federation.worklist_texts()
    }

    fn request(&self, deadline_s: u64) -> Request {
        Request { deadline_s, ..self.federation.request() }
    }

    /// Everyone is connected, no list is there, and nobody is in the middle.
    async fn fresh(&mut self) {
        self.middle.rest();
        self.federation.connect_all().await.unwrap();
        self.federation.forget_worklists().unwrap();
    }

    /// Begins a run in which this node's connection breaks at this message.
    async fn begin_and_cut(
        &mut self,
        name: &str,
        kind: Kind,
        deadline_s: u64,
    ) -> tokio::task::JoinHandle<Result<Summary, Problem>> {
        self.fresh().await;
        self.middle.set(Spot { node: node(name), kind }, Fault::CutLink);
        let run = self.federation.begin(self.request(deadline_s));
        self.until_struck(&run, kind).await;
        run
    }

    async fn until_struck<T>(&self, run: &tokio::task::JoinHandle<T>, kind: Kind) {
        let began = Instant::now();
        while !self.middle.has_struck() {
            assert!(!run.is_finished() && began.elapsed() < SOON, "no `{kind}` has passed");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Nobody keeps anything of a study that has ended.
    async fn until_erased(&mut self, what: &str) {
        self.federation.connect_all().await.unwrap();
        let began = Instant::now();
        while !self.federation.names().iter().all(|id| self.federation.scratch(id).unwrap().is_empty()) {
            assert!(began.elapsed() < SOON, "{what}: a node keeps persons of a study that has ended");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(panics::count(), 0, "{what}: something panicked");
    }

    async fn assert_right(&mut self, summary: &Summary, what: &str) {
        assert!(summary.missing.is_empty() && summary.unconfirmed.is_empty(), "{what}: {summary:?}");
        assert!(self.federation.worklist_texts() == self.right, "{what}: not the right lists");
        self.until_erased(what).await;
    }
}

#[tokio::test]
async fn whoever_is_missing_from_the_start_is_named_and_everyone_is_marked_for_it() {
    let mut world = World::new().await;
    for (name, sector) in [("region_1085", "region"), ("k376", "municipality")] {
        let lists = world.without(name).await;
        for id in world.federation.municipalities() {
            if id == node(name) {
                assert!(lists[&id].is_none(), "{name} has a list");
                continue;
            }
            let (found, right) = (world.federation.worklist(&id).unwrap(), world.right[&id].clone().unwrap());
            let right = tvaers_tests::federation::read(&right).unwrap();
            assert!(found.keys().eq(right.keys()), "without {name}: other persons at {id}");
            assert!(found.values().all(|line| !line.complete), "without {name}: someone is not marked");
            assert!(
                right.values().all(|line| line.complete),
                "with everyone there and events put together nobody is incomplete"
            );
            if sector == "region" {
                // What the municipality knows by itself is as it was.
                let own = ["repeat", "last", "labour", "civil", "citizen", "akasse"];
                assert!(
                    found
                        .iter()
                        .all(|(id, line)| own.iter().all(|item| line.items[*item] == right[id].items[*item]))
                );
                assert!(found.values().all(|line| line.items["known"] == 0 && line.items["gp"] == 0));
            } else {
                assert!(found.iter().all(|(id, line)| line.total <= right[id].total));
            }
            let incomplete = world.federation.node_home(&id).incomplete("sad");
            let marks = std::fs::read_to_string(incomplete).unwrap();
            assert_eq!(marks.lines().count(), found.len() + 1);
            assert!(marks.lines().skip(1).all(|line| line.ends_with(&format!(",{sector},"))), "{name}");
        }
        world.until_erased(name).await;
    }
    // And with everyone there it is as before, marks and all.
    world.fresh().await;
    let summary = world.federation.stratify().await.unwrap();
    world.assert_right(&summary, "everyone is back").await;
    for id in world.federation.municipalities() {
        assert!(!world.federation.node_home(&id).incomplete("sad").exists());
    }
}

#[tokio::test]
async fn with_too_few_holders_nothing_is_made() {
    let mut world = World::new().await;
    world.fresh().await;
    world.federation.disconnect(&node("k376")).await;
    world.federation.disconnect(&node("region_1085")).await;
    let problem = world.federation.ask(&world.request(0)).await.unwrap_err();
    assert_eq!((problem.exit, problem.code.as_str()), (Exit::Incomplete, "stratify.too-few"));
    assert_eq!(problem.place, "node k376, region_1085");
    assert!(world.federation.worklist_texts().values().all(Option::is_none));
    world.until_erased("too few").await;
}

#[tokio::test]
async fn a_node_that_goes_at_any_step_and_comes_back_in_time_costs_nothing() {
    let mut world = World::new().await;
    for kind in all() {
        let run = world.begin_and_cut("k376", kind, LONG_S).await;
        world.federation.connect(&node("k376")).await.unwrap();
        let summary = run.await.unwrap().unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        world.assert_right(&summary, kind.name()).await;
    }
}

#[tokio::test]
async fn a_node_that_is_killed_at_any_step_and_started_again_in_time_costs_nothing() {
    let mut world = World::new().await;
    for kind in all() {
        for name in ["k376", "k360"] {
            let run = world.begin_and_cut(name, kind, LONG_S).await;
            world.federation.restart(&node(name)).await.unwrap();
            world.federation.connect(&node(name)).await.unwrap();
            let summary = run.await.unwrap().unwrap_or_else(|problem| panic!("{name} at {kind}: {problem}"));
            world.assert_right(&summary, kind.name()).await;
        }
    }
}

#[tokio::test]
async fn a_region_that_is_killed_while_all_need_it_and_started_again_in_time_costs_nothing() {
    let mut world = World::new().await;
    let while_needed = [
        Kind::Compute,
        Kind::Evaluate,
        Kind::Evaluated,
        Kind::Contributions,
        Kind::ContributionsEnd,
        Kind::Objections,
        Kind::ObjectionsTaken,
    ];
    for kind in while_needed {
        let run = world.begin_and_cut("region_1085", kind, LONG_S).await;
        world.federation.restart(&node("region_1085")).await.unwrap();
        world.federation.connect(&node("region_1085")).await.unwrap();
        let summary = run.await.unwrap().unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        world.assert_right(&summary, kind.name()).await;
    }
}

#[tokio::test]
async fn a_node_that_goes_at_any_step_and_stays_away_is_done_without_as_if_it_had_never_come() {
    let mut world = World::new().await;
    for name in ["k376", "region_1085"] {
        let expected = world.without(name).await;
        let is_asked = |kind: &Kind| name == "k376" || !OF_EVENTS.contains(kind);
        for kind in all().filter(|kind| !HAND_BACK.contains(kind)).filter(is_asked) {
            let run = world.begin_and_cut(name, kind, 0).await;
            let summary = run.await.unwrap().unwrap_or_else(|problem| panic!("{name} at {kind}: {problem}"));
            assert_eq!(summary.missing, [node(name)], "{kind}");
            assert_eq!(summary.exit(false), Exit::Incomplete);
            assert_eq!(summary.exit(true), Exit::Done);
            assert!(world.federation.worklist_texts() == expected, "{name} at {kind}: not the right lists");
            world.until_erased(&format!("{name} at {kind}")).await;
        }
    }
}

#[tokio::test]
async fn lists_that_are_written_stand_where_another_nodes_last_word_is_all_that_is_missing() {
    let mut world = World::new().await;
    for kind in HAND_BACK {
        let run = world.begin_and_cut("k376", kind, 0).await;
        let summary = run.await.unwrap().unwrap();
        assert_eq!(
            (summary.missing.as_slice(), summary.unconfirmed.as_slice()),
            (&[][..], &[node("k376")][..])
        );
        assert_eq!(summary.exit(false), Exit::Incomplete);
        let lists = world.federation.worklist_texts();
        assert!(lists[&node("k360")] == world.right[&node("k360")], "{kind}: not the right list");
        let other = &lists[&node("k376")];
        assert!(other.is_none() || *other == world.right[&node("k376")], "{kind}: a wrong list");
        world.until_erased(kind.name()).await;
    }
}

#[tokio::test]
async fn a_coordinator_that_is_stopped_at_any_step_goes_on_and_everyone_gets_the_right_list() {
    let mut world = World::new().await;
    for kind in all() {
        let run = world.begin_and_cut("k376", kind, LONG_S).await;
        run.abort();
        assert!(run.await.is_err(), "{kind}: the run has ended before");
        world.federation.restart_coordinator().await.unwrap();
        world.federation.connect_all().await.unwrap();
        let mut ended = world.federation.go_on().await.unwrap();
        assert_eq!(ended.len(), 1, "{kind}");
        let summary = ended.remove(0).unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        world.assert_right(&summary, kind.name()).await;
        assert!(world.federation.go_on().await.unwrap().is_empty(), "{kind}: it goes on once");
    }
}

#[tokio::test]
async fn a_coordinator_and_nodes_that_are_stopped_together_go_on_too() {
    let mut world = World::new().await;
    for kind in [Kind::KeyRound2, Kind::Computed, Kind::EventsAsked, Kind::HandedBack] {
        let run = world.begin_and_cut("k376", kind, LONG_S).await;
        run.abort();
        assert!(run.await.is_err(), "{kind}: the run has ended before");
        for id in world.federation.names() {
            world.federation.restart(&id).await.unwrap();
        }
        world.federation.restart_coordinator().await.unwrap();
        world.federation.connect_all().await.unwrap();
        let summary = world.federation.go_on().await.unwrap().remove(0);
        let summary = summary.unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        world.assert_right(&summary, kind.name()).await;
    }
}

#[tokio::test]
async fn a_node_that_is_missing_when_a_stopped_coordinator_goes_on_is_done_without() {
    let mut world = World::new().await;
    let expected = world.without("k376").await;
    let run = world.begin_and_cut("k376", Kind::Computed, 0).await;
    run.abort();
    let _ = run.await;
    world.federation.restart_coordinator().await.unwrap();
    for id in ["k360", "region_1085"] {
        world.federation.connect(&node(id)).await.unwrap();
    }
    let summary = world.federation.go_on().await.unwrap().remove(0).unwrap();
    assert_eq!(summary.missing, [node("k376")]);
    assert!(world.federation.worklist_texts() == expected, "not the right lists");
    world.until_erased("missing after a restart").await;
}

#[tokio::test]
async fn whoever_dies_between_the_two_rounds_events_are_put_together_as_if_nothing_had_happened() {
    for (model, name, seed) in [("sad", "k376", 3), ("somv", "region_1085", 4)] {
        let mut world = World::of(Federation::builder().cases(seed).model(model)).await;
        for kind in
            [Kind::EventRequests, Kind::EventsAsked, Kind::SubmitEvents, Kind::Events, Kind::EventsEnd]
        {
            let run = world.begin_and_cut(name, kind, LONG_S).await;
            world.federation.restart(&node(name)).await.unwrap();
            world.federation.connect(&node(name)).await.unwrap();
            let summary = run.await.unwrap().unwrap_or_else(|problem| panic!("{kind}: {problem}"));
            world.assert_right(&summary, &format!("{name} dies at {kind}")).await;

            let run = world.begin_and_cut(name, kind, LONG_S).await;
            run.abort();
            assert!(run.await.is_err(), "{kind}: the run has ended before");
            world.federation.restart_coordinator().await.unwrap();
            world.federation.connect_all().await.unwrap();
            let summary = world.federation.go_on().await.unwrap().remove(0);
            let summary = summary.unwrap_or_else(|problem| panic!("{kind}: {problem}"));
            world.assert_right(&summary, &format!("the coordinator dies at {kind}")).await;
        }
    }
}
