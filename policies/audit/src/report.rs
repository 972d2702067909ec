//! What an audit log tells a data-protection officer: what was asked and refused, what was spent, what changed, and when
//! the log was silent. Figures and names; how they look is another's.
//!
//! Its size is bounded, whatever the log: of what is listed line by line it keeps the newest, and counts the rest.

mod words;

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tvaers_protocol::id::Digest;

use crate::code::Code;
use crate::event::{Asked, Charged, Closing, Event, Mode, Study};
use crate::line::Entry;
use crate::name::{Name, Requester};
use crate::rho::NanoRho;
use crate::text::Text;

use self::words::Topic;

/// Lines of one list, at most: what a person can page through.
const LINES_MAX: usize = 1_000;
/// Names that are counted apart, at most; the rest is counted as one, under no name.
const NAMES_MAX: usize = 10_000;
/// Entries come every hour, also when nothing happens; one may be late.
const SILENCE_MAX: SignedDuration = SignedDuration::from_hours(2);

/// The newest lines of a list, and how many there were before them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Newest<T> {
    /// The lines, the oldest first.
    pub lines: VecDeque<T>,
    /// How many older ones are left out.
    pub left_out: u64,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { lines: VecDeque::new(), left_out: 0 }
    }
}

impl<T> Newest<T> {
    fn push(&mut self, line: T) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
            self.left_out += 1;
        }
        self.lines.push_back(line);
    }
}

/// What was charged under a permit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Permit {
    /// How many charges.
    pub charges: u64,
    /// How much, in nano-rho.
    pub nano_rho: NanoRho,
    /// What is left of the permit's budget after the last.
    pub left: Option<NanoRho>,
    #[serde(skip)]
    last: u64,
}

/// What somebody asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Requests that were permitted.
    pub permitted: u64,
    /// Those that were answered from the store.
    pub stored: u64,
    /// Those that were refused.
    pub refused: u64,
    /// What was charged, in nano-rho.
    pub nano_rho: NanoRho,
}

/// Something under a name; none are those whom the roster does not name, or those beyond the first ten thousand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named<T> {
    /// The name.
    pub name: Option<Name>,
    /// What.
    #[serde(flatten)]
    pub of: T,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It was permitted, charged and released.
    Permitted,
    /// It was answered with a stored release.
    Stored,
    /// It was refused.
    Refused,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Its entry.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// Who asked.
    pub who: Option<Name>,
    /// Under which permit.
    pub permit: Option<Name>,
    /// For which purpose.
    pub purpose: Option<Code>,
    /// In which mode.
    pub mode: Option<Mode>,
    /// For what, without the values of its filters; none where it could not be read.
    pub query: Option<Text>,
    /// How it ended.
    pub decision: Decision,
    /// By which rules.
    pub rules: Vec<Code>,
    /// What was charged, in nano-rho.
    pub nano_rho: NanoRho,
}

/// What happened to a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The node agreed.
    Agreed,
    /// Its tables were charged.
    Charged,
    /// The node refused.
    Refused,
    /// It ended with a work list.
    HandedBack,
    /// The coordinator closed it before that.
    Closed,
    /// It ended at its deadline.
    Deadline,
    /// It was lost when the node stopped.
    Abandoned,
}

/// A step of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StudyLine {
    /// Its entry.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// The digest of the manifest, by which the steps of a study belong together.
    pub manifest: Digest,
    /// What.
    pub step: Step,
    /// Which model, where that is told.
    pub model: Option<Name>,
    /// Who asked for it.
    pub who: Option<Name>,
    /// By which rules.
    pub rules: Vec<Code>,
    /// What was charged, in nano-rho.
    pub nano_rho: NanoRho,
}

/// A time without entries while the node ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The entry after it.
    pub entry: u64,
    /// When the entry before it was written.
    pub from: Timestamp,
    /// When that one was.
    pub to: Timestamp,
}

/// A start of the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restart {
    /// Its entry.
    pub entry: u64,
    /// The last entry before it; none for the first start.
    pub from: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
    /// Whether the node had said that it stops.
    pub orderly: bool,
}

/// Something that changed at the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its entry.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Text,
}

