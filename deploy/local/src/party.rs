//! The processes: each party is this same program, started anew, that ends when its parent's pipe closes.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tvaers_host::process::{Usage, usage};
use tvaers_protocol::problem::{Exit, Problem};

/// For a party to end once its pipe is closed; after that it is killed.
const END_TIME: Duration = Duration::from_secs(10);

/// A party that is running.
#[derive(Debug)]
pub struct Party {
    /// `coordinator` or the node's name.
    pub name: String,
    child: Child,
    errors: PathBuf,
}

/// A party that has done its work and ended.
#[derive(Debug)]
pub struct Ended {
    /// What it wrote on standard output.
    pub output: String,
}

impl Party {
    /// Starts a party: `program` is `node` or `coordinator`.
    ///
    /// # Errors
    /// [`Problem`] where the process cannot be started.
    pub fn start(name: &str, program: &str, home: &Path, arguments: &[&str]) -> Result<Self, Problem> {
        let fail = |error: std::io::Error| Problem::new(Exit::Failed, "party.start", error).at(name);
        let errors = home.join("stderr");
        let child = Command::new(std::env::current_exe().map_err(fail)?)
            .args(["party", program, "--home"])
            .arg(home)
            .args(["--format", "json", "--quiet"])
            .args(arguments)
            // Sorting spills into the party's own folder, so that its memory does not grow with the population.
            .env("SQLITE_TMPDIR", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).map_err(fail)?)
            .spawn()
            .map_err(fail)?;
        Ok(Self { name: name.to_owned(), child, errors })
    }

    /// What it has used; none where it has ended.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        usage(self.child.id())
    }

    /// Waits for the line in which the coordinator says where it listens.
    ///
    /// # Errors
    /// [`Problem`]: the party's own where it has ended instead.
    pub fn listening(&mut self) -> Result<SocketAddr, Problem> {
        #[derive(Deserialize)]
        struct Line {
            listening: SocketAddr,
        }
        let mut line = String::new();
        if let Some(stdout) = &mut self.child.stdout {
            // An error leaves the line empty, and what the party says itself is told below.
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        match serde_json::from_str::<Line>(&line) {
            Ok(line) => Ok(line.listening),
            Err(_) => Err(self.problem(self.name.clone())),
        }
    }

    /// The problem of a party that has ended although it should serve; none while it runs.
    pub fn ended(&mut self) -> Option<Problem> {
        match self.child.try_wait() {
            Ok(None) => None,
            _ => Some(self.problem(self.name.clone())),
        }
    }

    /// Waits until it has done its work.
    ///
    /// # Errors
    /// [`Problem`]: the party's own, with its name.
    pub fn finish(mut self) -> Result<Ended, Problem> {
        let fail = |error: std::io::Error| Problem::new(Exit::Failed, "party.wait", error);
        drop(self.child.stdin.take());
        let mut output = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            std::io::Read::read_to_string(&mut stdout, &mut output).map_err(fail)?;
        }
        let status = self.child.wait().map_err(fail)?;
        if status.success() { Ok(Ended { output }) } else { Err(self.problem(self.name.clone())) }
    }

    /// What the party said on standard error, as a problem of its own.
    fn problem(&mut self, name: String) -> Problem {
        let code = self.child.wait().ok().and_then(|status| status.code());
        let text = std::fs::read_to_string(&self.errors).unwrap_or_default();
        let exit = match code {
            Some(2) => Exit::BadInput,
            Some(3) => Exit::Refused,
            // Without a code it was killed: a node that does not answer.
            Some(4) | None => Exit::Incomplete,
            _ => Exit::Failed,
        };
        let told = text.lines().rev().find_map(|line| serde_json::from_str::<Problem>(line).ok());
        match told {
            Some(problem) => {
                let place = if problem.place.is_empty() { name } else { format!("{name}/{}", problem.place) };
                Problem { exit, place, ..problem }
            }
            None => Problem::new(exit, "party.ended", format_args!("`{name}` has ended: {}", text.trim()))
                .at(self.errors.display())
                .next("look at its log beside that file"),
        }
    }

    /// Ends the party: closes its pipe, waits, and kills it where it does not listen.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        let started = Instant::now();
        while started.elapsed() < END_TIME {
            match self.child.try_wait() {
                Ok(Some(_)) | Err(_) => return,
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        // Nothing more can be done about a process that cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
