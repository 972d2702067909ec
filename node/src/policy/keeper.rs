//! The policy in force while the node serves: its files are looked at before each request, so that a changed policy
//! counts from the next request on, without a restart. A request goes on under the policy that it began with.
//!
//! A file that cannot be used leaves no policy in force: whoever puts a tighter policy in place, with a slip in it, must
//! not go on answering under the wider one. Every change stands in the audit log before it counts.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::Rule;
use tvaers_protocol::problem::Problem;
use tvaers_protocol::reject::RejectCode;

use super::{InForce, no_policy, own};
use crate::app;
use crate::audit::code::Code;
use crate::audit::event::{Event, ListsRead, PolicyRefused, PolicyWithdrawn};
use crate::node::Node;
use crate::refusal::Refusal;

/// What holds now.
#[derive(Clone)]
enum Current {
    /// No file.
    None,
    /// A policy.
    InForce(Arc<InForce>),
    /// A file that cannot be used, by these codes.
    Refused(Arc<[String]>),
}

/// What holds for one request, from its beginning to its end: whatever is put in force meanwhile counts for the next.
#[derive(Clone)]
pub(crate) struct Held(Current);

impl Held {
    /// The policy; none permits nothing.
    pub(crate) const fn policy(&self) -> Option<&Arc<InForce>> {
        match &self.0 {
            Current::InForce(policy) => Some(policy),
            Current::None | Current::Refused(_) => None,
        }
    }

    /// The policy, or why there is none, for the person who asks.
    pub(crate) fn or_rule(&self) -> Result<&Arc<InForce>, Rule> {
        self.policy().ok_or_else(|| match &self.0 {
            Current::Refused(codes) => own(
                "policy.unusable",
                format!(
                    "The node's policy cannot be used ({}), and the node permits nothing meanwhile.",
                    codes.join(", ")
                ),
                "",
                "Ask the node's operator to run `tvaers-node check`.",
            ),
            Current::None | Current::InForce(_) => no_policy(),
        })
    }

    /// The policy; a refusal where there is none.
    pub(crate) fn or_refuse(&self) -> Result<&Arc<InForce>, Refusal> {
        self.policy().ok_or(Refusal::because(RejectCode::PolicyRefused, "there is no policy in force"))
    }

    /// Its digest; zeros where there is none.
    pub(crate) fn digest(&self) -> Digest {
        self.policy().map_or(Digest::NONE, |in_force| in_force.digest())
    }
}

/// The policy in force, and what its files looked like when it was read.
pub(crate) struct Keeper {
    current: RwLock<Current>,
    mark: Mutex<Mark>,
}

impl Keeper {
    /// A policy that was loaded when the node started, from files that looked so before they were read.
    pub(crate) fn new(policy: Option<InForce>, mark: Mark) -> Self {
        let current = policy.map_or(Current::None, |policy| Current::InForce(Arc::new(policy)));
        Self { current: RwLock::new(current), mark: Mutex::new(mark) }
    }

    /// What holds now, for a request that begins.
    pub(crate) fn held(&self) -> Held {
        Held(self.now())
    }

    /// The policy in force; none permits nothing.
    pub(crate) fn policy(&self) -> Option<Arc<InForce>> {
        self.held().policy().cloned()
    }

    fn now(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, current: Current) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }
}

/// What the files of a policy look like from outside: any change of any of them shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark(Vec<(PathBuf, Option<Look>)>);

/// Of one file: device, inode, bytes, and when content and entry last changed.
type Look = (u64, u64, u64, (i64, i64), (i64, i64));

impl Mark {
    /// Looks at files.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(files.into_iter().map(|path| (path.clone(), look_at(&path))).collect())
    }
}

fn look_at(path: &Path) -> Option<Look> {
    let file = std::fs::metadata(path).ok()?;
    let (content, entry) = ((file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec()));
    Some((file.dev(), file.ino(), file.len(), content, entry))
}

/// Puts a changed policy in force, or takes one out of force; nothing where its files are as they were. Gives what holds
/// for the request that begins.
pub(crate) async fn refresh(node: &Node) -> Held {
    look(node, false).await;
    node.keeper().held()
}

/// The same, and tries a policy again that could not be used: what was wrong may be none of its files, or a list that it
/// names.
pub(crate) async fn try_again(node: &Node) {
    look(node, true).await;
}

