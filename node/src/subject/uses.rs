//! The uses of data that an audit log tells of: answers to queries, and what a node gave to studies. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use tvaers_protocol::id::Digest;

use crate::audit::code::Code;
use crate::audit::event::{Asked, Closing, Event, Mode, Query, Study, StudyAgreed};
use crate::audit::line::Entry;
use crate::ledger::name::{Name, Requester};

/// A stretch of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Window {
    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}

/// One use of the node's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// The entry of the log that tells of it.
    pub(crate) entry: u64,
    pub(crate) at: Timestamp,
    /// What says from when on the node can have looked at who is left out: who was before that was left out of it.
    pub(crate) begun: Begun,
    /// Under which policy; none where the entry that said so is gone.
    pub(crate) policy: Option<Digest>,
    pub(crate) permit: Option<Name>,
    pub(crate) purpose: Option<Code>,
    pub(crate) requester: Option<Requester>,
    pub(crate) as_of: Option<Date>,
    /// Until when the pseudonym is kept for later studies, where the log says that it is.
    pub(crate) kept_until: Option<Date>,
    pub(crate) done: Done,
}

/// What a use began with. The entry of an answer is written when it leaves, and is of no help: an answer under way when
/// somebody objected may have counted them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// The ledger's charge of this number. Nothing is read before it, and of a stored answer it is the one for which it
    /// was worked out.
    Charge(u64),
    /// At this moment.
    At(Timestamp),
    /// The entry that says so is gone.
    Unknown,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Statistics with noise over this node's data.
    Statistics {
        query: Option<Query>,
        /// Whether it was an answer from before; nothing was read for it.
        again: bool,
    },
    /// Compared with other parties' data under a pseudonym, for tables with noise.
    Tables {
        manifest: Digest,
        study: Option<Study>,
        /// Whether the log tells of the charge, without which nothing is read for tables.
        charged: bool,
    },
    /// The same for a work list.
    List {
        manifest: Digest,
        study: Option<Study>,
        /// When the list came back, where it did.
        handed_back: Option<Timestamp>,
    },
}

impl Done {
    /// Whether persons bore pseudonyms for it.
    pub(crate) const fn has_pseudonyms(&self) -> bool {
        !matches!(self, Self::Statistics { .. })
    }
}

/// What is known of a study so far.
struct Told {
    entry: u64,
    at: Timestamp,
    agreed: Option<StudyAgreed>,
    charged_under: Option<Name>,
    handed_back: Option<Timestamp>,
    kept_until: Option<Date>,
    within: bool,
}

/// Gathers uses from a log, entry by entry. A study is told of in several entries, and counts where any of them is
/// within the window; so all studies are kept until the end, and nothing else.
pub(crate) struct Gathering {
    window: Window,
    studies: BTreeMap<Digest, Told>,
}

impl Gathering {
    pub(crate) const fn new(window: Window) -> Self {
        Self { window, studies: BTreeMap::new() }
    }

    /// Takes the log's next entry; gives the use that it tells of by itself.
    pub(crate) fn take(&mut self, entry: &Entry) -> Option<Use> {
        let statistics = |asked: &Asked, charge, again| {
            self.window.holds(entry.at).then(|| of_query(entry, asked, charge, again))
        };
        match &entry.event {
            Event::RequestPermitted(told) => return statistics(&told.asked, told.charge.number, false),
            Event::RequestStored(told) => return statistics(&told.asked, told.charge, true),
            Event::StudyAgreed(told) => {
                self.study(entry, told.study.manifest).agreed = Some(told.clone());
            }
            Event::StudyCharged(told) => {
                self.study(entry, told.manifest).charged_under = Some(told.permit.clone());
            }
            Event::StudyClosed(told) => {
                let study = self.study(entry, told.manifest);
                if told.how == Closing::HandedBack {
                    study.handed_back = Some(entry.at);
                }
            }
            Event::SeriesKept(told) => {
                self.study(entry, told.manifest).kept_until = Some(told.until);
            }
            _ => {}
        }
        None
    }

