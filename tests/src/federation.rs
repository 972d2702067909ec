//! A whole federation in one process: the nodes' and the coordinator's own code over real folders, with links in
//! memory and someone in the middle of them.
//!
//! Nothing here stands in for a part of the product: folders, keys and roster are made by `tvaers-local`, rows are
//! imported by `tvaers-node import`, and parties are opened as their `serve` opens them. Only the network is not one.

#![expect(clippy::panic, reason = "what a test asks for is there")]

mod asking;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tvaers_coordinator::answer::Answer;
use tvaers_coordinator::asker::{Asker, StudyWish};
use tvaers_coordinator::coordinator::Coordinator;
use tvaers_coordinator::event::Events;
use tvaers_coordinator::limits::Limits;
use tvaers_coordinator::query;
use tvaers_coordinator::query::Answered;
use tvaers_coordinator::request::{IndicatorAsked, QueryAsked};
use tvaers_coordinator::series;
use tvaers_coordinator::stratify::{self, Outcome, RequestId, Summary};
use tvaers_host::private;
use tvaers_link::clock::{Clock, SystemClock};
use tvaers_link::link::{CloseCode, Link};
use tvaers_link::memory::{Fate, Interceptor, Passage, intercepted_pair};
use tvaers_local::permits::Permits;
use tvaers_local::provision;
use tvaers_node::node::Node;
use tvaers_node::{home, serve};
use tvaers_protocol::id::{NodeId, PersonId, Sector};
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::{QueryRequest, TablesRequest};
use tvaers_protocol::sign::SigningKey;
use tvaers_protocol::study::{Grain, Manifest, RunId};

use crate::{cases, policy};

/// Changes the folder of data.
type Edit = dyn Fn(&Path) -> anyhow::Result<()> + Send;

/// What a federation is to be made of.
pub struct Builder {
    data: Data,
    model: String,
    as_of: Date,
    grain: Grain,
    interceptor: Arc<dyn Interceptor>,
    clock: Arc<dyn Clock>,
    coordinator_clock: Arc<dyn Clock>,
    limits: Limits,
    edit: Box<Edit>,
    under: Option<PathBuf>,
}

enum Data {
    Cases { seed: u64 },
    Made { persons: u32, seed: u64 },
}

/// A federation whose nodes have imported their data.
pub struct Federation {
    /// Holds everything; removed when the federation is dropped.
    dir: TempDir,
    provisioned: provision::Federation,
    permits: Permits,
    asker: Asker,
    officer: Asker,
    nodes: BTreeMap<NodeId, Arc<Node>>,
    links: BTreeMap<NodeId, Arc<dyn Link>>,
    coordinator: Arc<Coordinator>,
    interceptor: Arc<dyn Interceptor>,
    clock: Arc<dyn Clock>,
    coordinator_clock: Arc<dyn Clock>,
    limits: Limits,
    model: String,
    as_of: Date,
}

/// One line of a work list. No `Debug`: it holds a CPR number.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// The points of all criteria.
    pub total: u16,
    /// The stratum's name.
    pub stratum: String,
    /// Whether the model includes the person.
    pub included: bool,
    /// Whether nothing fell back.
    pub complete: bool,
    /// The points of each criterion, by name.
    pub items: BTreeMap<String, u16>,
}

impl Builder {
    /// Uses the nasty data set of [`cases`].
    #[must_use]
    pub fn cases(mut self, seed: u64) -> Self {
        self.data = Data::Cases { seed };
        self
    }

    /// Uses a made-up population of one region and two municipalities.
    #[must_use]
    pub fn made(mut self, persons: u32, seed: u64) -> Self {
        self.data = Data::Made { persons, seed };
        self
    }

    /// The model that is asked for where nothing else is said; `sad` without this.
    #[must_use]
    pub fn model(mut self, name: &str) -> Self {
        name.clone_into(&mut self.model);
        self
    }

    /// The reference date, and the day of extraction.
    #[must_use]
    pub fn as_of(mut self, as_of: Date) -> Self {
        self.as_of = as_of;
        self
    }

