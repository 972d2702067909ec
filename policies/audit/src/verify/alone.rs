//! A line by itself: what it says, and whether the signatures in it verify. Lines do not depend on each other here, so
//! that all cores can work.

use tvaers_protocol::audit::LogHead;
use tvaers_protocol::message::Signed;

use super::evidence::{Evidence, Signature};
use super::lines::{Batch, Line};
use crate::event::Event;
use crate::line::{Entry, LineFault, Place};

/// What is said by one line.
#[derive(Debug)]
pub(super) enum Alone {
    /// An entry, right in itself.
    Entry(Box<Entry>, Signatures),
    /// One whose digest is right, and whose content this version does not know.
    Unknown(Place),
    /// One whose digest is not that of its bytes; what it says of its place may be false too.
    Changed(Place),
    /// No entry.
    Nothing,
}

/// How the signatures of an entry stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signatures {
    /// The node's under a head.
    pub(super) head: Signature,
    /// That of who countersigned it.
    pub(super) by: Signature,
}

impl Signatures {
    const NONE: Self = Self { head: Signature::Unchecked, by: Signature::Unchecked };
}

/// Reads a run of lines.
pub(super) fn read<'a>(
    run: &'a [Line],
    batch: &'a Batch,
    evidence: &'a Evidence,
) -> impl Iterator<Item = Alone> + use<'a> {
    let mut last: Option<(Signed<LogHead>, Signature)> = None;
    run.iter().map(move |line| {
        let Some(bytes) = batch.bytes(line) else { return Alone::Nothing };
        match Entry::alone(bytes) {
            Ok(entry) => {
                let signatures = signatures(&entry.event, evidence, &mut last);
                Alone::Entry(Box::new(entry), signatures)
            }
            Err(LineFault::NoEntry) => Alone::Nothing,
            Err(LineFault::Digest(place)) => Alone::Changed(place),
            Err(LineFault::Content(place)) => Alone::Unknown(place),
        }
    })
}

fn signatures(
    event: &Event,
    evidence: &Evidence,
    last: &mut Option<(Signed<LogHead>, Signature)>,
) -> Signatures {
    let mut of_head = |head: &Signed<LogHead>| match last {
        Some((known, found)) if known == head => *found,
        _ => {
            let found = evidence.of_head(head);
            *last = Some((head.clone(), found));
            found
        }
    };
    match event {
        Event::HeadSigned(head) => Signatures { head: of_head(head), ..Signatures::NONE },
        Event::HeadCountersigned(seen) => {
            Signatures { head: of_head(&seen.head), by: evidence.of_countersignature(&seen.head, &seen.by) }
        }
        _ => Signatures::NONE,
    }
}
