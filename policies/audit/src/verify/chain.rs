//! The place of each line among the others: numbers and digests tell removed, moved, added and changed entries apart.

use jiff::Timestamp;
use tvaers_protocol::id::Digest;

use super::alone::{Alone, Signatures};
use super::evidence::Evidence;
use super::finding::{Finding, Tampering};
use super::heads::Heads;
use super::verdict::{Mark, Verdict};
use crate::event::Event;
use crate::head::Head;
use crate::line::{Entry, Place};
use crate::read::CLOCK_BACK_MAX;

/// Findings that are listed; a log of nothing but faults must not fill the memory.
const FINDINGS_MAX: usize = 1_000;
/// Stretches of missing numbers that are remembered, in case their entries come later.
const GAPS_MAX: usize = 4_096;

/// A finding before it is put into words: neighbours of a kind are told as one.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) entry: u64,
    pub(super) through: u64,
    pub(super) tampering: Tampering,
}

/// Numbers that were passed over.
struct Gap {
    from: u64,
    to: u64,
}

/// What the next entry has to follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    Digest(Digest),
    /// Nobody knows: what stands before it is missing or bad.
    Anything,
}

/// A line that is no entry, taken for entry `slot`; it may have been another, or one too many.
struct Bad {
    slot: u64,
    says: Option<Place>,
    found: usize,
}