    /// The finest grain that the nodes' policies grant.
    #[must_use]
    pub fn grain(mut self, grain: Grain) -> Self {
        self.grain = grain;
        self
    }

    /// Who stands in the middle of every link.
    #[must_use]
    pub fn interceptor(mut self, interceptor: Arc<dyn Interceptor>) -> Self {
        self.interceptor = interceptor;
        self
    }

    /// The nodes' clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The clock of the nodes and of the coordinator.
    #[must_use]
    pub fn everyones_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.coordinator_clock = Arc::clone(&clock);
        self.clock(clock)
    }

    /// How long the coordinator waits for anything.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Changes the folder of data before it is imported.
    #[must_use]
    pub fn edit(mut self, edit: impl Fn(&Path) -> anyhow::Result<()> + Send + 'static) -> Self {
        self.edit = Box::new(edit);
        self
    }

    /// Where everything is made, instead of the machine's folder for such things.
    #[must_use]
    pub fn under(mut self, dir: &Path) -> Self {
        self.under = Some(dir.to_owned());
        self
    }

    /// Makes folders, keys, roster and data, and opens every party; nobody is connected yet.
    ///
    /// # Errors
    /// Where any of it fails.
    pub async fn build(self) -> anyhow::Result<Federation> {
        let dir = match &self.under {
            Some(under) => tempfile::tempdir_in(under)?,
            None => tempfile::tempdir()?,
        };
        let (data, out) = (dir.path().join("data"), dir.path().join("out"));
        make(&self.data, self.as_of, &data)?;
        (self.edit)(&data)?;
        let today = TimeZone::UTC.to_datetime(SystemClock.now()).date();
        let folders = provision::look(&data)?;
        let permits = Permits::look(&folders)?;
        // A key that policies can name.
        let key = dir.path().join("analyst.key");
        private::write_key(&key, &policy::ANALYST)?;
        let second = dir.path().join("officer.key");
        private::write_key(&second, &policy::OFFICER)?;
        let keys = provision::Keys { analyst: Some(&key), officer: Some(&second) };
        let provisioned = provision::provision(folders, &out, keys, false, today)?;
        permits.put(&provisioned, self.grain)?;
        let asker = provisioned.asker()?;
        let officer = provisioned.officer()?.context("there is no officer")?;
        for folder in &provisioned.folders {
            import(&provisioned.node_home(&folder.id), &folder.path, self.as_of).await?;
        }
        let mut nodes = BTreeMap::new();
        for folder in &provisioned.folders {
            nodes.insert(folder.id.clone(), open(&provisioned, &folder.id, &self.clock).await?);
        }
        // The listener is for QUIC; links in memory need none.
        let coordinator = open_coordinator(&provisioned, &self.limits, &self.coordinator_clock).await?;
        Ok(Federation {
            dir,
            provisioned,
            permits,
            asker,
            officer,
            nodes,
            links: BTreeMap::new(),
            coordinator,
            interceptor: self.interceptor,
            clock: self.clock,
            coordinator_clock: self.coordinator_clock,
            limits: self.limits,
            model: self.model,
            as_of: self.as_of,
        })
    }
}

fn make(data: &Data, as_of: Date, out: &Path) -> anyhow::Result<()> {
    match *data {
        Data::Cases { seed } => drop(cases::cases(seed, as_of, out)?),
        Data::Made { persons, seed } => drop(tvaers_local::make::make(
            &tvaers_local::make::MakeOptions {
                persons,
                seed,
                as_of,
                regions: vec![1085],
                municipalities: vec![360, 376],
                out: out.to_owned(),
            },
            |_, _| {},
        )?),
    }
    Ok(())
}

