//! Why nothing leaves: what the peer, the person who asks and the operator are told.

use std::fmt;

use tvaers_protocol::audit::Seer;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Rule;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::reject::RejectCode;

use crate::policy::own;
use crate::refusal::Refusal;

/// This node is not what a witness saw last, which the node's own signature proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// The ledger has fewer entries than the witness saw, or others.
    Ledger {
        /// The witness.
        witness: NodeId,
        /// The entries that it saw.
        seen: u64,
        /// The entries that there are.
        entries: u64,
    },
    /// The policy is older than the witness saw in force, or another one of the same version.
    Policy {
        /// The witness.
        witness: NodeId,
        /// The version that it saw.
        seen: u64,
        /// The version in force.
        version: u64,
    },
    /// The audit log does not contain what somebody saw of it.
    Log {
        /// Who.
        seer: Seer,
        /// The entries that they saw.
        seen: u64,
        /// The entries that there are.
        entries: u64,
    },
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger { witness, seen, entries } if seen > entries => write!(
                f,
                "`{witness}` saw {seen} entries of the ledger, which has {entries}: an older copy was put in its place"
            ),
            Self::Ledger { witness, seen, entries } => write!(
                f,
                "`{witness}` saw another ledger of {seen} entries than this one of {entries}: there are two copies that both went on"
            ),
            Self::Policy { witness, seen, version } => write!(
                f,
                "`{witness}` saw version {seen} of the policy in force, which is not the version {version} in force now"
            ),
            Self::Log { seer, seen, entries } if seen > entries => write!(
                f,
                "{seer} saw {seen} entries of the audit log, which has {entries}: it was cut, or an older copy was put in its place"
            ),
            Self::Log { seer, seen, entries } => write!(
                f,
                "{seer} saw another audit log of {seen} entries than this one of {entries}: it was begun again, or there are two copies that both went on"
            ),
        }
    }
}

impl Behind {
    const fn code(&self) -> &'static str {
        match self {
            Self::Ledger { .. } => "ledger.behind",
            Self::Policy { .. } => "policy.behind",
            Self::Log { .. } => "audit.behind",
        }
    }

    /// The same for the operator.
    pub(crate) fn problem(&self) -> Problem {
        let problem = Problem::new(Exit::Refused, self.code(), self);
        match self {
            Self::Ledger { seen, .. } => problem
                .at("state.sqlite")
                .expected(format_args!("the ledger whose first {seen} entries the witness saw"))
                .next(
                    "stop every other copy of this node and put the newest state.sqlite back; where it is lost for good, run `tvaers-node ledger recover`, which charges all that was spent",
                ),
            Self::Policy { seen, .. } => problem
                .at("policy.toml")
                .expected(format_args!("version {seen} as it was in force, or a higher one"))
                .next("put the newest policy in place, or give it a higher version"),
            Self::Log { seen, .. } => problem
                .at("audit.jsonl")
                .expected(format_args!("the audit log that has the entry {seen} as it was seen"))
                .next(
                    "tell the data-protection officer, stop every other copy of this node and put the newest audit log back; where it is lost for good, run `tvaers-node audit recover`, by which two persons answer for it",
                ),
        }
    }
}

/// Why nothing may leave now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// This node is behind, for good.
    Behind(Behind),
    /// Too few witnesses signed.
    Few {
        /// How many must.
        least: usize,
        /// How many did.
        signed: usize,
        /// Why the others did not, for the log.
        why: String,
    },
    /// This node failed for a reason of its own, for the log.
    Internal(String),
}

impl Denied {
    pub(crate) fn internal(error: impl std::error::Error + 'static) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self::Internal(text)
    }

    /// The rule, for the person who asks.
    pub(crate) fn rule(&self) -> Rule {
        match self {
            Self::Behind(behind) => own(
                behind.code(),
                "The node's ledger, policy or audit log is not the one that others saw last, and it answers nothing."
                    .to_owned(),
                "",
                "Ask the node's operator to look at its log and to run `tvaers-node check`.",
            ),
            Self::Few { least, signed, .. } => own(
                "witness.absent",
                format!(
                    "{least} other nodes must have signed the node's ledger before it answers, and {signed} did."
                ),
                "",
                "Ask again when they are connected and their clocks agree; what is charged by then is not charged again.",
            ),
            Self::Internal(_) => own(
                "witness.failed",
                "The node could not have its ledger witnessed.".to_owned(),
                "",
                "Ask the node's operator to look at its log.",
            ),
        }
    }
}

/// For the log.
impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind(behind) => behind.fmt(f),
            Self::Few { least, signed, why } => {
                write!(f, "{signed} of {least} witnesses have signed the ledger's head: {why}")
            }
            Self::Internal(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Denied {}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        let code = match denied {
            Denied::Behind(_) => RejectCode::LedgerBehind,
            Denied::Few { .. } => RejectCode::Unwitnessed,
            Denied::Internal(_) => RejectCode::Internal,
        };
        Self::because(code, denied)
    }
}
