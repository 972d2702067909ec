//! A node's folder: which file stands where, and that only its owner can read it.

use std::path::{Path, PathBuf};

/// The folder of one node.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
}

impl Home {
    /// Names the folder; touches nothing.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.dir.join("node.toml")
    }

    /// The folder of secret keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.dir.join("keys")
    }

    /// The node's public entry for the roster.
    #[must_use]
    pub fn enrolment(&self) -> PathBuf {
        self.dir.join("enrolment.toml")
    }

    /// The roster that this node follows.
    #[must_use]
    pub fn roster(&self) -> PathBuf {
        self.dir.join("roster.toml")
    }

    /// The policy: what this node permits.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.dir.join("policy.toml")
    }

    /// Policies that were in force, a file each by its digest: the log names digests.
    #[must_use]
    pub fn policies(&self) -> PathBuf {
        self.dir.join("policies")
    }

    /// Revocations of policies and permits, each with its signature.
    #[must_use]
    pub fn revocations(&self) -> PathBuf {
        self.dir.join("revocations")
    }

    /// When the coordinator was last asked for revocations, and all that it handed out was kept.
    #[must_use]
    pub fn revocations_asked(&self) -> PathBuf {
        self.dir.join("revocations.asked")
    }

    /// The node's own memory.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.dir.join("state.sqlite")
    }

    /// The audit log.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.dir.join("audit.jsonl")
    }

    /// Indicators of the installation's own, a file each.
    #[must_use]
    pub fn indicators(&self) -> PathBuf {
        self.dir.join("indicators")
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// The process id of a serving node.
    #[must_use]
    pub fn pid(&self) -> PathBuf {
        self.dir.join("pid")
    }

    /// The file of one study; erased when the study closes.
    #[must_use]
    pub fn work(&self, run: &str) -> PathBuf {
        self.dir.join(format!("study-{run}.sqlite"))
    }

    /// What an opening of a closed study's evaluations needs; erased after `[evaluations] keep-days`.
    #[must_use]
    pub fn evaluations(&self, run: &str) -> PathBuf {
        self.dir.join(format!("evaluations-{run}.sqlite"))
    }

    /// What later runs of a series need, by its first run; erased when the series closes or its last day is over.
    #[must_use]
    pub fn series(&self, first: &str) -> PathBuf {
        self.dir.join(format!("series-{first}.sqlite"))
    }

    /// The work list of a model.
    #[must_use]
    pub fn worklist(&self, model: &str) -> PathBuf {
        self.dir.join(format!("worklist-{model}.csv"))
    }

    /// Who on a model's work list is incomplete, and why; there where anyone is.
    #[must_use]
    pub fn incomplete(&self, model: &str) -> PathBuf {
        self.dir.join(format!("worklist-{model}-incomplete.csv"))
    }
}
