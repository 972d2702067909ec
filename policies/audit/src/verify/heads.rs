//! Heads: those that stand in the log, and those that others kept.

use std::collections::{BTreeMap, VecDeque};

use tvaers_protocol::audit::{LogHead, SeenHead, Seer};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Signed;

use super::alone::Signatures;
use super::chain::Raw;
use super::evidence::{Evidence, Signature};
use super::finding::{Seen, Tampering};
use super::verdict::{Confirmed, Mark};
use crate::event::HeadCountersigned;

/// Entries that are remembered, so that a head in the log can be looked up: it was the log's end not long before. Eight
/// megabytes; of a countersignature that comes later than that many entries nothing is said.
const REMEMBERED: usize = 1 << 17;

/// At most two things are wrong with one entry's signatures.
type Wrong = [Option<Tampering>; 2];

/// What is known of heads so far.
pub(super) struct Heads<'a> {
    evidence: &'a Evidence,
    node: Option<NodeId>,
    /// The last entries, the newest last.
    recent: VecDeque<Mark>,
    newest: u64,
    /// The entries that heads kept by others name, found as the log goes by.
    wanted: BTreeMap<u64, Option<Mark>>,
    confirmed: BTreeMap<Seer, Confirmed>,
    highest: Option<Mark>,
    unchecked: u64,
    compared: u64,
}

/// How a head stands to the log.
enum Held {
    Same,
    Other,
    TooOld,
}

impl<'a> Heads<'a> {
    pub(super) fn of(evidence: &'a Evidence) -> Self {
        Self {
            evidence,
            node: evidence.node().cloned(),
            recent: VecDeque::new(),
            newest: 0,
            wanted: evidence.seen().iter().map(|seen| (seen.head.content.entries, None)).collect(),
            confirmed: BTreeMap::new(),
            highest: None,
            unchecked: 0,
            compared: 0,
        }
    }

    /// Remembers an entry.
    pub(super) fn pass(&mut self, mark: Mark) {
        if mark.entry != self.newest.saturating_add(1) {
            self.recent.clear();
        }
        self.newest = mark.entry;
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(mark);
        if let Some(wanted) = self.wanted.get_mut(&mark.entry) {
            *wanted = Some(mark);
        }
    }

    /// Forgets a log that was begun anew.
    pub(super) fn begin_again(&mut self) {
        self.recent.clear();
    }

    /// A head that the log says the node signed.
    pub(super) fn signed(
        &mut self,
        head: &Signed<LogHead>,
        signatures: Signatures,
        log: Option<Digest>,
        whole: bool,
    ) -> Wrong {
        self.unchecked += u64::from(signatures.head == Signature::Unchecked);
        self.own(&head.content, signatures.head, log, whole)
    }

    /// A head that the log says somebody countersigned.
    pub(super) fn countersigned(
        &mut self,
        seen: &HeadCountersigned,
        signatures: Signatures,
        log: Option<Digest>,
        whole: bool,
    ) -> Wrong {
        let Signatures { head, by } = signatures;
        self.unchecked += u64::from(head == Signature::Unchecked || by == Signature::Unchecked);
        let [first, _] = self.own(&seen.head.content, head, log, whole);
        let said = &seen.by.content;
        let second = (by == Signature::Bad).then(|| Tampering::Signature { of: Some(said.by.clone()) });
        let clean = first.is_none() && second.is_none();
        let held = matches!(self.held(&seen.head.content), Held::Same);
        if clean && whole && held && head == Signature::Good && by == Signature::Good {
            self.confirm(&said.by, seen.head.content.entries, said.time);
        }
        [first, second]
    }

    fn own(&mut self, head: &LogHead, signature: Signature, log: Option<Digest>, whole: bool) -> Wrong {
        if signature == Signature::Bad {
            // What nobody signed says nothing of the log.
            return [Some(Tampering::Signature { of: None }), None];
        }
        self.node.get_or_insert_with(|| head.node.clone());
        let other_node = self.node.as_ref().is_some_and(|node| *node != head.node);
        let other_log = log.is_some_and(|log| log != head.log);
        // After a gap nobody knows the digests before it; but no log has a head before its entries.
        let other_head = head.entries > self.newest || whole && matches!(self.held(head), Held::Other);
        let other = other_node || other_log || other_head;
        [other.then_some(Tampering::OtherHead { of: head.entries }), None]
    }

    /// Whether the log so far has a head.
    fn held(&self, head: &LogHead) -> Held {
        match self.recent(head.entries) {
            Some(mark) if mark.digest == head.head => Held::Same,
            None if head.entries > 0 && head.entries <= self.newest => Held::TooOld,
            _ => Held::Other,
        }
    }

    fn recent(&self, entry: u64) -> Option<Mark> {
        let back = usize::try_from(self.newest.checked_sub(entry)?).ok()?;
        self.recent.get(self.recent.len().checked_sub(back.checked_add(1)?)?).copied()
    }

    fn confirm(&mut self, by: &Seer, entry: u64, time: jiff::Timestamp) {
        let newest = Confirmed { by: by.clone(), entry, time };
        let known = self.confirmed.entry(by.clone()).or_insert_with(|| newest.clone());
        if known.entry < entry {
            *known = newest;
        }
        let mark = self.recent(entry).or_else(|| self.wanted.get(&entry).copied().flatten());
        self.highest = self.highest.into_iter().chain(mark).max_by_key(|mark| mark.entry);
    }

