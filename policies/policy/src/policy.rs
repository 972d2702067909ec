//! A node's policy: what holds for all its permits.

use jiff::ToSpan as _;
use jiff::civil::Date;
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_query::Decimal;

use crate::permit::{Limit, Permit, Validity};

/// A policy that has been read and checked. It comes out of [`Policy::read`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) laboratory: bool,
    pub(crate) edition: Option<Edition>,
    pub(crate) controller: Option<Controller>,
    pub(crate) assessment: Option<Assessment>,
    pub(crate) exclusions: Exclusions,
    pub(crate) cells: Cells,
    pub(crate) budget: LifeBudget,
    pub(crate) release: Release,
    pub(crate) retention: Retention,
    pub(crate) permits: Vec<Permit>,
    /// Epsilons and what each is worth, rising, where the file states a budget so; else none.
    pub(crate) epsilons: Vec<(Decimal, u64)>,
    pub(crate) digest: Digest,
    /// The day from which it no longer holds, by a revocation; nothing of the file.
    pub(crate) revoked: Option<Date>,
}

/// Which policy it is of which node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// The node whose policy it is.
    pub node: NodeId,
    /// Counts up from 1.
    pub version: u64,
    /// SHA-256 of the file that it follows; none for the first.
    pub predecessor: Option<Digest>,
    /// When it holds.
    pub validity: Validity,
}

/// Who answers for the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The region or municipality.
    pub name: String,
    /// Its CVR number.
    pub cvr: String,
    /// Whom to ask.
    pub contact: String,
    /// The data-protection officer.
    pub dpo: String,
    /// Who processes the data on its behalf.
    pub processors: Vec<Processor>,
}

/// A processor of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Its name.
    pub name: String,
    /// Its CVR number.
    pub cvr: String,
    /// What it does.
    pub task: String,
}

/// The data-protection impact assessment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Where it is kept.
    pub reference: String,
    /// Which version.
    pub version: String,
    /// Its day.
    pub date: Date,
}

/// Who is left out of everything. Each is the name of a file at the node, with one person a line; `None` says that
/// there is none to leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusions {
    /// Citizens who have opted out.
    pub opt_outs: Option<String>,
    /// Citizens with a protected address.
    pub protected_addresses: Option<String>,
    /// Citizens who objected to what is done under this policy (GDPR Article 21). Other nodes that hold them are told,
    /// under pseudonym.
    pub objections: Option<String>,
}

impl Exclusions {
    /// The names of the files, those that there are.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        [&self.opt_outs, &self.protected_addresses, &self.objections]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Whether any list is named, be anyone on it or not.
    #[must_use]
    pub fn any(&self) -> bool {
        self.files().next().is_some()
    }
}

/// What of an answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Noisy values below it are hidden.
    pub smallest: u32,
    /// Shown values are multiples of it; 1 rounds nothing.
    pub rounding: u32,
    /// Features that persons may be told apart by in one query, at most.
    pub dimensions_max: u32,
    /// Cells of one query, at most.
    pub cells_max: u32,
}

/// What all permits together may cost a citizen. The unit of privacy is the citizen: one person more or less, with
/// all rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeBudget {
    /// All answers within any run of so many days, at most.
    pub per_period: Limit,
    /// The days.
    pub period_days: u32,
    /// All answers within a month, a quarter or a year of the calendar, at most; none where only runs of days count.
    pub calendar: Option<CalendarBudget>,
    /// All answers ever, at most.
    pub for_life: Limit,
    /// The two persons who together may raise a budget.
    pub raised_by: Vec<String>,
}

/// What all permits together may cost a citizen within one period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarBudget {
    /// How long a period is.
    pub each: Calendar,
    /// All answers within one, at most.
    pub limit: Limit,
}

/// A period of the calendar, by Danish days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// From the first day of a month to its last.
    Month,
    /// From 1 January, April, July or October on.
    Quarter,
    /// From 1 January to 31 December.
    Year,
}

