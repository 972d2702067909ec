//! The form of a catalogue file, before anything is checked but its keys and types.

use serde::Deserialize;
use toml::Spanned;

use crate::feature::Holder;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) feature: Vec<Feature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Feature {
    pub(super) name: Spanned<String>,
    pub(super) sector: Holder,
    pub(super) window: Spanned<String>,
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
    pub(super) from: u32,
    pub(super) to: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Rule {
    AnyRow(Rows),
    CountRows(Rows),
    Spells(Spells),
    WeekCode(WeekCode),
    Person(Person),
    Age(Age),
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
pub(super) struct Condition {
    pub(super) columns: Spanned<Vec<Spanned<String>>>,
    pub(super) starts_with: Option<Spanned<Vec<Spanned<String>>>>,
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
pub(super) struct Resident {
    pub(super) table: Spanned<String>,
    pub(super) kommune: Spanned<String>,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    pub(super) death: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Kommune {
    pub(super) column: Spanned<String>,
}
