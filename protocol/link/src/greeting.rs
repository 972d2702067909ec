//! The greeting, told from both ends: the first exchange on a connection whose keys are already known to be right.
//!
//! The coordinator decides, as it hears the node first; its refusal carries its own roster's digest in the frame's
//! header, so that the node can tell its operator which roster the other side has.

use std::ops::RangeInclusive;

use tvaers_protocol::frame::{Frame, FrameError, Kind, VERSION, VERSION_MIN};
use tvaers_protocol::hello::{Hello, Software, Welcome, common_version};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::reject::{Reject, RejectCode};

use crate::limit::PROMPT_TIME;
use crate::stream::{Stream, StreamError};

/// What a party says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The versions of the protocol that it speaks.
    pub versions: RangeInclusive<u8>,
    /// The version of its roster.
    pub roster_version: u64,
    /// The digest of its roster.
    pub roster: Digest,
    /// What it runs.
    pub software: Software,
}

impl Greeting {
    /// The greeting of a party that runs this software with all versions that it speaks.
    #[must_use]
    pub const fn new(roster_version: u64, roster: Digest, software: Software) -> Self {
        Self { versions: VERSION_MIN..=VERSION, roster_version, roster, software }
    }

    fn frame<M: tvaers_protocol::message::Message>(&self, message: &M) -> Result<Frame, StreamError> {
        Ok(Frame::of(self.roster, Digest::NONE, message)?)
    }
}

/// What both agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) version: u8,
    pub(crate) software: Software,
}

/// Why a node was not welcomed: the node's view.
#[derive(Debug)]
pub(crate) enum NotWelcome {
    Refused { code: RejectCode, roster: Digest },
    Stream(StreamError),
}

impl<E: Into<StreamError>> From<E> for NotWelcome {
    fn from(error: E) -> Self {
        Self::Stream(error.into())
    }
}

/// Why the coordinator did not welcome a node: the coordinator's view.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    OtherVersion { theirs: RangeInclusive<u8> },
    WrongCertificate { claimed: NodeId },
    OtherRoster { version: u64, digest: Digest },
    Stream(StreamError),
}

impl<E: Into<StreamError>> From<E> for NotAdmitted {
    fn from(error: E) -> Self {
        Self::Stream(error.into())
    }
}

impl NotAdmitted {
    pub(crate) const fn code(&self) -> RejectCode {
        match self {
            Self::OtherVersion { .. } => RejectCode::UnsupportedVersion,
            Self::WrongCertificate { .. } => RejectCode::WrongCertificate,
            Self::OtherRoster { .. } => RejectCode::OtherRoster,
            Self::Stream(error) => error.code(),
        }
    }
}

/// The node's part.
pub(crate) async fn greet(stream: &mut Stream, node: &NodeId, ours: &Greeting) -> Result<Agreed, NotWelcome> {
    let hello = Hello {
        version_min: *ours.versions.start(),
        version_max: *ours.versions.end(),
        node: node.clone(),
        roster_version: ours.roster_version,
        roster: ours.roster,
        software: ours.software.clone(),
    };
    stream.send(&ours.frame(&hello)?, PROMPT_TIME).await?;
    stream.finish().await?;
    let answer = stream.expect(PROMPT_TIME).await?;
    if answer.kind() == Kind::Reject {
        let Reject { code } = answer.message().map_err(StreamError::from)?;
        return Err(NotWelcome::Refused { code, roster: answer.header().roster });
    }
    let Welcome { version, software } = answer.message().map_err(StreamError::from)?;
    answer.header().belongs_to(ours.roster, Digest::NONE).map_err(StreamError::from)?;
    if !ours.versions.contains(&version) {
        return Err(StreamError::from(FrameError::Version { found: version }).into());
    }
    Ok(Agreed { version, software })
}

/// The coordinator's part: `node` is whose certificate the other side has shown.
///
/// A refusal is on its way to the node when this returns; the caller closes the connection.
pub(crate) async fn admit(
    stream: &mut Stream,
    node: &NodeId,
    ours: &Greeting,
) -> Result<Agreed, NotAdmitted> {
    let judged = match hear(stream).await {
        Ok(hello) => judge(hello, node, ours),
        Err(error) => Err(error),
    };
    match judged {
        Ok(agreed) => {
            let welcome = Welcome { version: agreed.version, software: ours.software.clone() };
            stream.send(&ours.frame(&welcome)?, PROMPT_TIME).await?;
            stream.finish().await?;
            Ok(agreed)
        }
        Err(refusal) => {
            if let Ok(reject) = ours.frame(&Reject { code: refusal.code() }) {
                // The refusal is the error to tell of, not that the other side did not wait for it.
                let sent = stream.send(&reject, PROMPT_TIME).await;
                let _ = sent.and(stream.finish().await);
            }
            Err(refusal)
        }
    }
}

async fn hear(stream: &mut Stream) -> Result<Hello, NotAdmitted> {
    let frame = stream.expect(PROMPT_TIME).await?;
    Ok(frame.message().map_err(StreamError::from)?)
}

fn judge(hello: Hello, node: &NodeId, ours: &Greeting) -> Result<Agreed, NotAdmitted> {
    let theirs = hello.version_min..=hello.version_max;
    let Some(version) = common_version(&ours.versions, &theirs) else {
        return Err(NotAdmitted::OtherVersion { theirs });
    };
    if hello.node != *node {
        return Err(NotAdmitted::WrongCertificate { claimed: hello.node });
    }
    if hello.roster != ours.roster || hello.roster_version != ours.roster_version {
        return Err(NotAdmitted::OtherRoster { version: hello.roster_version, digest: hello.roster });
    }
    Ok(Agreed { version, software: hello.software })
}
