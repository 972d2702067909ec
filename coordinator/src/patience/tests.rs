use tokio::sync::mpsc;
use tvaers_link::link::Link;
use tvaers_link::memory::{MemoryLink, pair};
use tvaers_protocol::problem::Exit;

use super::*;
use crate::event::Event;
use crate::testing::node;

const DEADLINE: Duration = Duration::from_secs(60);

struct World {
    hub: Hub,
    limits: Limits,
    events: Events,
    told: mpsc::UnboundedReceiver<Event>,
    begin: Instant,
    // The nodes' ends: a link closes when one is dropped.
    ends: Vec<MemoryLink>,
}

impl World {
    fn new(here: &[&str]) -> Self {
        let (events, told) = Events::channel();
        let limits = Limits::default();
        let mut world =
            Self { hub: Hub::new(), limits, events, told, begin: Instant::now(), ends: Vec::new() };
        for name in here {
            world.join(name);
        }
        world
    }

    fn join(&mut self, name: &str) {
        let (own, theirs) = pair(node(name));
        self.ends.push(own);
        self.hub.join(node(name), std::sync::Arc::new(theirs));
    }

    fn leave(&self, name: &str) {
        let link: std::sync::Arc<dyn Link> = self.hub.link(&node(name)).unwrap();
        self.hub.leave(&node(name), &link);
    }

    fn patience(&self) -> Patience<'_> {
        let Self { hub, limits, events, begin, .. } = self;
        Patience { hub, limits, events, deadline: DEADLINE, begin: *begin }
    }
}

fn lost(name: &str) -> Failure {
    Failure::absent(&node(name))
}

fn failure(name: &str, cause: Cause) -> Failure {
    Failure { cause, ..lost(name) }
}

fn missing(result: Result<(), Ended>) -> Vec<NodeId> {
    match result {
        Err(Ended::Missing(nodes)) => nodes,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_never_come_are_gone_after_the_deadline_and_not_before() {
    let world = World::new(&["k360"]);
    let nodes = ["k360", "k376", "region_1085"].map(node);
    let gone = world.patience().gather(Phase::Keygen, &nodes).await;
    assert_eq!(gone, [node("k376"), node("region_1085")]);
    assert_eq!(world.begin.elapsed(), DEADLINE);
    let begun = Instant::now();
    world.patience().gather(Phase::Keygen, &nodes).await;
    assert_eq!(begun.elapsed(), Duration::ZERO, "they are not waited for a second time");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_there_is_not_waited_for_and_who_comes_ends_the_wait() {
    let mut world = World::new(&["k360"]);
    let nodes = ["k360"].map(node);
    assert!(world.patience().gather(Phase::Keygen, &nodes).await.is_empty());
    assert_eq!(world.begin.elapsed(), Duration::ZERO);
    assert!(world.told.try_recv().is_err(), "nobody was waited for");

    let nodes = ["k360", "k376"].map(node);
    let patience = world.patience();
    let gathered = patience.gather(Phase::Keygen, &nodes);
    assert!(tokio::time::timeout(Duration::from_secs(5), gathered).await.is_err());
    assert!(
        matches!(world.told.try_recv(), Ok(Event::Progress { node: who, away: true, .. }) if who == node("k376"))
    );
    world.join("k376");
    assert!(world.patience().gather(Phase::Keygen, &nodes).await.is_empty());
    assert_eq!(world.begin.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_from_when_a_node_went() {
    let world = World::new(&["k360", "k376"]);
    let nodes = ["k360", "k376"].map(node);
    tokio::time::advance(Duration::from_secs(1_000)).await;
    world.leave("k376");
    tokio::time::advance(Duration::from_secs(40)).await;
    world.leave("k360");
    let patience = world.patience();
    let begun = Instant::now();
    // Only k376 has been away for long enough when the step gives up.
    assert_eq!(missing(patience.tries(Phase::Join, &nodes).again(lost("k376")).await), [node("k376")]);
    assert_eq!(begun.elapsed(), Duration::from_secs(20));
    assert_eq!(patience.gather(Phase::Keygen, &nodes).await, nodes);
    assert_eq!(begun.elapsed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_step_is_tried_again_as_soon_as_the_node_is_back() {
    let mut world = World::new(&["k360", "k376"]);
    world.leave("k376");
    let nodes = ["k360", "k376"].map(node);
    let patience = world.patience();
    let mut tries = patience.tries(Phase::Features, &nodes);
    let again = tries.again(lost("k376"));
    assert!(tokio::time::timeout(Duration::from_secs(30), again).await.is_err(), "it is not back yet");
    world.join("k376");
    let patience = world.patience();
    let before = Instant::now();
    patience.tries(Phase::Features, &nodes).again(lost("k376")).await.unwrap();
    assert_eq!(before.elapsed(), world.limits.pause_first);
}

#[tokio::test(start_paused = true)]
async fn tries_are_counted_with_growing_pauses_and_progress_forgives() {
    let world = World::new(&["k360"]);
    let nodes = ["k360"].map(node);
    let patience = world.patience();
    let mut tries = patience.tries(Phase::Pseudonyms, &nodes);
    let mut before = Duration::ZERO;
    for number in 1..=world.limits.losses_max {
        let begun = Instant::now();
        tries.again(lost("k360")).await.unwrap();
        assert!(begun.elapsed() >= before, "pause {number}");
        before = begun.elapsed();
    }
    assert_eq!(before, world.limits.pause_max);
    tries.progressed(1);
    for _ in 1..=world.limits.losses_max {
        tries.progressed(1);
        tries.again(lost("k360")).await.unwrap();
    }
    assert_eq!(missing(tries.again(lost("k360")).await), nodes);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_lets_its_time_pass_gets_fewer_tries() {
    let world = World::new(&["k360"]);
    let nodes = ["k360"].map(node);
    let patience = world.patience();
    let mut tries = patience.tries(Phase::Features, &nodes);
    for _ in 0..world.limits.timeouts_max {
        tries.again(failure("k360", Cause::TimedOut)).await.unwrap();
    }
    assert_eq!(missing(tries.again(failure("k360", Cause::TimedOut)).await), nodes);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_nodes_own_doing_fails_the_request_in_the_end() {
    let world = World::new(&["k360"]);
    let nodes = ["k360"].map(node);
    let patience = world.patience();
    let mut tries = patience.tries(Phase::Pseudonyms, &nodes);
    for _ in 0..world.limits.losses_max {
        tries.again(failure("k360", Cause::Held)).await.unwrap();
    }
    let ended = tries.again(failure("k360", Cause::Held)).await;
    assert!(matches!(ended, Err(Ended::Failed(problem)) if problem.exit == Exit::Incomplete));
}

#[tokio::test(start_paused = true)]
async fn what_nothing_helps_is_not_tried_again() {
    let world = World::new(&["k360"]);
    let nodes = ["k360"].map(node);
    let patience = world.patience();
    let mut tries = patience.tries(Phase::Join, &nodes);
    assert!(matches!(tries.again(failure("k360", Cause::Final)).await, Err(Ended::Failed(_))));
    assert!(matches!(tries.again(failure("k360", Cause::Forgotten)).await, Err(Ended::Anew(_))));
    assert_eq!(world.begin.elapsed(), Duration::ZERO);
}
