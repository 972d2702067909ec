//! Whatever happens to a frame on its way, a run ends: with the right lists, or with a clear problem and no list.
//!
//! One small federation is used over and over: it is part of the promise that the next run is as good as the first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tvaers_coordinator::stratify::Summary;
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::reject::RejectCode;
use tvaers_tests::fault::{Fault, Middle, Spot};
use tvaers_tests::federation::{Builder, Federation, read};
use tvaers_tests::panics;

/// What is left of a run over 120 persons takes a fraction of this; whoever is not done then waits for a frame that
/// never comes.
const DONE: Duration = Duration::from_secs(2);

/// For a node to come to an end with what it is at.
const SOON: Duration = Duration::from_secs(20);

/// More than any party waits for another.
const LONGEST_WAIT: Duration = Duration::from_secs(3_700);

const K360: &str = "k360";

struct World {
    federation: Federation,
    middle: Arc<Middle>,
    right: BTreeMap<NodeId, Option<String>>,
}

impl World {
    async fn new() -> Self {
        Self::with(Federation::builder().made(120, 7)).await
    }

    async fn with(builder: Builder) -> Self {
        panics::watch();
        let middle = Arc::new(Middle::default());
        let built = builder.interceptor(Arc::clone(&middle) as _).build().await;
        let mut federation = built.unwrap();
        federation.connect_all().await.unwrap();
        federation.stratify().await.unwrap();
        let right = federation.worklist_texts();
        assert!(right.values().all(|list| list.as_ref().is_some_and(|text| text.lines().count() > 5)));
        Self { federation, middle, right }
    }

    /// Runs with a fault. Where the parties would wait for a lost frame, the time until they give up passes at once.
    async fn run(&self) -> Result<Summary, Problem> {
        let run = self.federation.stratify();
        tokio::pin!(run);
        while !self.middle.has_struck() {
            tokio::select! {
                ended = &mut run => return ended,
                () = self.middle.until_struck() => {}
            }
        }
        if let Ok(ended) = tokio::time::timeout(DONE, &mut run).await {
            return ended;
        }
        tokio::time::pause();
        tokio::time::advance(LONGEST_WAIT).await;
        tokio::time::resume();
        run.await
    }

    async fn suffer(&mut self, node: &str, kind: Kind, fault: Fault) -> Result<Summary, Problem> {
        let place = format!("{fault:?} of {kind} at {node}");
        // A close that was lost before has left something, until its study's deadline.
        let before = self.scratch();
        self.federation.forget_worklists().unwrap();
        self.middle.set(Spot { node: NodeId::new(node).unwrap(), kind }, fault);
        let ended = self.run().await;
        assert!(self.middle.has_struck(), "{place}: no such frame passed");
        let lists = self.federation.worklist_texts();
        match &ended {
            Ok(summary) if summary.missing.is_empty() && summary.unconfirmed.is_empty() => {
                assert!(lists == self.right, "{place}: the run ended well, but not with the right lists")
            }
            // Done without somebody, and said so: whoever has a list has one that is marked.
            Ok(summary) => {
                for (id, list) in &lists {
                    let lines = list.as_ref().map(|text| read(text).unwrap()).unwrap_or_default();
                    let marked = lines.values().all(|line| !line.complete);
                    assert!(marked || *list == self.right[id], "{place}: {id}, {:?}", summary.missing);
                }
            }
            Err(problem) => {
                // A request that was changed on its way is one that nobody signed.
                let is_refused = problem.exit == Exit::Refused && kind == Kind::Prepare;
                let is_lost = matches!(problem.exit, Exit::Failed | Exit::Incomplete);
                assert!(is_lost || is_refused, "{place}: {problem}");
                assert!(problem.place.starts_with("node "), "{place}: nobody is named: {problem}");
                for (id, list) in &lists {
                    assert!(list.is_none() || *list == self.right[id], "{place}: {id} has another list");
                }
            }
        }
        assert_eq!(panics::count(), 0, "{place}: something panicked");
        // A node that was told of the end erases what it had worked out, even what it is still at.
        if fault != Fault::CutLink && !matches!(kind, Kind::Close | Kind::Closed) {
            self.until_erased(&before, &place).await;
        }
        ended
    }

    /// What studies have left at the nodes.
    fn scratch(&self) -> BTreeSet<PathBuf> {
        self.federation.names().iter().flat_map(|id| self.federation.scratch(id).unwrap()).collect()
    }

