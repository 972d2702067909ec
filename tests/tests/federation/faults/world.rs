//! A federation that suffers one plan after another.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tvaers_coordinator::limits::Limits;
use tvaers_coordinator::stratify::{RequestId, Summary};
use tvaers_link::link::Link;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{NodeId, Pseudonym};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_tests::federation::{Federation, read};
use tvaers_tests::panics;

use super::names::{self, Compared};
use super::plan::{NODES, Plan};
use super::tap::{Event, Seen, Shared, Tap};

/// A run that takes longer is stuck.
const STUCK: Duration = Duration::from_secs(120);

/// For nodes to erase what they held.
const SOON: Duration = Duration::from_secs(30);

/// Shorter than in service. Where an honest node is slower than that, it is done without, and nothing is wrong.
fn limits() -> Limits {
    Limits {
        prompt: Duration::from_secs(3),
        round: Duration::from_secs(1),
        work: Duration::from_secs(3),
        worklist: Duration::from_secs(3),
        relay: Duration::from_secs(1),
        progress: Duration::from_millis(1_500),
        frame: Duration::from_secs(2),
        close: Duration::from_secs(1),
        remind: Duration::from_millis(100),
        reconnect: Duration::ZERO,
        settle: Duration::ZERO,
        pause_first: Duration::from_millis(10),
        pause_max: Duration::from_millis(200),
        ..Limits::default()
    }
}

/// What came of the plans.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    cases: usize,
    mishaps: usize,
    whole: usize,
    incomplete: usize,
    stopped: usize,
    again: usize,
    compared: Compared,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cases: self.cases + other.cases,
            mishaps: self.mishaps + other.mishaps,
            whole: self.whole + other.whole,
            incomplete: self.incomplete + other.incomplete,
            stopped: self.stopped + other.stopped,
            again: self.again + other.again,
            compared: Compared {
                studies: self.compared.studies + other.compared.studies,
                persons: self.compared.persons + other.compared.persons,
            },
        }
    }
}

impl Tally {
    /// Most plans met their messages, and most runs came as far as pseudonyms.
    pub(super) const fn is_worth_the_run(&self, n_cases: usize) -> bool {
        self.cases == n_cases
            && self.mishaps > n_cases
            && self.again > 0
            && self.whole > n_cases / 2
            && self.compared.studies > n_cases / 2
            && self.compared.persons > 10 * n_cases
    }
}

