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
    /// Under which policy; none where the entry that said so is gone.
    pub(crate) policy: Option<Digest>,
    pub(crate) permit: Option<Name>,
    pub(crate) purpose: Option<Code>,
    pub(crate) requester: Option<Requester>,
    pub(crate) as_of: Option<Date>,
    pub(crate) done: Done,
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
        let statistics =
            |asked: &Asked, again| self.window.holds(entry.at).then(|| of_query(entry, asked, again));
        match &entry.event {
            Event::RequestPermitted(told) => return statistics(&told.asked, false),
            Event::RequestStored(told) => return statistics(&told.asked, true),
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

fn of_query(entry: &Entry, asked: &Asked, again: bool) -> Use {
    Use {
        entry: entry.number,
        at: entry.at,
        policy: Some(asked.policy),
        permit: asked.permit.clone(),
        purpose: asked.purpose.clone(),
        requester: asked.requester.clone(),
        as_of: asked.query.as_ref().map(|query| query.as_of),
        done: Done::Statistics { query: asked.query.clone(), again },
    }
}

fn of_study(manifest: Digest, told: &Told) -> Vec<Use> {
    let agreed = told.agreed.as_ref();
    let study = agreed.map(|agreed| agreed.study.clone());
    let one = |permit, purpose, done| Use {
        entry: told.entry,
        at: told.at,
        policy: agreed.map(|agreed| agreed.policy),
        permit,
        purpose,
        requester: agreed.and_then(|agreed| agreed.requester.clone()),
        as_of: study.as_ref().map(|study| study.as_of),
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