    /// The newest entry below another that somebody confirmed.
    pub(super) fn confirmed_below(&self, entry: u64) -> Option<Mark> {
        self.highest.filter(|highest| highest.entry < entry)
    }

    /// Whose log it is.
    pub(super) fn node(&self) -> Option<NodeId> {
        self.node.clone()
    }

    pub(super) const fn unchecked(&self) -> u64 {
        self.unchecked
    }

    pub(super) const fn compared(&self) -> u64 {
        self.compared
    }

    /// Who confirms how much of what is whole.
    pub(super) fn confirmed(&self, complete: Option<Mark>) -> Vec<Confirmed> {
        let to = complete.map_or(0, |complete| complete.entry);
        let mut all: Vec<_> = self.confirmed.values().cloned().collect();
        for one in &mut all {
            one.entry = one.entry.min(to);
        }
        all.retain(|one| one.entry > 0);
        all
    }

    /// Holds what others kept against the log: what is wrong, and to where the log is whole.
    pub(super) fn against(
        &mut self,
        log: Option<Digest>,
        first: Option<u64>,
        last: Option<Mark>,
    ) -> (Vec<Raw>, Vec<Option<Mark>>) {
        let node = self.whose(log);
        let mut seen: Vec<_> = Vec::new();
        let mut unproven = None::<Raw>;
        for kept in self.evidence.seen() {
            if node.as_ref().is_none_or(|node| *node != kept.head.content.node) {
                continue;
            }
            let (by, proven) = self.believed(kept);
            seen.extend(by.map(|by| (&kept.head.content, by, kept)));
            if !proven {
                let entry = kept.head.content.entries;
                let tampering = Tampering::Unproven { count: 0 };
                let raw = unproven.get_or_insert(Raw { entry, through: entry, tampering });
                (raw.entry, raw.through) = (raw.entry.min(entry), raw.through.max(entry));
                if let Tampering::Unproven { count } = &mut raw.tampering {
                    *count += 1;
                }
            }
        }
        seen.sort_by_key(|(head, ..)| head.entries);
        self.compared = seen.len() as u64;
        let end = last.map_or(0, |last| last.entry);
        let (mut restarted, mut truncated, mut forked) = (None::<Raw>, None::<Raw>, None::<Raw>);
        let mut agreed: Option<Mark> = None;
        let mut broken = Vec::new();
        for (head, by, kept) in seen {
            if log.is_some_and(|log| log != head.log) {
                let raw = restarted.get_or_insert_with(|| Raw {
                    entry: 1,
                    through: 1,
                    tampering: Tampering::Restarted { seen: Some(by.clone()) },
                });
                raw.through = raw.through.max(head.entries);
            } else if head.entries > end {
                // The one that saw most comes last.
                let entry = end.saturating_add(1);
                let tampering = Tampering::Truncated { seen: by };
                truncated = Some(Raw { entry, through: head.entries, tampering });
            } else if let Some(mark) = self.wanted.get(&head.entries).copied().flatten() {
                if mark.digest == head.head {
                    agreed = Some(mark);
                    if let Seen::By(seer) = &by {
                        self.confirm(seer, head.entries, kept.by.content.time);
                    }
                } else if let Some(raw) = &mut forked {
                    raw.through = raw.through.max(head.entries);
                } else {
                    let good = [agreed, self.confirmed_below(head.entries)].into_iter().flatten();
                    let to = good.max_by_key(|mark| mark.entry);
                    let entry = to.map_or(first.unwrap_or(1), |to| to.entry + 1);
                    let tampering = Tampering::Forked { seen: by };
                    forked = Some(Raw { entry, through: head.entries, tampering });
                    broken.push(to);
                }
            }
        }
        let all = [unproven, restarted, truncated, forked].into_iter().flatten().collect();
        (all, broken)
    }

    /// Whose log it is, if the heads say so: all are of one node, or one is of this log.
    fn whose(&mut self, log: Option<Digest>) -> Option<NodeId> {
        if self.node.is_none() {
            let all = || self.evidence.seen().iter().map(|seen| &seen.head.content);
            let of_log = all().find(|head| log.is_some_and(|log| log == head.log));
            let first = all().next();
            let one = first.filter(|first| all().all(|head| head.node == first.node));
            self.node = of_log.or(one).map(|head| head.node.clone());
        }
        self.node.clone()
    }

    /// By whom a head was seen, if the node signed it; and whether all of its signatures verify.
    fn believed(&mut self, kept: &SeenHead) -> (Option<Seen>, bool) {
        let head = self.evidence.of_head(&kept.head);
        if head == Signature::Bad {
            return (None, false);
        }
        let by = self.evidence.of_countersignature(&kept.head, &kept.by);
        self.unchecked += u64::from(head == Signature::Unchecked || by == Signature::Unchecked);
        match by {
            Signature::Good if head == Signature::Good => (Some(Seen::By(kept.by.content.by.clone())), true),
            Signature::Bad => (Some(Seen::Kept), false),
            Signature::Good | Signature::Unchecked => (Some(Seen::Kept), true),
        }
    }
}
