//! When revocations were last asked for and all kept: a time in a file of its own, for `tvaers-node check`. It is for
//! people to be warned by; nothing is decided by it.

use jiff::Timestamp;
use tvaers_host::private::{self, PrivateFileError};

use crate::home::Home;

/// Notes the time.
pub(super) fn note(home: &Home, now: Timestamp) -> Result<(), PrivateFileError> {
    private::replace(&home.revocations_asked(), format!("{now}\n").as_bytes())
}

/// The time that was noted last; none where there is none that can be read.
pub(crate) fn last(home: &Home) -> Option<Timestamp> {
    let text = private::read(&home.revocations_asked()).ok()?;
    std::str::from_utf8(&text).ok()?.trim_end().parse().ok()
}