    fn study(&mut self, entry: &Entry, manifest: Digest) -> &mut Told {
        let within = self.window.holds(entry.at);
        let told = self.studies.entry(manifest).or_insert(Told {
            entry: entry.number,
            at: entry.at,
            agreed: None,
            charged_under: None,
            handed_back: None,
            kept_until: None,
            within: false,
        });
        told.within |= within;
        told
    }

    /// The uses by studies, in the order in which the log first tells of them. One that served a list and tables is a
    /// use for each: they have permits of their own.
    pub(crate) fn finish(self) -> Vec<Use> {
        let within = self.studies.into_iter().filter(|(_, told)| told.within);
        let mut uses: Vec<Use> = within.flat_map(|(manifest, told)| of_study(manifest, &told)).collect();
        uses.sort_by_key(|one| one.entry);
        uses
    }
}

fn of_query(entry: &Entry, asked: &Asked, charge: u64, again: bool) -> Use {
    Use {
        entry: entry.number,
        at: entry.at,
        begun: Begun::Charge(charge),
        policy: Some(asked.policy),
        permit: asked.permit.clone(),
        purpose: asked.purpose.clone(),
        requester: asked.requester.clone(),
        as_of: asked.query.as_ref().map(|query| query.as_of),
        kept_until: None,
        done: Done::Statistics { query: asked.query.clone(), again },
    }
}

fn of_study(manifest: Digest, told: &Told) -> Vec<Use> {
    let agreed = told.agreed.as_ref();
    let study = agreed.map(|agreed| agreed.study.clone());
    let one = |permit, purpose, done| Use {
        entry: told.entry,
        at: told.at,
        // A node agrees before it reads anything.
        begun: agreed.map_or(Begun::Unknown, |_| Begun::At(told.at)),
        policy: agreed.map(|agreed| agreed.policy),
        permit,
        purpose,
        requester: agreed.and_then(|agreed| agreed.requester.clone()),
        as_of: study.as_ref().map(|study| study.as_of),
        kept_until: told.kept_until,
        done,
    };
    let modes = agreed.map(|agreed| agreed.modes.as_slice()).unwrap_or_default();
    let (handed_back, charged) = (told.handed_back, told.charged_under.is_some());
    let has_list = modes.contains(&Mode::PersonContributions) || handed_back.is_some();
    // A study of which the log does not tell what it was for is told of all the same.
    let has_tables = modes.contains(&Mode::JoinedStatistics) || charged || !has_list;
    // The purpose in the log is that of the list where there is one.
    let purpose = agreed.and_then(|agreed| agreed.purpose.clone());
    let list = has_list.then(|| {
        let permit = study.as_ref().and_then(|study| study.list.clone());
        one(permit, purpose.clone(), Done::List { manifest, study: study.clone(), handed_back })
    });
    let tables = has_tables.then(|| {
        let permit = study.as_ref().and_then(|study| study.tables.clone()).or(told.charged_under.clone());
        let purpose = purpose.filter(|_| !has_list);
        one(permit, purpose, Done::Tables { manifest, study: study.clone(), charged })
    });
    list.into_iter().chain(tables).collect()
}

#[cfg(test)]
mod tests {
    use tvaers_protocol::hello::Software;
    use tvaers_protocol::study::{Disclosure, Grain, RunId};

    use super::*;
    use crate::audit::event::{Charged, Left, SeriesKept, StudyCharged, StudyClosed};
    use crate::ledger::claim::Head;
    use crate::ledger::rho::NanoRho;

    const MANIFEST: Digest = Digest([6; 32]);

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn agreed() -> Event {
        let study = Study {
            manifest: MANIFEST,
            run: RunId([7; 16]),
            list: Some(name("list")),
            tables: Some(name("tables")),
            model: name("sad"),
            model_digest: Digest([8; 32]),
            as_of: "2026-02-28".parse().unwrap(),
            grain: Grain::Points,
            disclosure: Disclosure::Stratum,
        };
        let modes = vec![Mode::PersonContributions, Mode::JoinedStatistics];
        let purpose = Code::new("care").ok();
        Event::StudyAgreed(StudyAgreed { study, requester: None, purpose, modes, policy: Digest([3; 32]) })
    }

