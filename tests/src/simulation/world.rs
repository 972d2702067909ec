//! The small world: carries steps out on a federation, and looks after each whether everything is as it must be.

mod judge;
mod replay;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant as RealInstant};

use anyhow::{Context as _, ensure};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::Instant;
use tvaers_coordinator::limits::Limits;
use tvaers_coordinator::stratify::{Request, RequestId, Summary};
use tvaers_definitions::library::Library;
use tvaers_link::memory::Interceptor;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Problem;

use crate::federation::Federation;
use crate::leak::Needles;
use crate::panics;
use crate::simulation::data::{self, Data};
use crate::simulation::expect::{Files, Question};
use crate::simulation::plan::{Back, NODES, Step, Stratify};
use crate::simulation::tap::{Event, Recorded, Tap};
use crate::simulation::time::Time;

/// A run that takes longer, in real time, is stuck.
const STUCK: Duration = Duration::from_secs(600);

/// For a node to answer, or to erase what it held, in real time.
const SOON: Duration = Duration::from_secs(300);

/// Between the coordinator's looks whether a node has yet to hear of a study's end.
const REMIND: Duration = Duration::from_secs(10);

/// Looks within which a node must have heard: one may meet a node that is slow to answer.
const REMINDERS: u32 = 20;

const MODELS: [&str; 3] = ["sad", "somv", "somv_with_frontline"];

/// The day of extraction.
const EXTRACTED_ON: Date = date(2026, 2, 28);

/// Shorter than in service, so that fewer steps of the clock pass them; each longer than what it has to outlast.
const fn limits(limits: Limits) -> Limits {
    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }
    Limits {
        prompt: seconds(5),
        round: seconds(5),
        work: seconds(20),
        progress: seconds(12),
        relay: seconds(6),
        frame: seconds(10),
        worklist: seconds(15),
        close: seconds(5),
        remind: REMIND,
        reconnect: Duration::ZERO,
        settle: Duration::ZERO,
        pause_first: Duration::from_millis(50),
        pause_max: seconds(1),
        losses_max: 5,
        timeouts_max: 1,
        drafts_max: 3,
        ..limits
    }
}

/// What came of the stratifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Steps, each mishap being one.
    pub steps: usize,
    /// Mishaps that met their message.
    pub struck: usize,
    /// Stratifications with everyone.
    pub complete: usize,
    /// Stratifications without someone.
    pub incomplete: usize,
    /// Stratifications of which nothing came.
    pub failed: usize,
    /// Lists that were compared with the oracle.
    pub lists: usize,
    /// Streams that were sent again.
    pub replayed: usize,
}

