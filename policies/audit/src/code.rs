//! Codes: the only words of its own that the log holds. Each comes from a list in a program, never from a request.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Characters of a code, at most.
const CODE_CHARACTERS_MAX: usize = 64;

/// A stable code from a closed list, such as a rule of a policy or a purpose: lower-case letters, digits, and single
/// `.` or `-` between them. It is made from text that stands in a program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(Cow<'static, str>);

/// A text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a code has 1 to {CODE_CHARACTERS_MAX} lower-case letters and digits, with single dots or hyphens between them"
)]
pub struct CodeError;

impl Code {
    /// A code from a program's own list.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn new(code: &'static str) -> Result<Self, CodeError> {
        if is_code(code) { Ok(Self(Cow::Borrowed(code))) } else { Err(CodeError) }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_code(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= CODE_CHARACTERS_MAX
        && text.split(['.', '-']).all(word)
        // A digit belongs to a code; a row of them could be a value.
        && text.as_bytes().windows(5).all(|five| !five.iter().all(u8::is_ascii_digit))
}

/// A code read back from a log, which a program wrote.
impl TryFrom<String> for Code {
    type Error = CodeError;
    fn try_from(text: String) -> Result<Self, CodeError> {
        if is_code(&text) { Ok(Self(Cow::Owned(text))) } else { Err(CodeError) }
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0.into_owned()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_and_a_sentence_is_none() {
        for code in ["budget.permit", "cell-min", "ledger.clock", "gdpr.art6-1e", "k360"] {
            assert!(Code::new(code).is_ok(), "{code}");
        }
        for text in ["", "a b", "Budget", "a..b", "-a", "a.", "x12345", "ø", "a\n"] {
            assert_eq!(Code::new(text), Err(CodeError), "{text}");
        }
    }
}
