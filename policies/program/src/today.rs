//! The day by the machine's clock: what it is compared with are days of a policy, so a day is all that is read.

use jiff::civil::Date;
use jiff::{Timestamp, Zoned, tz::TimeZone};
use tvaers_policy::explain::day;
use tvaers_policy::text::Text;

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
    danish(now()).date()
}

/// A time by Danish clocks, to the minute: `1. december 2026 kl. 9.05`.
pub(crate) fn told(time: Timestamp) -> Text {
    let time = danish(time);
    let (day, hour, minute) = (day(time.date()), time.hour(), time.minute());
    // Where the machine has no time zones nobody may take it for a Danish clock.
    let zone = if *time.time_zone() == TimeZone::UTC { " UTC" } else { "" };
    Text::new(
        format!("{} kl. {hour}.{minute:02}{zone}", day.da),
        format!("{}, {hour}:{minute:02}{zone}", day.en),
    )
}

fn danish(time: Timestamp) -> Zoned {
    time.to_zoned(TimeZone::get("Europe/Copenhagen").unwrap_or(TimeZone::UTC))
}
