//! One person feature: a number or a category about one person, worked out by one rule of a closed list.
//!
//! A value of these types has been checked: tables and columns exist and are held by the feature's sector, texts are
//! compared with texts, the window fits the rule. The node's compiler to SQL relies on it.

use std::fmt;

use tvaers_protocol::id::Sector;

use crate::schema::{Column, Table};
use crate::window::{Length, Window};

/// A feature of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name, as in query files, models and results.
    pub name: String,
    /// The sectors whose nodes can work it out.
    pub holder: Holder,
    /// The days it looks at.
    pub window: Window,
    /// How long before the reference date lies the day from which it is seen: its window, an age, whatever its rule
    /// reckons from the reference date. `None` is the reference date itself.
    pub earlier: Option<Length>,
    /// What its values are.
    pub kind: Kind,
    /// How it is worked out.
    pub rule: Rule,
    /// What it is, in Danish.
    pub da: String,
    /// What it is, in English.
    pub en: String,
}

/// Which sectors can work a feature out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// Regions.
    Region,
    /// Municipalities.
    Municipality,
    /// Either; where it matters whose, the municipality's is meant.
    Both,
}

impl Holder {
    /// Whether nodes of `sector` can work the feature out.
    #[must_use]
    pub const fn is(self, sector: Sector) -> bool {
        match self {
            Self::Region => matches!(sector, Sector::Region),
            Self::Municipality => matches!(sector, Sector::Municipality),
            Self::Both => true,
        }
    }

    /// The sector whose result is meant where only one can be.
    #[must_use]
    pub const fn sector(self) -> Sector {
        match self {
            Self::Region => Sector::Region,
            Self::Municipality | Self::Both => Sector::Municipality,
        }
    }

    /// Every sector that can work the feature out.
    pub fn sectors(self) -> impl Iterator<Item = Sector> {
        [Sector::Region, Sector::Municipality].into_iter().filter(move |s| self.is(*s))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Region => "region",
            Self::Municipality => "municipality",
            Self::Both => "both",
        })
    }
}

/// What values a feature has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0 or 1.
    Flag,
    /// A whole number, clamped to `from..=to`.
    Integer {
        /// The least value; what is below becomes it.
        from: i64,
        /// The greatest value; what is above becomes it.
        to: i64,
        /// Whether a person may have none. Otherwise one without rows has 0, clamped.
        missing: bool,
    },
    /// One of these labels, or missing.
    Category(Vec<String>),
    /// The code of a member municipality: its labels are the federation's, not the file's.
    Municipality,
}

/// How a feature is worked out: a closed list, with every parameter in the file.
#[derive(Debug, PartialEq, Eq)]
pub enum Rule {
    /// Whether any row in the window meets the conditions.
    AnyRow(Rows),
    /// How many rows in the window meet the conditions.
    CountRows(Rows),
    /// An amount of rows in the window that meet the conditions, added up; money in øre.
    SumRows {
        /// The rows.
        rows: Rows,
        /// The column that is added up.
        amount: &'static Column,
        /// The column that names what a row is of, where two nodes can hold a row of the same; it counts once then.
        id: Option<&'static Column>,
    },
    /// Whether any row that lasts over the reference date meets the conditions.
    ActiveRow(Lasting),
    /// An amount a day, in øre, for each day of the window over which a row lasts, added up over rows.
    DailySum {
        /// The rows.
        rows: Lasting,
        /// The column with the amount of one day.
        amount: &'static Column,
    },
    /// Merged spells that begin in the window.
    Spells(Spells),
    /// Merged stays that begin in the window.
    Stays(Stays),
    /// An answer to a question that is put in rounds.
    Answer(Answer),
    /// Whether a row of the ISO week of the reference date has one of the codes.
    WeekCode(WeekCode),
    /// A column of the person's own row, or a test of it.
    Person(PersonColumn),
    /// Age in completed years, from a column with the birth date.
    Age {
        /// The birth date.
        birth: &'static Column,
    },
    /// The band of the age in completed years: the last one whose first year of age is reached.
    AgeBand {
        /// The birth date.
        birth: &'static Column,
        /// The first year of age of each label of the feature's category, rising from 0.
        from: Vec<u16>,
    },
    /// Alive and with a row of residence in the node's own municipality that contains the day; or dead, with one that
    /// contains the day of death.
    Resident(Residence),
    /// The municipality of residence: a municipality's own code, or what the region's register of patients has.
    Kommune {
        /// The column of the region's register.
        column: &'static Column,
    },
}

