//! Patterns of hospital contacts by how they join: what is one stay, what an admission, what acute.
//!
//! Where an edge decides whether there is a second acute admission, the first is [`KNOWN`], ten days before.

use super::super::Day::AsOf;
use super::{A, B, Contact, Pattern, acute, planned};

/// An acute admission that needs nothing else.
const KNOWN: Contact = acute(A, AsOf(-200), "08:00", "22:00");

/// Names as long as an import takes them, which differ at their very end.
const LONG_1: &str = "0000000000000000000000000000000000000000000000000000001";
const LONG_2: &str = "0000000000000000000000000000000000000000000000000000002";

/// The position of two acute admissions ten days apart in one region.
pub(in super::super) const TWO: usize = 2;
/// The position of three that meet both contact rules.
pub(in super::super) const BOTH_RULES: usize = 3;
/// The position of an admission over two regions.
pub(in super::super) const TRANSFER: usize = 8;

pub(super) const JOINED: &[Pattern] = &[
    ("none", &[]),
    ("one", &[KNOWN]),
    ("two in one region", &[KNOWN, acute(A, AsOf(-190), "08:00", "22:00")]),
    (
        "both rules",
        &[
            acute(A, AsOf(-60), "08:00", "22:00"),
            acute(B, AsOf(-50), "08:00", "22:00"),
            acute(A, AsOf(-40), "08:00", "22:00"),
        ],
    ),
    ("one in each region", &[KNOWN, acute(B, AsOf(-190), "08:00", "22:00")]),
    ("exactly 12 hours", &[KNOWN, acute(B, AsOf(-190), "08:00", "20:00")]),
    ("a minute under 12 hours", &[KNOWN, acute(B, AsOf(-190), "08:00", "19:59")]),
    ("12 hours over midnight", &[KNOWN, acute(B, AsOf(-190), "20:00", "").until(AsOf(-189), "08:00")]),
    // Transfers.
    (
        "transfer within 4 hours",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "13:00"), acute(B, AsOf(-190), "16:00", "22:00")],
    ),
    (
        "transfer at exactly 4 hours",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "13:00"), acute(B, AsOf(-190), "17:00", "22:00")],
    ),
    (
        "transfer a minute beyond 4 hours",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "13:00"), acute(B, AsOf(-190), "17:01", "22:00")],
    ),
    (
        "transfer, exactly 12 hours in all",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "12:00"), acute(B, AsOf(-190), "14:00", "20:00")],
    ),
    (
        "transfer, a minute under 12 hours in all",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "12:00"), acute(B, AsOf(-190), "14:00", "19:59")],
    ),
    (
        "overlapping, exactly 12 hours in all",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "15:00"), acute(B, AsOf(-190), "13:00", "20:00")],
    ),
    (
        "end to start, exactly 12 hours in all",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "14:00"), acute(B, AsOf(-190), "14:00", "20:00")],
    ),
    (
        "admissions of both regions are one",
        &[
            acute(A, AsOf(-190), "00:00", "13:00"),
            acute(B, AsOf(-190), "15:00", "").until(AsOf(-189), "08:00"),
        ],
    ),
    (
        "admissions of both regions, exactly 4 hours apart",
        &[
            acute(A, AsOf(-190), "00:00", "13:00"),
            acute(B, AsOf(-190), "17:00", "").until(AsOf(-189), "08:00"),
        ],
    ),
    (
        "admissions of both regions, a minute beyond 4 hours apart",
        &[
            acute(A, AsOf(-190), "00:00", "13:00"),
            acute(B, AsOf(-190), "17:01", "").until(AsOf(-189), "08:00"),
        ],
    ),
    (
        "there and back",
        &[
            KNOWN,
            acute(A, AsOf(-190), "06:00", "10:00"),
            acute(B, AsOf(-190), "13:00", "16:00"),
            acute(A, AsOf(-190), "19:00", "23:00"),
        ],
    ),
    (
        "bridged by the other region",
        &[
            acute(A, AsOf(-190), "00:00", "12:00"),
            planned(B, AsOf(-190), "14:00", "16:00"),
            acute(A, AsOf(-190), "18:00", "").until(AsOf(-189), "08:00"),
        ],
    ),
    (
        "bridged by the other region, planned at first",
        &[
            KNOWN,
            planned(A, AsOf(-190), "00:00", "12:00"),
            acute(B, AsOf(-190), "14:00", "16:00"),
            acute(A, AsOf(-190), "18:00", "").until(AsOf(-189), "08:00"),
        ],
    ),
    (
        "three, two of them bridged",
        &[
            acute(A, AsOf(-190), "00:00", "12:00"),
            acute(B, AsOf(-190), "14:00", "16:00"),
            acute(A, AsOf(-190), "18:00", "").until(AsOf(-189), "08:00"),
            acute(A, AsOf(-100), "08:00", "22:00"),
        ],
    ),
    (
        "no time at all, then planned at the other",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "08:00"), planned(B, AsOf(-190), "12:00", "22:00")],
    ),
    // Nested contacts.
    (
        "nested in the other region's",
        &[KNOWN, acute(B, AsOf(-190), "08:00", "21:00"), planned(A, AsOf(-190), "09:00", "10:00")],
    ),
    (
        "nested, then within 4 hours of the longer's end",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "17:00"),
            planned(B, AsOf(-190), "09:00", "10:00"),
            planned(B, AsOf(-190), "20:00", "23:00"),
        ],
    ),
    (
        "nested, then exactly 4 hours after the longer's end",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "17:00"),
            planned(B, AsOf(-190), "09:00", "10:00"),
            planned(B, AsOf(-190), "21:00", "23:30"),
        ],
    ),
    (
        "nested, then a minute beyond 4 hours after the longer's end",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "17:00"),
            planned(B, AsOf(-190), "09:00", "10:00"),
            planned(B, AsOf(-190), "21:01", "23:30"),
        ],
    ),
    // Priority.
    ("one acute, one planned", &[KNOWN, planned(A, AsOf(-190), "08:00", "22:00")]),
    ("one somatic, one psychiatric", &[KNOWN, acute(B, AsOf(-190), "08:00", "22:00").psychiatric()]),
    (
        "planned, then acute at the other",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "14:00"),
            acute(B, AsOf(-190), "16:00", "").until(AsOf(-189), "08:00"),
        ],
    ),
    (
        "planned, then acute at the other a minute beyond 4 hours",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "11:59"),
            acute(B, AsOf(-190), "16:00", "").until(AsOf(-189), "08:00"),
        ],
    ),
    (
        "acute, then planned at the other",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "10:00"),
            planned(B, AsOf(-190), "12:00", "").until(AsOf(-189), "08:00"),
        ],
    ),
    (
        "planned, but acute at the other before",
        &[
            KNOWN,
            planned(A, AsOf(-190), "10:00", "").until(AsOf(-189), "08:00"),
            acute(B, AsOf(-190), "07:00", "09:00"),
        ],
    ),
    // Ties of equal start.
    (
        "tie: the planned ends first",
        &[KNOWN, planned(A, AsOf(-190), "08:00", "09:00"), acute(B, AsOf(-190), "08:00", "22:00")],
    ),
    (
        "tie: the acute ends first",
        &[KNOWN, acute(A, AsOf(-190), "08:00", "09:00"), planned(B, AsOf(-190), "08:00", "22:00")],
    ),
    // The earlier end is that of the contact, not of what its region makes of it.
    (
        "tie: the planned ends first, its region's stay last",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "09:00"),
            acute(A, AsOf(-190), "09:30", "23:30"),
            acute(B, AsOf(-190), "08:00", "12:00"),
        ],
    ),
    (
        "tie: the acute ends first, its region's stay last",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "09:00"),
            planned(A, AsOf(-190), "09:30", "23:30"),
            planned(B, AsOf(-190), "08:00", "12:00"),
        ],
    ),
    (
        "tie of both: the planned has the lower name",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "22:00").named("2"),
            planned(B, AsOf(-190), "08:00", "22:00").named("1"),
        ],
    ),
    (
        "tie of both: the acute has the lower name",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "22:00").named("2"),
            acute(B, AsOf(-190), "08:00", "22:00").named("1"),
        ],
    ),
    (
        "tie of both: 10 is before 9",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "22:00").named("9"),
            acute(B, AsOf(-190), "08:00", "22:00").named("10"),
        ],
    ),
    (
        "tie of both: the beginning of a name is before it",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "22:00").named("10"),
            acute(B, AsOf(-190), "08:00", "22:00").named("1"),
        ],
    ),
    (
        "tie of both: capitals are before small letters",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "22:00").named("a"),
            acute(B, AsOf(-190), "08:00", "22:00").named("B"),
        ],
    ),
    (
        "tie of both: a hyphen is before letters",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "22:00").named("ab"),
            acute(B, AsOf(-190), "08:00", "22:00").named("a-c"),
        ],
    ),
    (
        "tie of both: letters beyond ASCII come last",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "22:00").named("å"),
            acute(B, AsOf(-190), "08:00", "22:00").named("z"),
        ],
    ),
    (
        "tie of both: long names, the planned lower",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "22:00").named(LONG_2),
            planned(B, AsOf(-190), "08:00", "22:00").named(LONG_1),
        ],
    ),
    (
        "tie of both: long names, the acute lower",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "22:00").named(LONG_2),
            acute(B, AsOf(-190), "08:00", "22:00").named(LONG_1),
        ],
    ),
    (
        "tie of both: the lower is planned and held by both",
        &[
            KNOWN,
            planned(A, AsOf(-190), "08:00", "22:00").named("1"),
            planned(B, AsOf(-190), "08:00", "22:00").named("1"),
            acute(B, AsOf(-190), "08:00", "22:00").named("2"),
        ],
    ),
    // One contact, held by both regions.
    (
        "one, held by both",
        &[
            acute(A, AsOf(-190), "08:00", "22:00").named("1"),
            acute(B, AsOf(-190), "08:00", "22:00").named("1"),
        ],
    ),
    (
        "two far apart, each held by both",
        &[
            acute(A, AsOf(-190), "08:00", "22:00").named("1"),
            acute(B, AsOf(-190), "08:00", "22:00").named("1"),
            acute(A, AsOf(-120), "08:00", "22:00").named("2"),
            acute(B, AsOf(-120), "08:00", "22:00").named("2"),
        ],
    ),
    (
        "two near, each held by both",
        &[
            acute(A, AsOf(-190), "08:00", "22:00").named("1"),
            acute(B, AsOf(-190), "08:00", "22:00").named("1"),
            acute(A, AsOf(-170), "08:00", "22:00").named("2"),
            acute(B, AsOf(-170), "08:00", "22:00").named("2"),
        ],
    ),
    (
        "a part of one, held by both",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "13:00").named("1"),
            acute(B, AsOf(-190), "08:00", "13:00").named("1"),
            planned(B, AsOf(-190), "15:00", "21:00").named("2"),
        ],
    ),
    // Contacts that are not physical.
    (
        "virtual between",
        &[
            KNOWN,
            acute(A, AsOf(-190), "08:00", "12:00"),
            acute(A, AsOf(-190), "12:30", "16:30").of_kind("ALCA10"),
            acute(B, AsOf(-190), "17:00", "23:00"),
        ],
    ),
    (
        "virtual at the other between",
        &[
            acute(A, AsOf(-190), "00:00", "12:00"),
            acute(B, AsOf(-190), "13:00", "17:00").of_kind("ALCA10"),
            acute(A, AsOf(-190), "18:00", "").until(AsOf(-189), "08:00"),
        ],
    ),
    ("virtual for 14 hours", &[KNOWN, acute(B, AsOf(-190), "08:00", "22:00").of_kind("ALCA10")]),
    ("of another kind for 14 hours", &[KNOWN, acute(A, AsOf(-190), "08:00", "22:00").of_kind("ALCA03")]),
    (
        "virtual and planned before",
        &[
            KNOWN,
            planned(B, AsOf(-190), "07:00", "08:30").of_kind("ALCA10"),
            acute(A, AsOf(-190), "08:00", "22:00"),
        ],
    ),
];
