//! The form of a catalogue file, before anything is checked but its keys and types.

use serde::Deserialize;
use toml::Spanned;

use crate::feature::Holder;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) feature: Vec<Feature>,
    #[serde(default)]
    pub(super) set: Vec<Set>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Set {
    pub(super) name: Spanned<String>,
    pub(super) of: Spanned<Vec<Spanned<String>>>,
    pub(super) at_most: Spanned<u32>,
    pub(super) da: Spanned<String>,
    pub(super) en: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Feature {
    pub(super) name: Spanned<String>,
    pub(super) sector: Holder,
    pub(super) window: Spanned<String>,
    pub(super) earlier: Option<Spanned<String>>,
    pub(super) kind: Spanned<Kind>,
    pub(super) da: Spanned<String>,
    pub(super) en: Spanned<String>,
    pub(super) rule: Rule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Kind {
    Flag,
    Integer(Clamp),
    Category(Vec<Spanned<String>>),
    Municipality,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Clamp {
    pub(super) from: i64,
    pub(super) to: i64,
    #[serde(default)]
    pub(super) missing: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Rule {
    AnyRow(Rows),
    CountRows(Rows),
    SumRows(SumRows),
    ActiveRow(ActiveRow),
    DailySum(DailySum),
    Spells(Spells),
    Stays(Box<Stays>),
    Answer(Answer),
    WeekCode(WeekCode),
    Person(Person),
    Age(Age),
    AgeBand(AgeBand),
    Resident(Resident),
    Kommune(Kommune),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rows {
    pub(super) table: Spanned<String>,
    pub(super) date: Spanned<String>,
    #[serde(default)]
    pub(super) r#where: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SumRows {
    pub(super) table: Spanned<String>,
    pub(super) date: Spanned<String>,
    pub(super) amount: Spanned<String>,
    pub(super) id: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) r#where: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ActiveRow {
    pub(super) table: Spanned<String>,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    #[serde(default)]
    pub(super) r#where: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DailySum {
    pub(super) table: Spanned<String>,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    pub(super) amount: Spanned<String>,
    #[serde(default)]
    pub(super) r#where: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Condition {
    pub(super) columns: Spanned<Vec<Spanned<String>>>,
    pub(super) starts_with: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) except: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) any_of: Option<Spanned<Vec<Spanned<toml::Value>>>>,
    pub(super) none_of: Option<Spanned<Vec<Spanned<toml::Value>>>>,
    pub(super) at_least: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Spells {
    pub(super) table: Spanned<String>,
    pub(super) first: Spanned<String>,
    pub(super) last: Spanned<String>,
    pub(super) measure: Measure,
    pub(super) longer_than_days: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Measure {
    Count,
    LengthOfLatest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Stays {
    pub(super) table: Spanned<String>,
    pub(super) id: Spanned<String>,
    pub(super) start: Spanned<String>,
    pub(super) end: Spanned<String>,
    pub(super) gap_hours: u16,
    pub(super) admission_hours: u16,
    #[serde(default)]
    pub(super) only_acute: bool,
    pub(super) measure: Spanned<StayMeasure>,
    pub(super) contact: Condition,
    pub(super) acute: Condition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum StayMeasure {
    Count,
    BedDays,
    WithinDays(WithinDays),
    WithinMonths(WithinMonths),
    Index(Index),
    Readmitted(Readmitted),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WithinDays {
    pub(super) count: u16,
    pub(super) days: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WithinMonths {
    pub(super) count: u16,
    pub(super) months: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Index {
    pub(super) birth: Spanned<String>,
    pub(super) least_age: u16,
    pub(super) death: Spanned<String>,
    pub(super) days_ago: u16,
    #[serde(default)]
    pub(super) r#where: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Readmitted {
    pub(super) days: u16,
    pub(super) birth: Spanned<String>,
    pub(super) least_age: u16,
    pub(super) death: Spanned<String>,
    pub(super) days_ago: u16,
    #[serde(default)]
    pub(super) r#where: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Answer {
    pub(super) table: Spanned<String>,
    pub(super) date: Spanned<String>,
    pub(super) round: Spanned<String>,
    pub(super) item: Spanned<String>,
    pub(super) first: Option<Spanned<String>>,
    pub(super) last: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WeekCode {
    pub(super) table: Spanned<String>,
    pub(super) year: Spanned<String>,
    pub(super) week: Spanned<String>,
    pub(super) code: Spanned<String>,
    pub(super) codes: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Person {
    pub(super) column: Spanned<String>,
    pub(super) starts_with: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) except: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) any_of: Option<Spanned<Vec<Spanned<toml::Value>>>>,
    pub(super) none_of: Option<Spanned<Vec<Spanned<toml::Value>>>>,
    pub(super) at_least: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Age {
    pub(super) birth: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AgeBand {
    pub(super) birth: Spanned<String>,
    pub(super) from: Spanned<Vec<Spanned<u16>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Resident {
    pub(super) table: Spanned<String>,
    pub(super) kommune: Spanned<String>,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    pub(super) death: Spanned<String>,
    #[serde(default)]
    pub(super) died: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Kommune {
    pub(super) column: Spanned<String>,
}
