//! How a message becomes the body of a frame: the one file that knows bincode.
//!
//! bincode 2.0.1 is the last version and unmaintained (RUSTSEC-2025-0141), so its reach is kept to the three
//! functions below and the golden bytes in `tests/golden` are the contract: integers of fixed width, big endian;
//! lengths as u64; variants of an enum as u32; an option as one byte, 0 or 1. Another codec that writes the same
//! bytes can take its place.
//!
//! No error of this module quotes its input: a body may hold contributions.

use bincode::config::{BigEndian, Configuration, Fixint, Limit};
use bincode::error::DecodeError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limit::FRAME_BYTES_MAX;

const BYTES_MAX: usize = FRAME_BYTES_MAX as usize;

const WRITE: Configuration<BigEndian, Fixint> =
    bincode::config::standard().with_big_endian().with_fixed_int_encoding();
/// The limit also refuses a length prefix that claims more than the limit before anything is allocated for it.
const READ: Configuration<BigEndian, Fixint, Limit<BYTES_MAX>> = WRITE.with_limit::<BYTES_MAX>();

/// Why a message has no bytes or bytes have no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The body is longer than a frame may hold, or claims a length inside that is.
    #[error("the message is longer than {bytes_max} bytes")]
    TooLarge {
        /// The limit, [`FRAME_BYTES_MAX`].
        bytes_max: u32,
    },
    /// The bytes end before the message does.
    #[error("the message ends too early")]
    Truncated,
    /// The bytes go on after the message.
    #[error("the message is followed by {bytes} bytes that do not belong to it")]
    Trailing {
        /// How many bytes follow.
        bytes: usize,
    },
    /// The bytes are no value of the message's type.
    #[error("the message does not have the form of its kind")]
    Malformed,
}

const TOO_LARGE: CodecError = CodecError::TooLarge { bytes_max: FRAME_BYTES_MAX };

/// The body of a frame that carries `message`.
///
/// # Errors
/// [`CodecError::TooLarge`] where the message does not fit in one frame.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, CodecError> {
    let bytes = canonical(message);
    if bytes.len() > BYTES_MAX { Err(TOO_LARGE) } else { Ok(bytes) }
}

/// The message that a frame's body carries: all of it and nothing after it.
///
/// # Errors
/// [`CodecError`], which never quotes the bytes.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    if bytes.len() > BYTES_MAX {
        return Err(TOO_LARGE);
    }
    let (message, used): (T, usize) =
        bincode::serde::decode_from_slice(bytes, READ).map_err(|error| match error {
            DecodeError::UnexpectedEnd { .. } => CodecError::Truncated,
            DecodeError::LimitExceeded => TOO_LARGE,
            _ => CodecError::Malformed,
        })?;
    match bytes.len().saturating_sub(used) {
        // A date, say, can be written in several ways that read the same; only one of them is the message.
        0 if canonical(&message) == bytes => Ok(message),
        0 => Err(CodecError::Malformed),
        bytes => Err(CodecError::Trailing { bytes }),
    }
}

/// The one encoding of `value`, of any length: what is hashed and signed.
///
/// One value has one encoding as long as it is made of structs, enums, sequences and `BTreeMap`s; a `HashMap` has
/// no order and must not be in it.
///
/// # Panics
/// Where `value` is of a type that cannot be encoded at all, such as a sequence that does not know its length. No
/// value of a type with derived `Serialize` does this.
#[must_use]
pub fn canonical<T: Serialize>(value: &T) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "writing to a Vec cannot fail, and our types derive Serialize over sequences of known length"
    )]
    bincode::serde::encode_to_vec(value, WRITE).expect("a value of a derived type always has an encoding")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_as_it_was() {
        let message = (7_u16, Some("seven".to_owned()), vec![1_u32, 2, 3], false);
        let bytes = encode(&message).unwrap();
        assert_eq!(decode::<(u16, Option<String>, Vec<u32>, bool)>(&bytes), Ok(message));
    }

    #[test]
    fn bytes_that_read_as_a_message_but_are_not_its_one_encoding_are_refused() {
        let day = jiff::civil::date(2026, 2, 28);
        assert_eq!(decode::<jiff::civil::Date>(&encode(&day).unwrap()), Ok(day));
        for other in ["20260228", "2026-02-28T23:00"] {
            let bytes = encode(&other.to_owned()).unwrap();
            assert_eq!(decode::<jiff::civil::Date>(&bytes), Err(CodecError::Malformed), "{other}");
        }
    }

    #[test]
    fn integers_are_of_fixed_width_and_big_endian() {
        assert_eq!(encode(&(1_u8, 2_u16, 3_u32)).unwrap(), [1, 0, 2, 0, 0, 0, 3]);
    }

    #[test]
    fn every_shortened_message_and_every_lengthened_one_is_refused() {
        let bytes = encode(&(7_u64, "seven".to_owned())).unwrap();
        for end in 0..bytes.len() {
            assert_eq!(decode::<(u64, String)>(&bytes[..end]), Err(CodecError::Truncated), "cut at {end}");
        }
        let longer = [bytes.as_slice(), &[0, 0]].concat();
        assert_eq!(decode::<(u64, String)>(&longer), Err(CodecError::Trailing { bytes: 2 }));
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_it_is_allocated() {
        for claimed in [u64::MAX, 1 << 40, u64::from(FRAME_BYTES_MAX) + 1] {
            let bytes = claimed.to_be_bytes();
            assert!(decode::<Vec<u8>>(&bytes).is_err());
            assert!(decode::<String>(&bytes).is_err());
            assert!(decode::<Vec<[u64; 4]>>(&bytes).is_err());
        }
        assert_eq!(decode::<Vec<u8>>(&vec![0; BYTES_MAX + 1]), Err(TOO_LARGE));
        assert_eq!(encode(&vec![0_u8; BYTES_MAX]), Err(TOO_LARGE));
    }

    #[test]
    fn an_error_does_not_quote_its_input() {
        let bytes = encode(&"6101653000".to_owned()).unwrap();
        let error = decode::<crate::id::NodeId>(&encode(&"610165-3000".to_owned()).unwrap()).unwrap_err();
        assert_eq!(error, CodecError::Malformed);
        assert!(!format!("{error} {error:?} {:?}", decode::<(bool, u8)>(&bytes)).contains("610165"));
    }
}