impl Calendar {
    /// Its name in a policy file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The first day of the period that a day belongs to, and of the next one.
    #[must_use]
    pub fn around(self, day: Date) -> (Date, Date) {
        let (month, months) = match self {
            Self::Month => (day.month(), 1),
            Self::Quarter => ((day.month() - 1) / 3 * 3 + 1, 3),
            Self::Year => (1, 12),
        };
        let first = Date::new(day.year(), month, 1).unwrap_or(day);
        (first, first.checked_add(months.months()).unwrap_or(Date::MAX))
    }
}

/// When and after what an answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// Replies leave at multiples of so many milliseconds; 0 at once, in a laboratory alone.
    pub reply_grid_ms: u32,
    /// Witnesses that have signed the ledger's head before; `None` leaves the default.
    pub witnesses: Option<u32>,
}

/// How many days things are kept, at most; logs at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Released answers.
    pub results_days: u32,
    /// Work lists.
    pub work_lists_days: u32,
    /// Pseudonyms: a study ends before.
    pub pseudonyms_days: u32,
    /// Logs.
    pub logs_days: u32,
}

impl Policy {
    /// Whether it is for made-up data alone. Every result under it says so.
    #[must_use]
    pub const fn is_laboratory(&self) -> bool {
        self.laboratory
    }

    /// Which policy it is; none where a laboratory's says nothing of it.
    #[must_use]
    pub const fn edition(&self) -> Option<&Edition> {
        self.edition.as_ref()
    }

    /// The day from which it no longer holds, by a revocation.
    #[must_use]
    pub const fn revoked(&self) -> Option<Date> {
        self.revoked
    }

    /// The sector of the node whose policy it is, by the node's name: `region_1085` is a region's, `k360` a
    /// municipality's. None where the policy names no node, or one that is called otherwise.
    #[must_use]
    pub fn sector(&self) -> Option<Sector> {
        let name = self.edition.as_ref()?.node.as_str();
        let is_code = |code: &str| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
        let region = name.strip_prefix("region_").filter(|code| is_code(code)).map(|_| Sector::Region);
        let kommune = name.strip_prefix('k').filter(|code| is_code(code)).map(|_| Sector::Municipality);
        region.or(kommune)
    }

    /// Who answers for the data; none where a laboratory's policy says nothing of it.
    #[must_use]
    pub const fn controller(&self) -> Option<&Controller> {
        self.controller.as_ref()
    }

    /// The impact assessment; none where a laboratory's policy says nothing of it.
    #[must_use]
    pub const fn assessment(&self) -> Option<&Assessment> {
        self.assessment.as_ref()
    }

    /// Who is left out of everything.
    #[must_use]
    pub const fn exclusions(&self) -> &Exclusions {
        &self.exclusions
    }

    /// What of an answer is shown.
    #[must_use]
    pub const fn cells(&self) -> Cells {
        self.cells
    }

    /// What all permits together may cost.
    #[must_use]
    pub const fn budget(&self) -> &LifeBudget {
        &self.budget
    }

    /// When and after what an answer leaves.
    #[must_use]
    pub const fn release(&self) -> Release {
        self.release
    }

    /// How many witnesses must have signed the ledger's head before an answer leaves, in a federation of so many
    /// nodes: as stated, else one where there are three or more, and none in a laboratory.
    #[must_use]
    pub fn witnesses(&self, nodes: usize) -> u32 {
        self.release.witnesses.unwrap_or_else(|| u32::from(nodes >= 3 && !self.laboratory))
    }

    /// How long things are kept.
    #[must_use]
    pub const fn retention(&self) -> Retention {
        self.retention
    }

    /// The permits, in the order of the file.
    #[must_use]
    pub fn permits(&self) -> &[Permit] {
        &self.permits
    }

    /// The permit of that id, compared exactly.
    #[must_use]
    pub fn permit(&self, id: &str) -> Option<&Permit> {
        self.permits.iter().find(|permit| permit.id == id)
    }

    /// SHA-256 of the file, byte for byte: what `sha256sum` says of it, and what its successor names.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}