/// What a log tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many entries it is of.
    pub entries: u64,
    /// The time of the first.
    pub from: Option<Timestamp>,
    /// The time of the last.
    pub to: Option<Timestamp>,
    /// The budget by permit.
    pub permits: Vec<Named<Permit>>,
    /// What is left of the budget for life after the last charge.
    pub life_left: Option<NanoRho>,
    /// What was charged again because the ledger had lost it, in nano-rho.
    pub recovered: NanoRho,
    /// Who asked.
    pub people: Vec<Named<Person>>,
    /// Requests and studies that a rule refused, by rule.
    pub refusals: BTreeMap<String, u64>,
    /// Requests.
    pub requests: Newest<Request>,
    /// Studies.
    pub studies: Newest<StudyLine>,
    /// Silences of more than two hours while the node ran.
    pub gaps: Newest<Gap>,
    /// Starts.
    pub restarts: Newest<Restart>,
    /// Changes of what the node obeys: policies, rosters, keys.
    pub rules: Newest<Change>,
    /// What came in and went out: imports, objections, exports.
    pub data: Newest<Change>,
    /// What became of the log, the ledger and the program that keeps them.
    pub keeping: Newest<Change>,
    /// Heads that the node signed, and countersignatures that it was given.
    pub heads: u64,
    #[serde(skip)]
    so_far: SoFar,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct SoFar {
    permits: BTreeMap<Option<Name>, Permit>,
    people: BTreeMap<Option<Name>, Person>,
    askers: BTreeMap<Digest, Option<Name>>,
    last_charge: u64,
    runs: Option<bool>,
    software: Option<String>,
}

impl Report {
    /// Adds an entry, in the order of the log.
    pub fn take(&mut self, entry: &Entry) {
        self.entries += 1;
        self.from.get_or_insert(entry.at);
        self.silence(entry);
        let software = entry.software.as_str();
        if self.so_far.software.as_deref() != Some(software) {
            self.so_far.software = Some(software.to_owned());
            let what = Text::new(format!("Programmet er {software}"), format!("The program is {software}"));
            self.change(entry, Topic::Keeping, what);
        }
        self.event(entry);
        self.to = Some(entry.at);
    }

    /// The report of all that was added.
    #[must_use]
    pub fn finish(mut self) -> Self {
        let SoFar { permits, people, .. } = std::mem::take(&mut self.so_far);
        self.permits = permits.into_iter().map(|(name, of)| Named { name, of }).collect();
        self.people = people.into_iter().map(|(name, of)| Named { name, of }).collect();
        self
    }

    fn silence(&mut self, entry: &Entry) {
        let starts = matches!(entry.event, Event::Start);
        // What begins in the middle of a log begins while the node runs.
        let runs = *self.so_far.runs.get_or_insert(entry.number > 1);
        let silent = |from: &Timestamp| runs && !starts && entry.at.duration_since(*from) > SILENCE_MAX;
        if let Some(from) = self.to.filter(silent) {
            self.gaps.push(Gap { entry: entry.number, from, to: entry.at });
        }
        if starts {
            self.restarts.push(Restart { entry: entry.number, from: self.to, at: entry.at, orderly: !runs });
            self.so_far.runs = Some(true);
        }
        if matches!(entry.event, Event::Stop) {
            self.so_far.runs = Some(false);
        }
    }