    async fn until_erased(&self, before: &BTreeSet<PathBuf>, place: &str) {
        let began = Instant::now();
        while !self.scratch().is_subset(before) {
            assert!(began.elapsed() < SOON, "{place}: a node keeps persons of a study that has ended");
            tokio::task::yield_now().await;
        }
    }

    /// The next run is as if nothing had happened.
    async fn recover(&mut self, place: &str) {
        self.middle.rest();
        self.federation.connect_all().await.unwrap();
        let ended = self.federation.stratify().await;
        assert!(ended.is_ok(), "after {place}: {}", ended.unwrap_err());
        assert!(self.federation.worklist_texts() == self.right, "after {place}: not the right lists");
    }
}

/// Every message of a run that goes from the coordinator to a node.
const QUESTIONS: [Kind; 16] = [
    Kind::Prepare,
    Kind::Propose,
    Kind::Open,
    Kind::KeyRound1,
    Kind::KeyRound2,
    Kind::KeyRound3,
    Kind::KeyPin,
    Kind::Compute,
    Kind::Pseudonymise,
    Kind::Contribute,
    Kind::Evaluated,
    Kind::EventRequestsEnd,
    Kind::SubmitEvents,
    Kind::HandBacks,
    Kind::HandBackEnd,
    Kind::Close,
];

/// Every message of a run that goes from a node to the coordinator.
const ANSWERS: [Kind; 18] = [
    Kind::Prepared,
    Kind::Accepted,
    Kind::Opened,
    Kind::KeyRound1Package,
    Kind::KeyRound2Packages,
    Kind::KeyConfirmed,
    Kind::KeyPinned,
    Kind::Computed,
    Kind::Relay,
    Kind::Evaluate,
    Kind::Progress,
    Kind::Pseudonymised,
    Kind::Contributions,
    Kind::ContributionsEnd,
    Kind::EventsAsked,
    Kind::EventsEnd,
    Kind::HandedBack,
    Kind::Closed,
];

/// Those of them about objections, each way.
const OBJECTIONS: [Kind; 3] = [Kind::Objections, Kind::ObjectionsEnd, Kind::ObjectionsTaken];

/// What is asked once the key is pinned, and answered: each of these can be made again.
const REPEATED: [Kind; 21] = [
    Kind::Compute,
    Kind::Computed,
    Kind::Pseudonymise,
    Kind::Pseudonymised,
    Kind::Relay,
    Kind::Evaluate,
    Kind::Evaluated,
    Kind::Contribute,
    Kind::Contributions,
    Kind::ContributionsEnd,
    Kind::EventRequestsEnd,
    Kind::EventsAsked,
    Kind::SubmitEvents,
    Kind::EventsEnd,
    Kind::Objections,
    Kind::ObjectionsEnd,
    Kind::ObjectionsTaken,
    Kind::HandBacks,
    Kind::HandBackEnd,
    Kind::HandedBack,
    Kind::Progress,
];

/// The messages that carry persons, and their ends.
const STREAMS: [Kind; 6] = [
    Kind::Contributions,
    Kind::ContributionsEnd,
    Kind::Objections,
    Kind::ObjectionsEnd,
    Kind::HandBacks,
    Kind::HandBackEnd,
];

fn all() -> impl Iterator<Item = Kind> {
    QUESTIONS.into_iter().chain(ANSWERS).chain(OBJECTIONS)
}

#[tokio::test]
async fn the_kinds_named_here_are_all_that_a_run_has() {
    let world = World::new().await;
    world.middle.rest();
    world.federation.stratify().await.unwrap();
    // What is relayed passes both ways; here it is named once.
    let passed: BTreeSet<Kind> = world.middle.kinds().into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(passed, all().collect());
}

#[tokio::test]
async fn a_flipped_bit_is_noticed_or_changes_nothing() {
    let mut world = World::new().await;
    for (turn, kind) in all().enumerate() {
        // The beginning, the middle and the end of the message in turn; of streams all.
        let places = if STREAMS.contains(&kind) { vec![0, 50, 99] } else { vec![[0, 50, 99][turn % 3]] };
        for per_cent in places {
            world.suffer(K360, kind, Fault::Flip(per_cent)).await.ok();
        }
        if turn % 5 == 0 {
            world.recover(kind.name()).await;
        }
    }
    world.recover("all of them").await;
}

#[tokio::test]
async fn a_flipped_bit_in_a_header_is_noticed() {
    let mut world = World::new().await;
    // Version, kind, flags, length, roster, study.
    let bytes = [0, 1, 3, 7, 10, 50];
    for (turn, kind) in all().enumerate() {
        world.suffer(K360, kind, Fault::FlipHeader(bytes[turn % bytes.len()])).await.ok();
    }
    world.recover("all of them").await;
}