async fn look(node: &Node, again: bool) {
    let keeper = node.keeper();
    let mut mark = keeper.mark.lock().await;
    let before = keeper.policy();
    let refused_before = match keeper.now() {
        Current::Refused(codes) => Some(codes),
        Current::None | Current::InForce(_) => None,
    };
    // Before it is read, so that a change in between is seen the next time.
    let seen = Mark::of(files(node, before.as_deref()));
    if *mark == seen && !(again && refused_before.is_some()) {
        return;
    }
    let read =
        app::policies(node.home(), node.config(), Some(node.roster()), node.state(), node.library()).await;
    let mut wrong = Vec::new();
    let (current, told) = match read {
        Ok(Some(policy)) => match changed(node, before.as_deref(), &policy).await {
            Ok(events) => (Current::InForce(Arc::new(policy)), events),
            Err(problem) => {
                wrong = vec![problem];
                refused(before.as_deref(), &wrong)
            }
        },
        Ok(None) => {
            let policy = before.as_ref().map_or(Digest::NONE, |before| before.digest());
            (Current::None, vec![Event::PolicyWithdrawn(PolicyWithdrawn { policy })])
        }
        Err(problems) => {
            wrong = problems;
            refused(before.as_deref(), &wrong)
        }
    };
    if let (Current::Refused(codes), Some(known)) = (&current, &refused_before)
        && codes == known
    {
        // It was told before.
        *mark = seen;
        return;
    }
    if let Current::InForce(policy) = &current {
        let known = before.as_deref().map(InForce::idle).unwrap_or_default();
        policy.idle().iter().filter(|idle| !known.contains(idle)).for_each(|idle| idle.warn());
    }
    let current = match node.record(node.clock().now(), told).await {
        Ok(()) => {
            *mark = match &current {
                // The lists that this one names are its files as well.
                Current::InForce(policy) if files(node, Some(policy)).ne(files(node, before.as_deref())) => {
                    Mark::default()
                }
                _ => seen,
            };
            current
        }
        // What the log does not tell of does not count; the next request tries again.
        Err(refusal) => {
            tracing::error!(reason = refusal.chain(), "a change of the policy could not be logged");
            Current::Refused(Arc::new(["audit.file".to_owned()]))
        }
    };
    match &current {
        Current::InForce(policy) => {
            tracing::info!(policy.version = policy.version(), policy.digest = %policy.digest(), "a policy is in force");
        }
        Current::None => tracing::warn!("there is no policy any more; nothing is permitted"),
        Current::Refused(codes) => {
            tracing::error!(rules = codes.join(", "), "the policy cannot be used; nothing is permitted");
            // Which file, and how to mend it: once, as this is not said again of the same faults.
            for problem in &wrong {
                tracing::error!(place = problem.place, next = problem.next, "{}", problem.what);
            }
        }
    }
    keeper.set(current);
}

/// The files of a policy: its own, the signatures beside it, and the lists that it names.
pub(crate) fn files(node: &Node, policy: Option<&InForce>) -> impl Iterator<Item = PathBuf> {
    let lists = policy.map(|policy| policy.policy().exclusions().clone());
    let named: Vec<String> = lists.iter().flat_map(|lists| lists.files().map(ToOwned::to_owned)).collect();
    let home = node.home().clone();
    app::policy_files(node.home(), node.config())
        .into_iter()
        .chain(named.into_iter().map(move |name| home.dir().join(name)))
}

/// What the log is told of a policy that is put in force, and what the node remembers of it.
async fn changed(node: &Node, before: Option<&InForce>, policy: &InForce) -> Result<Vec<Event>, Problem> {
    let earlier = before.filter(|before| before.digest() == policy.digest());
    let first = match earlier {
        Some(earlier) => (earlier.excluded() != policy.excluded()
            || earlier.signed_by() != policy.signed_by())
        .then(|| Event::ListsRead(ListsRead { policy: policy.digest() })),
        None => Some(app::note_policy(node.home(), node.state(), policy, node.clock().now()).await?),
    };
    let known = earlier.map(InForce::revocations).unwrap_or_default();
    let new = policy.revocations().iter().filter(|revoked| !known.contains(revoked)).cloned();
    Ok(first.into_iter().chain(new.map(Event::PolicyRevoked)).collect())
}

fn refused(before: Option<&InForce>, problems: &[Problem]) -> (Current, Vec<Event>) {
    let mut codes: Vec<String> = problems.iter().map(|problem| problem.code.clone()).collect();
    codes.sort();
    codes.dedup();
    let rules = codes.iter().filter_map(|code| Code::try_from(code.clone()).ok()).collect();
    let policy = before.map_or(Digest::NONE, InForce::digest);
    let event = Event::PolicyRefused(PolicyRefused { before: policy, rules });
    (Current::Refused(codes.into()), vec![event])
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use tvaers_definitions::library::Library;
    use tvaers_policy::Policy;

    use super::*;
    use crate::policy::Excluded;

    static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::embedded().unwrap());
    const LABORATORY: &str = include_str!("../../../policies/examples/laboratory.toml");

    fn in_force(comment: &str) -> InForce {
        let text = format!("# {comment}\n{LABORATORY}");
        let policy = Policy::read(&text, "", &LIBRARY, &|_| None).unwrap();
        let (signed_by, revocations, idle) = (Vec::new(), Vec::new(), Vec::new());
        InForce { policy, excluded: Excluded::default(), text, signed_by, revocations, idle }
    }

    #[test]
    fn a_request_ends_under_the_policy_that_it_began_with() {
        let (first, second) = (in_force("first"), in_force("second"));
        let digests = [first.digest(), second.digest()];
        assert_ne!(digests[0], digests[1]);
        let keeper = Keeper::new(Some(first), Mark::default());
        let begun = keeper.held();
        keeper.set(Current::InForce(Arc::new(second)));
        let next = keeper.held();
        keeper.set(Current::Refused(Arc::new(["policy.unsigned".to_owned()])));
        let refused = keeper.held();
        keeper.set(Current::None);
        assert_eq!([begun.digest(), next.digest()], digests);
        assert!(begun.or_rule().is_ok() && begun.or_refuse().is_ok());
        // Why there is none is what it was, too.
        assert_eq!(refused.or_rule().err().unwrap().code, "policy.unusable");
        assert!(refused.or_refuse().is_err() && refused.digest() == Digest::NONE);
        assert_eq!(keeper.held().or_rule().err().unwrap().code, "policy.none");
    }
}
