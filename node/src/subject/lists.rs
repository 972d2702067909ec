//! Who is left out of everything now, and whether that was so at an earlier moment.
//!
//! The lists are today's; the log tells when they changed, not who was added. A list whose file has not changed since a
//! use was the same then, and whoever stands on it was left out. Of one that changed later nobody can tell, and the
//! person counts as used.

use std::os::unix::fs::MetadataExt as _;

use jiff::Timestamp;
use tvaers_definitions::library::Library;
use tvaers_policy::Policy;
use tvaers_policy::policy::Exclusions;
use tvaers_protocol::id::PersonId;
use tvaers_protocol::problem::{Exit, Problem};

use super::kept;
use crate::home::Home;
use crate::policy::Excluded;

/// The lists that the policy in the node's folder names.
#[derive(Default)]
pub(crate) struct Lists {
    lists: Vec<List>,
    /// Whether there was a policy that could be read and name them.
    known: bool,
}

struct List {
    name: String,
    persons: Excluded,
    /// When the file was last touched in any way. Unlike the time of its content this cannot be set back.
    since: Timestamp,
}

/// When a file was last touched; where the system says nothing of use, later than any use.
fn touched(metadata: &std::fs::Metadata) -> Timestamp {
    let nanosecond = i32::try_from(metadata.ctime_nsec()).ok();
    nanosecond.and_then(|n| Timestamp::new(metadata.ctime(), n).ok()).unwrap_or(Timestamp::MAX)
}

impl Lists {
    /// Reads them.
    ///
    /// # Errors
    /// [`Problem`] where a list cannot be read.
    pub(crate) fn read(home: &Home, library: &Library) -> Result<Self, Problem> {
        let Some(policy) = kept::read(&home.policy(), library) else { return Ok(Self::default()) };
        let lists = policy.exclusions().files().map(|name| {
            let path = home.dir().join(name);
            // Looked at before it is read: a list that changes in between is the newer one.
            let since = std::fs::metadata(&path).map(|metadata| touched(&metadata)).map_err(|error| {
                Problem::new(Exit::BadInput, "policy.exclusions", error)
                    .at(path.display())
                    .next("mend the file")
            })?;
            let only =
                Exclusions { opt_outs: Some(name.to_owned()), protected_addresses: None, objections: None };
            Ok(List { name: name.to_owned(), persons: Excluded::read(home.dir(), &only)?, since })
        });
        Ok(Self { lists: lists.collect::<Result<_, Problem>>()?, known: true })
    }

    /// Whether they are known.
    pub(crate) const fn are_known(&self) -> bool {
        self.known
    }

    /// Whether a person stands on any of them now.
    pub(crate) fn hold(&self, person: &PersonId) -> bool {
        self.lists.iter().any(|list| list.persons.of(person).is_some())
    }

    /// Those, by their places, that were the same at a moment and named by the policy of that time.
    pub(crate) fn same_at(&self, at: Timestamp, policy: Option<&Policy>) -> Vec<usize> {
        let Some(policy) = policy else { return Vec::new() };
        let is_same =
            |list: &List| list.since < at && policy.exclusions().files().any(|name| name == list.name);
        self.lists.iter().enumerate().filter(|(_, list)| is_same(list)).map(|(place, _)| place).collect()
    }

    /// Whether a person stands on any of those at these places.
    pub(crate) fn any_holds(&self, places: &[usize], person: &PersonId) -> bool {
        places.iter().filter_map(|place| self.lists.get(*place)).any(|list| list.persons.of(person).is_some())
    }
}