#[tokio::test]
async fn a_frame_cut_short_or_announced_too_large_is_never_taken() {
    let mut world = World::new().await;
    for (turn, kind) in all().enumerate() {
        let fault = if turn % 2 == 0 { Fault::Halve } else { Fault::Oversize };
        world.suffer(K360, kind, fault).await.ok();
    }
    world.recover("all of them").await;
}

#[tokio::test]
async fn a_frame_announced_too_large_is_refused_by_its_header() {
    let mut world = World::new().await;
    for kind in [Kind::Prepare, Kind::KeyPin, Kind::HandBacks] {
        world.suffer(K360, kind, Fault::Oversize).await.ok();
        let codes: Vec<_> = world.middle.refused().into_iter().map(|refused| refused.code).collect();
        assert!(codes.contains(&RejectCode::TooLarge), "{kind}: {codes:?}");
    }
}

#[tokio::test]
async fn a_question_or_answer_that_is_lost_is_asked_again_once_the_key_is_there() {
    let mut world = World::new().await;
    for kind in all() {
        let ended = world.suffer(K360, kind, Fault::Drop).await;
        // A frame that is missing from the middle of a stream is no loss that a network makes, and may end the run.
        let repeated = REPEATED.contains(&kind) && !STREAMS.contains(&kind) && kind != Kind::Relay;
        assert!(ended.is_ok() || !repeated, "{kind}: {ended:?}");
    }
    world.recover("all of them").await;
}

#[tokio::test]
async fn what_comes_twice_or_late_changes_nothing() {
    let mut world = World::new().await;
    for kind in all() {
        let ended = world.suffer(K360, kind, Fault::Duplicate).await;
        // A second question on the same stream is not read; a second `Relay` stands where the batch must.
        assert!(ended.is_ok() || STREAMS.contains(&kind) || kind == Kind::Relay, "{kind}: {ended:?}");
    }
    for kind in STREAMS {
        world.suffer(K360, kind, Fault::Swap).await.ok();
    }
    world.recover("all of them").await;
}

#[tokio::test]
async fn a_step_whose_stream_is_cut_is_made_again_once_the_key_is_there() {
    let mut world = World::new().await;
    for kind in all() {
        let ended = world.suffer(K360, kind, Fault::CutStream).await;
        assert!(ended.is_ok() || !REPEATED.contains(&kind), "{kind}: {ended:?}");
    }
    world.recover("all of them").await;
}

#[tokio::test]
async fn a_cut_link_costs_the_node_and_the_next_run_goes_over_a_new_link() {
    let mut world = World::new().await;
    for kind in [Kind::Prepared, Kind::KeyRound2, Kind::Evaluate, Kind::Contributions, Kind::HandBackEnd] {
        let ended = world.suffer(K360, kind, Fault::CutLink).await;
        if let Ok(summary) = ended {
            let gone: Vec<&str> =
                summary.missing.iter().chain(&summary.unconfirmed).map(NodeId::as_str).collect();
            assert_eq!(gone, [K360], "{kind}");
        }
        world.recover(kind.name()).await;
    }
}

/// The nasty data set, for it has persons whose events are told.
#[tokio::test]
async fn nothing_that_happens_to_events_changes_a_list() {
    let mut world = World::with(Federation::builder().cases(61)).await;
    let streams = [Kind::EventRequests, Kind::EventRequestsEnd, Kind::Events, Kind::EventsEnd];
    let faults =
        [Fault::Flip(30), Fault::Halve, Fault::Drop, Fault::Duplicate, Fault::CutStream, Fault::Oversize];
    for (kind, fault) in streams.into_iter().flat_map(|kind| faults.map(|fault| (kind, fault))) {
        world.suffer(K360, kind, fault).await.ok();
    }
    world.recover("all of them").await;
}

#[tokio::test]
async fn a_node_that_was_away_when_a_study_closed_hears_of_it_when_it_returns() {
    let mut world = World::new().await;
    for round in 1..=3 {
        world.suffer(K360, Kind::Close, Fault::CutLink).await.unwrap();
        world.middle.rest();
        world.federation.connect_all().await.unwrap();
        world.until_erased(&BTreeSet::new(), &format!("return {round}")).await;
    }
    world.recover("three lost words").await;
}

#[tokio::test]
async fn a_study_that_fails_at_one_node_leaves_nothing_at_those_that_are_still_at_work() {
    let mut world = World::new().await;
    for _ in 0..5 {
        world.suffer(K360, Kind::Compute, Fault::Oversize).await.ok();
    }
}