impl Rule {
    /// Its name, as in the file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AnyRow(_) => "any-row",
            Self::CountRows(_) => "count-rows",
            Self::SumRows { .. } => "sum-rows",
            Self::ActiveRow(_) => "active-row",
            Self::DailySum { .. } => "daily-sum",
            Self::Spells(_) => "spells",
            Self::Stays(_) => "stays",
            Self::Answer(_) => "answer",
            Self::WeekCode(_) => "week-code",
            Self::Person(_) => "person",
            Self::Age { .. } => "age",
            Self::AgeBand { .. } => "age-band",
            Self::Resident(_) => "resident",
            Self::Kommune { .. } => "kommune",
        }
    }

    /// Whether it is defined that the rule *touches* a person: that something of the person lies in its window, or
    /// near enough to matter to a rule that spans several nodes.
    #[must_use]
    pub const fn touches(&self) -> bool {
        self.has_events() || matches!(self, Self::AnyRow(_) | Self::CountRows(_))
    }

    /// Whether it is a rule over events of which several nodes can have parts, or the same one, so that the events of
    /// all of them can be put together.
    #[must_use]
    pub const fn has_events(&self) -> bool {
        matches!(self, Self::Spells(_) | Self::Stays(_) | Self::Answer(_) | Self::SumRows { id: Some(_), .. })
    }

    /// Whether it can be seen from a day before the reference date: a register of persons has what holds today.
    #[must_use]
    pub const fn has_past(&self) -> bool {
        !matches!(self, Self::Person(_) | Self::Kommune { .. })
    }

    /// Whether the result belongs to a dated event, so that of two nodes' results the later can be told.
    #[must_use]
    pub const fn is_dated(&self) -> bool {
        matches!(self, Self::Spells(Spells { measure: Measure::LengthOfLatest, .. }))
    }
}

/// Rows of one table, by the day of one column and by conditions that must all hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Rows {
    /// The table.
    pub table: &'static Table,
    /// The date or time that puts a row in or out of the window.
    pub date: &'static Column,
    /// All must hold; empty means every row.
    pub conditions: Vec<Condition>,
}

/// A test that at least one of several columns passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The columns, all of the rule's table. A column with a list passes if one of its codes does.
    pub columns: Vec<&'static Column>,
    /// What is asked of them.
    pub test: Test,
}

/// What is asked of a column. A missing value passes no test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// A text that starts with one of these.
    StartsWith {
        /// One of them must be the beginning.
        any_of: Vec<String>,
        /// None of them may be; each begins with one of `any_of`.
        except: Vec<String>,
    },
    /// A value equal to one of these.
    AnyOf(Vec<Literal>),
    /// A value equal to none of these.
    NoneOf(Vec<Literal>),
    /// A number no less than this.
    AtLeast(i64),
}

/// A value that a column is compared with; of the column's own kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// For a text or a list.
    Text(String),
    /// For a whole number.
    Integer(i64),
}

/// Records with a first and a last day. Overlapping and adjacent ones are merged to spells; one without a last day,
/// or with one later than the reference date, ends on the reference date; a spell lies in a window by its first day.
#[derive(Debug, PartialEq, Eq)]
pub struct Spells {
    /// The table.
    pub table: &'static Table,
    /// The first day.
    pub first: &'static Column,
    /// The last day, inclusive; missing means ongoing.
    pub last: &'static Column,
    /// What is told of the spells.
    pub measure: Measure,
}

/// What is told of merged spells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How many there are.
    Count {
        /// Only those of more days than this, both ends counted.
        longer_than_days: u32,
    },
    /// The days of the latest one, both ends counted; 0 where there is none.
    LengthOfLatest,
}

/// Rows that last from one day to another, both included, and meet conditions.
#[derive(Debug, PartialEq, Eq)]
pub struct Lasting {
    /// The table.
    pub table: &'static Table,
    /// The first day.
    pub from: &'static Column,
    /// The last day, inclusive; missing means still.
    pub to: &'static Column,
    /// All must hold; empty means every row.
    pub conditions: Vec<Condition>,
}

/// Contacts with a beginning and an end. Those of a person that overlap, or follow each other after a gap no longer
/// than so many hours, are merged to stays; the gap is measured from the latest end so far. A contact without an end
/// ends on the reference date at 23:59; one that begins after that day is left out, and a known end after it is kept.
/// A stay that lasts so many hours is an admission. It is acute, and lies in a window, by its first contact: the one
/// that begins first; of several the one that ends first; of several the one with the lower identifier. Where a
/// measure is of index admissions, the window holds their discharges, and a stay may have begun long before it.
#[derive(Debug, PartialEq, Eq)]
pub struct Stays {
    /// The table.
    pub table: &'static Table,
    /// The contact's identifier.
    pub id: &'static Column,
    /// When it begins.
    pub start: &'static Column,
    /// When it ends; missing means that it has not.
    pub end: &'static Column,
    /// Which contacts count.
    pub contact: Condition,
    /// Which of them are acute.
    pub acute: Condition,
    /// The longest gap within a stay, in hours.
    pub gap_hours: u16,
    /// The least length of an admission, in hours.
    pub admission_hours: u16,
    /// Whether only acute admissions are told of.
    pub only_acute: bool,
    /// What is told of the admissions that begin in the window.
    pub measure: StayMeasure,
}

