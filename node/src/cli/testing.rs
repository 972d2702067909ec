//! A node's folder as commands leave it, for tests of commands: made up, with a roster of three, and data of nobody.

use std::path::{Path, PathBuf};

use jiff::civil::date;
use tempfile::TempDir;
use tvaers_definitions::schema::TABLES;
use tvaers_protocol::id::{Digest, Sector};
use tvaers_protocol::problem::Problem;
use tvaers_protocol::roster::{Coordinator, Member, Person, Role, Roster, SignedRoster};
use tvaers_protocol::sign::{SigningKey, VerifyingKey};

use crate::app;
use crate::home::Home;

/// The folder, and what else the test writes.
pub(super) struct Made {
    dir: TempDir,
}

const MEMBERS: [(&str, u16); 3] = [("k360", 360), ("k376", 376), ("k390", 390)];

/// The query of most tests.
pub(super) const QUERY: &str = "name = \"q\"\nkind = \"count\"\nby = [\"sex\"]\nas_of = 2026-02-28\n\
    [[where]]\nfeature = \"age\"\nfrom = 47\nto = 68\n[privacy]\nrho = 0.25\n";

impl Made {
    /// A node that was created.
    pub(super) fn created() -> Self {
        let made = Self { dir: tempfile::tempdir().unwrap() };
        for (id, code) in MEMBERS {
            let code = code.to_string();
            let args = ["init", "--id", id, "--sector", "municipality", "--code", &code, "--name", id];
            let address = ["--coordinator", "127.0.0.1:9", "--made-up"];
            made.run_at(id, &[args.as_slice(), &address].concat()).unwrap();
        }
        made
    }

    /// One that follows a roster, too.
    pub(super) fn founded() -> Self {
        let made = Self::created();
        made.put_roster();
        made
    }

    /// One that has imported, too.
    pub(super) fn imported() -> Self {
        let made = Self::founded();
        made.import().unwrap();
        made
    }

    fn put_roster(&self) {
        let member = |id: &str| {
            let own = app::enrolment(&self.home_of(id)).unwrap();
            Member {
                id: own.id,
                sector: own.sector,
                code: own.code,
                name: own.name,
                valid_from: date(2020, 1, 1),
                valid_to: None,
                spki: own.spki,
                signing: own.signing,
                sealing: own.sealing,
                holder: true,
                evaluations_max: 1_000,
            }
        };
        let person = |name: &str, role, seed| Person { name: name.to_owned(), role, signing: key(seed) };
        let roster = Roster {
            federation: "Prøve".to_owned(),
            version: 1,
            previous: None,
            valid_from: date(2020, 1, 1),
            valid_to: date(2100, 1, 1),
            quorum: 2,
            delta: "1e-8".to_owned(),
            coordinator: Coordinator {
                name: "Sekretariatet".to_owned(),
                spki: Digest([1; 32]),
                signing: key(9),
            },
            members: MEMBERS.iter().map(|(id, _)| member(id)).collect(),
            people: vec![
                person("Didde DPO", Role::Dpo, 1),
                person("Ane Analytiker", Role::Analyst, 2),
                person("Bo Analytiker", Role::Analyst, 3),
            ],
        };
        let signature = |id: &str| app::sign_roster(&self.home_of(id), &roster).unwrap();
        let signatures = MEMBERS.iter().map(|(id, _)| (id.parse().unwrap(), signature(id))).collect();
        let text = toml::to_string(&SignedRoster { signatures, roster: roster.clone() }).unwrap();
        std::fs::write(self.home().roster(), text).unwrap();
    }

    /// Imports tables with headers alone.
    pub(super) fn import(&self) -> Result<(), Problem> {
        let folder = self.path("data");
        std::fs::create_dir_all(&folder).unwrap();
        for table in TABLES.iter().filter(|table| table.sector == Sector::Municipality) {
            let header: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            std::fs::write(folder.join(format!("{}.csv", table.name)), header.join(",") + "\n").unwrap();
        }
        self.run(&["import", &folder.display().to_string(), "--extracted-on", "2026-02-28"])
    }

    /// Writes a file beside the nodes and gives its path.
    pub(super) fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn home(&self) -> Home {
        self.home_of("k360")
    }

    fn home_of(&self, id: &str) -> Home {
        Home::new(self.path(id))
    }

    /// Runs a command of the node.
    pub(super) fn run(&self, args: &[&str]) -> Result<(), Problem> {
        self.run_at("k360", args)
    }

    fn run_at(&self, id: &str, args: &[&str]) -> Result<(), Problem> {
        let home = self.path(id).display().to_string();
        let all = ["tvaers-node", "--quiet", "--home", &home].into_iter().chain(args.iter().copied());
        let all: Vec<std::ffi::OsString> = all.map(Into::into).collect();
        // A command has a runtime of its own, which cannot begin inside that of a test.
        std::thread::spawn(|| super::perform(all)).join().unwrap()
    }
}

/// The public key that a seed makes.
pub(super) fn key(seed: u8) -> VerifyingKey {
    SigningKey::from_seed(&[seed; 32]).verifying_key()
}

/// Everything in a folder, byte for byte, but the side files of databases.
pub(super) fn content(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let is_side = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with("-wal") || name.ends_with("-shm")
    };
    files.retain(|path| path.is_file() && !is_side(path));
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}
