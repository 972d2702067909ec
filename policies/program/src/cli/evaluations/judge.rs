//! What a holder's audit log says of a node's evaluations, held against an opening that was checked. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use tvaers_audit::event::EvaluatedFor;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::limit::BATCH_PERSONS;
use tvaers_pseudonym::opening::Checked;

/// What was read in one log.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// Whose log it is; none where nobody says so.
    pub(super) node: Option<NodeId>,
    /// Whether nothing is wrong with the log itself.
    pub(super) whole: bool,
    /// What it tells of evaluations for the node in the study.
    pub(super) told: Vec<EvaluatedFor>,
    /// Whether all of that lies before a head that neither the holder nor the node alone has signed.
    pub(super) confirmed: bool,
}

/// What a log that holds says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Held {
    /// Whose log it is.
    pub(super) holder: NodeId,
    /// How many batches were counted.
    pub(super) batches: u32,
    /// How many elements.
    pub(super) elements: u32,
    /// Whether others than holder and node have confirmed the log so far; without, the holder could say something else yet.
    pub(super) confirmed: bool,
}

/// What does not hold of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogFault {
    /// The log is not as its node wrote it.
    Broken,
    /// It is not a log of a holder that evaluated for the node.
    Stranger,
    /// It tells nothing of the study and the node.
    Silent,
    /// It tells of another commitment: the node showed two.
    Commitment,
    /// It tells of another quota.
    Quota,
    /// It tells of other numbers than the commitment has.
    Counts,
    /// It tells of other elements.
    Evaluations,
    /// It did not count everybody committed to: a sample of those says nothing of the few who were evaluated.
    Partly,
    /// No log is of anybody but the node itself.
    Own,
}

impl LogFault {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Broken => "log.broken",
            Self::Stranger => "log.stranger",
            Self::Silent => "log.silent",
            Self::Commitment => "log.commitment",
            Self::Quota => "log.quota",
            Self::Counts => "log.counts",
            Self::Evaluations => "log.evaluations",
            Self::Partly => "log.partly",
            Self::Own => "log.own",
        }
    }
}

/// Holds one log against the opening.
pub(super) fn judge(checked: &Checked, read: &Read) -> Result<Held, LogFault> {
    if !read.whole {
        return Err(LogFault::Broken);
    }
    let holder = read.node.clone().filter(|node| checked.quorum.contains(node)).ok_or(LogFault::Stranger)?;
    let told = read.told.first().ok_or(LogFault::Silent)?;
    // Where a log tells twice, both must hold; the last is as good as the first then.
    read.told.iter().try_for_each(|told| entry(checked, told))?;
    let (batches, elements) = (told.batches, told.elements);
    if elements != checked.persons {
        return Err(LogFault::Partly);
    }
    Ok(Held { holder, batches, elements, confirmed: read.confirmed })
}

fn entry(checked: &Checked, told: &EvaluatedFor) -> Result<(), LogFault> {
    if told.commitment != checked.commitment || told.persons != checked.persons {
        return Err(LogFault::Commitment);
    }
    if told.quota != checked.quota {
        return Err(LogFault::Quota);
    }
    let missing = left_out(checked, told).ok_or(LogFault::Counts)?;
    let elements = |sequence: u32| {
        let batch = u32::try_from(BATCH_PERSONS).unwrap_or(u32::MAX);
        checked.persons.saturating_sub(sequence.saturating_mul(batch)).min(batch)
    };
    let all = (0..u32::try_from(checked.batches.len()).unwrap_or(u32::MAX))
        .filter(|sequence| !missing.contains(sequence))
        .map(|sequence| u64::from(elements(sequence)));
    if all.sum::<u64>() != u64::from(told.elements) {
        return Err(LogFault::Counts);
    }
    if checked.evaluations(&missing) != told.evaluations {
        return Err(LogFault::Evaluations);
    }
    Ok(())
}

/// The numbers of the batches that were not counted; none where the log's numbers cannot be those of the population.
fn left_out(checked: &Checked, told: &EvaluatedFor) -> Option<BTreeSet<u32>> {
    let batches = u32::try_from(checked.batches.len()).ok()?;
    let mut missing: BTreeSet<u32> = told.missing.iter().copied().collect();
    let below = told.batches.checked_add(u32::try_from(missing.len()).ok()?)?;
    // The last one that was counted is the number below that.
    let rising = told.missing.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    let inside = missing.last().is_none_or(|last| last.saturating_add(1) < below);
    if below > batches || !rising || !inside {
        return None;
    }
    missing.extend(below..batches);
    Some(missing)
}

/// Whether anybody but the node itself confirms what it had evaluated.
pub(super) fn by_another(checked: &Checked, held: &[Held]) -> Result<(), LogFault> {
    if held.iter().any(|held| held.holder != checked.node) { Ok(()) } else { Err(LogFault::Own) }
}

