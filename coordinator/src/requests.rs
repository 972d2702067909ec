//! Requests and the clients that wait for them: one that loses its connection asks again under the same name and hears
//! the rest, and a request is carried to its end whether or not its client stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, broadcast, watch};
use tvaers_protocol::problem::{Exit, Problem};

use crate::coordinator::Coordinator;
use crate::event::{Event, Events};
use crate::query;
use crate::request::Asked;
use crate::stratify::{self, Outcome, RequestId};

/// Events that a client may lag behind before it misses some.
const EVENTS_HELD: usize = 256;

/// Requests that are carried out in this process, or wait for their turn.
#[derive(Default)]
pub(crate) struct Requests(Mutex<BTreeMap<RequestId, Feed>>);

/// What can be heard of one request.
#[derive(Clone)]
struct Feed {
    events: broadcast::Sender<Event>,
    /// The phase that has begun last, for whoever comes in the middle.
    phase: watch::Sender<Option<Event>>,
    outcome: watch::Sender<Option<Outcome>>,
}

/// One client's ear on a request.
pub(crate) struct Follower {
    begun: Option<Event>,
    events: broadcast::Receiver<Event>,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// Listens to the request of this name, and begins it where there is none yet.
///
/// # Errors
/// [`Problem`] where the coordinator's memory cannot be read.
pub(crate) async fn follow(
    coordinator: &Arc<Coordinator>,
    id: &RequestId,
    request: &Asked,
) -> Result<Follower, Problem> {
    let mut feeds = coordinator.requests.0.lock().await;
    if let Some(feed) = feeds.get(id) {
        return Ok(feed.follow());
    }
    let feed = Feed {
        events: broadcast::Sender::new(EVENTS_HELD),
        phase: watch::Sender::new(None),
        outcome: watch::Sender::new(None),
    };
    let follower = feed.follow();
    feeds.insert(id.clone(), feed.clone());
    // A task of its own: a request that has begun is carried to its end, whether or not its client stays.
    tokio::spawn(carry_out(Arc::clone(coordinator), id.clone(), request.clone(), feed));
    Ok(follower)
}

/// Goes on with what was under way when the coordinator was stopped.
///
/// # Errors
/// [`Problem`] where the coordinator's memory cannot be read.
pub async fn go_on(coordinator: &Arc<Coordinator>) -> Result<(), Problem> {
    for (id, request) in stratify::unanswered(coordinator).await? {
        tracing::info!(request.id = %id, request.title = request.title(), "going on with a request that a stop interrupted");
        follow(coordinator, &id, &request).await?;
    }
    Ok(())
}

async fn carry_out(coordinator: Arc<Coordinator>, id: RequestId, request: Asked, feed: Feed) {
    let (events, mut happened) = Events::channel();
    let work = async {
        // Dropped with the work, which ends the channel.
        let events = events;
        match &request {
            Asked::Stratify(request) => {
                Outcome::of(&stratify::run_as(&coordinator, &id, request, &events).await)
            }
            Asked::Query(asked) => {
                query::run_as(&coordinator, &id, asked, &events).await.unwrap_or_else(Outcome::failed)
            }
            Asked::Indicator(asked) => {
                let asked = query::run_indicator_as(&coordinator, &id, asked, &events);
                asked.await.unwrap_or_else(Outcome::failed)
            }
        }
    };
    let tell = async {
        while let Some(event) = happened.recv().await {
            feed.tell(event);
        }
    };
    let (outcome, ()) = tokio::join!(work, tell);
    feed.outcome.send_replace(Some(outcome));
    coordinator.requests.0.lock().await.remove(&id);
}

impl Feed {
    fn follow(&self) -> Follower {
        // First the ear and then what has begun: twice told is better than not at all.
        let events = self.events.subscribe();
        Follower { events, begun: self.phase.borrow().clone(), outcome: self.outcome.subscribe() }
    }

    fn tell(&self, event: Event) {
        match &event {
            Event::Begin(_) => drop(self.phase.send_replace(Some(event.clone()))),
            Event::End(_) => drop(self.phase.send_replace(None)),
            Event::Progress { .. } => {}
        }
        // Nobody may be listening.
        let _ = self.events.send(event);
    }
}

impl Follower {
    /// The next thing that happens; none where the request has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        if let Some(begun) = self.begun.take() {
            return Some(begun);
        }
        loop {
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Ok(event) => return Some(event),
                    // A client that does not keep up misses steps of progress.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                _ = self.outcome.wait_for(Option::is_some) => return None,
            }
        }
    }

    /// What came of the request.
    pub(crate) async fn outcome(mut self) -> Outcome {
        let ended = self.outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        ended.unwrap_or_else(|| {
            let problem =
                Problem::new(Exit::Failed, "control.ended", "the coordinator has ended the request")
                    .next("look at its log, then ask again");
            Outcome::Failed(problem, Exit::Failed)
        })
    }
}
