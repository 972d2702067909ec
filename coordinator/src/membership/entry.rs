//! The entries that members and people have sent, one file each, under `enrolments/`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tvaers_host::private;
use tvaers_protocol::enrolment::{Enrolment, check_name, seen};
use tvaers_protocol::fingerprint::Fingerprint;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::Person;

use crate::home::Home;

/// Bytes of an entry's file, at most: a name and three keys.
const ENTRY_BYTES_MAX: u64 = 16 << 10;

/// An entry that somebody has sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Entry {
    /// A node's.
    Node(Enrolment),
    /// A person's.
    Person(Person),
}

/// What became of an entry that was put among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    New,
    /// It is there already.
    Same,
    /// It takes the place of another.
    Replaced,
}

/// All entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// Those of nodes.
    pub nodes: BTreeMap<NodeId, Enrolment>,
    /// Those of people, by name.
    pub people: BTreeMap<String, Person>,
}

impl Entry {
    /// Reads an entry and checks its form.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn read(file: &Path) -> Result<Self, Problem> {
        let problem = |what: &str| {
            Problem::new(Exit::BadInput, "enrol.form", seen(what))
                .at(file.display())
                .expected("`enrolment.toml` of `tvaers-node init`, or `person.toml` of `tvaers analyst new`")
                .next("ask the sender for the file as it was written")
        };
        let mut text = String::new();
        std::fs::File::open(file)
            .and_then(|file| file.take(ENTRY_BYTES_MAX).read_to_string(&mut text))
            .map_err(|error| {
                Problem::from_error(Exit::BadInput, "enrol.read", &error)
                    .at(file.display())
                    .next("look whether the file is there and this user may read it")
            })?;
        let table: toml::Table = toml::from_str(&text).map_err(|error| problem(error.message()))?;
        let broken = |error: toml::de::Error| problem(error.message());
        let entry = if table.contains_key("id") {
            Self::Node(toml::from_str(&text).map_err(broken)?)
        } else if table.contains_key("role") {
            Self::Person(toml::from_str(&text).map_err(broken)?)
        } else {
            return Err(problem(
                "it is neither a node's entry nor a person's; the coordinator's own needs no enrolling",
            ));
        };
        let checked = match &entry {
            Self::Node(node) => node.check(),
            Self::Person(person) => check_name(&person.name),
        };
        checked.map_err(|error| problem(&error.to_string()))?;
        Ok(entry)
    }

    /// Whose it is.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Node(node) => node.id.to_string(),
            Self::Person(person) => person.name.clone(),
        }
    }

    /// What the sender reads over the telephone.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Node(node) => node.fingerprint(),
            Self::Person(person) => person.fingerprint(),
        }
    }

    fn keys(&self) -> Vec<[u8; 32]> {
        match self {
            Self::Node(node) => vec![node.spki.0, node.signing.0, node.sealing.0],
            Self::Person(person) => vec![person.signing.0],
        }
    }

    /// A person's file is named by the fingerprint: names may hold what file names may not.
    fn path(&self, home: &Home) -> PathBuf {
        home.enrolments().join(match self {
            Self::Node(node) => format!("node-{}.toml", node.id),
            Self::Person(person) => {
                format!("person-{}.toml", person.fingerprint().to_string().replace('-', ""))
            }
        })
    }

    fn to_text(&self) -> Result<String, Problem> {
        toml::to_string(self).map_err(|error| Problem::from_error(Exit::Failed, "enrol.write", &error))
    }
}

impl Entries {
    /// Reads all entries of a coordinator.
    ///
    /// # Errors
    /// [`Problem`] at the first that cannot be read, or of which there are two.
    pub fn load(home: &Home) -> Result<Self, Problem> {
        let dir = home.enrolments();
        let unreadable =
            |error: &std::io::Error| Problem::from_error(Exit::Failed, "enrol.read", error).at(dir.display());
        let files = match std::fs::read_dir(&dir) {
            Ok(files) => files,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unreadable(&error)),
        };
        let mut all = Self::default();
        for file in files {
            let path = file.map_err(|error| unreadable(&error))?.path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let entry = Entry::read(&path)?;
            if all.entry(&entry.name()).is_some() {
                return Err(twice(&entry, &path));
            }
            all.insert(entry);
        }
        Ok(all)
    }

    /// The entry of a node or person.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<Entry> {
        let node = NodeId::new(name).ok().and_then(|id| self.nodes.get(&id).cloned());
        node.map(Entry::Node).or_else(|| self.people.get(name).cloned().map(Entry::Person))
    }

    fn insert(&mut self, entry: Entry) {
        match entry {
            Entry::Node(node) => drop(self.nodes.insert(node.id.clone(), node)),
            Entry::Person(person) => drop(self.people.insert(person.name.clone(), person)),
        }
    }

    fn all(&self) -> impl Iterator<Item = Entry> {
        let nodes = self.nodes.values().cloned().map(Entry::Node);
        nodes.chain(self.people.values().cloned().map(Entry::Person))
    }

    /// Puts an entry among the others, on disk too. Another one under the same name only gives way to `replace`.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn put(&mut self, home: &Home, entry: Entry, file: &Path, replace: bool) -> Result<Put, Problem> {
        let name = entry.name();
        let there = self.entry(&name);
        match &there {
            Some(there) if *there == entry => return Ok(Put::Same),
            Some(_) if !replace => return Err(twice(&entry, file)),
            _ => {}
        }
        let own: BTreeSet<[u8; 32]> = entry.keys().into_iter().collect();
        let other =
            self.all().find(|other| other.name() != name && other.keys().iter().any(|key| own.contains(key)));
        if let Some(other) = other {
            return Err(Problem::new(
                Exit::BadInput,
                "enrol.key",
                format_args!("`{name}` has a key that `{}` has already", other.name()),
            )
            .at(file.display())
            .expected("keys of its own for everyone")
            .next("have one of the two make new keys; keys are never copied from one party to another"));
        }
        let failed =
            |error: private::PrivateFileError| Problem::from_error(Exit::Failed, "enrol.write", &error);
        private::create_dir(&home.enrolments()).map_err(failed)?;
        if let Some(there) = &there {
            self.remove(home, there)?;
        }
        private::replace(&entry.path(home), entry.to_text()?.as_bytes()).map_err(failed)?;
        self.insert(entry);
        Ok(if there.is_some() { Put::Replaced } else { Put::New })
    }

    /// Takes an entry out, on disk too: for one that leaves, whose entry would otherwise come back with the next draft.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn remove(&mut self, home: &Home, entry: &Entry) -> Result<(), Problem> {
        let path = entry.path(home);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Problem::from_error(Exit::Failed, "enrol.write", &error).at(path.display()));
            }
            _ => {}
        }
        match entry {
            Entry::Node(node) => drop(self.nodes.remove(&node.id)),
            Entry::Person(person) => drop(self.people.remove(&person.name)),
        }
        Ok(())
    }
}

fn twice(entry: &Entry, file: &Path) -> Problem {
    Problem::new(
        Exit::BadInput,
        "enrol.twice",
        format_args!("there is another entry of `{}`; this one is {}", entry.name(), entry.fingerprint()),
    )
    .at(file.display())
    .expected("one entry for each node and each person")
    .next("compare the fingerprint with the sender by telephone; if this one is right, run `enrol` with --replace")
}