/// Imports as a person would at the node. The program makes a runtime of its own, so it needs a thread of its own.
async fn import(home: &home::Home, folder: &Path, extracted_on: Date) -> anyhow::Result<()> {
    let arguments = ["tvaers-node", "--quiet", "--format", "json", "--home"].map(Into::into);
    let arguments = arguments.into_iter().chain([home.dir().into(), "import".into(), folder.into()]);
    let arguments: Vec<std::ffi::OsString> =
        arguments.chain(["--extracted-on".into(), extracted_on.to_string().into()]).collect();
    let code = tokio::task::spawn_blocking(|| tvaers_node::cli::main(arguments)).await?;
    ensure!(code == ExitCode::SUCCESS, "`{}` could not be imported", folder.display());
    Ok(())
}

async fn open(
    provisioned: &provision::Federation,
    id: &NodeId,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<Node>> {
    let (node, _, _) = tvaers_node::app::open(provisioned.node_home(id), Arc::clone(clock)).await?;
    Ok(node)
}

async fn open_coordinator(
    provisioned: &provision::Federation,
    limits: &Limits,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<Coordinator>> {
    let home = provisioned.coordinator_home();
    let opened = tvaers_coordinator::app::open_with(&home, limits.clone(), Arc::clone(clock));
    let (coordinator, _) = opened.await?;
    Ok(coordinator)
}

impl Federation {
    /// A federation over the first of the nasty data sets, with nobody in the middle.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            data: Data::Cases { seed: 1 },
            model: "sad".to_owned(),
            as_of: date(2026, 2, 28),
            grain: Grain::Events,
            interceptor: Arc::new(|_: &Passage, _: &mut Vec<u8>| Fate::Forward),
            clock: Arc::new(SystemClock),
            coordinator_clock: Arc::new(SystemClock),
            limits: Limits::default(),
            edit: Box::new(|_| Ok(())),
            under: None,
        }
    }

    /// The nodes' names, ascending.
    #[must_use]
    pub fn names(&self) -> Vec<NodeId> {
        self.nodes.keys().cloned().collect()
    }

    /// The nodes of the municipalities.
    #[must_use]
    pub fn municipalities(&self) -> Vec<NodeId> {
        let folders = self.provisioned.folders.iter();
        folders
            .filter(|folder| folder.sector == Sector::Municipality)
            .map(|folder| folder.id.clone())
            .collect()
    }

    /// Asks for another model from now on.
    pub fn set_model(&mut self, name: &str) {
        name.clone_into(&mut self.model);
    }

    /// The reference date.
    #[must_use]
    pub const fn as_of(&self) -> Date {
        self.as_of
    }

    /// The folder with one folder of data per node.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The folder of a node.
    #[must_use]
    pub fn node_home(&self, id: &NodeId) -> home::Home {
        self.provisioned.node_home(id)
    }

    /// The folder of the coordinator.
    #[must_use]
    pub fn coordinator_home(&self) -> tvaers_coordinator::home::Home {
        self.provisioned.coordinator_home()
    }

    /// Lays a link to a node, which serves it from now on; gives the coordinator's end.
    ///
    /// # Errors
    /// Where there is no such node.
    pub fn link(&self, id: &NodeId) -> anyhow::Result<Arc<dyn Link>> {
        let node = Arc::clone(self.nodes.get(id).context("no such node")?);
        let (at_node, at_coordinator) = intercepted_pair(id.clone(), Arc::clone(&self.interceptor));
        tokio::spawn(async move { serve::session(&node, &(Arc::new(at_node) as Arc<dyn Link>)).await });
        Ok(Arc::new(at_coordinator))
    }

    /// Connects a node to the coordinator; an older connection ends.
    ///
    /// # Errors
    /// Where there is no such node.
    pub async fn connect(&mut self, id: &NodeId) -> anyhow::Result<()> {
        self.disconnect(id).await;
        let link = self.link(id)?;
        self.links.insert(id.clone(), Arc::clone(&link));
        let coordinator = Arc::clone(&self.coordinator);
        let mut attend = Box::pin(async move { coordinator.attend(link).await });
        // The first step takes the link in, so that whoever asks next finds the node.
        tokio::select! {
            biased;
            () = &mut attend => {}
            () = std::future::ready(()) => drop(tokio::spawn(attend)),
        }
        Ok(())
    }

    /// Connects every node to the coordinator anew.
    ///
    /// # Errors
    /// None that a federation of this kind has.
    pub async fn connect_all(&mut self) -> anyhow::Result<()> {
        for id in self.names() {
            self.connect(&id).await?;
        }
        Ok(())
    }

    /// Ends a node's connection to the coordinator, if it has one.
    pub async fn disconnect(&mut self, id: &NodeId) {
        if let Some(link) = self.links.remove(id) {
            link.close(CloseCode::Goodbye);
            link.closed().await;
        }
    }

    /// Stops a node as a power cut would, and opens it again; it is not connected then.
    ///
    /// # Errors
    /// Where it does not open.
    pub async fn restart(&mut self, id: &NodeId) -> anyhow::Result<()> {
        self.disconnect(id).await;
        self.nodes.insert(id.clone(), open(&self.provisioned, id, &self.clock).await?);
        Ok(())
    }

    /// Opens a node from a copy of its folder, beside the one that is open.
    ///
    /// # Errors
    /// The node's own.
    pub async fn open_copy(&self, dir: &Path) -> Result<Arc<Node>, Problem> {
        self.open_copy_at(dir, Arc::clone(&self.clock)).await
    }

    /// The same, with a clock of its own.
    ///
    /// # Errors
    /// The node's own.
    pub async fn open_copy_at(&self, dir: &Path, clock: Arc<dyn Clock>) -> Result<Arc<Node>, Problem> {
        let opened = tvaers_node::app::open(home::Home::new(dir), clock).await;
        opened.map(|(node, _, _)| node)
    }

    /// Puts another node in the place of one, connected; gives the one before.
    ///
    /// # Errors
    /// Where there is no such node.
    pub async fn put(&mut self, id: &NodeId, node: Arc<Node>) -> anyhow::Result<Arc<Node>> {
        self.disconnect(id).await;
        let before = self.nodes.insert(id.clone(), node).context("no such node")?;
        self.connect(id).await?;
        Ok(before)
    }

    /// Stops the coordinator as a power cut would, and opens it again; nobody is connected to it then. What it was at
    /// has to be aborted first.
    ///
    /// # Errors
    /// Where it does not open.
    pub async fn restart_coordinator(&mut self) -> anyhow::Result<()> {
        for id in self.names() {
            self.disconnect(&id).await;
        }
        self.coordinator = open_coordinator(&self.provisioned, &self.limits, &self.coordinator_clock).await?;
        Ok(())
    }

    /// Goes on with what the coordinator was at when it was stopped, as its `serve` does.
    ///
    /// # Errors
    /// Where it cannot tell; beside it, each request's own.
    pub async fn go_on(&self) -> Result<Vec<Result<Summary, Problem>>, Problem> {
        let mut ended = Vec::new();
        for (id, request) in stratify::unanswered(&self.coordinator).await? {
            let (events, _) = Events::channel();
            match request {
                stratify::Asked::Stratify(request) => {
                    ended.push(stratify::run_as(&self.coordinator, &id, &request, &events).await);
                }
                stratify::Asked::Query(asked) => {
                    query::run_as(&self.coordinator, &id, &asked, &events).await?;
                }
                stratify::Asked::Indicator(asked) => {
                    query::run_indicator_as(&self.coordinator, &id, &asked, &events).await?;
                }
            }
        }
        Ok(ended)
    }

    /// Begins a stratification, to be waited for while other things happen.
    #[must_use]
    pub fn begin(&self, request: stratify::Request) -> JoinHandle<Result<Summary, Problem>> {
        let coordinator = Arc::clone(&self.coordinator);
        tokio::spawn(async move {
            let (events, _) = Events::channel();
            stratify::run(&coordinator, &request, &events).await
        })
    }

    /// Begins a stratification of this name, or goes on with it, to be waited for while other things happen.
    #[must_use]
    pub fn begin_as(
        &self,
        id: stratify::RequestId,
        request: stratify::Request,
    ) -> JoinHandle<Result<Summary, Problem>> {
        let coordinator = Arc::clone(&self.coordinator);
        tokio::spawn(async move {
            let (events, _) = Events::channel();
            stratify::run_as(&coordinator, &id, &request, &events).await
        })
    }

    /// Imports what now stands in a node's folder of data, in place of what it had.
    ///
    /// # Errors
    /// Where there is no such node, or it does not import.
    pub async fn import(&self, id: &NodeId) -> anyhow::Result<()> {
        let folder = self.provisioned.folders.iter().find(|folder| folder.id == *id);
        import(&self.provisioned.node_home(id), &folder.context("no such node")?.path, self.as_of).await
    }

    /// The coordinator's end of a node's link, if it has one.
    #[must_use]
    pub fn link_to(&self, id: &NodeId) -> Option<Arc<dyn Link>> {
        self.links.get(id).cloned()
    }

    /// The node, to look at what it keeps.
    #[must_use]
    pub fn node(&self, id: &NodeId) -> Option<&Arc<Node>> {
        self.nodes.get(id)
    }

    /// Has a node look for studies whose deadline has passed, as it does while it serves.
    ///
    /// # Errors
    /// Where there is no such node.
    pub fn sweep(&self, id: &NodeId) -> anyhow::Result<()> {
        let node = Arc::clone(self.nodes.get(id).context("no such node")?);
        tokio::spawn(serve::sweep(node));
        Ok(())
    }

    /// The text of a node's work list; none where it has none.
    #[must_use]
    pub fn worklist_text(&self, id: &NodeId) -> Option<String> {
        std::fs::read_to_string(self.node_home(id).worklist(&self.model)).ok()
    }

    /// Every municipality's work list as its text, for comparison as a whole.
    #[must_use]
    pub fn worklist_texts(&self) -> BTreeMap<NodeId, Option<String>> {
        self.municipalities().into_iter().map(|id| (id.clone(), self.worklist_text(&id))).collect()
    }

    /// A node's work list by person.
    ///
    /// # Errors
    /// Where there is none, or a line is none, or a person stands on it twice.
    pub fn worklist(&self, id: &NodeId) -> anyhow::Result<BTreeMap<PersonId, Line>> {
        let text = self.worklist_text(id).with_context(|| format!("`{id}` has no work list"))?;
        read(&text).with_context(|| format!("the work list of `{id}`"))
    }

    /// Takes every work list away, so that what is there later is of a later run.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub fn forget_worklists(&self) -> anyhow::Result<()> {
        for id in self.municipalities() {
            let path = self.node_home(&id).worklist(&self.model);
            if path.exists() {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// The scratch databases that studies have left in a node's folder.
    ///
    /// # Errors
    /// Where the folder cannot be listed.
    pub fn scratch(&self, id: &NodeId) -> anyhow::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.node_home(id).dir())? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("study-")) {
                found.push(path);
            }
        }
        Ok(found)
    }
}

/// Reads a work list's text.
///
/// # Errors
/// Where a line is none, or a person stands on it twice. The message holds no number.
pub fn read(text: &str) -> anyhow::Result<BTreeMap<PersonId, Line>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers()?.iter().skip(5).map(str::to_owned).collect();
    let mut lines = BTreeMap::new();
    for (number, record) in reader.records().enumerate() {
        let record = record?;
        let field = |at: usize| record.get(at).with_context(|| format!("row {number} has no field {at}"));
        let person =
            PersonId::parse(field(0)?).ok().with_context(|| format!("row {number} has no person"))?;
        let items = names.iter().enumerate().map(|(at, name)| Ok((name.clone(), field(5 + at)?.parse()?)));
        let line = Line {
            total: field(1)?.parse()?,
            stratum: field(2)?.to_owned(),
            included: field(3)?.parse()?,
            complete: field(4)?.parse()?,
            items: items.collect::<anyhow::Result<_>>()?,
        };
        ensure!(lines.insert(person, line).is_none(), "row {number} names a person for the second time");
    }
    Ok(lines)
}
