//! The table of kinds: which number stands for which message.

use std::fmt;

use crate::frame::FrameError;

/// Which message a frame carries. The number is the contract; names may change, numbers never do.
///
/// A number that is no longer sent stays in this list as a comment, with the version that retired it, and is not
/// given to another message. 1 to 15 are greetings and refusals, and common to all versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "each variant is the message of the same name, which has the documentation")]
pub enum Kind {
    Hello = 1,
    Welcome = 2,
    Reject = 3,

    Status = 16,
    NodeStatus = 17,
    Progress = 18,
    Prepare = 19,
    Prepared = 20,
    Propose = 21,
    Accepted = 22,
    Open = 23,
    Opened = 24,
    Close = 25,
    Closed = 26,
    Declined = 27,
    Blames = 28,

    KeyRound1 = 32,
    KeyRound1Package = 33,
    KeyRound2 = 34,
    KeyRound2Packages = 35,
    KeyRound3 = 36,
    KeyConfirmed = 37,
    KeyPin = 38,
    KeyPinned = 39,
    RepairDeal = 40,
    RepairDealt = 41,
    RepairAdd = 42,
    RepairAdded = 43,
    RepairRecover = 44,
    RepairRecovered = 45,
    CloseSeries = 46,
    SeriesClosed = 47,

    Pseudonymise = 48,
    Pseudonymised = 49,
    Relay = 50,
    Evaluate = 51,
    Evaluated = 52,

    Compute = 64,
    Computed = 65,
    Contribute = 66,
    Contributions = 67,
    ContributionsEnd = 68,
    HandBacks = 69,
    HandBackEnd = 70,
    HandedBack = 71,
    EventRequests = 72,
    EventRequestsEnd = 73,
    EventsAsked = 74,
    SubmitEvents = 75,
    Events = 76,
    EventsEnd = 77,
    Objections = 78,
    ObjectionsEnd = 79,

    AskQuery = 80,
    Releases = 81,
    ReleasesEnd = 82,
    PreviewQuery = 83,
    Previewed = 84,
    ObjectionsTaken = 85,

    AskWitness = 96,
    Witnessed = 97,
    AskCountersign = 98,
    Countersigned = 99,
    AskRevocations = 100,
    Revocations = 101,
}

/// A number that stands for no message that this software knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame is of kind {0}, which this software does not know")]
pub struct UnknownKind(pub u8);

impl Kind {
    /// Every kind with its name, in order of the numbers. The name is also that of the golden file.
    pub const ALL: &[(Self, &str)] = &[
        (Self::Hello, "hello"),
        (Self::Welcome, "welcome"),
        (Self::Reject, "reject"),
        (Self::Status, "status"),
        (Self::NodeStatus, "node-status"),
        (Self::Progress, "progress"),
        (Self::Prepare, "prepare"),
        (Self::Prepared, "prepared"),
        (Self::Propose, "propose"),
        (Self::Accepted, "accepted"),
        (Self::Open, "open"),
        (Self::Opened, "opened"),
        (Self::Close, "close"),
        (Self::Closed, "closed"),
        (Self::Declined, "declined"),
        (Self::Blames, "blames"),
        (Self::KeyRound1, "key-round-1"),
        (Self::KeyRound1Package, "key-round-1-package"),
        (Self::KeyRound2, "key-round-2"),
        (Self::KeyRound2Packages, "key-round-2-packages"),
        (Self::KeyRound3, "key-round-3"),
        (Self::KeyConfirmed, "key-confirmed"),
        (Self::KeyPin, "key-pin"),
        (Self::KeyPinned, "key-pinned"),
        (Self::RepairDeal, "repair-deal"),
        (Self::RepairDealt, "repair-dealt"),
        (Self::RepairAdd, "repair-add"),
        (Self::RepairAdded, "repair-added"),
        (Self::RepairRecover, "repair-recover"),
        (Self::RepairRecovered, "repair-recovered"),
        (Self::CloseSeries, "close-series"),
        (Self::SeriesClosed, "series-closed"),
        (Self::Pseudonymise, "pseudonymise"),
        (Self::Pseudonymised, "pseudonymised"),
        (Self::Relay, "relay"),
        (Self::Evaluate, "evaluate"),
        (Self::Evaluated, "evaluated"),
        (Self::Compute, "compute"),
        (Self::Computed, "computed"),
        (Self::Contribute, "contribute"),
        (Self::Contributions, "contributions"),
        (Self::ContributionsEnd, "contributions-end"),
        (Self::HandBacks, "hand-backs"),
        (Self::HandBackEnd, "hand-back-end"),
        (Self::HandedBack, "handed-back"),
        (Self::EventRequests, "event-requests"),
        (Self::EventRequestsEnd, "event-requests-end"),
        (Self::EventsAsked, "events-asked"),
        (Self::SubmitEvents, "submit-events"),
        (Self::Events, "events"),
        (Self::EventsEnd, "events-end"),
        (Self::Objections, "objections"),
        (Self::ObjectionsEnd, "objections-end"),
        (Self::AskQuery, "ask-query"),
        (Self::Releases, "releases"),
        (Self::ReleasesEnd, "releases-end"),
        (Self::PreviewQuery, "preview-query"),
        (Self::Previewed, "previewed"),
        (Self::ObjectionsTaken, "objections-taken"),
        (Self::AskWitness, "ask-witness"),
        (Self::Witnessed, "witnessed"),
        (Self::AskCountersign, "ask-countersign"),
        (Self::Countersigned, "countersigned"),
        (Self::AskRevocations, "ask-revocations"),
        (Self::Revocations, "revocations"),
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name in logs and documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("unnamed", |(_, name)| name)
    }

    /// Whether the frame's layout and version are the same in every version of the protocol.
    #[must_use]
    pub const fn is_greeting(self) -> bool {
        self.number() < 16
    }

    /// Refuses any kind but `expected`.
    ///
    /// # Errors
    /// [`FrameError::OtherKind`].
    pub fn expect(self, expected: Self) -> Result<(), FrameError> {
        if self == expected { Ok(()) } else { Err(FrameError::OtherKind { expected, found: self }) }
    }
}

impl TryFrom<u8> for Kind {
    type Error = UnknownKind;
    fn try_from(number: u8) -> Result<Self, UnknownKind> {
        let known = Self::ALL.iter().find(|(kind, _)| kind.number() == number);
        known.map(|(kind, _)| *kind).ok_or(UnknownKind(number))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
