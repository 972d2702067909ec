//! A federation's folders: a node per data folder, a coordinator, and a roster that all members have signed.
//!
//! On real machines each member does its own part of this; here one process holds all keys for a moment, which is
//! why it is for made-up data only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use jiff::civil::Date;
use tvaers_coordinator::asker::Asker;
use tvaers_coordinator::library::library;
use tvaers_coordinator::{app as coordinator_app, config as coordinator_config, home as coordinator_home};
use tvaers_host::private;
use tvaers_host::process::system_rng;
use tvaers_node::config::Config;
use tvaers_node::{app as node_app, home as node_home};
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{Person, Role, Roster, SignedRoster};
use tvaers_protocol::sign::SigningKey;

/// The most persons that a laboratory node may have evaluated: without practical limit.
const EVALUATIONS_MAX: u32 = 100_000_000;

/// Marks a folder as a local federation's: only there is anything removed.
const MARK: &str = ".tvaers-local";

/// What `run` writes under OUT; `--fresh` removes these and nothing else.
const OURS: [&str; 8] =
    ["nodes", "coordinator", "analyst", "officer", "stratify", "results", "report.html", "timings.json"];

/// A node's folder of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder {
    /// The node's name, which is the folder's.
    pub id: NodeId,
    /// Its sector, from the name.
    pub sector: Sector,
    /// Its code, from the name.
    pub code: u16,
    /// The folder.
    pub path: PathBuf,
}

/// A provisioned federation.
#[derive(Clone, Debug)]
pub struct Federation {
    /// The nodes with their data.
    pub folders: Vec<DataFolder>,
    out: PathBuf,
}

impl Federation {
    /// A node's folder.
    #[must_use]
    pub fn node_home(&self, id: &NodeId) -> node_home::Home {
        node_home::Home::new(self.out.join("nodes").join(id.as_str()))
    }

    /// The key of the person who asks.
    #[must_use]
    pub fn analyst_key(&self) -> PathBuf {
        self.out.join("analyst").join("signing.key")
    }

    /// The key of the person who approves what the first one asks for.
    #[must_use]
    pub fn officer_key(&self) -> PathBuf {
        self.out.join("officer").join("signing.key")
    }

    /// The person who approves; none in a federation that was made without.
    ///
    /// # Errors
    /// [`Problem`] where key or roster cannot be read.
    pub fn officer(&self) -> Result<Option<Asker>, Problem> {
        let (home, key) = (self.coordinator_home(), self.officer_key());
        key.exists().then(|| Asker::open(&key, &home.roster(), library(&home)?)).transpose()
    }

    /// The person who asks.
    ///
    /// # Errors
    /// [`Problem`] where key or roster cannot be read.
    pub fn asker(&self) -> Result<Asker, Problem> {
        let home = self.coordinator_home();
        Asker::open(&self.analyst_key(), &home.roster(), library(&home)?)
    }

    /// The released tables of a model.
    #[must_use]
    pub fn stratified(&self, model: &str) -> PathBuf {
        self.out.join("stratify").join(format!("{model}.json"))
    }

    /// The answers to a query: one object, or one a line.
    #[must_use]
    pub fn result(&self, query: &str, many: bool) -> PathBuf {
        self.out.join("results").join(format!("{query}.{}", if many { "ndjson" } else { "json" }))
    }

    /// The coordinator's folder.
    #[must_use]
    pub fn coordinator_home(&self) -> coordinator_home::Home {
        coordinator_home::Home::new(self.out.join("coordinator"))
    }
}

/// Looks which nodes a data folder has.
///
/// # Errors
/// [`Problem`] where a folder's name is no node's.
pub fn look(data: &Path) -> Result<Vec<DataFolder>, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::new(Exit::BadInput, "data.read", error)
            .at(data.display())
            .expected("a folder with one folder per node")
            .next("check the path given as --data")
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(data).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.path().is_dir() || name.starts_with('.') {
            continue;
        }
        folders.push(folder(&name, entry.path())?);
    }
    folders.sort_by(|a, b| a.id.cmp(&b.id));
    if folders.len() < 2 {
        return Err(Problem::new(
            Exit::BadInput,
            "data.nodes",
            format_args!("{} node folders found", folders.len()),
        )
        .at(data.display())
        .expected("at least two, such as region_1085 and k360: a key needs two holders")
        .next("check the path given as --data, or make data with `tvaers-local make`"));
    }
    Ok(folders)
}

fn folder(name: &str, path: PathBuf) -> Result<DataFolder, Problem> {
    let region = name.strip_prefix("region_").map(|code| (Sector::Region, code));
    let parts = region.or_else(|| name.strip_prefix('k').map(|code| (Sector::Municipality, code)));
    let parsed = parts.and_then(|(sector, code)| {
        let digits = if sector == Sector::Region { 4 } else { 3 };
        let code = if code.len() == digits { code.parse().ok()? } else { return None };
        Some(DataFolder { id: NodeId::new(name).ok()?, sector, code, path: path.clone() })
    });
    parsed.ok_or_else(|| {
        Problem::new(Exit::BadInput, "data.folder", "a folder's name is no node's")
            .at(path.display())
            .expected("names such as region_1085 (a region) and k360 (a municipality)")
            .next("rename the folder or take it out")
    })
}

/// The keys of people, where they are not to be made here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys<'a> {
    /// Of the person who asks.
    pub analyst: Option<&'a Path>,
    /// Of the person who approves.
    pub officer: Option<&'a Path>,
}

