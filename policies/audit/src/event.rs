//! What the audit log tells of. No value, no person, no literal of a filter: no type here has a field that could
//! hold one. What is text is a checked [`Name`](crate::name::Name) from a signed document, or a
//! [`Code`](crate::code::Code) from a program's own list.

mod keeping;
mod policy;
mod request;
mod study;

use serde::{Deserialize, Serialize};
use tvaers_protocol::audit::LogHead;
use tvaers_protocol::message::Signed;

pub use self::keeping::{
    BreachPack, Exported, HeadCountersigned, LedgerRecovered, LogRecovered, Pruned, Rotated, Truncated,
};
pub use self::policy::{
    CertificateRenewed, Imported, KeyChanged, KeyUse, ListsRead, PolicyLoaded, PolicyRefused, PolicyRevoked,
    PolicyWithdrawn, RosterFollowed,
};
pub use self::request::{Asked, Charged, Left, Mode, Permitted, Query, Refused, Statistic, Stored};
pub use self::study::{
    Closing, EvaluatedFor, EvaluationsOpened, ObjectionChange, ObjectionsChanged, ObjectionsReceived,
    SeriesClosed, SeriesClosing, SeriesKept, Share, Study, StudyAgreed, StudyCharged, StudyClosed,
    StudyRefused,
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// The node began to serve.
    Start,
    /// The node stopped in an orderly way.
    Stop,
    /// A policy came into force.
    PolicyLoaded(PolicyLoaded),
    /// A policy that was put in place cannot be used, and nothing is permitted meanwhile.
    PolicyRefused(PolicyRefused),
    /// The policy was taken away, and nothing is permitted.
    PolicyWithdrawn(PolicyWithdrawn),
    /// The lists of those who are left out, or the signatures, changed beside the same policy.
    ListsRead(ListsRead),
    /// A policy or one of its permits was revoked.
    PolicyRevoked(PolicyRevoked),
    /// The node follows a roster that the log has not told of last.
    RosterFollowed(RosterFollowed),
    /// The node uses a key that the log has not told of last.
    KeyChanged(KeyChanged),
    /// The node has a certificate that the log has not told of last.
    CertificateRenewed(CertificateRenewed),
    /// Data was imported.
    Import(Imported),
    /// A request was permitted, charged and released.
    RequestPermitted(Permitted),
    /// A request was answered with the stored release; nothing was charged.
    RequestStored(Stored),
    /// A request was refused; nothing was charged.
    RequestRefused(Refused),
    /// The node agreed to take part in a study.
    StudyAgreed(StudyAgreed),
    /// The tables of a study were charged, before anything was read for them.
    StudyCharged(StudyCharged),
    /// The node refused to take part in a study.
    StudyRefused(StudyRefused),
    /// The node's staff entered or lifted objections. Who and how many is not told: a count of one and its time would
    /// point at whoever wrote to the node that day.
    ObjectionsChanged(ObjectionsChanged),
    /// Other nodes of a study said which of this node's persons object; logged of every study, also where nobody does.
    ObjectionsReceived(ObjectionsReceived),
    /// What the node evaluated for another, or itself, as a holder in a study that ended.
    EvaluatedFor(EvaluatedFor),
    /// A sample of the node's own evaluations was opened to an auditor.
    EvaluationsOpened(EvaluationsOpened),
    /// A study ended at this node, and what it held of it is erased.
    StudyClosed(StudyClosed),
    /// The key and the pseudonyms of a study are kept for follow-up.
    SeriesKept(SeriesKept),
    /// The shares and the pseudonyms that were kept for follow-up are erased.
    SeriesClosed(SeriesClosed),
    /// What the ledger had lost for good was charged again.
    LedgerRecovered(LedgerRecovered),
    /// The node signed the log so far.
    HeadSigned(Signed<LogHead>),
    /// Somebody else signed that they saw the log so far.
    HeadCountersigned(Box<HeadCountersigned>),
    /// What others saw of this log, and what it had lost for good, was answered for.
    LogRecovered(LogRecovered),
    /// The log ended in half an entry, as after a power cut; nothing had been answered for it.
    Truncated(Truncated),
    /// The log goes on in a new file; the first entry of every file but the first.
    Rotated(Rotated),
    /// The oldest entries were deleted, as the policy's retention says.
    Pruned(Pruned),
    /// Something was copied out of the node's keeping.
    Exported(Exported),
    /// A citizen was told what their data was used for (GDPR Article 15). Not who, nor how much there was to tell.
    SubjectExtract {},
    /// What a notification of a breach needs was put together for the node's own staff (GDPR Article 33).
    BreachPack(BreachPack),
}

impl Event {
    /// Reads an event. What most entries tell of is read without the detour that serde takes to find `kind` wherever
    /// it may stand; here it stands first, since whoever reads a line writes it again and compares.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        fn of<T: serde::de::DeserializeOwned>(rest: &[u8]) -> Option<T> {
            let object = [b"{", rest].concat();
            serde_json::from_slice(&object).ok()
        }
        let tagged = json.strip_prefix(b"{\"kind\":\"".as_slice()).and_then(|rest| {
            let end = rest.iter().position(|byte| *byte == b'"')?;
            Some((rest.get(..end)?, rest.get(end + 1..)?.strip_prefix(b",".as_slice())?))
        });
        match tagged {
            Some((b"request-permitted", rest)) => of(rest).map(Self::RequestPermitted),
            Some((b"request-stored", rest)) => of(rest).map(Self::RequestStored),
            Some((b"request-refused", rest)) => of(rest).map(Self::RequestRefused),
            Some((b"study-agreed", rest)) => of(rest).map(Self::StudyAgreed),
            Some((b"study-charged", rest)) => of(rest).map(Self::StudyCharged),
            Some((b"study-refused", rest)) => of(rest).map(Self::StudyRefused),
            Some((b"head-signed", rest)) => of(rest).map(Self::HeadSigned),
            Some((b"head-countersigned", rest)) => of(rest).map(Self::HeadCountersigned),
            _ => serde_json::from_slice(json).ok(),
        }
    }
}
