//! The form of a model file, before anything is checked but its keys and types.

use serde::Deserialize;
use toml::Spanned;
use tvaers_protocol::id::Sector;

use super::{Band, Combine, FallBack};
use crate::layout::Grain;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Model {
    pub(super) name: Spanned<String>,
    pub(super) version: u32,
    pub(super) da: Spanned<String>,
    pub(super) en: Spanned<String>,
    pub(super) population: Population,
    #[serde(default)]
    pub(super) touch: Vec<Touch>,
    pub(super) component: Spanned<Vec<Component>>,
    pub(super) criterion: Spanned<Vec<Criterion>>,
    pub(super) result: Output,
    #[serde(default)]
    pub(super) stratum: Vec<Stratum>,
}

/// The `[joined]` part of an indicator's file: a model of its own, or what is added to one that there is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Joined {
    /// The model that it builds on.
    pub(crate) model: Option<Spanned<String>>,
    pub(super) population: Option<Spanned<Population>>,
    #[serde(default)]
    pub(super) touch: Vec<Touch>,
    #[serde(default)]
    pub(super) component: Vec<Component>,
    #[serde(default)]
    pub(super) criterion: Vec<Criterion>,
    pub(super) result: Option<Output>,
    #[serde(default)]
    pub(super) dimension: Vec<Dimension>,
    pub(super) table: Spanned<Vec<Table>>,
}

/// Groups by which of several components a person has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Dimension {
    pub(super) name: Spanned<String>,
    pub(super) flags: Spanned<Vec<Flag>>,
    pub(super) none: Spanned<String>,
}

/// One of them, by the label that it adds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Flag {
    pub(super) label: Spanned<String>,
    pub(super) component: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Table {
    #[serde(default)]
    pub(super) of: Of,
    #[serde(default)]
    pub(super) by: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) totals: Vec<Spanned<Vec<Spanned<String>>>>,
    pub(super) row: Spanned<Vec<Row>>,
    pub(super) contrast: Option<Contrast>,
}

/// The change of a group beside that of a control group.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Contrast {
    pub(super) group: Spanned<String>,
    pub(super) target: Spanned<String>,
    pub(super) control: Spanned<String>,
    pub(super) before: Spanned<String>,
    pub(super) after: Spanned<String>,
}

/// Whose table it is.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Of {
    #[default]
    Population,
    Included,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Row {
    #[serde(default)]
    pub(super) key: std::collections::BTreeMap<String, String>,
    pub(super) measures: Spanned<Vec<Measure>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Measure {
    pub(super) name: Spanned<String>,
    pub(super) of: Spanned<String>,
    pub(super) per: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Population {
    pub(super) resident: Spanned<String>,
    pub(super) kommune: Spanned<String>,
    #[serde(default)]
    pub(super) kommuner: Vec<Spanned<u16>>,
    pub(super) age: Spanned<String>,
    pub(super) from: Spanned<u16>,
    pub(super) to: u16,
    #[serde(default)]
    pub(super) exclude: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Touch {
    pub(super) group: Spanned<String>,
    pub(super) sector: Sector,
    pub(super) at: Spanned<Vec<Grain>>,
    pub(super) fall_back: Spanned<FallBack>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Component {
    pub(super) name: Spanned<String>,
    pub(super) feature: Spanned<String>,
    #[serde(default)]
    pub(super) is: Vec<Spanned<String>>,
    pub(super) combine: Spanned<Combine>,
    pub(super) touch: Option<Spanned<String>>,
    pub(super) to: Option<Spanned<u32>>,
    pub(super) bands: Option<Spanned<Vec<Spanned<Band>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Criterion {
    pub(super) name: Spanned<String>,
    pub(super) components: Spanned<Vec<Spanned<String>>>,
    pub(super) cap: Option<Spanned<u16>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Output {
    pub(super) total: Total,
    pub(super) included: Spanned<Included>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Total {
    SumOfCriteria,
    CriteriaMet(Spanned<Vec<Spanned<String>>>),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Included {
    Strata(Spanned<Vec<Spanned<String>>>),
    AllOf(Spanned<Vec<Spanned<Vec<Spanned<String>>>>>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Stratum {
    pub(super) name: Spanned<String>,
    pub(super) from: Spanned<u16>,
    pub(super) to: Spanned<u16>,
}
