//! A federation set up on separate machines by the commands of both programs alone, and the files that are shipped for it.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic; clippy only knows the tests themselves")]

mod ceremony;
mod refusal;
mod shipped;

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tvaers_host::roster::read;
use tvaers_protocol::problem::Problem;
use tvaers_protocol::roster::SignedRoster;

/// Machines of a federation, a folder each, and what is sent between them.
struct Machines {
    dir: TempDir,
}

const MEMBERS: [(&str, &str, &str); 3] =
    [("region_1085", "region", "1085"), ("k360", "municipality", "360"), ("k376", "municipality", "376")];

impl Machines {
    /// With a coordinator, three members and an analyst, whose entries are enrolled.
    fn enrolled() -> Self {
        let machines = Self { dir: tempfile::tempdir().unwrap() };
        machines.coordinator(&["init", "--name", "Sekretariatet", "--listen", "127.0.0.1:0"]).unwrap();
        for (id, sector, code) in MEMBERS {
            machines.init(id, sector, code).unwrap();
            machines.coordinator(&["enrol", &machines.text(&format!("{id}/enrolment.toml"))]).unwrap();
        }
        machines.analyst("Ane Analytiker", "ane").unwrap();
        machines.coordinator(&["enrol", &machines.text("ane/person.toml")]).unwrap();
        machines
    }

    /// Whose first roster everyone has signed and accepted.
    fn founded() -> Self {
        let machines = Self::enrolled();
        machines.draft(&["--federation", "Prøve", "--evaluations-max", "1000"]).unwrap();
        machines.signed_by_all(1);
        machines.coordinator(&["roster", "accept", &machines.roster(1)]).unwrap();
        for (id, _, _) in MEMBERS {
            machines.node(id, &["roster", "accept", &machines.roster(1)]).unwrap();
        }
        machines
    }

    fn init(&self, id: &str, sector: &str, code: &str) -> Result<(), Problem> {
        let name = format!("{sector} {code}");
        let address = "127.0.0.1:9";
        self.node(
            id,
            &[
                "init",
                "--id",
                id,
                "--sector",
                sector,
                "--code",
                code,
                "--name",
                &name,
                "--coordinator",
                address,
            ],
        )
    }

    fn analyst(&self, name: &str, folder: &str) -> Result<(), Problem> {
        self.coordinator(&["analyst", "new", "--name", name, "--out", &self.text(folder)])
    }

    fn draft(&self, options: &[&str]) -> Result<(), Problem> {
        self.coordinator(&[&["roster", "new"], options].concat())
    }

    fn sign(&self, id: &str, version: u64) -> Result<PathBuf, Problem> {
        let roster = self.roster(version);
        self.node(id, &["roster", "sign", &roster, "--yes"])?;
        Ok(PathBuf::from(format!("{roster}.{id}.sig")))
    }

    fn put_in(&self, version: u64, signatures: &[&Path]) -> Result<(), Problem> {
        let mut args =
            vec!["roster".to_owned(), "sign".to_owned(), self.roster(version), "--with".to_owned()];
        args.extend(signatures.iter().map(|path| path.display().to_string()));
        self.coordinator(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn signed_by_all(&self, version: u64) {
        let signatures: Vec<PathBuf> =
            MEMBERS.iter().map(|(id, ..)| self.sign(id, version).unwrap()).collect();
        self.put_in(version, &signatures.iter().map(PathBuf::as_path).collect::<Vec<_>>()).unwrap();
    }

    fn node(&self, id: &str, args: &[&str]) -> Result<(), Problem> {
        let home = self.text(id);
        let all = ["tvaers-node", "--quiet", "--home", &home].into_iter().chain(args.iter().copied());
        tvaers_node::cli::perform(all.map(Into::into))
    }

    fn coordinator(&self, args: &[&str]) -> Result<(), Problem> {
        let home = self.text("coordinator");
        let all = ["tvaers", "--quiet", "--home", &home].into_iter().chain(args.iter().copied());
        tvaers_coordinator::cli::perform(all.map(Into::into))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The draft of this version.
    fn roster(&self, version: u64) -> String {
        self.text(&format!("coordinator/roster-{version}.toml"))
    }

    fn read(&self, version: u64) -> SignedRoster {
        read(Path::new(&self.roster(version))).unwrap()
    }

    /// The file in which a party keeps the roster that it follows.
    fn followed(&self, party: &str) -> SignedRoster {
        read(&self.path(&format!("{party}/roster.toml"))).unwrap()
    }
}