/// Makes a federation in `out`, or goes on with the one that is there.
///
/// # Errors
/// [`Problem`] where what is there is another federation.
pub fn provision(
    folders: Vec<DataFolder>,
    out: &Path,
    keys: Keys<'_>,
    fresh: bool,
    today: Date,
) -> Result<Federation, Problem> {
    claim(out)?;
    if fresh {
        clear(out)?;
    }
    let federation = Federation { folders, out: out.to_owned() };
    if federation.coordinator_home().roster().exists() {
        go_on(&federation, today)?;
    } else {
        found(&federation, keys, today)?;
    }
    for folder in &federation.folders {
        let text = config(folder).to_commented_text();
        private::replace(&federation.node_home(&folder.id).config(), text.as_bytes()).map_err(failed)?;
    }
    Ok(federation)
}

/// Makes the folder a local federation's. One that holds other people's things under our names is refused.
///
/// # Errors
/// [`Problem`].
pub fn claim(out: &Path) -> Result<(), Problem> {
    private::create_dir(out)
        .map_err(|error| Problem::from_error(Exit::BadInput, "out", &error).at(out.display()))?;
    let mark = out.join(MARK);
    if mark.exists() {
        return Ok(());
    }
    let taken = OURS.iter().chain(&["data"]).map(|name| out.join(name)).find(|path| path.exists());
    if let Some(path) = taken {
        return Err(Problem::new(
            Exit::BadInput,
            "out.taken",
            "the folder holds something that tvaers-local did not make",
        )
        .at(path.display())
        .expected("a new folder, or one of an earlier run")
        .next("name another --out"));
    }
    private::replace(&mark, b"A local federation of tvaers-local: --fresh removes what it made here.\n")
        .map_err(|error| Problem::from_error(Exit::BadInput, "out", &error))
}

fn clear(out: &Path) -> Result<(), Problem> {
    for name in OURS {
        let path = out.join(name);
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Problem::new(Exit::Failed, "out.clear", error).at(path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks that the federation in the folder is of the same nodes and still valid.
fn go_on(federation: &Federation, today: Date) -> Result<(), Problem> {
    let path = federation.coordinator_home().roster();
    let other = |what: String| {
        Problem::new(Exit::BadInput, "out.other", what)
            .at(path.display())
            .expected("the federation of the nodes in --data")
            .next("name another --out, or start over with --fresh")
    };
    let text = std::fs::read_to_string(&path).map_err(|error| other(error.to_string()))?;
    let roster = SignedRoster::parse(&text)
        .and_then(|signed| signed.verify(None, today))
        .map_err(|error| other(error.to_string()))?;
    let members = roster.roster().members.iter().map(|member| &member.id);
    if members.eq(federation.folders.iter().map(|folder| &folder.id)) {
        Ok(())
    } else {
        Err(other("the federation in OUT is of other nodes".to_owned()))
    }
}

/// Makes every party's keys, and a roster that all have signed.
fn found(federation: &Federation, keys: Keys<'_>, today: Date) -> Result<(), Problem> {
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let coordinator_config = coordinator_config::Config { name: "Local secretariat".to_owned(), listen };
    let coordinator = coordinator_app::create(&federation.coordinator_home(), &coordinator_config)?;
    let mut members = Vec::new();
    for folder in &federation.folders {
        let enrolment = node_app::create(&federation.node_home(&folder.id), &config(folder))?;
        members.push(enrolment.into_member(today, true, EVALUATIONS_MAX));
    }
    let mut roster = Roster {
        federation: "local".to_owned(),
        version: 1,
        previous: None,
        valid_from: today.saturating_sub(1.day()),
        valid_to: today.saturating_add(1.year()),
        quorum: 0,
        delta: "1e-8".to_owned(),
        coordinator: coordinator.into(),
        members,
        people: vec![
            person(&federation.analyst_key(), keys.analyst, "Local analyst", Role::Analyst)?,
            person(&federation.officer_key(), keys.officer, "Local officer", Role::Dpo)?,
        ],
    };
    roster.quorum = roster.quorum_least();
    let mut signatures = BTreeMap::new();
    for folder in &federation.folders {
        let signature = node_app::sign_roster(&federation.node_home(&folder.id), &roster)?;
        signatures.insert(folder.id.clone(), signature);
    }
    let text = SignedRoster { signatures, roster }
        .to_text()
        .map_err(|error| Problem::from_error(Exit::Failed, "roster.write", &error))?;
    for folder in &federation.folders {
        private::replace(&federation.node_home(&folder.id).roster(), text.as_bytes()).map_err(failed)?;
    }
    // The coordinator's copy is the sign that the federation is whole, so it comes last.
    private::replace(&federation.coordinator_home().roster(), text.as_bytes()).map_err(failed)
}

/// A person with a key of its own beside the parties' folders, as people keep theirs.
fn person(path: &Path, given: Option<&Path>, name: &str, role: Role) -> Result<Person, Problem> {
    if let Some(dir) = path.parent() {
        private::create_dir(dir).map_err(failed)?;
    }
    let signing =
        match given {
            Some(given) => SigningKey::from_seed(&*private::read_key(given).map_err(|error| {
                Problem::from_error(Exit::BadInput, "asker.key", &error).at(given.display())
            })?),
            None => SigningKey::generate(&mut system_rng()),
        };
    private::write_key(path, &signing.seed()).map_err(failed)?;
    Ok(Person { name: name.to_owned(), role, signing: signing.verifying_key() })
}

fn config(folder: &DataFolder) -> Config {
    Config {
        id: folder.id.clone(),
        sector: folder.sector,
        code: folder.code,
        name: format!("{} {}", folder.sector, folder.code),
        coordinator: "127.0.0.1:4433".to_owned(),
        made_up: true,
        policy_signers: Vec::new(),
        evaluations: Default::default(),
        source: None,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
fn failed(error: private::PrivateFileError) -> Problem {
    Problem::from_error(Exit::Failed, "out.write", &error)
}