pub(super) struct World {
    federation: Federation,
    tap: Shared,
    events: UnboundedReceiver<Event>,
    right: BTreeMap<NodeId, Option<String>>,
    /// Every pseudonym so far.
    known: BTreeSet<Pseudonym>,
    /// Questions that were put again.
    again: Vec<(NodeId, Frame)>,
    pub(super) tally: Tally,
    // Holds the kept files; on the same disk as the federation.
    _kept: TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        panics::watch();
        // No power is really cut, so that nothing has to reach a disk.
        let memory = Path::new("/dev/shm");
        let under = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let kept = tempfile::tempdir_in(&under).unwrap();
        let (sender, events) = mpsc::unbounded_channel();
        let tap = Arc::new(Tap::new(sender, kept.path().to_owned()));
        let builder = Federation::builder().made(30, 7).limits(limits()).under(&under);
        let mut federation = builder.interceptor(Arc::clone(&tap) as _).build().await.unwrap();
        assert_eq!(federation.names(), NODES.map(|node| NodeId::new(node).unwrap()));
        tap.set_homes(
            federation.names().into_iter().map(|id| (id.clone(), federation.node_home(&id))).collect(),
        );
        federation.connect_all().await.unwrap();
        federation.stratify().await.unwrap();
        let right = federation.worklist_texts();
        let mut world = Self {
            federation,
            tap,
            events,
            right,
            known: BTreeSet::new(),
            again: Vec::new(),
            tally: Tally::default(),
            _kept: kept,
        };
        let (_, seen) = world.settle().await.unwrap();
        let compared = world.compare(seen).await.unwrap();
        assert!(compared.studies == 1 && compared.persons > 10, "without a mishap: {compared:?}");
        world
    }

    /// Runs under a plan, and looks whether everything is as it must be.
    pub(super) async fn suffer(&mut self, plan: &Plan) -> anyhow::Result<()> {
        self.federation.forget_worklists()?;
        self.tap.arm(&plan.mishaps);
        let ended = self.run().await?;
        let (n_struck, seen) = self.settle().await?;
        let compared = self.compare(seen).await?;
        self.judge(&ended)?;
        self.put_again().await?;
        ensure!(panics::count() == 0, "something panicked");
        let (whole, incomplete) = match &ended {
            Ok(summary) if summary.missing.is_empty() && summary.unconfirmed.is_empty() => (1, 0),
            Ok(_) => (0, 1),
            Err(_) => (0, 0),
        };
        let stopped = 1 - whole - incomplete;
        self.tally = self.tally
            + Tally { cases: 1, mishaps: n_struck, whole, incomplete, stopped, again: 0, compared };
        Ok(())
    }

    async fn run(&mut self) -> anyhow::Result<Result<Summary, Problem>> {
        let (name, request) = (RequestId::random(), self.federation.request());
        let mut run = self.federation.begin_as(name.clone(), request.clone());
        let stuck = tokio::time::sleep(STUCK);
        tokio::pin!(stuck);
        loop {
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => match event {
                    Event::RestartCoordinator => {
                        run.abort();
                        // Whether it has just ended or not: it is asked once more.
                        let _ = (&mut run).await;
                        self.federation.restart_coordinator().await?;
                        self.federation.connect_all().await?;
                        run = self.federation.begin_as(name.clone(), request.clone());
                    }
                    event => self.carry_out(event).await?,
                },
                ended = &mut run => return ended.context("the run panicked"),
                () = &mut stuck => bail!("the run is stuck"),
            }
        }
    }

    async fn carry_out(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Gone(node) => self.federation.connect(&node).await?,
            Event::RestartNode(node) => {
                self.federation.restart(&node).await?;
                self.federation.connect(&node).await?;
            }
            Event::RestartCoordinator => {
                self.federation.restart_coordinator().await?;
                self.federation.connect_all().await?;
            }
            Event::Again(node, frame, later) => {
                self.again.push((node.clone(), frame.clone()));
                if let Some(link) = self.federation.link_to(&node) {
                    tokio::spawn(async move {
                        tokio::time::sleep(later).await;
                        send(&*link, &frame).await;
                    });
                }
            }
        }
        Ok(())
    }

    /// Carries out what is left, and waits until nobody keeps anything of a study that has ended.
    async fn settle(&mut self) -> anyhow::Result<(usize, Vec<Seen>)> {
        while let Ok(event) = self.events.try_recv() {
            self.carry_out(event).await?;
        }
        let began = Instant::now();
        loop {
            let mut holding = Vec::new();
            for id in self.federation.names() {
                if !self.federation.scratch(&id)?.is_empty() {
                    holding.push(id.to_string());
                }
            }
            if holding.is_empty() {
                return Ok(self.tap.rest());
            }
            ensure!(began.elapsed() < SOON, "{} keeps a study that has ended", holding.join(", "));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A run ends with the right lists, or with lists that are marked, or it says why not.
    fn judge(&self, ended: &Result<Summary, Problem>) -> anyhow::Result<()> {
        let lists = self.federation.worklist_texts();
        match ended {
            Ok(summary) if summary.missing.is_empty() && summary.unconfirmed.is_empty() => {
                ensure!(lists == self.right, "the run ended well, but not with the right lists");
            }
            Ok(summary) => {
                for (id, list) in &lists {
                    let lines = list.as_ref().map(|text| read(text)).transpose()?.unwrap_or_default();
                    let marked = lines.values().all(|line| !line.complete);
                    ensure!(marked || *list == self.right[id], "{id} without {:?}", summary.missing);
                }
            }
            Err(problem) => {
                ensure!(matches!(problem.exit, Exit::Failed | Exit::Incomplete), "{problem}");
                ensure!(problem.place.starts_with("node "), "nobody is named: {problem}");
                for (id, list) in &lists {
                    ensure!(list.is_none() || *list == self.right[id], "{id} has another list: {problem}");
                }
            }
        }
        Ok(())
    }

    async fn compare(&mut self, seen: Vec<Seen>) -> anyhow::Result<Compared> {
        let mut sum = Compared::default();
        for seen in seen {
            let Compared { studies, persons } = names::compare(seen, &mut self.known).await?;
            sum = Compared { studies: sum.studies + studies, persons: sum.persons + persons };
        }
        Ok(sum)
    }

    /// What was put again is put once more: nobody answers it any more, and nothing comes of it.
    async fn put_again(&mut self) -> anyhow::Result<()> {
        for (node, frame) in std::mem::take(&mut self.again) {
            let link = self.federation.link_to(&node).context("a node is away")?;
            let answer = send(&*link, &frame).await;
            ensure!(
                answer == Some(Kind::Reject),
                "{node} answers `{}` of a study that has ended",
                frame.kind()
            );
            ensure!(self.federation.scratch(&node)?.is_empty(), "{node} begins a study that has ended");
            self.tally.again += 1;
        }
        Ok(())
    }
}

/// Puts a question on a stream of its own; gives the kind of what is answered first.
async fn send(link: &dyn Link, frame: &Frame) -> Option<Kind> {
    let (mut sender, mut receiver) = link.open().await.ok()?.split();
    sender.send(frame, SOON).await.ok()?;
    sender.finish().await.ok()?;
    receiver.recv(SOON).await.ok().flatten().map(|frame| frame.kind())
}