    fn charged() -> Event {
        let amount = NanoRho::new(1).unwrap();
        let left = Left { permit: amount, period: None, life: amount };
        let charge = Charged { number: 1, nano_rho: amount, left, ledger: Head::EMPTY };
        Event::StudyCharged(StudyCharged { manifest: MANIFEST, permit: name("tables"), charge })
    }

    fn closed(how: Closing) -> Event {
        Event::StudyClosed(StudyClosed { manifest: MANIFEST, how })
    }

    fn kept() -> Event {
        let until = "2027-06-30".parse().unwrap();
        Event::SeriesKept(SeriesKept { manifest: MANIFEST, first: MANIFEST, epoch: 0, until, persons: 9 })
    }

    #[test]
    fn a_pseudonym_that_outlives_its_study_is_told_of() {
        for (events, until) in [
            (vec![agreed(), closed(Closing::HandedBack)], None),
            (vec![agreed(), closed(Closing::HandedBack), kept()], "2027-06-30".parse().ok()),
        ] {
            let uses = uses(&events, 0..=9);
            assert!(!uses.is_empty() && uses.iter().all(|one| one.kept_until == until), "{uses:?}");
        }
    }

    /// The uses of a window of hours, of events that come an hour apart from midnight on.
    fn uses(events: &[Event], hours: std::ops::RangeInclusive<u64>) -> Vec<Use> {
        let at = |hour: u64| format!("2026-03-01T{hour:02}:00:00Z").parse::<Timestamp>().unwrap();
        let mut gathering = Gathering::new(Window { from: at(*hours.start()), to: at(*hours.end()) });
        let mut previous = Digest::NONE;
        let mut uses = Vec::new();
        for (event, number) in events.iter().zip(1..) {
            let software = Software::new("test").unwrap();
            let (line, digest) = Entry::write(number, at(number - 1), &software, event, previous).unwrap();
            uses.extend(gathering.take(&Entry::read(line.as_bytes(), number, previous).unwrap()));
            previous = digest;
        }
        uses.extend(gathering.finish());
        uses
    }

    #[test]
    fn a_study_for_a_list_and_tables_is_a_use_for_each_with_the_permit_of_each() {
        let uses = uses(&[agreed(), charged(), closed(Closing::HandedBack)], 0..=9);
        let [list, tables] = &uses[..] else { panic!("{uses:?}") };
        assert_eq!((&list.permit, &list.purpose), (&Some(name("list")), &Code::new("care").ok()));
        assert!(matches!(list.done, Done::List { handed_back: Some(_), .. }), "{list:?}");
        // The purpose in the log is the list's.
        assert_eq!((&tables.permit, &tables.purpose), (&Some(name("tables")), &None));
        assert!(matches!(tables.done, Done::Tables { charged: true, .. }), "{tables:?}");
        assert!(
            uses.iter().all(|one| one.entry == 1 && one.as_of.is_some() && one.begun == Begun::At(one.at))
        );
    }

    #[test]
    fn a_study_counts_in_every_window_that_holds_any_of_its_entries_and_in_no_other() {
        let events = [agreed(), charged(), closed(Closing::Closed)];
        for (hours, count) in [(0..=0, 2), (1..=1, 2), (2..=2, 2), (3..=9, 0)] {
            assert_eq!(uses(&events, hours.clone()).len(), count, "{hours:?}");
        }
        let [list, _] = &uses(&events, 0..=9)[..] else { panic!("two") };
        assert!(matches!(list.done, Done::List { handed_back: None, .. }), "{list:?}");
    }

    #[test]
    fn a_study_of_which_only_the_end_is_left_in_the_log_is_a_use_all_the_same() {
        let of = |events: &[Event]| uses(events, 0..=9);
        let [one] = &of(&[charged()])[..] else { panic!("one") };
        assert_eq!((&one.permit, one.policy, one.as_of), (&Some(name("tables")), None, None));
        assert_eq!(one.begun, Begun::Unknown);
        let [one] = &of(&[closed(Closing::HandedBack)])[..] else { panic!("one") };
        assert!(matches!(one.done, Done::List { study: None, .. }) && one.permit.is_none(), "{one:?}");
        let [one] = &of(&[closed(Closing::Deadline)])[..] else { panic!("one") };
        assert!(matches!(one.done, Done::Tables { charged: false, .. }), "{one:?}");
    }
}
