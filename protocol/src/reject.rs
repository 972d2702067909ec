//! Refusals: what one party tells the other when it will not do what was asked.
//!
//! A refusal is a number and nothing else. What lies behind it stays in the log of the party that refused, so that
//! a refusal can say nothing about anybody's data. The codes are listed in PROTOCOL.md.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::frame::Kind;
use crate::message::Message;

/// A refusal, as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Why.
    pub code: RejectCode,
}

impl Message for Reject {
    const KIND: Kind = Kind::Reject;
}

/// Why a party refuses. [`Display`](fmt::Display) gives the sentence for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
#[expect(missing_docs, reason = "the table below gives each code its sentence")]
pub enum RejectCode {
    UnsupportedVersion,
    UnknownNode,
    WrongCertificate,
    CertificateExpired,
    OtherRoster,
    OtherStudy,
    Malformed,
    TooLarge,
    UnknownKind,
    UnexpectedKind,
    BadSignature,
    BadProof,
    Replay,
    UnknownModel,
    OtherModel,
    OtherCatalogue,
    AsOfAfterExtract,
    NotMadeUp,
    PolicyRefused,
    QuotaExceeded,
    NotAHolder,
    DeadlinePassed,
    StudyClosed,
    NotReady,
    Busy,
    TimedOut,
    Unreachable,
    BrokenOff,
    LedgerBehind,
    Unwitnessed,
    OtherTime,
    Internal,
    /// A number that this version does not list: the other party is newer.
    Unlisted(u16),
}

/// Number, name and sentence of every code. A number is never given to another code; one that is no longer sent
/// stays in the list. 1–19 concern the connection, 20–39 a message, 40–69 a request, 70–89 the party's state.
const TABLE: &[(RejectCode, u16, &str, &str)] = &[
    (
        RejectCode::UnsupportedVersion,
        1,
        "unsupported-version",
        "the two parties share no version of the protocol: update the older one",
    ),
    (
        RejectCode::UnknownNode,
        2,
        "unknown-node",
        "the certificate belongs to no node of the roster: compare its key with the roster, or sign a new roster",
    ),
    (
        RejectCode::WrongCertificate,
        3,
        "wrong-certificate",
        "the certificate's key is not the one that the roster pins for this party",
    ),
    (
        RejectCode::CertificateExpired,
        4,
        "certificate-expired",
        "the certificate is not valid at this time: renew it, or set the clock",
    ),
    (
        RejectCode::OtherRoster,
        5,
        "other-roster",
        "the two parties have different rosters: give both the newest signed one",
    ),
    (
        RejectCode::OtherStudy,
        6,
        "other-study",
        "the message belongs to a study that this party does not know",
    ),
    (RejectCode::Malformed, 20, "malformed", "the message does not have the form that the protocol gives it"),
    (RejectCode::TooLarge, 21, "too-large", "the message is longer than the protocol's limit"),
    (RejectCode::UnknownKind, 22, "unknown-kind", "the kind of the message is unknown to this version"),
    (
        RejectCode::UnexpectedKind,
        23,
        "unexpected-kind",
        "the message must not come at this point of the exchange",
    ),
    (
        RejectCode::BadSignature,
        24,
        "bad-signature",
        "a signature does not verify under the key in the roster",
    ),
    (RejectCode::BadProof, 25, "bad-proof", "a proof of evaluation does not verify"),
    (RejectCode::Replay, 26, "replay", "the message was received before"),
    (RejectCode::UnknownModel, 40, "unknown-model", "the party does not have the model"),
    (RejectCode::OtherModel, 41, "other-model", "the party has another version of the model"),
    (
        RejectCode::OtherCatalogue,
        42,
        "other-catalogue",
        "the party has another version of the catalogue of features",
    ),
    (
        RejectCode::AsOfAfterExtract,
        43,
        "as-of-after-extract",
        "the reference date is later than the day on which the node's data was extracted",
    ),
    (
        RejectCode::NotMadeUp,
        44,
        "not-made-up",
        "the node's data is not marked as made up, and the request is for made-up data only",
    ),
    (RejectCode::PolicyRefused, 45, "policy-refused", "the node's policy does not allow the request"),
    (RejectCode::QuotaExceeded, 46, "quota-exceeded", "the request goes beyond a quota"),
    (RejectCode::NotAHolder, 47, "not-a-holder", "the party holds no share of the study's key"),
    (RejectCode::DeadlinePassed, 48, "deadline-passed", "the study's deadline has passed"),
    (RejectCode::StudyClosed, 49, "study-closed", "the study is closed, and its keys are erased"),
    (RejectCode::NotReady, 70, "not-ready", "the party has not yet done what the request needs first"),
    (RejectCode::Busy, 71, "busy", "the party is at work on too much already: try again later"),
    (RejectCode::TimedOut, 72, "timed-out", "the party waited longer than its limit"),
    (RejectCode::Unreachable, 73, "unreachable", "the node that the message is for is not connected"),
    (RejectCode::BrokenOff, 74, "broken-off", "the exchange ended before it was complete: ask again"),
    (
        RejectCode::LedgerBehind,
        75,
        "ledger-behind",
        "the node's ledger, policy or audit log is not the one that others saw last, and it answers nothing until that is mended",
    ),
    (
        RejectCode::Unwitnessed,
        76,
        "unwitnessed",
        "too few of the nodes that must witness the ledger can be reached: try again when they are connected",
    ),
    (
        RejectCode::OtherTime,
        77,
        "other-time",
        "the clocks of the two nodes differ by more than an hour: set the one that is wrong",
    ),
    (RejectCode::Internal, 80, "internal", "the party failed for a reason of its own, which its log tells"),
];

impl RejectCode {
    /// Every listed code, in order of the numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(code, ..)| *code)
    }

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Unlisted(number) => number,
            listed => listed.row().map_or(0, |(_, number, ..)| *number),
        }
    }

    /// The name in reports and documents, such as `other-roster`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("unlisted", |(_, _, name, _)| name)
    }

    fn row(self) -> Option<&'static (Self, u16, &'static str, &'static str)> {
        TABLE.iter().find(|(code, ..)| *code == self)
    }
}

impl From<u16> for RejectCode {
    fn from(number: u16) -> Self {
        TABLE
            .iter()
            .find(|(_, listed, ..)| *listed == number)
            .map_or(Self::Unlisted(number), |(code, ..)| *code)
    }
}

impl From<RejectCode> for u16 {
    fn from(code: RejectCode) -> Self {
        code.number()
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.row()) {
            (_, Some((.., sentence))) => f.write_str(sentence),
            (code, None) => write!(f, "code {}, which this version does not know", code.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_number_of_its_own_and_comes_back_from_it() {
        assert!(TABLE.windows(2).all(|pair| pair[0].1 < pair[1].1), "numbers ascend");
        for code in RejectCode::all() {
            assert_eq!(RejectCode::from(code.number()), code);
            assert_ne!(code.number(), 0, "{code:?} is missing from the table");
        }
    }

    #[test]
    fn a_code_of_a_newer_party_is_kept_and_named_by_its_number() {
        let code = RejectCode::from(9999);
        assert_eq!((code, code.number()), (RejectCode::Unlisted(9999), 9999));
        assert_eq!(code.to_string(), "code 9999, which this version does not know");
    }

    #[test]
    fn every_sentence_is_lower_case_without_a_final_period() {
        for (_, _, name, sentence) in TABLE {
            assert!(
                !sentence.ends_with('.') && sentence.starts_with(char::is_lowercase),
                "{name}: {sentence}"
            );
        }
    }
}
