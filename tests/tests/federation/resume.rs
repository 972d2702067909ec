//! A study outlives what happens to a node: every step can be asked again, on a new stream or after a restart, and has
//! its effect once; and a file that cannot be trusted ends the study and nothing else.

mod batch;
mod event;
mod file;
mod step;

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tvaers_link::clock::{Clock as _, ManualClock, SystemClock};
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::link::Link;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Message;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::{Grain, Manifest};
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;

/// For any one answer; tests are over long before.
const WAIT: Duration = Duration::from_secs(120);

/// A small federation (a region and two municipalities, two of three key holders) in the hands of a test.
struct World {
    federation: Federation,
    hand: Hand,
    middle: Arc<Middle>,
    clock: Arc<ManualClock>,
    manifest: Manifest,
}

impl World {
    /// A study is drafted, and nobody has heard of it. Every node may ask for a few evaluations more than it needs.
    async fn new(grain: Grain, persons: u32) -> Self {
        let (middle, clock) = (Arc::new(Middle::default()), Arc::new(ManualClock::new(SystemClock.now())));
        let builder = Federation::builder().made(persons, 11).interceptor(Arc::clone(&middle) as _);
        let federation = builder.clock(Arc::clone(&clock) as _).build().await.unwrap();
        let hand = Hand::new(&federation).unwrap();
        let mut manifest = Manifest { grain, ..hand.draft(&federation).await.unwrap() };
        manifest.participants.iter_mut().for_each(|participant| participant.quota += 10);
        Self { federation, hand, middle, clock, manifest }
    }

    /// A study of counts.
    async fn of_counts() -> Self {
        Self::new(Grain::Counts, 60).await
    }

    /// The same once every node has pseudonyms.
    async fn ready() -> Self {
        let world = Self::of_counts().await;
        world.hand.ready(&world.manifest).await.unwrap();
        world
    }

    /// Stops a node as a power cut would, and starts it again.
    async fn restart(&mut self, id: &NodeId) {
        self.federation.restart(id).await.unwrap();
        self.hand.link(&self.federation, id).unwrap();
    }

    /// A link to a node beside the one over which batches are passed on.
    fn beside(&self, id: &NodeId) -> Arc<dyn Link> {
        let link = self.federation.link(id).unwrap();
        self.hand.link(&self.federation, id).unwrap();
        link
    }

    /// Begins an exchange within the study.
    async fn begin<Q: Message>(&self, link: &dyn Link, question: &Q) -> Exchange {
        let roster = self.hand.roster().digest();
        let mut exchange = Exchange::open(link, roster, self.manifest.digest()).await.unwrap();
        exchange.send(question, WAIT).await.unwrap();
        exchange
    }

    /// What a node answers to a question, up to a frame of this kind.
    async fn frames<Q: Message>(
        &self,
        id: &NodeId,
        question: &Q,
        last: Kind,
    ) -> Result<Vec<Frame>, ExchangeError> {
        let link = self.beside(id);
        let mut exchange = self.begin(&*link, question).await;
        let mut frames = Vec::new();
        loop {
            frames.push(exchange.frame(WAIT).await?);
            if frames.last().is_some_and(|frame| frame.kind() == last) {
                return Ok(frames);
            }
        }
    }

    /// The study's file at a node, while there is one.
    fn file(&self, id: &NodeId) -> PathBuf {
        self.federation.node_home(id).work(&self.manifest.run.to_string())
    }

    /// Changes the study's file at a node.
    async fn alter(&self, id: &NodeId, statement: &str) {
        alter(self.file(id), statement.to_owned()).await;
    }
}

/// Changes a database.
async fn alter(path: PathBuf, statement: String) {
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
    pool.close().await;
}

fn k360() -> NodeId {
    node("k360")
}

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

/// The code of a refusal; anything else fails the test.
fn refused<T>(result: Result<T, ExchangeError>) -> RejectCode {
    match result {
        Err(ExchangeError::Refused(code) | ExchangeError::Blamed { code, .. }) => code,
        Err(error) => panic!("not refused, but failed: {error}"),
        Ok(_) => panic!("not refused"),
    }
}

fn assert_refused<T>(result: Result<T, ExchangeError>, code: RejectCode, what: impl Debug) {
    assert_eq!(refused(result), code, "{what:?}");
}

/// A digest that is nothing's.
const OTHER: Digest = Digest([7; 32]);
