//! Patterns of hospital contacts by when they are: at the edges of the window and of the reference date, days and
//! months apart.

use super::super::Day::{AsOf, Clamp, Clamped, HalfYear, Year};
use super::{A, B, Contact, Pattern, acute, planned};

/// An acute admission that needs nothing else, later in the twelve months' window than its edge.
const LATER: Contact = acute(A, Year(20), "08:00", "22:00");
/// The same, before the reference date.
const LATELY: Contact = acute(A, AsOf(-10), "08:00", "22:00");

pub(super) const TIMED: &[Pattern] = &[
    // The edge of the window.
    ("begins on the day outside", &[acute(A, Year(0), "08:00", "22:00"), LATER]),
    ("begins in the last minute outside", &[acute(A, Year(0), "23:59", "").until(Year(1), "20:00"), LATER]),
    ("begins in the first minute inside", &[acute(A, Year(1), "00:00", "12:00"), LATER]),
    (
        "begun outside at the other",
        &[acute(B, Year(0), "20:00", "23:00"), acute(A, Year(1), "02:00", "20:00"), LATER],
    ),
    (
        "begun outside at the other, exactly 4 hours apart over midnight",
        &[acute(B, Year(0), "10:00", "22:00"), acute(A, Year(1), "02:00", "16:00"), LATER],
    ),
    (
        "begun outside at the other, a minute beyond 4 hours apart",
        &[acute(B, Year(0), "10:00", "21:59"), acute(A, Year(1), "02:00", "16:00"), LATER],
    ),
    (
        "ended at the other exactly 4 hours before the window",
        &[acute(B, Year(0), "10:00", "20:00"), acute(A, Year(1), "00:00", "14:00"), LATER],
    ),
    (
        "ended at the other a minute earlier than 4 hours before the window",
        &[acute(B, Year(0), "10:00", "19:59"), acute(A, Year(1), "00:00", "14:00"), LATER],
    ),
    (
        "a chain over the edge",
        &[
            acute(A, Year(0), "08:00", "18:00"),
            acute(B, Year(0), "21:00", "22:00"),
            acute(A, Year(1), "01:00", "15:00"),
            LATER,
        ],
    ),
    (
        "within the other's that began outside",
        &[
            planned(B, Year(-20), "08:00", "").until(Year(5), "08:00"),
            acute(A, Year(3), "08:00", "22:00"),
            LATER,
        ],
    ),
    (
        "still at the other since before the window",
        &[
            planned(B, AsOf(-400), "08:00", "").open(),
            acute(A, AsOf(-190), "08:00", "22:00"),
            acute(A, AsOf(-180), "08:00", "22:00"),
        ],
    ),
    // The reference date.
    ("12 hours on the day", &[LATELY, acute(B, AsOf(0), "08:00", "20:00")]),
    ("known to end after the day", &[LATELY, acute(B, AsOf(0), "20:00", "").until(AsOf(1), "08:00")]),
    (
        "known to end after the day, a minute under 12 hours",
        &[LATELY, acute(B, AsOf(0), "20:00", "").until(AsOf(1), "07:59")],
    ),
    (
        "begins in the last minute of the day, known to end",
        &[LATELY, acute(B, AsOf(0), "23:59", "").until(AsOf(1), "11:59")],
    ),
    ("begins after the day", &[LATELY, acute(B, AsOf(1), "00:00", "20:00")]),
    (
        "goes on at the other after the day",
        &[LATELY, acute(A, AsOf(0), "18:00", "23:30"), acute(B, AsOf(1), "00:00", "20:00")],
    ),
    ("still there for exactly 12 hours", &[LATELY, acute(B, AsOf(0), "11:59", "").open()]),
    ("still there, a minute under 12 hours", &[LATELY, acute(B, AsOf(0), "12:00", "").open()]),
    ("still there since the last minute", &[LATELY, acute(B, AsOf(0), "23:59", "").open()]),
    (
        "still there after a transfer",
        &[LATELY, acute(A, AsOf(0), "06:00", "10:00"), acute(B, AsOf(0), "13:00", "").open()],
    ),
    // Ties of equal start, one of them still there.
    (
        "tie: the planned still there, the acute known to end later",
        &[
            LATELY,
            planned(A, AsOf(-1), "08:00", "").open(),
            acute(B, AsOf(-1), "08:00", "").until(AsOf(1), "09:00"),
        ],
    ),
    (
        "tie: the planned still there, the acute ended a minute before",
        &[
            LATELY,
            planned(A, AsOf(-1), "08:00", "").open(),
            acute(B, AsOf(-1), "08:00", "").until(AsOf(0), "23:58"),
        ],
    ),
    (
        "tie of both: the planned still there, the acute ended at that minute and lower",
        &[
            LATELY,
            planned(A, AsOf(-1), "08:00", "").open().named("2"),
            acute(B, AsOf(-1), "08:00", "").until(AsOf(0), "23:59").named("1"),
        ],
    ),
    (
        "tie of both: the acute still there, the planned ended at that minute and lower",
        &[
            LATELY,
            acute(A, AsOf(-1), "08:00", "").open().named("2"),
            planned(B, AsOf(-1), "08:00", "").until(AsOf(0), "23:59").named("1"),
        ],
    ),
    // Days apart.
    ("30 days apart", &[acute(A, AsOf(-100), "08:00", "22:00"), acute(B, AsOf(-70), "08:00", "22:00")]),
    ("31 days apart", &[acute(A, AsOf(-100), "08:00", "22:00"), acute(B, AsOf(-69), "08:00", "22:00")]),
    (
        "30 days apart, more by the clock",
        &[acute(A, AsOf(-100), "00:10", "13:00"), acute(B, AsOf(-70), "11:50", "23:50")],
    ),
    (
        "31 days apart, less by the clock",
        &[acute(A, AsOf(-100), "11:50", "23:55"), acute(B, AsOf(-69), "00:10", "13:00")],
    ),
    (
        "40 days apart, 25 from the discharge",
        &[acute(A, AsOf(-100), "08:00", "").until(AsOf(-85), "08:00"), acute(B, AsOf(-60), "08:00", "22:00")],
    ),
    (
        "31 days from the start of a transfer, 30 from its second part",
        &[
            acute(A, AsOf(-100), "20:00", "23:00"),
            acute(B, AsOf(-99), "01:00", "10:00"),
            acute(A, AsOf(-69), "08:00", "22:00"),
        ],
    ),
    // Months apart.
    (
        "three in six months that end in a shorter month",
        &[
            acute(A, Clamp(0), "08:00", "22:00"),
            acute(B, Clamp(90), "08:00", "22:00"),
            acute(A, Clamped(0), "08:00", "22:00"),
        ],
    ),
    (
        "three, the third a day beyond the shorter month",
        &[
            acute(A, Clamp(0), "08:00", "22:00"),
            acute(B, Clamp(90), "08:00", "22:00"),
            acute(A, Clamped(1), "08:00", "22:00"),
        ],
    ),
    (
        "three, the first a day before the last of the month",
        &[
            acute(B, Clamp(-1), "08:00", "22:00"),
            acute(A, Clamp(90), "08:00", "22:00"),
            acute(B, Clamped(0), "08:00", "22:00"),
        ],
    ),
    (
        "three up to the day",
        &[
            acute(A, HalfYear(3), "08:00", "22:00"),
            acute(B, HalfYear(90), "08:00", "22:00"),
            acute(A, AsOf(0), "08:00", "22:00"),
        ],
    ),
    (
        "three up to the day, the first a day too early",
        &[
            acute(A, HalfYear(-1), "08:00", "22:00"),
            acute(B, HalfYear(90), "08:00", "22:00"),
            acute(A, AsOf(0), "08:00", "22:00"),
        ],
    ),
    // Six months back from the third is not six months on from the first.
    (
        "three up to the day, the first six months back",
        &[
            acute(A, HalfYear(0), "08:00", "22:00"),
            acute(B, HalfYear(90), "08:00", "22:00"),
            acute(A, AsOf(0), "08:00", "22:00"),
        ],
    ),
    (
        "three, one of them planned",
        &[
            acute(A, AsOf(-150), "08:00", "22:00"),
            planned(B, AsOf(-100), "08:00", "22:00"),
            acute(A, AsOf(-50), "08:00", "22:00"),
        ],
    ),
    (
        "three, one of them by transfer",
        &[
            acute(A, AsOf(-150), "08:00", "22:00"),
            acute(A, AsOf(-100), "08:00", "12:00"),
            acute(B, AsOf(-100), "14:00", "22:00"),
            acute(B, AsOf(-50), "08:00", "22:00"),
        ],
    ),
    (
        "three by the books, two in truth",
        &[
            acute(A, AsOf(-150), "08:00", "22:00").named("1"),
            acute(B, AsOf(-150), "08:00", "22:00").named("1"),
            acute(B, AsOf(-60), "08:00", "22:00").named("2"),
        ],
    ),
    (
        "four, no three within six months",
        &[
            acute(A, Year(5), "08:00", "22:00"),
            acute(B, Year(105), "08:00", "22:00"),
            acute(A, Year(205), "08:00", "22:00"),
            acute(B, Year(305), "08:00", "22:00"),
        ],
    ),
    (
        "four, the last three within six months",
        &[
            acute(A, Year(5), "08:00", "22:00"),
            acute(B, AsOf(-150), "08:00", "22:00"),
            acute(A, AsOf(-100), "08:00", "22:00"),
            acute(B, AsOf(-50), "08:00", "22:00"),
        ],
    ),
    (
        "three, the first on the day outside the window",
        &[
            acute(A, Year(0), "08:00", "22:00"),
            acute(B, Year(60), "08:00", "22:00"),
            acute(A, Year(120), "08:00", "22:00"),
        ],
    ),
    (
        "three, the first on the first day inside the window",
        &[
            acute(A, Year(1), "08:00", "22:00"),
            acute(B, Year(60), "08:00", "22:00"),
            acute(A, Year(120), "08:00", "22:00"),
        ],
    ),
];
