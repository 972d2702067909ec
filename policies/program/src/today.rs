//! The day by the machine's clock: what it is compared with are days of a policy, so a day is all that is read.

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// Now, for a signature's comment.
#[expect(
    clippy::disallowed_methods,
    reason = "the program's one reader of the clock; tvaers_link, which has the other, brings sockets"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Today in Denmark; by universal time where the machine has no time zones.
pub(crate) fn today() -> Date {
    let zone = TimeZone::get("Europe/Copenhagen").unwrap_or(TimeZone::UTC);
    now().to_zoned(zone).date()
}
