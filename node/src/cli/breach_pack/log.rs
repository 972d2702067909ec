//! What the audit log tells of a window of time: its entries, the uses of data, and what else happened.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tvaers_definitions::feature::Feature;
use tvaers_policy::reach;
use tvaers_policy::text::Text;
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};

use super::pack::{Pack, Part};
use crate::app;
use crate::audit::event::Event;
use crate::audit::read::{self, Verified};
use crate::home::Home;
use crate::subject::among::About;
use crate::subject::ground::Ground;
use crate::subject::kept::Kept;
use crate::subject::uses::{Done, Gathering, Use, Window};
use crate::subject::words::{self, Telling};

/// All that the log tells. Its size goes by permits and reference dates, not by entries.
pub(super) struct Told {
    /// The log as it was verified, to its end.
    pub(super) verified: Verified,
    /// The first and the last entry of the window. All between them are in the pack, whatever their time.
    pub(super) entries: (u64, u64),
    /// Whom the uses were about, each once.
    pub(super) about: Vec<About>,
    /// The uses by kind and permit.
    pub(super) uses: BTreeMap<(Kind, String), Line>,
    /// Studies for a work list.
    pub(super) lists: BTreeSet<Digest>,
    /// Canonical tables that were read.
    pub(super) tables: BTreeSet<&'static str>,
    /// Who asked, by the names in the log.
    pub(super) askers: BTreeSet<String>,
    /// Policies that were in force in the window, or under which something was done.
    pub(super) policies: BTreeSet<Digest>,
    /// What else happened.
    pub(super) happened: Happened,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Statistics,
    Tables,
    List,
}

impl Kind {
    const fn of(done: &Done) -> Self {
        match done {
            Done::Statistics { .. } => Self::Statistics,
            Done::Tables { .. } => Self::Tables,
            Done::List { .. } => Self::List,
        }
    }

    /// Its name, as in policy files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Statistics => "aggregates",
            Self::Tables => "joined-statistics",
            Self::List => "person-contributions",
        }
    }
}

/// The uses under a permit.
pub(super) struct Line {
    pub(super) count: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) purpose: Text,
    pub(super) basis: Text,
    pub(super) left: Text,
}

/// Entries of other kinds.
#[derive(Default)]
pub(super) struct Happened {
    pub(super) refused: u64,
    pub(super) policies: u64,
    pub(super) exports: u64,
    pub(super) starts: u64,
    pub(super) torn: u64,
    pub(super) recovered: u64,
}

impl Happened {
    fn take(&mut self, event: &Event) {
        let counted = match event {
            Event::RequestRefused(_) | Event::StudyRefused(_) => &mut self.refused,
            Event::PolicyLoaded(_)
            | Event::PolicyRefused(_)
            | Event::PolicyWithdrawn(_)
            | Event::PolicyRevoked(_)
            | Event::ListsRead(_) => &mut self.policies,
            Event::Exported(_) | Event::SubjectExtract {} | Event::BreachPack(_) => &mut self.exports,
            Event::Start => &mut self.starts,
            Event::Truncated(_) => &mut self.torn,
            Event::LedgerRecovered(_) => &mut self.recovered,
            _ => return,
        };
        *counted += 1;
    }
}

/// Reads the whole log, which proves it, and writes `uses.csv` on the way.
pub(super) fn read(
    home: &Home,
    window: Window,
    pack: &mut Pack,
    ground: &Ground,
    kept: &mut Kept<'_>,
) -> Result<Told, Problem> {
    let path = home.audit();
    let broken = |error| app::broken_log(&path, &error);
    let mut file = pack.begin("uses.csv")?;
    file.add(b"entry,at,mode,permit,policy,purpose,as_of,data,requester\n")?;
    let mut told = Told {
        verified: Verified::default(),
        entries: (0, 0),
        about: Vec::new(),
        uses: BTreeMap::new(),
        lists: BTreeSet::new(),
        tables: BTreeSet::new(),
        askers: BTreeSet::new(),
        policies: BTreeSet::new(),
        happened: Happened::default(),
    };
    let mut gathering = Gathering::new(window);
    let mut in_force = None;
    let mut entries = read::read(&path).map_err(broken)?;
    for entry in entries.by_ref() {
        let entry = entry.map_err(broken)?;
        told.verified.take(&entry);
        let within = window.holds(entry.at);
        match &entry.event {
            Event::PolicyLoaded(loaded) => in_force = Some(loaded.policy),
            Event::PolicyRefused(_) | Event::PolicyWithdrawn(_) => in_force = None,
            _ => {}
        }
        if within {
            told.entries = (if told.entries.0 == 0 { entry.number } else { told.entries.0 }, entry.number);
            told.happened.take(&entry.event);
            told.policies.extend(in_force);
        } else if told.entries.0 == 0 {
            told.policies = in_force.into_iter().collect();
        }
        if let Some(one) = gathering.take(&entry) {
            told.take(&one, ground, kept, &mut file)?;
        }
    }
    told.verified.torn_bytes = entries.torn_bytes();
    if told.entries.0 == 0 {
        return Err(none_in(window, &told.verified).at(path.display()));
    }
    for one in gathering.finish() {
        told.take(&one, ground, kept, &mut file)?;
    }
    pack.end(file)?;
    Ok(told)
}

