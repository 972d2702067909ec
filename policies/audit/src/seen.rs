//! Heads of a log as others keep them, a line of JSON each: what `tvaers audit heads` and `tvaers-node audit heads`
//! write, and what a verifier holds against the log.

use tvaers_protocol::audit::SeenHead;

/// Bytes of one line of such a file, at most. A head with its countersignature has fewer than 1,000.
pub const SEEN_BYTES_MAX: usize = 4 << 10;

/// Heads that a verifier takes, at most: every hour of eleven years. They are kept in memory.
pub const SEEN_MAX: usize = 100_000;

/// A file of heads that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeenError {
    /// A line that holds no head.
    #[error("line {line} is no head of an audit log as one JSON object")]
    Line {
        /// From 1.
        line: usize,
    },
    /// More than [`SEEN_MAX`] lines.
    #[error("there are more than {SEEN_MAX} heads")]
    TooMany,
}

/// Reads a file of heads; empty lines are passed over.
///
/// # Errors
/// [`SeenError`].
pub fn read_all(text: &[u8]) -> Result<Vec<SeenHead>, SeenError> {
    let mut heads = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if heads.len() == SEEN_MAX {
            return Err(SeenError::TooMany);
        }
        let wrong = SeenError::Line { line: index + 1 };
        if line.len() > SEEN_BYTES_MAX {
            return Err(wrong);
        }
        heads.push(serde_json::from_slice(line).map_err(|_| wrong)?);
    }
    Ok(heads)
}