type AllFiles = BTreeMap<(&'static str, NodeId), Files>;

/// A federation and what is known of it.
pub(super) struct World {
    federation: Federation,
    tap: Arc<Tap>,
    events: UnboundedReceiver<Event>,
    time: Time,
    library: Library,
    data: Data,
    persons: Needles,
    /// Who is connected between the runs.
    up: BTreeSet<&'static str>,
    /// Who is away during a run, and when it is back.
    away: BTreeMap<&'static str, Option<Instant>>,
    silent: BTreeMap<&'static str, Option<Instant>>,
    kept: VecDeque<Recorded>,
    expected: BTreeMap<Question, BTreeMap<NodeId, Files>>,
    runs: u64,
    /// What came of it so far.
    pub report: Report,
}

fn id(node: &str) -> anyhow::Result<NodeId> {
    Ok(NodeId::new(node)?)
}

fn read_if_there(path: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

impl World {
    /// Makes the world of a seed, with everyone connected.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(super) async fn new(seed: u64) -> anyhow::Result<Self> {
        panics::watch();
        let frames = Arc::new(AtomicU64::new(0));
        let time = Time::hold(Arc::clone(&frames));
        let (sender, events) = mpsc::unbounded_channel();
        let tap = Arc::new(Tap::new(sender, frames));
        let builder = Federation::builder()
            .cases(seed)
            .as_of(EXTRACTED_ON)
            .limits(limits(Limits::default()))
            .interceptor(Arc::clone(&tap) as Arc<dyn Interceptor>)
            .edit(move |folder| data::shrink(folder, seed, EXTRACTED_ON));
        // No power is really cut here, so that nothing has to reach a disk: what waits for one may be in memory.
        let memory = Path::new("/dev/shm");
        let builder = if memory.is_dir() { builder.under(memory) } else { builder };
        let mut federation = builder.build().await?;
        federation.connect_all().await?;
        let data = Data::read(&federation.data())?;
        let persons = Needles::persons(&Data::persons(&federation.data())?);
        Ok(Self {
            federation,
            tap,
            events,
            time,
            library: Library::embedded()?,
            data,
            persons,
            up: NODES.into(),
            away: BTreeMap::new(),
            silent: BTreeMap::new(),
            kept: VecDeque::new(),
            expected: BTreeMap::new(),
            runs: 0,
            report: Report::default(),
        })
    }

    /// Takes a step.
    ///
    /// # Errors
    /// Where anything is not as it must be.
    pub(super) async fn take(&mut self, step: &Step) -> anyhow::Result<()> {
        let before = self.files()?;
        match step {
            Step::Stratify(stratify) => self.stratify(stratify, &before).await?,
            Step::Import { node, keep, seed } => {
                self.data.write_part(&self.federation.data(), node, *keep, *seed)?;
                let (federation, node) = (&self.federation, id(node)?);
                wait(&mut self.time, federation.import(&node)).await??;
                self.expected.clear();
            }
            Step::Disconnect(node) => {
                self.up.remove(node);
                self.federation.disconnect(&id(node)?).await;
            }
            Step::Connect(node) => {
                self.up.insert(node);
                self.federation.connect(&id(node)?).await?;
            }
            Step::Restart(node) => {
                self.federation.restart(&id(node)?).await?;
                if self.up.contains(node) {
                    self.federation.connect(&id(node)?).await?;
                }
            }
            Step::RestartCoordinator => {
                self.restart_coordinator().await?;
                let ended = self.federation.go_on().await.map_err(|problem| anyhow::anyhow!("{problem}"))?;
                ensure!(ended.is_empty(), "the coordinator goes on with a request that was answered");
            }
            Step::Replay { node, seed } => self.replay(node, *seed).await?,
        }
        if !matches!(step, Step::Stratify(_)) {
            ensure!(self.files()? == before, "a work list has changed without a run");
            self.until_erased(false).await?;
        }
        ensure!(panics::count() == 0, "something panicked");
        self.report.steps += step.count();
        Ok(())
    }

    async fn restart_coordinator(&mut self) -> anyhow::Result<()> {
        self.federation.restart_coordinator().await?;
        for node in self.up.iter().filter(|node| !self.away.contains_key(*node)) {
            self.federation.connect(&id(node)?).await?;
        }
        Ok(())
    }

    async fn stratify(&mut self, asked: &Stratify, before: &AllFiles) -> anyhow::Result<()> {
        let as_of = EXTRACTED_ON.checked_sub(asked.days_ago.days())?;
        let (grain, deadline_s) = (asked.grain, asked.deadline_s);
        let request = self.federation.signed(asked.model, as_of, grain, deadline_s);
        let shape = self.library.model(asked.model).map(|model| model.shape(grain));
        self.tap.arm(&asked.mishaps, shape);
        let ended = self.run(&request).await?;
        let is_disturbed = self.tap.has_struck();
        self.recover(is_disturbed).await?;
        self.until_erased(is_disturbed).await?;
        let recorded = self.tap.take_recorded();
        if !is_disturbed {
            self.keep(recorded);
        }
        self.report.struck += usize::from(is_disturbed);
        self.judge(asked.model, as_of, grain, &ended, is_disturbed)?;
        self.compare(asked.model, as_of, &ended, before)?;
        self.runs += 1;
        self.look_for_leaks(&ended)
    }

    /// Runs a request to its end, and lets happen what happens on the way.
    async fn run(&mut self, request: &Request) -> anyhow::Result<Result<Summary, Problem>> {
        let name = RequestId::random();
        let mut run = self.federation.begin_as(name.clone(), request.clone());
        let (began, mut waited) = (RealInstant::now(), Duration::ZERO);
        let deadline = Duration::from_secs(request.deadline_s);
        loop {
            let next = self.away.values().chain(self.silent.values()).flatten().min().copied();
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => {
                    if matches!(event, Event::CoordinatorCrash) {
                        run.abort();
                        // Whether it has just ended or not: it is asked once more.
                        let _ = (&mut run).await;
                        self.restart_coordinator().await?;
                        run = self.federation.begin_as(name.clone(), request.clone());
                    } else {
                        self.suffer(event).await?;
                    }
                }
                ended = &mut run => return ended.context("the run panicked"),
                () = until(next) => self.come_back().await?,
                () = self.time.quiet() => {
                    ensure!(began.elapsed() < STUCK, "the run is stuck");
                    let is_disturbed = self.tap.has_struck() || !self.away.is_empty();
                    if is_disturbed {
                        self.dial_again().await?;
                    }
                    // Who is not there is waited for before anyone is asked, and no longer: the databases' own waits
                    // must not end in a run that nothing has happened to.
                    let is_awaited = self.up.len() < NODES.len() && !self.tap.is_drafted() && waited <= deadline;
                    if is_disturbed || is_awaited {
                        waited += self.time.advance().await;
                    }
                }
            }
        }
    }

    async fn suffer(&mut self, event: Event) -> anyhow::Result<()> {
        let when = |back| match back {
            Back::AtOnce => Some(Instant::now()),
            Back::After(seconds) => Some(Instant::now() + Duration::from_secs(seconds)),
            Back::Afterwards => None,
        };
        match event {
            Event::Gone(node, back) => {
                self.away.insert(node, when(back));
            }
            Event::Crash(node, back) => {
                self.federation.restart(&id(node)?).await?;
                self.away.insert(node, when(back));
            }
            Event::Cut(nodes, back) => {
                for node in nodes.into_iter().filter(|node| self.up.contains(node)) {
                    self.federation.disconnect(&id(node)?).await;
                    self.away.insert(node, when(back));
                }
            }
            Event::Silence(nodes, back) => {
                self.silent.extend(nodes.into_iter().map(|node| (node, when(back))));
            }
            Event::CoordinatorCrash => self.restart_coordinator().await?,
        }
        Ok(())
    }

    async fn come_back(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        let is_due = |time: &Option<Instant>| time.is_some_and(|time| time <= now);
        let due: Vec<_> = self.away.iter().filter(|(_, time)| is_due(time)).map(|(node, _)| *node).collect();
        for node in due {
            self.away.remove(node);
            self.federation.connect(&id(node)?).await?;
        }
        let due: Vec<_> =
            self.silent.iter().filter(|(_, time)| is_due(time)).map(|(node, _)| *node).collect();
        for node in due {
            self.silent.remove(node);
            self.tap.end_silence(node);
        }
        Ok(())
    }

    /// A node dials again where its connection has ended without anybody's doing.
    async fn dial_again(&mut self) -> anyhow::Result<()> {
        for node in self.up.iter().filter(|node| !self.away.contains_key(*node)) {
            let node = id(node)?;
            let is_closed = match self.federation.link_to(&node) {
                None => true,
                Some(link) => tokio::select! {
                    biased;
                    _ = link.closed() => true,
                    () = std::future::ready(()) => false,
                },
            };
            if is_closed {
                self.federation.connect(&node).await?;
            }
        }
        Ok(())
    }

    /// Everything is as it was before the run. A node that could not be told of the run's end is told as it connects.
    async fn recover(&mut self, is_disturbed: bool) -> anyhow::Result<()> {
        self.tap.rest();
        while let Ok(event) = self.events.try_recv() {
            self.suffer(event).await?;
        }
        self.away.clear();
        self.silent.clear();
        if is_disturbed {
            for node in &self.up {
                self.federation.connect(&id(node)?).await?;
            }
        }
        Ok(())
    }

    /// Nobody who is connected keeps anything of a study that has ended. After a disturbed run the clock moves on, for as
    /// many looks of the coordinator as it takes; after another it stands still.
    async fn until_erased(&mut self, is_disturbed: bool) -> anyhow::Result<()> {
        let (began, mut waited) = (RealInstant::now(), Duration::ZERO);
        loop {
            let mut holding = Vec::new();
            for node in &self.up {
                if !self.federation.scratch(&id(node)?)?.is_empty() {
                    holding.push(*node);
                }
            }
            if holding.is_empty() {
                return Ok(());
            }
            ensure!(began.elapsed() < SOON, "{} keeps persons of a study that has ended", holding.join(", "));
            self.time.quiet().await;
            // Whoever missed a word hears it again when the coordinator looks again.
            if is_disturbed && waited < REMINDERS * REMIND {
                waited += self.time.advance().await;
            }
        }
    }

    fn files(&self) -> anyhow::Result<AllFiles> {
        let mut files = BTreeMap::new();
        for node in NODES.iter().filter(|node| node.starts_with('k')) {
            let node = id(node)?;
            let home = self.federation.node_home(&node);
            for model in MODELS {
                let list = read_if_there(&home.worklist(model))?;
                let incomplete = read_if_there(&home.incomplete(model))?;
                files.insert((model, node.clone()), Files { list, incomplete });
            }
        }
        Ok(files)
    }
}

/// Waits for what must come without the clock moving on.
async fn wait<T>(time: &mut Time, work: impl Future<Output = T>) -> anyhow::Result<T> {
    tokio::pin!(work);
    let began = RealInstant::now();
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            () = time.quiet() => ensure!(began.elapsed() < SOON, "nothing happens any more"),
        }
    }
}