impl Stays {
    /// Whether both merge the same contacts to the same stays.
    #[must_use]
    pub fn merges_like(&self, other: &Self) -> bool {
        let parts = |stays: &Self| (stays.table, stays.id, stays.start, stays.end);
        parts(self) == parts(other)
            && (&self.contact, &self.acute) == (&other.contact, &other.acute)
            && (self.gap_hours, self.admission_hours) == (other.gap_hours, other.admission_hours)
            && self.index() == other.index()
    }

    /// Which admissions are index admissions, where they are what is told of.
    #[must_use]
    pub const fn index(&self) -> Option<&Index> {
        match &self.measure {
            StayMeasure::Index(index) | StayMeasure::Readmitted { index, .. } => Some(index),
            _ => None,
        }
    }
}

/// What is told of admissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StayMeasure {
    /// How many there are.
    Count,
    /// The days from the first to the last day of each, no further than the reference date and at least one, added up.
    BedDays,
    /// 1 where so many begin within so many days: their first days differ by no more.
    WithinDays {
        /// How many, at least 2.
        count: u16,
        /// The days.
        days: u16,
    },
    /// 1 where so many begin within so many calendar months: the last no later than the first's day so many months
    /// on, clamped to the end of the month.
    WithinMonths {
        /// How many, at least 2.
        count: u16,
        /// The months.
        months: u16,
    },
    /// How many index admissions there are.
    Index(Index),
    /// How many index admissions are followed by a readmission: the person's next admission, whichever it is, is acute
    /// and begins no more than so many days after the day of discharge. One may itself be an index admission.
    Readmitted {
        /// Which admissions are asked about.
        index: Index,
        /// The days, no more than those of [`Index::days_ago`].
        days: u16,
    },
}

/// Which admissions are index admissions: by their first contact and the age at it, and by a discharge alive within
/// the window. One that has not ended has no discharge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// What the first contact must meet.
    pub conditions: Vec<Condition>,
    /// The birth date, in the table of persons.
    pub birth: &'static Column,
    /// The least age in completed years on the day on which it begins.
    pub least_age: u16,
    /// The day of death, in the table of persons; one who died on the day of discharge or before it did not leave alive.
    pub death: &'static Column,
    /// How many days before the reference date the last discharge lies that counts, at least 1.
    pub days_ago: u16,
}

/// A question that is put in rounds, of which a row has the answers of one. An empty answer is none.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The table.
    pub table: &'static Table,
    /// The day of the answer; it must lie in the window.
    pub date: &'static Column,
    /// The column that names the round.
    pub round: &'static Column,
    /// The column with the answer.
    pub item: &'static Column,
    /// Which answer is told.
    pub pick: Pick,
}

/// Which answers of a person are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The first of this round; of several on one day the lowest.
    First(String),
    /// The last of this round; of several on one day the lowest.
    Last(String),
    /// The last of one round less the first of another.
    Change {
        /// The round whose first answer is taken off.
        first: String,
        /// The round whose last answer it is taken from.
        last: String,
    },
}

impl Pick {
    /// The round whose first answer is told, and the one whose last.
    #[must_use]
    pub fn rounds(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::First(first) => (Some(first), None),
            Self::Last(last) => (None, Some(last)),
            Self::Change { first, last } => (Some(first), Some(last)),
        }
    }
}

/// Codes of the ISO week that contains the reference date.
#[derive(Debug, PartialEq, Eq)]
pub struct WeekCode {
    /// The table.
    pub table: &'static Table,
    /// The ISO year.
    pub year: &'static Column,
    /// The ISO week, 1 to 53.
    pub week: &'static Column,
    /// The code.
    pub code: &'static Column,
    /// The codes that count.
    pub codes: Vec<CodeRange>,
}

/// A run of numeric codes, both ends included, all written with the same number of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRange {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) digits: usize,
}

impl CodeRange {
    /// The codes of the run, as text.
    pub fn codes(self) -> impl Iterator<Item = String> {
        (self.from..=self.to).map(move |code| format!("{code:0width$}", width = self.digits))
    }
}

/// A column of the person's own row.
#[derive(Debug, PartialEq, Eq)]
pub struct PersonColumn {
    /// The column; it stands in the person table of every sector that holds the feature.
    pub column: &'static Column,
    /// What is asked of it, for a flag; `None` gives the value itself.
    pub test: Option<Test>,
}

/// Where residence is registered.
#[derive(Debug, PartialEq, Eq)]
pub struct Residence {
    /// The table.
    pub table: &'static Table,
    /// The municipality's code.
    pub kommune: &'static Column,
    /// The first day.
    pub from: &'static Column,
    /// The last day, inclusive; missing means still.
    pub to: &'static Column,
    /// The day of death, in the table of persons.
    pub death: &'static Column,
    /// Whether the dead count as well, where they were resident when they died.
    pub died: bool,
}
