//! What the audit log tells of. No value, no person, no literal of a filter: no type here has a field that could
//! hold one. What is text is a checked [`Name`] from a signed document, or a [`Code`] from a program's own list.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tvaers_protocol::audit::{Countersignature, LogHead, Seer};
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::Signed;
use tvaers_protocol::study::{Disclosure, Grain, Manifest, RunId};

use crate::code::Code;
use crate::head::Head;
use crate::name::{Name, NameError, Requester};
use crate::rho::NanoRho;

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
    /// A study ended at this node, and what it held of it is erased.
    StudyClosed(StudyClosed),
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

/// A policy that came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyLoaded {
    /// Its digest.
    pub policy: Digest,
    /// Its version.
    pub version: u64,
    /// Whether it is for made-up data only.
    pub laboratory: bool,
    /// Who signed it, each with their role in brackets; nobody needs to sign a laboratory's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<Name>,
}

/// A policy that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRefused {
    /// The digest of the policy that was in force before; zeros where none was.
    pub before: Digest,
    /// All that is wrong with it.
    pub rules: Vec<Code>,
}

/// A policy that was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyWithdrawn {
    /// Its digest; zeros where the file could not be used.
    pub policy: Digest,
}

/// Lists or signatures that changed beside a policy that stayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListsRead {
    /// The policy.
    pub policy: Digest,
}

/// A policy, or one of its permits, that was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRevoked {
    /// The policy.
    pub policy: Digest,
    /// The permit; none where the whole policy was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<Name>,
    /// From which day on.
    pub from: Date,
    /// Who signed the revocation, with the role in brackets.
    pub by: Name,
}

/// A roster that the node follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterFollowed {
    /// Its digest.
    pub roster: Digest,
    /// Its version.
    pub version: u64,
}

/// What a node's key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUse {
    /// To sign what it says.
    Signing,
    /// To open what is sealed for it.
    Sealing,
}

/// A key that the node uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChanged {
    /// What it is for.
    pub what: KeyUse,
    /// The SHA-256 of the 32 bytes of the public key.
    pub fingerprint: Digest,
}

/// A certificate that a node proves with who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRenewed {
    /// The SHA-256 of its key as it stands in it (`SubjectPublicKeyInfo`), which rosters pin.
    pub spki: Digest,
    /// Until when it is valid.
    pub valid_until: Timestamp,
}

/// Data that was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// The import's number.
    pub import: u32,
    /// The digest of the data.
    pub data: Digest,
    /// The day that the data is from.
    pub extracted_on: Date,
}

/// What a permit is for; they are legally apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Differentially private statistics of this node's data.
    Aggregates,
    /// Noised tables over a joined stratification.
    JoinedStatistics,
    /// Contributions that come back as a work list for care.
    PersonContributions,
}

/// What a query computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// Persons.
    Count,
    /// The sum of a feature.
    Sum,
    /// The mean of a feature.
    Mean,
    /// Persons by bins of a feature.
    Histogram,
    /// Quantiles of a feature.
    Quantiles,
    /// An indicator, by its name.
    Indicator,
}

/// A query without its literals: which features it reads, not what it compares them with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The digest of the canonical query, literals included.
    pub digest: Digest,
    /// What it computes.
    pub statistic: Statistic,
    /// Of which feature or indicator; none for a count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Name>,
    /// Grouped by which features.
    pub by: Vec<Name>,
    /// Filtered by which features. The values are left out: one could single out a citizen.
    #[serde(rename = "where")]
    pub filtered_by: Vec<Name>,
    /// The reference date.
    pub as_of: Date,
}

/// Canonical text, such as `mean of gp_contacts_2y by sex, age_band where age, kommune as of 2026-02-28`.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.statistic {
            Statistic::Count => "count",
            Statistic::Sum => "sum",
            Statistic::Mean => "mean",
            Statistic::Histogram => "histogram",
            Statistic::Quantiles => "quantiles",
            Statistic::Indicator => "indicator",
        })?;
        if let Some(of) = &self.of {
            write!(f, " of {of}")?;
        }
        for (word, names) in [("by", &self.by), ("where", &self.filtered_by)] {
            for (index, name) in names.iter().enumerate() {
                let lead = if index == 0 { format!(" {word}") } else { ",".to_owned() };
                write!(f, "{lead} {name}")?;
            }
        }
        write!(f, " as of {}", self.as_of)
    }
}

/// What was asked, as far as it could be read and believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The digest of the signed request.
    pub request: Digest,
    /// Who asked; none where no key of the roster signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Requester>,
    /// Under which permit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<Name>,
    /// For which purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Code>,
    /// In which mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Under which policy.
    pub policy: Digest,
    /// Which query; none where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
}

/// What is left of each budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// Of the permit's.
    pub permit: NanoRho,
    /// Of the period's; none where the policy has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<NanoRho>,
    /// Of that for life.
    pub life: NanoRho,
}

/// A charge, as the log tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charged {
    /// Its number in the ledger.
    pub number: u64,
    /// How much.
    pub nano_rho: NanoRho,
    /// What is left after it.
    pub left: Left,
    /// The ledger's head with it: a ledger that does not contain it is older than this entry.
    pub ledger: Head,
}

/// A request that was permitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permitted {
    /// What was asked.
    pub asked: Asked,
    /// The rules that permitted it.
    pub rules: Vec<Code>,
    /// What it cost.
    pub charge: Charged,
    /// How many cells were hidden, judged on noisy values.
    pub hidden_cells: u32,
    /// The digest of the release.
    pub result: Digest,
}

