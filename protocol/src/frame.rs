//! The frame: the fixed header that stands before every message on every stream, and the table of kinds.
//!
//! ```text
//! bytes   0     version          the protocol's version
//!         1     kind             which message the body is: see `Kind`
//!         2..4  flags            zero; anything else is refused
//!         4..8  body length      u32, big endian, at most `limit::FRAME_BYTES_MAX`
//!         8..40 roster digest    all zero in no frame but a greeting of a party without one
//!        40..72 study digest     all zero where there is no study yet
//!        72..   body             encoded by `codec`
//! ```
//!
//! Version and kind come first, so that a party of any version can say whom it does not understand; the length is
//! judged before a byte of the body is waited for. The digests stand in the header, so that a relay can hold a frame
//! to its study without opening the body.

use crate::codec::{self, CodecError};
use crate::id::Digest;
use crate::limit::FRAME_BYTES_MAX;
use crate::message::Message;
use crate::reject::RejectCode;

mod kind;

pub use kind::{Kind, UnknownKind};

/// The newest version of the protocol that this software speaks.
pub const VERSION: u8 = 1;

/// The oldest version of the protocol that this software speaks: version N speaks with N − 1, and 1 is the first.
pub const VERSION_MIN: u8 = 1;

/// The version in the header of a greeting, for ever: greetings are how the version of all other frames is agreed.
pub const VERSION_OF_GREETINGS: u8 = 1;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 72;

/// What stands before a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The protocol's version, [`VERSION_MIN`] to [`VERSION`].
    pub version: u8,
    /// Which message the body is.
    pub kind: Kind,
    /// Bytes of the body, at most [`FRAME_BYTES_MAX`].
    pub body_bytes: u32,
    /// The roster under which the sender speaks.
    pub roster: Digest,
    /// The study that the message belongs to, or [`Digest::NONE`].
    pub study: Digest,
}

/// Why bytes are no frame, or a frame not the one expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A version that this software does not speak.
    #[error("the frame is of protocol version {found}; this software speaks {VERSION_MIN} to {VERSION}")]
    Version {
        /// The frame's version.
        found: u8,
    },
    /// A kind that is not in the table.
    #[error(transparent)]
    UnknownKind(#[from] UnknownKind),
    /// Flags that this version gives no meaning.
    #[error("the frame's flags are {found:#06x}; this version has none")]
    Flags {
        /// The frame's flags.
        found: u16,
    },
    /// A body longer than the limit.
    #[error("the frame's body is {found} bytes long; at most {FRAME_BYTES_MAX} are read")]
    TooLarge {
        /// The length that the header states.
        found: u64,
    },
    /// Fewer bytes than the header states.
    #[error("the frame ends too early")]
    Truncated,
    /// More bytes than the header states.
    #[error("the frame is followed by {bytes} bytes that do not belong to it")]
    Trailing {
        /// How many bytes follow.
        bytes: usize,
    },
    /// A well-formed frame of another kind than the one that must come here.
    #[error("the frame is `{found}` where `{expected}` must come")]
    OtherKind {
        /// What must come.
        expected: Kind,
        /// What came.
        found: Kind,
    },
    /// A frame under another roster.
    #[error("the frame is of another roster")]
    OtherRoster,
    /// A frame of another study.
    #[error("the frame is of another study")]
    OtherStudy,
    /// A body that is not the message of its kind.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl FrameError {
    /// What the sender of the frame is told.
    #[must_use]
    pub const fn code(&self) -> RejectCode {
        match self {
            Self::Version { .. } => RejectCode::UnsupportedVersion,
            Self::UnknownKind(_) => RejectCode::UnknownKind,
            Self::TooLarge { .. } | Self::Codec(CodecError::TooLarge { .. }) => RejectCode::TooLarge,
            Self::OtherKind { .. } => RejectCode::UnexpectedKind,
            Self::OtherRoster => RejectCode::OtherRoster,
            Self::OtherStudy => RejectCode::OtherStudy,
            Self::Flags { .. } | Self::Truncated | Self::Trailing { .. } | Self::Codec(_) => {
                RejectCode::Malformed
            }
        }
    }
}