    fn event(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Start | Event::Stop => {}
            Event::HeadSigned(_) | Event::HeadCountersigned(_) => self.heads += 1,
            Event::LedgerRecovered(told) => {
                self.recovered = self.recovered.plus(told.nano_rho).unwrap_or(NanoRho::MAX);
            }
            Event::RequestPermitted(told) => {
                let who =
                    self.request(entry, &told.asked, Decision::Permitted, &told.rules, told.charge.nano_rho);
                self.charge(told.asked.permit.as_ref(), &told.charge, who);
            }
            Event::RequestStored(told) => {
                self.request(entry, &told.asked, Decision::Stored, &[], NanoRho::ZERO);
            }
            Event::RequestRefused(told) => {
                self.request(entry, &told.asked, Decision::Refused, &told.rules, NanoRho::ZERO);
                self.refused(&told.rules);
            }
            Event::StudyAgreed(told) => {
                let (study, asker) = (Some(&told.study), told.requester.as_ref());
                let line = self.study(entry, told.study.manifest, Step::Agreed, study, asker);
                self.studies.push(line);
            }
            Event::StudyCharged(told) => {
                let line = self.study(entry, told.manifest, Step::Charged, None, None);
                let who = line.who.clone();
                self.studies.push(StudyLine { nano_rho: told.charge.nano_rho, ..line });
                self.charge(Some(&told.permit), &told.charge, who);
            }
            Event::StudyRefused(told) => {
                let (study, asker) = (told.study.as_ref(), told.requester.as_ref());
                let line = self.study(entry, told.manifest, Step::Refused, study, asker);
                self.studies.push(StudyLine { rules: told.rules.clone(), ..line });
                self.refused(&told.rules);
            }
            Event::StudyClosed(told) => {
                let step = match told.how {
                    Closing::HandedBack => Step::HandedBack,
                    Closing::Closed => Step::Closed,
                    Closing::Deadline => Step::Deadline,
                    Closing::Abandoned => Step::Abandoned,
                };
                let line = self.study(entry, told.manifest, step, None, None);
                self.studies.push(line);
            }
            // A sentence is all there is to them.
            Event::PolicyLoaded(_)
            | Event::PolicyRefused(_)
            | Event::PolicyWithdrawn(_)
            | Event::ListsRead(_)
            | Event::PolicyRevoked(_)
            | Event::RosterFollowed(_)
            | Event::KeyChanged(_)
            | Event::CertificateRenewed(_)
            | Event::Import(_)
            | Event::ObjectionsChanged(_)
            | Event::ObjectionsReceived(_)
            | Event::EvaluatedFor(_)
            | Event::EvaluationsOpened(_)
            | Event::SeriesKept(_)
            | Event::SeriesClosed(_)
            | Event::LogRecovered(_)
            | Event::Truncated(_)
            | Event::Rotated(_)
            | Event::Pruned(_)
            | Event::Exported(_)
            | Event::SubjectExtract {}
            | Event::BreachPack(_) => {}
        }
        if let Some((topic, sentence)) = words::sentence(&entry.event) {
            self.change(entry, topic, sentence);
        }
    }

    fn change(&mut self, entry: &Entry, of: Topic, what: Text) {
        let table = match of {
            Topic::Rules => &mut self.rules,
            Topic::Data => &mut self.data,
            Topic::Keeping => &mut self.keeping,
        };
        table.push(Change { entry: entry.number, at: entry.at, what });
    }

    fn request(
        &mut self,
        entry: &Entry,
        asked: &Asked,
        decision: Decision,
        rules: &[Code],
        nano_rho: NanoRho,
    ) -> Option<Name> {
        let who = asked.requester.as_ref().map(|requester| requester.name.clone());
        let person = of_name(&mut self.so_far.people, who.as_ref());
        match decision {
            Decision::Permitted => person.permitted += 1,
            Decision::Stored => person.stored += 1,
            Decision::Refused => person.refused += 1,
        }
        self.requests.push(Request {
            entry: entry.number,
            at: entry.at,
            who: who.clone(),
            permit: asked.permit.clone(),
            purpose: asked.purpose.clone(),
            mode: asked.mode,
            query: asked.query.as_ref().map(words::query),
            decision,
            rules: rules.to_vec(),
            nano_rho,
        });
        who
    }

    fn charge(&mut self, permit: Option<&Name>, charge: &Charged, who: Option<Name>) {
        let of = of_name(&mut self.so_far.permits, permit);
        of.charges += 1;
        of.nano_rho = of.nano_rho.plus(charge.nano_rho).unwrap_or(NanoRho::MAX);
        // What is charged side by side is not always logged in the order of the ledger.
        if of.left.is_none() || of.last < charge.number {
            (of.left, of.last) = (Some(charge.left.permit), charge.number);
        }
        if self.life_left.is_none() || self.so_far.last_charge < charge.number {
            (self.life_left, self.so_far.last_charge) = (Some(charge.left.life), charge.number);
        }
        let person = of_name(&mut self.so_far.people, who.as_ref());
        person.nano_rho = person.nano_rho.plus(charge.nano_rho).unwrap_or(NanoRho::MAX);
    }

    fn refused(&mut self, rules: &[Code]) {
        for rule in rules {
            let known = self.refusals.len() < NAMES_MAX || self.refusals.contains_key(rule.as_str());
            let name = if known { rule.to_string() } else { String::new() };
            *self.refusals.entry(name).or_default() += 1;
        }
    }

    fn study(
        &mut self,
        entry: &Entry,
        manifest: Digest,
        step: Step,
        study: Option<&Study>,
        asker: Option<&Requester>,
    ) -> StudyLine {
        let known = self.so_far.askers.get(&manifest).cloned().flatten();
        let who = asker.map(|requester| requester.name.clone()).or(known);
        if self.so_far.askers.len() < NAMES_MAX {
            self.so_far.askers.insert(manifest, who.clone());
        }
        StudyLine {
            entry: entry.number,
            at: entry.at,
            manifest,
            step,
            model: study.map(|study| study.model.clone()),
            who,
            rules: Vec::new(),
            nano_rho: NanoRho::ZERO,
        }
    }
}

fn of_name<'a, T: Default>(all: &'a mut BTreeMap<Option<Name>, T>, name: Option<&Name>) -> &'a mut T {
    let name = name.filter(|name| all.len() < NAMES_MAX || all.contains_key(&Some((*name).clone())));
    all.entry(name.cloned()).or_default()
}

#[cfg(test)]
mod tests;