fn none_in(window: Window, verified: &Verified) -> Problem {
    let expected = match (verified.first_at, verified.last_at) {
        (Some(first), Some(last)) => format!("a time between {first} and {last}"),
        _ => "a log with entries".to_owned(),
    };
    let Window { from, to } = window;
    Problem::new(Exit::BadInput, "breach.empty", format_args!("the log has no entries from {from} to {to}"))
        .expected(expected)
        .next("correct --from and --to")
}

impl Told {
    fn take(
        &mut self,
        one: &Use,
        ground: &Ground,
        kept: &mut Kept<'_>,
        file: &mut Part,
    ) -> Result<(), Problem> {
        let (about, permit) = ground.about(kept, one);
        let with = Telling {
            library: &ground.library,
            sector: ground.config.sector,
            roster: ground.roster.as_ref(),
            permit: permit.as_ref(),
        };
        let kind = Kind::of(&one.done);
        file.add(row(one, kind, &with).as_bytes())?;
        if !self.about.contains(&about) {
            self.about.push(about);
        }
        let id = one.permit.as_ref().map(ToString::to_string).unwrap_or_default();
        let line = self.uses.entry((kind, id)).or_insert_with(|| Line {
            count: 0,
            first: one.at,
            last: one.at,
            purpose: words::purpose(one, &with),
            basis: words::basis(&with),
            left: words::left(one, &with),
        });
        line.count += 1;
        (line.first, line.last) = (line.first.min(one.at), line.last.max(one.at));
        if let Done::List { manifest, .. } = &one.done {
            self.lists.insert(*manifest);
        }
        self.tables.extend(tables(one, ground));
        self.askers.extend(one.requester.as_ref().map(|requester| requester.name.to_string()));
        self.policies.extend(one.policy);
        Ok(())
    }
}

/// A use as a line of CSV.
fn row(one: &Use, kind: Kind, with: &Telling<'_>) -> String {
    let data = words::data(one, with).into_iter().map(|text| text.da).collect::<Vec<_>>().join("; ");
    let text = |text: Option<String>| text.unwrap_or_default();
    let fields = [
        one.entry.to_string(),
        one.at.to_string(),
        kind.name().to_owned(),
        text(one.permit.as_ref().map(ToString::to_string)),
        text(one.policy.map(|policy| policy.to_string())),
        text(one.purpose.as_ref().map(ToString::to_string)),
        text(one.as_of.map(|day| day.to_string())),
        data,
        text(one.requester.as_ref().map(|requester| requester.name.to_string())),
    ];
    // RFC 4180: no field has a line end, and those with a comma or a quote are quoted.
    let fields = fields.map(|field| match field.contains([',', '"']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field,
    });
    fields.join(",") + "\n"
}

/// The tables that a use read; all where nobody knows which.
fn tables(one: &Use, ground: &Ground) -> Vec<&'static str> {
    let (sector, catalogue) = (ground.config.sector, ground.library.catalogue());
    let of = |feature: &Feature| reach::tables(feature, sector);
    let mut all = reach::tables_of_persons(sector).to_vec();
    let known = match &one.done {
        // Nothing was read for an answer that was there.
        Done::Statistics { again: true, .. } => return Vec::new(),
        Done::Statistics { query: Some(query), .. } => words::names_of(query)
            .into_iter()
            .map(|name| match (catalogue.feature(name), catalogue.set(name)) {
                (Some(feature), _) => Some(of(feature)),
                (None, Some(set)) => Some(set.members.iter().flat_map(|feature| of(feature)).collect()),
                (None, None) => None,
            })
            .collect::<Option<Vec<_>>>(),
        Done::Statistics { query: None, .. } => None,
        Done::Tables { study, .. } | Done::List { study, .. } => study.as_ref().and_then(|study| {
            let model = ground.library.model(study.model.as_str());
            let model = model.filter(|model| model.digest == study.model_digest)?;
            let own = model.components.iter().filter(|component| component.sector == sector);
            Some(own.map(|component| of(&component.feature)).collect())
        }),
    };
    match known {
        Some(known) => all.extend(known.into_iter().flatten()),
        None => all = ground.warehouse.meta().tables.iter().map(|table| table.name).collect(),
    }
    all
}

/// Copies the entries of the window, byte for byte.
pub(super) fn copy(home: &Home, pack: &mut Pack, first: u64, last: u64) -> Result<(), Problem> {
    let path = home.audit();
    let broken = |error| app::broken_log(&path, &error);
    let mut file = pack.begin("entries.jsonl")?;
    let mut entries = read::read(&path).map_err(broken)?;
    while let Some(entry) = entries.next() {
        let number = entry.map_err(broken)?.number;
        if number >= first {
            file.add(entries.line())?;
            file.add(b"\n")?;
        }
        if number >= last {
            break;
        }
    }
    pack.end(file)
}