impl FrameHeader {
    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let head = [self.version, self.kind.number(), 0, 0];
        let parts =
            head.into_iter().chain(self.body_bytes.to_be_bytes()).chain(self.roster.0).chain(self.study.0);
        for (to, from) in bytes.iter_mut().zip(parts) {
            *to = from;
        }
        bytes
    }

    /// Reads a header and refuses all that this version gives no meaning, so that nothing need be checked again.
    ///
    /// # Errors
    /// [`FrameError`]: the version first, then kind, flags and length.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, FrameError> {
        let [version, kind, flag_high, flag_low, a, b, c, d, digests @ ..] = *bytes;
        // Greetings are how another version is told, so they are read whatever versions are spoken here.
        let greeting = version == VERSION_OF_GREETINGS && Kind::try_from(kind).is_ok_and(Kind::is_greeting);
        if !greeting && !(VERSION_MIN..=VERSION).contains(&version) {
            return Err(FrameError::Version { found: version });
        }
        let kind = Kind::try_from(kind)?;
        match u16::from_be_bytes([flag_high, flag_low]) {
            0 => {}
            found => return Err(FrameError::Flags { found }),
        }
        let body_bytes = u32::from_be_bytes([a, b, c, d]);
        if body_bytes > FRAME_BYTES_MAX {
            return Err(FrameError::TooLarge { found: u64::from(body_bytes) });
        }
        let mut digests = digests.into_iter();
        let mut digest = || Digest(std::array::from_fn(|_| digests.next().unwrap_or_default()));
        Ok(Self { version, kind, body_bytes, roster: digest(), study: digest() })
    }

    /// Holds the frame to the roster and study under which it must stand.
    ///
    /// # Errors
    /// [`FrameError::OtherRoster`], [`FrameError::OtherStudy`].
    pub fn belongs_to(&self, roster: Digest, study: Digest) -> Result<(), FrameError> {
        if self.roster != roster {
            Err(FrameError::OtherRoster)
        } else if self.study != study {
            Err(FrameError::OtherStudy)
        } else {
            Ok(())
        }
    }
}

/// A header and the body that it announces: the lengths agree by construction.
///
/// It prints its header only; the body may hold contributions.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    header: FrameHeader,
    body: Vec<u8>,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Frame {
    /// A frame around an encoded body, of the newest version.
    ///
    /// # Errors
    /// [`FrameError::TooLarge`].
    pub fn new(kind: Kind, roster: Digest, study: Digest, body: Vec<u8>) -> Result<Self, FrameError> {
        let body_bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let version = if kind.is_greeting() { VERSION_OF_GREETINGS } else { VERSION };
        Self::from_parts(FrameHeader { version, kind, body_bytes, roster, study }, body)
    }

    /// A frame that carries `message`.
    ///
    /// # Errors
    /// [`FrameError::Codec`] where the message does not fit.
    pub fn of<M: Message>(roster: Digest, study: Digest, message: &M) -> Result<Self, FrameError> {
        Self::new(M::KIND, roster, study, codec::encode(message)?)
    }

    /// Puts a header that was read and the body that followed it together.
    ///
    /// # Errors
    /// [`FrameError::Truncated`], [`FrameError::Trailing`] where the lengths differ, [`FrameError::TooLarge`].
    pub fn from_parts(header: FrameHeader, body: Vec<u8>) -> Result<Self, FrameError> {
        let stated = usize::try_from(header.body_bytes).unwrap_or(usize::MAX);
        if header.body_bytes > FRAME_BYTES_MAX {
            return Err(FrameError::TooLarge { found: body.len() as u64 });
        }
        match body.len() {
            found if found < stated => Err(FrameError::Truncated),
            found if found > stated => Err(FrameError::Trailing { bytes: found - stated }),
            _ => Ok(Self { header, body }),
        }
    }

    /// The message, where the frame is of its kind.
    ///
    /// # Errors
    /// [`FrameError::OtherKind`], [`FrameError::Codec`].
    pub fn message<M: Message>(&self) -> Result<M, FrameError> {
        if self.kind() != M::KIND {
            return Err(FrameError::OtherKind { expected: M::KIND, found: self.kind() });
        }
        Ok(codec::decode(&self.body)?)
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// Which message the body is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.header.kind
    }

    /// The encoded message.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The encoded message, by value.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Header and body in one piece.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [self.header.encode().as_slice(), &self.body].concat()
    }

    /// Reads one frame that is all of `bytes`.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let (header, body) = bytes.split_first_chunk().ok_or(FrameError::Truncated)?;
        Self::from_parts(FrameHeader::decode(header)?, body.to_vec())
    }
}

#[cfg(test)]
mod tests;