/// The log so far.
pub(super) struct Chain<'a> {
    next: u64,
    follows: Follows,
    first: Option<u64>,
    log: Option<Digest>,
    /// The newest entry that follows all before it, and the one before that.
    marks: [Option<Mark>; 2],
    /// The time of the last entry, whatever its place.
    at: Option<Timestamp>,
    /// To where the log is whole, once something broke it; the inner none is nowhere.
    whole: Option<Option<Mark>>,
    gaps: Vec<Gap>,
    /// Of two entries of one number, the digest of the later.
    twin: Option<Digest>,
    bad: Option<Bad>,
    front: Option<Head>,
    pruned: Option<Timestamp>,
    heads: Heads<'a>,
    raw: Vec<Raw>,
    more: u64,
    ended: Option<u64>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(evidence: &'a Evidence) -> Self {
        Self {
            next: 1,
            follows: Follows::Digest(Digest::NONE),
            first: None,
            log: None,
            marks: [None; 2],
            at: None,
            whole: None,
            gaps: Vec::new(),
            twin: None,
            bad: None,
            front: None,
            pruned: None,
            heads: Heads::of(evidence),
            raw: Vec::new(),
            more: 0,
            ended: None,
        }
    }

    /// Takes the next line.
    pub(super) fn take(&mut self, line: Alone, visit: &mut dyn FnMut(&Entry)) {
        self.torn_inside();
        match line {
            Alone::Nothing => self.bad_line(None),
            Alone::Changed(place) => self.bad_line(Some(place)),
            Alone::Unknown(place) => {
                if self.place(place) != Placed::Extra {
                    self.found(place.number, place.number, Tampering::Unknown);
                    self.advance(place, None);
                }
            }
            Alone::Entry(entry, signatures) => {
                let placed = self.place(entry.place());
                if placed == Placed::Extra {
                    return;
                }
                if placed == Placed::Next {
                    self.clock(&entry);
                    self.advance(entry.place(), Some(entry.at));
                    self.tell(&entry, signatures);
                }
                visit(&entry);
            }
        }
    }

    /// The end of a file: what stands after its last whole line.
    pub(super) fn file_ends(&mut self, torn_bytes: u64) {
        self.torn_inside();
        self.ended = (torn_bytes > 0).then_some(torn_bytes);
    }

    /// Half an entry, at the end of a file that may not be the last.
    fn torn_inside(&mut self) {
        if let Some(bytes) = self.ended.take() {
            self.found(self.next, self.next, Tampering::Torn { bytes });
        }
    }

    fn bad_line(&mut self, says: Option<Place>) {
        let slot = self.next;
        self.breaks(self.marks[0]);
        let found = self.found(slot, slot, Tampering::Changed);
        self.first.get_or_insert(slot);
        self.bad = Some(Bad { slot, says, found });
        self.next = slot.saturating_add(1);
        self.follows = Follows::Anything;
        self.twin = None;
    }

    /// Where an entry stands that is right in itself.
    fn place(&mut self, place: Place) -> Placed {
        let Place { number, previous, digest } = place;
        let bad = self.bad.take();
        if number == 0 || number == u64::MAX {
            self.bad_line(None);
            return Placed::Extra;
        }
        if self.first.is_none() {
            self.begin(place);
            return Placed::Next;
        }
        if self.before_first(place) {
            return Placed::Late;
        }
        if number == 1 && previous == Digest::NONE && self.next > 1 && self.log != Some(digest) {
            self.breaks(self.marks[0]);
            self.found(self.next, self.next, Tampering::Restarted { seen: None });
            self.gaps.clear();
            self.heads.begin_again();
            self.at = None;
            return Placed::Next;
        }
        if number == self.next {
            self.follow(place);
            return Placed::Next;
        }
        if number > self.next {
            self.passed_over(number, bad);
            return Placed::Next;
        }
        if let Some(bad) = bad.filter(|bad| bad.slot == number) {
            // The line before was one too many: this is the entry that belongs there.
            self.relabel(&bad, Tampering::Inserted);
            return Placed::Next;
        }
        if self.fills(number) {
            return Placed::Late;
        }
        self.extra(place);
        Placed::Extra
    }

    /// The first entry that is there.
    fn begin(&mut self, place: Place) {
        self.first = Some(place.number);
        if place.number > 1 {
            self.front = Some(Head { entries: place.number - 1, digest: place.previous });
        } else {
            self.log = Some(place.digest);
            if place.previous != Digest::NONE {
                self.breaks(None);
                self.found(1, 1, Tampering::Changed);
            }
        }
    }

    /// Whether an entry belongs before the one that the log begins with.
    fn before_first(&mut self, place: Place) -> bool {
        let another_log = place.number == 1 && self.log.is_some_and(|log| log != place.digest);
        let Some(front) = self.front.filter(|front| place.number <= front.entries && !another_log) else {
            return false;
        };
        self.breaks(None);
        if place.number == 1 {
            self.log = Some(place.digest);
        }
        self.first = Some(place.number);
        self.front = (place.number > 1).then(|| Head { entries: place.number - 1, digest: place.previous });
        self.gap(place.number, front.entries);
        self.fills(place.number)
    }

    fn follow(&mut self, place: Place) {
        let Follows::Digest(before) = self.follows else { return };
        if before == place.previous || self.twin == Some(place.previous) {
            return;
        }
        // This entry vouches for another one before it than the one that stands there.
        self.breaks(self.marks[1]);
        self.found(place.number - 1, place.number - 1, Tampering::Changed);
    }

    fn passed_over(&mut self, number: u64, bad: Option<Bad>) {
        let stood = |bad: &Bad| bad.says.filter(|says| says.number > bad.slot && says.number == number - 1);
        let Some((bad, says)) = bad.and_then(|bad| stood(&bad).map(|says| (bad, says))) else {
            self.breaks(self.marks[0]);
            return self.gap(self.next, number - 1);
        };
        // The changed entry stood where it says, and those before it are missing.
        if let Some(raw) = self.raw.get_mut(bad.found) {
            (raw.entry, raw.through) = (says.number, says.number);
        }
        if self.first == Some(bad.slot) {
            self.first = Some(says.number);
            self.front = Some(Head { entries: says.number - 1, digest: says.previous });
        } else {
            self.gap(bad.slot, says.number - 1);
        }
    }

    fn gap(&mut self, from: u64, to: u64) {
        if self.gaps.len() < GAPS_MAX {
            self.gaps.push(Gap { from, to });
        } else {
            self.found(from, to, Tampering::Removed);
        }
    }

    /// Whether an entry is one of those that were passed over.
    fn fills(&mut self, number: u64) -> bool {
        let Some(index) = self.gaps.iter().position(|gap| (gap.from..=gap.to).contains(&number)) else {
            return false;
        };
        let Gap { from, to } = self.gaps.swap_remove(index);
        if from < number {
            self.gaps.push(Gap { from, to: number - 1 });
        }
        if number < to {
            self.gap(number + 1, to);
        }
        self.found(number, number, Tampering::Reordered);
        true
    }

    /// One entry too many.
    fn extra(&mut self, place: Place) {
        let last = self.next - 1;
        let copy = self.follows == Follows::Digest(place.digest);
        if place.number == last && !copy {
            // Either may be the false one; the entry after them tells.
            self.twin = Some(place.digest);
            self.breaks(self.marks[1]);
            self.found(last, last, Tampering::Inserted);
        } else {
            self.breaks(self.marks[0]);
            self.found(self.next, self.next, Tampering::Inserted);
        }
    }

    /// Goes on after an entry.
    fn advance(&mut self, place: Place, at: Option<Timestamp>) {
        if place.number == 1 {
            self.log = Some(place.digest);
        }
        self.next = place.number + 1;
        self.follows = Follows::Digest(place.digest);
        self.twin = None;
        let at = at.or(self.at).unwrap_or(Timestamp::UNIX_EPOCH);
        let mark = Mark { entry: place.number, digest: place.digest, at };
        self.marks = [Some(mark), self.marks[0]];
        self.heads.pass(mark);
    }

    fn clock(&mut self, entry: &Entry) {
        if let Some(last) = self.at {
            let by = last.duration_since(entry.at);
            if by > CLOCK_BACK_MAX {
                self.found(entry.number, entry.number, Tampering::ClockBack { by });
            }
        }
        self.at = Some(entry.at);
    }

    /// What an entry says of the log itself.
    fn tell(&mut self, entry: &Entry, signatures: Signatures) {
        let said = match &entry.event {
            Event::HeadSigned(head) => self.heads.signed(head, signatures, self.log, self.whole.is_none()),
            Event::HeadCountersigned(seen) => {
                self.heads.countersigned(seen, signatures, self.log, self.whole.is_none())
            }
            Event::Rotated(rotated) => {
                if self.first == Some(entry.number) || self.log.is_none() {
                    self.log = Some(rotated.log);
                }
                return self.as_before(entry, rotated.through, rotated.log);
            }
            Event::Pruned(pruned) => {
                self.log.get_or_insert(pruned.log);
                if self.front == Some(pruned.through) && self.log == Some(pruned.log) {
                    self.front = None;
                    self.pruned = Some(entry.at);
                }
                return;
            }
            _ => return,
        };
        for tampering in said.into_iter().flatten() {
            if let Tampering::OtherHead { of } = tampering {
                let confirmed = self.heads.confirmed_below(of);
                self.breaks(confirmed);
            }
            self.found(entry.number, entry.number, tampering);
        }
    }

    /// Whether a file says that it follows what stands before it, of this very log.
    fn as_before(&mut self, entry: &Entry, through: Head, log: Digest) {
        let before = Head { entries: entry.number - 1, digest: entry.previous };
        if through != before || self.log != Some(log) {
            self.found(entry.number, entry.number, Tampering::OtherHead { of: through.entries });
        }
    }

    /// From here on nothing is known to be whole; `to` is the last entry that is.
    fn breaks(&mut self, to: Option<Mark>) {
        let below = match (&self.whole, to) {
            (None, _) => true,
            (Some(None), _) => false,
            (Some(Some(_)), None) => true,
            (Some(Some(known)), Some(to)) => to.entry < known.entry,
        };
        if below {
            self.whole = Some(to);
        }
    }

    fn relabel(&mut self, bad: &Bad, tampering: Tampering) {
        if let Some(raw) = self.raw.get_mut(bad.found) {
            raw.tampering = tampering;
        }
    }

    /// Notes a finding, as part of the one before where it goes on with it; gives its place in the list.
    fn found(&mut self, entry: u64, through: u64, tampering: Tampering) -> usize {
        let goes_on = |last: &&mut Raw| {
            last.tampering == tampering
                && matches!(tampering, Tampering::Changed | Tampering::Reordered | Tampering::Unknown)
                && last.through.checked_add(1) == Some(entry)
        };
        if let Some(last) = self.raw.last_mut().filter(goes_on) {
            last.through = through;
            // A place beyond the list: what is part of another finding is never told of anew.
            return usize::MAX;
        }
        if self.raw.len() < FINDINGS_MAX {
            self.raw.push(Raw { entry, through, tampering });
            self.raw.len() - 1
        } else {
            self.more = self.more.saturating_add(1);
            usize::MAX
        }
    }

    /// All that can be said.
    pub(super) fn verdict(mut self) -> Verdict {
        self.torn_inside();
        for gap in std::mem::take(&mut self.gaps) {
            self.found(gap.from, gap.to, Tampering::Removed);
        }
        if let Some(front) = self.front {
            self.found(1, front.entries, Tampering::Front);
        }
        let last = self.marks[0];
        let (against, broken) = self.heads.against(self.log, self.first, last);
        for to in broken {
            self.breaks(to);
        }
        // These are few, and never crowded out by what the log itself is full of.
        self.raw.extend(against);
        self.raw.sort_by_key(|raw| (raw.entry, raw.through));
        let complete = self.whole.unwrap_or(last);
        Verdict {
            node: self.heads.node(),
            log: self.log,
            first: self.first,
            last,
            complete,
            pruned: self.pruned,
            confirmed: self.heads.confirmed(complete),
            unchecked: self.heads.unchecked(),
            compared: self.heads.compared(),
            findings: self
                .raw
                .into_iter()
                .map(|raw| Finding::new(raw.entry, raw.through, raw.tampering))
                .collect(),
            more: self.more,
        }
    }
}

/// How an entry stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placed {
    /// It goes on from here.
    Next,
    /// It is one that was missing so far.
    Late,
    /// It does not belong there.
    Extra,
}
