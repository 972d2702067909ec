//! The coordinator's folder: which file stands where. Nothing in it is about any person.

use std::path::{Path, PathBuf};

/// The folder of one coordinator.
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
        self.dir.join("coordinator.toml")
    }

    /// The folder of secret keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.dir.join("keys")
    }

    /// The coordinator's public entry for the roster.
    #[must_use]
    pub fn enrolment(&self) -> PathBuf {
        self.dir.join("enrolment.toml")
    }

    /// The folder of the entries that members and people have sent.
    #[must_use]
    pub fn enrolments(&self) -> PathBuf {
        self.dir.join("enrolments")
    }

    /// The roster.
    #[must_use]
    pub fn roster(&self) -> PathBuf {
        self.dir.join("roster.toml")
    }

    /// What the coordinator remembers of studies: who took part in which, and how each ended.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.dir.join("state.sqlite")
    }

    /// Revocations of nodes' policies that were handed in, a folder for each node.
    #[must_use]
    pub fn revocations(&self) -> PathBuf {
        self.dir.join("revocations")
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

    /// The process id of a serving coordinator.
    #[must_use]
    pub fn pid(&self) -> PathBuf {
        self.dir.join("pid")
    }

    /// The socket over which `tvaers` talks to a serving coordinator.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.dir.join("control.sock")
    }
}
