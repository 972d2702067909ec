//! The policies that a log names by their digests, from the copies that the node keeps.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tvaers_definitions::library::Library;
use tvaers_policy::Policy;
use tvaers_policy::permit::Permit;
use tvaers_protocol::id::Digest;
use tvaers_release::conversion::Delta;

use super::uses::Use;
use crate::policy::rho_of_epsilon;

/// The delta at which budgets are counted here, where nobody looks at them.
const DELTA: &str = "1e-8";

/// Kept policies, each read once.
pub(crate) struct Kept<'a> {
    dir: PathBuf,
    library: &'a Library,
    read: BTreeMap<Digest, OnceCell<Option<Rc<Policy>>>>,
}

impl<'a> Kept<'a> {
    pub(crate) const fn new(dir: PathBuf, library: &'a Library) -> Self {
        Self { dir, library, read: BTreeMap::new() }
    }

    /// The file that a policy is kept in.
    pub(crate) fn path(&self, digest: Digest) -> PathBuf {
        self.dir.join(format!("{digest}.toml"))
    }

    /// The policy with this digest; none where no copy is kept, where the copy is not what its name says, or where this
    /// version cannot read it.
    pub(crate) fn policy(&mut self, digest: Digest) -> Option<Rc<Policy>> {
        let path = self.path(digest);
        let read = || read(&path, self.library).filter(|policy| policy.digest() == digest).map(Rc::new);
        self.read.entry(digest).or_default().get_or_init(read).clone()
    }

    /// The policy and the permit of a use, as far as they are known.
    pub(crate) fn of(&mut self, one: &Use) -> (Option<Rc<Policy>>, Option<Permit>) {
        let policy = one.policy.and_then(|digest| self.policy(digest));
        let permit = one.permit.as_ref().and_then(|name| policy.as_ref()?.permit(name.as_str()).cloned());
        (policy, permit)
    }
}

/// Reads a policy's file, whoever it is for and whether or not it is in force.
pub(crate) fn read(path: &Path, library: &Library) -> Option<Policy> {
    let delta: Delta = DELTA.parse().ok()?;
    let text = std::fs::read_to_string(path).ok()?;
    Policy::read(&text, "", library, &|epsilon| rho_of_epsilon(delta, epsilon)).ok()
}