#[cfg(test)]
mod tests {
    use tvaers_protocol::id::Digest;

    use super::*;

    fn node(name: &str) -> NodeId {
        NodeId::new(name).unwrap()
    }

    /// Three batches, the last of 5,000.
    fn checked() -> Checked {
        Checked {
            study: Digest([1; 32]),
            node: node("k360"),
            quota: 30_000,
            quorum: vec![node("k360"), node("k376")],
            commitment: Digest([2; 32]),
            persons: 25_000,
            batches: [3, 4, 5].map(|byte| Digest([byte; 32])).to_vec(),
        }
    }

    fn told(batches: u32, elements: u32, missing: &[u32], left_out: &[u32]) -> EvaluatedFor {
        EvaluatedFor {
            manifest: Digest([1; 32]),
            requester: node("k360"),
            quota: 30_000,
            persons: 25_000,
            commitment: Digest([2; 32]),
            batches,
            elements,
            missing: missing.to_vec(),
            evaluations: checked().evaluations(&left_out.iter().copied().collect()),
        }
    }

    fn judged(told: EvaluatedFor) -> Result<Held, LogFault> {
        judge(&checked(), &Read { node: Some(node("k376")), whole: true, told: vec![told], confirmed: true })
    }

    #[test]
    fn a_log_that_counted_everybody_holds_and_one_of_a_part_of_them_proves_nothing() {
        let held = judged(told(3, 25_000, &[], &[])).unwrap();
        let expected = Held { holder: node("k376"), batches: 3, elements: 25_000, confirmed: true };
        assert_eq!(held, expected);
        assert_eq!(judged(told(2, 20_000, &[], &[2])), Err(LogFault::Partly));
        assert_eq!(judged(told(2, 15_000, &[1], &[1])), Err(LogFault::Partly));
        assert_eq!(judged(told(1, 10_000, &[0], &[0, 2])), Err(LogFault::Partly));
    }

    #[test]
    fn every_other_number_is_named() {
        let good = || told(3, 25_000, &[], &[]);
        for (what, other, fault) in [
            ("another quota", EvaluatedFor { quota: 40_000, ..good() }, LogFault::Quota),
            (
                "another commitment",
                EvaluatedFor { commitment: Digest([9; 32]), ..good() },
                LogFault::Commitment,
            ),
            ("more persons", EvaluatedFor { persons: 25_001, ..good() }, LogFault::Commitment),
            ("an extra person", EvaluatedFor { elements: 25_001, ..good() }, LogFault::Counts),
            ("one fewer", EvaluatedFor { elements: 24_999, ..good() }, LogFault::Counts),
            ("a batch more", EvaluatedFor { batches: 4, ..good() }, LogFault::Counts),
            ("a batch fewer", EvaluatedFor { batches: 2, ..good() }, LogFault::Counts),
            ("a batch that is and is not", told(3, 25_000, &[1], &[]), LogFault::Counts),
            ("missing after the last", told(2, 20_000, &[2], &[2]), LogFault::Counts),
            ("missing in another order", told(1, 5_000, &[1, 0], &[0, 1]), LogFault::Counts),
            ("no end", EvaluatedFor { batches: u32::MAX, missing: vec![0], ..good() }, LogFault::Counts),
            ("other elements", told(3, 25_000, &[], &[1]), LogFault::Evaluations),
            ("others left out", told(2, 20_000, &[], &[1]), LogFault::Evaluations),
        ] {
            assert_eq!(judged(other), Err(fault), "{what}");
        }
    }

    #[test]
    fn a_log_is_whole_and_of_a_holder_and_tells_of_the_study() {
        let read = |node: Option<NodeId>, whole, told| {
            judge(&checked(), &Read { node, whole, told, confirmed: false })
        };
        let good = || told(3, 25_000, &[], &[]);
        assert_eq!(read(Some(node("k376")), false, vec![good()]), Err(LogFault::Broken));
        assert_eq!(read(Some(node("k390")), true, vec![good()]), Err(LogFault::Stranger));
        assert_eq!(read(None, true, vec![good()]), Err(LogFault::Stranger));
        assert_eq!(read(Some(node("k376")), true, vec![]), Err(LogFault::Silent));
        let twice = vec![good(), EvaluatedFor { elements: 1, ..good() }];
        assert_eq!(read(Some(node("k376")), true, twice), Err(LogFault::Counts));
        let own = read(Some(node("k360")), true, vec![good()]).unwrap();
        let other = read(Some(node("k376")), true, vec![good()]).unwrap();
        assert_eq!(by_another(&checked(), std::slice::from_ref(&own)), Err(LogFault::Own));
        assert_eq!(by_another(&checked(), &[own, other]), Ok(()));
        assert_eq!(by_another(&checked(), &[]), Err(LogFault::Own));
    }
}
