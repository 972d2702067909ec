//! The program as people and scripts meet it: real processes, real QUIC over loopback, files and exit codes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic; clippy only knows the tests themselves"
)]

mod fail;
mod indicator;
mod input;
mod leak;
mod life;
mod query;
mod run;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jiff::civil::{Date, date};
use serde_json::Value;
use tempfile::TempDir;
use tvaers_local::make::{MakeOptions, make};

/// The reference date of all runs here.
const AS_OF: Date = date(2026, 2, 28);

/// A folder with `data` and, after a run, `out`.
struct Place {
    dir: TempDir,
}

impl Place {
    /// With a made-up population of a region and two municipalities.
    fn with_population(persons: u32, seed: u64) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        let (regions, municipalities) = (vec![1085], vec![360, 376]);
        let options = MakeOptions { persons, seed, as_of: AS_OF, regions, municipalities, out: place.data() };
        make(&options, |_, _| {}).unwrap();
        place
    }

    /// With the nasty data set of this seed: two regions and three municipalities.
    fn with_cases(seed: u64) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        tvaers_tests::cases::cases(seed, AS_OF, &place.data()).unwrap();
        place
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn node(&self, id: &str) -> PathBuf {
        self.out().join("nodes").join(id)
    }

    fn list(&self, id: &str) -> String {
        std::fs::read_to_string(self.node(id).join("worklist-sad.csv")).unwrap()
    }

    /// `tvaers-local run` over the data, with these arguments besides.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .args(["run", "--as-of", &AS_OF.to_string(), "--data"])
            .arg(self.data())
            .arg("--out")
            .arg(self.out());
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn run_well(&self, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        output
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tvaers-local"));
    command.stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The problem that a program ended with under `--format json`: one object, the last line of standard error.
fn problem(output: &Output) -> Value {
    let errors = text(&output.stderr);
    let objects: Vec<Value> = errors.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(objects.len(), 1, "one object: {errors}");
    let keys: Vec<&String> = objects[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "expected", "next", "what", "where"], "{errors}");
    assert!(output.stdout.is_empty(), "a program that failed has no result");
    objects[0].clone()
}
