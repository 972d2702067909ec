//! One machine: a folder that stands for its disk, what is typed there, and the service that runs there.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::network::Network;

/// What a command wrote and how it ended.
pub(crate) struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// That it has ended well.
    pub(crate) fn well(self, what: &str) -> Self {
        assert!(self.status.success(), "{what}: {}\n{}{}", self.status, self.stdout, self.stderr);
        self
    }
}

/// A machine: its folder is the root of its absolute paths.
pub(crate) struct Machine {
    pub name: &'static str,
    pub root: PathBuf,
    /// The folder in which commands are typed.
    pub at: PathBuf,
    service: Option<Child>,
}

impl Machine {
    pub(crate) fn new(name: &'static str, all: &Path) -> Self {
        let root = all.join(name);
        fs::create_dir(&root).unwrap();
        fs::create_dir_all(root.join("var/lib")).unwrap();
        Self { name, at: root.clone(), root, service: None }
    }

    /// A path as people on this machine say it.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// `tvaers` or `tvaers-node` with these words behind it.
    fn program(&self, network: &Network, words: &[String]) -> Command {
        let party = match words[0].rsplit('/').next() {
            Some("tvaers") => "coordinator",
            Some("tvaers-node") => "node",
            other => panic!("no program of this project: {other:?}"),
        };
        let mut command = network.command(self.name, env!("CARGO_BIN_EXE_tvaers-local"));
        command.args(["party", party]).args(&words[1..]).current_dir(&self.at);
        command
    }

    /// Runs a command to its end, and shows each line of its standard error to `hear` as it comes.
    pub(crate) fn run(&self, network: &Network, words: &[String], mut hear: impl FnMut(&str)) -> Ran {
        let mut command = self.program(network, words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || std::io::read_to_string(stdout).unwrap());
        let mut stderr = String::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            hear(&line);
            stderr.push_str(&line);
            stderr.push('\n');
        }
        let status = child.wait().unwrap();
        Ran { status, stdout: reader.join().unwrap(), stderr }
    }

    /// Runs the line with which the unit starts its program. It ends with this test, whatever becomes of it.
    pub(crate) fn start(&mut self, network: &Network, words: &[String]) {
        let mut command = self.program(network, words);
        let told = fs::File::create(self.root.join("journal")).unwrap();
        command.arg("--with-stdin").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(told);
        assert!(self.service.replace(command.spawn().unwrap()).is_none(), "{}: it runs already", self.name);
    }

    /// Asks the service to stop, and waits.
    pub(crate) fn stop(&mut self) {
        let mut child = self.service.take().unwrap();
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success(), "{}: {}", self.name, self.journal());
    }

    /// Kills the service as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let mut child = self.service.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// That the service runs; else what it said.
    pub(crate) fn runs(&mut self) {
        let ended = self.service.as_mut().unwrap().try_wait().unwrap();
        assert!(ended.is_none(), "{}: {}", self.name, self.journal());
    }

    fn journal(&self) -> String {
        fs::read_to_string(self.root.join("journal")).unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(mut child) = self.service.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