/// A request that was answered from the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// What was asked.
    pub asked: Asked,
    /// The charge under which it was released.
    pub charge: u64,
    /// The digest of the release.
    pub result: Digest,
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// What was asked.
    pub asked: Asked,
    /// All rules that refused it.
    pub rules: Vec<Code>,
    /// What is left, where it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
}

/// A study as its manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// The manifest's digest.
    pub manifest: Digest,
    /// The run.
    pub run: RunId,
    /// The permit of its work list; none where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Name>,
    /// The permit of its tables; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<Name>,
    /// The model's name.
    pub model: Name,
    /// The digest of the model.
    pub model_digest: Digest,
    /// The reference date.
    pub as_of: Date,
    /// How fine contributions are.
    pub grain: Grain,
    /// What a work list discloses.
    pub disclosure: Disclosure,
}

impl Study {
    /// What a manifest says.
    ///
    /// # Errors
    /// [`NameError`] where the permit's or the model's name may not stand in a log.
    pub fn of(manifest: &Manifest) -> Result<Self, NameError> {
        let asked = &manifest.request.content;
        Ok(Self {
            manifest: manifest.digest(),
            run: manifest.run,
            list: asked.list.as_ref().map(|under| Name::new(under.permit.as_str())).transpose()?,
            tables: asked
                .tables
                .as_ref()
                .map(|tables| Name::new(tables.under.permit.as_str()))
                .transpose()?,
            model: Name::new(manifest.model.as_str())?,
            model_digest: manifest.model_digest,
            as_of: manifest.as_of,
            grain: manifest.grain,
            disclosure: manifest.disclosure,
        })
    }
}

/// A study that the node takes part in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyAgreed {
    /// Which.
    pub study: Study,
    /// Who asked for it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Requester>,
    /// For which purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Code>,
    /// In which modes.
    pub modes: Vec<Mode>,
    /// Under which policy.
    pub policy: Digest,
}

/// What a study's tables were charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyCharged {
    /// The manifest's digest.
    pub manifest: Digest,
    /// Under which permit.
    pub permit: Name,
    /// The charge.
    pub charge: Charged,
}

/// A study that the node does not take part in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyRefused {
    /// The digest of what was proposed.
    pub manifest: Digest,
    /// The study, where its names may stand in a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study: Option<Study>,
    /// Who asked for it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Requester>,
    /// Under which policy.
    pub policy: Digest,
    /// All rules that refused it.
    pub rules: Vec<Code>,
}

/// A study that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyClosed {
    /// The manifest's digest.
    pub manifest: Digest,
    /// How it ended.
    pub how: Closing,
}

/// How a study ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closing {
    /// With a work list.
    HandedBack,
    /// Closed by the coordinator before that.
    Closed,
    /// At its deadline.
    Deadline,
    /// Lost when the node stopped or failed.
    Abandoned,
}

/// What the node's staff did to objections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectionChange {
    /// Entered some.
    Entered,
    /// Lifted some.
    Lifted,
}

/// Objections that the node's staff changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectionsChanged {
    /// In which way.
    pub how: ObjectionChange,
}

/// How many of a node's persons something concerns, as far as a log may say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// Nobody, or up to one in a hundred.
    Few,
    /// Up to one in ten.
    Some,
    /// More: somebody may be thinning the data out.
    Many,
}

/// Objections that other nodes told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectionsReceived {
    /// The digest of the study's manifest.
    pub manifest: Digest,
    /// How many of those whom the node contributed.
    pub share: Share,
}

/// A ledger that went on without entries that a witness had seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRecovered {
    /// The head that the witness saw.
    pub lost: Head,
    /// The witness.
    pub witness: Name,
    /// Who answers for it.
    pub approved_by: Vec<Name>,
    /// The charge's number in the ledger.
    pub number: u64,
    /// What was charged.
    pub nano_rho: NanoRho,
    /// The ledger's head with it.
    pub ledger: Head,
}

/// A head of this log that somebody else saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadCountersigned {
    /// The head, as the node signed it.
    pub head: Signed<LogHead>,
    /// The word of who saw it.
    pub by: Signed<Countersignature>,
}

/// A log that went on without entries that somebody had seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRecovered {
    /// The head that was seen, as the node signed it.
    pub lost: Signed<LogHead>,
    /// Who saw it.
    pub seer: Seer,
    /// Who answers for it.
    pub approved_by: Vec<Name>,
}

/// Half an entry at the end of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truncated {
    /// How many bytes of it there were.
    pub bytes: u64,
    /// Their SHA-256. They themselves are not kept: nobody checked what they say.
    pub digest: Digest,
}

/// A file of the log that is full; the next one begins with this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotated {
    /// The end of the file before.
    pub through: Head,
    /// The digest of the log's first entry, which may be deleted one day: it names the log.
    pub log: Digest,
}

/// Entries that were deleted when the policy no longer asked for them. Of several files there is one such entry each,
/// so that a log proves itself whichever of them are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pruned {
    /// The last of them: the first entry that is left follows it.
    pub through: Head,
    /// The digest of the log's first entry: it names the log.
    pub log: Digest,
    /// The newest head of the ledger that they named. A ledger that does not contain it is older.
    pub ledger: Head,
}

/// What was copied out of the node's keeping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// What it was, such as `audit`.
    pub what: Code,
    /// The number of its first entry or row.
    pub first: u64,
    /// That of its last.
    pub last: u64,
    /// The SHA-256 of the copy.
    pub digest: Digest,
}

/// What was put together about a breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreachPack {
    /// The beginning of the time that it is about.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// The SHA-256 of the pack's list of files, which has the SHA-256 of each.
    pub digest: Digest,
}
