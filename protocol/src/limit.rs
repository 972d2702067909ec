//! What bounds everything that comes from outside, each with its reason.
//!
//! Limits of time and of transport buffers stand in the link; here is what both ends must agree on.

/// Bytes of the body of one frame, at most: a batch of 10,000 blinded points is 320 kB and must fit with room for
/// its signature and proof, and a party that holds one frame of every node must stay small.
pub const FRAME_BYTES_MAX: u32 = 1 << 20;

/// Bytes of records in one frame, at most: a k-way merge holds one frame of every node, and with a hundred nodes it
/// must still fit in a few megabytes.
pub const RECORD_BYTES_MAX: usize = 64 << 10;

/// Persons in one batch of evaluations: the fastest region of the batched proof, and well within the 65,535 that one
/// proof may cover (RFC 9497 §2.2.1 counts elements in two bytes).
pub const BATCH_PERSONS: usize = 10_000;

/// Events of one person at one node and touch group, at most: stays at least four hours apart in a year are 2,190,
/// dialysis three times a week makes 4,096 stays in 26 years, and whoever merges them holds those of one person.
pub const EVENTS_MAX: usize = 4_096;

/// Members of a federation, at most: Denmark has 98 municipalities and 5 regions, and mergers overlap for a while.
pub const MEMBERS_MAX: usize = 128;

/// Days from now to the deadline of a study, at most: its keys and pseudonyms live that long.
pub const STUDY_DAYS_MAX: i64 = 400;

/// Characters of the name and version of a party's software: it is written in the other party's log.
pub const SOFTWARE_CHARACTERS_MAX: usize = 64;

/// Characters of the name of a federation, a party or a person: it stands in tables that people compare.
pub const NAME_CHARACTERS_MAX: usize = 100;

/// The delta of reports: with more, a mechanism could give away someone among a hundred thousand outright; with less,
/// the conversion's own rounding would begin to show.
pub const DELTA: std::ops::RangeInclusive<f64> = 1e-15..=1e-5;
